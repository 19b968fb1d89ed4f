package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"chartlake/store"
	"chartlake/store/postgres/pgtest"
)

// TestProcessesShare has several real processes work on the documents of one new person, each
// sent more than once, while one of them is killed: every document comes to rest once, and the
// person is one patient.
func TestProcessesShare(t *testing.T) {
	t.Parallel()
	program := built(t)
	for name, args := range map[string]func(*testing.T) []string{
		"sqlite":   func(*testing.T) []string { return nil },
		"postgres": func(t *testing.T) []string { return []string{"--store", pgtest.URL(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, more := filepath.Join(t.TempDir(), "data"), args(t)
			s, err := start(options{Server: program, Args: append([]string{"--workers", "0"}, more...)}, data, nil)
			if err != nil {
				t.Fatal(err)
			}
			workers := make([]*exec.Cmd, 3)
			for i := range workers {
				workers[i] = exec.Command(program, append([]string{"work", "--data", data, "--workers", "2"}, more...)...)
				workers[i].SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
				if err := workers[i].Start(); err != nil {
					t.Fatal(err)
				}
			}
			log := newLedger()
			const documents, times = 12, 3
			rng := rand.New(rand.NewPCG(7, 7))
			var bodies [][]byte
			for range documents {
				bodies = append(bodies, labReportOf(rng, "Fairweather, Ada", "11/02/1961", "00778123"))
			}
			var senders sync.WaitGroup
			for n := range times {
				order := rng.Perm(documents)
				senders.Go(func() {
					for _, i := range order {
						sent := sent{body: bodies[i], name: "scan.pdf", key: fmt.Sprintf("key-%d", i)}
						status, r := s.post(context.Background(), sent.body, sent.name, sent.key)
						log.note(sent, status, r)
						if n == 0 && i == order[documents/2] {
							workers[0].Process.Kill()
						}
					}
				})
			}
			senders.Wait()
			if n := s.settle(log, 3*time.Minute); n > 0 {
				t.Errorf("%d documents did not come to rest: %s", n, s.stderr.String())
			}
			if acked, different, refused, _ := log.sums(); different != documents || acked != documents*times || refused > 0 {
				t.Errorf("%d acknowledged, %d documents, %d refused", acked, different, refused)
			}
			if n := s.total("/fhir/Patient?_summary=count"); n != 1 {
				t.Errorf("%d patients of one person", n)
			}
			if n := s.total("/fhir/DocumentReference?_summary=count"); n != documents {
				t.Errorf("%d document references of %d documents", n, documents)
			}
			for _, id := range log.ids() {
				_, body, err := s.get("/documents/" + id)
				var doc struct {
					State   store.State         `json:"state"`
					History []store.StateChange `json:"history"`
				}
				if err != nil || json.Unmarshal(body, &doc) != nil || doc.State != store.Filed && doc.State != store.NeedsReview || len(doc.History) != 4 {
					t.Errorf("document %.8s is %s after %d moves, %v", id, doc.State, len(doc.History), err)
				}
			}
			for i, w := range workers {
				w.Process.Signal(syscall.SIGTERM)
				if err := w.Wait(); err != nil && i > 0 {
					t.Errorf("worker %d: %v", i, err)
				}
			}
			if err := s.stop(); err != nil {
				t.Error(err)
			}
			if name == "sqlite" {
				for _, v := range audit(data, log) {
					t.Error(v)
				}
			}
		})
	}
}

// total is how many resources a search finds; -1 where it does not say.
func (s *server) total(path string) int {
	_, body, err := s.get(path)
	answer := struct{ Total int }{-1}
	if err != nil || json.Unmarshal(body, &answer) != nil {
		return -1
	}
	return answer.Total
}
