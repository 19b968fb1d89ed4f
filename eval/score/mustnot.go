package score

import (
	"fmt"

	"chartlake/eval/expected"
	"chartlake/fhir"
	"chartlake/record"
)

// mustNot counts the outcomes that make a document fail. A violation is told by the rule's
// place in the list and its note, never by values of the record.
func (c *comparison) mustNot(bundle *fhir.Node) {
	for i, m := range c.want.MustNot {
		happened := c.happened(m, bundle)
		c.r.MustNot.count(!happened)
		if happened {
			c.r.Violations = append(c.r.Violations, fmt.Sprintf("%d: %s", i, m.Note))
		}
	}
}

func (c *comparison) happened(m expected.MustNot, bundle *fhir.Node) bool {
	switch {
	case m.ResourceType != "":
		n := 0
		for _, r := range resources(bundle, m.ResourceType) {
			all := true
			for path, v := range m.Where {
				all = all && holds(r, path, v)
			}
			if all {
				n++
			}
		}
		return m.Count == nil && n > 0 || m.Count != nil && n != *m.Count
	case m.Field != "":
		return c.anyField(func(f *record.Field, name string) bool {
			return (m.Field == "*" || baseName(name) == m.Field) && text(f) != "" && f.State != record.Review && f.State != record.Missing &&
				(m.Page == 0 || f.Page == m.Page) && (m.NotEquals == "*" || equal(m.NotEquals, text(f)))
		})
	case m.Entity != "":
		return c.anyEntity(func(e *record.Entity) bool {
			if m.Page != 0 && e.Page != m.Page || m.Entity != "*" && !contains(words(e.Text), words(m.Entity)) {
				return false
			}
			affirmed := !e.Negated && !e.Uncertain && !e.Hypothetical && experiencer(e.Experiencer) == "patient"
			return affirmed == (m.Asserted == nil || *m.Asserted)
		})
	case len(m.Flag) > 0:
		raised := false
		for _, f := range c.allFlags() {
			raised = raised || m.Flag.Has(f.Code)
		}
		return raised == (m.Raised != nil && *m.Raised)
	}
	return false
}

// anyField asks about every field and cell.
func (c *comparison) anyField(is func(f *record.Field, name string) bool) bool {
	for i := range c.got.Segments {
		s := &c.got.Segments[i]
		for j := range s.Fields {
			if is(&s.Fields[j], s.Fields[j].Name) {
				return true
			}
		}
		for _, row := range s.Lines {
			for name, f := range row {
				if is(&f, name) {
					return true
				}
			}
		}
	}
	return false
}

func (c *comparison) anyEntity(is func(*record.Entity) bool) bool {
	for i := range c.got.Segments {
		for j := range c.got.Segments[i].Entities {
			if is(&c.got.Segments[i].Entities[j]) {
				return true
			}
		}
	}
	return false
}
