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
	found, err := p.Find(q, pos)
	if err != nil {
		return nil, err
	}
	rids := make([]int64, len(found.Hits))
	for i, h := range found.Hits {
		rids[i] = h.RID
	}
	if page.Matches, err = v.fitting(rids); err != nil {
		return nil, err
	}
	rids = rids[:len(page.Matches)]
	if next := found.After(len(rids)); next != nil {
		plain, err := json.Marshal(next)
		if err != nil {
			return nil, err
		}
		page.Next = v.s.Keys.Seal(plain, v.about(q))
	}
	if len(q.Include)+len(q.RevInclude) > 0 {
		page.Included, err = v.included(q, page.Matches, rids)
	}
	return page, err
}

// readSizes are how many resources are read by one statement: few sizes, so that the
// statements are few and stay prepared.
var readSizes = []int{1, 10, 100, 1000}

// PageBytes is how much JSON a page has, but for its last entry: what is asked for beyond that
// comes on the next page. Nodes take about four times as much memory.
const PageBytes = 32 << 20

// fitting reads the current versions of resources, in the order of rids, as many as fit on a page.
func (v *view) fitting(rids []int64) ([]store.Version, error) {
	out := make([]store.Version, 0, len(rids))
	total := 0
	err := v.each(rids, func(got *store.Version, size int) (bool, error) {
		out = append(out, *got)
		total += size
		return total < PageBytes, nil
	})
	return out, err
}

// byRIDs reads the current versions of resources, in the order of rids.
func (v *view) byRIDs(rids []int64) ([]store.Version, error) {
	out := make([]store.Version, 0, len(rids))
	err := v.each(rids, func(got *store.Version, _ int) (bool, error) {
		out = append(out, *got)
		return true, nil
	})
	return out, err
}

// each calls f with the current versions of resources, in the order of rids, and the bytes of
// their JSON, while it says more. What it holds of others meanwhile is bounded.
func (v *view) each(rids []int64, f func(got *store.Version, size int) (more bool, err error)) error {
	for len(rids) > 0 {
		size := readSizes[len(readSizes)-1]
		for _, s := range readSizes {
			if s >= len(rids) {
				size = s
				break
			}
		}
		chunk := rids[:min(size, len(rids))]
		raws, err := v.some(chunk, size)
		if err != nil {
			return err
		}
		for len(chunk) > 0 {
			raw, ok := raws[chunk[0]]
			if !ok {
				break // too much to hold: asked for again
			}
			delete(raws, chunk[0])
			rids, chunk = rids[1:], chunk[1:]
			got, n, err := v.decodeSized(raw)
			if err != nil {
				return err
			}
			if more, err := f(got, n); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// some reads rows of resources, the first of them and as many more as fit: a resource's own row
// is missing where there was no room.
func (v *view) some(rids []int64, size int) (map[int64]rawVersion, error) {
	asked := append(make([]int64, 0, size), rids...)
	for len(asked) < size {
		asked = append(asked, rids[0])
	}
	which := db.In(asked).Wrap(`SELECT `+versionColumns+` FROM resource r CROSS JOIN version v ON v.seq=r.seq WHERE r.rid IN `, ` AND r.version>0 AND r.deleted=0`)
	raws := make(map[int64]rawVersion, len(rids))
	held := 0
	err := v.c.Query(which.Text, which.Args, func(s db.Row) bool {
		raw := scanVersion(s)
		raws[raw.rid] = raw
		held += len(raw.body)
		return held < PageBytes
	})
	if err != nil {
		return nil, err
	}
	if _, ok := raws[rids[0]]; ok {
		return raws, nil
	}
	if held >= PageBytes && len(rids) > 1 {
		return v.some(rids[:1], 1)
	}
	return nil, fault.New(fault.Corrupt, "index_ahead", "the index names a resource that is not there; run chartlake check")
}
