package score

import (
	"sort"
	"strings"

	"chartlake/document"
	"chartlake/eval/expected"
	"chartlake/record"
)

// labelAlike is how alike a field's label and a printed question must be to be the same
// question (documents.md, labels).
const labelAlike = 0.75

// entry is an expected value with the names that will do.
type entry struct {
	key     string
	names   []string
	value   expected.Value
	tick    bool
	label   string
	derived bool
	values  []*record.Field // of the record under these names, one for each different value
	right   map[*record.Field]bool
}

func (c *comparison) entries() []*entry {
	ticks := map[string]bool{}
	for _, t := range c.want.Ticks {
		ticks[t] = true
	}
	var list []*entry
	add := func(values map[string]expected.Value, derived bool) {
		for key, v := range values {
			list = append(list, &entry{key: key, names: strings.Split(key, "|"), value: v, tick: ticks[key],
				label: c.want.Labels[key], derived: derived, right: map[*record.Field]bool{}})
		}
	}
	add(c.want.Fields, false)
	add(c.want.Derived, true)
	if c.want.FormVersion != "" {
		add(map[string]expected.Value{"form_version": expected.Text(c.want.FormVersion)}, false)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].key < list[j].key })
	return list
}

// named reports whether a field of the record is of the entry's name or question.
func (e *entry) named(f *record.Field) bool {
	base := baseName(f.Name)
	for _, n := range e.names {
		if base == n {
			return true
		}
	}
	if e.label == "" || f.Label == "" || !strings.HasPrefix(f.Name, "q.") {
		return false
	}
	return strings.Contains(fold(f.Label), fold(e.label)) || alike(f.Label, e.label) >= labelAlike
}

// wanted is how many different values the entry has room for.
func (e *entry) wanted() int { return max(1, len(e.value.Parts)) }

func (e *entry) same(part, got string) bool {
	if e.tick {
		return tick(part) == tick(got)
	}
	return equal(part, got)
}

// states reports whether a field says a part of the entry's value, alone or together with
// other parts and nothing else.
func (e *entry) states(f *record.Field, part string, parts []string) bool {
	for _, got := range []string{text(f), f.Raw} {
		if got == "" {
			continue
		}
		if e.same(part, got) {
			return true
		}
		if len(parts) > 1 {
			rest := fold(strings.Join(parts, " "))
			if g := fold(got); strings.Contains(g, fold(part)) && madeOf(g, parts) && len(g) <= len(rest) {
				return true
			}
		}
	}
	return false
}

// madeOf reports whether a folded text consists of the parts, each at most once, in any order.
func madeOf(g string, parts []string) bool {
	folded := make([]string, len(parts))
	for i, p := range parts {
		folded[i] = fold(p)
	}
	sort.Slice(folded, func(i, j int) bool { return len(folded[i]) > len(folded[j]) })
	for _, p := range folded {
		g = strings.Replace(g, p, "", 1)
	}
	return g == ""
}

// fields scores the values that are expected by name.
func (c *comparison) fields() {
	entries := c.entries()
	known := map[*record.Field]bool{}
	for i := range c.got.Segments {
		s := &c.got.Segments[i]
		for j := range s.Fields {
			f := &s.Fields[j]
			for _, e := range entries {
				if e.named(f) && (stated(f) || e.derived && text(f) != "" || f.Raw != "" && f.State != record.Missing) {
					known[f] = true
					e.add(f)
				}
			}
			c.extra(s, f, known[f])
		}
	}
	for _, e := range entries {
		c.entry(e)
	}
}

// add keeps a field of the entry's name unless another says the same.
func (e *entry) add(f *record.Field) {
	for _, other := range e.values {
		if e.same(text(other), text(f)) && fold(other.Raw) == fold(f.Raw) || text(f) != "" && fold(text(other)) == fold(text(f)) {
			return
		}
	}
	e.values = append(e.values, f)
}

// extra counts a value whose name is not expected: invented, unless the page prints it and
// the expected result says that it has no name.
func (c *comparison) extra(s *record.Segment, f *record.Field, known bool) {
	if known || !stated(f) {
		return
	}
	if c.isClaim() {
		c.r.Blanks.count(false)
		c.r.Precision.count(false)
		c.accept(f, false)
		return
	}
	for _, v := range c.want.Unnamed {
		for _, part := range v.Parts {
			if equal(part, text(f)) || equal(part, f.Raw) || alike(part, f.Raw) >= labelAlike {
				return
			}
		}
	}
	c.r.Precision.count(false)
	c.miss(f.Name, "", text(f))
}

