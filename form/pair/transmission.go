package pair

import (
	"regexp"

	"chartlake/form/lexicon"
	"chartlake/form/sheet"
)

// transmissionTop is the part of the page, from its top, that a fax machine writes its own line into.
const transmissionTop = 0.06

var (
	clock     = regexp.MustCompile(`^\d{1,2}:\d{2}(:\d{2})?([AaPp][Mm]?)?$`)
	pageCount = regexp.MustCompile(`^([Pp](age|AGE|g|G)?\.?)?\d{1,4}[/|]\d{1,4}$`)
)

// transmission are the labels of the line that a fax machine prints at the head of a page.
var transmission = map[string]bool{"from": true, "to": true, "fax": true, "date": true, "time": true, "page": true,
	"tel": true, "phone": true, "name": true}

// transmitted reports whether a row is a fax machine's own line: at the top of the page, with
// the time of day and the count of pages. Who sent the fax is no field of the document.
func transmitted(row sheet.Row) bool {
	if row.Y1 > transmissionTop {
		return false
	}
	time, count := false, false
	for _, ph := range row.Phrases {
		for _, t := range ph.Tokens {
			time = time || clock.MatchString(t.Text)
			count = count || pageCount.MatchString(t.Text)
		}
	}
	return time && count
}

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
