package sheet

import "regexp"

// transmissionTop is the part of the page, from its top, that a fax machine writes its own line into.
const transmissionTop = 0.06

var (
	clock     = regexp.MustCompile(`^\d{1,2}:\d{2}(:\d{2})?([AaPp][Mm]?)?$`)
	day       = regexp.MustCompile(`^\d{1,2}[/-]\d{1,2}[/-]\d{2,4}$`)
	pageCount = regexp.MustCompile(`^([Pp](age|AGE|g|G)?\.?)?\d{1,4}[/|]\d{1,4}$`)
	padded    = regexp.MustCompile(`^([Pp](age|AGE|g|G)?\.?)?0\d{1,3}[/|]0\d{1,3}$`)
)

// signs are what of a fax machine's line was seen.
type signs struct{ clock, day, count, padded bool }

func (s *signs) see(r Row) {
	for _, ph := range r.Phrases {
		for _, t := range ph.Tokens {
			s.clock = s.clock || clock.MatchString(t.Text)
			s.day = s.day || day.MatchString(t.Text)
			s.count = s.count || pageCount.MatchString(t.Text)
			s.padded = s.padded || padded.MatchString(t.Text)
		}
	}
}

// line reports the signs of a whole line: the time of day and the count of pages, or, where the
// time was not read, the day and a count that is filled up with noughts.
func (s signs) line() bool { return s.clock && s.count || s.day && s.padded }

// Transmitted reports whether a row is a fax machine's own line, or a part of one: at the top of
// the page, with the time and the count of pages. Who sent the fax is no field of the document, and
// its pages are those of the transmission.
func (r Row) Transmitted() bool {
	if r.Y1 > transmissionTop {
		return false
	}
	var s signs
	s.see(r)
	return r.fax || s.line()
}

// markTransmission finds a fax machine's line that lies askew to the page, so that its parts are
// rows of their own: each begins behind the end of the one above or below it, less than two
// heights away.
func (p *Page) markTransmission() {
	for i := 0; i < len(p.Rows) && p.Rows[i].Y1 <= transmissionTop; {
		end := i + 1
		var s signs
		s.see(p.Rows[i])
		for end < len(p.Rows) && p.Rows[end].Y1 <= transmissionTop && p.Rows[end].Y0-p.Rows[end-1].Y0 < 2*p.Height && beside(p.Rows[i:end], p.Rows[end]) {
			s.see(p.Rows[end])
			end++
		}
		if end-i > 1 && s.line() {
			for k := i; k < end; k++ {
				p.Rows[k].fax = true
			}
		}
		i = end
	}
}

// beside reports that a row has none of its words over or under those of others.
func beside(rows []Row, r Row) bool {
	for _, other := range rows {
		for _, a := range other.Phrases {
			for _, b := range r.Phrases {
				if a.X0 < b.X1 && b.X0 < a.X1 {
					return false
				}
			}
		}
	}
	return true
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
