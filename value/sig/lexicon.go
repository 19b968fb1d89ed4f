package sig

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed words.txt
var wordsData string

// sense is what a phrase means: one kind of word.
type sense struct{ kind, value string }

// lexicon holds the senses of phrases by their words joined by blanks.
type lexicon struct {
	phrases map[string][]sense
	begins  map[string]bool   // the beginnings of phrases, by whole words
	inside  map[string]bool   // the words of phrases
	words   map[string]bool   // single words that misspellings are corrected to
	letter  map[byte][]string // the same by first letter, ascending, so that a correction does not depend on chance
}

// corrected are the words, besides those that are a phrase by themselves, that misspellings are corrected to.
const corrected = `take times twice every inhale apply with food pain once three four five half until total sleep other nausea mouth needed
morning bedtime evening night breakfast lunch dinner supper meals before after directed nostril affected required necessary dose`

var words = sync.OnceValue(func() *lexicon {
	l := &lexicon{phrases: map[string][]sense{}, begins: map[string]bool{}, inside: map[string]bool{}, words: map[string]bool{}, letter: map[byte][]string{}}
	for _, row := range strings.Split(wordsData, "\n") {
		f := strings.Split(row, "\t")
		if len(f) != 3 || strings.HasPrefix(row, "#") {
			continue
		}
		kind := f[0]
		if kind == "rare" {
			kind = "unit"
		}
		for _, p := range strings.Split(f[1], ",") {
			var key []string
			for _, t := range split(p) {
				key = append(key, t.word)
				l.inside[t.word] = true
			}
			if len(key) == 1 && len(key[0]) >= 4 && f[0] != "rare" && f[0] != "text" && f[0] != "rest" {
				l.words[key[0]] = true
			}
			k := strings.Join(key, " ")
			l.phrases[k] = append(l.phrases[k], sense{kind, f[2]})
			for n := range key {
				l.begins[strings.Join(key[:n+1], " ")] = true
			}
		}
	}
	for _, w := range strings.Fields(corrected) {
		l.words[w] = true
	}
	for w := range l.words {
		l.letter[w[0]] = append(l.letter[w[0]], w)
	}
	for _, of := range l.letter {
		slices.Sort(of)
	}
	return l
})

// hit is a phrase found: its sense and how many tokens it has.
type hit struct {
	sense
	size int
}

// find gives the phrases that begin at each token, shorter ones first.
func (l *lexicon) find(toks []token) [][]hit {
	out := make([][]hit, len(toks))
	for i := range toks {
		key := toks[i].word
		for j := i; l.begins[key]; {
			for _, s := range l.phrases[key] {
				out[i] = append(out[i], hit{s, j - i + 1})
			}
			if j++; j >= len(toks) {
				break
			}
			key += " " + toks[j].word
		}
	}
	return out
}

// known reports a word that stands in a phrase of any kind.
func (l *lexicon) known(word string) bool { return l.words[word] || l.inside[word] || common[word] }

// common are words of instructions that are one letter from a word of the lexicon and not it.
var common = map[string]bool{"dairy": true, "foot": true, "weak": true, "drip": true, "cups": true, "fill": true, "pull": true, "them": true,
	"wish": true, "infection": true}

// correct gives the one word of the lexicon that a misspelt word is one slip away from (a
// letter too many, too few, wrong or two swapped); the word itself where there is not
// exactly one. Numbers and short words are never touched.
func (l *lexicon) correct(word string) string {
	if word == "dya" {
		return "day"
	}
	if len(word) < 4 || l.known(word) {
		return word
	}
	found := ""
	first := word[:1]
	if word[1] != word[0] {
		first = word[:2] // the first two letters may be swapped
	}
	for i := 0; i < len(first); i++ {
		for _, w := range l.letter[first[i]] {
			if !slip(word, w) {
				continue
			}
			if found != "" && !strings.HasPrefix(w, found) && !strings.HasPrefix(found, w) {
				return word
			}
			if found == "" || len(w) < len(found) {
				found = w
			}
		}
	}
	if found == "" {
		return word
	}
	return found
}

// slip reports that two words differ by one slip in their middle or end.
func slip(a, b string) bool {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	x, y := a[i:], b[i:]
	switch {
	case x == "" && y == "":
		return false
	case len(x) > 1 && len(y) > 1 && x[0] == y[1] && x[1] == y[0] && x[2:] == y[2:]:
		return true
	case len(x) > 0 && len(y) > 0 && x[1:] == y[1:]:
		return i > 1
	}
	return i > 0 && (len(x) > 0 && x[1:] == y || len(y) > 0 && y[1:] == x)
}
