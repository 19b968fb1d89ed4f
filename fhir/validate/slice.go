package validate

import (
	"slices"
	"strings"

	"chartlake/fhir"
	"chartlake/fhir/definition"
)

// slices sorts the occurrences of an element into the slices of a rule and checks each slice
// (http://hl7.org/fhir/R4/profiling.html#slicing).
func (d *deep) slices(parent item, r *rule, list []item) {
	s := r.slicing
	if s == nil {
		s = &slicing{}
	}
	if len(s.discriminators) == 0 {
		s = implied(r, s)
	}
	found := make([][]item, len(r.slices))
	latest, unmatched := -1, -1
	for n, it := range list {
		at := -1
		for i, slice := range r.slices {
			if !d.selects(it, slice, s) {
				continue
			}
			if at >= 0 {
				d.error("structure", it.at, "the element matches more than one slice: "+r.slices[at].name+", "+slice.name)
				continue
			}
			at = i
			found[i] = append(found[i], it)
		}
		switch {
		case at < 0 && s.closed:
			d.error("structure", it.at, "the element matches no slice of the profile, which allows no others")
		case at < 0:
			unmatched = n
		case s.atEnd && unmatched >= 0:
			d.error("structure", it.at, "an element of a slice stands after one of none")
		case s.ordered && at < latest:
			d.error("structure", it.at, "the slices stand in another order than the profile asks for")
		}
		latest = max(latest, at)
	}
	for i, slice := range r.slices {
		at := parent.at.child(r.element.Name)
		if slice.min > 0 && len(found[i]) < slice.min {
			d.error("required", at, "the slice "+slice.name+" is missing: "+few(slice.min))
		}
		if slice.max != definition.Unbounded && len(found[i]) > slice.max {
			d.error("structure", at, "of the slice "+slice.name+": "+many(slice.max))
		}
		for _, it := range found[i] {
			d.satisfies(it, slice)
		}
		if len(slice.slices) > 0 {
			d.slices(parent, slice, found[i])
		}
	}
}

// implied is the slicing of elements that need not state one: choices by type, extensions by
// URL.
func implied(r *rule, s *slicing) *slicing {
	out := *s
	switch {
	case r.element.Choice:
		out.discriminators = []discriminator{{"type", "$this"}}
	case r.typ != nil && r.typ.Name == "Extension":
		out.discriminators = []discriminator{{"value", "url"}}
	}
	return &out
}

// selects reports whether an item belongs to a slice.
func (d *deep) selects(it item, slice *rule, s *slicing) bool {
	if len(s.discriminators) == 0 {
		return false
	}
	decided := false
	for _, x := range s.discriminators {
		switch d.discriminates(it, slice, x) {
		case no:
			return false
		case yes:
			decided = true
		}
	}
	return decided
}

// discriminates applies one discriminator; unknown where the slice says nothing of what it
// leads to.
func (d *deep) discriminates(it item, slice *rule, x discriminator) verdict {
	if !d.spend() {
		return no
	}
	values, ok := d.at(it, x.path)
	if !ok {
		return no
	}
	if x.kind == "type" {
		types, ok := slice.typesAt(d, x.path)
		if !ok {
			return unknown
		}
		return known(slices.ContainsFunc(values, func(v item) bool { return oneOfTypes(v, types) }))
	}
	want, ok := slice.ruleAt(d, x.path)
	switch {
	case x.kind == "exists":
		return known(!ok || (want.max != 0 || len(values) == 0) && (want.min == 0 || len(values) > 0))
	case !ok:
		return unknown
	case x.kind == "profile":
		profiles := want.profilesFor(strings.Contains(x.path, "resolve()"))
		return known(slices.ContainsFunc(values, func(v item) bool { return d.conformsAny(v, profiles) }))
	}
	return known(slices.ContainsFunc(values, func(v item) bool { return d.decides(v, want) }))
}

// decides reports whether a value has what a slice's rule asks of the discriminating element.
func (d *deep) decides(v item, want *rule) bool {
	return d.quietly(func(q *deep) { q.satisfies(v, want) })
}

// at gives what a discriminator's path finds in an item.
func (d *deep) at(it item, path string) ([]item, bool) {
	if path == "$this" || path == "" {
		return []item{it}, true
	}
	e, err := d.library.expression(strings.TrimPrefix(path, "$this."))
	if err != nil {
		return nil, false
	}
	v, ok := it.value()
	if !ok {
		return nil, false
	}
	out, err := d.eval(e, v, it.frame)
	if err != nil {
		return nil, false
	}
	var items []item
	for _, v := range out {
		if v.Definition() != nil {
			x := itemOf(v, it.frame)
			x.at = it.at
			items = append(items, x)
		} else if b, ok := v.Bool(); ok {
			items = append(items, item{node: fhir.NewBool(b), typ: definition.R4().Type("boolean"), frame: it.frame, at: it.at})
		}
	}
	return items, true
}

func oneOfTypes(v item, types []string) bool {
	for _, t := range types {
		if v.typ.Is(t) {
			return true
		}
	}
	return false
}