// accept counts a value by its state, and as wrong where it is accepted and not right.
func (c *comparison) accept(f *record.Field, right bool) {
	c.r.Accepted.count(f.State == record.Accepted)
	if f.State == record.Accepted {
		c.r.Wrong.count(!right)
	}
	c.r.Judged = append(c.r.Judged, Judged{f.Confidence, f.State == record.Accepted, right})
}

// entry scores one expected value.
func (c *comparison) entry(e *entry) {
	if e.value.Blank {
		filled := false
		for _, f := range e.values {
			if stated(f) {
				filled = true
				c.value(f, false)
			}
		}
		c.r.Blanks.count(!filled)
		if e.tick {
			c.r.Ticks.count(!filled)
		}
		if filled {
			c.miss(e.key, "blank", e.got())
		}
		return
	}
	found := e.match()
	for i, ok := range found {
		c.r.Recall.count(ok)
		if e.tick {
			c.r.Ticks.count(ok)
		}
		if !ok {
			c.miss(expected.PartName(e.key, i), e.want(i), e.got())
		}
	}
	if len(e.values) == 0 {
		for range found {
			c.r.Accepted.count(false)
		}
	}
	for _, f := range e.values {
		if stated(f) || e.derived {
			c.value(f, e.right[f])
		}
	}
	c.evidence(e)
}

// want is part i of the expected value in words, got what the record has under its name.
func (e *entry) want(i int) string {
	switch {
	case i < len(e.value.Parts):
		return e.value.Parts[i]
	case len(e.value.Any) > 0 && len(e.value.Any[0].Parts) > 0:
		return e.value.Any[0].Parts[0]
	}
	return "present"
}

func (e *entry) got() string {
	var list []string
	for _, f := range e.values {
		list = append(list, text(f))
	}
	return strings.Join(list, " | ")
}

// value counts a value of the record whose name is expected.
func (c *comparison) value(f *record.Field, right bool) {
	c.r.Precision.count(right)
	c.r.PrecisionOf.count(right)
	c.accept(f, right)
}

// match says for each part of the value whether it is found, and marks the fields that are right.
func (e *entry) match() []bool {
	found := make([]bool, e.wanted())
	if len(e.values) > e.wanted() {
		return found // one name with more different values than wanted is wrong
	}
	switch {
	case e.value.Present:
		for _, f := range e.values {
			if fold(text(f)) != "absent" {
				e.right[f], found[0] = true, true
			}
		}
	case len(e.value.Any) > 0:
		for _, reading := range e.value.Any {
			alternative := &entry{key: e.key, value: reading, tick: e.tick, values: e.values, right: e.right}
			for _, ok := range alternative.match() {
				found[0] = found[0] || ok
			}
		}
	default:
		for i, part := range e.value.Parts {
			for _, f := range e.values {
				if e.states(f, part, e.value.Parts) {
					e.right[f], found[i] = true, true
				}
			}
		}
	}
	return found
}

// Overlap that counts: half of the union (the usual measure of object detection), and nine
// tenths of the true ink.
const (
	overlapEnough = 0.5
	coverEnough   = 0.9
)

// evidence scores the boxes of right values whose true place is known.
func (c *comparison) evidence(e *entry) {
	for f := range e.right {
		var places []expected.Place
		for i, part := range e.value.Parts {
			at, ok := c.want.Boxes[expected.PartName(e.key, i)]
			if ok && e.states(f, part, e.value.Parts) {
				places = append(places, at)
			}
		}
		c.boxes(f, places)
	}
}

// boxes compares a field's box with the union of the places on the field's page.
func (c *comparison) boxes(f *record.Field, places []expected.Place) {
	if len(places) == 0 {
		return
	}
	var truth document.Box
	for _, at := range places {
		if at.Page == f.Page {
			truth = truth.Union(at.Box)
		}
	}
	c.r.Boxes.count(!truth.Empty() && truth.IoU(f.Box) >= overlapEnough)
	c.r.Covered.count(!truth.Empty() && truth.Intersect(f.Box).Area() >= coverEnough*truth.Area())
}
