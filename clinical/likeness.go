package clinical

import (
	"cmp"
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
	names   []*terminology.Term
	telling []uint8          // words of a name that are not vague
	words   []string         // words of names
	ids     map[uint64]int32 // of words, by their key
	vague   []bool           // of words
	idf     []float64        // of words
	begins  map[string][]int32
	first   []uint32 // where the names of a word begin in posting, and after the last word its end
	posting []uint32 // names, ascending for each word

	mu     sync.Mutex
	before map[string][]record.Code // answers to what was asked
}

const (
	beginning    = 4    // letters that words which are alike begin with
	triplesMin   = 0.6  // Dice's coefficient of their letter triples
	postingMax   = 4000 // names with a word; one that more have says little
	likenessMin  = 0.8
	likenessMost = 3    // candidates
	answersMax   = 1024 // that are kept
	askedMax     = 8    // words of a mention
	rareMax      = 12   // names with a word that says by itself what a finding is
	// likenessShare makes a score of how like a name is: of those that are wholly alike it is right so often.
	likenessShare = 0.4
)

// vague are words that say little of what a finding is.
var vague = words("of the and in with other unspecified specified disease disorder a an to by due or not site elsewhere classified type acute chronic initial encounter left right bilateral skin syndrome condition symptom finding state abnormal abnormality organism form part pure nos region status")

// newLikeness indexes the names that have a code of their own.
func newLikeness(all []terminology.Term) *likeness {
	l := &likeness{ids: make(map[uint64]int32, 40_000), begins: map[string][]int32{}, before: map[string][]record.Code{}}
	l.names, l.telling = make([]*terminology.Term, 0, len(all)), make([]uint8, 0, len(all))
	spelt := make([]int32, 0, 5*len(all)) // the words of all names, one after another
	ends := make([]int32, 1, len(all))    // where those of a name end
	var count []uint32                    // names by word
	add := func(t *terminology.Term) {
		told := uint8(0)
		for rest := t.Name; rest != ""; {
			w, after, _ := strings.Cut(rest, " ")
			rest = after
			id, ok := l.ids[wordKey(w)]
			if !ok {
				id = int32(len(l.words))
				l.ids[wordKey(w)] = id
				l.words, l.vague, count = append(l.words, w), append(l.vague, vague[w]), append(count, 0)
			}
			if !l.vague[id] {
				told++
			}
			if !slices.Contains(spelt[ends[len(ends)-1]:], id) {
				spelt = append(spelt, id)
				count[id]++
			}
		}
		l.names, l.telling, ends = append(l.names, t), append(l.telling, told), append(ends, int32(len(spelt)))
	}
	for i := range all {
		if t := &all[i]; t.Code != "" && t.Source != terminology.Broader && !organism(t.Code) && !unsaid(*t) {
			add(t)
		}
	}
	for _, t := range l.names {
		if t.Source != terminology.Title {
			continue
		}
		if one, other, is := strings.Cut(t.Name, " and "); is && l.alone(one, count) && l.alone(other, count) {
			add(&terminology.Term{Name: one, Code: t.Code, Display: t.Display})
			add(&terminology.Term{Name: other, Code: t.Code, Display: t.Display})
		}
	}
	l.first, l.idf, l.posting = make([]uint32, len(count)+1), make([]float64, len(count)), make([]uint32, len(spelt))
	for id, n := range count {
		l.first[id+1] = l.first[id] + n
		l.idf[id] = math.Log(1 + float64(len(l.names))/float64(n))
		if l.vague[id] {
			l.idf[id] *= vagueShare
		}
		if w := l.words[id]; len(w) > beginning {
			l.begins[w[:beginning]] = append(l.begins[w[:beginning]], int32(id))
		}
	}
	next := slices.Clone(l.first)
	for n := range l.names {
		for _, id := range spelt[ends[n]:ends[n+1]] {
			l.posting[next[id]] = uint32(n)
			next[id]++
		}
	}
	return l
}

