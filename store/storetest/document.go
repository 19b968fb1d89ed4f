package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chartlake/fault"
	"chartlake/queue"
	"chartlake/store"
)

// document makes a document whose hash begins with these digits.
func document(digits string) store.Document {
	id := digits + strings.Repeat("0", 64-len(digits))
	return store.Document{ID: id, SHA256: id, MediaType: "application/pdf", Pages: 3, Bytes: 1000, Type: "lab", Patient: "p"}
}

func testReceive(t *testing.T, open Open) {
	s := open(t)
	d := document("aa")
	in := store.Receive{Document: d, Arrival: store.Arrival{Source: "http", Name: "scan of anna.pdf"}, Key: "k1"}
	r := do(t, s, in)[0]
	if r.Duplicate || r.Op != store.OpCreate || r.Document.State != store.Received || r.Document.ReceivedAt.IsZero() || len(r.Document.History) != 1 {
		t.Errorf("first: %+v", r)
	}
	if r := do(t, s, in)[0]; !r.Duplicate || r.Op != "" || len(r.Document.Arrivals) != 1 {
		t.Errorf("the same key again: %+v", r)
	}
	if r := do(t, s, store.Receive{Document: d, Arrival: store.Arrival{Source: "watch"}})[0]; !r.Duplicate || len(r.Document.Arrivals) != 2 {
		t.Errorf("the same bytes again: %+v", r)
	}
	if f := fails(t, s, "idempotency_conflict", store.Receive{Document: document("bb"), Key: "k1"}); f.Kind != fault.Conflict {
		t.Errorf("kind %v", f.Kind)
	}
	if _, err := s.Transact(context.Background(), store.Actor{ID: "user:bob"}, []store.Command{store.Receive{Document: document("bb"), Key: "k1"}}); err != nil {
		t.Errorf("a key belongs to its actor: %v", err)
	}
	view(t, s, anna, func(v store.View) error {
		if id, ok, err := v.Idempotent("k1"); err != nil || !ok || id != d.ID {
			t.Errorf("idempotent: %q %v %v", id, ok, err)
		}
		if _, ok, err := v.Idempotent("k2"); err != nil || ok {
			t.Errorf("an unused key: %v %v", ok, err)
		}
		got, err := v.Document(d.ID)
		if err == nil && (got.Arrivals[0].Name != "scan of anna.pdf" || got.Arrivals[0].Actor != anna.ID || got.Type != "lab" || got.Bytes != 1000) {
			t.Errorf("document %+v", got)
		}
		return err
	})
	// The same new bytes from many sides at once are one document.
	var wg sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			res, err := s.Transact(context.Background(), anna, []store.Command{store.Receive{Document: document("cc")}})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if !res[0].Duplicate {
				fresh++
			}
		}()
	}
	wg.Wait()
	if fresh != 1 {
		t.Errorf("%d arrivals were told that theirs is the first", fresh)
	}
}

func testMoves(t *testing.T, open Open) {
	s := open(t)
	for i, from := range store.States() {
		for j, to := range store.States() {
			d := document(fmt.Sprintf("%02x%02x", i, j))
			do(t, s, store.Receive{Document: d})
			for _, step := range pathTo(from) {
				do(t, s, store.Move{ID: d.ID, From: store.States(), To: step, Code: "x"})
			}
			_, err := s.Transact(context.Background(), anna, []store.Command{store.Move{ID: d.ID, From: []store.State{from}, To: to}})
			if store.Legal(from, to) != (err == nil) {
				t.Errorf("%s to %s: legal %v, got %v", from, to, store.Legal(from, to), err)
			}
			if err != nil && !fault.Is(err, fault.Conflict) {
				t.Errorf("%s to %s: %v, want Conflict", from, to, err)
			}
		}
	}
	d := document("ff")
	do(t, s, store.Receive{Document: d}, store.Move{ID: d.ID, From: []store.State{store.Received}, To: store.Reading})
	fails(t, s, "illegal_move", store.Move{ID: d.ID, From: []store.State{store.Received}, To: store.Failed})
	r := do(t, s, store.Move{ID: d.ID, From: []store.State{store.Reading}, To: store.Failed, Code: "encrypted", Set: func(d *store.Document) {
		d.Segments = []store.DocumentSegment{{Type: "lab", Pages: [2]int{1, 3}, Patient: "Patient/p"}}
		d.Resources = []store.Key{{Type: "Observation", ID: "x"}}
	}})[0]
	if r.Document.SettledAt == nil || r.Document.Code != "encrypted" || len(r.Document.History) != 3 || r.Document.Resources[0].ID != "x" {
		t.Errorf("moved: %+v", r.Document)
	}
	r = do(t, s, store.Move{ID: d.ID, From: []store.State{store.Failed}, To: store.Received})[0]
	if r.Document.SettledAt != nil || r.Document.Code != "" || len(r.Document.Segments) != 1 {
		t.Errorf("run again: %+v", r.Document)
	}
	if _, err := s.Transact(context.Background(), anna, []store.Command{store.Move{ID: "none", To: store.Reading}}); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown document moves: %v", err)
	}
}

