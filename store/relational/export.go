package relational

import (
	"slices"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
)

// seekPatients is up to how many patients the compartments are asked per version, before its
// body is opened.
const seekPatients = 20

// Export gives a page of the versions that were current after a change. A version is chosen by
// its number and that of its successor alone, so that pages fit together whatever is written
// between them. The compartments of the index are those of now: they are asked of versions that
// are current still; whose all others are is read from the content.
func (v *view) Export(q store.ExportQuery) (*store.ExportPage, error) {
	page, err := v.export(q)
	var pairs []search.Pair
	if !q.Since.IsZero() {
		pairs = append(pairs, search.Pair{Name: "_since", Value: q.Since.String()})
	}
	if err != nil {
		v.tale.asked(audit.Search, q.Type, pairs, nil)
		return nil, err
	}
	v.tale.asked(audit.Search, q.Type, pairs, v.tale.versions(page.Versions))
	return page, nil
}

func (v *view) export(q store.ExportQuery) (*store.ExportPage, error) {
	if err := v.confine(); err != nil {
		return nil, err
	}
	if v.confined && q.Deleted {
		return &store.ExportPage{}, nil // a deleted resource is in no compartment
	}
	raws, page, err := v.exported(q)
	if err != nil {
		return nil, err
	}
	for _, raw := range raws {
		got, err := v.decode(raw)
		if fault.Is(err, fault.Gone) {
			continue // of a patient who was erased since
		}
		if err != nil {
			return nil, err
		}
		ok, err := v.belongs(q, got, raw)
		if err != nil {
			return nil, err
		}
		if ok {
			page.Versions = append(page.Versions, *got)
		}
	}
	return page, nil
}

// exported reads the rows of a page.
func (v *view) exported(q store.ExportQuery) (raws []rawVersion, page *store.ExportPage, err error) {
	t, err := v.s.Names.FindType(v.c, q.Type)
	if err != nil {
		return nil, nil, err
	}
	limit := q.Limit
	if limit <= 0 || limit > store.ExportMax {
		limit = store.ExportMax
	}
	where := db.SQL(`v.type=? AND v.seq>? AND v.seq<=?`, t, q.After, q.Top)
	if q.Only != nil {
		if len(q.Only) > store.ExportMax {
			return nil, nil, fault.New(fault.TooLarge, "export_page", "a page has at most %d versions", store.ExportMax)
		}
		asked := slices.Clone(q.Only)
		for len(asked) < limit && len(asked) > 0 { // so that the statement is one and stays prepared
			asked = append(asked, asked[0])
		}
		where = db.Join(``, db.SQL(`v.type=? AND v.seq<=?`, t, q.Top), db.In(asked).Wrap(` AND v.seq IN `, ``))
	}
	op := ` AND v.op<>3`
	if q.Deleted {
		op = ` AND v.op=3`
	}
	where = where.With(op)
	if !q.Since.IsZero() {
		where = where.With(` AND v.time>?`, q.Since.UnixMilli())
	}
	where = where.With(` AND (r.seq=v.seq OR NOT EXISTS (SELECT 1 FROM version n WHERE n.rid=v.rid AND n.version=v.version+1 AND n.seq<=?`+db.Seek+`))`, q.Top)
	if v.confined && len(v.patients) <= seekPatients {
		where = db.Join(``, where, db.In(v.patients).Wrap(` AND (r.seq<>v.seq OR EXISTS (SELECT 1 FROM compartment c WHERE c.patient IN `, ` AND c.type=v.type AND c.rid=v.rid`+db.Seek+`))`))
	}
	all := where.Wrap(`SELECT `+versionColumns+` FROM version v CROSS JOIN resource r ON r.rid=v.rid WHERE `, ` ORDER BY v.seq LIMIT ?`)
	all.Args = append(all.Args, limit+1)
	page = &store.ExportPage{Last: q.Top}
	err = v.c.Query(all.Text, all.Args, func(s db.Row) bool {
		if len(raws) == limit {
			page.More, page.Last = true, raws[limit-1].seq
			return false
		}
		raws = append(raws, scanVersion(s))
		return true
	})
	return raws, page, err
}

// belongs reports whether a version is in the compartments that are asked for and that the
// actor is confined to.
func (v *view) belongs(q store.ExportQuery, got *store.Version, raw rawVersion) (bool, error) {
	if !v.confined && !q.AnyPatient && q.Patients == nil {
		return true, nil
	}
	content := got.Resource
	if content == nil {
		body, err := v.bodyBefore(raw.rid, raw.version)
		if fault.Is(err, fault.Gone) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		content = body
	}
	ids, err := v.s.Catalogue.Patients(content, v.s.Base)
	if err != nil {
		return false, err
	}
	in := func(yes func(id string) bool) bool { return slices.ContainsFunc(ids, yes) }
	switch {
	case v.confined && !in(func(id string) bool { return slices.Contains(v.actor.Patients, id) }):
		return false, nil
	case q.Patients != nil && !in(func(id string) bool { return q.Patients[id] }):
		return false, nil
	}
	return len(ids) > 0, nil
}

// bodyBefore is the content that a deletion ended.
func (v *view) bodyBefore(rid, version int64) (*fhir.Node, error) {
	seq, ok, err := db.One(v.c, `SELECT seq FROM version WHERE rid=? AND version=?`, rid, version-1)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fault.New(fault.Gone, "version_not_found", "the resource has no such version")
	}
	body, err := v.body(seq)
	if err != nil {
		return nil, err
	}
	return fhir.Parse(body)
}
