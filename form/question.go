package form

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"

	"chartlake/document"
	"chartlake/form/draft"
	"chartlake/form/pair"
	"chartlake/form/sheet"
	"chartlake/record"
	"chartlake/value"
)

// consent reads the head of an intake, history or consent form by label, its questions by
// their tick boxes, and the day beside the signature. A date without a name of its own is
// part of some question there, not the day of the form.
func (r *reading) consent() {
	r.fromPairs(func(p pair.Pair) bool { return p.Label.Name == "date" })
	for i := range r.sheet.Pages {
		r.questions(&r.sheet.Pages[i])
	}
	r.signedDay()
}

// option is one tick box of a question with what the reader saw in it.
type option struct {
	label string
	mark  *document.Mark // nil where the form prints a box and the reader saw no empty one
	x, y  float64        // centre, in page heights, slant left in
}

// answers are the words over columns of tick boxes.
var answers = map[string]string{"yes": "Yes", "no": "No", "y": "Y", "n": "N", "unsure": "Unsure", "unknown": "Unknown", "na": "N/A", "notsure": "Not sure"}

// questions reads rows of tick boxes under columns of answers. One box ticked and the others
// seen empty is an answer. Where one box alone was not seen empty, it is only proposed: ink
// hides a frame, but so does a bad scan. A row of empty boxes is not answered, never "no".
func (r *reading) questions(p *sheet.Page) {
	var heads []header
	for i := range p.Rows {
		if h := headerOf(p, i); h != nil {
			heads = append(heads, *h)
		}
	}
	boxes := tickBoxes(p)
	for i, h := range heads {
		end := 2.0
		if i+1 < len(heads) {
			end = heads[i+1].y0
		}
		rows := h.rows(boxes, end)
		for j, row := range rows {
			top, bottom := h.y1, end
			if j > 0 {
				top = (rows[j-1][0].y + row[0].y) / 2
			}
			if j+1 < len(rows) && rows[j+1][0].y-row[0].y < 6*p.Height {
				bottom = (row[0].y + rows[j+1][0].y) / 2
			} else {
				bottom = min(end, row[0].y+1.3*p.Height)
			}
			top, bottom = max(top, row[0].y-4*p.Height), min(bottom, row[0].y+3*p.Height)
			r.question(p, row, r.asked(p, h.columns[0].x0, top, bottom))
		}
	}
	r.choices(p)
}

// header is a row of two or more answers that stand over columns.
type header struct {
	columns []column
	y0, y1  float64
}

type column struct {
	label     string
	x, x0, x1 float64
}

func headerOf(p *sheet.Page, row int) *header {
	h := &header{y0: p.Rows[row].Y0, y1: p.Rows[row].Y1}
	for _, ph := range p.Rows[row].Phrases {
		if slices.ContainsFunc(ph.Tokens, func(t sheet.Token) bool { return answers[fold(t.Text)] == "" }) {
			continue // "ensure no changes" is a sentence
		}
		for _, t := range ph.Tokens {
			h.columns = append(h.columns, column{answers[fold(t.Text)], (t.X0 + t.X1) / 2, t.X0, t.X1})
		}
	}
	if len(h.columns) < 2 {
		return nil
	}
	for i := 1; i < len(h.columns); i++ {
		if h.columns[i].x-h.columns[i-1].x < 2*p.Height || h.columns[i].label == h.columns[i-1].label {
			return nil // words of a sentence, or boxes with their own labels
		}
	}
	return h
}

// tickBoxes are the marks of the page and the signs that print an empty box, top to bottom.
func tickBoxes(p *sheet.Page) []option {
	var out []option
	for i := range p.Source.Marks {
		m := &p.Source.Marks[i]
		if m.Shape != "signature" {
			out = append(out, option{label: m.Label, mark: m, x: (m.Box.X + m.Box.W/2) * p.Aspect, y: m.Box.Y + m.Box.H/2})
		}
	}
	for _, w := range p.Source.Words {
		if w.Text != "\uFFFD" && w.Text != "☐" && w.Text != "□" && w.Text != "❑" && w.Text != "❏" {
			continue
		}
		o := option{x: (w.Box.X + w.Box.W/2) * p.Aspect, y: w.Box.Y + w.Box.H/2}
		if !slices.ContainsFunc(out, func(k option) bool { return near2(k, o, p.Height) }) {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b option) int { return cmp.Compare(a.y, b.y) })
	return out
}

func near2(a, b option, height float64) bool {
	dx, dy := a.x-b.x, a.y-b.y
	return dx*dx+dy*dy < height*height
}

