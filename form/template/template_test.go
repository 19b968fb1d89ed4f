package template

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/value"
)

// blank prints a template's words on a page; move maps places of the template (page heights)
// onto the page.
func blank(t *Template, move func(x, y float64) (float64, float64)) *document.Page {
	p := &document.Page{Number: 1, Width: 850, Height: 1100, Source: document.SourceOCR}
	for _, w := range t.words {
		write(p, w.text, w.at, 0.96, move)
	}
	return p
}

func write(p *document.Page, text string, at Rect, sure float64, move func(x, y float64) (float64, float64)) {
	x0, y0 := move(at.X0, at.Y0)
	x1, y1 := move(at.X1, at.Y1)
	p.Lines = append(p.Lines, document.Line{Words: []int{len(p.Words)}})
	p.Words = append(p.Words, document.Word{Text: text, Confidence: sure,
		Box: document.Box{X: x0 / aspect, Y: y0, W: (x1 - x0) / aspect, H: y1 - y0}})
}

func moved(scale, degrees, dx, dy float64) func(x, y float64) (float64, float64) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return func(x, y float64) (float64, float64) {
		x, y = x-aspect/2, y-0.5
		return scale*(cos*x-sin*y) + aspect/2 + dx, scale*(sin*x+cos*y) + 0.5 + dy
	}
}

func version(name string) *Template {
	for _, t := range Builtin() {
		if t.Version == name {
			return t
		}
	}
	return nil
}

// TestFitMoved: a print of the form fits its own version however it lies on the scanner, and
// the middle of every box comes back to itself.
func TestFitMoved(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, tpl := range Builtin() {
		for i := range 12 {
			move := moved(0.8+0.3*rng.Float64(), 6*rng.Float64()-3, 0.06*rng.Float64()-0.03, 0.06*rng.Float64()-0.03)
			p := blank(tpl, move)
			for j := range p.Words { // a fifth of the words is misread
				if rng.IntN(5) == 0 {
					p.Words[j].Text = "~" + p.Words[j].Text[len(p.Words[j].Text)/2:]
				}
			}
			fit, ok := FitPage(p, Builtin())
			if !ok || fit.Template.Version != tpl.Version {
				t.Errorf("%s %d: fit %v, shared %d, share %.2f, error %.4f", tpl.Version, i, ok, fit.Shared, fit.Share, fit.Error)
				continue
			}
			for _, b := range tpl.boxes {
				cx, cy := b.at.center()
				u, v := fit.to(move(cx, cy))
				if math.Hypot(u-cx, v-cy) > 0.004 {
					t.Errorf("%s %d: box %s is off by %.4f", tpl.Version, i, b.name, math.Hypot(u-cx, v-cy))
				}
			}
		}
	}
}

// TestFitRefuses: pages that are no print of a known form do not fit, though they hold all its words.
func TestFitRefuses(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	tpl := version("02/12")
	scattered := blank(tpl, func(x, y float64) (float64, float64) { return x, y })
	for i := range scattered.Words {
		scattered.Words[i].Box.X, scattered.Words[i].Box.Y = 0.9*rng.Float64(), 0.95*rng.Float64()
	}
	prose := &document.Page{Number: 1, Width: 850, Height: 1100}
	for i, w := range tpl.words {
		r := Rect{float64(i%9) * 0.08, float64(i/9) * 0.018, 0, 0}
		write(prose, w.text, Rect{r.X0, r.Y0, r.X0 + 0.07, r.Y0 + 0.01}, 1, func(x, y float64) (float64, float64) { return x, y })
	}
	mirrored := blank(tpl, func(x, y float64) (float64, float64) { return aspect - x, y })
	half := blank(tpl, func(x, y float64) (float64, float64) { return x, y })
	var upper []document.Word
	for _, w := range half.Words {
		if w.Box.Y < 0.4 {
			upper = append(upper, w)
		}
	}
	half.Words = upper
	other := blank(tpl, func(x, y float64) (float64, float64) { return x, y })
	write(other, "(08-05)", Rect{0.7, 0.96, 0.74, 0.97}, 1, func(x, y float64) (float64, float64) { return x, y })
	for name, p := range map[string]*document.Page{"scattered": scattered, "prose": prose, "mirrored": mirrored, "upper part": half,
		"08/05": other, "empty": {Number: 1, Width: 850, Height: 1100}, "no size": {Number: 1}} {
		if fit, ok := FitPage(p, Builtin()); ok {
			t.Errorf("%s fits: shared %d, share %.2f, error %.4f", name, fit.Shared, fit.Share, fit.Error)
		}
	}
}

