package relational

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
)

// Trail is the audit trail of a store; see store.Trail.
type Trail struct {
	*Store
	Lend     func(context.Context, func(db.Conn) error) error // the driver's snapshots
	Counters func(db.Conn) (Counters, error)
}

var _ store.Trail = Trail{}

// verifyChunk is how many rows are read at once.
const verifyChunk = 5_000

// Verify walks along the whole trail in one snapshot. The marks are read before it is taken,
// so that none can be of a later row.
func (t Trail) Verify(ctx context.Context, marks []string) (*audit.Report, error) {
	if err := t.Flush(ctx); err != nil {
		return nil, err
	}
	list, foreign, err := t.trail.marks(marks)
	if err != nil {
		return nil, err
	}
	v := audit.NewVerifier(t.Keys.Audit(), list)
	v.Report.Foreign, v.Report.VerKey = foreign, t.trail.signer.Verifier()
	err = t.Lend(ctx, func(c db.Conn) error { return t.verify(c, v) })
	if err != nil {
		return nil, err
	}
	if r := &v.Report; r.Broken == 0 && r.Rows > 0 {
		r.Mark = t.trail.signer.Sign(audit.Mark{Seq: r.Last, Head: r.Head, At: t.Now()})
	}
	return &v.Report, nil
}

func (t Trail) verify(c db.Conn, v *audit.Verifier) error {
	var should listing
	for last := int64(math.MinInt64); ; {
		var rows []audit.Row
		err := c.Query(`SELECT `+rowColumns+` FROM audit a WHERE a.seq>? ORDER BY a.seq LIMIT ?`, []any{last, verifyChunk}, func(r db.Row) bool {
			rows = append(rows, scanRow(r))
			return true
		})
		if err != nil {
			return err
		}
		for i := range rows {
			last = rows[i].Seq
			v.Row(&rows[i])
			if e, err := t.eventOf(c, &rows[i]); err == nil {
				for _, h := range t.aboutOf(&e) {
					should.add(h, last)
				}
			}
		}
		if len(rows) < verifyChunk {
			break
		}
	}
	n, err := t.Counters(c)
	if err != nil {
		return err
	}
	if v.End(n.Audit); v.Report.Broken > 0 {
		return nil
	}
	var is listing
	err = c.Query(`SELECT h, seq FROM audit_about`, nil, func(r db.Row) bool {
		is.add(r.Int(0), r.Int(1))
		return true
	})
	if err == nil && is != should {
		v.Unlisted()
	}
	return err
}

// listing is what a list of who is in which row comes to, in whatever order it is read.
type listing struct{ rows, sum uint64 }

func (l *listing) add(h, seq int64) {
	x := (uint64(h) ^ 0x9e3779b97f4a7c15) * (uint64(seq)*2 + 1) // the finaliser of splitmix64
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	l.rows++
	l.sum += x ^ x>>31
}

// Limits of one page of events: rows read at once, and rows read in all for one page, after
// which it is given as it is.
const (
	eventChunk   = 1_000
	eventRead    = 200_000
	eventTargets = 50_000 // targets of a page, before it ends early
)

// Events gives events, newest first. They are not for an actor who is confined to patients: an
// event may be about others, too.
func (v *view) Events(q audit.Query) (*audit.Page, error) {
	page, err := v.events(q)
	if v.tale != nil {
		var targets []audit.Target
		if err == nil {
			for i := range page.Events {
				targets = append(targets, audit.Target{Type: "AuditEvent", ID: itoa(page.Events[i].Seq)})
			}
			if len(targets) > 0 {
				v.tale.about(q.Patient)
			}
		}
		v.tale.asked(audit.Search, "AuditEvent", eventPairs(q), targets)
	}
	return page, err
}

// eventPairs names what a query asks for.
func eventPairs(q audit.Query) (pairs []search.Pair) {
	add := func(name, value string) {
		if value != "" && value != "0" {
			pairs = append(pairs, search.Pair{Name: name, Value: value})
		}
	}
	add("_id", itoa(q.Seq))
	add("patient", q.Patient)
	add("document", q.Document)
	if q.Target.ID != "" {
		add("entity", q.Target.String())
	}
	add("agent", q.Actor)
	add("request", q.RequestID)
	add("action", strings.Join(q.Codes, ","))
	for _, o := range q.Outcomes {
		pairs = append(pairs, search.Pair{Name: "outcome", Value: string(o)})
	}
	if !q.Since.IsZero() {
		add("since", strconv.FormatInt(q.Since.UnixMilli(), 10))
	}
	if !q.Until.IsZero() {
		add("until", strconv.FormatInt(q.Until.UnixMilli(), 10))
	}
	return pairs
}

