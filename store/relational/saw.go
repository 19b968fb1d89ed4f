package relational

import (
	"context"
	"slices"
	"strings"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
)

// tale gathers what one view gives and one transaction does, for its row in the trail. It is
// kept where the data leaves the store, so that no caller can forget it. A nil tale keeps
// nothing: the store reads for itself.
type tale struct {
	s        *Store
	machine  bool // a part of the program acts for itself
	steps    []audit.Step
	patients []string
	seen     map[string]bool // the patients, once there are many
	targets  int

	ctx   context.Context // of a view; nil in a transaction
	actor store.Actor
	err   error // of an event that was noted before the end
}

// taleMax is how many targets one event of a view names; a view that gives more has several
// events, each noted as soon as it is full.
const taleMax = 10_000

// machineryPrefix begins the ids of actors that are parts of the program.
const machineryPrefix = "system:"

func (s *Store) newTale(actor store.Actor) *tale {
	return &tale{s: s, machine: strings.HasPrefix(actor.ID, machineryPrefix)}
}

// Look calls f with a snapshot that lend lends, and takes what f was given into the trail,
// with how it ended: only then does Look return, so nothing is answered that is not there.
func (s *Store) Look(ctx context.Context, actor store.Actor, lend func(context.Context, func(db.Conn) error) error, f func(store.View) error) error {
	if actor.ID == "" {
		return ErrNoActor
	}
	t := s.newTale(actor)
	t.ctx, t.actor = ctx, actor
	err := lend(ctx, func(c db.Conn) error { return f(&view{s: s, c: c, actor: actor, tale: t}) })
	return t.end(ctx, actor, err)
}

// end notes what was told. An error of the trail itself is the access's, where it has none.
func (t *tale) end(ctx context.Context, actor store.Actor, err error) error {
	if err == nil {
		err = t.err
	}
	outcome, code := audit.OutcomeOf(err)
	if len(t.steps) == 0 {
		if err == nil || fault.As(err) == ErrClosed {
			return err // nothing was asked of the store, or all is told
		}
		t.steps = []audit.Step{{Action: audit.Refuse}}
	}
	e := audit.Event{At: t.s.Now(), Actor: actor.ID, RequestID: actor.RequestID, Via: audit.Via(ctx), Outcome: outcome, Code: code,
		Patients: t.patients, Steps: t.steps}
	if noted := t.s.trail.note(ctx, &e); noted != nil && err == nil {
		return noted
	}
	return err
}

// spill notes what was told so far, where it is much.
func (t *tale) spill(more int) {
	if t.targets += more; t.ctx == nil || t.targets < taleMax {
		return
	}
	if err := t.end(t.ctx, t.actor, nil); t.err == nil {
		t.err = err
	}
	t.steps, t.patients, t.seen, t.targets = nil, nil, nil, 0
}

// step adds a step with what it touched. Steps of one kind that follow each other become one.
func (t *tale) step(action audit.Action, of string, targets ...audit.Target) {
	if t == nil {
		return
	}
	defer t.spill(len(targets))
	if n := len(t.steps) - 1; n >= 0 && t.steps[n].Action == action && t.steps[n].Of == of && t.steps[n].Names == nil {
		for _, target := range targets {
			if last := t.steps[n].Targets; len(last) == 0 || last[len(last)-1] != target {
				t.steps[n].Targets = append(last, target)
			}
		}
		return
	}
	t.steps = append(t.steps, audit.Step{Action: action, Of: of, Targets: targets})
}

// asked adds a step that names the parameters of a query; their values stand as a keyed hash.
func (t *tale) asked(action audit.Action, of string, pairs []search.Pair, targets []audit.Target) {
	if t == nil {
		return
	}
	defer t.spill(len(targets))
	step := audit.Step{Action: action, Of: of, Targets: targets}
	var texts []string
	for _, p := range pairs {
		step.Names = append(step.Names, p.Name)
		if p.Name != "_cursor" { // so that the pages of one search say the same
			texts = append(texts, p.Name, p.Value)
		}
	}
	if len(texts) > 0 {
		step.Asked = t.s.Keys.Hash(domainAsked, texts...)
	}
	t.steps = append(t.steps, step)
}

// about notes a patient whose data was touched.
func (t *tale) about(id string) {
	const few = 8
	switch {
	case t == nil || id == "":
		return
	case t.seen != nil:
		if t.seen[id] {
			return
		}
		t.seen[id] = true
	case slices.Contains(t.patients, id):
		return
	case len(t.patients) == few:
		t.seen = map[string]bool{id: true}
		for _, p := range t.patients {
			t.seen[p] = true
		}
	}
	t.patients = append(t.patients, id)
}

