package pair

import (
	"chartlake/form/lexicon"
	"chartlake/form/sheet"
)

// transmission are the labels of the line that a fax machine prints at the head of a page.
var transmission = map[string]bool{"from": true, "to": true, "fax": true, "date": true, "time": true, "page": true,
	"tel": true, "phone": true, "name": true}

// documentMarks leaves out the labels that are a fax machine's own.
func documentMarks(marks []mark, ph sheet.Phrase) []mark {
	var out []mark
	for _, m := range marks {
		if m.end-m.start == 1 && transmission[lexicon.Normal(ph.Tokens[m.start].Text)] {
			continue
		}
		out = append(out, m)
	}
	return out
}
