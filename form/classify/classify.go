// Package classify says what kind of document a segment is. The evidence is a table of
// words and shapes with weights (features.txt); the best type must reach a least score and
// lead the second by a margin, else the answer is "unknown": a wrong type costs more than
// none.
package classify

import (
	_ "embed"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"chartlake/form/lexicon"
	"chartlake/form/sheet"
	"chartlake/record"
)

//go:embed features.txt
var featureData string

//go:embed types.txt
var typeData string

// Least score of a named type, and least lead over the next one.
const (
	scoreMin = 4.0
	leadMin  = 1.4
)

// Guess is a type with its confidence, the title that was seen, and the runner-up.
type Guess struct {
	Type       record.Type
	Confidence float64
	Title      []sheet.Token // the line that named the type, if any
	Second     record.Type
	Scores     map[record.Type]float64
}

// Shape holds measured properties of a segment, which other packages find out.
type Shape struct {
	ResultRows   int  // rows that read as laboratory results
	ResultHeader bool // a header row of a result table
}

type feature struct {
	kind   record.Type
	weight float64
	where  string
	words  [][]string
}

type kindInfo struct {
	loinc   string
	patient bool
}

var features = sync.OnceValue(func() []feature {
	var out []feature
	for _, f := range rows(featureData) {
		w, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			panic("classify: weight of " + f[0])
		}
		x := feature{kind: record.Type(f[0]), weight: w, where: f[2]}
		for _, words := range strings.Split(f[3], "|") {
			x.words = append(x.words, lexicon.Tokens(words))
		}
		out = append(out, x)
	}
	return out
})

var kinds = sync.OnceValue(func() map[record.Type]kindInfo {
	out := map[record.Type]kindInfo{}
	for _, f := range rows(typeData) {
		out[record.Type(f[0])] = kindInfo{strings.TrimPrefix(f[1], "-"), f[2] == "1"}
	}
	return out
})

func rows(data string) [][]string {
	var out [][]string
	for line := range strings.Lines(data) {
		if line = strings.TrimRight(line, "\n"); line != "" && line[0] != '#' {
			out = append(out, strings.Split(line, "\t"))
		}
	}
	return out
}

// Types are all type names, in the order of the format.
func Types() []record.Type {
	var out []record.Type
	for _, f := range rows(typeData) {
		out = append(out, record.Type(f[0]))
	}
	return out
}

// LOINC is the code of the kind of document; "" where none is settled.
func LOINC(t record.Type) string { return kinds()[t].loinc }

// OfPatient reports whether documents of the type are about one patient.
func OfPatient(t record.Type) bool { return kinds()[t].patient }

// Segment classifies the pages of s.
func Segment(s *sheet.Sheet, shape Shape) Guess {
	scores := map[record.Type]float64{}
	words := textWords(s)
	titles := titleLines(s)
	g := Guess{Type: record.Unknown, Scores: scores}
	var title [][]sheet.Token
	var named []record.Type
	best := map[record.Type]float64{}
	index := map[string][]int{}
	for i, w := range words {
		index[w] = append(index[w], i)
	}
	for _, f := range features() {
		switch f.where {
		case "title":
			if line, share := inTitles(titles, f.words); share > 0 {
				scores[f.kind] += f.weight * share
				if f.weight*share > best[f.kind] {
					best[f.kind] = f.weight * share
					if len(line) > 0 && f.kind != "" {
						title = append(title, line)
						named = append(named, f.kind)
					}
				}
			}
		case "any":
			for _, w := range f.words {
				if stands(words, index, w) {
					scores[f.kind] += f.weight
				}
			}
		case "shape":
			scores[f.kind] += f.weight * measured(f.words[0][0], s, shape, len(words))
		}
	}
	for k, v := range limits(scores) {
		scores[k] = v
	}
	g.decide(best)
	for i, t := range title {
		if named[i] == g.Type {
			g.Title = t
		}
	}
	return g
}

// limits keeps loose words from making a type on their own: without title or shape they
// count up to seven.
func limits(scores map[record.Type]float64) map[record.Type]float64 {
	out := map[record.Type]float64{}
	for k, v := range scores {
		out[k] = math.Min(v, 14)
	}
	return out
}

