package relational

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/queue"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
)

// Limits of one batch, which other writes wait for: about 20 ms of one processor.
const (
	reindexBatch = 200   // resources that are read
	reindexScan  = 5_000 // rows that are looked at
	reindexKept  = 50    // jobs that stay listed when they are done
)

// anew is the body of a job without a SearchParameter: what is indexed again.
type anew struct {
	Types []string `json:"types,omitempty"`
	RID   int64    `json:"rid,omitempty"` // one resource
}

// again begins to index resources anew.
func (t *turn) again(c store.Reindex, res *store.Result) error {
	if t.r.actor.Patients != nil {
		return fault.New(fault.Forbidden, "outside_compartment", "an actor that is confined to patients cannot index resources again")
	}
	what, name := anew{Types: c.Types}, strings.Join(c.Types, ",")
	switch {
	case c.Key != (store.Key{}):
		cur, err := t.current(c.Key)
		if err != nil {
			return err
		}
		if !cur.live() {
			return notFound()
		}
		if c.Key.Type == "SearchParameter" {
			return t.reindexParameter(c.Key.ID, res)
		}
		what, name = anew{RID: cur.rid}, c.Key.String()
	}
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	// The audit row of this request is the next: its number is nobody else's.
	t.tale.step(audit.Operate, "reindex")
	job := -(t.n.Audit + 1)
	if err := t.c.Exec(`DELETE FROM reindex WHERE job<0 AND state=1 AND job>=(SELECT job FROM reindex WHERE job<0 AND state=1 ORDER BY job LIMIT 1 OFFSET ?)`, int64(reindexKept)); err != nil {
		return err
	}
	res.Job = job
	return t.begin(job, insertReindex, job, name, string(body), int64(search.Indexing), int64(0), t.n.RID, int64(0), t.now.UnixMilli())
}

// reindexParameter indexes every resource again under a SearchParameter.
func (t *turn) reindexParameter(id string, res *store.Result) error {
	list, err := definitions(t.c)
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.id == id && d.custom.State != search.Retired {
			t.known, res.Job = nil, d.job
			return t.begin(d.job, `UPDATE reindex SET state=0, last=0, top=?, done=0, at=? WHERE job=?`, t.n.RID, t.now.UnixMilli(), d.job)
		}
	}
	return fault.New(fault.Conflict, "search_parameter_unused", "this SearchParameter adds nothing: it is not active, or repeats one of R4's own")
}

// pendingReindex gives the jobs that are not at their end: a step of the schema may have asked for
// one, and the queue may have given one up.
func pendingReindex(c db.Conn) (jobs []int64, err error) {
	err = c.Query(`SELECT job FROM reindex WHERE state<>1 ORDER BY job`, nil, func(r db.Row) bool {
		jobs = append(jobs, r.Int(0))
		return true
	})
	return jobs, err
}

// offerReindex offers jobs; one that waits already is kept.
func (s *Store) offerReindex(ctx context.Context, jobs []int64) error {
	return s.inner(ctx, func(w *Writer) error {
		for _, job := range jobs {
			if err := w.enqueue(ctx, reindexJob(job)); err != nil {
				return err
			}
		}
		return nil
	})
}

func reindexJob(job int64) queue.Job {
	return queue.Job{Kind: store.ReindexJob, Subject: strconv.FormatInt(job, 10), Priority: 3}
}

// Reindexing lists the work on the index, newest first.
func (v *view) Reindexing() ([]store.Reindexing, error) {
	if v.actor.Patients != nil {
		return nil, nil
	}
	var list []store.Reindexing
	err := v.c.Query(`SELECT job, id, state, done, at FROM reindex ORDER BY at DESC, job DESC`, nil, func(r db.Row) bool {
		one := store.Reindexing{Job: r.Int(0), Resource: r.Text(1), Done: int(r.Int(3)), Began: time.UnixMilli(r.Int(4)).UTC(),
			State: [...]store.ReindexState{store.ReindexRunning, store.ReindexDone, store.ReindexRemoving}[r.Int(2)]}
		if one.Job > 0 {
			one.Resource = "SearchParameter/" + one.Resource
		}
		list = append(list, one)
		return true
	})
	return list, err
}

// ReindexSome does the next batch of a job; see store.Store.
func (s *Store) ReindexSome(ctx context.Context, job int64) (more bool, err error) {
	r := &request{ctx: ctx, actor: store.Actor{ID: "system:reindex"}, done: make(chan struct{})}
	r.inner = func(w *Writer) (err error) {
		more, err = w.reindexBatch(job)
		return err
	}
	err = s.submit(r)
	return more, err
}

