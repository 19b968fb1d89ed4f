package score

import (
	"strings"

	"chartlake/eval/expected"
	"chartlake/record"
)

// scoredTypes are the kinds of mention for which an expected result lists all; others (a
// body part, a test named in passing) are not counted as extra.
var scoredTypes = map[record.EntityType]bool{
	record.Problem: true, record.Medication: true, record.Allergy: true, record.Procedure: true, record.SocialHistory: true,
}

// anywhere counts expected values that stand anywhere in the record, whatever their name.
func (c *comparison) anywhere() {
	var texts [][]string
	add := func(s string) {
		if w := words(s); len(w) > 0 {
			texts = append(texts, w)
		}
	}
	exact := map[string]bool{}
	field := func(f *record.Field) {
		for _, s := range []string{text(f), f.Raw} {
			add(s)
			exact[fold(s)] = true
		}
	}
	for i := range c.got.Segments {
		s := &c.got.Segments[i]
		for j := range s.Fields {
			field(&s.Fields[j])
		}
		for _, row := range s.Lines {
			for _, f := range row {
				field(&f)
			}
		}
		for _, e := range s.Entities {
			add(e.Text)
			for _, v := range e.Attributes {
				add(v)
			}
		}
	}
	stands := func(part string) bool {
		if exact[fold(part)] {
			return true
		}
		w := words(part)
		for _, t := range texts {
			if contains(t, w) {
				return true
			}
		}
		return false
	}
	ticks := map[string]bool{}
	for _, t := range c.want.Ticks {
		ticks[t] = true
	}
	tables := append([]map[string]expected.Value{c.want.Fields, c.want.Unnamed}, c.want.Lines...)
	for _, values := range tables {
		for key, v := range values {
			if v.Blank || v.Present || ticks[key] {
				continue
			}
			for _, part := range v.Parts {
				c.r.Anywhere.count(stands(part))
			}
			if len(v.Any) > 0 {
				found := false
				for _, reading := range v.Any {
					for _, part := range reading.Parts {
						found = found || stands(part)
					}
				}
				c.r.Anywhere.count(found)
			}
		}
	}
}

// entities scores the mentions: found where the texts overlap, then type, then assertion.
func (c *comparison) entities() {
	var got []*record.Entity
	for i := range c.got.Segments {
		s := &c.got.Segments[i]
		for j := range s.Entities {
			got = append(got, &s.Entities[j])
		}
	}
	if len(c.want.Entities) == 0 {
		return
	}
	taken := map[*record.Entity]bool{}
	for i := range c.want.Entities {
		w := &c.want.Entities[i]
		g := best(w, got, taken)
		c.r.Entities.count(g != nil)
		if g == nil {
			c.miss("entity:"+w.Type, w.Text, "")
			continue
		}
		taken[g] = true
		c.r.EntityTypes.count(string(g.Type) == w.Type)
		right := asserts(w, g)
		c.r.Assertions.count(right)
		if !right {
			c.miss("assertion:"+w.Type, w.Text, g.Text)
		}
	}
	for _, g := range got {
		if scoredTypes[g.Type] {
			c.r.EntitiesPrecise.count(taken[g])
			if !taken[g] {
				c.miss("entity:"+string(g.Type), "", g.Text)
			}
		}
	}
}

// best is the mention of the record that an expected one is compared with: its text
// overlaps, its place touches where both are known, and of several the one that is nearest
// in words, then in type and assertion, then the first.
func best(w *expected.Entity, got []*record.Entity, taken map[*record.Entity]bool) *record.Entity {
	var found *record.Entity
	top := 0.0
	for _, g := range got {
		share := overlap(words(w.Text), words(g.Text))
		if taken[g] || share == 0 {
			continue
		}
		if w.Box != nil && g.Box != nil && (w.Box.Page != g.Page || w.Box.Box.Intersect(*g.Box).Empty()) {
			continue
		}
		score := share
		if string(g.Type) == w.Type {
			score += 0.2
		}
		if asserts(w, g) {
			score += 0.1
		}
		if score > top {
			found, top = g, score
		}
	}
	return found
}

// overlap is the share of the longer text's words that two texts have in a row in common,
// where one holds the other or they share at least half.
func overlap(a, b []string) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	if contains(b, a) {
		return float64(len(a)) / float64(len(b))
	}
	for n := len(a) - 1; 2*n >= len(b) && n > 0; n-- {
		for i := 0; i+n <= len(a); i++ {
			if contains(b, a[i:i+n]) {
				return float64(n) / float64(len(b))
			}
		}
	}
	return 0
}

// asserts compares the assertions: negation and experiencer always, the others where given.
func asserts(w *expected.Entity, g *record.Entity) bool {
	given := func(want *bool, got bool) bool { return want == nil || *want == got }
	negated := w.NegatedFree || g.Negated == (w.Negated != nil && *w.Negated)
	return negated && experiencer(w.Experiencer) == experiencer(g.Experiencer) &&
		given(w.Historical, g.Historical) && given(w.Uncertain, g.Uncertain) && given(w.Hypothetical, g.Hypothetical)
}

// experiencer folds the patient's own to one word.
func experiencer(s string) string {
	if s = strings.ToLower(s); s == "" {
		return "patient"
	}
	return s
}