// alone reports a half of a title ("hypo osmolality and hyponatremia") that names a finding by itself:
// its last word stands in few names.
func (l *likeness) alone(half string, count []uint32) bool {
	w := strings.Fields(half)
	return len(w) > 0 && len(w) <= 2 && len(half) > 6 && !vague[w[0]] && !slices.Contains(w, "of") && !slices.Contains(w, "and") &&
		count[l.ids[wordKey(w[len(w)-1])]] <= rareMax
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

// rank looks at the rarest words first: a name that has none of the words that count for most cannot be
// like enough any more, so the long lists of common words are only asked for the names that are left.
func (l *likeness) rank(asked, beside []string) []record.Code {
	type word struct {
		alike  []share
		weight float64
		asked  bool
	}
	all := make([]word, 0, len(asked)+len(beside))
	whole := 0.0
	for i, w := range slices.Concat(asked, beside) {
		one := word{alike: l.alike(w), asked: i < len(asked)}
		for _, o := range one.alike {
			one.weight = max(one.weight, l.idf[o.word])
		}
		if one.weight == 0 {
			one.weight = unknownWeight
		}
		if one.asked {
			whole += one.weight
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b word) int {
		if a.asked != b.asked {
			if a.asked {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.weight, a.weight)
	})
	got := map[uint32]*kinship{}
	left := whole
	for n, w := range all {
		for _, o := range w.alike {
			p := l.posting[l.first[o.word]:l.first[o.word+1]]
			telling := !l.vague[o.word]
			if w.asked && left >= likenessMin*whole && len(p) <= postingMax {
				for _, name := range p {
					if got[name] == nil {
						got[name] = &kinship{}
					}
				}
			}
			for name, k := range got {
				if _, has := slices.BinarySearch(p, name); has {
					k.hear(n, o.share*l.idf[o.word], w.asked, telling && (l.telling[name] > 1 || len(p) <= rareMax))
				}
			}
		}
		if w.asked {
			left -= w.weight
		}
	}
	type candidate struct {
		name  uint32
		score float64
	}
	var best []candidate
	for n, k := range got {
		if score := k.sum() / whole; score >= likenessMin && k.told >= l.telling[n] && l.telling[n] > 0 {
			best = append(best, candidate{n, math.Round(score*1000) / 1000})
		}
	}
	slices.SortFunc(best, func(a, b candidate) int {
		switch {
		case a.score != b.score:
			return int(math.Copysign(1, b.score-a.score))
		case len(l.names[a.name].Name) != len(l.names[b.name].Name):
			return len(l.names[a.name].Name) - len(l.names[b.name].Name)
		}
		return int(a.name) - int(b.name)
	})
	var out []record.Code
	for _, c := range best {
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

// kinship is what a name has of some words.
type kinship struct {
	word   int     // the one that is heard now
	now    float64 // the most that it counts
	before float64 // what those before it count
	told   uint8   // of the telling words of the name
	spoke  bool    // the word that is heard now is one of them
}

func (k *kinship) hear(word int, counts float64, asked, telling bool) {
	if word != k.word {
		k.before, k.now, k.word, k.spoke = k.sum(), 0, word, false
	}
	if asked {
		k.now = max(k.now, counts)
	}
	if telling && !k.spoke {
		k.told++
		k.spoke = true
	}
}

func (k *kinship) sum() float64 { return k.before + k.now }

// unknownWeight is what a word counts that no name has: as much as one of few names.
const unknownWeight = 9

// share is a word of names and how like it is.
type share struct {
	word  int32
	share float64
}

// alike gives the words of names that a word is, or is like.
func (l *likeness) alike(w string) []share {
	if id, ok := l.ids[wordKey(w)]; ok {
		return []share{{id, 1}}
	}
	if len(w) <= beginning {
		return nil
	}
	var out []share
	for _, id := range l.begins[w[:beginning]] {
		if d := dice(w, l.words[id]); d >= triplesMin {
			out = append(out, share{id, d})
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
