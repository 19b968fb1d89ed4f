package pipeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/record"
	"chartlake/terminology"
)

// TestEmbeddedCodesOnTheirDay: within the period of the embedded release a code names it and one that it
// lacks goes; on another day there is no verdict.
func TestEmbeddedCodesOnTheirDay(t *testing.T) {
	t.Parallel()
	icd := func(code string) record.Code { return record.Code{System: terminology.ICD10CM, Code: code} }
	lab := record.Code{System: terminology.LOINC, Code: "2951-2"}
	for day, want := range map[string][]string{
		"2021-03-04": {"J18.9 2021", "2951-2 "}, terminology.ICD10CMFrom: {"J18.9 2021", "2951-2 "},
		"2021-10-01": {"J18.9 ", "U99.9 ", "2951-2 "}, "2019-01-01": {"J18.9 ", "U99.9 ", "2951-2 "}, "": {"J18.9 ", "U99.9 ", "2951-2 "},
	} {
		e := record.Entity{Codes: []record.Code{icd("J18.9"), icd("U99.9"), lab}}
		if err := (&Stages{}).onDay(&e, day); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range e.Codes {
			got = append(got, c.Code+" "+c.Version)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q: %s", day, d)
		}
	}
}