// batch is a job as its row says.
type batch struct {
	job, last, top, done int64
	state                search.State
	what                 anew           // a job below zero
	param                string         // name of the index of any other
	types                map[int64]bool // numbers; nil: all
}

func (w *Writer) reindexBatch(job int64) (more bool, err error) {
	b := &batch{job: job}
	body, found := "", false
	err = w.c.Query(`SELECT body, state, last, top, done FROM reindex WHERE job=?`, []any{job}, func(r db.Row) bool {
		body, b.state, b.last, b.top, b.done, found = r.Text(0), search.State(r.Int(1)), r.Int(2), r.Int(3), r.Int(4), true
		return false
	})
	if err != nil || !found || b.state == search.Ready {
		return false, err
	}
	if err := w.scope(b, body); err != nil {
		return false, err
	}
	rids, end, err := w.next(b)
	if err != nil {
		return false, err
	}
	if err := w.indexAgain(b, rids); err != nil {
		return false, err
	}
	if more = end < b.top; more {
		return true, w.c.Exec(`UPDATE reindex SET last=?, done=? WHERE job=?`, end, b.done+int64(len(rids)), job)
	}
	w.known = nil
	if b.state == search.Retired {
		return false, w.c.Exec(`DELETE FROM reindex WHERE job=?`, job)
	}
	return false, w.c.Exec(`UPDATE reindex SET state=1, last=?, done=? WHERE job=?`, end, b.done+int64(len(rids)), job)
}

// scope reads which resources a job is about.
func (w *Writer) scope(b *batch, body string) error {
	types := []string(nil)
	if b.job < 0 {
		if err := json.Unmarshal([]byte(body), &b.what); err != nil {
			return fault.New(fault.Corrupt, "reindex_damaged", "the row of a job cannot be read: %w", err)
		}
		types = b.what.Types
	} else {
		list, err := definitions(w.c)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(d definition) bool { return d.job == b.job })
		if i < 0 {
			return fault.New(fault.Corrupt, "reindex_damaged", "a job has no definition")
		}
		types, b.param = list[i].custom.Base, list[i].custom.Code+"@"+list[i].custom.Index
	}
	if types == nil {
		return nil
	}
	b.types = map[int64]bool{}
	for _, name := range types {
		n, err := w.add.Type(name)
		if err != nil {
			return err
		}
		b.types[n] = true
	}
	return nil
}

// next gives the resources of the next batch, and up to where all were looked at.
func (w *Writer) next(b *batch) (rids []int64, end int64, err error) {
	if b.what.RID != 0 {
		return []int64{b.what.RID}, b.top, nil
	}
	end = b.top
	looked := 0
	err = w.c.Query(`SELECT rid, type, version, deleted FROM resource WHERE rid>? AND rid<=? ORDER BY rid LIMIT ?`, []any{b.last, b.top, reindexScan}, func(r db.Row) bool {
		if looked++; r.Int(2) > 0 && r.Int(3) == 0 && (b.types == nil || b.types[r.Int(1)]) {
			rids = append(rids, r.Int(0))
		}
		if len(rids) == reindexBatch || looked == reindexScan {
			end = r.Int(0)
			return false
		}
		return true
	})
	return rids, end, err
}

// indexAgain takes the rows of resources out and, but for a parameter that is no longer in
// force, puts them in again.
func (w *Writer) indexAgain(b *batch, rids []int64) error {
	v := &view{s: w.s, c: w.c}
	versions, err := v.byRIDs(rids)
	if err != nil {
		return err
	}
	catalogue, err := w.parameters()
	if err != nil {
		return err
	}
	w.gone.Reset()
	w.rows.Reset()
	for i := range versions {
		cur, err := w.current(versions[i].Key)
		if err != nil {
			return err
		}
		res := stripMeta(versions[i].Resource.Shallow())
		var values []search.IndexValue
		if b.param != "" {
			values, err = catalogue.ExtractOne(res, w.s.Base, b.param)
		} else {
			values, err = catalogue.Extract(res, w.s.Base)
		}
		if err != nil {
			return err
		}
		x := w.indexer(&w.rows)
		if err := x.Resource(cur.rid, cur.key.Type, values); err != nil {
			return err
		}
		if b.param == "" {
			if err := w.s.compartment(x, cur, values); err != nil {
				return err
			}
		}
	}
	if err := w.c.WriteIndex(&w.rows, true); err != nil || b.state == search.Retired {
		w.rows.Reset()
		return err
	}
	return w.flush()
}
