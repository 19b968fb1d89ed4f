package sqlite

import (
	"encoding/json"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store"
)

// hit is one match with its sort values.
type hit struct {
	rid, t int64
	keys   []any // int64, float64, string, []byte; nil: the resource has no value
}

// position is where a page ended; the next one begins behind it. It is sealed, because sort
// values are patient data.
type position struct {
	Last int64 `json:"l"`           // rid of the last match
	Top  int64 `json:"t"`           // largest rid when the first page was made: later resources are not shown
	Rest bool  `json:"r,omitempty"` // a walk has come to the resources without a sort value
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

// about binds a page token to its query and actor.
func (v *view) about(q *search.Query) string {
	var b strings.Builder
	b.WriteString(v.actor.ID + "\x00" + strings.Join(v.actor.Patients, ",") + "\x00" + q.Type + "\x00" + strings.Join(q.Types, ",") + "\x00")
	for _, p := range q.Used {
		if p.Name != "_cursor" && p.Name != "_count" && p.Name != "_total" {
			b.WriteString(p.Name + "=" + p.Value + "&")
		}
	}
	return b.String()
}

func (v *view) position(q *search.Query) (*position, error) {
	if q.Cursor == "" {
		return nil, nil
	}
	plain, err := v.s.keys.open(q.Cursor, v.about(q))
	if err != nil {
		return nil, err
	}
	pos := &position{}
	if err := json.Unmarshal(plain, pos); err != nil {
		return nil, fault.New(fault.Invalid, "bad_cursor", "the page token is not of this store")
	}
	return pos, nil
}

// Search gives one page of matches, with what _include and _revinclude ask for.
func (v *view) Search(q *search.Query) (*store.SearchPage, error) {
	page := &store.SearchPage{}
	if q.Total == search.TotalAccurate || q.Summary == "count" || q.CountSet && q.Count == 0 {
		n, err := v.count(q)
		if err != nil {
			return nil, err
		}
		page.Total = &n
	}
	if q.Summary == "count" || q.CountSet && q.Count == 0 {
		return page, nil
	}
	hits, next, err := v.find(q)
	if err != nil {
		return nil, err
	}
	if next != nil {
		plain, err := json.Marshal(next)
		if err != nil {
			return nil, err
		}
		page.Next = v.s.keys.seal(plain, v.about(q))
	}
	for _, h := range hits {
		got, err := v.byRID(h.rid)
		if err != nil {
			return nil, err
		}
		page.Matches = append(page.Matches, *got)
	}
	if len(q.Include)+len(q.RevInclude) > 0 {
		page.Included, err = v.included(q, page.Matches, hits)
	}
	return page, err
}

// byRID reads the current version of a resource.
func (v *view) byRID(rid int64) (*store.Version, error) {
	var raw rawVersion
	found := false
	err := v.c.query(`SELECT `+versionColumns+` FROM resource r CROSS JOIN version v ON v.seq=r.seq WHERE r.rid=? AND r.version>0 AND r.deleted=0`, []any{rid}, func(s *sqlite3.Stmt) bool {
		raw, found = scanVersion(s), true
		return false
	})
	if err != nil {
		return nil, sqlFault(err)
	}
	if !found {
		return nil, fault.New(fault.Corrupt, "index_ahead", "the index names a resource that is not there; run chartlake check")
	}
	return v.decode(raw)
}

// types are the resource types that a query covers.
func (v *view) types(q *search.Query) ([]string, error) {
	if q.Type != "" {
		return []string{q.Type}, nil
	}
	if len(q.Types) > 0 {
		return q.Types, nil
	}
	return v.c.textRows(`SELECT name FROM type ORDER BY t`)
}

// count gives the number of all matches.
func (v *view) count(q *search.Query) (int, error) {
	types, err := v.types(q)
	if err != nil {
		return 0, err
	}
	total := int64(0)
	p := &planner{v: v}
	for _, t := range types {
		list, err := p.conds(t, v.filters(q, t))
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
		set = set.wrap(`SELECT `+what+` FROM (`, `)`)
		n, _, err := v.c.one(set.sql, set.args...)
		if err != nil {
			return 0, sqlFault(err)
		}
		total += n
	}
	return int(total), nil
}

// filters are the query's filters for one type: in a search of several types the parameters
// that every resource has are those of that type.
func (v *view) filters(q *search.Query, t string) []search.Filter {
	if q.Type != "" {
		return q.Filters
	}
	list := append([]search.Filter(nil), q.Filters...)
	for i := range list {
		if list[i].Param != nil {
			if own := v.s.cat.Param(t, list[i].Param.Code); own != nil {
				list[i].Param = own
			}
		}
	}
	return list
}

// find gives the matches of one page in order, and the position behind it when there is more.
func (v *view) find(q *search.Query) ([]hit, *position, error) {
	pos, err := v.position(q)
	if err != nil {
		return nil, nil, err
	}
	if pos == nil {
		pos = &position{}
		if pos.Top, _, err = v.c.one(`SELECT value FROM counter WHERE name='rid'`); err != nil {
			return nil, nil, sqlFault(err)
		}
		// Inside a transaction the counter is behind: the rows themselves say how far it is.
		top, _, err := v.c.one(`SELECT max(rid) FROM resource`)
		if err != nil {
			return nil, nil, sqlFault(err)
		}
		pos.Top = max(pos.Top, top)
	}
	types, err := v.types(q)
	if err != nil || len(types) == 0 {
		return nil, nil, err
	}
	f := &finder{v: v, p: &planner{v: v}, q: q, pos: pos, limit: q.Count + 1}
	hits, err := f.run(types)
	if err != nil {
		return nil, nil, sqlFault(err)
	}
	if len(hits) <= q.Count {
		return hits, nil, nil
	}
	hits = hits[:q.Count]
	if len(hits) == 0 {
		return nil, nil, nil
	}
	last := hits[len(hits)-1]
	next := &position{Last: last.rid, Top: pos.Top}
	for _, k := range last.keys {
		next.Keys = append(next.Keys, keyOf(k))
	}
	next.Rest = f.walked && last.keys == nil
	return hits, next, nil
}
