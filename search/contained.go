package search

import (
	"slices"

	"chartlake/fault"
	"chartlake/fhir"
)

// Values of contained resources. A chain is evaluated inside contained resources, too (R4
// §3.1.1.5.6): what a resource contains and refers to is indexed with it, under parameters that
// are named by the way to it (medication.Medication.code). They belong to chains alone.

// Within gives the parameter under which the values of contained resources stand, to which the
// reference parameter p leads, by their own parameter q; nil where such are not indexed: of
// custom parameters, and of those that every resource has.
func (c *Catalogue) Within(p, q *Param) *Param {
	if p.Index != "" || q.Index != "" || q.Code[0] == '_' {
		return nil
	}
	return c.within(p, q.Type, q)
}

// Holding gives the parameter under which a resource has one value for each contained resource
// of a type to which the reference parameter p leads; nil where such are not indexed.
func (c *Catalogue) Holding(p *Param, resourceType string) *Param {
	if p.Index != "" {
		return nil
	}
	return c.within(p, resourceType, nil)
}

// within makes a parameter once: values are told apart by its address. q is nil for Holding.
func (c *Catalogue) within(p *Param, resourceType string, q *Param) *Param {
	if c.own != nil {
		return c.own.within(p, resourceType, q)
	}
	name := p.Code + "." + resourceType
	if q != nil {
		name += "." + q.Code
	}
	key := p.Type + "." + name
	if have, ok := c.inside.Load(key); ok {
		return have.(*Param)
	}
	one := &Param{Type: p.Type, Code: name, Kind: KindWords, Index: name, State: Ready}
	if q != nil {
		one.Kind, one.URL, one.Targets, one.Components, one.Private = q.Kind, q.URL, q.Targets, q.Components, q.Private
	}
	have, _ := c.inside.LoadOrStore(key, one)
	return have.(*Param)
}

// maxWithin is how often references of one resource may lead into its contained ones: each time
// the expressions of a type are evaluated, some 40 µs.
const maxWithin = 10_000

// inner is a reference to a contained resource.
type inner struct {
	by *Param
	id string
}

// contained adds the values of the contained resources that references lead to.
func (c *Catalogue) contained(x *extraction, resource *fhir.Node, wanted func(*Param) bool) error {
	if len(x.inner) == 0 {
		return nil
	}
	here := map[string]*fhir.Node{}
	for _, n := range resource.Get("contained").Items() {
		here[n.ID()] = n
	}
	done := map[inner]bool{}
	for _, ref := range x.inner {
		n := here[ref.id]
		if n == nil || done[ref] || !slices.Contains(ref.by.Targets, n.Type()) {
			continue
		}
		if done[ref] = true; len(done) > maxWithin {
			return fault.New(fault.TooLarge, "too_many_index_values", "the resource refers to contained ones more than %d times", maxWithin)
		}
		if p := c.Holding(ref.by, n.Type()); p != nil && wanted(p) {
			x.values = append(x.values, IndexValue{Param: p, Text: n.Type()})
		}
		values, err := c.extractPlain(n, x.base)
		if err != nil {
			return err
		}
		for i := range values {
			if p := c.Within(ref.by, values[i].Param); p != nil && wanted(p) {
				v := values[i]
				v.Param = p
				x.values = append(x.values, v)
			}
		}
		if len(x.values) > MaxIndexValues {
			return tooManyValues()
		}
	}
	return nil
}

// extractPlain gives the values of a contained resource under R4's own parameters.
func (c *Catalogue) extractPlain(n *fhir.Node, base string) ([]IndexValue, error) {
	ex, x, err := r4().begin(n, base, 8)
	if f := fault.As(err); f != nil && f.Code == "unknown_type" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for i := range ex.steps {
		if ex.steps[i].param.Code[0] == '_' {
			continue
		}
		if err := x.step(&ex.steps[i]); err != nil {
			return nil, err
		}
	}
	return x.values, nil
}