// rows gathers the boxes under the columns of a header.
func (h *header) rows(boxes []option, end float64) [][]option {
	var out [][]option
	for _, b := range boxes {
		if b.y <= h.y1 || b.y >= end {
			continue
		}
		i := slices.IndexFunc(h.columns, func(c column) bool { return b.x > c.x0-0.012 && b.x < c.x1+0.012 })
		if i < 0 {
			continue
		}
		b.label = h.columns[i].label
		if n := len(out); n > 0 && b.y-out[n-1][0].y < 0.006 {
			out[n-1] = append(out[n-1], b)
		} else {
			out = append(out, []option{b})
		}
	}
	return out
}

// asked gives the words of a question: those left of the answers between its neighbours.
func (r *reading) asked(p *sheet.Page, right, top, bottom float64) []sheet.Token {
	var out []sheet.Token
	for _, row := range p.Rows {
		if y := (row.Y0 + row.Y1) / 2; y < top || y >= bottom {
			continue
		}
		for _, ph := range row.Phrases {
			for _, t := range ph.Tokens {
				if t.X1 < right-0.008 && fold(t.Text) != "" && t.Text != "\uFFFD" && !numbered.MatchString(t.Text) {
					out = append(out, t)
				}
			}
		}
	}
	return out
}

// numbered is the number of a question.
var numbered = regexp.MustCompile(`^\d{1,2}[.)]$`)

// question makes the field of one row of boxes.
func (r *reading) question(p *sheet.Page, row []option, words []sheet.Token) {
	var on, unseen []option
	for _, o := range row {
		switch {
		case o.mark == nil, o.mark.State == document.MarkAmbiguous && o.mark.Fill < 0.02:
			unseen = append(unseen, o)
		case o.mark.State != document.MarkOff:
			on = append(on, o)
		}
	}
	if len(words) < 2 || len(on)+len(unseen) == 0 {
		return
	}
	switch {
	case len(on) > 1:
		f := r.answer(p, on[0], words)
		draft.Doubt(&f, "more than one box of the question is ticked")
		r.fields = append(r.fields, f)
		r.flags = append(r.flags, record.Flag{Code: "tick_conflict", Severity: record.SeverityError, Fields: []string{f.Name},
			Message: "a question has two answers", Evidence: []record.Evidence{{Page: p.Number, Box: f.Box}}})
	case len(on) == 1:
		f := r.answer(p, on[0], words)
		if len(unseen) > 0 {
			draft.Doubt(&f, "another box of the question was not seen empty")
		}
		r.fields = append(r.fields, f)
	case len(unseen) == 1 && len(row) > 1:
		f := r.answer(p, unseen[0], words)
		draft.Doubt(&f, "proposed: the only box of the question that was not seen empty")
		r.fields = append(r.fields, f)
	}
}

// tickSure is how surely a tick must have been seen to be accepted.
const tickSure = 0.75

// answer is a field q.<slug> with the box of the tick and the words of the question as label.
func (r *reading) answer(p *sheet.Page, o option, words []sheet.Token) record.Field {
	label := strings.ReplaceAll(sheet.Join(words), "\n", " ")
	v := o.label
	f := record.Field{Name: r.slug(label), Label: label, Value: &v, Raw: v, Kind: record.KindTick, Page: p.Number, Source: "mark",
		Rule: "tick_column", State: record.Accepted, Confidence: 0.9}
	if o.mark == nil {
		f.Box = document.Box{X: o.x/p.Aspect - p.Height/2/p.Aspect, Y: o.y - p.Height/2, W: p.Height / p.Aspect, H: p.Height}.Clamp()
		f.Confidence = 0.5
		return f
	}
	f.Box, f.Confidence = o.mark.Box, float64(int(o.mark.Confidence*950+0.5))/1000
	if o.mark.State == document.MarkAmbiguous {
		draft.Doubt(&f, "the mark is not clear")
	} else if o.mark.Confidence < tickSure {
		draft.Doubt(&f, "the mark was not seen surely")
	}
	return f
}

// small are words that say nothing about which question it is.
var small = map[string]bool{"do": true, "you": true, "a": true, "an": true, "the": true, "have": true, "had": true, "ever": true, "are": true, "is": true,
	"to": true, "of": true, "or": true, "any": true, "your": true, "if": true, "for": true, "been": true, "has": true, "in": true, "please": true}

// slug names a question by its first telling words.
func (r *reading) slug(label string) string {
	var parts []string
	for _, w := range strings.Fields(label) {
		if w = fold(w); w != "" && !small[w] && w[0] < 128 && len(parts) < 4 {
			parts = append(parts, w)
		}
	}
	if len(parts) == 0 {
		parts = []string{"question"}
	}
	base := "q." + strings.Join(parts, "_")
	name := base
	for i := 2; slices.ContainsFunc(r.fields, func(f record.Field) bool { return f.Name == name && f.Label != label }); i++ {
		name = base + "_" + string(rune('0'+min(i, 9)))
		if i > 9 {
			break
		}
	}
	return name
}

