package clinical

import (
	"strings"
	"testing"

	"chartlake/record"
)

// A misread drug is offered to a person, as each drug that it may be; a drug is never another one.
func TestMisreadDrugs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Rnetoprolol 50 mg twice daily.":      "metoprolol",
		"Metoproiol 50 mg twice daily.":       "metoprolol",
		"Lisin0pril 10 mg daily.":             "lisinopril",
		"Arnlodipine 5mg daily.":              "amlodipine",
		"Medications: warfarln nightly":       "warfarin",
		"Hydralazine 25 mg three times a day": "",
		"Hydroxyzine 25 mg at night":          "",
		"We discussed metoproiol.":            "", // nothing tells that a drug is meant
		"Zorbinol 50 mg daily.":               "",
		"Approximately 50 mg was given.":      "",
		"Prednisolon 5 mg daily.":             "prednisolone",
		"Predniso1one 5 mg daily.":            "prednisolone",
	} {
		got := ""
		for _, e := range annotate(t, text).Entities {
			if e.Rule != "likeness" {
				continue
			}
			got = e.Attributes["read_as"]
			if e.State != record.Review || len(e.Codes) > 0 || !strings.Contains(text, e.Text) {
				t.Errorf("%s: %+v", text, e)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	// Both drugs of a pair that one letter parts are named.
	a := alike{}
	a.add("celebrex")
	a.add("cerebyxx")
	a.add("zolpidem")
	a.add("zolpiden")
	if got := a.of("zolpideu"); len(got) != 2 {
		t.Errorf("one of two is chosen: %v", got)
	}
	for _, row := range rows(drugsData) {
		for _, name := range drugWords(row) {
			name = strings.ToLower(strings.TrimSpace(name))
			if strings.Contains(name, " ") || len(name) < alikeMin {
				continue
			}
			for _, en := range annotate(t, name+" 5 mg").Entities {
				if en.Rule == "likeness" {
					t.Errorf("%s is taken for %s", name, en.Attributes["read_as"])
				}
			}
		}
	}
}
