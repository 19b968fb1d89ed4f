package deidentify

import (
	"regexp"
	"strings"
	"unicode"

	"chartlake/clinical/phi"
)

// Person gives the surrogates of one person. It is safe for many goroutines.
type Person struct {
	key     *Key
	finder  *phi.Finder
	subject string // what the surrogates hang on: the Patient's id, or another of its own
	days    int    // of the shift; 0: no person is known, so days cannot be shifted and years remain
	known   *phi.Dictionary
	sure    []string // what must not be left
}

// shiftMost is how far days are moved at most, to either side: far enough to hide a day, near
// enough that the season of a year is only somewhat lost.
const shiftMost = 182

// Person gives the surrogates of a subject. known is what its records say; patient tells that the
// subject is a patient, whose days are shifted; otherwise only years remain.
func (k *Key) Person(finder *phi.Finder, subject string, patient bool, known []phi.Known) *Person {
	p := &Person{key: k, finder: finder, subject: subject, known: finder.Dictionary(known), sure: sure(known)}
	if patient && k.dates == Shift {
		if p.days = k.index(2*shiftMost, "shift", subject) - shiftMost; p.days >= 0 {
			p.days++ // never not at all
		}
	}
	return p
}

// Text puts surrogates into a text; more is what is known of this text alone. It gives what was
// found in the text as it was.
func (p *Person) Text(text string, more ...*phi.Dictionary) (string, []phi.Mention) {
	found := p.finder.Find(text, append(more, p.known)...)
	return p.replace(text, found), found
}

// replace puts surrogates in place of finds, which are in order.
func (p *Person) replace(text string, found []phi.Mention) string {
	if len(found) == 0 {
		return text
	}
	var b strings.Builder
	at, runes := 0, 0
	for i, r := range text {
		if len(found) == at {
			b.WriteString(text[i:])
			break
		}
		switch m := found[at]; {
		case runes < m.Begin:
			b.WriteRune(r)
		case runes == m.Begin:
			b.WriteString(p.Surrogate(m.Kind, m.Text))
		}
		if runes++; runes == found[at].End {
			at++
		}
	}
	return b.String()
}

// Surrogate is what stands for an identifier.
func (p *Person) Surrogate(kind phi.Kind, text string) string {
	switch kind {
	case "":
		return "[unread]"
	case phi.Name:
		return p.Name(text)
	case phi.Date:
		return p.day(text)
	case phi.Age:
		return aged(text)
	case phi.Location:
		return place(text)
	case phi.Phone, phi.Fax, phi.Email, phi.URL, phi.IP, phi.Photograph, phi.Biometric, phi.SSN:
		return "[" + string(kind) + "]"
	}
	return "[" + string(kind) + " " + p.key.number(string(kind), p.subject, text) + "]"
}

// Name gives each word of a name another, the same for the same word of this person, written in
// its way. Titles, degrees and initials' points stay.
func (p *Person) Name(text string) string {
	var b strings.Builder
	for _, part := range nameParts.FindAllString(text, -1) {
		switch low := strings.ToLower(part); {
		case kept[low]:
			b.WriteString(part)
		case !unicode.IsLetter([]rune(part)[0]): // figures in a name are of nobody else's
			b.WriteString(figures.ReplaceAllString(part, ""))
		case len([]rune(part)) == 1:
			b.WriteByte(byte('A' + p.key.index(26, "initial", p.subject, low)))
		default:
			list := p.finder.Families()
			if p.finder.Given(part) {
				list = p.finder.GivenNames()
			}
			name := list[p.key.index(len(list), "name", p.subject, low)]
			if part == strings.ToUpper(part) {
				b.WriteString(strings.ToUpper(name))
			} else {
				b.WriteString(strings.ToUpper(name[:1]) + name[1:])
			}
		}
	}
	return b.String()
}

var nameParts = regexp.MustCompile(`[\p{L}\p{Mn}'’]+|[^\p{L}\p{Mn}'’]+`)

var kept = map[string]bool{"mr": true, "mrs": true, "ms": true, "miss": true, "dr": true, "md": true, "do": true, "rn": true, "np": true,
	"pa": true, "phd": true, "jr": true, "sr": true, "ii": true, "iii": true, "iv": true, "de": true, "la": true, "van": true, "von": true, "der": true}

var figures = regexp.MustCompile(`\d+`)

// aged is an age over 89 (164.514(b)(2)(i)(C): "a single category of age 90 or older").
func aged(text string) string {
	if figures.MatchString(text) {
		return figures.ReplaceAllString(text, "90+")
	}
	return "90 or older"
}

var (
	stateRE = regexp.MustCompile(`\b[A-Z]{2}\b(?:\s+\d{5})?`)
	zipRE   = regexp.MustCompile(`\b(\d{5})(?:-\d{4})?\b`)
)

// place leaves of a place its state and the first digits of its ZIP code, where that is allowed.
func place(text string) string {
	zip := zipRE.FindStringSubmatch(text)
	state := stateRE.FindString(text)
	switch {
	case zip != nil && strings.TrimSpace(strings.TrimSuffix(text, zip[0])) == "":
		return ZIP(zip[1])
	case zip != nil && len(state) >= 2:
		return "[location], " + state[:2] + " " + ZIP(zip[1])
	}
	return "[location]"
}

// sparse are the first three digits of ZIP codes whose area had 20,000 people or fewer in the Census
// of 2000 (the 17 of the guidance of the Office for Civil Rights of 2012 on 164.514(b)), and those
// that the Census of 2010 adds (205, 369).
var sparse = map[string]bool{"036": true, "059": true, "063": true, "102": true, "203": true, "556": true, "692": true, "790": true, "821": true,
	"823": true, "830": true, "831": true, "878": true, "879": true, "884": true, "890": true, "893": true, "205": true, "369": true}

// ZIP is what may remain of a ZIP code (164.514(b)(2)(i)(B)): its first three digits, or 000.
func ZIP(code string) string {
	d := strings.Join(figures.FindAllString(code, -1), "")
	if len(d) < 5 || sparse[d[:3]] {
		return "000"
	}
	return d[:3]
}
