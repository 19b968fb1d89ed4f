package rest

import (
	"slices"
	"strings"

	"chartlake/fault"
	"chartlake/fhir/definition"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// self is what a compartment definition calls the resource itself.
const self = "{def}"

// compartment is GET Patient/1/Observation?… and POST Patient/1/Observation/_search: the
// resources of a type, or with * of all types, that one of the compartment's parameters ties to its owner
// (http://hl7.org/fhir/R4/compartmentdefinition.html). The owner need not exist.
func (s *server) compartment(c *call) (*reply, error) {
	owner, typ := c.key(), c.parts[2]
	none := fault.New(fault.NotFound, "unknown_address", "there is no such compartment, or nothing of this type in it")
	if !validID(owner.ID) {
		return nil, none
	}
	types, name := []string{typ}, typ
	if typ == "*" && definition.R4().Compartment(owner.Type) != nil {
		types, typ = s.everythingTypes(c, owner.Type, nil), ""
		if !slices.ContainsFunc(c.query, func(p search.Pair) bool { return p.Name == "_type" }) {
			c.query = append(c.query, search.Pair{Name: "_type", Value: strings.Join(types, ",")})
		}
	}
	inside, err := s.inside(owner, types)
	if err != nil {
		return nil, err
	}
	if len(inside.Any) == 0 {
		return nil, none
	}
	if _, err := s.Actor(c.http, smart.Read, owner.Type); err != nil {
		return nil, err
	}
	return s.find(c, typ, owner.String()+"/"+name, inside)
}

// inside is the condition of being in the compartment of a resource, for these types; those
// that are never in one are left out.
func (s *server) inside(owner store.Key, types []string) (*search.Filter, error) {
	f := &search.Filter{Code: "compartment"}
	defined := definition.R4().Compartment(owner.Type)
	if defined == nil {
		return f, nil
	}
	for _, typ := range types {
		codes := defined.Params[typ]
		if typ == owner.Type && !slices.Contains(codes, self) {
			codes = append([]string{self}, codes...) // R4's definition for patients does not say so
		}
		for _, code := range codes {
			pair := search.Pair{Name: code, Value: owner.String()}
			switch {
			case code == self:
				pair = search.Pair{Name: "_id", Value: owner.ID}
			case search.R4().Param(typ, code) == nil:
				continue // a parameter that the definitions have no expression for
			}
			q, err := search.Parse(typ, []search.Pair{pair}, search.Options{Base: s.Base, Now: s.Now()})
			if err != nil {
				return nil, err
			}
			f.Any = append(f.Any, search.Link{Type: typ, Filter: q.Filters[0]})
		}
	}
	return f, nil
}

// validID reports whether a text has the form of an id
// (http://hl7.org/fhir/R4/datatypes.html#id).
func validID(s string) bool {
	for _, c := range []byte(s) {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return len(s) > 0 && len(s) <= 64
}