func (v *view) events(q audit.Query) (*audit.Page, error) {
	if v.actor.Patients != nil {
		return nil, fault.New(fault.Forbidden, "audit_confined", "the audit trail is not for an actor who is confined to some patients")
	}
	limit := q.Limit
	if limit <= 0 {
		limit = audit.DefaultLimit
	}
	limit = min(limit, audit.MaxLimit)
	page := &audit.Page{}
	held := 0
	for before, read := q.Before, 0; ; {
		rows, err := v.eventRows(q, before)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			e, err := v.s.eventOf(v.c, &rows[i])
			if err != nil {
				return nil, err
			}
			before = e.Seq
			if !fits(&q, &e) {
				continue
			}
			for i := range e.Steps {
				held += len(e.Steps[i].Targets)
			}
			if page.Events = append(page.Events, e); len(page.Events) == limit || held > eventTargets {
				page.Next = before
				return page, nil
			}
		}
		if read += len(rows); len(rows) < eventChunk {
			return page, nil
		}
		if read >= eventRead {
			page.Next = before
			return page, nil
		}
	}
}

// fits tests what the database did not: what stands in the packed steps, and that a hash has
// not met another's.
func fits(q *audit.Query, e *audit.Event) bool {
	if len(q.Codes) > 0 {
		code := audit.Refuse.Code()
		if len(e.Steps) > 0 {
			code = e.Steps[0].Action.Code()
		}
		if !slices.Contains(q.Codes, code) {
			return false
		}
	}
	return (q.Patient == "" || slices.Contains(e.Patients, q.Patient)) && (q.Document == "" || slices.Contains(e.Documents(), q.Document)) &&
		(q.Target.ID == "" || e.Touches(q.Target.Type, q.Target.ID)) && (len(q.Outcomes) == 0 || slices.Contains(q.Outcomes, e.Outcome))
}

// eventRows reads rows behind a position: those of a patient, document or actor by their own
// index, in the order of the trail; else by time.
func (v *view) eventRows(q audit.Query, before int64) (rows []audit.Row, err error) {
	where, from, order := db.SQL(`TRUE`), `audit a`, `a.seq DESC`
	listed := ""
	switch {
	case q.Patient != "":
		listed, where = "x.seq", where.With(` AND x.h=?`, v.s.aboutHash("Patient", q.Patient))
	case q.Document != "":
		listed, where = "x.seq", where.With(` AND x.h=?`, v.s.aboutHash("document", q.Document))
	case q.Actor != "" || q.Seq != 0:
	default:
		order = `a.at DESC, a.seq DESC`
	}
	at := `+a.at` // not by the index of times
	switch {
	case listed != "":
		from, order = `audit_about x CROSS JOIN audit a ON a.seq=x.seq`, `x.seq DESC`
		if before != 0 {
			where = where.With(` AND x.seq<?`, before)
		}
	case order == `a.seq DESC`:
		if before != 0 {
			where = where.With(` AND a.seq<?`, before)
		}
	default:
		at = `a.at`
		if before != 0 {
			then, ok, err := db.One(v.c, `SELECT at FROM audit WHERE seq=?`, before)
			if err != nil || !ok {
				return nil, err
			}
			where = where.With(` AND a.at<=? AND (a.at<? OR a.seq<?)`, then, then, before)
		}
	}
	if q.Seq != 0 {
		where = where.With(` AND a.seq=?`, q.Seq)
	}
	if q.Actor != "" {
		where = where.With(` AND a.actor=?`, q.Actor)
	}
	if q.RequestID != "" {
		where = where.With(` AND a.request=?`, q.RequestID)
	}
	if !q.Since.IsZero() {
		where = where.With(` AND `+at+`>=?`, q.Since.UnixMilli())
	}
	if !q.Until.IsZero() {
		where = where.With(` AND `+at+`<?`, q.Until.UnixMilli())
	}
	all := where.Wrap(`SELECT `+rowColumns+` FROM `+from+` WHERE `, ` ORDER BY `+order).With(` LIMIT ?`, eventChunk)
	err = v.c.Query(all.Text, all.Args, func(r db.Row) bool {
		rows = append(rows, scanRow(r))
		return true
	})
	return rows, err
}
