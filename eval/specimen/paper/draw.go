package paper

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"chartlake/document"
	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// Margins of a page in points.
const (
	left, right, bottom = 45.0, 567.0, 735.0
)

// painter is a document in the making.
type painter struct {
	d    *sheet.Draft
	s    *sheet.Sheet
	p    *fiction.Paper
	look Look
	st   sheet.Style
	y    float64
}

// Draw prints the facts by the design.
func (g Design) Draw(d *sheet.Draft, p *fiction.Paper, look Look, r *rand.Rand) {
	q := &painter{d: d, p: p, look: look, st: sheet.Style{Family: look.Family(), Size: look.Size}}
	q.turn()
	q.steps(g.steps, fiction.Block{Values: p.Values})
}

func (q *painter) turn() {
	q.s = q.d.Add(sheet.LetterWidth, sheet.LetterHeight)
	q.y = 52 + q.look.Shift
	if q.s.Number == 1 {
		return
	}
	if who, ok := q.p.Values["patient"].(fiction.Person); ok {
		q.s.Text(left, q.y, q.name(who), q.st.With(q.look.Size-1))
	}
	q.y += 24
}

func (q *painter) room(h float64) {
	if q.y+h > bottom {
		q.turn()
	}
}

func (q *painter) steps(steps []step, b fiction.Block) {
	for i := 0; i < len(steps); i++ {
		switch st := steps[i]; st.verb {
		case "f":
			n := i
			for n < len(steps) && steps[n].verb == "f" {
				n++
			}
			q.fields(steps[i:n], b.Values)
			i = n - 1
		case "title":
			q.d.ValueCentre(q.s, 306, q.y, "title", st.words, q.st.With(q.look.Size+5).Strong())
			q.y += 26
		case "issuer", "line":
			q.large(st, b.Values)
		case "words":
			q.paragraph(st.words)
		case "say":
			for _, w := range q.p.Said {
				q.paragraph(w)
			}
		case "table":
			q.table(st.columns, b.Rows)
		case "text":
			q.text(st)
		case "claim":
			q.institutional(st.words)
		case "blocks":
			n := i + 1
			for steps[n].verb != "end" {
				n++
			}
			for _, block := range q.p.Blocks {
				q.steps(steps[i+1:n], block)
				q.y += 8
			}
			i = n
		}
	}
}

func (q *painter) large(st step, values map[string]any) {
	name, _, _ := strings.Cut(st.name, "|")
	v, ok := values[name]
	if !ok {
		return
	}
	style := q.st
	if st.verb == "issuer" {
		style = q.st.With(q.look.Size + 4).Strong()
	}
	for _, text := range q.print(v) {
		if st.verb == "line" {
			q.s.Text(left, q.y, text, style) // the types have no name for an issuer's address
		} else {
			q.d.Value(q.s, left, q.y, st.name, text, style)
		}
		q.y += style.Size * 1.25
	}
	q.y += 3
}

func (q *painter) paragraph(text string) {
	for _, line := range q.st.Wrap(text, right-left) {
		q.room(0)
		q.s.Text(left, q.y, line, q.st)
		q.y += q.look.Size * 1.35
	}
	q.y += 5
}

// text is a headed part. Marked-up mentions are expected as entities, plain text as a field.
func (q *painter) text(st step) {
	body, ok := q.p.Texts[st.name]
	if !ok {
		return
	}
	q.room(3 * q.look.Size)
	f := &sheet.Flow{Draft: q.d, Sheet: q.s, X: left, Y: q.y, Width: right - left, Bottom: bottom, Leading: 1.35,
		Turn: func() (*sheet.Sheet, float64) { q.turn(); return q.s, q.y }}
	f.Line(st.words, q.st.Strong())
	if strings.Contains(body, "[") {
		f.Prose(body, 6, q.st)
	} else {
		f.Items(st.name, []string{body}, "", 6, q.st)
	}
	q.s, q.y = f.Sheet, f.Y+7
}

func (q *painter) name(p fiction.Person) string {
	if q.look.Names == "last" {
		return p.LastFirst()
	}
	return p.FirstLast()
}

// print gives the printed forms of a value: one, or several for a list.
func (q *painter) print(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case fiction.Day:
		return []string{time.Time(v).Format(q.look.Days)}
	case fiction.Moment:
		return []string{time.Time(v).Format(q.look.Days + " 15:04")}
	case fiction.Person:
		return []string{q.name(v)}
	case fiction.Provider:
		if q.look.Names == "last" {
			return []string{v.LastFirst()}
		}
		return []string{v.FirstLast()}
	case fiction.Tel:
		return []string{fiction.Phone(string(v), q.look.Tels)}
	case fiction.Cents:
		if q.look.Dollar {
			return []string{"$" + v.String()}
		}
		return []string{v.String()}
	}
	panic(fmt.Sprintf("paper: a value of type %T", v))
}

// put draws the parts of a value one behind the other and writes each down.
func (q *painter) put(x, y float64, name string, v any, st sheet.Style) {
	for i, text := range q.print(v) {
		if i > 0 {
			q.s.Text(x, y, ", ", st)
			x += st.Width(", ")
		}
		if text != "" {
			q.d.Field(name, text, q.s, q.s.Text(x, y, text, st))
		}
		x += st.Width(text)
	}
}

