package rest

import (
	"net/http"
	"slices"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// maxSupport bounds how many resources one page of $everything brings along from outside of
// the compartment.
const maxSupport = 1_000

// everything is Patient/id/$everything and Encounter/id/$everything: all resources of the
// compartment, paged, each page with what its resources refer to outside of it (organisations,
// practitioners, locations, medications), directly or through another such resource. What can
// belong to a patient is never followed: it may be another patient's. Types that the caller
// may not read are left out.
// Source: http://hl7.org/fhir/R4/operation-patient-everything.html.
func (s *server) everything(c *call) (*reply, error) {
	owner := c.key()
	actor, err := s.Actor(c.http, smart.Read, owner.Type)
	if err != nil {
		return nil, err
	}
	ask, err := s.everythingQuery(c, owner)
	if err != nil {
		return nil, err
	}
	var page *store.SearchPage
	err = s.Store.View(c.ctx, actor, func(v store.View) error {
		if _, err := v.Read(owner); err != nil {
			return err
		}
		if page, err = v.Search(ask.query); err != nil {
			return err
		}
		page.Included, err = s.support(c, v, page.Matches, ask.wanted)
		return err
	})
	if err != nil {
		return nil, err
	}
	page.Matches = slices.DeleteFunc(page.Matches, func(v store.Version) bool { return !ask.wanted(v.Key.Type) })
	q, address, next := *ask.query, strings.Join(c.parts, "/"), ""
	q.Used = ask.used
	if page.Next != "" {
		next = s.searchURL(address, q.Used, page.Next)
	}
	return &reply{status: http.StatusOK, content: content{s.searchset(address, &q, page, next)}}, nil
}

// everythingAsked is what a client wants of $everything.
type everythingAsked struct {
	query  *search.Query
	used   []search.Pair         // for the links
	wanted func(typ string) bool // by _type
}

func (s *server) everythingQuery(c *call, owner store.Key) (*everythingAsked, error) {
	given, err := c.inputs()
	if err != nil {
		return nil, err
	}
	ask := &everythingAsked{}
	var pairs []search.Pair
	asked := map[string]bool{}
	for _, p := range given {
		switch p.Name {
		case "_format", "_pretty":
			continue
		case "_type":
			for _, typ := range strings.Split(p.Value, ",") {
				if !search.R4().Knows(typ) {
					return nil, fault.New(fault.Invalid, "bad_value", "_type names no type of R4")
				}
				asked[typ] = true
			}
		case "_since":
			if _, ok := moment(p.Value); !ok {
				return nil, fault.New(fault.Invalid, "bad_value", "_since is no date or instant")
			}
			pairs = append(pairs, search.Pair{Name: "_lastUpdated", Value: "ge" + p.Value})
		case "_count", "_cursor":
			pairs = append(pairs, p)
		default:
			if c.prefer.lenient {
				continue
			}
			return nil, fault.New(fault.Invalid, "parameter_unsupported", "$everything takes _since, _type and _count")
		}
		ask.used = append(ask.used, p)
	}
	ask.wanted = func(typ string) bool { return len(asked) == 0 || asked[typ] }
	types := s.everythingTypes(c, owner.Type, asked)
	pairs = append(pairs, search.Pair{Name: "_type", Value: strings.Join(types, ",")})
	if ask.query, err = search.Parse("", pairs, search.Options{Base: s.Base, Now: s.Now()}); err != nil {
		return nil, err
	}
	inside, err := s.inside(owner, types)
	if err != nil {
		return nil, err
	}
	ask.query.Filters = append(ask.query.Filters, *inside)
	return ask, nil
}

// everythingTypes are the types of the compartment that are to be looked through: those asked
// for, or all where something outside of the compartment is asked for as well, and only what
// the caller may read.
func (s *server) everythingTypes(c *call, owner string, asked map[string]bool) []string {
	params := definition.R4().Compartment(owner).Params
	all := len(asked) == 0
	for typ := range asked {
		all = all || params[typ] == nil
	}
	types := []string{}
	for typ := range params {
		if !all && !asked[typ] {
			continue
		}
		if _, err := s.Actor(c.http, smart.Read, typ); err == nil {
			types = append(types, typ)
		}
	}
	if len(types) == 0 {
		return []string{owner} // nothing that may be read is asked for: the query must still be one
	}
	slices.Sort(types)
	return types
}

// support reads what resources refer to outside of every compartment of a patient.
func (s *server) support(c *call, v store.View, from []store.Version, wanted func(string) bool) ([]store.Version, error) {
	k := &knowledge{server: s, call: c}
	seen := map[store.Key]bool{}
	var out []store.Version
	for i := 0; i < len(from) && len(seen) < maxSupport; i++ {
		for _, key := range s.references(from[i].Resource) {
			if seen[key] || len(seen) >= maxSupport || len(search.R4().PatientParams(key.Type)) > 0 || !k.mayRead(key.Type) {
				continue
			}
			seen[key] = true
			found, err := v.Read(key)
			switch {
			case fault.Is(err, fault.NotFound), fault.Is(err, fault.Gone):
				continue
			case err != nil:
				return nil, err
			}
			from = append(from[:len(from):len(from)], *found)
			if wanted(key.Type) {
				out = append(out, *found)
			}
		}
	}
	return out, nil
}

// references lists the resources of this server that a resource refers to.
func (s *server) references(n *fhir.Node) (keys []store.Key) {
	n.Walk(func(n *fhir.Node) bool {
		local := strings.TrimPrefix(n.Str("reference"), s.Base+"/")
		typ, id, ok := strings.Cut(local, "/")
		if id, _, _ = strings.Cut(id, "/_history/"); ok && search.R4().Knows(typ) && validID(id) {
			keys = append(keys, store.Key{Type: typ, ID: id})
		}
		return true
	})
	return keys
}