// pathTo is a legal way from received to a state.
func pathTo(to store.State) []store.State {
	return map[store.State][]store.State{
		store.Received: nil, store.Reading: {store.Reading}, store.Understood: {store.Reading, store.Understood},
		store.NeedsReview: {store.Reading, store.Understood, store.NeedsReview}, store.Filed: {store.Reading, store.Understood, store.Filed},
		store.Held: {store.Reading, store.Understood, store.Held}, store.Failed: {store.Failed}, store.Rejected: {store.Rejected},
	}[to]
}

func testRecords(t *testing.T, open Open) {
	s := open(t)
	d := document("aa")
	if _, err := s.Transact(context.Background(), anna, []store.Command{store.PutRecord{Document: d.ID, Body: []byte("{}")}}); !fault.Is(err, fault.NotFound) {
		t.Errorf("a record without a document: %v", err)
	}
	do(t, s, store.Receive{Document: d})
	for i := range 3 {
		if r := do(t, s, store.PutRecord{Document: d.ID, After: i, Action: "machine", Body: fmt.Appendf(nil, `{"n":%d}`, i+1)})[0]; r.Record != i+1 {
			t.Errorf("record version %d, want %d", r.Record, i+1)
		}
	}
	fails(t, s, "record_changed", store.PutRecord{Document: d.ID, After: 2, Body: []byte("{}")})
	view(t, s, anna, func(v store.View) error {
		newest, err := v.Record(d.ID, 0)
		if err != nil {
			return err
		}
		first, err := v.Record(d.ID, 1)
		if err != nil {
			return err
		}
		if newest.Version != 3 || string(newest.Body) != `{"n":3}` || string(first.Body) != `{"n":1}` || newest.Actor != anna.ID {
			t.Errorf("records %+v %+v", newest, first)
		}
		list, err := v.Records(d.ID)
		if err == nil && (len(list) != 3 || list[0].Version != 1 || list[0].Body != nil) {
			t.Errorf("list %+v", list)
		}
		if _, err := v.Record(d.ID, 4); !fault.Is(err, fault.NotFound) {
			t.Errorf("version 4: %v", err)
		}
		return err
	})
}

func testStages(t *testing.T, open Open) {
	s := open(t)
	k := store.StageKey{Input: "aa", Stage: "read", Version: "1", Part: "2"}
	do(t, s, store.PutStage{Key: k, Output: []byte("first")}, store.PutStage{Key: k, Output: []byte("second")})
	do(t, s, store.PutStage{Key: store.StageKey{Input: "aa", Stage: "read", Version: "1", Part: "3"}, Output: nil})
	view(t, s, anna, func(v store.View) error {
		out, ok, err := v.Stage(k)
		if err != nil || !ok || string(out) != "first" {
			t.Errorf("stage: %q %v %v", out, ok, err)
		}
		if out, ok, err := v.Stage(store.StageKey{Input: "aa", Stage: "read", Version: "1", Part: "3"}); err != nil || !ok || len(out) != 0 {
			t.Errorf("an empty output: %q %v %v", out, ok, err)
		}
		_, ok, err = v.Stage(store.StageKey{Input: "aa", Stage: "read", Version: "2", Part: "2"})
		if ok {
			t.Error("an output of another version")
		}
		return err
	})
}

