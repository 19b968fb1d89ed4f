package plan

import (
	"chartlake/search"
	"chartlake/store/db"
)

// chainWithin gives the resources whose contained resources, to which a reference leads, fulfil
// the rest of a chain; nothing where none can. Their values are the resource's own, under
// parameters of this way (search.Catalogue.Within). _id, _lastUpdated, _has and what is decided
// by reading do not lead into contained resources.
func (p *Planner) chainWithin(resourceType string, f *search.Filter, link *search.Link) (db.Frag, error) {
	holding := p.Catalogue.Holding(f.Param, link.Type)
	if holding == nil || link.Filter.Param == nil || link.Filter.Reads() {
		return db.Frag{}, nil
	}
	number, err := p.param(resourceType, holding.IndexName())
	if err != nil || number == 0 {
		return db.Frag{}, err
	}
	inner := link.Filter
	if inner.Param = p.Catalogue.Within(f.Param, link.Filter.Param); inner.Param == nil {
		return db.Frag{}, nil
	}
	c, err := p.filter(resourceType, &inner)
	if err != nil {
		return db.Frag{}, err
	}
	if c.set.Text != "" {
		return c.set.Wrap(`SELECT rid FROM (`, `) c`), nil
	}
	// Of those that contain such a resource at all: they may lack what is asked for.
	return db.Join("", db.SQL(`SELECT h.rid FROM token h WHERE h.p=? AND `, number), c.test("h.rid")), nil
}
