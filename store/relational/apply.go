package relational

import (
	"bytes"
	"slices"
	"strings"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/ident"
)

// apply does the commands of one request inside its savepoint: first who is who (conditional
// interactions, deletions), then the writes with every reference resolved.
func (w *Writer) apply(r *request) ([]store.Result, error) {
	work := r.work
	results := make([]store.Result, len(work.commands))
	items := append([]item(nil), work.items...)
	t := &turn{Writer: w, r: r, items: items, results: results, tale: w.s.newTale(r.actor), made: map[string]int{}, versions: map[store.Key]int{}}
	if !work.ready {
		t.links = map[string]string{}
		for k, v := range work.links {
			t.links[k] = v
		}
	}
	for i, c := range work.commands {
		if err := t.first(i, c); err != nil {
			return nil, at(err, i)
		}
	}
	if !work.ready {
		w := *work
		w.items = items
		if err := w.duplicates(); err != nil {
			return nil, err
		}
	}
	t.bear()
	for _, i := range t.order() {
		if err := t.second(i, work.commands[i]); err != nil {
			return nil, at(err, i)
		}
		if v := results[i].Version; v != nil {
			t.versions[v.Key] = v.Version
		}
	}
	if err := w.flush(); err != nil {
		return nil, err
	}
	return results, w.auditEvent(&audit.Event{At: w.now, Actor: r.actor.ID, RequestID: r.actor.RequestID, Via: audit.Via(r.ctx),
		Outcome: audit.Success, Patients: t.tale.patients, Steps: t.tale.steps})
}

// turn is one request being applied.
type turn struct {
	*Writer
	r       *request
	items   []item
	links   map[string]string // nil where everything was prepared
	results []store.Result
	tale    *tale
	made    map[string]int // criteria of conditional creates → command, for repeats in one bundle

	versions map[store.Key]int // what this transaction wrote so far
	unborn   map[store.Key]bool
	claims   map[string]int64 // id of a Binary → data key of what attaches it; nil: none is written
}

// order is that of the writes: as they were given, but by rank.
func (t *turn) order() []int {
	commands := t.r.work.commands
	order := make([]int, len(commands))
	ranks := make([]int, len(commands))
	for i, c := range commands {
		order[i], ranks[i] = i, rank(c)
		if writtenType(c) == "Binary" {
			t.claims = map[string]int64{}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return ranks[a] - ranks[b] })
	return order
}

// bear gives rids to the resources whose ids were made here, before they are written: others
// may refer to them, and no look into the database is needed to know that they are not there.
func (t *turn) bear() {
	t.unborn = map[store.Key]bool{}
	for i := range t.items {
		it := &t.items[i]
		if it.fresh && !it.match {
			t.n.RID++
			t.rids[it.key], t.unborn[it.key] = t.n.RID, true
		}
	}
}

// first decides identities and does deletions.
func (t *turn) first(i int, c store.Command) error {
	it := &t.items[i]
	switch c := c.(type) {
	case store.Delete:
		return t.delete(i, c)
	case store.Erase:
		return t.erase(i, c)
	case store.Expect:
		return t.expect(c)
	case store.Create:
		if it.decide == nil {
			return nil
		}
		criteria := it.key.Type + "?" + criteriaText(it.decide)
		if j, again := t.made[criteria]; again {
			it.key, it.match = t.items[j].key, true
		} else {
			found, err := t.matches(it.decide, 2)
			if err != nil {
				return err
			}
			switch len(found) {
			case 0:
				t.made[criteria] = i
			case 1:
				it.key, it.match, it.fresh = found[0], true, false
			default:
				return severalMatches()
			}
		}
		it.decide = nil
		t.relink(c.FullURL, c.Resource, it.key)
	case store.Update:
		if it.decide == nil {
			return nil
		}
		if err := t.decideUpdate(it, c); err != nil {
			return err
		}
		it.decide = nil
		t.relink(c.FullURL, c.Resource, it.key)
	}
	return nil
}

func severalMatches() error {
	return fault.New(fault.Precondition, "several_matches", "the criteria match more than one resource")
}

// decideUpdate is the table of http://hl7.org/fhir/R4/http.html#cond-update.
func (t *turn) decideUpdate(it *item, c store.Update) error {
	found, err := t.matches(it.decide, 2)
	if err != nil {
		return err
	}
	given := c.Resource.ID()
	switch {
	case len(found) > 1:
		return severalMatches()
	case len(found) == 1 && given != "" && given != found[0].ID:
		return fault.New(fault.Invalid, "id_mismatch", "the resource that the criteria match has another id than the one given")
	case len(found) == 1:
		it.key = found[0]
	case given == "":
		it.key, it.fresh = store.Key{Type: it.key.Type, ID: ident.New(t.now)}, true
	case !ident.Valid(given):
		return fault.New(fault.Invalid, "bad_id", "an update needs a resource id of 1 to 64 letters, digits, - and .")
	}
	return nil
}

