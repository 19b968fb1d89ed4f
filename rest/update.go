package rest

import (
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// update is PUT Type/id or PUT Type?criteria. An id that does not exist yet is created.
// With If-None-Match: * only a resource that does not exist is written.
func (s *server) update(c *call) (*reply, error) {
	typ := c.parts[0]
	actor, err := s.Actor(c.http, smart.Write, typ)
	if err != nil {
		return nil, err
	}
	resource, err := s.received(c, typ)
	if err != nil {
		return nil, err
	}
	cmd := store.Update{Resource: resource}
	if cmd.IfMatch, err = c.ifMatch(); err != nil {
		return nil, err
	}
	switch {
	case len(c.parts) == 1:
		if cmd.Where, err = s.criteria(c, typ); err != nil {
			return nil, err
		}
	case typ == "Binary" && resource.Get("id") == nil:
		resource.Set("id", fhir.NewString(c.parts[1]))
	case resource.ID() != c.parts[1]:
		return nil, fault.New(fault.Invalid, "id_mismatch", "the id of the resource is missing or not that of the address").At(typ + ".id")
	}
	if strings.TrimSpace(c.when.noneMatch) == "*" {
		cmd.Modify = func(current *fhir.Node) (*fhir.Node, error) {
			if current != nil {
				return nil, fault.New(fault.Precondition, "version_conflict", "the resource exists already")
			}
			return resource, nil
		}
	}
	result, err := s.write(c, actor, cmd)
	if err != nil {
		return nil, err
	}
	return written(result), nil
}

// criteria reads the query of a conditional update or delete.
func (s *server) criteria(c *call, typ string) (*search.Query, error) {
	opts := s.options(c)
	opts.Lenient = false
	var pairs []search.Pair
	for _, p := range c.query {
		if p.Name != "_format" && p.Name != "_pretty" {
			pairs = append(pairs, p)
		}
	}
	q, err := search.Parse(typ, pairs, opts)
	if err != nil {
		return nil, err
	}
	if len(q.Filters) == 0 {
		return nil, fault.New(fault.Invalid, "no_criteria", "a conditional interaction needs at least one search parameter")
	}
	return q, nil
}

// delete is DELETE Type/id or DELETE Type?criteria, which must match at most one resource.
// Deleting what is not there succeeds.
func (s *server) delete(c *call) (*reply, error) {
	typ := c.parts[0]
	actor, err := s.Actor(c.http, smart.Write, typ)
	if err != nil {
		return nil, err
	}
	cmd := store.Delete{Key: store.Key{Type: typ}}
	if cmd.IfMatch, err = c.ifMatch(); err != nil {
		return nil, err
	}
	if len(c.parts) == 1 {
		if cmd.Where, err = s.criteria(c, typ); err != nil {
			return nil, err
		}
	} else {
		cmd.Key = c.key()
	}
	result, err := s.write(c, actor, cmd)
	if err != nil {
		return nil, err
	}
	return &reply{status: 204, version: result.Version}, nil
}