// choices are ticked boxes with a label of their own that answer a question named by the
// reader as their group; each is one answer.
func (r *reading) choices(p *sheet.Page) {
	for i := range p.Source.Marks {
		m := &p.Source.Marks[i]
		if m.State != document.MarkOn || m.Shape == "signature" || m.Label == "" || len(strings.Fields(m.Group)) < 3 || answers[fold(m.Label)] != "" {
			continue
		}
		v := strings.TrimRight(optionAt(p, m), ":")
		if sex, ok := value.ParseSex(v); ok && r.field("sex") == nil && (sexOptions[fold(v)] || strings.EqualFold(m.Group, "sex")) {
			r.sexTicked(p, m, v, sex)
			continue
		}
		label := strings.ReplaceAll(m.Group, "\n", " ")
		f := record.Field{Name: r.slug(label), Label: label, Value: &v, Raw: v, Kind: record.KindTick, Page: p.Number, Box: m.Box, Source: "mark",
			Rule: "tick_label", State: record.Accepted, Confidence: float64(int(m.Confidence*950+0.5)) / 1000}
		if m.Confidence < tickSure {
			draft.Doubt(&f, "the mark was not seen surely")
		}
		r.fields = append(r.fields, f)
	}
}

// sexOptions are answers that only this question has.
var sexOptions = map[string]bool{"m": true, "f": true, "male": true, "female": true}

func (r *reading) sexTicked(p *sheet.Page, m *document.Mark, printed, sex string) {
	f := record.Field{Name: "sex", Label: "sex", Value: &sex, Raw: printed, Kind: record.KindCode, Page: p.Number, Box: m.Box, Source: "mark",
		Rule: "tick_label", State: record.Accepted, Confidence: float64(int(m.Confidence*950+0.5)) / 1000}
	if m.Confidence < tickSure {
		draft.Doubt(&f, "the mark was not seen surely")
	}
	r.fields = append(r.fields, f)
}

// optionAt is the word of a ticked box: the one behind the sign that stands for the box in the
// text layer, or else what the reader says.
func optionAt(p *sheet.Page, m *document.Mark) string {
	for _, row := range p.Rows {
		for _, ph := range row.Phrases {
			for i, t := range ph.Tokens {
				if i+1 < len(ph.Tokens) && sheet.Glyph(t.Text) && math.Abs(t.Box.X-m.Box.X) < m.Box.W && math.Abs(t.Box.Y+t.Box.H/2-m.Box.Y-m.Box.H/2) < m.Box.H+t.Box.H/2 {
					return ph.Tokens[i+1].Text
				}
			}
		}
	}
	return m.Label
}

// signedDay is the day over or beside the word "Date" that stands in one row with the word
// "Signature": the signer writes both on one line.
func (r *reading) signedDay() {
	if r.field("signed.date") != nil {
		return
	}
	for i := range r.sheet.Pages {
		p := &r.sheet.Pages[i]
		for _, row := range p.Rows {
			signature := false
			for _, ph := range row.Phrases {
				if fold(ph.Tokens[0].Text) == "signature" {
					signature = true
				}
				if !signature || len(ph.Tokens) > 1 || fold(ph.Tokens[0].Text) != "date" {
					continue
				}
				if tokens := r.dayAt(p, ph); len(tokens) > 0 {
					read := value.Parse(value.DateKind, sheet.Join(tokens), value.Hint{})
					r.put(draft.Finding{Name: "signed.date", Label: "Date", Kind: "date", Tokens: tokens, Read: read, Rule: "beside_signature", Strength: 0.9})
					return
				}
			}
		}
	}
}

// dayAt is the one date that stands over a word, or right of it, within three lines.
func (r *reading) dayAt(p *sheet.Page, at sheet.Phrase) []sheet.Token {
	var out []sheet.Token
	for i, row := range p.Rows {
		for _, ph := range row.Phrases {
			for _, t := range ph.Tokens {
				over := t.Y1 <= at.Y0+p.Height && at.Y0-t.Y1 < 3*p.Height && t.X0 < at.X1+p.Height && t.X1 > at.X0-p.Height
				beside := i == at.Row && t.X0 >= at.X1 && t.X0-at.X1 < 8*p.Height
				d, _, ok := value.ParseDate(t.Text, value.Hint{})
				if !over && !beside || !ok || d.Day == 0 {
					continue
				}
				if out != nil {
					return nil
				}
				out = []sheet.Token{t}
			}
		}
	}
	return out
}
