package relational

import (
	"hash/maphash"
	"maps"
	"math"
	"runtime"
	"slices"
	"sync"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/index"
)

// Limits of the memory that comparing takes.
const (
	windowRIDs = 1 << 22 // resources compared in one pass over the tables: 32 MB of sums
	exactRIDs  = 2_000   // resources compared row by row in one further pass
	badMax     = 200_000 // resources noted as different in one window; a further run finds the rest
)

// checkBodies reads every version and holds the index against the current ones.
//
// Each resource has a sum over hashes of its index rows, taken from the tables, from which
// the rows that its body gives are taken off: what is not zero then differs. So one pass over
// each table answers for all resources, in 8 bytes of memory for each.
func (x *inspection) checkBodies() error {
	top, _, err := db.One(x.c, `SELECT max(rid) FROM resource`)
	if err != nil {
		return err
	}
	several := map[int64]bool{}
	unsettled, err := x.unsettled()
	if err != nil {
		return err
	}
	for low := int64(0); low == 0 || low < top; low += windowRIDs {
		high := low + windowRIDs
		if high >= top {
			high = math.MaxInt64
		}
		c := comparison{inspection: x, low: low, high: high, several: several, unsettled: unsettled, seed: maphash.MakeSeed(),
			sums: make([]uint64, min(windowRIDs, top-low)), bad: map[int64]bool{}, unread: map[int64]bool{}}
		if low == 0 {
			c.low = math.MinInt64 // rows of numbers that nobody has
		}
		if err := c.run(low); err != nil {
			return err
		}
	}
	return x.checkSeveral(several)
}

// comparison is the index of the resources whose rids are above low and up to high.
type comparison struct {
	*inspection
	low, high int64
	base      int64 // sums[0] is of base+1
	seed      maphash.Seed
	sums      []uint64
	bad       map[int64]bool
	unread    map[int64]bool // bodies that cannot be read: nothing is known of their index
	several   map[int64]bool
	unsettled map[int64]bool // parameters whose rows are being put in or taken out
}

// unsettled gives the numbers of the custom parameters whose rows are being put in or taken
// out: what stands there now says nothing.
func (x *inspection) unsettled() (map[int64]bool, error) {
	catalogue, err := x.Parameters()
	if err != nil {
		return nil, err
	}
	list := map[int64]bool{}
	for _, p := range catalogue.Custom() {
		for _, sub := range []string{"", index.SubIdentifier, index.SubOfType} {
			n, err := x.s.Names.FindParam(x.c, p.Type, p.IndexName()+sub)
			if err != nil {
				return nil, err
			}
			if n != 0 && !p.Usable() {
				list[n] = true
			}
		}
	}
	return list, nil
}

func (c *comparison) run(base int64) error {
	c.base = base
	for _, s := range sources(c.c) {
		if err := c.scan(s, func(e posting) { c.count(e.rid, maphash.Comparable(c.seed, e)) }); err != nil {
			return err
		}
	}
	err := c.versions(c.takeOff)
	if err != nil {
		return err
	}
	for i, sum := range c.sums {
		if rid := c.base + int64(i) + 1; sum != 0 {
			c.differs(rid)
		}
	}
	c.sums = nil
	for rid := range c.unread {
		delete(c.bad, rid)
	}
	for rids := range slices.Chunk(slices.Sorted(maps.Keys(c.bad)), exactRIDs) {
		if err := c.exact(rids); err != nil {
			return err
		}
	}
	return nil
}

// scan reads the rows of a table.
func (c *comparison) scan(s source, f func(posting)) error {
	where, args := ``, []any(nil)
	if c.low != math.MinInt64 || c.high != math.MaxInt64 {
		where, args = ` WHERE rid>? AND rid<=?`, []any{c.low, c.high}
	}
	err := c.c.Query(s.sql+where, args, func(r db.Row) bool {
		if e := s.read(r); e.table == tableCompartment || !c.unsettled[e.n[0]] {
			f(e)
		}
		return c.ctx.Err() == nil
	})
	if c.ctx.Err() != nil { // a table that was not read whole says nothing
		return canceled(c.ctx.Err())
	}
	return err
}

func (c *comparison) count(rid int64, hash uint64) {
	if i := rid - c.base - 1; i >= 0 && i < int64(len(c.sums)) {
		c.sums[i] += hash
	} else {
		c.differs(rid)
	}
}

func (c *comparison) differs(rid int64) {
	if len(c.bad) < badMax {
		c.bad[rid] = true
	}
}

// versions calls f with every version in the window, some at a time, in order of change.
func (c *comparison) versions(f func([]rawVersion) error) error {
	last := int64(0)
	for {
		var raws []rawVersion
		err := c.c.Query(`SELECT `+versionColumns+` FROM version v CROSS JOIN resource r ON r.rid=v.rid WHERE v.seq>? AND v.rid>? AND v.rid<=? ORDER BY v.seq LIMIT 500`,
			[]any{last, c.low, c.high}, func(s db.Row) bool {
				raws = append(raws, scanVersion(s))
				return true
			})
		if err != nil || len(raws) == 0 {
			return err
		}
		last = raws[len(raws)-1].seq
		if err := f(raws); err != nil {
			return err
		}
		if err := c.ctx.Err(); err != nil {
			return canceled(err)
		}
	}
}

