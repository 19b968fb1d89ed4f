package pair

import (
	"strings"
	"testing"

	"chartlake/form/sheet"
)

func row(y float64, phrases ...string) sheet.Row {
	r := sheet.Row{Y0: y, Y1: y + 0.01}
	for _, text := range phrases {
		var ph sheet.Phrase
		for _, w := range strings.Fields(text) {
			ph.Tokens = append(ph.Tokens, sheet.Token{Text: w})
		}
		r.Phrases = append(r.Phrases, ph)
	}
	return r
}

func TestTransmitted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		row  sheet.Row
		want bool
	}{
		{row(0.01, "FROM: (226) 555-0172", "08/14/2026 17:59", "P. 001/002"), true},
		{row(0.01, "2026-08-14 05:59PM", "FAX 2265550172", "PAGE 2/5"), true},
		{row(0.01, "Tri-County Hospital", "17:59", "p.3/4"), true},
		{row(0.30, "FROM: (226) 555-0172", "08/14/2026 17:59", "P. 001/002"), false}, // in the document
		{row(0.01, "From: 08/14/2026 17:59", "To: 08/16/2026 10:00"), false},         // a stay
		{row(0.01, "FROM: (226) 555-0172", "P. 001/002"), false},                     // no time
		{row(0.01, "FROM: (226) 555-0172", "08/14/2026 17°59", "P. 001/002"), true},  // the time was not read
		{row(0.01, "Tri-County Hospital", "08/14/2026", "Page 1/2"), false},          // a head of the document
	} {
		if got := c.row.Transmitted(); got != c.want {
			t.Errorf("%v at %.2f: %v, want %v", c.row.Phrases, c.row.Y0, got, c.want)
		}
	}
}

func TestDocumentMarksKeepOtherLabels(t *testing.T) {
	t.Parallel()
	ph := row(0.01, "FROM: Patient Name: Doe").Phrases[0]
	got := documentMarks([]mark{{start: 0, end: 1, colon: true}, {start: 1, end: 3, colon: true}}, ph)
	if len(got) != 1 || got[0].start != 1 {
		t.Errorf("%+v, want the patient's name only", got)
	}
}
