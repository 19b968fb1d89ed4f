// Package cms1500 reads paper claims on the CMS-1500 (02/12) and the HCFA-1500 (12-90) by the
// boxes of the form: patient and insured print the same labels, so only the place tells one
// from the other. A template is data (v0212.txt, v1290.txt): the printed words with their
// places, the boxes, the tick boxes and the grid of service lines.
//
// A page is laid over a template by the printed words that both share (Fit); where they do
// not agree well nothing is read. It refuses to take a printed word for a value, to join what
// stands in two boxes, and to say "no" for a tick box that was not seen.
//
// Box names and contents: NUCC 1500 instruction manual, document-types.md §3.
package cms1500

import (
	"bufio"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed v0212.txt
var v0212 string

//go:embed v1290.txt
var v1290 string

//go:embed ub04.txt
var ub04 string

// aspect is the width of the letter page that templates are drawn on, by its height.
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

// Template is one version of the form.
type Template struct {
	Type    string // of the record, "cms1500" where the file does not say
	Version string
	least   int      // printed words that must be found at their places
	footers []string // folded words that name the version
	words   []printed
	boxes   []box
	ticks   []tick
	must    []string
	rows    int
}

// Templates gives the known versions.
var Templates = sync.OnceValue(func() []*Template {
	var out []*Template
	for _, text := range []string{v0212, v1290, ub04} {
		t, err := parse(text)
		if err != nil {
			panic("cms1500: " + err.Error()) // the embedded data are tested
		}
		out = append(out, t)
	}
	return out
})

// itemsMax bounds a template.
const itemsMax = 5000

// parse reads a template; the format stands at the head of each file.
func parse(text string) (*Template, error) {
	t := &Template{Type: "cms1500", least: sharedMin}
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
			if err == nil && (t.least < 20 || t.least > 1000) {
				err = fmt.Errorf("least is from 20 to 1000")
			}
		case w[0] == "version" && len(w) == 2:
			t.Version = w[1]
		case w[0] == "footer" && len(w) == 2:
			t.footers = append(t.footers, w[1])
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
				t.ticks = append(t.ticks, tick{w[1], strings.ReplaceAll(w[2], "_", " "), v[0] / 1000 * aspect, v[1] / 1000})
			}
		case w[0] == "rows" && len(w) == 4:
			var v []float64
			v, err = numbers(w[1:])
			if err == nil {
				t.rows, top, pitch = min(int(v[0]), 50), v[1], v[2]
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
	if t.Version == "" || len(t.words) < 3 || len(t.boxes) == 0 {
		return nil, fmt.Errorf("a template needs a version, words and boxes")
	}
	return t, nil
}

func place(x0, y0, x1, y1 float64) Rect {
	return Rect{x0 / 1000 * aspect, y0 / 1000, x1 / 1000 * aspect, y1 / 1000}
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
