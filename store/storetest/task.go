package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"chartlake/fault"
	"chartlake/store"
)

// Tasks runs what long work needs of a store.
func Tasks(t *testing.T, open Open) {
	t.Run("Task", func(t *testing.T) { t.Parallel(); testTask(t, open) })
	t.Run("TaskTurns", func(t *testing.T) { t.Parallel(); testTaskTurns(t, open) })
	t.Run("Export", func(t *testing.T) { t.Parallel(); testExport(t, open) })
	t.Run("Touched", func(t *testing.T) { t.Parallel(); testTouched(t, open) })
	t.Run("ExportConfined", func(t *testing.T) { t.Parallel(); testExportConfined(t, open) })
}

// A task keeps what it was given, and what is written beside its change stands or falls with it.
func testTask(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	confined := store.Actor{ID: "user:anna", Name: "Anna", RequestID: "r1", Patients: []string{}}
	do(t, s, store.PutTask{Task: store.Task{ID: "t1", Kind: "export", Owner: confined, State: store.TaskWaiting, Request: []byte("asked")}})
	var got *store.Task
	look := func() {
		t.Helper()
		view(t, s, anna, func(v store.View) (err error) {
			got, err = v.Task("t1")
			return err
		})
	}
	look()
	if got.Owner.ID != "user:anna" || got.Owner.Name != "Anna" || got.Owner.RequestID != "r1" || got.Owner.Patients == nil || string(got.Request) != "asked" || got.Began.IsZero() {
		t.Errorf("%+v", got)
	}
	patient := parse(t, `{"resourceType":"Patient","id":"p1"}`)
	stop := errors.New("stop")
	change := func(fail error) error {
		_, err := s.Transact(ctx, anna, []store.Command{store.Update{Resource: patient}, store.ChangeTask{ID: "t1", Modify: func(task *store.Task, _ store.Moment) error {
			task.Progress, task.State = append(task.Progress, 'x'), store.TaskRunning
			return fail
		}}})
		return err
	}
	if err := change(stop); !errors.Is(err, stop) {
		t.Fatalf("the change was to fail: %v", err)
	}
	look()
	if len(got.Progress) != 0 || got.State != store.TaskWaiting {
		t.Errorf("a change that failed was kept: %+v", got)
	}
	if err := s.View(ctx, anna, func(v store.View) error { _, err := v.Read(store.Key{Type: "Patient", ID: "p1"}); return err }); !fault.Is(err, fault.NotFound) {
		t.Errorf("the resource beside it was kept: %v", err)
	}
	if err := change(nil); err != nil {
		t.Fatal(err)
	}
	look()
	if string(got.Progress) != "x" || got.State != store.TaskRunning {
		t.Errorf("%+v", got)
	}
	do(t, s, store.DropTask{ID: "t1"}, store.DropTask{ID: "none"})
	if err := s.View(ctx, anna, func(v store.View) error { _, err := v.Task("t1"); return err }); !fault.Is(err, fault.NotFound) {
		t.Errorf("a task that was dropped: %v", err)
	}
}

