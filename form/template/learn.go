package template

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/value"
)

// Learning says what a learned template is called and how the labels of its form are known.
type Learning struct {
	Name string // of the version; letters, digits, - and _
	Type string // of the record
	// Field gives the field that the words of a printed label name, with the kind of its value;
	// ok is false for words that name none.
	Field func(words []string) (name, kind string, ok bool)
}

// wordsLeast is the least number of printed words that tell one form from others.
const wordsLeast = 20

// nameShape is what the name of a template may be: it goes into a file name too.
var nameShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// Learn writes the template of a form from one page of it that is blank and one that is filled
// in, both upright. What stands on both is printed; what stands on the filled one only is a
// value, and its box is the white room around it. A box is named by its label: left of it in
// the row, or above it. Tick boxes are those that the reader saw on the blank page.
//
// It refuses (Invalid fault) a blank page with few words, a filled page that does not lie on
// the blank one, and one on which nothing is filled in.
func Learn(blank, filled *document.Document, page int, l Learning) (string, error) {
	b, f := blank.Page(page), filled.Page(page)
	if !nameShape.MatchString(l.Name) {
		return "", fault.New(fault.Invalid, "template_name", "a template's name has letters, digits, - and _")
	}
	if b == nil || f == nil || b.Failed != nil || f.Failed != nil || b.Width <= 0 || b.Height <= 0 {
		return "", fault.New(fault.Invalid, "template_page", "page %d of the blank or of the filled form was not read", page)
	}
	t := &Template{Type: l.Type, Version: l.Name, aspect: b.Width / b.Height, labels: map[string]string{}}
	t.printOf(b)
	if t.least < leastMin {
		return "", fault.New(fault.Invalid, "template_words", "page %d of the blank form has fewer than %d words by which to tell it again", page, wordsLeast)
	}
	fit, ok := fitTo(f, t)
	if !ok {
		return "", fault.New(fault.Invalid, "template_fit", "page %d of the filled form does not lie on the blank one", page)
	}
	t.tickBoxes(b, l)
	t.valueBoxes(regions(lay(f, fit, filled.Text(page, page)), t), l)
	if len(t.boxes) == 0 && len(t.ticks) == 0 {
		return "", fault.New(fault.Invalid, "template_blank", "page %d of the filled form says nothing that the blank one does not", page)
	}
	return t.format(), nil
}

// printOf takes the words of a blank page as printed.
func (t *Template) printOf(p *document.Page) {
	known := 0
	for _, w := range p.Words {
		if w.Struck || fold(w.Text) == "" || strings.ContainsFunc(w.Text, func(r rune) bool { return r <= ' ' }) {
			continue
		}
		t.words = append(t.words, printed{fold(w.Text), Rect{w.Box.X * t.aspect, w.Box.Y, (w.Box.X + w.Box.W) * t.aspect, w.Box.Y + w.Box.H}})
		t.raw = append(t.raw, w.Text)
		if len(fold(w.Text)) >= 2 {
			known++
		}
	}
	if known >= wordsLeast {
		t.least = max(leastMin, known/2) // a fax loses a third of them
	}
}

// region is a run of filled-in words, or of printed ones, with its place.
type region struct {
	words []string
	at    Rect
}

func (r *region) add(text string, at Rect) {
	if len(r.words) == 0 {
		r.at = at
	}
	r.words = append(r.words, text)
	r.at = Rect{min(r.at.X0, at.X0), min(r.at.Y0, at.Y0), max(r.at.X1, at.X1), max(r.at.Y1, at.Y1)}
}

func (r region) height() float64 { return r.at.Y1 - r.at.Y0 }

// runs joins words of one row that stand near each other; words are given in rows.
func runs(words []region, gap float64) []region {
	slices.SortStableFunc(words, func(a, b region) int { return cmp.Compare(a.at.Y0+a.at.Y1, b.at.Y0+b.at.Y1) })
	var rows [][]region
	for _, w := range words {
		k := slices.IndexFunc(rows, func(r []region) bool {
			return min(r[0].at.Y1, w.at.Y1)-max(r[0].at.Y0, w.at.Y0) > 0.5*min(r[0].height(), w.height())
		})
		if k < 0 {
			rows = append(rows, []region{w})
		} else {
			rows[k] = append(rows[k], w)
		}
	}
	var out []region
	for _, row := range rows {
		slices.SortStableFunc(row, func(a, b region) int { return cmp.Compare(a.at.X0, b.at.X0) })
		for i, w := range row {
			ended := i > 0 && strings.HasSuffix(row[i-1].words[0], ":")
			if i == 0 || ended || w.at.X0-row[i-1].at.X1 > gap*max(w.height(), row[i-1].height()) {
				out = append(out, region{})
			}
			out[len(out)-1].add(w.words[0], w.at)
		}
	}
	return out
}

