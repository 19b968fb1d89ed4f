package template

import (
	"slices"
	"strings"

	"chartlake/document"
	"chartlake/form/draft"
	"chartlake/form/lexicon"
	"chartlake/form/sheet"
	"chartlake/record"
	"chartlake/value"
)

// MayTouch is the reason against a value that stands so near a line of the form that its signs may
// be parts of the line.
const MayTouch = "a line of the form may touch the value"

// Claim is what one page of a claim says.
type Claim struct {
	Fit    Fit
	Page   int
	Fields []record.Field
	Lines  []map[string]record.Field
	Flags  []record.Flag // what only the page itself can tell, such as two ticks for one question
	Must   []string      // boxes with words that a claim needs
}

// strength of a value that stands in its box on a page that fits.
const strength = 0.95

// Read reads a page that fits; text is the running text of its segment. Words for which skip
// (may be nil) is true, such as a fax machine's own line, are not looked at.
func Read(p *document.Page, fit Fit, text document.Text, skip func(word int) bool) *Claim {
	c := &Claim{Fit: fit, Page: p.Number, Must: fit.Template.must}
	tokens := lay(p, fit, text)
	if skip != nil {
		tokens = slices.DeleteFunc(tokens, func(t laid) bool { return skip(t.Word) })
	}
	held := c.fill(tokens)
	hint := value.Hint{NotAfter: latest(fit.Template, held)}
	rows := make([]map[string]record.Field, fit.Template.rows)
	for i, b := range fit.Template.boxes {
		if len(held[i].tokens) == 0 {
			continue
		}
		for _, f := range held[i].fields(b, hint) {
			switch {
			case b.row == 0:
				c.Fields = append(c.Fields, f)
			case rows[b.row-1] == nil:
				rows[b.row-1] = map[string]record.Field{f.Name: f}
			default:
				rows[b.row-1][f.Name] = f
			}
		}
	}
	for _, row := range rows {
		if serves(row) {
			c.Lines = append(c.Lines, row)
		}
	}
	c.Must = slices.DeleteFunc(slices.Clone(c.Must), func(name string) bool {
		return slices.ContainsFunc(fit.Template.ticks, func(k tick) bool { return k.name == name })
	})
	c.ticks(p, tokens)
	c.signatures(p)
	c.version(p, tokens)
	for i := range c.Fields {
		if l := fit.Template.labels[c.Fields[i].Name]; l != "" {
			c.Fields[i].Label = l
		}
	}
	return c
}

// serves tells a service line from specks in the columns of an empty one.
func serves(row map[string]record.Field) bool {
	for name, f := range row {
		if f.State == record.Accepted || name == "24A.from" || name == "24D.code" || name == "24F" || name == "FL42" || name == "FL47" {
			return true
		}
	}
	return false
}

// laid is a token with its place on the template.
type laid struct {
	sheet.Token
	at      Rect
	printed bool
}

// lay maps the words of the page onto the template and tells printed words from values.
func lay(p *document.Page, fit Fit, text document.Text) []laid {
	wide := p.Width / p.Height
	var out []laid
	for _, r := range text.Runs {
		if r.Page != p.Number || r.Word >= len(p.Words) {
			continue
		}
		w := p.Words[r.Word]
		t := laid{Token: sheet.Token{Text: w.Text, Page: p.Number, Word: r.Word, Line: r.Line, Begin: r.Begin, End: r.End, Box: w.Box,
			Confidence: w.Confidence, Size: w.FontSize, Handwritten: w.Handwritten, Struck: w.Struck, Bold: w.Bold, OCR: p.Source == document.SourceOCR}}
		cx, cy := fit.to((w.Box.X+w.Box.W/2)*wide, w.Box.Y+w.Box.H/2)
		width, height := fit.A*w.Box.W*wide, fit.E*w.Box.H
		t.at = Rect{cx - width/2, cy - height/2, cx + width/2, cy + height/2}
		t.X0, t.Y0, t.X1, t.Y1 = t.at.X0, t.at.Y0, t.at.X1, t.at.Y1
		t.printed = fit.Template.prints(t)
		out = append(out, t)
	}
	return out
}

