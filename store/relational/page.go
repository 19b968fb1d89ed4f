package relational

import (
	"encoding/json"
	"strings"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/plan"
)

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

func (v *view) position(q *search.Query) (*plan.Position, error) {
	if q.Cursor == "" {
		return nil, nil
	}
	plain, err := v.s.Keys.Open(q.Cursor, v.about(q))
	if err != nil {
		return nil, err
	}
	pos := &plan.Position{}
	if err := json.Unmarshal(plain, pos); err != nil {
		return nil, fault.New(fault.Invalid, "bad_cursor", "the page token is not of this store")
	}
	return pos, nil
}

// Search gives one page of matches, with what _include and _revinclude ask for.
func (v *view) Search(q *search.Query) (*store.SearchPage, error) {
	p, err := v.planner()
	if err != nil {
		return nil, err
	}
	page := &store.SearchPage{}
	if q.Total == search.TotalAccurate || q.Summary == "count" || q.CountSet && q.Count == 0 {
		n, err := p.Count(q)
		if err != nil {
			return nil, err
		}
		page.Total = &n
	}
	if q.Summary == "count" || q.CountSet && q.Count == 0 {
		return page, nil
	}
	pos, err := v.position(q)
	if err != nil {
		return nil, err
	}
	hits, next, err := p.Find(q, pos)
	if err != nil {
		return nil, err
	}
	if next != nil {
		plain, err := json.Marshal(next)
		if err != nil {
			return nil, err
		}
		page.Next = v.s.Keys.Seal(plain, v.about(q))
	}
	for _, h := range hits {
		got, err := v.byRID(h.RID)
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
	err := v.c.Query(`SELECT `+versionColumns+` FROM resource r CROSS JOIN version v ON v.seq=r.seq WHERE r.rid=? AND r.version>0 AND r.deleted=0`, []any{rid}, func(s db.Row) bool {
		raw, found = scanVersion(s), true
		return false
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.New(fault.Corrupt, "index_ahead", "the index names a resource that is not there; run chartlake check")
	}
	return v.decode(raw)
}
