package paper

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"chartlake/document"
	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

//go:embed ub04.txt
var ub04 string

// place is a box or a label of the institutional form.
type place struct {
	verb, name          string
	line, column, width float64
	lines               int
}

var places = sync.OnceValue(func() []place {
	var out []place
	for _, l := range strings.Split(ub04, "\n") {
		w := strings.Fields(l)
		if len(w) == 0 || w[0] == "#" {
			continue
		}
		n := func(i int) float64 { v, _ := strconv.ParseFloat(w[i], 64); return v }
		switch w[0] {
		case "label":
			out = append(out, place{verb: "label", line: n(1), column: n(2), name: strings.Join(w[3:], " ")})
		case "box":
			out = append(out, place{verb: "box", name: w[1], line: n(2), column: n(3), width: n(4), lines: int(n(5))})
		case "cell":
			out = append(out, place{verb: "cell", name: w[1], column: n(2), width: n(3)})
		}
	}
	return out
})

// print of the form: where its first column and line stand, how large it is, and its ink.
type print struct {
	x, y, scale float64
	cents       string
	label       sheet.Style
	value       sheet.Style
}

func (g print) at(line, column float64) (x, y float64) {
	return g.x + g.scale*(10.8+(column-1)*7.2), g.y + g.scale*(line-1)*12
}

// institutional prints the facts as UB-04. The words are "X Y SCALE CENTS INK": the offset in
// points, the size, what divides cents, and the ink of the form.
func (q *painter) institutional(words string) {
	w := strings.Fields(words)
	n := func(i int) float64 { v, _ := strconv.ParseFloat(w[i], 64); return v }
	g := print{x: n(0), y: n(1), scale: n(2), cents: ".", label: q.st.With(5 * n(2)), value: sheet.Style{Family: q.look.Family(), Size: 10 * n(2)}}
	if w[3] == "blank" {
		g.cents = " "
	}
	if w[4] == "red" {
		g.label = g.label.In(sheet.RGB(200, 40, 30))
	}
	lines := map[float64]bool{}
	for _, p := range places() {
		switch p.verb {
		case "label":
			x, y := g.at(p.line, p.column)
			q.s.Text(x, y+4.6*g.scale, p.name, g.label)
		case "box":
			x, y := g.at(p.line, p.column)
			if !lines[p.line] {
				lines[p.line] = true
				x0, _ := g.at(p.line, 1)
				x1, _ := g.at(p.line, 83)
				q.s.Rule(x0, y, x1, y, 0.4, g.label.Ink)
			}
			q.s.Rule(x-1.5, y, x-1.5, y+12*g.scale*float64(p.lines), 0.3, g.label.Ink)
			q.box(g, p)
		}
	}
	q.lines(g)
}

// box prints what one form locator says; lists stand one line under the other.
func (q *painter) box(g print, p place) {
	v, ok := q.p.Values[p.name]
	if !ok {
		return
	}
	x, y := g.at(p.line, p.column)
	for i, text := range q.claimed(p.name, v, g) {
		shown, said := text[0], text[1]
		for g.value.Width(shown) > p.width*7.2*g.scale-4 && len(shown) > 1 { // what does not fit is not printed
			shown = strings.TrimRight(shown[:len(shown)-1], " ")
			said = shown
		}
		q.d.Field(p.name, said, q.s, q.s.Text(x, y+(10+12*float64(i))*g.scale, shown, g.value))
	}
}

// claimed gives what is printed and what it says: dates in six digits, birth in eight, amounts
// without commas.
func (q *painter) claimed(name string, v any, g print) (out [][2]string) {
	switch v := v.(type) {
	case fiction.Day:
		format := "010206"
		if name == "FL10" {
			format = "01022006"
		}
		return [][2]string{{time.Time(v).Format(format), time.Time(v).Format(format)}}
	case fiction.Cents:
		whole, cents := int64(v)/100, int64(v)%100
		return [][2]string{{fmt.Sprintf("%d%s%02d", whole, g.cents, cents), fmt.Sprintf("%d.%02d", whole, cents)}}
	}
	for _, s := range q.print(v) {
		out = append(out, [2]string{s, s})
	}
	return out
}

func (q *painter) lines(g print) {
	for _, b := range q.p.Blocks {
		for i, row := range b.Rows {
			n := q.d.Row()
			for _, p := range places() {
				name := p.name
				if name == "FL44" {
					name = "FL44.code"
				}
				if v, ok := row[name]; ok && p.verb == "cell" {
					q.cell(g, n, float64(18+i), p, name, v)
				}
			}
		}
		n := q.d.Row()
		for _, p := range places() {
			switch {
			case p.verb == "cell" && p.name == "FL42":
				q.cell(g, n, 40, p, "FL42", "0001")
			case p.verb == "cell" && p.name == "FL47":
				q.cell(g, n, 40, p, "FL47", b.Values["total"])
			}
		}
	}
}

func (q *painter) cell(g print, n int, line float64, p place, name string, v any) {
	x, y := g.at(line, p.column)
	t := q.claimed(name, v, g)[0]
	var box document.Box
	if name == "FL47" || name == "FL46" { // numbers end at the right
		end, _ := g.at(line, p.column+p.width-0.5)
		box = q.s.Right(end, y+10*g.scale, t[0], g.value)
	} else {
		box = q.s.Text(x, y+10*g.scale, t[0], g.value)
	}
	q.d.Cell(n, name, t[1], q.s, box)
}