// TestBoxesApart: a word written into any box of a skewed print comes out under that box's
// name and no other, and a blank form gives no value.
func TestBoxesApart(t *testing.T) {
	t.Parallel()
	for _, tpl := range Builtin() {
		move := moved(0.95, 1.2, 0.01, -0.008)
		doc := &document.Document{Pages: []document.Page{*blank(tpl, move)}}
		p := &doc.Pages[0]
		fit, ok := FitPage(p, Builtin())
		if !ok {
			t.Fatal(tpl.Version)
		}
		c := Read(p, fit, doc.Text(1, 1), nil)
		if len(c.Fields) > 1 || len(c.Lines) > 0 {
			t.Errorf("%s: the blank form has %d fields, %d lines: %v", tpl.Version, len(c.Fields), len(c.Lines), c.Fields)
		}
		for i, b := range tpl.boxes {
			cx, cy := b.at.center()
			wide := min(0.02, 0.6*(b.at.X1-b.at.X0))
			write(p, fmt.Sprintf("zq%dw", i), Rect{cx - wide/2, cy - 0.003, cx + wide/2, cy + 0.003}, 0.97, move)
		}
		c = Read(p, fit, doc.Text(1, 1), nil)
		for i, b := range tpl.boxes {
			want, n := fmt.Sprintf("zq%dw", i), 0
			at := ""
			for _, f := range c.Fields {
				if f.Raw == want {
					n, at = n+1, f.Name
				}
			}
			for _, l := range c.Lines {
				for name, f := range l {
					if f.Raw == want {
						n, at = n+1, name
					}
				}
			}
			if n != 1 || !strings.HasPrefix(at, strings.TrimSuffix(b.name, ".mod")) && b.kind != "procedure" {
				t.Errorf("%s: %s came out %d times, at %q", tpl.Version, b.name, n, at)
			}
		}
	}
}

func TestTypedBoxes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, raw, want string }{
		{"date", "03 01 2020", "03/01/2020"}, {"date", "03|01|20", "03/01/20"}, {"date", "03012020", "03/01/2020"}, {"date", "030120", "03/01/20"},
		{"date", "03 2020", ""}, {"date", "O3 01 2020", ""}, {"date", "3 1 2 20", ""}, {"date", "FROM 03 01 2020", ""}, {"date", "2020-03-01", "03/01/2020"},
		{"money", "137 50", "137.50"}, {"money", "42842|80", "42842.80"}, {"money", "1,753.00", "1,753.00"}, {"money", "13750", "13750"}, {"money", "137 5", "137 5"},
	} {
		got := dateText(c.raw)
		if c.kind == "money" {
			got = moneyText(c.raw)
		}
		if got != c.want {
			t.Errorf("%s %q: %q, want %q", c.kind, c.raw, got, c.want)
		}
	}
}

// TestJoinedColumns: the line between dollars and cents may be lost in reading; a hundredfold
// amount must not be accepted.
func TestJoinedColumns(t *testing.T) {
	t.Parallel()
	for raw, sure := range map[string]bool{"137 50": true, "137.50": true, "$ 1,753.00": true, "13750": false, "137": false} {
		if r := typed("money", raw, value.Hint{}); !r.OK || (len(r.Reasons) == 0) != sure {
			t.Errorf("%q: %q %v", raw, r.Value, r.Reasons)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range []string{"cms1500-1290", "ub04"} {
		text, err := builtin.ReadFile("forms/" + file + ".txt")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("version x\nrows 9999999 0 1\ncell a b 1 2 3 4\n")
	f.Fuzz(func(_ *testing.T, text string) { Parse(text) })
}
