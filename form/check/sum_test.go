package check

import (
	"testing"

	"chartlake/record"
)

// TestConfirmSums: amounts that were hardly read are settled by a sum that comes out, and by nothing else.
func TestConfirmSums(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		s    *record.Segment
		want record.State // of the first line's amount
		cell string
	}{
		"a claim":             {segment("cms1500", "28=?150.00", "24F=?100.00", "24F=50.00"), record.Accepted, "24F"},
		"a claim not so":      {segment("cms1500", "28=160.00", "24F=?100.00", "24F=50.00"), record.Review, "24F"},
		"a lone line":         {segment("cms1500", "28=100.00", "24F=?100.00"), record.Review, "24F"},
		"a line is not read":  {segment("cms1500", "28=150.00", "24F=?100.00", "24F=5O.00"), record.Review, "24F"},
		"a hospital":          {segment("ub04", "", "FL42=0250; FL47=?100.00", "FL42=0270; FL47=20.00", "FL42=0001; FL47=120.00"), record.Accepted, "FL47"},
		"an invoice":          {segment("medical_invoice", "total=150.00", "amount=?100.00", "amount=50.00"), record.Accepted, "amount"},
		"an invoice with tax": {segment("medical_invoice", "total=150.00; tax=5.00", "amount=?100.00", "amount=50.00"), record.Review, "amount"},
		"a payer's claim":     {segment("eob", "claim_number=1; billed=150.00", "line.billed=?100.00", "line.billed=50.00"), record.Accepted, "line.billed"},
		"a payer's line":      {segment("eob", "claim_number=1", "line.allowed=?100.00; line.copay=20.00; line.deductible=0.00; line.paid=80.00"), record.Accepted, "line.allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			confirmSums(&Case{Segment: c.s})
			f := c.s.Lines[0][c.cell]
			if f.State != c.want || (f.State == record.Accepted) != (len(f.Reasons) == 0) {
				t.Errorf("%s is in %s with %q, want %s", f.Raw, f.State, f.Reasons, c.want)
			}
		})
	}
	s := segment("eob", "claim_number=1", "line.allowed=100.00; line.copay=20.00; line.deductible=0.08; line.paid=80.00")
	for name, f := range s.Lines[0] {
		f.Source = "ocr"
		s.Lines[0][name] = f
	}
	confirmSums(&Case{Segment: s})
	if f := s.Lines[0]["line.deductible"]; f.State != record.Review {
		t.Errorf("a nought that is none is in %s", f.State)
	}
}

// TestOff: one amount that was hardly read excuses a sum only where few of its digits would be others.
func TestOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		s    *record.Segment
		want bool
	}{
		"all sure":                     {segment("cms1500", "28=160.00", "24F=100.00", "24F=50.00"), true},
		"it comes out":                 {segment("cms1500", "28=150.00", "24F=100.00", "24F=50.00"), false},
		"one digit of the hardly read": {segment("cms1500", "28=45000.00", "24F=1753.00", "24F=?43847.00"), false},
		"far from the hardly read":     {segment("cms1500", "28=45000.00", "24F=1753.00", "24F=?42842.80"), true},
		"the total was hardly read":    {segment("cms1500", "28=?45000.00", "24F=1753.00", "24F=42842.80"), true},
		"two were hardly read":         {segment("cms1500", "28=45000.00", "24F=?1753.00", "24F=?42842.80"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claimSums(&Case{Segment: c.s})
			got := len(c.s.Flags) == 1 && c.s.Flags[0].Code == "sum_mismatch"
			if got != c.want || len(c.s.Flags) > 1 {
				t.Errorf("flags %+v", c.s.Flags)
			}
		})
	}
}

func TestNegativeCharges(t *testing.T) {
	t.Parallel()
	for row, want := range map[string]int{"24F=-50.00": 1, "24F=50.00": 0, "24F=?-50.00": 0} {
		s := segment("cms1500", "28=50.00", row)
		amounts(&Case{Segment: s})
		if len(s.Flags) != want || want > 0 && (s.Flags[0].Code != "amount_negative" || s.Lines[0]["24F"].State != record.Review) {
			t.Errorf("%s: flags %+v", row, s.Flags)
		}
	}
	invoice := segment("medical_invoice", "total=-50.00")
	if amounts(&Case{Segment: invoice}); len(invoice.Flags) != 0 {
		t.Error("an invoice may give back")
	}
}

// TestSlips: what a reader took for something else, told by form alone.
func TestSlips(t *testing.T) {
	t.Parallel()
	doubtful := func(s *record.Segment, name string) bool {
		for i := range s.Fields {
			s.Fields[i].Source = "ocr"
		}
		oldForm(&Case{Segment: s})
		timesOfDay(&Case{Segment: s})
		for i := range s.Fields {
			if s.Fields[i].Name == name {
				return s.Fields[i].State == record.Review
			}
		}
		return s.Lines[0][name].State == record.Review
	}
	for _, c := range []struct {
		s    *record.Segment
		name string
		want bool
	}{
		{segment("referral", "date=2026-01-05; dx=140.7"), "dx", true},
		{segment("referral", "date=2014-01-05; dx=140.7"), "dx", false},
		{segment("referral", "date=2026-01-05; dx=I40.7"), "dx", false},
		{segment("nursing_note", "", "time=14:80"), "time", true},
		{segment("nursing_note", "", "time=24:10"), "time", true},
		{segment("nursing_note", "", "time=8:10"), "time", false},
		{segment("prescription", "", "strength=50 meg"), "strength", true},
		{segment("prescription", "", "strength=50 mcg"), "strength", false},
	} {
		if got := doubtful(c.s, c.name); got != c.want {
			t.Errorf("%s of %+v: doubtful %v", c.name, c.s.Lines, got)
		}
	}
}
