package deidentify

import (
	"strings"

	"chartlake/clinical/phi"
)

// Leaks reports that a text has one of the person's own identifiers as it is written in their
// records: a last look at what is about to be given away. Short ones, and parts of names and
// places, are too common to look for.
func (p *Person) Leaks(text string) bool {
	text = strings.ToLower(text)
	for _, s := range p.sure {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// sure are the identifiers that no other text has by chance.
func sure(known []phi.Known) (out []string) {
	for _, k := range known {
		s := strings.ToLower(strings.TrimSpace(k.Text))
		whole := k.Kind != phi.Name && k.Kind != phi.Location || strings.Contains(s, " ")
		if whole && len(plain(s)) >= 6 {
			out = append(out, s)
		}
	}
	return out
}