func (g *Guess) decide(titled map[record.Type]float64) {
	type scored struct {
		t record.Type
		s float64
	}
	var list []scored
	for t, s := range g.Scores {
		list = append(list, scored{t, s})
	}
	slices.SortFunc(list, func(a, b scored) int {
		if a.s != b.s {
			return int(math.Copysign(1, b.s-a.s))
		}
		return strings.Compare(string(a.t), string(b.t))
	})
	if len(list) == 0 {
		return
	}
	first, second := list[0], scored{}
	if len(list) > 1 {
		second = list[1]
		g.Second = second.t
	}
	lead := first.s - second.s
	sure := 1 / (1 + math.Exp(-(first.s-scoreMin)*0.8-0.5)) * (1 - 0.5*math.Exp(-lead))
	g.Confidence = math.Round(sure*1000) / 1000
	if first.s < scoreMin || lead < leadMin {
		g.Confidence = math.Round((1-sure)*1000) / 1000
		return
	}
	g.Type = first.t
}

// measured gives a shape 0..1.
func measured(name string, s *sheet.Sheet, shape Shape, words int) float64 {
	switch name {
	case "resulttable":
		return math.Min(float64(shape.ResultRows)/4, 1)
	case "resultheader":
		if shape.ResultHeader {
			return 1
		}
	case "card":
		if len(s.Pages) == 0 {
			return 0
		}
		// A card is 85.6 by 54 mm (ISO/IEC 7810 ID-1), so 1.59 wide; photographs have a margin.
		a := s.Pages[0].Aspect
		if a > 1.3 && a < 1.9 && words < 260 {
			return 1
		}
	}
	return 0
}

func textWords(s *sheet.Sheet) []string {
	var out []string
	for _, p := range s.Pages {
		for _, r := range p.Rows {
			for _, ph := range r.Phrases {
				for _, t := range ph.Tokens {
					out = append(out, lexicon.Tokens(t.Text)...)
				}
			}
		}
	}
	return out
}

func stands(words []string, index map[string][]int, want []string) bool {
next:
	for _, i := range index[want[0]] {
		if i+len(want) > len(words) {
			continue
		}
		for k := range want {
			if words[i+k] != want[k] {
				continue next
			}
		}
		return true
	}
	return false
}

type line struct {
	tokens []sheet.Token
	words  []string
	tall   bool
}

// titleLines are short phrases of the upper third of the first page, and tall ones anywhere
// in its upper half. Neighbouring lines of tall letters are also read together.
func titleLines(s *sheet.Sheet) []line {
	if len(s.Pages) == 0 {
		return nil
	}
	p := s.Pages[0]
	var out []line
	var tall line
	for _, r := range p.Rows {
		for _, ph := range r.Phrases {
			high := median(ph.Tokens) > 1.35*p.Height
			if ph.Y0 > 0.55 || ph.Y0 > 0.34 && !high {
				continue
			}
			l := line{tokens: ph.Tokens, tall: high}
			for _, t := range ph.Tokens {
				l.words = append(l.words, lexicon.Tokens(t.Text)...)
			}
			if len(l.words) == 0 || len(l.words) > 9 {
				continue
			}
			out = append(out, l)
			if high {
				tall.tokens = append(slices.Clip(tall.tokens), l.tokens...)
				tall.words = append(slices.Clip(tall.words), l.words...)
			}
		}
	}
	if len(tall.words) > 0 && len(tall.words) <= 12 {
		tall.tall = true
		out = append(out, tall)
	}
	return out
}

func median(tokens []sheet.Token) float64 {
	hs := make([]float64, len(tokens))
	for i, t := range tokens {
		hs[i] = t.Y1 - t.Y0
	}
	slices.Sort(hs)
	return hs[len(hs)/2]
}

// inTitles finds the title words in a line: 1 where they are the line or stand in tall
// letters, less where the line has more words or a colon makes it a label.
func inTitles(lines []line, titles [][]string) (at []sheet.Token, share float64) {
	for _, l := range lines {
		for _, t := range titles {
			i := find(l.words, t)
			if i < 0 {
				continue
			}
			s := float64(len(t)) / float64(len(l.words))
			covers := s >= 0.5
			if last := l.tokens[len(l.tokens)-1].Text; strings.HasSuffix(last, ":") {
				s *= 0.3
			}
			if l.tall {
				s = math.Max(s, 0.9)
			}
			if len(t) == 1 && !l.tall && s < 1 {
				s *= 0.5
			}
			if s > share {
				at, share = nil, s
				if covers {
					at = l.tokens
				}
			}
		}
	}
	if share < 0.3 {
		return nil, 0
	}
	return at, share
}

func find(words, want []string) int {
next:
	for i := 0; i+len(want) <= len(words); i++ {
		for k := range want {
			if same, _ := lexicon.Alike(words[i+k], want[k]); !same {
				continue next
			}
		}
		return i
	}
	return -1
}
