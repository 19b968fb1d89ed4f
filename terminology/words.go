package terminology

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed data/words.txt.zst
var wordsData []byte

var words = sync.OnceValues(func() (map[string]struct{}, error) {
	text, err := decode(wordsData)
	if err != nil {
		return nil, err
	}
	out := make(map[string]struct{}, strings.Count(text, "\n"))
	for w := range strings.Lines(text) {
		out[strings.TrimSuffix(w, "\n")] = struct{}{}
	}
	return out, nil
})

// HasWord reports whether a word, in lower case, of three letters or more, stands in a name of the
// embedded tables: what is written of diseases and tests, and much of plain English with it.
func HasWord(word string) bool {
	m, err := words()
	_, ok := m[word]
	return err == nil && ok
}
