package pipeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/form/check"
	"chartlake/terminology/release"
	"chartlake/terminology/release/releasetest"
)

// TestStanding: the imported release speaks of its year, the embedded one of its own, and after
// both a heading of the embedded one is still a heading.
func TestStanding(t *testing.T) {
	t.Parallel()
	releases := releasetest.Open(t, "2026", map[string]string{
		"icd-10-cm": "00001 R05     0 Cough                                                        Cough\n00002 R051    1 Acute cough                                                  Acute cough\n",
		"rxnorm": "1|ENG||||||1||||RXNORM|SCD|1|lisinopril 2.5 MG Oral Tablet||N||\n2|ENG||||||1||||RXNORM|SCD|2|lisinopril 10 MG Oral Tablet||N||\n" +
			"3|ENG||||||1||||RXNORM|SCD|3|lisinopril 1 MG/ML Oral Solution||N||\n4|ENG||||||1||||RXNORM|SCD|4|lisinoprilat 7 MG Oral Tablet||N||\n",
	})
	with, without := &Stages{Releases: releases}, &Stages{}
	for _, c := range []struct {
		s         *Stages
		code, day string
		want      check.Standing
	}{
		{with, "R05", "2026-01-05", check.Standing{Release: "ICD-10-CM 2026", Found: true}},
		{with, "R05.1", "2026-01-05", check.Standing{Release: "ICD-10-CM 2026", Found: true, Billable: true}},
		{with, "E11.9", "2026-01-05", check.Standing{Release: "ICD-10-CM 2026", Other: "ICD-10-CM 2021"}},
		{with, "R05.7", "2026-01-05", check.Standing{Release: "ICD-10-CM 2026"}},
		{with, "R05.1", "2021-01-05", check.Standing{Release: "ICD-10-CM 2021", Other: "ICD-10-CM 2026"}},
		{without, "R05", "2021-01-05", check.Standing{Release: "ICD-10-CM 2021", Found: true, Billable: true}},
		{without, "E11", "2025-01-05", check.Standing{Release: "ICD-10-CM 2021", Found: true}},
		{without, "E11.9", "2025-01-05", check.Standing{}},
		{without, "R05.1", "2025-01-05", check.Standing{}},
		{without, "E11", "2019-01-05", check.Standing{}},
	} {
		got, err := c.s.standing(c.code, c.day)
		if err != nil || got != c.want {
			t.Errorf("%s on %s: %+v, %v, want %+v", c.code, c.day, got, err, c.want)
		}
	}
	var said []string
	list, err := strengths(releases[release.RxNorm], "Lisinopril")
	for _, mg := range list {
		said = append(said, mg.FloatString(1))
	}
	if err != nil || !cmp.Equal(said, []string{"10.0", "2.5"}) {
		t.Errorf("strengths %v, %v", said, err)
	}
	if list, err := strengths(nil, "Lisinopril"); list != nil || err != nil {
		t.Errorf("strengths without a release: %v, %v", list, err)
	}
}
