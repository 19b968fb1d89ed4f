package template

import (
	"fmt"
	"slices"
	"strings"

	"chartlake/document"
	"chartlake/form/draft"
	"chartlake/form/sheet"
	"chartlake/record"
)

// A tick belongs to a box whose centre is not farther away than this, in page heights.
const tickX, tickY = 0.011, 0.009

// Heights of a tick box in page heights, frames drawn by a PDF form included; smaller ones
// are letters that look like a frame.
const tickLeast, tickMost = 0.0065, 0.022

func (k tick) holds(x, y float64) bool {
	return x > k.x-tickX && x < k.x+tickX && y > k.y-tickY && y < k.y+tickY
}

// onTick reports a cross typed or drawn in a tick box.
func (c *Claim) onTick(t laid) bool {
	cx, cy := t.at.center()
	return slices.ContainsFunc(c.Fit.Template.ticks, func(k tick) bool { return k.holds(cx, cy) }) && len(fold(t.Text)) <= 3
}

// seen is what stands in one tick box.
type seen struct {
	tick
	state document.MarkState // "" where the box was not seen
	box   document.Box
	token *sheet.Token
	sure  float64
}

// ticks answers the questions of the form. Only a box seen to be ticked is an answer; an
// empty question is no "no".
func (c *Claim) ticks(p *document.Page, tokens []laid) {
	var groups []string
	by := map[string][]seen{}
	for _, k := range c.Fit.Template.ticks {
		if by[k.name] == nil {
			groups = append(groups, k.name)
		}
		by[k.name] = append(by[k.name], c.look(k, p, tokens))
	}
	for _, g := range groups {
		var on, maybe []seen
		for _, s := range by[g] {
			switch s.state {
			case document.MarkOn:
				on = append(on, s)
			case document.MarkAmbiguous:
				maybe = append(maybe, s)
			}
		}
		name, _, _ := strings.Cut(g, "/")
		if !slices.ContainsFunc(by[g], func(s seen) bool { return s.state != document.MarkOff }) {
			c.unticked(name, by[g], p)
		}
		switch {
		case len(on) == 1:
			f := c.answer(name, on[0], p)
			if len(maybe) > 0 {
				draft.Doubt(&f, "another box of the question may be ticked too")
			}
			c.Fields = append(c.Fields, f)
		case len(on) > 1:
			f := c.answer(name, on[0], p)
			message := fmt.Sprintf("box %s has %d ticks", name, len(on))
			draft.Doubt(&f, message)
			c.Fields = append(c.Fields, f)
			flag := record.Flag{Code: "tick_conflict", Severity: record.SeverityError, Message: message, Fields: []string{name}}
			for _, s := range on {
				flag.Evidence = append(flag.Evidence, record.Evidence{Page: p.Number, Box: s.box})
			}
			c.Flags = append(c.Flags, flag)
		case len(maybe) == 1:
			f := c.answer(name, maybe[0], p)
			draft.Doubt(&f, "the mark is not clear")
			c.Fields = append(c.Fields, f)
		}
	}
}

// unticked notes a question that a claim must answer, all of whose boxes were seen to be empty.
func (c *Claim) unticked(name string, options []seen, p *document.Page) {
	if !slices.Contains(c.Fit.Template.must, name) {
		return
	}
	flag := record.Flag{Code: "tick_missing", Severity: record.SeverityWarning, Message: "no box of " + name + " is ticked", Fields: []string{name}}
	for _, s := range options {
		flag.Evidence = append(flag.Evidence, record.Evidence{Page: p.Number, Box: s.box})
	}
	c.Flags = append(c.Flags, flag)
}

// emptyFill is the share of ink below which a mark in doubt is no tick but a frame that was
// not seen whole.
const emptyFill = 0.02

// look finds what the reader saw in a tick box: its own mark, or a typed cross.
func (c *Claim) look(k tick, p *document.Page, tokens []laid) seen {
	s := seen{tick: k}
	wide := p.Width / p.Height
	for _, m := range p.Marks {
		x, y := c.Fit.to((m.Box.X+m.Box.W/2)*wide, m.Box.Y+m.Box.H/2)
		if size := c.Fit.E * m.Box.H; k.holds(x, y) && size > tickLeast && size < tickMost {
			s.state, s.box, s.sure = m.State, m.Box, m.Confidence
			if m.State == document.MarkAmbiguous && m.Fill < emptyFill {
				s.state = ""
			}
		}
	}
	for _, t := range tokens {
		cx, cy := t.at.center()
		text := strings.Trim(fold(t.Text), "|")
		if t.printed || !k.holds(cx, cy) || t.at.X1-t.at.X0 > 2*tickX || text != "x" && text != "xx" && t.Text != "✓" && t.Text != "✔" && t.Text != "☒" && t.Text != "☑" {
			continue
		}
		token := t.Token
		s.token = &token
		switch s.state {
		case document.MarkOff:
			if t.Confidence >= 0.8 {
				s.state = document.MarkAmbiguous // the ink and the word disagree
			}
		default:
			if s.state != document.MarkOn {
				s.sure = t.Confidence
				s.box = t.Box
			}
			s.state = document.MarkOn
		}
	}
	return s
}

// tickSure is how well a tick must have been seen to be accepted.
const tickSure = 0.75

func (c *Claim) answer(name string, s seen, p *document.Page) record.Field {
	v := s.option
	f := record.Field{Name: name, Label: "Box " + name, Value: &v, Raw: "X", Kind: record.KindTick, Confidence: s.sure * strength,
		Page: p.Number, Box: s.box, Source: "mark", Rule: "tick", State: record.Accepted}
	if s.token != nil {
		f.Raw, f.Begin, f.End = s.token.Text, s.token.Begin, s.token.End
	}
	f.Confidence = float64(int(f.Confidence*1000+0.5)) / 1000
	if s.sure < tickSure {
		draft.Doubt(&f, "the mark was not seen surely")
	}
	return f
}

// signatures says "present" where ink stands on the line of a signature without words.
func (c *Claim) signatures(p *document.Page) {
	wide := p.Width / p.Height
	for _, b := range c.Fit.Template.boxes {
		if b.kind != "signature" || slices.ContainsFunc(c.Fields, func(f record.Field) bool { return f.Name == b.name }) {
			continue
		}
		for _, m := range p.Signatures {
			x, y := c.Fit.to((m.Box.X+m.Box.W/2)*wide, m.Box.Y+m.Box.H/2)
			if m.State != document.MarkOn || !b.at.holds(x, y) {
				continue
			}
			v := "present"
			c.Fields = append(c.Fields, record.Field{Name: b.name, Label: "Box " + b.name, Value: &v, Kind: record.KindSignature,
				Confidence: m.Confidence, Page: p.Number, Box: m.Box, Source: "mark", Rule: "ink", State: record.Review,
				Reasons: []string{"ink on the line of the signature"}})
			break
		}
	}
}