// Transactions that are prepared side by side are applied in the order of their turns.
func testTaskTurns(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	do(t, s, store.PutTask{Task: store.Task{ID: "t1", Kind: "import"}})
	const n = 20
	failed := make(chan error, n)
	before := make(chan struct{})
	close(before)
	turns := make([]store.Turn, n)
	for i := range turns {
		sent := make(chan struct{})
		turns[i] = store.Turn{Before: before, Sent: func() { close(sent) }}
		before = sent
	}
	for i := n - 1; i >= 0; i-- {
		go func() {
			_, err := s.Transact(ctx, anna, []store.Command{
				store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p","birthDate":"19%02d"}`, i)},
				store.ChangeTask{ID: "t1", Turn: &turns[i], Modify: func(task *store.Task, _ store.Moment) error {
					if len(task.Progress) != i {
						return fmt.Errorf("turn %d came after %d", i, len(task.Progress))
					}
					task.Progress = append(task.Progress, 'x')
					return nil
				}}})
			failed <- err
		}()
	}
	for range n {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	view(t, s, anna, func(v store.View) error {
		p, err := v.Read(store.Key{Type: "Patient", ID: "p"})
		if err == nil && (p.Version != n || p.Resource.Str("birthDate") != "1919") {
			t.Errorf("version %d, %s", p.Version, p.Resource.Str("birthDate"))
		}
		return err
	})
}

// exportAll pages through an export and gives Type/id/version of each in order.
func exportAll(t testing.TB, s store.Store, actor store.Actor, q store.ExportQuery, between func()) (list []string) {
	t.Helper()
	for more := true; more; {
		view(t, s, actor, func(v store.View) error {
			page, err := v.Export(q)
			if err != nil {
				return err
			}
			for _, got := range page.Versions {
				list = append(list, fmt.Sprintf("%s/%d", got.Key, got.Version))
			}
			if page.More && page.Last <= q.After {
				t.Fatal("the page does not go on")
			}
			q.After, more = page.Last, page.More
			return nil
		})
		if between != nil {
			between()
		}
	}
	return list
}

// An export is of its moment: what is written between its pages is not in it, and what it
// replaced is. The next one since that moment has exactly the rest.
func testExport(t *testing.T, open Open) {
	s := open(t)
	put := func(id string, year int) {
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":%q,"birthDate":"%d"}`, id, year)})
	}
	fence := func() (m store.Moment) {
		do(t, s, store.ChangeTask{ID: "t", Fence: true, Modify: func(_ *store.Task, now store.Moment) error { m = now; return nil }})
		return m
	}
	do(t, s, store.PutTask{Task: store.Task{ID: "t", Kind: "export"}})
	for i := range 7 {
		put(fmt.Sprint("p", i), 1990)
	}
	put("p1", 1991)
	do(t, s, store.Delete{Key: store.Key{Type: "Patient", ID: "p2"}})
	first := fence()
	n := 0
	got := exportAll(t, s, anna, store.ExportQuery{Type: "Patient", Top: first.Seq, Limit: 2}, func() {
		n++
		put("p6", 2000+n)
		put("p3", 2000+n)
		put(fmt.Sprint("new", n), 2000)
		do(t, s, store.Delete{Key: store.Key{Type: "Patient", ID: "p5"}})
	})
	if want := []string{"Patient/p0/1", "Patient/p3/1", "Patient/p4/1", "Patient/p5/1", "Patient/p6/1", "Patient/p1/2"}; !slices.Equal(got, want) || n < 3 {
		t.Errorf("the first: %v after %d pages, want %v", got, n, want)
	}
	second := fence()
	got = exportAll(t, s, anna, store.ExportQuery{Type: "Patient", Top: second.Seq, Since: first.At}, nil)
	slices.Sort(got)
	want := []string{fmt.Sprintf("Patient/p3/%d", n+1), fmt.Sprintf("Patient/p6/%d", n+1)}
	for i := range n {
		want = append(want, fmt.Sprintf("Patient/new%d/1", i+1))
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("since the first: %v, want %v", got, want)
	}
	if got := exportAll(t, s, anna, store.ExportQuery{Type: "Patient", Top: second.Seq, Since: first.At, Deleted: true}, nil); !slices.Equal(got, []string{"Patient/p5/2"}) {
		t.Errorf("deleted since the first: %v", got)
	}
	if third := fence(); !third.At.After(second.At) || !second.At.After(first.At) || third.At.Sub(first.At) > time.Minute {
		t.Errorf("moments %v, %v, %v", first.At, second.At, third.At)
	}
}

// An export holds to compartments as they were at its moment, for the patients asked for and
// those of the actor.
func testExportConfined(t *testing.T, open Open) {
	s := open(t)
	for _, id := range []string{"a", "b", "c"} {
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":%q}`, id)})
	}
	seen := func(id, patient string) {
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Observation","id":%q,"status":"final","code":{"text":"x"},"subject":{"reference":%q}}`, id, patient)})
	}
	seen("o1", "Patient/a")
	seen("o2", "Patient/b")
	seen("o3", "Device/d")
	seen("o4", "Patient/c")
	do(t, s, store.Delete{Key: store.Key{Type: "Observation", ID: "o4"}}, store.PutTask{Task: store.Task{ID: "t", Kind: "export"}})
	var top int64
	view(t, s, anna, func(v store.View) (err error) { top, err = v.Seq(); return err })
	seen("o1", "Patient/b") // moves after the moment
	seen("o2", "Patient/a")
	only := store.Actor{ID: "user:bert", Patients: []string{"a"}}
	for _, test := range []struct {
		actor store.Actor
		q     store.ExportQuery
		want  []string
	}{
		{only, store.ExportQuery{}, []string{"Observation/o1/1"}},
		{only, store.ExportQuery{Patients: map[string]bool{"b": true}}, nil},
		{anna, store.ExportQuery{Patients: map[string]bool{"b": true, "x": true}}, []string{"Observation/o2/1"}},
		{anna, store.ExportQuery{AnyPatient: true}, []string{"Observation/o1/1", "Observation/o2/1"}},
		{anna, store.ExportQuery{}, []string{"Observation/o1/1", "Observation/o2/1", "Observation/o3/1"}},
		{anna, store.ExportQuery{Deleted: true, Patients: map[string]bool{"c": true}}, []string{"Observation/o4/2"}},
		{anna, store.ExportQuery{Deleted: true, Patients: map[string]bool{"a": true}}, nil},
		{only, store.ExportQuery{Deleted: true}, nil},
	} {
		test.q.Type, test.q.Top = "Observation", top
		if got := exportAll(t, s, test.actor, test.q, nil); !slices.Equal(got, test.want) {
			t.Errorf("%s %+v: %v, want %v", test.actor.ID, test.q, got, test.want)
		}
	}
	if got := exportAll(t, s, only, store.ExportQuery{Type: "Patient", Top: top}, nil); !slices.Equal(got, []string{"Patient/a/1"}) {
		t.Errorf("patients: %v", got)
	}
}