// An output made of the results of its transaction is there with them, once, or not at all.
func testStageMade(t *testing.T, open Open) {
	s := open(t)
	k := store.StageKey{Input: "aa", Stage: "receipt", Version: "1"}
	made := func(body string, err error) []store.Command {
		return []store.Command{store.Update{Resource: parse(t, `{"resourceType":"Basic","id":"b","code":{"text":"%s"}}`, body)},
			store.PutStage{Key: k, Make: func(before []store.Result) ([]byte, error) {
				return fmt.Appendf(nil, "%s %d", before[0].Version.Key, before[0].Version.Version), err
			}}}
	}
	refused := fault.New(fault.Invalid, "refused", "no")
	fails(t, s, "refused", made("first", refused)...)
	view(t, s, anna, func(v store.View) error {
		if _, ok, err := v.Stage(k); ok || err != nil {
			t.Errorf("there although it was not made: %v", err)
		}
		if _, err := v.Read(store.Key{Type: "Basic", ID: "b"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("what stands before it was written: %v", err)
		}
		return nil
	})
	const n = 20
	var wg sync.WaitGroup
	var done atomic.Int64
	for i := range n {
		wg.Go(func() {
			_, err := s.Transact(context.Background(), anna, made(fmt.Sprint(i), nil))
			if err == nil {
				done.Add(1)
			} else if f := fault.As(err); f == nil || f.Code != "stage_exists" {
				t.Errorf("error %v", err)
			}
		})
	}
	wg.Wait()
	if done.Load() != 1 {
		t.Errorf("done %d times", done.Load())
	}
	view(t, s, anna, func(v store.View) error {
		out, ok, err := v.Stage(k)
		if err != nil || !ok || string(out) != "Basic/b 1" {
			t.Errorf("output %q %v %v", out, ok, err)
		}
		got, err := v.Read(store.Key{Type: "Basic", ID: "b"})
		if err == nil && got.Version != 1 {
			t.Errorf("written %d times", got.Version)
		}
		return err
	})
}

// hashes holds the list of all hashes, in pages, against the ids.
func hashes(t *testing.T, s store.Store, ids []string) {
	t.Helper()
	var got []string
	view(t, s, anna, func(v store.View) error {
		for after := ""; ; {
			page, err := v.Hashes(after, 5)
			if err != nil || len(page) == 0 {
				return err
			}
			got = append(got, page...)
			after = page[len(page)-1]
		}
	})
	if want := slices.Sorted(slices.Values(ids)); !slices.Equal(got, want) {
		t.Errorf("hashes %v, want %v", got, want)
	}
	err := s.View(t.Context(), store.Actor{ID: "user:a", Patients: []string{"a"}}, func(v store.View) error { _, err := v.Hashes("", 5); return err })
	if !fault.Is(err, fault.Forbidden) {
		t.Errorf("who is confined: %v", err)
	}
}

func testDocumentList(t *testing.T, open Open) {
	s := open(t)
	for i := range 12 {
		d := document(fmt.Sprintf("%02x", i))
		if i%3 == 0 {
			d.Type = "claim"
		}
		do(t, s, store.Receive{Document: d})
		if i%2 == 0 {
			do(t, s, store.Move{ID: d.ID, From: []store.State{store.Received}, To: store.Reading})
		}
	}
	count := func(q store.DocumentQuery) (ids []string) {
		for {
			var docs []store.Document
			view(t, s, anna, func(v store.View) (err error) {
				docs, q.Cursor, err = v.Documents(q)
				return err
			})
			for _, d := range docs {
				ids = append(ids, d.ID)
			}
			if q.Cursor == "" {
				return ids
			}
		}
	}
	ids := count(store.DocumentQuery{Limit: 5})
	seen := map[string]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	if len(ids) != 12 || len(seen) != 12 {
		t.Errorf("pages give %d documents, %d different", len(ids), len(seen))
	}
	for want, q := range map[int]store.DocumentQuery{
		6: {States: []store.State{store.Reading}}, 1: {SHA256: document("03").ID}, 4: {Type: "claim"}, 0: {Since: time.Now().Add(time.Hour)}, 12: {States: store.States(), Limit: 1},
	} {
		if got := len(count(q)); got != want {
			t.Errorf("%+v: %d documents, want %d", q, got, want)
		}
	}
	hashes(t, s, ids)
	oldest := count(store.DocumentQuery{Limit: 5, Oldest: true})
	slices.Reverse(oldest)
	if !slices.Equal(oldest, ids) {
		t.Errorf("oldest first gives %v, newest first %v", oldest, ids)
	}
	// What a document is found to hold lists it, under the state that it then has.
	six := document("06").ID
	do(t, s, store.Move{ID: six, From: []store.State{store.Reading}, To: store.Understood})
	do(t, s, store.Move{ID: six, From: []store.State{store.Understood}, To: store.Held, Code: "identity_weak", Set: func(d *store.Document) {
		d.Segments = []store.DocumentSegment{{Type: "eob", Pages: [2]int{1, 1}}, {Type: "eob", Pages: [2]int{2, 2}}, {Type: "junk", Pages: [2]int{3, 3}}}
	}})
	for name, q := range map[string]store.DocumentQuery{"a kind": {Type: "eob"}, "another": {Type: "junk"}, "what the sender said": {Type: "claim", States: []store.State{store.Held}},
		"kind and state": {Type: "eob", States: []store.State{store.Held, store.Filed}}, "state and code": {States: []store.State{store.Held}, Code: "identity_weak"},
		"kind and code": {Type: "junk", Code: "identity_weak"}} {
		if got := count(q); !slices.Equal(got, []string{six}) {
			t.Errorf("%s: %v, want the one that is held", name, got)
		}
	}
	for name, q := range map[string]store.DocumentQuery{"a kind in another state": {Type: "eob", States: []store.State{store.Reading}},
		"another code": {States: []store.State{store.Held}, Code: "identity_absent"}, "before all": {Before: time.Now().Add(-time.Hour)}} {
		if got := count(q); len(got) != 0 {
			t.Errorf("%s: %v, want none", name, got)
		}
	}
	var tallies []store.Tally
	view(t, s, anna, func(v store.View) (err error) {
		tallies, err = v.Tallies()
		return err
	})
	said := map[string]int{}
	for _, x := range tallies {
		said[string(x.State)+" "+x.Code] = x.Count
		if age := time.Since(x.Oldest); age < -time.Minute || age > time.Hour {
			t.Errorf("%s: the oldest is of %s", x.State, x.Oldest)
		}
	}
	if want := map[string]int{"received ": 6, "reading ": 5, "held identity_weak": 1}; !maps.Equal(said, want) {
		t.Errorf("tallies %v, want %v", said, want)
	}
}

// handler is a queue.Handler of two functions.
type handler struct {
	work func(context.Context, queue.Job) error
	dead func(queue.Job, error)
}

func (h handler) Work(ctx context.Context, j queue.Job) error { return h.work(ctx, j) }
func (h handler) Dead(_ context.Context, j queue.Job, err error) {
	if h.dead != nil {
		h.dead(j, err)
	}
}

// works runs handlers until stop is called, which waits for their end.
func works(t *testing.T, s store.Store, workers int, handlers map[string]queue.Handler) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Jobs().Run(ctx, workers, handlers) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
}

