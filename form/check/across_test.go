package check

import (
	"slices"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/record"
)

// TestAcross: two documents of one patient that contradict each other raise one flag with
// evidence on both; those of two people, or with the value in doubt, raise none.
func TestAcross(t *testing.T) {
	t.Parallel()
	who := "patient=Fenn, Ida; dob=1970-01-02; mrn=77; "
	mention := func(s *record.Segment, kind record.EntityType, text, code string, negated bool) *record.Segment {
		e := record.Entity{Text: text, Type: kind, Page: 2, Box: &document.Box{X: 0.1, Y: 0.5, W: 0.1, H: 0.01}, Negated: negated, Experiencer: "patient"}
		if code != "" {
			e.Codes = []record.Code{{System: "http://hl7.org/fhir/sid/icd-10-cm", Code: code, Score: 0.95}}
		}
		s.Entities = append(s.Entities, e)
		return s
	}
	drug := func(s *record.Segment, name, strength, status string) *record.Segment {
		s = mention(s, "medication", name, "", false)
		s.Entities[len(s.Entities)-1].Attributes = map[string]string{"strength": strength, "status": status}
		return s
	}
	claim := func(more string) *record.Segment {
		return segment("cms1500", "2=Fenn, Ida; 3.dob=1970-01-02; 1a=XYZ123; 26=A77; 28=150.00; 21.A=R11.0; 23=AU1; "+more, "24A.from=2026-01-05; 24D.code=99213; 24F=150.00")
	}
	note := func() *record.Segment { return segment("progress_note", who+"visit=2026-01-05") }
	for name, c := range map[string]struct {
		a, b *record.Segment
		want string
	}{
		"billed but denied":         {claim(""), mention(note(), "problem", "nausea", "R11.0", true), "billed_but_denied"},
		"billed and affirmed":       {claim(""), mention(mention(note(), "problem", "nausea", "R11.0", true), "problem", "nausea", "R11.0", false), ""},
		"denied in another year":    {claim(""), mention(segment("progress_note", who+"visit=2024-01-05"), "problem", "nausea", "R11.0", true), ""},
		"denied by somebody else":   {claim(""), mention(segment("progress_note", "patient=Otto Brand; dob=1950-01-01; visit=2026-01-05"), "problem", "nausea", "R11.0", true), ""},
		"charge and payer":          {claim(""), segment("eob", who+"patient_account=A77; claim_number=1; billed=140.00"), "claim_eob_mismatch"},
		"charge and payer agree":    {claim(""), segment("eob", who+"patient_account=A77; claim_number=1; billed=150.00"), ""},
		"another account":           {claim(""), segment("eob", who+"patient_account=B99; claim_number=1; billed=140.00"), ""},
		"authorization":             {claim(""), segment("prior_auth_determination", who+"auth=AU2"), "claim_auth_mismatch"},
		"authorization has ended":   {claim(""), segment("prior_auth_determination", who+"auth=AU1; start=2025-01-01; end=2025-12-31"), "claim_auth_mismatch"},
		"authorization holds":       {claim(""), segment("prior_auth_determination", who+"auth=AU1; start=2026-01-01; end=2026-12-31"), ""},
		"member number":             {claim(""), segment("insurance_card", "member=Ida Fenn; member_id=QQQ999"), "coverage_conflict"},
		"member number with suffix": {claim(""), segment("insurance_card", "member=Ida Fenn; member_id=XYZ123-01"), ""},
		"member number in doubt":    {claim(""), segment("insurance_card", "member=Ida Fenn; member_id=?QQQ999"), ""},
		"same service":              {claim(""), claim(""), "duplicate_service"},
		"two birth dates":           {note(), segment("progress_note", "patient=Ida Fenn; dob=1971-01-02; mrn=77"), "identity_mismatch"},
		"two people of one name":    {note(), segment("progress_note", "patient=Ida Fenn; dob=1971-01-02; mrn=99"), ""},
		"allergy":                   {mention(note(), "allergy", "amoxicillin", "", false), segment("prescription", who, "drug=Amoxicillin 500 mg; sig=daily"), "allergy_conflict"},
		"no allergy":                {mention(note(), "allergy", "amoxicillin", "", true), segment("prescription", who, "drug=Amoxicillin 500 mg; sig=daily"), ""},
		"result": {segment("lab_report", who+"collected=2026-01-05", "test=Sodium; value=140; unit=mmol/L"),
			segment("lab_report", who+"collected=2026-01-05", "test=Sodium; value=131; unit=mmol/L"), "result_conflict"},
		"result of another day": {segment("lab_report", who+"collected=2026-01-05", "test=Sodium; value=140; unit=mmol/L"),
			segment("lab_report", who+"collected=2026-01-06", "test=Sodium; value=131; unit=mmol/L"), ""},
		"billed and not told":       {claim("21.B=J18.9; "), mention(mention(note(), "problem", "nausea", "R11.0", false), "problem", "hypertension", "I10", false), "billed_not_documented documented_not_billed"},
		"billed and told nearly":    {claim("21.B=J18.9; "), mention(mention(note(), "problem", "nausea", "R11.0", false), "problem", "bronchitis", "J20.9", false), "documented_not_billed"},
		"billed, told without code": {claim("21.B=J18.9; "), mention(mention(note(), "problem", "nausea", "R11.0", false), "problem", "a chest thing", "", false), ""},
		"a note of one problem":     {claim("21.B=J18.9; "), mention(note(), "problem", "nausea", "R11.0", false), ""},
		"billed and told":           {claim("21.B=I10; "), mention(mention(note(), "problem", "nausea", "R11.0", false), "problem", "hypertension", "I10", false), ""},
		"invoiced, too":             {claim(""), segment("medical_invoice", who, "date=2026-01-05; code=99213; amount=150.00"), "duplicate_service"},
		"invoiced on another day":   {claim(""), segment("medical_invoice", who, "date=2026-01-06; code=99213; amount=150.00"), ""},
		"a claim that replaces":     {claim(""), claim("22.code=7; 22.ref=1; "), ""},
		"card not yet in force":     {claim(""), segment("insurance_card", "member=Ida Fenn; member_id=XYZ123; effective=2026-02-01"), "coverage_conflict"},
		"card in force":             {claim(""), segment("insurance_card", "member=Ida Fenn; member_id=XYZ123; effective=2026-01-01"), ""},
		"another strength":          {drug(note(), "metformin", "500 mg", ""), segment("prescription", who+"date=2026-01-07", "drug=Metformin; strength=1000 mg; sig=daily"), "medication_conflict"},
		"the same strength":         {drug(note(), "metformin", "500 mg", ""), segment("prescription", who+"date=2026-01-07", "drug=Metformin; strength=500mg; sig=daily"), ""},
		"the same in grams":         {drug(note(), "metformin", "1 g", ""), segment("prescription", who+"date=2026-01-07", "drug=Metformin; strength=1,000 mg; sig=daily"), ""},
		"the same with a comma":     {drug(note(), "metformin", "0.50 mg", ""), segment("prescription", who+"date=2026-01-07", "drug=Metformin; strength=0,5 mg; sig=daily"), ""},
		"a tenth of it":             {drug(note(), "metformin", "5 mg", ""), segment("prescription", who+"date=2026-01-07", "drug=Metformin; strength=0,5 mg; sig=daily"), "medication_conflict"},
		"strength of other days":    {drug(note(), "metformin", "500 mg", ""), segment("prescription", who+"date=2026-05-07", "drug=Metformin; strength=1000 mg; sig=daily"), ""},
		"stopped and ordered":       {drug(note(), "metformin", "", "stopped"), segment("prescription", who+"date=2026-01-07", "drug=Metformin 500 mg; sig=daily"), "medication_conflict"},
		"stopped and begun again":   {drug(drug(note(), "metformin", "", "stopped"), "metformin", "500 mg", "active"), segment("prescription", who+"date=2026-01-07", "drug=Metformin 500 mg; sig=daily"), ""},
		"stay": {segment("ub04", "FL8b=FENN, IDA; FL10=1970-01-02; FL4=0111; FL6.from=2026-03-01; FL6.through=2026-03-04"),
			segment("discharge_summary", who+"admitted=2026-01-01; discharged=2026-01-04"), "service_date_conflict"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			segments := []record.Segment{*c.a, *c.b}
			for i := range segments {
				segments[i].Flags = nil
			}
			Across(segments)
			var got []string
			for _, s := range segments {
				for _, f := range s.Flags {
					if !slices.Contains(got, f.Code) {
						got = append(got, f.Code)
					}
					if len(f.Evidence) == 0 {
						t.Errorf("%s has no evidence", f.Code)
					}
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("flags %v, want %q", got, c.want)
			}
		})
	}
}

