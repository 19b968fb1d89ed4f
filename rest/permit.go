package rest

import (
	"slices"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/smart"
)

// permits asks once per type whether a caller may read it.
type permits struct {
	server *server
	call   *call
	asked  map[string]error
}

func (p *permits) read(typ string) error {
	err, known := p.asked[typ]
	if !known {
		if p.asked == nil {
			p.asked = map[string]error{}
		}
		_, err = p.server.Actor(p.call.http, smart.Read, typ)
		p.asked[typ] = err
	}
	return err
}

// narrow keeps a query to what its caller may read: finding by what a resource holds, and
// bringing it along, is reading it. What the query names is refused; of a chain or an include
// to any of several types those that may be read remain. A plan tells sizes of the whole store.
func (s *server) narrow(c *call, q *search.Query) error {
	return (&permits{server: s, call: c}).narrow(q)
}

func (p *permits) narrow(q *search.Query) error {
	if q.Explain {
		actor, err := p.server.Actor(p.call.http, smart.Read, "")
		if err == nil && actor.Patients != nil {
			err = fault.New(fault.Forbidden, "outside_compartment", "who is confined to patients sees no plans: they tell of all patients")
		}
		if err != nil {
			return err
		}
	}
	if q.Type != "" {
		if err := p.read(q.Type); err != nil {
			return err
		}
	}
	for _, t := range q.Types {
		if err := p.read(t); err != nil {
			return err
		}
	}
	for i := range q.Filters {
		if err := p.filter(&q.Filters[i]); err != nil {
			return err
		}
	}
	return p.includes(q)
}

// filter goes down chains and _has.
func (p *permits) filter(f *search.Filter) error {
	if f.Has != nil {
		if err := p.read(f.Has.Type); err != nil {
			return err
		}
		return p.filter(&f.Has.Filter)
	}
	var refused error
	links := slices.DeleteFunc(f.Chain, func(l search.Link) bool {
		err := p.read(l.Type)
		if err == nil {
			err = p.filter(&l.Filter)
		}
		if err != nil && refused == nil {
			refused = err
		}
		return err != nil
	})
	if f.Chain != nil && len(links) == 0 {
		return refused
	}
	f.Chain = links
	return nil
}

// includes refuses the types that are named, and hides the others that may not be read.
func (p *permits) includes(q *search.Query) error {
	hide := map[string]bool{}
	for _, inc := range q.Include {
		for _, named := range []string{inc.Target, inc.Source} {
			if named != "" && named != q.Type {
				if err := p.read(named); err != nil {
					return err
				}
			}
		}
		if err := p.targets(inc, hide); err != nil {
			return err
		}
	}
	for _, inc := range q.RevInclude {
		if inc.Source != "" {
			if err := p.read(inc.Source); err != nil {
				return err
			}
			continue
		}
		for _, t := range search.R4().Types() {
			hide[t] = p.read(t) != nil
		}
	}
	for t, hidden := range hide {
		if hidden {
			q.Hidden = append(q.Hidden, t)
		}
	}
	slices.Sort(q.Hidden)
	return nil
}

// targets hides what an include may not bring; one that may bring nothing is refused.
func (p *permits) targets(inc search.Include, hide map[string]bool) error {
	if inc.Target != "" {
		return nil
	}
	types := search.R4().Types()
	if inc.Param != nil && len(inc.Param.Targets) > 0 {
		types = inc.Param.Targets
	}
	var refused error
	allowed := 0
	for _, t := range types {
		err := p.read(t)
		if hide[t] = err != nil; err == nil {
			allowed++
		} else if refused == nil {
			refused = err
		}
	}
	if allowed == 0 {
		return refused
	}
	return nil
}
