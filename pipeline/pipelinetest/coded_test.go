package pipelinetest

import (
	"context"
	"testing"

	"chartlake/clinical"
	"chartlake/pipeline"
	"chartlake/record"
	"chartlake/terminology"
	"chartlake/terminology/release/releasetest"
)

// said is an annotator that always finds the same.
type said []record.Entity

func (said) Version() string { return "said" }

func (s said) Annotate(context.Context, string) (clinical.Findings, error) {
	return clinical.Findings{Entities: append([]record.Entity(nil), s...)}, nil
}

func TestCoded(t *testing.T) {
	t.Parallel()
	releases := releasetest.Open(t, "2027", map[string]string{
		"icd-10-cm": "00001 R11     0 Nausea and vomiting                                          Nausea and vomiting\n00002 R110    1 Nausea                                                       Nausea of today\n",
		"rxnorm":    "6809|ENG||||||1||||RXNORM|IN|6809|metformin||N||\n1|ENG||||||1||||RXNORM|IN|1|twice||N||\n2|ENG||||||1||||RXNORM|BN|2|Twice||N||\n",
	})
	icd := func(code string) []record.Code {
		return []record.Code{{System: terminology.ICD10CM, Code: code, Display: "old"}}
	}
	a := pipeline.Coded{Releases: releases, Annotator: said{
		{Text: "nausea", Type: record.Problem, Codes: icd("R11.0")}, {Text: "x", Type: record.Problem, Codes: icd("R99.9")},
		{Text: "Metformin", Type: record.Medication}, {Text: "twice", Type: record.Medication}, {Text: "Nausea and vomiting", Type: record.Problem},
		{Text: "metformin", Type: record.Test}}}
	f, err := a.Annotate(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"R11.0 Nausea of today", "", "6809 metformin", "", "R11 Nausea and vomiting", ""} {
		got := ""
		if c := f.Entities[i].Codes; len(c) == 1 {
			got = c[0].Code + " " + c[0].Display
		}
		if got != want {
			t.Errorf("%s: %q, want %q", f.Entities[i].Text, got, want)
		}
	}
	if v := a.Version(); v != "said, icd-10-cm 2027, rxnorm 2027" {
		t.Errorf("version %q", v)
	}
}

// TestCodesOfTheDay: a release that was not in force on the day of service neither takes a code away
// nor gives one; one that was names itself.
func TestCodesOfTheDay(t *testing.T) {
	t.Parallel()
	releases := releasetest.Open(t, "2026", map[string]string{"icd-10-cm": "00001 R110    1 Nausea                                                       Nausea\n"})
	old := []record.Code{{System: terminology.ICD10CM, Code: "R11.9", Score: 0.6}}
	a := pipeline.Coded{Releases: releases, Annotator: said{{Text: "old", Type: record.Problem, Codes: old}, {Text: "Nausea", Type: record.Problem}}}
	for day, want := range map[string][2]int{"2024-05-01": {1, 0}, "2026-05-01": {0, 1}, "": {0, 1}, "2026-10-01": {1, 0}} {
		f, err := a.Annotate(pipeline.OnDay(t.Context(), day), "")
		if err != nil {
			t.Fatal(err)
		}
		got := [2]int{len(f.Entities[0].Codes), len(f.Entities[1].Codes)}
		if got != want {
			t.Errorf("%q: %v codes, want %v", day, got, want)
		}
		if got[1] == 1 && (f.Entities[1].Codes[0].Version == "2026") != (day != "") {
			t.Errorf("%q: version %q", day, f.Entities[1].Codes[0].Version)
		}
	}
}
