package postgres_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/queue"
	"chartlake/store"
	"chartlake/store/postgres"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/storetest"
)

var anna = store.Actor{ID: "user:anna"}

func open(t testing.TB) *postgres.Store {
	t.Helper()
	return openAt(t, pgtest.URL(t), t.TempDir())
}

func openAt(t testing.TB, url, folder string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(context.Background(), postgres.Config{URL: url, Folder: folder, Readers: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// admin runs a statement beside the store.
func admin(t testing.TB, url, sql string, args ...any) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, sql, args...); err != nil {
		t.Fatal(err)
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) store.Store { return open(t) })
}

func TestExamples(t *testing.T) {
	t.Parallel()
	storetest.Examples(t, func(t testing.TB) store.Store { return open(t) })
}

// A thousand conditional creates of one identifier through two stores give one resource.
func TestThousandConditionalCreates(t *testing.T) {
	t.Parallel()
	url, folder := pgtest.URL(t), t.TempDir()
	stores := []*postgres.Store{openAt(t, url, folder), openAt(t, url, folder)}
	const n = 1_000
	ids := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			res, err := stores[i%2].Transact(context.Background(), anna, []store.Command{store.Create{
				Resource:    storetest.Parse(t, `{"resourceType":"Patient","identifier":[{"system":"http://h","value":"1"}]}`),
				IfNoneExist: storetest.Query(t, "Patient?identifier=http://h|1")}})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = res[0].Version.Key.ID
		})
	}
	wg.Wait()
	slices.Sort(ids)
	if got := slices.Compact(ids); len(got) != 1 {
		t.Errorf("%d resources", len(got))
	}
}

