package relational

import (
	"context"
	"errors"

	"chartlake/fhir"
	"chartlake/store"
	"chartlake/store/body"
	"chartlake/store/db"
)

// train makes a dictionary from the store's resources and uses it from then on. Failing
// costs nothing but space.
func (s *Store) train(ctx context.Context) error {
	var samples []*fhir.Node
	err := s.Snapshot(ctx, store.Actor{ID: "system:dictionary"}, func(sv store.View) (err error) {
		samples, err = sv.(*view).sample()
		return err
	})
	if err != nil || len(samples) < body.After/2 {
		return err
	}
	built, err := body.Dictionary(samples)
	if errors.Is(err, body.ErrFew) {
		return nil // it is tried again once the store is larger
	}
	if err != nil {
		return err
	}
	first := false
	r := &request{ctx: ctx, done: make(chan struct{}), inner: func(w *Writer) error {
		n, _, err := db.One(w.c, `SELECT count(*) FROM dictionary`)
		if err != nil || n > 0 {
			return err // another process was first; its dictionary is used once a body needs it
		}
		first = true
		return w.c.Exec(`INSERT INTO dictionary VALUES (1, ?)`, built)
	}}
	if err := s.submit(r); err != nil || !first {
		return err
	}
	return s.Pack.Use(1, built)
}

// sample takes current resources spread over the whole store, without what the store sets.
func (v *view) sample() ([]*fhir.Node, error) {
	top, _, err := db.One(v.c, `SELECT max(seq) FROM version`)
	if err != nil {
		return nil, err
	}
	var raws []rawVersion
	step := max(1, top/body.Sample)
	err = v.c.Query(`SELECT `+versionColumns+` FROM version v CROSS JOIN resource r ON r.rid=v.rid WHERE v.seq%?=0 AND v.body IS NOT NULL AND length(v.body)<8000 LIMIT ?`,
		[]any{step, body.Sample}, func(s db.Row) bool {
			raws = append(raws, scanVersion(s))
			return true
		})
	if err != nil {
		return nil, err
	}
	var out []*fhir.Node
	for _, raw := range raws {
		got, err := v.decode(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, stripMeta(got.Resource.Shallow()))
	}
	return out, nil
}
