package validate

import (
	"iter"
	"sync"

	"chartlake/fault"
	"chartlake/fhir"
)

// Concept is a code of a Listing.
type Concept struct {
	Code, Display string
	Parents       []string
	Synonyms      []string
	Inactive      bool
}

// Listing is where the concepts of a code system are kept that has too many for a resource. All goes
// over them in their order; it is asked once, when a question needs the whole system. Find
// gives one. Both must give the same each time.
type Listing struct {
	All  func() iter.Seq2[Concept, error]
	Find func(code string) (c Concept, ok bool, err error)
}

// WithListing gives a library that has a code system, too, with the concepts of a listing: all that
// the system has. system is its CodeSystem resource without concepts.
func (l *Library) WithListing(system *fhir.Node, list Listing) *Library {
	out := l.With(system)
	url := system.Str("url")
	c := out.resources["CodeSystem "+url]
	if c == nil {
		return out
	}
	c.listing = &list
	c.listed = sync.OnceValue(func() *codeSystem {
		s := &codeSystem{complete: true, codes: map[string]*concept{}}
		for one, err := range list.All() {
			if err != nil || len(s.codes) >= maxSetCodes {
				s.complete = false
				break
			}
			s.order = append(s.order, one.Code)
			s.codes[one.Code] = &concept{code: one.Code, display: one.Display, parents: one.Parents, properties: one.properties()}
		}
		return s
	})
	return out
}

// properties says of a concept that it is no longer in use.
func (c Concept) properties() *fhir.Node {
	if !c.Inactive {
		return nil
	}
	return fhir.NewArray(fhir.NewObject("code", "inactive", "valueBoolean", true))
}

func (c Concept) designations() *fhir.Node {
	if len(c.Synonyms) == 0 {
		return nil
	}
	list := fhir.NewArray()
	for _, s := range c.Synonyms {
		list.Append(fhir.NewObject("value", s))
	}
	return list
}

// listed gives the entry of a code system that a listing has; nil for others.
func (l *Library) listed(url string) *canonical {
	for x := l; x != nil; x = x.below {
		if c := x.resources["CodeSystem "+url]; c != nil {
			if c.listing == nil {
				return nil
			}
			return c
		}
	}
	return nil
}

// find gives a concept of a listing.
func (c *canonical) find(system, code string) (Code, *fhir.Node, *fhir.Node, error) {
	found, ok, err := c.listing.Find(code)
	if err != nil {
		return Code{}, nil, nil, err
	}
	if !ok {
		return Code{}, nil, nil, fault.New(fault.NotFound, "code_unknown", "the code system has no such code")
	}
	return Code{system, found.Code, found.Display}, found.designations(), found.properties(), nil
}