// regions are the values of a filled page: runs of words that are not printed and no crosses in
// tick boxes.
func regions(tokens []laid, t *Template) []region {
	var words []region
	for _, w := range tokens {
		x, y := w.at.center()
		onTick := slices.ContainsFunc(t.ticks, func(k tick) bool { return k.holds(x, y) })
		if w.printed || onTick || ruleOnly(w.Text) || w.narrow() {
			continue
		}
		words = append(words, region{[]string{w.Text}, w.at})
	}
	return runs(words, 1.4)
}

// labels are the runs of printed words.
func (t *Template) labelRuns() []region {
	var words []region
	for i, w := range t.words {
		words = append(words, region{[]string{t.raw[i]}, w.at})
	}
	return runs(words, 0.9)
}

// labelOf is the label of a value: the nearest words left of it in its row, or above it, the
// nearer of the two. Words with a colon are meant for what follows them.
func labelOf(v region, all []region) (region, bool) {
	best, least := region{}, math.Inf(1)
	for _, l := range all {
		h := l.height()
		left := min(l.at.Y1, v.at.Y1)-max(l.at.Y0, v.at.Y0) > 0.4*min(h, v.height()) && l.at.X1 <= v.at.X0+0.3*h
		above := l.at.Y1 <= v.at.Y0+0.5*h && v.at.Y0-l.at.Y1 < 1.6*v.height() && l.at.X0 < v.at.X1 && l.at.X1 > v.at.X0-3*h
		d := math.Inf(1)
		switch {
		case left && strings.HasSuffix(l.words[len(l.words)-1], ":"):
			d = 0.3 * (v.at.X0 - l.at.X1)
		case left:
			d = 0.6 * (v.at.X0 - l.at.X1)
		case above:
			d = v.at.Y0 - l.at.Y1 + 0.3*math.Abs(l.at.X0-v.at.X0)
		}
		if d < least {
			best, least = l, d
		}
	}
	return best, least < 0.3
}

// valueBoxes makes the box of each value and names it.
func (t *Template) valueBoxes(values []region, l Learning) {
	labels := t.labelRuns()
	for _, v := range values {
		label, ok := labelOf(v, labels)
		if !ok {
			continue
		}
		name, kind := t.name(label.words, l)
		if kind == "" {
			kind = kindOf(strings.Join(v.words, " "))
		}
		t.boxes = append(t.boxes, box{name: name, kind: kind, at: t.room(v, label, values)})
		t.labels[name] = strings.TrimRight(strings.Join(label.words, " "), " :#")
	}
}

// name is the field of a label, or "q." with the words of a label that names none. A second box
// of a name bears its number.
func (t *Template) name(words []string, l Learning) (name, kind string) {
	name, kind, ok := l.Field(words)
	if !ok {
		name, kind = "q."+slug(words), ""
	}
	base := name
	for n := 2; slices.ContainsFunc(t.boxes, func(b box) bool { return b.name == name }); n++ {
		name = fmt.Sprintf("%s.%d", base, n)
	}
	return name, boxKind(kind, base)
}

func slug(words []string) string {
	var out []string
	for _, w := range words {
		if f := fold(w); f != "" && len(out) < 6 {
			out = append(out, f)
		}
	}
	return strings.Join(out, "_")
}

// boxKind is the kind of a box for a kind of label.
func boxKind(kind, name string) string {
	switch {
	case name == "dob":
		return "born"
	case kind == "date" || kind == "datetime":
		return "day"
	case kind == "name" || kind == "phone" || kind == "id" || kind == "money" || kind == "npi" || kind == "state" || kind == "zip" || kind == "number":
		return kind
	case kind == "":
		return ""
	}
	return "text"
}

var (
	phoneShape = regexp.MustCompile(`^\(?\d{3}\)?[ .-]?\d{3}[ .-]\d{4}$`)
	moneyShape = regexp.MustCompile(`^\$ ?[\d,]+(\.\d\d)?$|^[\d,]+\.\d\d$`)
	idShape    = regexp.MustCompile(`^[A-Z0-9-]*\d[A-Z0-9-]*$`)
)

