package search

import (
	"slices"
	"strings"

	"chartlake/fault"
)

// UnknownElements lists the names of _elements that no resource of these types (none: of any
// type) has as an element at its top: a misspelt one would hide what was asked for. A name may
// stand behind its type (Patient.name); values are as they stand in the query, parted by commas.
// It looks at MaxValues of them.
func (c *Catalogue) UnknownElements(types, values []string) (unknown []string) {
	if len(types) == 0 {
		types = c.Types()
	}
	looked := 0
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			if looked++; looked > MaxValues {
				return unknown
			}
			name = strings.TrimSpace(name)
			of, element, qualified := strings.Cut(name, ".")
			if qualified {
				if !c.hasElement(of, element) {
					unknown = append(unknown, name)
				}
			} else if name != "" && !slices.ContainsFunc(types, func(t string) bool { return c.hasElement(t, name) }) {
				unknown = append(unknown, name)
			}
		}
	}
	return unknown
}

func (c *Catalogue) hasElement(resourceType, name string) bool {
	t := c.defs.ResourceType(resourceType)
	return t != nil && t.Element(name) != nil
}

// elements looks for names in _elements that nothing on the page can have: strict handling
// refuses them, else Query.UnknownElements lists them. What comes along may be of any type.
func (p *parser) elements(q *Query, strict bool) error {
	types := q.Types
	switch {
	case len(q.Include)+len(q.RevInclude) > 0:
		types = nil
	case q.Type != "":
		types = []string{q.Type}
	}
	q.UnknownElements = p.cat.UnknownElements(types, q.Elements)
	if strict && len(q.UnknownElements) > 0 {
		return fault.New(fault.Invalid, "bad_result_parameter", "_elements names %s, which is no element at the top of what is asked for", safeName(q.UnknownElements[0]))
	}
	return nil
}
