package phi

import (
	_ "embed"
	"sort"
	"sync"
	"unicode/utf8"

	"chartlake/clinical/phi/wordlist"
)

// Version names these rules.
const Version = "phi/1"

//go:embed data/words.tsv.zst
var wordsData []byte

// bytesMax is how much of a text is looked at, in bytes: as much as package clinical does.
const bytesMax = 64 << 20

// Mention is an identifier in a text: its place in characters (runes), and which rule saw it.
type Mention struct {
	Begin, End int
	Text       string
	Kind       Kind
	Rule       string
	Confidence float64 // how surely it identifies, 0..1
}

// Known is an identifier of somebody whom the text is about, from its record.
type Known struct {
	Kind Kind
	Text string
}

// Finder finds identifiers. It is safe for many goroutines.
type Finder struct {
	list   *wordlist.List
	labels map[string]label
	pool   func() (given, family []string)
}

// Open reads the tables.
func Open() (*Finder, error) {
	list, err := wordlist.Read(wordsData)
	if err != nil {
		return nil, err
	}
	pool := sync.OnceValue(func() [2][]string { given, family := pools(list); return [2][]string{given, family} })
	return &Finder{list: list, labels: parseLabels(labelsData), pool: func() ([]string, []string) { p := pool(); return p[0], p[1] }}, nil
}

// span is a find, in bytes.
type span struct {
	begin, end int
	kind       Kind
	rule       string
	score      float64
}

// search is the work on one text.
type search struct {
	*Finder
	text  string
	words []word
	found []span
	taken []bool // words that a structure or label has: no part of a name
}

func (s *search) add(begin, end int, kind Kind, rule string, score float64) {
	if end > begin {
		s.found = append(s.found, span{begin, end, kind, rule, score})
	}
}

// take adds words first..last-1.
func (s *search) take(first, last int, kind Kind, rule string, score float64) {
	if first >= last {
		return
	}
	s.add(s.words[first].begin, s.words[last-1].end, kind, rule, score)
	for i := first; i < last; i++ {
		s.taken[i] = true
	}
}

// between is what stands before word i, after the word before it.
func (s *search) between(i int) string {
	from := 0
	if i > 0 {
		from = s.words[i-1].end
	}
	if i >= len(s.words) {
		return s.text[from:]
	}
	return s.text[from:s.words[i].begin]
}

// Find finds the identifiers of a text, in its order, none overlapping. known is what
// records say; each may be nil.
func (f *Finder) Find(text string, known ...*Dictionary) []Mention {
	if len(text) > bytesMax {
		text = text[:bytesMax]
	}
	s := &search{Finder: f, text: text, words: words(text, f.list)}
	s.taken = make([]bool, len(s.words))
	for _, d := range known {
		s.known(d)
	}
	s.structures()
	s.dates()
	s.ages()
	s.labelled()
	s.places()
	s.names()
	return s.mentions()
}

// mentions joins finds that overlap, the surest of them naming the kind, and counts characters.
func (s *search) mentions() []Mention {
	sort.SliceStable(s.found, func(i, j int) bool { return s.found[i].begin < s.found[j].begin })
	var joined []span
	for _, x := range s.found {
		if n := len(joined); n > 0 && x.begin < joined[n-1].end {
			last := &joined[n-1]
			if x.score > last.score {
				last.kind, last.rule, last.score = x.kind, x.rule, x.score
			}
			last.end = max(last.end, x.end)
			continue
		}
		joined = append(joined, x)
	}
	out := make([]Mention, 0, len(joined))
	at, runes := 0, 0
	for _, x := range joined {
		runes += utf8.RuneCountInString(s.text[at:x.begin])
		m := Mention{Begin: runes, Text: s.text[x.begin:x.end], Kind: x.kind, Rule: x.rule, Confidence: x.score}
		runes += utf8.RuneCountInString(m.Text)
		m.End, at = runes, x.end
		out = append(out, m)
	}
	return out
}
