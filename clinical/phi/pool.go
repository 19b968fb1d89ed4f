package phi

import (
	"sort"

	"chartlake/clinical/phi/wordlist"
)

// pools are the names that surrogates are taken from: names that mean nothing else, in order.
func pools(l *wordlist.List) (given, family []string) {
	for w, is := range l.All() {
		if len(w) < 4 || len(w) > 10 || !ascii(w) {
			continue
		}
		switch is {
		case wordlist.Given, wordlist.Given | wordlist.Family:
			given = append(given, w)
		case wordlist.Family:
			family = append(family, w)
		}
	}
	sort.Strings(given)
	sort.Strings(family)
	return given, family
}

// GivenNames and Families are the names that surrogates are taken from, small, in order.
func (f *Finder) GivenNames() []string { given, _ := f.pool(); return given }

// Families are those of families.
func (f *Finder) Families() []string { _, family := f.pool(); return family }

// Given reports a word that is a given name.
func (f *Finder) Given(word string) bool { return f.list.Of(wordlist.Fold(word))&wordlist.Given != 0 }
