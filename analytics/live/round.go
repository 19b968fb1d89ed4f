package live

import (
	"context"

	"chartlake/analytics"
	"chartlake/fault"
	"chartlake/store"
)

// round is one round: first the snapshot is read and new rows are written, then what they replace
// is taken out of older files.
type round struct {
	*Follower
	Report
	ctx   context.Context
	files map[*source]*writing
	gone  map[string]map[string]bool // by type ("": documents), the ids whose older rows go
	next  Manifest
}

func (r *round) read(v store.View) error {
	touched, err := v.Touched(r.at.Change)
	if err != nil {
		return err
	}
	if r.Newest, err = v.Seq(); err != nil {
		return err
	}
	r.Change = min(touched.Last, r.at.Change+roundMax)
	r.next = Manifest{Change: r.Change, Store: r.at.Store, Anchor: r.at.Anchor}
	if r.next.Store == "" {
		r.next.Store = v.Seal([]byte("tables"), about)
	}
	for _, kind := range r.types() {
		if err := r.resources(v, kind); err != nil {
			return err
		}
	}
	for _, k := range touched.Erased {
		r.replaced(k.Type, k.ID)
	}
	if r.at.Definition == "" {
		return analytics.EachDocument(r.ctx, v, r.document)
	}
	for _, id := range touched.Documents {
		r.replaced("", id)
		d, err := analytics.Document(v, id)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
			continue
		}
		if err != nil {
			return err
		}
		if err := r.document(d); err != nil {
			return err
		}
	}
	return nil
}

// types are the resource types that there are tables of.
func (r *round) types() (out []string) {
	seen := map[string]bool{"": true}
	for _, s := range r.sources {
		if !seen[s.Type] {
			seen[s.Type] = true
			out = append(out, s.Type)
		}
	}
	return out
}

func (r *round) replaced(kind, id string) {
	if r.gone[kind] == nil {
		r.gone[kind] = map[string]bool{}
	}
	r.gone[kind][id] = true
}

// resources takes up what was written and what was deleted of a type.
func (r *round) resources(v store.View, kind string) error {
	for _, deleted := range []bool{false, true} {
		q := store.ExportQuery{Type: kind, After: r.at.Change, Top: r.Change, Deleted: deleted}
		for more := true; more; {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			page, err := v.Export(q)
			if err != nil {
				return err
			}
			for i := range page.Versions {
				if err := r.version(&page.Versions[i]); err != nil {
					return err
				}
			}
			q.After, more = page.Last, page.More
		}
	}
	return nil
}

func (r *round) version(v *store.Version) error {
	if a := r.next.Anchor; a == nil || v.Seq > a.Change {
		r.next.Anchor = &Anchor{v.Key.Type, v.Key.ID, v.Version, v.Seq}
	}
	if v.Version > 1 {
		r.replaced(v.Key.Type, v.Key.ID)
	}
	if v.Resource == nil {
		return nil
	}
	return r.rows(v.Key.Type, func(s *source, emit func([]any) error) error { return s.Resource(v.Resource, emit) })
}

func (r *round) document(d *analytics.Recorded) error {
	return r.rows("", func(s *source, emit func([]any) error) error { return s.Document(d, emit) })
}

// rows writes the rows of one resource or document to all tables that have some of it. One that a
// table cannot be made of is left out of that table.
func (r *round) rows(kind string, of func(s *source, emit func([]any) error) error) error {
	left := false
	for _, s := range r.sources {
		if s.Type != kind {
			continue
		}
		var rows [][]any
		err := of(s, func(row []any) error {
			rows = append(rows, append([]any(nil), row...))
			return nil
		})
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge) {
			left = true
			continue
		}
		if err != nil {
			return err
		}
		w := r.files[s]
		if w == nil {
			w = &writing{source: s}
			r.files[s] = w
		}
		emit := w.emit(r.ctx, r.place, r.Change)
		for _, row := range rows {
			if err := emit(row); err != nil {
				return err
			}
		}
		r.Rows += int64(len(rows))
	}
	if left {
		r.LeftOut++
	}
	return nil
}

// finish makes the new files parts, and the manifest the one that holds.
func (r *round) finish() error {
	for _, s := range r.sources {
		if err := s.remove(r.ctx, r.place, r.Change, r.gone[s.Type]); err != nil {
			return err
		}
		if w := r.files[s]; w != nil {
			if err := w.end(); err != nil {
				return err
			}
		}
		if err := s.compact(r.ctx, r.place, r.Change); err != nil {
			return err
		}
	}
	return r.commit(r.ctx, r.next)
}

// abort gives up files that were not ended.
func (r *round) abort() {
	for _, w := range r.files {
		if w.made != nil {
			w.made.Abort()
		}
	}
}
