package ocr

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/reader/pixel"
)

// set makes a component of every letter of a line, 8 wide and 14 high, by the gaps between them.
func set(gaps ...int) []pixel.Component {
	x := 0
	out := []pixel.Component{{X0: 0, Y0: 0, X1: 8, Y1: 14}}
	for _, g := range gaps {
		x += 8 + g
		out = append(out, pixel.Component{X0: x, Y0: 0, X1: x + 8, Y1: 14})
	}
	return out
}

func TestSpace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		words []string
		own   [][]pixel.Component
		sure  float64
		want  string
	}{
		{"a word that was cut", []string{"mm", "ol"}, [][]pixel.Component{set(3), set(4)}, 0.5, "mm ol"},
		{"the same with close letters", []string{"mm", "ol"}, [][]pixel.Component{set(3), moved(set(4), 19+2)}, 0.5, "mmol"},
		{"a cut word that is sure", []string{"mm", "ol"}, [][]pixel.Component{set(3), moved(set(4), 19+2)}, 0.95, "mm ol"},
		{"two words read as one", []string{"lof2"}, [][]pixel.Component{set(6, 1, 6)}, 0.7, "l of 2"},
		{"a word of even gaps", []string{"lamp"}, [][]pixel.Component{set(2, 2, 2)}, 0.7, "lamp"},
		{"a typewriter's word", []string{"0.7.1"}, [][]pixel.Component{set(5, 5, 5, 5)}, 0.7, "0.7.1"},
		{"letters that touch", []string{"lof2"}, [][]pixel.Component{set(6, 6)}, 0.7, "lof2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			readings := make([]reading, len(c.words))
			for i, w := range c.words {
				readings[i] = reading{text: w, confidence: c.sure}
			}
			if c.name == "a word that was cut" {
				c.own[1] = moved(c.own[1], 40)
			}
			p := &page{factor: 1}
			got, own := p.space(&segment{rise: 14}, readings, c.own)
			var texts []string
			for i, r := range got {
				texts = append(texts, r.text)
				if len(own[i]) == 0 {
					t.Errorf("%q has no ink", r.text)
				}
			}
			if d := cmp.Diff(c.want, strings.Join(texts, " ")); d != "" {
				t.Error(d)
			}
		})
	}
}

func moved(comps []pixel.Component, by int) []pixel.Component {
	for i := range comps {
		comps[i].X0 += by
		comps[i].X1 += by
	}
	return comps
}

func TestApart(t *testing.T) {
	t.Parallel()
	s := shown{first: 0, lone: 1, edge: 100}
	for _, c := range []struct {
		name    string
		words   []reading
		letters int
		want    []string
	}{
		{"by place", []reading{{text: "2.8", x: 10, w: 60}, {text: "H", x: 112, w: 20}}, 3, []string{"2.8", "H"}},
		{"by number", []reading{{text: "2.8", x: 10, w: 30}, {text: "H", x: 60, w: 20}}, 3, []string{"2.8", "H"}},
		{"read as one", []reading{{text: "2.8H", x: 10, w: 120}}, 3, []string{"2.8", "H"}},
		{"not seen", []reading{{text: "2.8", x: 10, w: 60}}, 3, []string{"2.8", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := make([]string, 2)
			s.apart(c.words, c.letters, func(k int, r reading) { got[k] += r.text })
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
