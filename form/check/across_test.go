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
			e.Codes = []record.Code{{System: "http://hl7.org/fhir/sid/icd-10-cm", Code: code}}
		}
		s.Entities = append(s.Entities, e)
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