// prints reports a word of the blank form: the same letters at the same place, or what OCR
// hardly read where a printed word stands.
func (t *Template) prints(w laid) bool {
	text := fold(w.Text)
	cx, cy := w.at.center()
	covered, area := 0.0, (w.at.X1-w.at.X0)*(w.at.Y1-w.at.Y0)
	for _, q := range t.words {
		qx, qy := q.at.center()
		if cy-qy > 0.02 || qy-cy > 0.02 {
			continue
		}
		dx, dy := cx-qx, cy-qy
		if same, _ := lexicon.Alike(text, q.text); (same || misread(text, q.text)) && dx < 0.015 && dx > -0.015 && dy < 0.006 && dy > -0.006 {
			return true
		}
		wx, wy := min(w.at.X1, q.at.X1)-max(w.at.X0, q.at.X0), min(w.at.Y1, q.at.Y1)-max(w.at.Y0, q.at.Y0)
		if wx > 0 && wy > 0 {
			covered += wx * wy
		}
	}
	return w.OCR && w.Confidence < 0.7 && covered > 0.6*area
}

// misread reports a word of the blank form read with one wrong letter, the first included.
func misread(read, label string) bool {
	if len(read) != len(label) || len(label) < 4 {
		return false
	}
	wrong := 0
	for i := range len(read) {
		if read[i] != label[i] {
			wrong++
		}
	}
	return wrong <= 1
}

// narrow is thinner than any letter: a line of a comb that OCR took for one.
func (w laid) narrow() bool {
	return w.OCR && len(w.Text) == 1 && w.at.X1-w.at.X0 < 0.002
}

// hold is the words of one box.
type hold struct {
	tokens []sheet.Token
	over   bool // words run over the border
	border bool // a first sign was left out that may be the border itself
}

// fill puts each word that is not printed into the box in which it begins.
func (c *Claim) fill(tokens []laid) []hold {
	boxes := c.Fit.Template.boxes
	held := make([]hold, len(boxes))
	for _, t := range tokens {
		if t.printed || ruleOnly(t.Text) || t.narrow() {
			continue
		}
		cx, cy := t.at.center()
		x := t.at.X0 + min(0.3*(t.at.X1-t.at.X0), 0.01)
		i := slices.IndexFunc(boxes, func(b box) bool { return b.at.holds(x, cy) })
		if i < 0 {
			if len(c.Fit.Template.labels) > 0 && !c.onTick(t) {
				c.beside(held, t)
			}
			continue
		}
		if c.onTick(t) || strayLetters(boxes[i].kind, t) {
			continue
		}
		if atBorder(t, boxes[i]) {
			held[i].border = true
			n := len([]rune(t.Text))
			if n == 1 {
				continue
			}
			t.Token = t.Token.Sub(1, n)
		}
		held[i].tokens = append(held[i].tokens, t.Token)
		outside := t.at.X1 - boxes[i].at.X1
		if cx >= boxes[i].at.X1 || outside > 0.35*(t.at.X1-t.at.X0) {
			held[i].over = true
		}
	}
	for i := range held {
		inRows(held[i].tokens)
	}
	return held
}

// beside notes words behind a box that may belong to its value: a learned box is as wide as the
// room in one filled print was.
func (c *Claim) beside(held []hold, t laid) {
	_, cy := t.at.center()
	for i, b := range c.Fit.Template.boxes {
		if cy > b.at.Y0 && cy < b.at.Y1 && t.at.X0 >= b.at.X1 && t.at.X0-b.at.X1 < 2*(t.at.Y1-t.at.Y0) {
			held[i].over = true
		}
	}
}

// strayLetters are what OCR makes of the printed MM, DD and YY of a date box. A digit read as
// a letter goes with them: the date then lacks a part and is no date.
func strayLetters(kind string, t laid) bool {
	if !t.OCR || kind != "date" && kind != "birth" || strings.ContainsAny(t.Text, "0123456789") {
		return false
	}
	text := fold(t.Text)
	return len(text) <= 2 || len(text) <= 6 && strings.Trim(text, "mdyilnvw") == ""
}

