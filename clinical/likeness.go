package clinical

import (
	"math"
	"slices"
	"strings"
	"sync"

	"chartlake/record"
	"chartlake/terminology"
)

// A mention that no name of the tables is gets the codes of the names that are most like it: the share of
// its words that a name has, weighed by how rare they are (the idf of BM25, Robertson and Zaragoza
// 2009), words that begin alike and share most of their letter triples counted in part. A name that
// says more than the mention and its place do, a cause or another place, is none of them.

// likeness is the index of names by their words. It is made when the first mention needs it.
type likeness struct {
	names   []terminology.Term
	telling []int               // words of a name that are not vague
	posting map[string][]uint32 // names by word, ascending
	begins  map[string][]string // words by their first letters, ascending
	idf     map[string]float64

	mu     sync.Mutex
	before map[string][]record.Code // answers to what was asked
}

const (
	beginning   = 4    // letters that words which are alike begin with
	triplesMin  = 0.6  // Dice's coefficient of their letter triples
	postingMax  = 4000 // names with a word; one that more have says little
	likenessMin = 0.8
	// likenessShare makes a score of how like a name is: of those that are wholly alike it is right so often.
	likenessShare = 0.4
	likenessMost  = 3    // candidates
	answersMax    = 4096 // that are kept
	askedMax      = 8    // words of a mention
	rareMax       = 12   // names with a word that says by itself what a finding is
)

// vague are words that say little of what a finding is.
var vague = words("of the and in with other unspecified specified disease disorder a an to by due or not site elsewhere classified type acute chronic initial encounter left right bilateral skin syndrome condition symptom finding state abnormal abnormality organism form part pure nos region status")

func newLikeness() *likeness {
	names, err := terminology.Problems()
	if err != nil {
		panic(err) // the tables are part of the program: that they can be read is tested
	}
	l := &likeness{posting: map[string][]uint32{}, begins: map[string][]string{}, idf: map[string]float64{}, before: map[string][]record.Code{}}
	for _, t := range names {
		if t.Code == "" || t.Source == terminology.Broader || organism(t.Code) || unsaid(t) || strings.Contains(t.Display, "encounter") && !strings.Contains(t.Display, "initial encounter") {
			continue
		}
		l.add(t)
	}
	for _, t := range l.names {
		if t.Source != terminology.Title {
			continue
		}
		if one, other, is := strings.Cut(t.Name, " and "); is && l.alone(one) && l.alone(other) {
			l.add(terminology.Term{Name: one, Code: t.Code, Display: t.Display})
			l.add(terminology.Term{Name: other, Code: t.Code, Display: t.Display})
		}
	}
	for w, p := range l.posting {
		l.posting[w] = slices.Compact(p)
		l.idf[w] = math.Log(1 + float64(len(l.names))/float64(len(p)))
		if vague[w] {
			l.idf[w] *= vagueShare
		}
		if len(w) > beginning {
			l.begins[w[:beginning]] = append(l.begins[w[:beginning]], w)
		}
	}
	for _, of := range l.begins {
		slices.Sort(of)
	}
	l.telling = make([]int, len(l.names))
	for i := range l.names {
		for _, w := range strings.Fields(l.names[i].Name) {
			if !vague[w] {
				l.telling[i]++
			}
		}
	}
	return l
}

func (l *likeness) add(t terminology.Term) {
	n := uint32(len(l.names))
	l.names = append(l.names, t)
	for _, w := range strings.Fields(t.Name) {
		l.posting[w] = append(l.posting[w], n)
	}
}

// alone reports a half of a title ("hypo osmolality and hyponatremia") that names a finding by itself:
// its last word stands in few names.
func (l *likeness) alone(half string) bool {
	w := strings.Fields(half)
	return len(w) > 0 && len(w) <= 2 && len(half) > 6 && !vague[w[0]] && !slices.Contains(w, "of") && !slices.Contains(w, "and") &&
		len(l.posting[w[len(w)-1]]) <= rareMax
}

// vagueShare is what a vague word counts of its idf.
const vagueShare = 0.25

// like gives the codes of the names that are most like some words, the likest first; beside are words
// that a name may have, too. The score of each is how like it is, from likenessMin to 1.
func (l *likeness) like(asked, beside []string) []record.Code {
	if len(asked) == 0 || len(asked) > askedMax {
		return nil
	}
	key := strings.Join(asked, " ") + "|" + strings.Join(beside, " ")
	l.mu.Lock()
	defer l.mu.Unlock()
	if out, ok := l.before[key]; ok {
		return out
	}
	if len(l.before) >= answersMax {
		clear(l.before)
	}
	out := l.rank(asked, beside)
	l.before[key] = out
	return out
}

func (l *likeness) rank(asked, beside []string) []record.Code {
	whole := 0.0
	got := map[uint32]float64{}
	has := map[uint32]int{} // telling words of a name
	for i, w := range slices.Concat(asked, beside) {
		best, rarest := map[uint32]float64{}, 0.0
		found := map[uint32]bool{}
		for other, share := range l.words(w) {
			p := l.posting[other]
			rarest = max(rarest, l.idf[other])
			if len(p) > postingMax {
				continue
			}
			for _, n := range p {
				best[n] = max(best[n], share*l.idf[other])
				found[n] = found[n] || !vague[other] && (l.telling[n] > 1 || len(p) <= rareMax)
			}
		}
		if rarest == 0 {
			rarest = unknownWeight
		}
		if i < len(asked) {
			whole += rarest
			for n, s := range best {
				got[n] += s
			}
		}
		for n := range found {
			if found[n] {
				has[n]++
			}
		}
	}
	type candidate struct {
		name  uint32
		score float64
	}
	var all []candidate
	for n, s := range got {
		if score := s / whole; score >= likenessMin && has[n] >= l.telling[n] && l.telling[n] > 0 {
			all = append(all, candidate{n, math.Round(score*1000) / 1000})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		switch {
		case a.score != b.score:
			return int(math.Copysign(1, b.score-a.score))
		case len(l.names[a.name].Name) != len(l.names[b.name].Name):
			return len(l.names[a.name].Name) - len(l.names[b.name].Name)
		}
		return int(a.name) - int(b.name)
	})
	var out []record.Code
	for _, c := range all {
		t := l.names[c.name]
		if len(out) == likenessMost {
			break
		}
		if !slices.ContainsFunc(out, func(o record.Code) bool { return o.Code == t.Code }) {
			out = append(out, record.Code{System: terminology.ICD10CM, Code: t.Code, Display: t.Display, Score: math.Round(1000*likenessShare*c.score) / 1000})
		}
	}
	return out
}

// unknownWeight is what a word counts that no name has: as much as one of few names.
const unknownWeight = 9

// words gives the words of names that a word is, or is like, with how like they are.
func (l *likeness) words(w string) map[string]float64 {
	out := map[string]float64{}
	if l.posting[w] != nil {
		out[w] = 1
		return out
	}
	if len(w) <= beginning {
		return out
	}
	for _, other := range l.begins[w[:beginning]] {
		if d := dice(w, other); d >= triplesMin {
			out[other] = d
		}
	}
	return out
}

// dice is Dice's coefficient of the letter triples of two words, which begin with a mark of their own.
func dice(a, b string) float64 {
	a, b = "^"+a, "^"+b
	common := 0
	for i := 0; i+3 <= len(a); i++ {
		if strings.Contains(b, a[i:i+3]) {
			common++
		}
	}
	return 2 * float64(common) / float64(len(a)+len(b)-4)
}
