package phi

import (
	"strings"

	"chartlake/clinical/phi/wordlist"
)

// Dictionary is what is known of somebody, made once for many texts. It is safe for many goroutines.
type Dictionary struct{ byFirst map[string][]entry }

// Dictionary makes one. Each part of a name is in it, too, where it is long enough to be told from
// other words.
func (f *Finder) Dictionary(list []Known) *Dictionary {
	byFirst := map[string][]entry{}
	put := func(text string, kind Kind, exactCase bool) {
		var e entry
		for _, w := range words(text, f.list) {
			e.words = append(e.words, w.fold)
		}
		if len(e.words) == 0 || len(e.words) == 1 && len(e.words[0]) < 3 {
			return
		}
		e.kind, e.capital = kind, exactCase
		byFirst[e.words[0]] = append(byFirst[e.words[0]], e)
	}
	for _, k := range list {
		put(k.Text, k.Kind, false)
		if k.Kind == Name {
			for _, part := range strings.FieldsFunc(k.Text, func(r rune) bool { return r == ' ' || r == ',' || r == '.' || r == '-' }) {
				if len(part) > 2 && !credential[wordlist.Fold(part)] && !titles[wordlist.Fold(part)] {
					put(part, Name, true)
				}
			}
		}
	}
	return &Dictionary{byFirst}
}

// known finds what a dictionary has: by its words, whatever marks and case stand between.
func (s *search) known(d *Dictionary) {
	if d == nil || len(d.byFirst) == 0 {
		return
	}
	for i := range s.words {
		for _, e := range d.byFirst[s.words[i].fold] {
			if e.at(s.words, i) && !(e.capital && s.words[i].has(lowerCase)) {
				s.take(i, i+len(e.words), e.kind, "known", 1)
			}
		}
	}
}

// entry is a known identifier as words.
type entry struct {
	words   []string
	kind    Kind
	capital bool // only where it is written with a capital
}

func (e entry) at(text []word, i int) bool {
	if i+len(e.words) > len(text) {
		return false
	}
	for j, w := range e.words {
		if text[i+j].fold != w {
			return false
		}
	}
	return true
}
