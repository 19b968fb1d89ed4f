package sheet

import "regexp"

// transmissionTop is the part of the page, from its top, that a fax machine writes its own line into.
const transmissionTop = 0.06

var (
	clock     = regexp.MustCompile(`^\d{1,2}:\d{2}(:\d{2})?([AaPp][Mm]?)?$`)
	pageCount = regexp.MustCompile(`^([Pp](age|AGE|g|G)?\.?)?\d{1,4}[/|]\d{1,4}$`)
)

// Transmitted reports whether a row is a fax machine's own line: at the top of the page, with
// the time of day and the count of pages. Who sent the fax is no field of the document, and
// its pages are those of the transmission.
func (r Row) Transmitted() bool {
	if r.Y1 > transmissionTop {
		return false
	}
	time, count := false, false
	for _, ph := range r.Phrases {
		for _, t := range ph.Tokens {
			time = time || clock.MatchString(t.Text)
			count = count || pageCount.MatchString(t.Text)
		}
	}
	return time && count
}

// Transmission tells the words of a fax machine's own line.
func (p *Page) Transmission() func(word int) bool {
	words := map[int]bool{}
	for _, r := range p.Rows {
		if !r.Transmitted() {
			continue
		}
		for _, ph := range r.Phrases {
			for _, t := range ph.Tokens {
				words[t.Word] = true
			}
		}
	}
	return func(word int) bool { return words[word] }
}