func (t *turn) relink(fullURL string, res *fhir.Node, key store.Key) {
	w := work{links: t.links}
	w.link(fullURL, res, key)
}

// criteriaText makes equal criteria equal.
func criteriaText(q *search.Query) string {
	var b strings.Builder
	for _, p := range q.Used {
		b.WriteString(p.Name)
		b.WriteByte('=')
		b.WriteString(p.Value)
		b.WriteByte('&')
	}
	return b.String()
}

// second does everything but deletions.
func (t *turn) second(i int, c store.Command) error {
	it := &t.items[i]
	res := &t.results[i]
	switch c := c.(type) {
	case store.Delete, store.Erase, store.Expect:
		return nil
	case store.Create:
		if it.match {
			v, err := t.current(it.key)
			if err == nil {
				res.Version, err = t.version(v)
			}
			t.tale.one(audit.Read, it.key, 0, res.Version, err)
			return err
		}
		rd, err := t.ready(it, c.Resource)
		if err != nil {
			return err
		}
		return t.put(i, it, nil, rd)
	case store.Update:
		err := t.update(i, it, c)
		if v := res.Version; c.Brief && v != nil {
			brief := *v
			brief.Resource = nil
			res.Version = &brief
		}
		return err
	case store.Receive:
		return t.receive(c, res)
	case store.Move:
		return t.move(c, res)
	case store.PutRecord:
		return t.putRecord(c, res)
	case store.PutStage:
		return t.putStage(i, c)
	case store.Reindex:
		return t.again(c, res)
	case store.Enqueue:
		return t.enqueue(t.r.ctx, c.Job)
	case store.PutTask:
		return t.putTask(c)
	case store.ChangeTask:
		return t.changeTask(i, c)
	case store.DropTask:
		return t.c.Exec(`DELETE FROM task WHERE id=?`, c.ID)
	}
	return fault.New(fault.Invalid, "unknown_command", "the store does not know this command")
}

// expect looks whether a query still matches what it did when its caller decided.
func (t *turn) expect(c store.Expect) error {
	limit := c.Query.Count
	if !c.Query.CountSet {
		limit = len(c.Keys) + 1
	}
	found, err := t.matches(c.Query, limit)
	if err != nil {
		return err
	}
	if !slices.Equal(found, c.Keys) {
		return fault.New(fault.Conflict, "matches_changed", "what this was decided by has changed; look again")
	}
	return nil
}

// ready gives a resource that was prepared, or prepares it now that identities are known.
func (t *turn) ready(it *item, res *fhir.Node) (*ready, error) {
	if it.ready != nil {
		return it.ready, nil
	}
	links := t.links
	if links == nil {
		links = t.r.work.links
	}
	if pins(res) {
		var err error
		if res, err = t.pinned(res, links); err != nil {
			return nil, err
		}
	}
	return t.s.makeReady(&work{links: links}, res, it.key, t.conditional)
}

// conditional resolves a reference of the form Type?criteria to exactly one resource.
func (t *turn) conditional(ref string) (string, error) {
	typ, raw, _ := strings.Cut(ref, "?")
	q, err := search.Criteria(typ, raw, search.Options{Base: t.s.Base, Now: t.now, Catalogue: t.s.Known()})
	if err != nil {
		return "", err
	}
	found, err := t.matches(q, 2)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fault.New(fault.Precondition, "conditional_reference", "a conditional reference matches %s resource", map[bool]string{true: "no", false: "more than one"}[len(found) == 0])
	}
	return found[0].String(), nil
}

// update writes under the resource's own id. An actor who is confined to patients updates what
// they see: whether there is something else under an id must not show, so they choose no new ids
// but those of their patients.
func (t *turn) update(i int, it *item, c store.Update) error {
	cur, err := t.seen(it.key)
	if err != nil {
		return err
	}
	if t.r.actor.Patients != nil && !cur.live() && !it.fresh && !t.own(it.key) {
		return outside()
	}
	if err := precondition(cur, c.IfMatch); err != nil {
		return err
	}
	var before *fhir.Node
	if cur.live() && (c.Modify != nil || c.Keep != nil || c.SkipSame) {
		v, err := t.version(cur)
		if err != nil {
			return err
		}
		before = v.Resource
		if c.Keep != nil && c.Keep(before) {
			t.results[i].Version = v
			t.tale.one(audit.Read, it.key, 0, v, nil)
			return nil
		}
	}
	content, rd := c.Resource, it.ready
	if c.Modify != nil {
		if content, err = c.Modify(before); err != nil {
			return err
		}
		if content == nil || content == before {
			return t.unchanged(i, cur)
		}
		if content.Type() != it.key.Type {
			return fault.New(fault.Invalid, "type_changed", "an update must not change the resource type")
		}
		rd = nil
	}
	if rd == nil {
		if rd, err = t.ready(&item{key: it.key}, content); err != nil {
			return err
		}
	}
	if c.SkipSame && before != nil && same(before, rd.resource) {
		moved, err := t.reclaimed(it.key, cur)
		if err != nil {
			return err
		}
		if !moved {
			return t.unchanged(i, cur)
		}
	}
	return t.put(i, it, cur, rd)
}

