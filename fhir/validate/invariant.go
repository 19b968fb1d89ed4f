package validate

import (
	"strings"

	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/fhirpath"
)

// covered are invariants that the structural pass or another check has decided already:
// elements have a value or children (ele-1), extensions a value or extensions (ext-1),
// narratives are passive XHTML (txt-1, txt-2); contained resources are referred to (dom-3),
// which an expression would look for in all of the resource for each of them.
var covered = map[string]bool{"ele-1": true, "ext-1": true, "txt-1": true, "txt-2": true, "dom-3": true}

// invariants evaluates the rules that R4 has for an element and for its type.
func (d *deep) invariants(it item) {
	var list []*definition.Invariant
	if it.element != nil {
		list = it.element.Invariants
	}
	d.hold(it, list)
	if it.typ != nil && it.typ.Root != nil {
		d.hold(it, it.typ.Root.Invariants)
	}
}

func (d *deep) hold(it item, list []*definition.Invariant) {
	for _, c := range list {
		if !covered[c.Key] && c.Expression != "" {
			d.holds(it, c, Core())
		}
	}
}

// corrected are expressions of R4 that contradict their own words, which say "more than one".
var corrected = map[string]struct{ wrong, right string }{
	"que-12": {"enableWhen.count() > 2 implies enableBehavior.exists()", "enableWhen.count() > 1 implies enableBehavior.exists()"},
}

// holds evaluates one rule. It is broken where the result is false; without a result nothing
// is known to be wrong (a period of 2012-01 to 2012-01-15 has no order).
func (d *deep) holds(it item, c *definition.Invariant, l *Library) {
	if !d.spend() {
		return
	}
	source := c.Expression
	if s, ok := corrected[c.Key]; ok && s.wrong == source {
		source = s.right
	}
	e, err := l.expression(source)
	if err != nil {
		d.report("information", "not-supported", it.at, "the rule "+c.Key+" is written in a way that is not understood")
		return
	}
	v, ok := it.value()
	if !ok {
		return
	}
	out, err := d.eval(e, v, it.frame)
	if err != nil {
		d.report("warning", "not-supported", it.at, "the rule "+c.Key+" cannot be evaluated here")
		return
	}
	if len(out) == 0 {
		return
	}
	if b, ok := out[0].Bool(); len(out) == 1 && (!ok || b) {
		return
	}
	severity := "error"
	if c.Severity == "warning" {
		severity = "warning"
	}
	d.report(severity, "invariant", it.at, c.Key+": "+c.Human)
}

// eval evaluates an expression on an element with everything that it may refer to.
func (d *deep) eval(e *fhirpath.Expr, v fhirpath.Value, f *frame) ([]fhirpath.Value, error) {
	resource, _ := fhirpath.ResourceValue(f.resource)
	return e.EvalOn(v, resource, fhirpath.WithRoot(f.container()), fhirpath.WithBudget(d.budget),
		fhirpath.WithResolve(func(ref string) *fhir.Node {
			n, _ := d.resolve(ref, f)
			return n
		}),
		fhirpath.WithMemberOf(func(v fhirpath.Value, set string) (is, known bool) {
			switch d.valueIn(v, set) {
			case yes:
				return true, true
			case no:
				return false, true
			}
			return false, false
		}),
		fhirpath.WithConforms(func(v fhirpath.Value, url string) (is, ok bool) {
			p := d.library.profile(url)
			if p == nil {
				return false, false
			}
			return d.conforms(itemOf(v, f), p), true
		}))
}

// itemOf makes an item of what an expression found.
func itemOf(v fhirpath.Value, f *frame) item {
	it := item{node: v.Node(), extras: v.Extras(), typ: v.Definition(), element: v.Shape(), frame: f}
	if it.typ != nil && it.typ.Kind == definition.Resource {
		it.element = nil
		if it.node != f.resource {
			it.frame = &frame{up: f, resource: it.node, bundle: f.bundle}
			for _, c := range f.container().Get("contained").Items() {
				it.frame.contained = it.frame.contained || c == it.node
			}
		}
		it.at = path(it.typ.Name)
		return it
	}
	if it.element != nil && it.typ != nil && it.element == it.typ.Root {
		// an element of a data type: its shape is the type's own, whatever it was called
		it.element = &definition.Element{Name: it.typ.Name, Types: []definition.TypeRef{{Type: it.typ}}, Max: 1}
	}
	return it
}

// valueIn says whether a coded value is in a value set.
func (d *deep) valueIn(v fhirpath.Value, set string) verdict {
	n := v.Node()
	switch {
	case v.Is("CodeableConcept"):
		return d.codings(n.Get("coding").Items(), set)
	case v.Is("Coding"):
		return d.library.member(set, n.Str("system"), n.Str("code"))
	case v.Is("Quantity"):
		return d.library.member(set, n.Str("system"), n.Str("code"))
	}
	return d.library.member(set, "", v.Text())
}

// codings says whether one of several codings is in a value set.
func (d *deep) codings(list []*fhir.Node, set string) verdict {
	result := no
	for _, c := range list {
		switch d.library.member(set, c.Str("system"), c.Str("code")) {
		case yes:
			return yes
		case unknown:
			result = unknown
		}
	}
	return result
}

// orphans finds contained resources that nothing in the resource refers to and that refer to
// nothing in it (dom-3).
func (d *deep) orphans(it item) {
	contained := it.node.Get("contained").Items()
	if len(contained) == 0 {
		return
	}
	named := map[string]bool{}
	refersUp := map[*fhir.Node]bool{}
	collect := func(n, from *fhir.Node) {
		n.Walk(func(x *fhir.Node) bool {
			if x.Kind() == fhir.String && strings.HasPrefix(x.Text(), "#") {
				id, _, _ := strings.Cut(x.Text()[1:], "|")
				if named[id] = true; id == "" || from != nil && id == it.node.ID() {
					refersUp[from] = true
				}
			}
			return true
		})
	}
	for _, m := range it.node.Members() {
		if m.Name != "contained" && m.Name != "text" {
			collect(m.Value, nil)
		}
	}
	for _, c := range contained {
		collect(c, c)
	}
	for i, c := range contained {
		if id := c.ID(); id != "" && !named[id] && !refersUp[c] {
			d.error("invalid", it.at.child("contained").item(i), "dom-3: a contained resource is referred to from elsewhere in the resource or refers to it")
		}
	}
}
