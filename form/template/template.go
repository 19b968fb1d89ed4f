// Package template reads forms by their boxes: where patient and insured print the same labels
// only the place tells one from the other, and a form of a user's own has words that no lexicon
// knows. A template is data (folder forms): the printed words with their places, the boxes with
// the kinds of their values, the tick boxes and the grid of service lines. The claim forms
// CMS-1500 (02/12), HCFA-1500 (12-90) and UB-04 are built in; those of users are written by
// Learn from one blank and one filled print.
//
// A page is laid over a template by the printed words that both share (FitPage); where they do
// not agree well nothing is read. It refuses to take a printed word for a value, to join what
// stands in two boxes, and to say "no" for a tick box that was not seen.
//
// Box names and contents of the claim forms: NUCC 1500 instruction manual, document-types.md
// §3 and §4.
package template

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed forms/*.txt
var builtin embed.FS

// aspect is the width of letter paper by its height: what a template is drawn on that does not
// say otherwise.
const aspect = 8.5 / 11

// Rect is a place on the template in page heights: x to the right, y down.
type Rect struct{ X0, Y0, X1, Y1 float64 }

func (r Rect) center() (x, y float64) { return (r.X0 + r.X1) / 2, (r.Y0 + r.Y1) / 2 }

func (r Rect) holds(x, y float64) bool { return x >= r.X0 && x < r.X1 && y >= r.Y0 && y < r.Y1 }

// printed is a word of the blank form.
type printed struct {
	text string // folded
	at   Rect
}

// box is where the value of one field stands; row is its service line from 1, or 0.
type box struct {
	name, kind string
	row        int
	at         Rect
}

// tick is one option of a question.
type tick struct {
	name, option string
	x, y         float64
}

// Template is one version of a form.
type Template struct {
	Type    string // of the record, "cms1500" where the file does not say
	Version string
	aspect  float64
	least   int      // printed words that must be found at their places
	footers []string // folded words that name the version
	words   []printed
	boxes   []box
	ticks   []tick
	must    []string
	labels  map[string]string // as printed, by the name of the box
	raw     []string          // while it is learned: words as printed
	sum     string            // of its text
	rows    int
}

// Builtin gives the templates of the claim forms.
var Builtin = sync.OnceValue(func() []*Template {
	var out []*Template
	files, _ := builtin.ReadDir("forms")
	for _, f := range files {
		text, _ := builtin.ReadFile("forms/" + f.Name())
		t, err := Parse(string(text))
		if err != nil {
			panic("template: " + f.Name() + ": " + err.Error()) // the embedded data are tested
		}
		out = append(out, t)
	}
	return out
})

// Bounds of a template: its lines, the printed words that a fit needs, and the rows of a grid.
const (
	itemsMax            = 5000
	leastMin, leastMost = 12, 1000
	rowsMax             = 50
)

// Parse reads a template; docs/format/template.md describes the format.
func Parse(text string) (*Template, error) {
	t := &Template{Type: "cms1500", sum: fmt.Sprintf("%x", sha256.Sum256([]byte(text))), least: sharedMin, aspect: aspect, labels: map[string]string{}}
	place := t.place
	var top, pitch float64
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		w := strings.Fields(lines.Text())
		if len(w) == 0 || w[0][0] == '#' {
			continue
		}
		if n > itemsMax {
			return nil, fmt.Errorf("more than %d lines", itemsMax)
		}
		var err error
		switch {
		case w[0] == "type" && len(w) == 2:
			t.Type = w[1]
		case w[0] == "least" && len(w) == 2:
			t.least, err = strconv.Atoi(w[1])
			if err == nil && (t.least < leastMin || t.least > leastMost) {
				err = fmt.Errorf("least is from %d to %d", leastMin, leastMost)
			}
		case w[0] == "paper" && len(w) == 3:
			var v []float64
			if v, err = numbers(w[1:]); err == nil && (v[0] < 10 || v[1] < 10 || len(t.words)+len(t.boxes)+len(t.ticks) > 0) {
				err = fmt.Errorf("the paper has a width and a height, and comes before places")
			}
			if err == nil {
				t.aspect = v[0] / v[1]
			}
		case w[0] == "version" && len(w) == 2:
			t.Version = w[1]
		case w[0] == "footer" && len(w) == 2:
			t.footers = append(t.footers, w[1])
		case w[0] == "label" && len(w) >= 3:
			t.labels[w[1]] = strings.Join(w[2:], " ")
		case w[0] == "must" && len(w) == 2:
			t.must = append(t.must, w[1])
		case w[0] == "word" && len(w) == 6:
			var v []float64
			v, err = numbers(w[1:5])
			if err == nil {
				t.words = append(t.words, printed{fold(w[5]), place(v[0], v[1], v[2], v[3])})
			}
		case w[0] == "box" && len(w) == 7:
			var v []float64
			v, err = numbers(w[3:])
			if err == nil {
				t.boxes = append(t.boxes, box{name: w[1], kind: w[2], at: place(v[0], v[1], v[2], v[3])})
			}
		case w[0] == "tick" && len(w) == 5:
			var v []float64
			v, err = numbers(w[3:])
			if err == nil {
				t.ticks = append(t.ticks, tick{w[1], strings.ReplaceAll(w[2], "_", " "), v[0] / 1000 * t.aspect, v[1] / 1000})
			}
		case w[0] == "rows" && len(w) == 4:
			var v []float64
			v, err = numbers(w[1:])
			if err == nil {
				t.rows, top, pitch = min(int(v[0]), rowsMax), v[1], v[2]
			}
		case w[0] == "cell" && len(w) == 7:
			var v []float64
			v, err = numbers(w[3:])
			for r := 0; err == nil && r < t.rows; r++ {
				y := top + float64(r)*pitch
				t.boxes = append(t.boxes, box{name: w[1], kind: w[2], row: r + 1, at: place(v[0], y+v[2], v[1], y+v[3])})
			}
		default:
			err = fmt.Errorf("unknown item")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if t.Version == "" || len(t.words) < 3 || len(t.boxes)+len(t.ticks) == 0 {
		return nil, fmt.Errorf("a template needs a version, words and boxes")
	}
	return t, nil
}

func (t *Template) place(x0, y0, x1, y1 float64) Rect {
	return Rect{x0 / 1000 * t.aspect, y0 / 1000, x1 / 1000 * t.aspect, y1 / 1000}
}

func numbers(words []string) ([]float64, error) {
	var out []float64
	for _, w := range words {
		v, err := strconv.ParseFloat(w, 64)
		if err != nil || v < -100 || v > 2000 {
			return nil, fmt.Errorf("%q is no place", w)
		}
		out = append(out, v)
	}
	return out, nil
}

// fold is a word as it is compared: its letters and digits in lower case.
func fold(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 32
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			return c
		}
		return -1
	}, s)
}

// Boxes is the number of boxes of a template, Ticks that of its tick boxes.
func (t *Template) Boxes() int { return len(t.boxes) }

// Ticks is the number of tick boxes.
func (t *Template) Ticks() int { return len(t.ticks) }

// MarshalJSON gives the hash of the template's text: what was read by it is read anew when it
// changes.
func (t *Template) MarshalJSON() ([]byte, error) { return json.Marshal(t.sum) }
