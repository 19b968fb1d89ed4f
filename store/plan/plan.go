// Package plan compiles search queries to SQL over the index tables and finds the matches of
// one page. It is deterministic: the smallest set of a query's conditions drives, counted up
// to a bound, the others test each candidate; no statistics of the database are asked. What
// an actor is confined to is a condition of every step. The ways and their reasons are in
// ../DESIGN.md.
package plan

import (
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/seal"
)

// Planner compiles queries over one snapshot for one actor.
type Planner struct {
	Conn      db.Conn
	Names     *db.Names
	Keys      *seal.Keys
	Catalogue *search.Catalogue
	Confined  bool
	Patients  []int64 // rids of the patients that the actor is confined to
	Base      string  // this server's FHIR base URL
	// Read calls f with the content of each resource, in this order.
	Read func(rids []int64, f func(rid int64, res *fhir.Node) error) error
	Plan []string // what was done, by names and sizes

	read     int // resources that were read so far
	openings int // sealed values that were opened so far
	listed   int // resources that stand in lists so far
	within   int // _has so far
}

// Hit is one match with its sort values.
type Hit struct {
	RID  int64
	Keys []any // int64, float64, string, []byte; nil: the resource has no value
}

// Position is where a page ended; the next one begins behind it. It must be sealed before it
// is shown, because sort values are patient data.
type Position struct {
	Last int64 `json:"l"`           // rid of the last match
	Top  int64 `json:"t"`           // largest rid when the first page was made: later resources are not shown
	Walk bool  `json:"w,omitempty"` // a walk found the page; what it counts as behind another way does not
	Rest bool  `json:"r,omitempty"` // the walk has come to the resources without a sort value
	Keys []key `json:"k,omitempty"`
}

// key is a sort value that keeps its type in JSON.
type key struct {
	I *int64   `json:"i,omitempty"`
	F *float64 `json:"f,omitempty"`
	S *string  `json:"s,omitempty"`
	B []byte   `json:"b,omitempty"`
}

func keyOf(v any) key {
	switch v := v.(type) {
	case int64:
		return key{I: &v}
	case float64:
		return key{F: &v}
	case string:
		return key{S: &v}
	case []byte:
		return key{B: v}
	}
	return key{}
}

func (k key) value() any {
	switch {
	case k.I != nil:
		return *k.I
	case k.F != nil:
		return *k.F
	case k.S != nil:
		return *k.S
	case k.B != nil:
		return k.B
	}
	return nil
}

// types are the resource types that a query covers.
func (p *Planner) types(q *search.Query) ([]string, error) {
	if q.Type != "" {
		return []string{q.Type}, nil
	}
	if len(q.Types) > 0 {
		return q.Types, nil
	}
	return db.Texts(p.Conn, `SELECT name FROM type ORDER BY t`)
}

// Count gives the number of all matches.
func (p *Planner) Count(q *search.Query) (int, error) {
	types, err := p.types(q)
	if err != nil {
		return 0, err
	}
	total := int64(0)
	for _, t := range types {
		list, err := p.conds(t, p.filters(q, t))
		if err != nil {
			return 0, err
		}
		set, err := p.matchSet(t, list)
		if err != nil {
			return 0, err
		}
		what := `count(DISTINCT rid)`
		if d := smallest(list); d < 0 || list[d].ordered {
			what = `count(*)`
		}
		set = set.Wrap(`SELECT `+what+` FROM (`, `) m`)
		n, _, err := db.One(p.Conn, set.Text, set.Args...)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return int(total), nil
}

// filters are the query's filters for one type: in a search of several types the parameters
// that every resource has are those of that type.
func (p *Planner) filters(q *search.Query, t string) []search.Filter {
	if q.Type != "" {
		return q.Filters
	}
	list := append([]search.Filter(nil), q.Filters...)
	for i := range list {
		if list[i].Param != nil {
			if own := p.Catalogue.Param(t, list[i].Param.Code); own != nil {
				list[i].Param = own
			}
		}
	}
	return list
}

// Found are the matches of a page in order.
type Found struct {
	Hits []Hit

	more   bool // there are others behind them
	top    int64
	walked bool
}

// After is the position behind the first n hits; nil where nothing is.
func (f *Found) After(n int) *Position {
	if n == 0 || n == len(f.Hits) && !f.more {
		return nil
	}
	last := f.Hits[n-1]
	next := &Position{Last: last.RID, Top: f.top, Walk: f.walked, Rest: f.walked && last.Keys == nil}
	for _, k := range last.Keys {
		next.Keys = append(next.Keys, keyOf(k))
	}
	return next
}

// Find gives the matches of one page in order, from behind pos (nil: the first page).
func (p *Planner) Find(q *search.Query, pos *Position) (*Found, error) {
	if pos == nil {
		// Rows of a transaction that is under way count as well.
		top, _, err := db.One(p.Conn, `SELECT max(rid) FROM resource`)
		if err != nil {
			return nil, err
		}
		pos = &Position{Top: top}
	}
	types, err := p.types(q)
	if err != nil || len(types) == 0 {
		return &Found{}, err
	}
	f := &finder{p: p, q: q, pos: pos, limit: q.Count + 1}
	hits, err := f.run(types)
	if err != nil {
		return nil, err
	}
	return &Found{Hits: hits[:min(len(hits), q.Count)], more: len(hits) > q.Count, top: pos.Top, walked: f.walked}, nil
}