const patience = 60 * time.Second

func testJobs(t *testing.T, open Open) {
	s := open(t)
	started := make(chan string, 10)
	release := make(chan struct{})
	stop := works(t, s, 1, map[string]queue.Handler{"k": handler{work: func(ctx context.Context, j queue.Job) error {
		started <- j.Subject
		if j.Attempt != 1 {
			t.Errorf("attempt %d", j.Attempt)
		}
		select {
		case <-release:
		case <-ctx.Done():
		}
		return nil
	}}})
	job := store.Enqueue{Job: queue.Job{Kind: "k", Subject: "a"}}
	do(t, s, job)
	begin := time.Now()
	expect(t, started, "a")
	t.Logf("started after %v", time.Since(begin).Round(time.Millisecond))
	// One that runs is not waiting: one more is kept behind it, and no third.
	do(t, s, job)
	do(t, s, job, job)
	d, err := s.Jobs().Depth(context.Background())
	if err != nil || d["k"] != (queue.Depth{Running: 1, Waiting: 1}) {
		t.Errorf("depth %+v, %v", d, err)
	}
	close(release)
	expect(t, started, "a")
	stop()
	select {
	case again := <-started:
		t.Errorf("%s ran once more", again)
	default:
	}
	if d, err = s.Jobs().Depth(context.Background()); err != nil || d["k"] != (queue.Depth{}) {
		t.Errorf("depth %+v, %v", d, err)
	}
}