// Two processes may share a database: here two stores stand for them. Numbers for new names,
// versions and counters must not collide, and what one wrote the other finds.
func TestTwoOnOneDatabase(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url, folder := pgtest.URL(t), t.TempDir()
	stores := []*postgres.Store{openAt(t, url, folder), openAt(t, url, folder)}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			_, err := stores[i%2].Transact(ctx, anna, []store.Command{
				store.Update{Resource: storetest.Parse(t, `{"resourceType":"Observation","id":"o%d","status":"final","subject":{"reference":"Patient/nobody%d"},"code":{"coding":[{"system":"http://s%d","code":"c"}]}}`, i, i%5, i)},
				store.Update{Resource: storetest.Parse(t, `{"resourceType":"Basic","id":"b","code":{"text":"x"}}`)},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range stores {
		err := s.View(ctx, anna, func(v store.View) error {
			for q, want := range map[string]int{"Observation?code=c": 40, "Observation?code=http://s7|": 1, "Observation?patient=nobody3": 8} {
				page, err := v.Search(storetest.Query(t, q+"&_count=100"))
				if err != nil {
					return err
				}
				if len(page.Matches) != want {
					t.Errorf("%s: %d matches, want %d", q, len(page.Matches), want)
				}
			}
			h, err := v.History(store.HistoryQuery{Count: 1000})
			if err != nil {
				return err
			}
			for i, ver := range h.Versions {
				if ver.Seq != int64(len(h.Versions)-i) {
					t.Fatalf("change numbers are not dense: %d at place %d of %d", ver.Seq, i, len(h.Versions))
				}
				if i > 0 && ver.At.After(h.Versions[i-1].At) {
					t.Error("time runs backwards along the change numbers")
				}
			}
			b, err := v.Read(store.Key{Type: "Basic", ID: "b"})
			if err == nil && b.Version != 40 {
				t.Errorf("version %d after 40 writes", b.Version)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if err := s.Check(ctx); err != nil {
			t.Error(err)
		}
	}
}

// Connections break while writers and readers work: nothing acknowledged is lost, nothing is
// done twice, and the store goes on by itself.
func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := pgtest.URL(t)
	s := openAt(t, url+"&application_name=broken", t.TempDir())
	stop := make(chan struct{})
	var breaker sync.WaitGroup
	breaker.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(15 * time.Millisecond):
				admin(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name='broken'`)
			}
		}
	})
	const n = 120
	acked := make([]bool, n)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := w; i < n; i += 4 {
				res, err := s.Transact(ctx, anna, []store.Command{store.Update{Resource: storetest.Parse(t, `{"resourceType":"Patient","id":"p%d"}`, i)}})
				if acked[i] = err == nil; !acked[i] && !fault.Is(err, fault.Unavailable) {
					t.Errorf("write %d: %v", i, err)
				}
				if acked[i] && res[0].Version.Version != 1 {
					t.Errorf("write %d was done %d times", i, res[0].Version.Version)
				}
			}
		})
	}
	wg.Wait()
	close(stop)
	breaker.Wait()
	lost := 0
	read := func(v store.View) error {
		for i := range n {
			got, err := v.Read(store.Key{Type: "Patient", ID: fmt.Sprintf("p%d", i)})
			switch {
			case fault.Is(err, fault.NotFound):
				lost++
				if acked[i] {
					t.Errorf("write %d was acknowledged and is lost", i)
				}
			case err != nil:
				return err
			case got.Version != 1:
				t.Errorf("write %d was done %d times", i, got.Version)
			}
		}
		return nil
	}
	// The pool may hold connections that it does not know to be broken.
	err := s.View(ctx, anna, read)
	for try := 0; fault.Is(err, fault.Unavailable) && try < 10; try++ {
		lost = 0
		err = s.View(ctx, anna, read)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d writes were refused", lost, n)
	if lost == n {
		t.Error("nothing was written")
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
}

// blocked is a handler that works until its context ends.
type blocked struct{ started chan string }

func (b blocked) Work(ctx context.Context, j queue.Job) error {
	b.started <- j.Subject
	<-ctx.Done()
	return ctx.Err()
}

func (blocked) Dead(context.Context, queue.Job, error) {}

// A job of a process that died is offered to another one, and costs it no attempt.
func TestJobOfDeadProcess(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	url, folder := pgtest.URL(t), t.TempDir()
	first, second := openAt(t, url+"&application_name=first", folder), openAt(t, url, folder)
	_, err := first.Transact(ctx, anna, []store.Command{store.Enqueue{Job: queue.Job{Kind: "document", Subject: "d"}}})
	if err != nil {
		t.Fatal(err)
	}
	work := func(s *postgres.Store) (started chan string, done chan error) {
		started, done = make(chan string, 1), make(chan error, 1)
		go func() { done <- s.Jobs().Run(ctx, 1, map[string]queue.Handler{"document": blocked{started}}) }()
		return started, done
	}
	begun, over := work(first)
	<-begun
	// The sessions of a process that dies end; here all that hold an advisory lock do.
	admin(t, url, `SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid=l.pid WHERE l.locktype='advisory' AND a.application_name='first'`)
	again, over2 := work(second)
	select {
	case <-again:
	case <-time.After(30 * time.Second):
		t.Error("the job was not offered again")
	}
	cancel()
	<-over
	<-over2
}

// A database is refused, with a reason, rather than opened in a way that loses something.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for what, test := range map[string]struct {
		code  string
		spoil func(t *testing.T, cfg *postgres.Config)
	}{
		"key missing":  {"store_key_missing", func(t *testing.T, c *postgres.Config) { c.Folder = t.TempDir() }},
		"another key":  {"store_key_other", func(t *testing.T, c *postgres.Config) { write(t, c.Folder, strings.Repeat("ab", 32)) }},
		"key damaged":  {"store_key", func(t *testing.T, c *postgres.Config) { write(t, c.Folder, "short") }},
		"newer schema": {"store_newer", func(t *testing.T, c *postgres.Config) { admin(t, c.URL, `UPDATE chartlake SET schema=9999`) }},
		"no URL":       {"store_url", func(t *testing.T, c *postgres.Config) { c.URL = "http://elsewhere/" }},
		"nobody there": {"store_unreachable", func(t *testing.T, c *postgres.Config) { c.URL = "postgres://tester@/x?host=" + t.TempDir() }},
		"no such name": {"store_login", func(t *testing.T, c *postgres.Config) { c.URL = strings.Replace(c.URL, "/postgres?", "/other?", 1) }},
		"not a user":   {"store_login", func(t *testing.T, c *postgres.Config) { c.URL = strings.Replace(c.URL, "tester@", "stranger@", 1) }},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			cfg := postgres.Config{URL: pgtest.URL(t), Folder: t.TempDir()}
			s, err := postgres.Open(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			test.spoil(t, &cfg)
			if s, err = postgres.Open(ctx, cfg); err == nil {
				s.Close()
			}
			if f := fault.As(err); f == nil || f.Code != test.code {
				t.Errorf("%v, want %s", err, test.code)
			}
		})
	}
}

func write(t *testing.T, folder, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, "store.key"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Ids of every length and form are read back as they are and sort as texts.
func TestIDs(t *testing.T) {
	t.Parallel()
	s := open(t)
	ids := []string{"a", "abcdefghijklmn", "abcdefghijklmno", "abcdefghijklmnop", "abcdefghijklmnopq", strings.Repeat("z", 64), "0194d9c1-77a1-7d3e-8f11-6a4b9c0d1e2f", "0194D9C1-77A1-7D3E-8F11-6A4B9C0D1E2F"}
	var commands []store.Command
	for _, id := range ids {
		commands = append(commands, store.Update{Resource: storetest.Parse(t, `{"resourceType":"Basic","id":"%s"}`, id)})
	}
	if _, err := s.Transact(context.Background(), anna, commands); err != nil {
		t.Fatal(err)
	}
	var found []string
	q := storetest.Query(t, "Basic?_sort=_id&_count=3")
	for {
		var page *store.SearchPage
		err := s.View(context.Background(), anna, func(v store.View) (err error) {
			page, err = v.Search(q)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Matches {
			found = append(found, m.Key.ID)
		}
		if q.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	slices.Sort(ids)
	slices.Sort(found)
	if !slices.Equal(ids, found) {
		t.Errorf("found %q", found)
	}
}

// Texts that PostgreSQL cannot hold, or whose keys it cannot, are answered, not failed.
func TestAwkwardTexts(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t)
	long := "http://example.org/" + strings.Repeat("ä/", 4_000)
	vs := storetest.Parse(t, `{"resourceType":"ValueSet","id":"v","status":"draft","url":"%s","name":"%s","compose":{"include":[{"system":"%s"}]}}`, long[:4000], strings.Repeat("Name ", 700), long)
	obs := storetest.Parse(t, `{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"%s","code":"%s"}]},"valueQuantity":{"value":1,"unit":"%s"}}`, long, strings.Repeat("c", 9_000), strings.Repeat("u", 5_000))
	if _, err := s.Transact(ctx, anna, []store.Command{store.Update{Resource: vs}, store.Update{Resource: obs}}); err != nil {
		t.Fatal(err)
	}
	_, err := s.Transact(ctx, anna, []store.Command{store.Update{Resource: fhir.NewObject("resourceType", "Patient", "id", "z", "gender", "ma\x00le")}})
	if err != nil && !fault.Is(err, fault.Invalid) {
		t.Errorf("a NUL: %v", err)
	}
	err = s.View(ctx, anna, func(v store.View) error {
		for q, want := range map[string]int{"ValueSet?url=" + long[:4000]: 1, "ValueSet?url:below=http://example.org/": 1, "ValueSet?name=name%20name": 1, "Patient?family=%ff": 0} {
			page, err := v.Search(storetest.Query(t, q))
			if fault.Is(err, fault.Invalid) {
				return nil // the snapshot is over
			}
			if err != nil {
				return err
			}
			if len(page.Matches) != want {
				t.Errorf("%.60s: %d matches", q, len(page.Matches))
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := s.Transact(ctx, anna, []store.Command{store.Delete{Key: store.Key{Type: "ValueSet", ID: "v"}}}); err != nil {
		t.Error(err)
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
}

// A write that waits for the door longer than the server lets it is told to come again, and
// the store goes on once the door is free.
func TestDoorHeldByAnother(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := pgtest.URL(t)
	s := openAt(t, url, t.TempDir())
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	tx, err := c.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `SELECT 1 FROM counter FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	write := func() error {
		_, err := s.Transact(ctx, anna, []store.Command{store.Update{Resource: storetest.Parse(t, `{"resourceType":"Basic","id":"b"}`)}})
		return err
	}
	done := make(chan error, 1)
	go func() { done <- write() }()
	// Instead of waiting as long as the server would: end the wait as it does.
	for ended := false; !ended; {
		err := c.QueryRow(ctx, `SELECT coalesce(bool_or(pg_cancel_backend(pid)), false) FROM pg_locks
			WHERE NOT granted AND pg_backend_pid()=ANY(pg_blocking_pids(pid))`).Scan(&ended)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; !fault.Is(err, fault.Unavailable) {
		t.Errorf("a write that waited too long: %v", err)
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if err := write(); err != nil {
		t.Errorf("a write after that: %v", err)
	}
}

// What one process commits, another one's live pages hear of.
func TestChangedByAnother(t *testing.T) {
	t.Parallel()
	url, folder := pgtest.URL(t), t.TempDir()
	first, second := openAt(t, url, folder), openAt(t, url, folder)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// The first announcement is that the listener has begun.
	for told := 0; told < 2; {
		changed := second.Changed()
		_, err := first.Transact(ctx, anna, []store.Command{store.Update{Resource: storetest.Parse(t, `{"resourceType":"Basic","id":"b"}`)}})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-changed:
			told++
		case <-ctx.Done():
			t.Fatal("nothing was heard")
		}
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	storetest.Damage(t, func(t testing.TB) (store.Store, func(string, ...any)) {
		url := pgtest.URL(t)
		return openAt(t, url, t.TempDir()), func(sql string, args ...any) { admin(t, url, sql, args...) }
	}, "hashed", "sealed")
}