// kindOf guesses the kind of a value by its shape.
func kindOf(text string) string {
	_, _, day := value.ParseDate(text, value.Hint{})
	switch {
	case day && strings.ContainsAny(text, "/-, "):
		return "day"
	case phoneShape.MatchString(text):
		return "phone"
	case moneyShape.MatchString(text):
		return "money"
	case idShape.MatchString(text) && len(text) >= 4:
		return "id"
	}
	return "text"
}

// room is the white room around a value: up to the printed words and the other values beside
// it, and a little above and below.
func (t *Template) room(v, label region, values []region) Rect {
	h := v.height()
	r := Rect{v.at.X0 - 0.8*h, v.at.Y0 - 0.45*h, t.aspect * 0.985, v.at.Y1 + 0.45*h}
	if label.at.X1 <= v.at.X0+0.3*h && label.at.Y1 > v.at.Y0 { // left of it
		r.X0 = min(v.at.X0-0.1*h, max(label.at.X1+0.1*h, v.at.X0-3*h))
	}
	beside := func(o Rect) {
		if o.Y1 < r.Y0 || o.Y0 > r.Y1 || o == v.at {
			return
		}
		if shared := min(o.Y1, v.at.Y1) - max(o.Y0, v.at.Y0); shared > 0.2*h {
			if o.X0 > v.at.X1 {
				r.X1 = min(r.X1, o.X0-0.3*h)
			}
			return
		}
		if o.X1 < v.at.X0 || o.X0 > v.at.X1 {
			return
		}
		if o.Y1 <= v.at.Y0+0.3*h {
			r.Y0 = max(r.Y0, min(o.Y1, v.at.Y0))
		} else if o.Y0 >= v.at.Y1-0.3*h {
			r.Y1 = min(r.Y1, max(o.Y0, v.at.Y1))
		}
	}
	for _, w := range t.words {
		beside(w.at)
	}
	for _, o := range values {
		beside(o.at)
	}
	for _, k := range t.ticks {
		if k.y > r.Y0 && k.y < r.Y1 && k.x > v.at.X1 {
			r.X1 = min(r.X1, k.x-tickX)
		}
	}
	return r
}

// tickBoxes takes the tick boxes that the reader saw: those of a group are one question, the
// others questions of their own.
func (t *Template) tickBoxes(p *document.Page, l Learning) {
	for _, m := range p.Marks {
		if m.Shape == "signature" || fold(m.Label) == "" {
			continue
		}
		x, y := (m.Box.X+m.Box.W/2)*t.aspect, m.Box.Y+m.Box.H/2
		group, option := strings.Fields(m.Group), strings.Join(strings.Fields(m.Label), " ")
		if len(group) == 0 {
			group, option = strings.Fields(m.Label), "true"
		}
		name, _, ok := l.Field(group)
		if !ok {
			name = "q." + slug(group)
		}
		t.ticks = append(t.ticks, tick{name, option, x, y})
		t.labels[name] = strings.TrimRight(strings.Join(group, " "), " :?")
	}
}

// format writes the template as data.
func (t *Template) format() string {
	var b strings.Builder
	at := func(r Rect) string {
		return fmt.Sprintf("%.1f %.1f %.1f %.1f", r.X0/t.aspect*1000, r.Y0*1000, r.X1/t.aspect*1000, r.Y1*1000)
	}
	fmt.Fprintf(&b, "# Learned from one blank and one filled print. docs/format/template.md describes the lines.\n")
	fmt.Fprintf(&b, "type %s\nversion %s\npaper %.2f 1000\nleast %d\n", t.Type, t.Version, t.aspect*1000, t.least)
	for i, w := range t.words {
		fmt.Fprintf(&b, "word %s %s\n", at(w.at), t.raw[i])
	}
	for _, x := range t.boxes {
		fmt.Fprintf(&b, "box %s %s %s\n", x.name, x.kind, at(x.at))
	}
	for _, k := range t.ticks {
		fmt.Fprintf(&b, "tick %s %s %.1f %.1f\n", k.name, strings.ReplaceAll(k.option, " ", "_"), k.x/t.aspect*1000, k.y*1000)
	}
	names := make([]string, 0, len(t.labels))
	for n := range t.labels {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		fmt.Fprintf(&b, "label %s %s\n", n, t.labels[n])
	}
	return b.String()
}