func (q *painter) fields(list []step, values map[string]any) {
	var have []step
	for _, st := range list {
		name, _, _ := strings.Cut(st.name, "|")
		if v, ok := values[name]; ok && v != "" {
			have = append(have, st)
		}
	}
	value := func(st step) any { name, _, _ := strings.Cut(st.name, "|"); return values[name] }
	side := 0 // of a row of two
	for _, st := range have {
		side = q.field(st, value(st), side)
	}
	if side > 0 {
		q.y += q.pitch()
	}
	if len(have) > 0 {
		q.y += 9
	}
}

// width is what a label and its value take side by side in a column of two.
func (q *painter) width(st step, v any) float64 {
	text := strings.Join(q.print(v), ", ")
	switch q.look.Place {
	case "colon":
		return q.st.Width(st.words+": ") + 3 + q.st.Strong().Width(text)
	case "boxed":
		return max(q.st.With(q.look.Size-2.5).Width(st.words)+3, q.st.Width(text)+5)
	case "right":
		return 121 + q.st.Strong().Width(text)
	}
	return 0
}

// pitch is the height of a row of two fields.
func (q *painter) pitch() float64 {
	return map[string]float64{"colon": q.look.Size * 1.7, "boxed": 28, "right": q.look.Size * 1.75}[q.look.Place]
}

// field prints one labelled value; side is 1 where a field stands left of it in its row. What
// is too wide to have a neighbour has a row of its own. It gives the side of the next field.
func (q *painter) field(st step, v any, side int) int {
	const column = 262 // of two
	wide := q.width(st, v)
	if side == 1 && wide > column {
		q.y, side = q.y+q.pitch(), 0
	}
	x := left + column*float64(side)
	small := q.st.With(q.look.Size - 2.5)
	switch q.look.Place {
	case "colon": // two columns, label and value in one run
		q.room(0)
		q.s.Text(x, q.y, st.words+":", q.st)
		q.put(x+q.st.Width(st.words+": ")+3, q.y, st.name, v, q.st.Strong())
	case "boxed": // the label over the value in a ruled box, two in a row
		q.room(30)
		q.s.Frame(x, q.y-9, column-1, 28, 0.6, sheet.Black)
		q.s.Text(x+3, q.y-1, st.words, small)
		q.put(x+5, q.y+14, st.name, v, q.st)
	case "right": // labels end where values begin, two columns
		q.room(0)
		q.s.Right(x+115, q.y, st.words+":", q.st)
		q.put(x+121, q.y, st.name, v, q.st.Strong())
	case "ruled": // one in a row, the value on a rule
		q.room(0)
		q.s.Text(left, q.y, st.words, q.st)
		x := left + q.st.Width(st.words) + 6
		q.s.Rule(x, q.y+2, right-120, q.y+2, 0.5, sheet.Black)
		q.put(x+4, q.y, st.name, v, q.st)
		q.y += q.look.Size * 1.8
		return 0
	case "leader": // a column of labels and one of values
		q.room(0)
		q.s.Text(left, q.y, st.words, q.st.Strong())
		q.put(left+150, q.y, st.name, v, q.st)
		q.y += q.look.Size * 1.6
		return 0
	}
	if side == 1 || wide > column {
		q.y += q.pitch()
		return 0
	}
	return 1
}

// table prints the rows of a block; columns that no row fills are left out.
func (q *painter) table(columns []column, rows []map[string]any) {
	var have []column
	sum := 0.0
	for _, c := range columns {
		for _, row := range rows {
			if _, ok := row[c.cell]; ok {
				have = append(have, c)
				sum += c.weight
				break
			}
		}
	}
	size := q.look.Size - 1
	st, h := q.st.With(size), size*1.25
	edges := []float64{left}
	for _, c := range have {
		edges = append(edges, edges[len(edges)-1]+c.weight/sum*(right-left))
	}
	line := func(texts func(c column) []string, n int, st sheet.Style) {
		lines := 1
		wrapped := make([][]string, len(have))
		for i, c := range have {
			for _, t := range texts(c) {
				wrapped[i] = append(wrapped[i], st.Wrap(t, edges[i+1]-edges[i]-7)...)
			}
			lines = max(lines, len(wrapped[i]))
		}
		height := float64(lines)*h + 5
		q.room(height)
		for i, c := range have {
			var box document.Box
			for k, t := range wrapped[i] {
				box = box.Union(q.s.Text(edges[i]+3, q.y+size+float64(k)*h, t, st))
			}
			if n >= 0 {
				q.d.Cell(n, c.cell, strings.Join(wrapped[i], " "), q.s, box)
			}
			if q.look.Rules == "ruled" {
				q.s.Frame(edges[i], q.y, edges[i+1]-edges[i], height, 0.5, sheet.Black)
			}
		}
		q.y += height
		if q.look.Rules == "half" || n < 0 && q.look.Rules == "none" {
			q.s.Rule(left, q.y, right, q.y, 0.5, sheet.Grey(90))
		}
	}
	q.room(4 * h)
	line(func(c column) []string { return []string{c.head} }, -1, st.Strong())
	for _, row := range rows {
		line(func(c column) []string {
			if v, ok := row[c.cell]; ok {
				return q.print(v)
			}
			return nil
		}, q.d.Row(), st)
	}
	q.y += 12
}
