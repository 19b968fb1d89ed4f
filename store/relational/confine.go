package relational

import (
	"slices"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store"
)

// What an actor who is confined to patients writes, and learns by writing.

func outside() error {
	return fault.New(fault.Forbidden, "outside_compartment", "the resource is not in a compartment of this actor")
}

// seen is the state of a resource as the actor sees it: what lies outside of their patients looks
// as if it had never been.
func (t *turn) seen(key store.Key) (*row, error) {
	cur, err := t.current(key)
	if err != nil || t.r.actor.Patients == nil {
		return cur, err
	}
	if err := t.flush(); err != nil {
		return nil, err
	}
	visible := false
	if cur.live() {
		if visible, err = t.confined().visible(cur.rid, cur.t); err != nil {
			return nil, err
		}
	}
	if !visible && !t.own(key) {
		cur = &row{key: key, t: cur.t}
	}
	return cur, nil
}

// own reports whether a resource is one of the patients themselves that the actor is confined to.
func (t *turn) own(key store.Key) bool {
	return key.Type == "Patient" && slices.Contains(t.r.actor.Patients, key.ID)
}

func (t *turn) confined() *view { return &view{s: t.s, c: t.c, actor: t.r.actor} }

// inside refuses a confined actor a version that belongs to none of their patients, and one that
// belongs to another patient who did not have it before: that would write into their record.
func (t *turn) inside(next *row, before, after []search.IndexValue) error {
	if t.r.actor.Patients == nil {
		return nil
	}
	v := t.confined()
	if err := v.confine(); err != nil {
		return err
	}
	had, err := t.s.patientsOf(t.ridOf, next, before)
	if err != nil {
		return err
	}
	has, err := t.s.patientsOf(t.ridOf, next, after)
	if err != nil {
		return err
	}
	in := false
	for _, p := range has {
		mine := slices.Contains(v.patients, p)
		if in = in || mine; !mine && !slices.Contains(had, p) {
			return outside()
		}
	}
	if !in {
		return outside()
	}
	return nil
}