func expect(t *testing.T, c <-chan string, want string) {
	t.Helper()
	select {
	case got := <-c:
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("waited in vain for %q", want)
	}
}

func testJobsRetryAndDie(t *testing.T, open Open) {
	s := open(t)
	dead := make(chan string, 10)
	attempts := 0
	stop := works(t, s, 1, map[string]queue.Handler{
		"bad": handler{
			work: func(_ context.Context, j queue.Job) error {
				attempts++
				if attempts == 1 {
					panic("a document's text")
				}
				return errors.New("no")
			},
			dead: func(j queue.Job, err error) { dead <- fmt.Sprint(j.Subject, " ", j.Attempt) },
		}})
	do(t, s, store.Enqueue{Job: queue.Job{Kind: "bad", Subject: "x", MaxAttempts: 2}})
	expect(t, dead, "x 2")
	stop()
	d, err := s.Jobs().Depth(context.Background())
	if err != nil || d["bad"].Dead != 1 || d["bad"].Waiting != 0 {
		t.Errorf("depth %+v, %v", d, err)
	}
	if attempts != 2 {
		t.Errorf("%d attempts, want 2", attempts)
	}
	// A dead job does not block a new one.
	do(t, s, store.Enqueue{Job: queue.Job{Kind: "bad", Subject: "x"}})
	if d, err = s.Jobs().Depth(context.Background()); err != nil || d["bad"].Waiting != 1 {
		t.Errorf("depth %+v, %v", d, err)
	}
}

// testJobsStop stops a worker in the middle of a job: the next one gets it, as the same attempt.
func testJobsStop(t *testing.T, open Open) {
	s := open(t)
	started := make(chan string, 10)
	stop := works(t, s, 1, map[string]queue.Handler{"k": handler{work: func(ctx context.Context, j queue.Job) error {
		started <- j.Subject
		<-ctx.Done()
		return ctx.Err()
	}}})
	do(t, s, store.Enqueue{Job: queue.Job{Kind: "k", Subject: "a", MaxAttempts: 2}})
	expect(t, started, "a")
	stop()
	for range 2 {
		d, err := s.Jobs().Depth(context.Background())
		if err != nil || d["k"].Waiting != 1 {
			t.Fatalf("depth after a stop %+v, %v", d, err)
		}
		stop = works(t, s, 1, map[string]queue.Handler{"k": handler{work: func(ctx context.Context, j queue.Job) error {
			started <- j.Subject
			<-ctx.Done()
			return ctx.Err()
		}}})
		expect(t, started, "a")
		stop()
	}
	stop = works(t, s, 1, map[string]queue.Handler{"k": handler{work: func(ctx context.Context, j queue.Job) error {
		started <- "done"
		return nil
	}, dead: func(queue.Job, error) { t.Error("stops used the attempts up") }}})
	expect(t, started, "done")
	stop()
}

func testJobRolledBack(t *testing.T, open Open) {
	s := open(t)
	fails(t, s, "bad_id", store.Enqueue{Job: queue.Job{Kind: "k", Subject: "a"}}, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"?"}`)})
	fails(t, s, "version_conflict", store.Enqueue{Job: queue.Job{Kind: "k", Subject: "a"}}, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a"}`), IfMatch: 3})
	if d, err := s.Jobs().Depth(context.Background()); err != nil || d["k"].Waiting != 0 {
		t.Errorf("depth %+v, %v", d, err)
	}
}
