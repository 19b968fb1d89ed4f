package fhirmap

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/document"
	"chartlake/fhir"
	"chartlake/record"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func accepted(name, v string) record.Field {
	return record.Field{Name: name, Value: &v, Raw: v, State: record.Accepted, Confidence: 0.97, Page: 1,
		Box: document.Box{X: 0.1, Y: 0.2, W: 0.3, H: 0.02}, Source: "text", Rule: "label"}
}

func mention(text string, typ record.EntityType, begin int, change ...func(*record.Entity)) record.Entity {
	e := record.Entity{Text: text, Type: typ, Begin: begin, End: begin + len(text), Page: 1, Experiencer: "patient",
		State: record.Accepted, Confidence: 0.9, Box: &document.Box{X: 0.1, Y: 0.5, W: 0.1, H: 0.02}}
	for _, c := range change {
		c(&e)
	}
	return e
}

func bundle(segments ...record.Segment) *fhir.Node {
	in := Input{
		Record: &record.Record{
			Document: record.Document{SHA256: strings.Repeat("ab", 32), Pages: 1, MediaType: "application/pdf"},
			Segments: segments,
			Versions: map[string]string{"form": "form/1", "clinical": "clinical/1"},
		},
		Document: &document.Document{},
		Bytes:    1234, Received: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Recorded: time.Date(2026, 3, 1, 9, 1, 0, 0, time.UTC),
		Program: "1.0",
	}
	for i := range segments {
		in.Subjects = append(in.Subjects, Subject{ID: NewPatientID(in.Record.Document.SHA256, i), New: true})
	}
	return Bundle(in)
}

func resources(b *fhir.Node, typ string) []*fhir.Node {
	var out []*fhir.Node
	for _, e := range b.Get("entry").Items() {
		if r := e.Get("resource"); r.Type() == typ {
			out = append(out, r)
		}
	}
	return out
}

func person() []record.Field {
	return []record.Field{accepted("patient", "Fairweather, Ada"), accepted("dob", "1961-11-02"), accepted("sex", "F"), accepted("mrn", "7781")}
}

