package relational

import (
	"encoding/json"
	"strings"

	"chartlake/audit"
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
	page, err := v.search(q)
	if err != nil {
		v.tale.asked(audit.Search, q.Type, q.Used, nil)
		return nil, err
	}
	v.tale.asked(audit.Search, q.Type, q.Used, v.tale.versions(page.Matches, page.Included))
	return page, nil
}

func (v *view) search(q *search.Query) (*store.SearchPage, error) {
	p, err := v.planner()
	if err != nil {
		return nil, err
	}
	page := &store.SearchPage{}
	if q.Explain {
		// Sizes of sets are counts over all patients.
		if v.confined {
			return nil, fault.New(fault.Forbidden, "explain_forbidden", "an actor that is confined to patients gets no plans")
		}
		defer func() { page.Plan = p.Plan }()
	}
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
	rids := make([]int64, len(hits))
	for i, h := range hits {
		rids[i] = h.RID
	}
	if page.Matches, err = v.byRIDs(rids); err != nil {
		return nil, err
	}
	if len(q.Include)+len(q.RevInclude) > 0 {
		page.Included, err = v.included(q, page.Matches, rids)
	}
	return page, err
}

// readSizes are how many resources are read by one statement: few sizes, so that the
// statements are few and stay prepared.
var readSizes = []int{1, 10, 100, 1000}

// byRIDs reads the current versions of resources, in the order of rids.
func (v *view) byRIDs(rids []int64) ([]store.Version, error) {
	out := make([]store.Version, 0, len(rids))
	for len(rids) > 0 {
		size := readSizes[len(readSizes)-1]
		for _, s := range readSizes {
			if s >= len(rids) {
				size = s
				break
			}
		}
		chunk := rids[:min(size, len(rids))]
		rids = rids[len(chunk):]
		asked := append(make([]int64, 0, size), chunk...)
		for len(asked) < size {
			asked = append(asked, chunk[0])
		}
		which := db.In(asked).Wrap(`SELECT `+versionColumns+` FROM resource r CROSS JOIN version v ON v.seq=r.seq WHERE r.rid IN `, ` AND r.version>0 AND r.deleted=0`)
		raws := make(map[int64]rawVersion, len(chunk))
		err := v.c.Query(which.Text, which.Args, func(s db.Row) bool {
			raw := scanVersion(s)
			raws[raw.rid] = raw
			return true
		})
		if err != nil {
			return nil, err
		}
		for _, rid := range chunk {
			raw, ok := raws[rid]
			if !ok {
				return nil, fault.New(fault.Corrupt, "index_ahead", "the index names a resource that is not there; run chartlake check")
			}
			got, err := v.decode(raw)
			if err != nil {
				return nil, err
			}
			out = append(out, *got)
		}
	}
	return out, nil
}
