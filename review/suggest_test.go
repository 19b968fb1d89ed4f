package review

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/record"
	"chartlake/store"
	"chartlake/value"
)

func (b *bench) suggests(target string) (out []string) {
	b.t.Helper()
	list, err := b.Suggest(b.t.Context(), anna, b.id, 0, target)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, s := range list {
		if s.Reason == "" {
			b.t.Errorf("%s: a suggestion without a reason", s.Value)
		}
		out = append(out, s.Value)
	}
	return out
}

// TestSuggestions: each source offers its values, and none offers what stands there already.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	b := newBench(t, func() []record.Segment {
		s := report()
		s[0].Type = "prescription"
		npi := field("npi", record.KindID, "12453I9599", record.Review) // the I is a 1
		collected := field("date", record.KindDate, "2026-03-04", record.Review)
		collected.Raw = "3/4/26"
		s[0].Fields = append(s[0].Fields, npi, collected, field("prescriber", record.KindName, "Dr. Orla Quist", record.Review))
		s[0].Lines = append(s[0].Lines, map[string]record.Field{"drug": field("drug", record.KindText, "rnetoproloi 50 mg", record.Review)})
		return s
	}, store.NeedsReview)
	b.DrugsLike = func(word string) []string { return map[string][]string{"rnetoproloi": {"metoprolol"}}[word] }
	if got := b.suggests("field:npi"); !cmp.Equal(got, []string{"1245319599"}) {
		t.Errorf("a check digit: %v", got)
	}
	if got := b.suggests("field:date"); !cmp.Equal(got, []string{"2026-04-03", "1926-03-04", "1926-04-03"}) {
		t.Errorf("a date: %v", got)
	}
	if got := b.suggests("line:2:drug"); !cmp.Equal(got, []string{"metoprolol 50 mg"}) {
		t.Errorf("a drug: %v", got)
	}
	if got := b.suggests("field:prescriber"); got != nil {
		t.Errorf("a prescriber without a roster: %v", got)
	}
	doctor := fhir.NewObject("resourceType", "Practitioner", "id", "q", "identifier", []*fhir.Node{fhir.NewObject("system", value.NPISystem, "value", "1245319599")},
		"name", []*fhir.Node{fhir.NewObject("family", "Quist", "given", []*fhir.Node{fhir.NewString("Orla"), fhir.NewString("Jane")})})
	if _, err := b.Pipeline.Store.Transact(t.Context(), anna, []store.Command{store.Update{Resource: doctor}}); err != nil {
		t.Fatal(err)
	}
	if got := b.suggests("field:prescriber"); !cmp.Equal(got, []string{"Orla Jane Quist"}) {
		t.Errorf("a prescriber of the roster: %v", got)
	}
	if _, err := b.Suggest(t.Context(), anna, b.id, 0, "field:none"); !fault.Is(err, fault.NotFound) {
		t.Errorf("no such field: %v", err)
	}
	if _, err := b.Suggest(t.Context(), anna, b.id, 7, "field:npi"); !fault.Is(err, fault.NotFound) {
		t.Errorf("no such segment: %v", err)
	}
}

// TestThePatientsRecordSuggests: what is filed of the patient is offered for a field that says
// otherwise, and the machine's reading after a correction.
func TestThePatientsRecordSuggests(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	b.act(Action{Kind: Correct, Target: "field:dob", Value: "1961-11-03"}, store.NeedsReview)
	if got := b.suggests("field:dob"); !cmp.Equal(got, []string{"1961-11-02"}) {
		t.Errorf("after a correction: %v", got)
	}
	patient := b.resources("Patient")[0].Clone()
	patient.Set("birthDate", fhir.NewString("1961-02-11"))
	if _, err := b.Pipeline.Store.Transact(t.Context(), anna, []store.Command{store.Update{Resource: patient}}); err != nil {
		t.Fatal(err)
	}
	if got := b.suggests("field:dob"); !cmp.Equal(got, []string{"1961-11-02", "1961-02-11"}) {
		t.Errorf("the record says otherwise: %v", got)
	}
}

// TestNothingOfAnotherPatient: a file may hold documents of several patients; what those of another
// say of the person is not offered, nor a date for a name.
func TestNothingOfAnotherPatient(t *testing.T) {
	t.Parallel()
	said := func(patient, dob string) record.Segment {
		f := field("dob", record.KindDate, dob, record.Accepted)
		f.Page = 1
		last := field("last", record.KindDate, "2026-01-05", record.Accepted)
		last.Page = 1
		return record.Segment{Subject: &record.Subject{Patient: patient}, Fields: []record.Field{f, last}}
	}
	rec := &record.Record{Segments: []record.Segment{said("a", "1961-11-02"), said("b", "1970-05-06"), said("a", "1961-11-03")}}
	for name, want := range map[string][]Suggestion{"dob": {{"1961-11-03", "page 1 says so"}}, "patient.last": nil} {
		f := rec.Segments[0].Fields[0]
		if f.Name = name; name != "dob" {
			f.Kind = record.KindText
		}
		s := &suggesting{rec: rec, seg: &rec.Segments[0], f: &f}
		if s.elsewhere(); !cmp.Equal(s.out, want) {
			t.Errorf("%s: %v", name, s.out)
		}
	}
}

// TestCodesOfFewWords: a sex and a letter of a box are codes that a person can type.
func TestCodesOfFewWords(t *testing.T) {
	t.Parallel()
	b := newBench(t, func() []record.Segment {
		s := report()
		s[0].Fields = append(s[0].Fields, field("sex", record.KindCode, "M", record.Accepted))
		s[0].Lines[1]["flag"] = field("flag", record.KindCode, "H", record.Accepted)
		return s
	}, store.NeedsReview)
	rec := b.act(Action{Kind: Correct, Target: "field:sex", Value: "female"}, store.NeedsReview)
	if got := *findField(&rec.Segments[0], "sex").Value; got != "F" {
		t.Errorf("sex %s", got)
	}
	rec = b.act(Action{Kind: Correct, Target: "line:1:flag", Value: "ll"}, store.NeedsReview)
	if got := *rec.Segments[0].Lines[1]["flag"].Value; got != "LL" {
		t.Errorf("flag %s", got)
	}
	b.refuse(Action{Kind: Correct, Target: "field:sex", Value: "high"}, fault.Invalid, "bad_value")
}
