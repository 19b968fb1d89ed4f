package relational

import (
	"encoding/json"
	"math"
	"slices"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
)

// historyPosition is where a page of history ended.
type historyPosition struct {
	Seq int64 `json:"s"`
}

// History gives versions, newest first.
func (v *view) History(q store.HistoryQuery) (*store.HistoryPage, error) {
	page, err := v.versionsOf(q)
	var pairs []search.Pair
	if !q.Since.IsZero() {
		pairs = append(pairs, search.Pair{Name: "_since", Value: q.Since.String()})
	}
	if !q.At.IsZero() {
		pairs = append(pairs, search.Pair{Name: "_at", Value: q.At.String()})
	}
	if q.ID != "" {
		pairs = append(pairs, search.Pair{Name: "_id", Value: q.ID})
	}
	if err != nil {
		v.tale.asked(audit.History, q.Type, pairs, nil)
		return nil, err
	}
	v.tale.asked(audit.History, q.Type, pairs, v.tale.versions(page.Versions))
	return page, nil
}

func (v *view) versionsOf(q store.HistoryQuery) (*store.HistoryPage, error) {
	if err := v.confine(); err != nil {
		return nil, err
	}
	where, about, err := v.historyScope(q)
	if err != nil {
		return nil, err
	}
	if !q.Since.IsZero() {
		where = where.With(` AND v.time>=?`, q.Since.UnixMilli())
	}
	if !q.At.IsZero() {
		at := q.At.UnixMilli()
		where = where.With(` AND v.time<=? AND NOT EXISTS (SELECT 1 FROM version n WHERE n.rid=v.rid AND n.version=v.version+1 AND n.time<=?)`, at, at)
	}
	page := &store.HistoryPage{}
	if v.confined {
		where = db.Join("", where, db.In(v.patients).Wrap(` AND EXISTS (SELECT 1 FROM compartment c WHERE c.patient IN `, ` AND c.type=v.type AND c.rid=v.rid)`))
	} else {
		count := where.Wrap(`SELECT count(*) FROM version v WHERE `, ``)
		n, _, err := db.One(v.c, count.Text, count.Args...)
		if err != nil {
			return nil, err
		}
		total := int(n)
		page.Total = &total
	}
	pos := historyPosition{Seq: math.MaxInt64}
	if q.Cursor != "" {
		plain, err := v.s.Keys.Open(q.Cursor, about)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(plain, &pos); err != nil {
			return nil, fault.New(fault.Invalid, "bad_cursor", "the page token is not of this store")
		}
	}
	limit := q.Count
	if limit <= 0 {
		limit = search.DefaultCount
	}
	limit = min(limit, search.MaxCount)
	whole := false
	if page.Versions, whole, err = v.historyFrom(where, pos.Seq, limit+1); err != nil || whole {
		return page, err
	}
	page.Versions = page.Versions[:min(limit, len(page.Versions))]
	plain, err := json.Marshal(historyPosition{Seq: page.Versions[len(page.Versions)-1].Seq})
	if err != nil {
		return nil, err
	}
	page.Next = v.s.Keys.Seal(plain, about)
	return page, nil
}

// historyFrom gives up to limit versions before a change that the actor may see, as many as fit
// on a page; whole where these are all.
func (v *view) historyFrom(where db.Frag, before int64, limit int) (out []store.Version, whole bool, err error) {
	total := 0
	all := where.Wrap(`SELECT `+versionColumns+` FROM version v CROSS JOIN resource r ON r.rid=v.rid WHERE `, ` AND v.seq<? ORDER BY v.seq DESC LIMIT ?`)
	for more := true; more && len(out) < limit; {
		var raws []rawVersion
		held := 0
		err := v.c.Query(all.Text, append(all.Args[:len(all.Args):len(all.Args)], before, limit), func(s db.Row) bool {
			raw := scanVersion(s)
			raws = append(raws, raw)
			held += len(raw.body)
			return held < PageBytes
		})
		if err != nil {
			return nil, false, err
		}
		more = len(raws) == limit || held >= PageBytes
		for i := 0; i < len(raws) && len(out) < limit; i++ {
			raw := raws[i]
			before = raw.seq
			got, size, err := v.decodeSized(raw)
			if fault.Is(err, fault.Gone) {
				continue // of a patient who was erased since
			}
			if err != nil {
				return nil, false, err
			}
			ok, err := v.belonged(got, raw.rid)
			if err != nil {
				return nil, false, err
			}
			if !ok {
				continue
			}
			out = append(out, *got)
			if total += size; total >= PageBytes {
				return out, !more && i == len(raws)-1 && len(out) < limit, nil
			}
		}
	}
	return out, len(out) < limit, nil
}

// belonged reports whether a version was of a patient of the actor's by what it says itself: a
// resource that was moved to another patient keeps its versions, and who sees it now does not
// see whose it was. A deletion is of those whose the content before it was.
func (v *view) belonged(got *store.Version, rid int64) (bool, error) {
	if !v.confined {
		return true, nil
	}
	content := got.Resource
	if content == nil {
		before, err := v.bodyBefore(rid, int64(got.Version))
		if fault.Is(err, fault.Gone) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		content = before
	}
	ids, err := v.s.Catalogue.Patients(content, v.s.Base)
	return slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(v.actor.Patients, id) }), err
}

// historyScope is the instance, the type or the whole system.
func (v *view) historyScope(q store.HistoryQuery) (where db.Frag, about string, err error) {
	about = "history\x00" + v.actor.ID + "\x00" + q.Type + "\x00" + q.ID
	if q.Type == "" {
		return db.SQL(`TRUE`), about, nil
	}
	if q.ID != "" {
		r, err := v.row(store.Key{Type: q.Type, ID: q.ID})
		if err != nil {
			return db.Frag{}, "", err
		}
		return db.SQL(`v.rid=?`, r.rid), about, nil
	}
	t, err := v.s.Names.FindType(v.c, q.Type)
	return db.SQL(`v.type=?`, t), about, err
}