// inRows orders words as they are read: from top to bottom, each row from left to right.
func inRows(tokens []sheet.Token) {
	slices.SortStableFunc(tokens, func(a, b sheet.Token) int { return sign(a.Y0 + a.Y1 - b.Y0 - b.Y1) })
	for from := 0; from < len(tokens); {
		to := from + 1
		for to < len(tokens) && tokens[to].Y0+tokens[to].Y1 < tokens[from].Y0+tokens[from].Y1+0.014 {
			to++
		}
		slices.SortStableFunc(tokens[from:to], func(a, b sheet.Token) int { return sign(a.X0 - b.X0) })
		from = to
	}
}

func sign(v float64) int {
	switch {
	case v < 0:
		return -1
	case v > 0:
		return 1
	}
	return 0
}

// ruleOnly is what lines and combs of the form look like to OCR: signs without a letter or digit.
func ruleOnly(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0xBF && r != '—' && r != '–' && r != '“' && r != '”' && r != '‘' && r != '’' && r != '•'
	})
}

// latest is the latest day printed with a four-digit year, which places two-digit years.
func latest(t *Template, held []hold) value.Date {
	var last value.Date
	for i, b := range t.boxes {
		if b.kind != "date" || len(held[i].tokens) == 0 {
			continue
		}
		text := dateText(sheet.Join(held[i].tokens))
		if n := strings.LastIndexByte(text, '/'); n < 0 || len(text)-n-1 != 4 {
			continue
		}
		if d, _, ok := value.ParseDate(text, value.Hint{}); ok && d.Day > 0 {
			if order, _ := d.Compare(last); order > 0 {
				last = d
			}
		}
	}
	return last
}

// overBorder is the reason of a value that leaves its box.
const overBorder = "the words run over the border of the box"

// atBorder reports a word whose first sign stands on the left border of its box and looks like
// a line: OCR reads the border with the value. 1.6 points of letter paper are on the border.
func atBorder(t laid, b box) bool {
	const onBorder = 0.002
	return t.OCR && t.at.X0 < b.at.X0+onBorder && strings.ContainsRune("|Il1[](){}!/\\ij'‘*", []rune(t.Text)[0])
}

// fields types the words of a box.
func (h hold) fields(b box, hint value.Hint) []record.Field {
	var why []string
	if h.border {
		why = append(why, MayTouch)
	}
	if h.over {
		why = append(why, overBorder)
	}
	switch b.kind {
	case "procedure":
		return procedures(b, h.tokens, why)
	case "hcpcs":
		return serviceCode(h.tokens, hint, why)
	case "icdpoa":
		return admitted(b, h.tokens, hint, why)
	}
	return []record.Field{finding(b.name, b.kind, h.tokens, hint, why)}
}

func finding(name, kind string, tokens []sheet.Token, hint value.Hint, why []string) record.Field {
	f := draft.Field(draft.Finding{Name: name, Label: "Box " + name, Kind: recordKind(kind), Tokens: tokens, Rule: "box", Strength: strength,
		Reasons: slices.Clone(why), Read: typed(kind, sheet.Join(tokens), hint)})
	return f
}

// version says which form it is, from the printed footer where it was read, and from the
// boxes otherwise.
func (c *Claim) version(p *document.Page, tokens []laid) {
	t := c.Fit.Template
	if t.Type != "cms1500" {
		return
	}
	for _, w := range tokens {
		if slices.Contains(t.footers, fold(w.Text)) && (w.at.Y0 > 0.93 || w.at.Y0 < 0.13) {
			f := finding("form_version", "text", []sheet.Token{w.Token}, value.Hint{}, nil)
			v := t.Version
			f.Value, f.Rule, f.Label = &v, "footer", ""
			c.Fields = append(c.Fields, f)
			return
		}
	}
	title := slices.IndexFunc(tokens, func(w laid) bool { return w.printed && fold(w.Text) == "claim" })
	if title < 0 {
		return
	}
	f := finding("form_version", "text", []sheet.Token{tokens[title].Token}, value.Hint{}, nil)
	v := t.Version
	f.Value, f.Rule, f.Label, f.Source, f.Kind = &v, "boxes", "", "derived", record.KindText
	c.Fields = append(c.Fields, f)
}