// TestAgainst: the flag stands on the document at hand, whichever of the two contradicts; evidence
// in the earlier one names its document, and the earlier one stays as it is.
func TestAgainst(t *testing.T) {
	t.Parallel()
	claim := segment("cms1500", "2=Fenn, Ida; 3.dob=1970-01-02; 21.A=R11.0", "24A.from=2026-01-05; 24D.code=99213")
	note := segment("progress_note", "patient=Fenn, Ida; visit=2026-01-05")
	note.Entities = []record.Entity{{Text: "nausea", Type: "problem", Page: 2, Box: &document.Box{X: 0.1, Y: 0.5, W: 0.1, H: 0.01}, Negated: true, Experiencer: "patient",
		Codes: []record.Code{{System: "http://hl7.org/fhir/sid/icd-10-cm", Code: "R11.0"}}}}
	for _, order := range [][2]*record.Segment{{claim, note}, {note, claim}} {
		seg, earlier := *order[0], *order[1]
		seg.Flags, earlier.Flags = nil, nil
		seg.Fields, earlier.Fields = slices.Clone(seg.Fields), slices.Clone(earlier.Fields)
		Against(&seg, &earlier, "0123456789abcdef")
		if len(seg.Flags) != 1 || seg.Flags[0].Code != "billed_but_denied" || len(earlier.Flags) != 0 {
			t.Fatalf("%s: flags %+v, of the earlier one %+v", seg.Type, seg.Flags, earlier.Flags)
		}
		var documents []string
		for _, e := range seg.Flags[0].Evidence {
			documents = append(documents, e.Document)
		}
		slices.Sort(documents)
		if !slices.Equal(documents, []string{"", "0123456789abcdef"}) {
			t.Errorf("%s: evidence in %q", seg.Type, documents)
		}
		if seg.Type == "progress_note" == strings.Contains(seg.Flags[0].Message, "0123456789ab") {
			t.Errorf("%s: %s", seg.Type, seg.Flags[0].Message)
		}
		for _, f := range earlier.Fields {
			if f.State != record.Accepted {
				t.Errorf("%s: the earlier %s is in %s", seg.Type, f.Name, f.State)
			}
		}
	}
	if !Related("progress_note", "cms1500") || !Related("ub04", "eob") || Related("junk", "cms1500") {
		t.Error("related types")
	}
}
