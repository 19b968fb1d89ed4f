package rest

import (
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/validate"
	"chartlake/search"
	"chartlake/store"
)

// terms are the value sets and code systems that a request may use: those of the server's
// library, and of the store those that its caller may read, whichever are asked for.
type terms struct {
	k       *knowledge
	library *validate.Library
	seen    map[validate.Canonical]bool
}

var _ search.Terminology = (*terms)(nil)

func (s *server) terms(c *call, v store.View) *terms {
	return &terms{k: &knowledge{server: s, call: c, view: v}, library: s.library(), seen: map[validate.Canonical]bool{}}
}

// need brings in a value set or code system, and what it stands on, as far as they are here.
// What the library has already is not replaced.
func (t *terms) need(wanted ...validate.Canonical) {
	var found []*fhir.Node
	for len(wanted) > 0 && len(t.seen) < maxStored {
		next := wanted[0]
		wanted = wanted[1:]
		if next.URL == "" || t.seen[next] {
			continue
		}
		t.seen[next] = true
		n := t.library.Resource(next)
		if n == nil {
			if n = t.k.canonical(next.Kind, next.URL); n == nil {
				continue
			}
			found = append(found, n)
		}
		wanted = append(wanted, validate.Needs(n)...)
	}
	if len(found) > 0 {
		t.library = t.library.With(found...)
	}
}

// set gives a value set by its canonical URL or as ValueSet/id, with what it stands on.
func (t *terms) set(url string) (*fhir.Node, error) {
	local := strings.TrimPrefix(url, t.k.server.Base+"/")
	if id, ok := strings.CutPrefix(local, "ValueSet/"); ok && validID(id) {
		if !t.k.mayRead("ValueSet") {
			return nil, fault.New(fault.Forbidden, "forbidden", "value sets of the store are not for this caller")
		}
		v, err := t.k.view.Read(store.Key{Type: "ValueSet", ID: id})
		if err != nil {
			return nil, err
		}
		t.need(validate.Needs(v.Resource)...)
		return v.Resource, nil
	}
	name := validate.Canonical{Kind: "ValueSet", URL: url}
	t.need(name)
	if n := t.library.Resource(name); n != nil {
		return n, nil
	}
	_, err := t.library.Expand(url) // says that it is not here
	return nil, err
}

// Members lists a value set.
func (t *terms) Members(url string) ([]search.IndexToken, error) {
	n, err := t.set(url)
	if err != nil {
		if f := fault.As(err); f != nil && (f.Kind == fault.NotFound || f.Kind == fault.Gone) {
			// Not the resource that is searched for is missing.
			return nil, fault.New(fault.Invalid, "value_set_unknown", "the value set is not here: load it, or the package that has it")
		}
		return nil, err
	}
	return indexTokens(t.library.ExpandSet(n))
}

// Below lists a code and those under it.
func (t *terms) Below(c search.IndexToken) ([]search.IndexToken, error) {
	t.need(validate.Canonical{Kind: "CodeSystem", URL: c.System})
	return indexTokens(t.library.Below(c.System, c.Code))
}

// Above lists a code and those that it is under.
func (t *terms) Above(c search.IndexToken) ([]search.IndexToken, error) {
	t.need(validate.Canonical{Kind: "CodeSystem", URL: c.System})
	return indexTokens(t.library.Above(c.System, c.Code))
}

func indexTokens(codes []validate.Code, err error) ([]search.IndexToken, error) {
	list := make([]search.IndexToken, len(codes))
	for i, c := range codes {
		list[i] = search.IndexToken{System: c.System, Code: c.Code}
	}
	return list, err
}