func TestOnlyWhatIsAffirmedOfThePatientBecomesACondition(t *testing.T) {
	t.Parallel()
	b := bundle(record.Segment{Type: "progress_note", Pages: [2]int{1, 1}, Fields: person(), Entities: []record.Entity{
		mention("asthma", record.Problem, 10),
		mention("fever", record.Problem, 30, func(e *record.Entity) { e.Negated = true }),
		mention("stroke", record.Problem, 50, func(e *record.Entity) { e.Experiencer = "family" }),
		mention("chest pain", record.Problem, 70, func(e *record.Entity) { e.Hypothetical = true }),
		mention("gout", record.Problem, 90, func(e *record.Entity) { e.State = record.Review }),
		mention("cough", record.Problem, 110),
		mention("Cough", record.Problem, 130, func(e *record.Entity) { e.Negated = true }),
		mention("pneumonia", record.Problem, 150, func(e *record.Entity) { e.Uncertain = true }),
		mention("hepatitis", record.Problem, 170, func(e *record.Entity) { e.Historical = true }),
		mention("measles", record.Problem, 190, func(e *record.Entity) { e.Experiencer = "other" }),
	}})
	got := map[string]string{}
	for _, c := range resources(b, "Condition") {
		got[c.Str("code", "text")] = c.Get("clinicalStatus").Str("coding", "code") + " " + c.Get("verificationStatus").Str("coding", "code")
	}
	want := map[string]string{"asthma": "active unconfirmed", "pneumonia": "active provisional", "hepatitis": "inactive unconfirmed"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	family := resources(b, "FamilyMemberHistory")
	if len(family) != 1 || family[0].Get("condition").Item(0).Str("code", "text") != "stroke" {
		t.Errorf("family history: %v", family)
	}
}

func TestADiagnosisFieldThatTheTextDeniesIsNotFiled(t *testing.T) {
	t.Parallel()
	f := accepted("diagnosis.principal", "No evidence of pneumonia")
	f.Begin, f.End = 100, 124
	b := bundle(record.Segment{Type: "discharge_summary", Pages: [2]int{1, 1}, Fields: append(person(), f), Entities: []record.Entity{
		mention("pneumonia", record.Problem, 115, func(e *record.Entity) { e.Negated = true }),
	}})
	if c := resources(b, "Condition"); len(c) != 0 {
		t.Errorf("filed %s", c[0].AppendJSON(nil))
	}
}

// TestFieldsOfOneNameAreAllFiled files each of several fields of one name: the drugs of a list.
func TestFieldsOfOneNameAreAllFiled(t *testing.T) {
	t.Parallel()
	doubtful := accepted("medications.discharge", "Zyloprim 100 mg daily")
	doubtful.State = record.Review
	b := bundle(record.Segment{Type: "discharge_summary", Pages: [2]int{1, 1}, Fields: append(person(), doubtful,
		accepted("medications.discharge", "Lisinopril 10 mg daily"), accepted("medications.discharge", "Metformin 500 mg bid"),
		accepted("diagnosis.secondary", "Gout"), accepted("diagnosis.secondary", "Asthma"), accepted("allergies", "Latex"), accepted("allergies", "Peanuts"))})
	for typ, want := range map[string]int{"MedicationStatement": 2, "Condition": 2, "AllergyIntolerance": 2} {
		if n := len(resources(b, typ)); n != want {
			t.Errorf("%d %s, want %d", n, typ, want)
		}
	}
}

func TestARowWithADoubtfulCellIsNotFiled(t *testing.T) {
	t.Parallel()
	unit := accepted("unit", "g/dL")
	unit.State = record.Review
	good := map[string]record.Field{"test": accepted("test", "Sodium"), "value": accepted("value", "140"), "unit": accepted("unit", "mmol/L"),
		"range": accepted("range", "135-145"), "flag": accepted("flag", "N")}
	b := bundle(record.Segment{Type: "lab_report", Pages: [2]int{1, 1}, Fields: person(), Lines: []map[string]record.Field{
		{"test": accepted("test", "Hemoglobin"), "value": accepted("value", "9.1"), "unit": unit}, good,
	}})
	obs := resources(b, "Observation")
	if len(obs) != 1 || obs[0].Str("code", "text") != "Sodium" || obs[0].Str("valueQuantity", "value") != "140" {
		t.Fatalf("observations: %d", len(obs))
	}
	if obs[0].Get("effectiveDateTime") != nil {
		t.Error("a collection date was made up")
	}
}

func TestASegmentWithAnErrorFlagIsNotFiled(t *testing.T) {
	t.Parallel()
	b := bundle(record.Segment{Type: "progress_note", Pages: [2]int{1, 1}, Fields: person(),
		Entities: []record.Entity{mention("asthma", record.Problem, 10)},
		Flags:    []record.Flag{{Code: "identity_conflict", Severity: record.SeverityError}}})
	if len(resources(b, "Condition")) != 0 {
		t.Error("a segment with an error was filed")
	}
	if len(resources(b, "DocumentReference")) != 1 {
		t.Error("the document itself must be filed")
	}
}

func TestWithoutAPatientThereIsOnlyTheDocument(t *testing.T) {
	t.Parallel()
	in := Input{Record: &record.Record{Document: record.Document{SHA256: strings.Repeat("cd", 32), MediaType: "image/png"},
		Segments: []record.Segment{{Type: "unknown", Pages: [2]int{1, 1}, Entities: []record.Entity{mention("asthma", record.Problem, 1)}}}}}
	got := map[string]int{}
	for _, e := range Bundle(in).Get("entry").Items() {
		got[e.Get("resource").Type()]++
	}
	want := map[string]int{"Device": 1, "Binary": 1, "DocumentReference": 1, "Provenance": 1}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestEveryResourceHasAProvenanceAndIdsRepeat(t *testing.T) {
	t.Parallel()
	make := func() *fhir.Node {
		return bundle(record.Segment{Type: "progress_note", Pages: [2]int{1, 1}, Fields: append(person(), accepted("visit", "2026-02-27")),
			Entities: []record.Entity{mention("asthma", record.Problem, 10), mention("asthma", record.Problem, 60), mention("albuterol", record.Medication, 80),
				mention("penicillin", record.Allergy, 100)}})
	}
	b := make()
	if d := cmp.Diff(string(b.AppendJSON(nil)), string(make().AppendJSON(nil))); d != "" {
		t.Errorf("two runs differ: %s", d)
	}
	targets := map[string]int{}
	for _, p := range resources(b, "Provenance") {
		targets[p.Get("target").Item(0).Str("reference")]++
	}
	for _, e := range b.Get("entry").Items() {
		r := e.Get("resource")
		switch r.Type() {
		case "Provenance", "Device", "Binary":
			continue
		}
		if targets[r.Type()+"/"+r.ID()] != 1 {
			t.Errorf("%s has %d Provenance", r.Type(), targets[r.Type()+"/"+r.ID()])
		}
		if r.Get("meta").Get("tag").Item(0).Str("code") != "extracted" {
			t.Errorf("%s is not marked as extracted", r.Type())
		}
	}
	c := resources(b, "Condition")
	if len(c) != 1 {
		t.Fatalf("two mentions of one problem made %d Conditions", len(c))
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	card := record.Segment{Type: "insurance_card", LOINC: "64290-0", Pages: [2]int{1, 1}, Fields: []record.Field{
		accepted("member", "Ada Fairweather"), accepted("member_id", "XW 123"), accepted("payer", "Harbor Mutual"),
		accepted("effective", "2026-01-01"), accepted("rx.bin", "610014"), accepted("copay.primary", "25.00"),
		accepted("coinsurance", "20 %"), accepted("office_visit", "$55/0%"), accepted("product", "Choice EPO")}}
	lab := record.Segment{Type: "lab_report", LOINC: "11502-2", Pages: [2]int{1, 2},
		Fields: append(person(), accepted("lab", "Northgate Laboratory"), accepted("clia", "05D1234567"), accepted("collected", "2026-02-03T08:15"),
			accepted("status", "Final"), accepted("ordering", "Ben Okoro, MD"), accepted("specimen", "Serum")),
		Lines: []map[string]record.Field{
			{"test": accepted("test", "Glucose"), "value": accepted("value", "101.0"), "unit": accepted("unit", "mg/dL"),
				"range": accepted("range", "70-99"), "flag": accepted("flag", "H")},
			{"test": accepted("test", "hs-CRP"), "value": accepted("value", "<0.5"), "unit": accepted("unit", "mg/L"), "range": accepted("range", "<3.0")},
			{"test": accepted("test", "HIV 1/2"), "value": accepted("value", "Non-reactive")}}}
	var out []byte
	for _, e := range bundle(card, lab).Get("entry").Items() {
		out = append(e.Get("resource").AppendJSON(out), '\n')
	}
	path := filepath.Join("testdata", "bundle.ndjson")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(out), "\n")); d != "" {
		t.Error(d)
	}
}