// steps cuts a discriminator's path into element names and the functions that it may have:
// resolve(), ofType(x), extension(url).
func pathSteps(path string) []string {
	var out []string
	depth, start := 0, 0
	for i := 0; i <= len(path); i++ {
		switch {
		case i == len(path) || path[i] == '.' && depth == 0:
			if part := path[start:i]; part != "" && part != "$this" {
				out = append(out, part)
			}
			start = i + 1
		case path[i] == '(':
			depth++
		case path[i] == ')':
			depth--
		}
	}
	return out
}

func argument(step, function string) (string, bool) {
	s, ok := strings.CutPrefix(step, function+"(")
	if !ok {
		return "", false
	}
	return strings.Trim(strings.TrimSuffix(s, ")"), `'"`), true
}

// ruleAt finds what a slice says of the element at a discriminator's path. Where the slice
// itself says nothing, the profiles of its type are asked.
func (r *rule) ruleAt(d *deep, path string) (*rule, bool) {
	return r.follow(d, pathSteps(path), 0)
}

func (r *rule) follow(d *deep, steps []string, depth int) (*rule, bool) {
	if len(steps) == 0 {
		return r, r.says()
	}
	if depth > maxProfileDepth {
		return nil, false
	}
	step := steps[0]
	if url, ok := argument(step, "extension"); ok {
		return r.followExtension(d, url, steps[1:], depth)
	}
	if step == "resolve()" {
		if len(steps) == 1 {
			return r, true
		}
		return r.followProfiles(d, r.profilesFor(true), steps[1:], depth)
	}
	if name, ok := argument(step, "ofType"); ok {
		for _, s := range r.slices {
			if len(s.types) == 1 && s.types[0].typ.Name == name {
				return s.follow(d, steps[1:], depth+1)
			}
		}
		return r.follow(d, steps[1:], depth+1)
	}
	if url, ok := argument(step, "conformsTo"); ok {
		for _, p := range r.profilesFor(false) {
			if p == url {
				return &rule{name: step, fixed: fhir.NewBool(true), max: definition.Unbounded}, true
			}
		}
		if r.fixed != nil {
			return r, true
		}
	}
	for _, c := range r.children {
		if c.name == step {
			if found, ok := c.follow(d, steps[1:], depth+1); ok {
				return found, true
			}
		}
	}
	if step == "url" && r.typ != nil && r.typ.Name == "Extension" && len(r.types) > 0 && len(r.types[0].profiles) > 0 {
		return fixedURL(r.types[0].profiles), true
	}
	return r.followProfiles(d, r.profilesFor(false), steps, depth)
}

// fixedURL is what the url of an extension is whose definition is one of these.
func fixedURL(profiles []string) *rule {
	url, _, _ := strings.Cut(profiles[0], "|")
	return &rule{name: "url", fixed: fhir.NewString(url), max: definition.Unbounded}
}

func (r *rule) followProfiles(d *deep, profiles []string, steps []string, depth int) (*rule, bool) {
	for _, url := range profiles {
		if p := d.library.profile(url); p != nil {
			if found, ok := p.root.follow(d, steps, depth+1); ok {
				return found, true
			}
		}
	}
	return nil, false
}

func (r *rule) followExtension(d *deep, url string, steps []string, depth int) (*rule, bool) {
	for _, c := range r.children {
		if c.name != "extension" {
			continue
		}
		for _, s := range c.slices {
			if len(s.types) > 0 && slices.Contains(s.types[0].profiles, url) {
				return s.follow(d, steps, depth+1)
			}
		}
	}
	return nil, false
}

// says reports whether the rule can tell a value from others, or says how often it stands.
func (r *rule) says() bool {
	return r.fixed != nil || r.pattern != nil || r.binding != nil || len(r.children) > 0 || r.types != nil ||
		r.min > 0 || r.max != definition.Unbounded || len(r.slices) > 0 || len(r.constraints) > 0
}

// profilesFor lists the profiles of the rule's types, or those of the targets of references.
func (r *rule) profilesFor(targets bool) []string {
	var out []string
	for _, t := range r.types {
		if targets {
			out = append(out, t.targets...)
		} else {
			out = append(out, t.profiles...)
		}
	}
	return out
}

// typesAt gives the types that a slice allows at a path.
func (r *rule) typesAt(d *deep, path string) ([]string, bool) {
	steps := pathSteps(path)
	resolved := len(steps) > 0 && steps[len(steps)-1] == "resolve()"
	if resolved {
		steps = steps[:len(steps)-1]
	}
	at, ok := r.follow(d, steps, 0)
	if !ok {
		return nil, false
	}
	var out []string
	for _, t := range at.types {
		if !resolved {
			out = append(out, t.typ.Name)
			continue
		}
		for _, url := range t.targets {
			if name := d.typeName(url); name != "" {
				out = append(out, name)
			}
		}
	}
	return out, len(out) > 0
}

// typeName is the type that a profile or R4 type constrains.
func (d *deep) typeName(url string) string {
	if t := typeOf(url); t != nil {
		return t.Name
	}
	if p := d.library.profile(url); p != nil {
		return p.typ.Name
	}
	return ""
}

// conformsAny reports whether a value satisfies one of the profiles; a profile that is not
// known is satisfied by nothing.
func (d *deep) conformsAny(v item, profiles []string) bool {
	for _, url := range profiles {
		if t := typeOf(url); t != nil {
			if v.typ.Is(t.Name) {
				return true
			}
			continue
		}
		if p := d.library.profile(url); p != nil && d.conforms(v, p) {
			return true
		}
	}
	return false
}
