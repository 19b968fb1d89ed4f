package plan

import (
	"chartlake/search"
	"chartlake/store/db"
)

// anyOf is a filter of several for a type, of which one must hold.
func (p *Planner) anyOf(resourceType string, f *search.Filter) (cond, error) {
	var sets []db.Frag
	var tests []func(string) db.Frag
	whole, deep := true, 0 // whole: every alternative can be started from
	for i := range f.Any {
		link := &f.Any[i]
		if link.Type != resourceType {
			continue
		}
		c, err := p.filter(resourceType, &link.Filter)
		if err != nil {
			return cond{}, err
		}
		whole = whole && c.set.Text != ""
		deep = max(deep, c.deep)
		sets, tests = append(sets, c.set.Wrap(`SELECT rid FROM (`, `) a`)), append(tests, c.test)
	}
	out := cond{what: f.Code, deep: deep, test: func(r string) db.Frag {
		list := []db.Frag{db.SQL(`FALSE`)}
		for _, test := range tests {
			list = append(list, test(r))
		}
		return db.AnyOf(list)
	}}
	if whole {
		out.set = union(sets)
	}
	return out, nil
}
