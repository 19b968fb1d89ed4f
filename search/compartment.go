package search

import (
	"regexp"
	"slices"
	"strings"

	"chartlake/fhir"
)

// Patients gives the ids of the patients in whose compartments a resource is, each once: its
// own id where it is a Patient, and what the parameters of the compartment refer to
// (http://hl7.org/fhir/R4/compartmentdefinition-patient.html). References to other servers'
// patients are none. base is this server's own base URL.
//
// The expressions of these parameters are paths, nearly all; walking them costs a tenth of
// evaluating them, and a search asks for every resource that it gives.
func (c *Catalogue) Patients(resource *fhir.Node, base string) (ids []string, err error) {
	if resource.Type() == "Patient" {
		ids = append(ids, resource.ID())
	}
	add := func(v *IndexValue) {
		if id := v.Patient(); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	base = strings.TrimSuffix(base, "/")
	for _, code := range c.PatientParams(resource.Type()) {
		p := c.Param(resource.Type(), code)
		if p == nil || p.Kind != KindReference {
			continue
		}
		if paths, ok := c.paths(p); ok {
			for _, path := range paths {
				follow(resource, path, func(n *fhir.Node) {
					if text := n.Str("reference"); text != "" {
						add(&IndexValue{Param: p, Ref: ParseReference(text, base)})
					}
				})
			}
			continue
		}
		values, err := c.evaluate(p, resource, base)
		if err != nil {
			return nil, err
		}
		for i := range values {
			add(&values[i])
		}
	}
	return ids, nil
}

// evaluate gives the values of one reference parameter.
func (c *Catalogue) evaluate(p *Param, resource *fhir.Node, base string) ([]IndexValue, error) {
	ex, x, err := c.begin(resource, base, 0)
	if err != nil {
		return nil, err
	}
	for i := range ex.steps {
		if ex.steps[i].param != p {
			continue
		}
		found, err := ex.steps[i].expr.EvalOn(x.root, x.root)
		if err != nil {
			return nil, err
		}
		for _, v := range found {
			x.reference(p, v)
		}
	}
	return x.values, nil
}

var plainPath = regexp.MustCompile(`^[A-Z][A-Za-z]*((?:\.[a-z][A-Za-z]*)+)(?:\.where\(resolve\(\) is [A-Z][A-Za-z]*\))?$`)

// paths gives the elements that a parameter's expression names, where it is nothing but paths.
// That a where asks for the type of what is referred to changes nothing for who looks for
// patients.
func (c *Catalogue) paths(p *Param) (paths [][]string, ok bool) {
	t := c.of(p.Type)
	c.mu.RLock()
	paths, known := t.paths[p]
	c.mu.RUnlock()
	if known {
		return paths, paths != nil
	}
	for branch := range strings.SplitSeq(p.Expression, "|") {
		m := plainPath.FindStringSubmatch(strings.TrimSpace(branch))
		if m == nil || !strings.HasPrefix(strings.TrimSpace(branch), p.Type+".") {
			paths = nil
			break
		}
		paths = append(paths, strings.Split(m[1][1:], "."))
	}
	c.mu.Lock()
	if t.paths == nil {
		t.paths = map[*Param][][]string{}
	}
	t.paths[p] = paths
	c.mu.Unlock()
	return paths, paths != nil
}

// follow calls f for each node at the end of a path, whatever repeats along it.
func follow(n *fhir.Node, path []string, f func(*fhir.Node)) {
	switch {
	case n == nil:
	case n.Kind() == fhir.Array:
		for _, it := range n.Items() {
			follow(it, path, f)
		}
	case len(path) == 0:
		f(n)
	default:
		follow(n.Get(path[0]), path[1:], f)
	}
}

// Patient is the id of the patient of this server that a reference value names; "" for every
// other value.
func (v *IndexValue) Patient() string {
	if v.Param.Kind != KindReference || v.Ref.Type != "Patient" || v.Ref.URL != "" {
		return ""
	}
	return v.Ref.ID
}
