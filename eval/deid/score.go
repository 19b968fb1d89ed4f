package deid

import (
	"fmt"
	"strings"
	"unicode"

	"chartlake/clinical/phi"
)

// Report is what was found of the identifiers of generated notes.
type Report struct {
	Version string `json:"version"` // of the rules
	Parts   []Part `json:"parts"`
}

// Part is what was measured on the lines that the rules were developed on, or on those kept apart.
type Part struct {
	Name       string      `json:"name"`
	Notes      int         `json:"notes"`
	Characters int         `json:"characters"`
	Kinds      []KindScore `json:"kinds"`
	All        KindScore   `json:"all"`
	Found      int         `json:"found"`     // finds
	Right      int         `json:"right"`     // finds that touch an identifier
	Precision  float64     `json:"precision"` // of the finds
	// Missed counts the forms of which some letter or figure was left.
	Missed map[string]int `json:"missed,omitempty"`
}

// KindScore is the recall of one kind: an identifier is found when each letter and figure of it is in
// a find, of whatever kind. Named counts those whose find says the right kind.
type KindScore struct {
	Kind   phi.Kind `json:"kind"`
	Of     int      `json:"of"`
	Found  int      `json:"found"`
	Named  int      `json:"named"`
	Recall float64  `json:"recall"`
}

// Measure writes n notes of each part and looks for their identifiers. leaks, which may be nil, is
// given what was left or invented.
func Measure(seed uint64, n int, done func(), leaks func(part, what string)) (*Report, error) {
	finder, err := phi.Open()
	if err != nil {
		return nil, err
	}
	out := &Report{Version: phi.Version}
	for _, part := range []string{"develop", "apart"} {
		p := Part{Name: part, Notes: n, Missed: map[string]int{}}
		kinds := map[phi.Kind]*KindScore{}
		for _, note := range Notes(seed, n, part == "apart") {
			p.note(note, finder.Find(note.Text), kinds, leaks)
			if done != nil {
				done()
			}
		}
		for _, k := range phi.Kinds() {
			s := kinds[k]
			if s == nil {
				continue
			}
			s.Recall = share(s.Found, s.Of)
			p.All.Of, p.All.Found, p.All.Named = p.All.Of+s.Of, p.All.Found+s.Found, p.All.Named+s.Named
			p.Kinds = append(p.Kinds, *s)
		}
		p.All.Kind, p.All.Recall = "all", share(p.All.Found, p.All.Of)
		p.Precision = share(p.Right, p.Found)
		out.Parts = append(out.Parts, p)
	}
	return out, nil
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// note scores one note.
func (p *Part) note(n Note, found []phi.Mention, kinds map[phi.Kind]*KindScore, leaks func(part, what string)) {
	text := []rune(n.Text)
	p.Characters += len(text)
	covered := make([]phi.Kind, len(text))
	gold := make([]bool, len(text))
	for _, f := range found {
		for i := f.Begin; i < f.End; i++ {
			covered[i] = f.Kind
		}
	}
	for _, g := range n.Gold {
		s := kinds[g.Kind]
		if s == nil {
			s = &KindScore{Kind: g.Kind}
			kinds[g.Kind] = s
		}
		s.Of++
		whole, named := true, false
		for i := g.Begin; i < g.End; i++ {
			gold[i] = true
			if unicode.IsLetter(text[i]) || unicode.IsDigit(text[i]) {
				whole = whole && covered[i] != ""
				named = named || covered[i] == g.Kind
			}
		}
		if whole {
			s.Found++
		} else {
			p.Missed[g.Form]++
			if leaks != nil {
				leaks(p.Name, fmt.Sprintf("left %s: %s", g.Form, line(text, g.Begin, g.End)))
			}
		}
		if named {
			s.Named++
		}
	}
	for _, f := range found {
		p.Found++
		right := false
		for i := f.Begin; i < f.End; i++ {
			right = right || gold[i]
		}
		if right {
			p.Right++
		} else if leaks != nil {
			leaks(p.Name, fmt.Sprintf("invented %s (%s): %s", f.Kind, f.Rule, line(text, f.Begin, f.End)))
		}
	}
}

// line shows characters with their line.
func line(text []rune, begin, end int) string {
	from, to := begin, end
	for from > 0 && text[from-1] != '\n' && begin-from < 60 {
		from--
	}
	for to < len(text) && text[to] != '\n' && to-end < 40 {
		to++
	}
	return string(text[from:begin]) + "[" + string(text[begin:end]) + "]" + string(text[end:to])
}

// Table is the report for people.
func (r *Report) Table() string {
	var b strings.Builder
	for _, p := range r.Parts {
		fmt.Fprintf(&b, "%s: %d notes, %d characters, %s\n", p.Name, p.Notes, p.Characters, r.Version)
		for _, k := range append(p.Kinds, p.All) {
			fmt.Fprintf(&b, "  %-12s recall %.4f  (%d of %d, kind named %d)\n", k.Kind, k.Recall, k.Found, k.Of, k.Named)
		}
		fmt.Fprintf(&b, "  precision %.4f (%d of %d finds)\n", p.Precision, p.Right, p.Found)
	}
	return b.String()
}