// read is a current version with what it is found by.
type read struct {
	raw    rawVersion
	typ    string
	values []search.IndexValue
	err    error
}

// takeOff takes the rows that bodies give off the sums of their resources, where they are current.
// The values are extracted on all processors.
func (c *comparison) takeOff(raws []rawVersion) error {
	catalogue, err := c.Parameters()
	if err != nil {
		return err
	}
	bodies := make(chan func(), runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for range cap(bodies) {
		workers.Go(func() {
			for work := range bodies {
				work()
			}
		})
	}
	var list []*read
	for _, raw := range raws {
		res := c.sound(raw)
		if res == nil {
			continue
		}
		one := &read{raw: raw, typ: res.Type()}
		list = append(list, one)
		bodies <- func() { one.values, one.err = settled(catalogue, res, c.s.Base) }
	}
	close(bodies)
	workers.Wait()
	for _, one := range list {
		rows, complete, err := c.rows(one.raw, one.typ, one.values)
		if one.err != nil || err != nil || !complete {
			c.differs(one.raw.rid)
			continue
		}
		for _, e := range rows {
			c.count(e.rid, -maphash.Comparable(c.seed, e))
		}
	}
	return nil
}

// sound looks whether a version can be read, and gives its content where it is current.
func (c *comparison) sound(raw rawVersion) *fhir.Node {
	if raw.body == nil {
		return nil
	}
	current, err := c.isCurrent(raw)
	if err != nil {
		return nil
	}
	name := target(store.Key{Type: c.typeName(raw.t), ID: raw.id}, raw.version)
	got, err := c.decode(raw)
	switch {
	case fault.Is(err, fault.Gone):
		return nil // erased with its key: that is no damage
	case fault.As(err) != nil && fault.As(err).Code == store.BodyOther:
		c.found(store.Damage{Code: store.BodyOther, Subject: name})
	case err != nil:
		c.found(store.Damage{Code: store.BodyDamaged, Subject: name})
	}
	if !current {
		return nil
	}
	if err != nil || got == nil {
		c.unread[raw.rid] = true
		return nil
	}
	return got.Resource
}

// isCurrent reports whether a version is the one that its resource is at.
func (c *comparison) isCurrent(raw rawVersion) (bool, error) {
	_, ok, err := db.One(c.c, `SELECT 1 FROM resource WHERE rid=? AND seq=? AND deleted=0`, raw.rid, raw.seq)
	return ok, err
}

// expected gives the index rows that a resource should have; complete is false where a number
// of a name is not there, which no row can be without.
func (c *comparison) expected(raw rawVersion, res *fhir.Node) (list []posting, complete bool, err error) {
	catalogue, err := c.Parameters()
	if err != nil {
		return nil, false, err
	}
	values, err := settled(catalogue, res, c.s.Base)
	if err != nil {
		return nil, false, err
	}
	return c.rows(raw, res.Type(), values)
}

// rows gives the index rows of values; see expected.
func (c *comparison) rows(raw rawVersion, typ string, values []search.IndexValue) (list []posting, complete bool, err error) {
	var rows index.Rows
	k := known{c.view, c.several}
	x := &index.Indexer{Keys: c.s.Keys, Add: k, RID: k.rid, Rows: &rows, Clear: c.c.SealsPages()}
	err = x.Resource(raw.rid, typ, values)
	if err == nil {
		err = c.s.compartment(x, &row{rid: raw.rid, t: raw.t, key: store.Key{Type: typ, ID: raw.id}}, values)
	}
	if err == errUnknown {
		return nil, false, nil
	}
	return postings(&rows), err == nil, err
}

// settled gives the values of a resource under the parameters whose rows are whole.
func settled(catalogue *search.Catalogue, res *fhir.Node, base string) ([]search.IndexValue, error) {
	values, err := catalogue.Extract(stripMeta(res.Shallow()), base)
	return slices.DeleteFunc(values, func(v search.IndexValue) bool { return !v.Param.Usable() }), err
}

// exact compares resources row by row, and repairs.
func (c *comparison) exact(rids []int64) error {
	have := map[int64][]posting{}
	for _, rid := range rids {
		have[rid] = nil
	}
	for _, s := range sources(c.c) {
		err := c.scan(s, func(e posting) {
			if _, asked := have[e.rid]; asked {
				have[e.rid] = append(have[e.rid], e)
			}
		})
		if err != nil {
			return err
		}
	}
	for _, rid := range rids {
		if err := c.compare(rid, have[rid]); err != nil {
			return err
		}
	}
	return nil
}

// compare finds what one resource has too few and too many of.
func (c *comparison) compare(rid int64, have []posting) error {
	subject := itoa(rid)
	var want []posting
	complete := true
	at, live, err := c.at(rid)
	if err != nil {
		return err
	}
	if live {
		subject = store.Key{Type: c.typeName(at.t), ID: at.id}.String()
		got, err := c.decode(at)
		if err != nil {
			return err
		}
		if want, complete, err = c.expected(at, got.Resource); err != nil {
			return err
		}
	}
	missing, extra := difference(want, have)
	if len(missing) == 0 && len(extra) == 0 && complete {
		return nil
	}
	repaired := c.mend(subject, func(w *Writer) error { return w.reindex(c.view, rid, at.seq, have) })
	if len(missing) > 0 || !complete {
		c.found(store.Damage{Code: store.IndexMissing, Subject: subject, Repaired: repaired})
	}
	if len(extra) > 0 && complete { // without all names it cannot be told what is too much
		c.found(store.Damage{Code: store.IndexExtra, Subject: subject, Repaired: repaired})
	}
	return nil
}

// at reads the current version of a resource; live is false where there is none.
func (v *view) at(rid int64) (raw rawVersion, live bool, err error) {
	err = v.c.Query(`SELECT `+versionColumns+` FROM resource r CROSS JOIN version v ON v.seq=r.seq WHERE r.rid=? AND r.version>0 AND r.deleted=0`, []any{rid}, func(s db.Row) bool {
		raw, live = scanVersion(s), true
		return false
	})
	return raw, live, err
}

// difference gives the postings of want that have lacks, and those of have that want lacks. A
// row that stands twice is extra and missing: both are taken out, one is put back.
func difference(want, have []posting) (missing, extra []posting) {
	count := map[posting]int{}
	for _, e := range have {
		count[e]++
	}
	for _, e := range want {
		n := count[e]
		if n != 1 {
			missing = append(missing, e)
		}
		if n > 1 {
			extra = append(extra, e)
		}
		delete(count, e)
	}
	for e := range count {
		extra = append(extra, e)
	}
	return missing, extra
}

// reindex makes the rows of a resource what its current version says, under the parameters of
// the snapshot of. have is what that found; a resource that was written since has been indexed again and stays.
func (w *Writer) reindex(of *view, rid, seq int64, have []posting) error {
	v := &view{s: w.s, c: w.c}
	at, live, err := v.at(rid)
	if err != nil {
		return err
	}
	if at.seq != seq {
		return errNotMended
	}
	var want []posting
	if live {
		got, err := v.decode(at)
		if err != nil {
			return err
		}
		catalogue, err := of.Parameters()
		if err != nil {
			return err
		}
		values, err := settled(catalogue, got.Resource, w.s.Base)
		if err != nil {
			return err
		}
		var rows index.Rows
		x := w.indexer(&rows)
		if err := x.Resource(rid, got.Key.Type, values); err != nil {
			return err
		}
		if err := w.s.compartment(x, &row{rid: rid, t: at.t, key: got.Key}, values); err != nil {
			return err
		}
		want = postings(&rows)
	}
	missing, extra := difference(want, have)
	if err := w.c.WriteIndex(rowsOf(extra), true); err != nil {
		return err
	}
	return w.c.WriteIndex(rowsOf(missing), false)
}

// checkSeveral holds what is noted of parameters against what the bodies have.
func (x *inspection) checkSeveral(several map[int64]bool) error {
	err := x.c.Query(`SELECT p FROM param WHERE multi<>0`, nil, func(r db.Row) bool {
		delete(several, r.Int(0))
		return true
	})
	for _, p := range slices.Sorted(maps.Keys(several)) {
		repaired := x.mend("param", func(w *Writer) error { return w.c.Exec(`UPDATE param SET multi=1 WHERE p=?`, p) })
		x.found(store.Damage{Code: store.ParamSingle, Subject: itoa(p), Repaired: repaired})
	}
	return err
}

// known gives the numbers that are there. One that is missing means that index rows are.
type known struct {
	v       *view
	several map[int64]bool
}

var errUnknown = fault.New(fault.Corrupt, "store_damaged", "a name has no number")

func there(n int64, err error) (int64, error) {
	if err == nil && n == 0 {
		err = errUnknown
	}
	return n, err
}

func (k known) Param(resourceType, code string) (int64, error) {
	return there(k.v.s.Names.FindParam(k.v.c, resourceType, code))
}

func (k known) System(url string) (int64, error) { return there(k.v.s.Names.FindSystem(k.v.c, url)) }

func (k known) Unit(u search.Unit) (int64, error) { return there(k.v.s.Names.FindUnit(k.v.c, u)) }

func (k known) Several(p int64) error {
	k.several[p] = true
	return nil
}

func (k known) rid(resourceType, id string) (int64, error) {
	t, err := there(k.v.s.Names.FindType(k.v.c, resourceType))
	if err != nil {
		return 0, err
	}
	rid, _, err := db.One(k.v.c, `SELECT rid FROM resource WHERE type=? AND id=?`, t, k.v.c.ID(id))
	return there(rid, err)
}
