package check

import (
	"math/big"
	"testing"

	"chartlake/record"
	"chartlake/value"
)

// TestReceived: what tells of the past does not lie after the day on which the document came.
func TestReceived(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seg  *record.Segment
		want int
	}{
		"a birth":          {segment("progress_note", "dob=2031-01-02"), 1},
		"a service":        {segment("cms1500", "3.dob=1970-01-02", "24A.from=2026-03-09; 24A.to=2026-03-09"), 2},
		"the same day":     {segment("lab_report", "collected=2026-03-01; reported=2026-03-02"), 0},
		"an end":           {segment("prior_auth_determination", "date=2026-03-01; end=2027-03-01; appeal_by=2026-09-01"), 0},
		"a year alone":     {segment("progress_note", "visit=2026"), 0},
		"a later year":     {segment("progress_note", "visit=2027"), 1},
		"no date at all":   {segment("progress_note", "visit=soon"), 0},
		"a long time past": {segment("progress_note", "visit=1999-01-05"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.seg.Flags = nil
			Received(c.seg, value.Date{Year: 2026, Month: 3, Day: 1})
			if len(c.seg.Flags) != c.want {
				t.Fatalf("flags %+v, want %d", c.seg.Flags, c.want)
			}
			for _, f := range c.seg.Flags {
				if f.Code != "date_future" || len(f.Evidence) != 1 {
					t.Errorf("flag %+v", f)
				}
			}
		})
	}
}

// TestStrengths: a strength in which a drug is not marketed is asked about; a liquid, a drug that is
// not known and one that is right are not.
func TestStrengths(t *testing.T) {
	t.Parallel()
	marketed := func(drug string) ([]*big.Rat, error) {
		return map[string][]*big.Rat{"lisinopril": {big.NewRat(10, 1), big.NewRat(5, 2)}, "levothyroxine": {big.NewRat(25, 1000)}}[drug], nil
	}
	for row, want := range map[string]int{
		"drug=Lisinopril; strength=10 mg; form=tablet":         0,
		"drug=Lisinopril; strength=2.5 mg; form=tablet":        0,
		"drug=Lisinopril; strength=100 mg; form=tablet":        1,
		"drug=Levothyroxine; strength=25 mcg; form=tablet":     0,
		"drug=Levothyroxine; strength=25 mg; form=tablet":      1,
		"drug=Lisinopril; strength=100 mg; form=solution":      0,
		"drug=Somnolin; strength=100 mg; form=tablet":          0,
		"drug=Lisinopril; strength=?100 mg; form=tablet":       0,
		"drug=Lisinopril; strength=100 mg/5 mL; form=tablet":   0,
		"drug=Lisinopril; strength=0.01 g; sig=take 1 capsule": 0,
	} {
		s := segment("prescription", "", row)
		s.Flags = nil
		if err := Strengths(s, marketed); err != nil {
			t.Fatal(err)
		}
		if len(s.Flags) != want || want > 0 && (s.Flags[0].Code != "strength_unknown" || s.Lines[0]["strength"].State != record.Review) {
			t.Errorf("%s: flags %+v", row, s.Flags)
		}
	}
}

// TestRecipient: a cover sheet that names nobody is asked about where we know who we are.
func TestRecipient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		seg  *record.Segment
		us   Us
		want string
	}{
		{segment("fax_cover_sheet", "from=Lakeside"), Us{Faxes: []string{"5552010100"}}, "recipient_unknown"},
		{segment("fax_cover_sheet", "from=Lakeside"), Us{}, ""},
		{segment("fax_cover_sheet", "to=Hillside Clinic"), Us{Names: []string{"Hillside Clinic"}}, ""},
		{segment("progress_note", "visit=2026-01-02"), Us{Faxes: []string{"5552010100"}}, ""},
	} {
		c.seg.Flags = nil
		addressee(&Case{Segment: c.seg, Us: c.us})
		got := ""
		for _, f := range c.seg.Flags {
			got += f.Code
		}
		if got != c.want {
			t.Errorf("%s of %+v: %q, want %q", c.seg.Type, c.us, got, c.want)
		}
	}
}