// resource notes the patients of a resource. Where its references cannot be read nobody could
// have found it by them either.
func (t *tale) resource(res *fhir.Node) {
	if t == nil || res == nil {
		return
	}
	ids, err := t.s.Catalogue.Patients(res, t.s.Base)
	if err != nil {
		return
	}
	for _, id := range ids {
		t.about(id)
	}
}

// values does the same from a resource's index values.
func (t *tale) values(key store.Key, values []search.IndexValue) {
	if t == nil {
		return
	}
	if key.Type == "Patient" {
		t.about(key.ID)
	}
	codes := t.s.Catalogue.PatientParams(key.Type)
	for i := range values {
		if id := values[i].Patient(); id != "" && slices.Contains(codes, values[i].Param.Code) {
			t.about(id)
		}
	}
}

// versions notes what was given and gives it as targets.
func (t *tale) versions(lists ...[]store.Version) (targets []audit.Target) {
	if t == nil {
		return nil
	}
	for _, list := range lists {
		for i := range list {
			v := &list[i]
			targets = append(targets, audit.Target{Type: v.Key.Type, ID: v.Key.ID, Version: v.Version})
			t.resource(v.Resource)
		}
	}
	return targets
}

// one notes a resource that was read, or that was asked for in vain; err says which.
func (t *tale) one(action audit.Action, key store.Key, version int, got *store.Version, err error) {
	if t == nil {
		return
	}
	target := audit.Target{Type: key.Type, ID: key.ID, Version: version}
	switch {
	case got != nil && err == nil:
		target.Version = got.Version
		t.resource(got.Resource)
	case !fault.Is(err, fault.Gone):
		target.ID = t.s.unnamed(key.ID)
	}
	t.step(action, key.Type, target)
}

// document notes a document and the patients of its parts.
func (t *tale) document(action audit.Action, d *store.Document) {
	if t == nil {
		return
	}
	t.parts(d)
	t.step(action, "document", audit.Target{Type: "document", ID: d.ID})
}

func (t *tale) parts(d *store.Document) {
	for _, s := range d.Segments {
		if id, ok := strings.CutPrefix(s.Patient, "Patient/"); ok {
			t.about(id)
		}
	}
}

// documents notes a list of documents. The program's own looks through the list, of which
// nothing is shown, are not kept: each would name every document that waits.
func (t *tale) documents(q store.DocumentQuery, docs []store.Document) {
	if t == nil || t.machine {
		return
	}
	var pairs []search.Pair
	add := func(name, value string) {
		if value != "" {
			pairs = append(pairs, search.Pair{Name: name, Value: value})
		}
	}
	for _, s := range q.States {
		add("state", string(s))
	}
	add("sha256", q.SHA256)
	add("type", q.Type)
	if !q.Since.IsZero() {
		add("since", q.Since.String())
	}
	targets := make([]audit.Target, len(docs))
	for i := range docs {
		t.parts(&docs[i])
		targets[i] = audit.Target{Type: "document", ID: docs[i].ID}
	}
	t.asked(audit.Search, "document", pairs, targets)
}

// triedMax is how many commands of a transaction that failed are named.
const triedMax = 100

// tried tells what a transaction that failed was to do.
func (s *Store) tried(commands []store.Command) *tale {
	t := &tale{s: s}
	for _, c := range commands[:min(len(commands), triedMax)] {
		switch c := c.(type) {
		case store.Create:
			t.step(audit.Create, typeOf(c.Resource))
		case store.Update:
			t.step(audit.Update, typeOf(c.Resource), audit.Target{Type: typeOf(c.Resource), ID: s.unnamed(c.Resource.ID())})
		case store.Delete:
			t.step(audit.Delete, c.Key.Type, audit.Target{Type: c.Key.Type, ID: s.unnamed(c.Key.ID)})
		case store.Erase:
			t.step(audit.Erase, c.Key.Type, audit.Target{Type: c.Key.Type, ID: s.unnamed(c.Key.ID)})
		case store.Receive:
			t.step(audit.Receive, "document", audit.Target{Type: "document", ID: s.unnamed(c.Document.ID)})
		case store.Move:
			t.step(audit.Move, string(c.To), audit.Target{Type: "document", ID: s.unnamed(c.ID)})
		case store.PutRecord:
			t.step(audit.Record, "record", audit.Target{Type: "record", ID: s.unnamed(c.Document)})
		case store.PutStage:
			if c.Key.Stage != receipts {
				t.step(audit.Create, c.Key.Stage, audit.Target{Type: "stage", ID: s.unnamed(c.Key.Input)})
			}
		}
	}
	return t
}

// typeOf is the type of a resource; one that R4 does not have may be any text.
func typeOf(res *fhir.Node) string {
	if typ := res.Type(); search.R4().Knows(typ) {
		return typ
	}
	return ""
}
