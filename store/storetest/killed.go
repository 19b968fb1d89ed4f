package storetest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"chartlake/store"
)

// ReindexChild works on everything that is to be indexed; what it returns is the exit code.
func ReindexChild(s store.Store) int {
	ctx := context.Background()
	var jobs []int64
	err := s.View(ctx, anna, func(v store.View) error {
		list, err := v.Reindexing()
		for _, r := range list {
			if r.State != store.ReindexDone {
				jobs = append(jobs, r.Job)
			}
		}
		return err
	})
	for _, job := range jobs {
		for more := err == nil; more && err == nil; {
			more, err = s.ReindexSome(ctx, job)
		}
	}
	if err != nil {
		return 5
	}
	s.Close()
	return 0
}

// Child is what a test binary does that is started as a child: the work named, until it is killed.
func Child(work string, s store.Store) int {
	if work == "reindex" {
		return ReindexChild(s)
	}
	return CrashChild(s)
}

// ReindexKilled indexes a new SearchParameter, and everything anew, in processes that are killed
// (SIGKILL) at a point that moves on, until one comes to the end: the index is whole, as Check
// says, and a search finds each resource once. child gives the value of the variable that makes
// this test binary one that is killed at its k-th point.
func ReindexKilled(t *testing.T, variable string, open func() store.Store, child func(k int) string) {
	const many = 1500
	s := open()
	var commands []store.Command
	for i := range many {
		commands = append(commands, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p%04d","name":[{"use":"nickname","given":["nick%d"]}]}`, i, i%3)})
	}
	do(t, s, commands...)
	do(t, s, store.Update{Resource: parameter(t, "sp", "nick", "string", "Patient.name.where(use = 'nickname').given")}, store.Reindex{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	kills := 0
	for ; ; kills++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprint(variable, "=", child(60+50*kills)))
		out, err := cmd.CombinedOutput()
		if err == nil {
			break
		}
		if !strings.Contains(err.Error(), "killed") || kills > 100 {
			t.Fatalf("after %d kills: %v %s", kills, err, out)
		}
	}
	t.Logf("%d kills", kills)
	if kills < 3 {
		t.Errorf("killed %d times only", kills)
	}
	s = open()
	defer s.Close()
	if left := reindexing(t, s); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	if got, code := asks(t, s, "Patient?nick=nick1&_count=1000"); code != "" || len(got) != many/3 {
		t.Errorf("found %d of %d, %s", len(got), many/3, code)
	}
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
	Verified(t, s)
}
