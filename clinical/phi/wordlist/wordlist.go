// Package wordlist tells what a word may be: a given or family name, a place, a word of the
// English language. The table is made from public sources with checksums (../SOURCES,
// ../generate): names of the 1990 Census of the United States, cities of GeoNames, and a spelling
// list. A word that is in none of them is not known, which says that it may well be a name.
package wordlist

import (
	"iter"
	"maps"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/klauspost/compress/zstd"
)

// Flags are what a word may be.
type Flags uint8

// The meanings of a word.
const (
	Given Flags = 1 << iota
	Family
	English // a common word, written small
	Place   // a city or county, by its whole name
	Medical // of the name of a disease or drug
)

// List is the table. It is safe for many goroutines.
type List struct{ words map[string]Flags }

// Read unpacks a table: lines of word, tab and flags.
func Read(packed []byte) (*List, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	text, err := dec.DecodeAll(packed, nil)
	if err != nil {
		return nil, err
	}
	l := &List{words: make(map[string]Flags, 180_000)}
	for line := range strings.Lines(string(text)) {
		word, flags, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if ok && len(flags) > 0 {
			n := Flags(0)
			for _, c := range []byte(flags) {
				n = n*10 + Flags(c-'0')
			}
			l.words[word] = n
		}
	}
	return l, nil
}

// Of gives what a word may be; zero for one that is not in the table. It takes Fold's form.
func (l *List) Of(word string) Flags { return l.words[word] }

// All goes over the table, in no order.
func (l *List) All() iter.Seq2[string, Flags] { return maps.All(l.words) }

// Fold is the form of the table's words: small letters, marks taken off.
func Fold(s string) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x80 || c >= 'A' && c <= 'Z' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		if r == '’' {
			return '\''
		}
		return r
	}, norm.NFKD.String(strings.ToLower(s)))
}