func (t *turn) unchanged(i int, cur *row) error {
	if !cur.live() {
		return nil
	}
	v, err := t.version(cur)
	t.results[i].Version = v
	t.tale.one(audit.Read, cur.key, 0, v, err)
	return err
}

// same compares two resources without their meta.
func same(a, b *fhir.Node) bool {
	a, b = a.Shallow(), b.Shallow()
	a.Delete("meta")
	b.Delete("meta")
	return bytes.Equal(a.AppendJSON(nil), b.AppendJSON(nil))
}

func precondition(cur *row, ifMatch int) error {
	if ifMatch == 0 || cur.live() && cur.version == int64(ifMatch) {
		return nil
	}
	return fault.New(fault.Precondition, "version_conflict", "the resource is not at the version that If-Match names")
}

// delete makes a deletion version, or several for conditional deletion with Many.
func (t *turn) delete(i int, c store.Delete) error {
	keys := []store.Key{c.Key}
	if c.Where != nil {
		limit := 2
		if c.Many {
			limit = maxCommands
		}
		found, err := t.matches(c.Where, limit)
		if err != nil {
			return err
		}
		if len(found) > 1 && !c.Many {
			return severalMatches()
		}
		keys = found
	}
	before := len(t.tale.steps)
	defer func() {
		if len(t.tale.steps) == before { // what is not there is deleted already
			t.tale.step(audit.Delete, t.items[i].key.Type, audit.Target{Type: t.items[i].key.Type, ID: t.s.unnamed(c.Key.ID)})
		}
	}()
	for _, key := range keys {
		if err := t.deleteOne(i, key, c); err != nil {
			return err
		}
	}
	return nil
}

func (t *turn) deleteOne(i int, key store.Key, c store.Delete) error {
	cur, err := t.seen(key)
	if err != nil {
		return err
	}
	if !cur.live() {
		if c.IfMatch != 0 {
			return precondition(cur, c.IfMatch)
		}
		return nil
	}
	if err := precondition(cur, c.IfMatch); err != nil {
		return err
	}
	if c.Keep != nil {
		v, err := t.version(cur)
		if err != nil {
			return err
		}
		if c.Keep(v.Resource) {
			return nil
		}
	}
	values, err := t.unindex(cur)
	if err != nil {
		return err
	}
	t.n.Seq++
	next := *cur
	next.version, next.seq, next.updated, next.deleted = cur.version+1, t.n.Seq, t.now.UnixMilli(), true
	if err := t.insertVersion(&next, store.OpDelete, nil, 0, true); err != nil {
		return err
	}
	if key.Type == "SearchParameter" {
		if err := t.define(key, next.seq, nil); err != nil {
			return err
		}
	}
	t.results[i] = store.Result{Op: store.OpDelete, Version: &store.Version{Key: key, Version: int(next.version), Seq: next.seq, Op: store.OpDelete, At: t.now}}
	t.tale.values(key, values)
	t.tale.step(audit.Delete, key.Type, audit.Target{Type: key.Type, ID: key.ID, Version: int(next.version)})
	return nil
}

// matches runs a search inside the transaction, confined like the actor, and only of what they
// may read. Everything that a write is decided by comes through here.
func (t *turn) matches(q *search.Query, limit int) ([]store.Key, error) {
	if permit := t.r.actor.Permit; permit != nil {
		if err := permit(q); err != nil {
			return nil, err
		}
	}
	if err := t.flush(); err != nil {
		return nil, err
	}
	v := &view{s: t.s, c: t.c, actor: t.r.actor}
	return v.keys(q, limit)
}

// row is the current state of a resource.
type row struct {
	rid, t, version, seq, updated int64
	key                           store.Key
	deleted                       bool
}

// erased reports whether there was a resource of this id that was taken out for good.
func (r *row) erased() bool { return r.version == 0 && r.deleted }

// live reports whether there is a current, not deleted version.
func (r *row) live() bool { return r.version > 0 && !r.deleted }

// current reads the state of a resource; the zero rid says that nothing is known of it.
func (w *Writer) current(key store.Key) (*row, error) {
	t, err := w.add.Type(key.Type)
	if err != nil {
		return nil, err
	}
	r := &row{key: key, t: t}
	err = w.c.Query(`SELECT rid, version, seq, deleted, updated FROM resource WHERE type=? AND id=?`, []any{t, w.c.ID(key.ID)}, func(s db.Row) bool {
		r.rid, r.version, r.seq, r.deleted, r.updated = s.Int(0), s.Int(1), s.Int(2), s.Int(3) != 0, s.Int(4)
		return false
	})
	return r, err
}

// version reads the content of the current version.
func (w *Writer) version(r *row) (*store.Version, error) {
	v := &view{s: w.s, c: w.c}
	return v.bySeq(r.seq)
}
