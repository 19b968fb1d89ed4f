package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Result is what a run found.
type Result struct {
	Fault     string   `json:"fault"`
	FS        string   `json:"fs,omitempty"`
	Control   string   `json:"control,omitempty"`
	Seed      uint64   `json:"seed"`
	Cycles    int      `json:"cycles"`
	Acked     int      `json:"acked"`     // acknowledgements read
	Documents int      `json:"documents"` // different documents among them
	Refused   int      `json:"refused"`   // answers other than 202
	Cut       int      `json:"cut"`       // uploads without an answer
	Lost      int      `json:"lost"`      // acknowledged and not there, or with other bytes
	Unsettled int      `json:"unsettled"` // documents that did not come to rest
	Violated  []string `json:"violated"`  // what else is wrong
	ReadyMS   int64    `json:"ready_ms_max"`
	Seconds   float64  `json:"seconds"`
}

// Passed reports whether the run shows what it should: nothing lost, or, with a safety taken
// away, that the loss is noticed.
func (r *Result) Passed() bool {
	if r.Control != "" {
		return r.Lost > 0
	}
	return r.Acked > 0 && r.Lost == 0 && r.Unsettled == 0 && len(r.Violated) == 0
}

func (r *Result) String() string {
	what := r.Fault
	if r.FS != "" {
		what += " on " + r.FS
	}
	if r.Control != "" {
		what += ", control " + r.Control + " unsynced"
	}
	verdict := "PASSED"
	if !r.Passed() {
		verdict = "FAILED"
	}
	s := fmt.Sprintf("%s: %s: %d cycles, %d acknowledged (%d documents), %d refused, %d cut, %d LOST, %d unsettled, %d other violations, slowest start %d ms, %.1f s, seed %d",
		verdict, what, r.Cycles, r.Acked, r.Documents, r.Refused, r.Cut, r.Lost, r.Unsettled, len(r.Violated), r.ReadyMS, r.Seconds, r.Seed)
	if len(r.Violated) > 0 {
		s += "\n  " + strings.Join(r.Violated, "\n  ")
	}
	return s
}

// place is where the server's data lies and how it is cut off.
type place interface {
	Data() string
	Cut(s *server) error // ends the server and brings the data back as a restart finds it
	Close()
}

const firstMax = 20 * time.Second // for the first acknowledgement of a life

// run does the cycles and the checks.
func run(o options) (*Result, error) {
	started := time.Now()
	root, err := os.MkdirTemp(o.Folder, "chartlake-lab-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(root)
	r := &Result{Fault: o.Fault, Control: o.Control, Seed: o.Seed, Violated: []string{}}
	where := place(&plainFolder{filepath.Join(root, "data")})
	if o.Fault == "power" {
		r.FS = o.FS
		if where, err = newLoopDisk(root, o.FS); err != nil {
			return nil, err
		}
	}
	defer where.Close()
	rng := rand.New(rand.NewPCG(o.Seed, 1))
	log := newLedger()
	if o.Fault == "eio" || o.Fault == "point" {
		if err := points(o, where.Data(), root, log, r); err != nil {
			return nil, err
		}
		o.Cycles = 0
	}
	for cycle := 0; cycle < o.Cycles; cycle++ {
		r.Cycles++
		s, err := start(o, where.Data(), r)
		if err != nil {
			return verdict(r, log, started, err)
		}
		// The door of a restarted server must know what was acknowledged before.
		r.Violated = append(r.Violated, s.recheck(log)...)
		load, first := upload(s, log, o.Uploaders, rng.Uint64())
		select { // a life that ends before its first acknowledgement shows little
		case <-first:
		case <-time.After(firstMax):
		}
		time.Sleep(time.Duration(30+rng.IntN(250)) * time.Millisecond)
		err = where.Cut(s)
		load()
		if err != nil {
			return nil, err
		}
		if o.Control != "" && log.lost(where.Data()) > 0 {
			return verdict(r, log, started, nil, where.Data())
		}
	}
	s, err := start(o, where.Data(), r)
	if err != nil {
		return verdict(r, log, started, err)
	}
	r.Violated = append(r.Violated, s.recheck(log)...)
	r.Unsettled = s.settle(log, o.Settle)
	if err := s.stop(); err != nil {
		r.Violated = append(r.Violated, "the server did not stop as asked: "+err.Error())
	}
	r.Violated = append(r.Violated, audit(where.Data(), log)...)
	return verdict(r, log, started, nil, where.Data())
}

// verdict fills in the sums. A server that does not start again is the worst loss.
func verdict(r *Result, log *ledger, started time.Time, failed error, data ...string) (*Result, error) {
	r.Acked, r.Documents, r.Refused, r.Cut = log.sums()
	r.Seconds = time.Since(started).Seconds()
	if failed != nil {
		r.Violated = append(r.Violated, "the server does not start again: "+failed.Error())
		r.Lost = r.Documents
		return r, nil
	}
	if len(data) > 0 {
		r.Lost = log.lost(data[0])
	}
	return r, nil
}

// plainFolder is a folder of this machine: a kill leaves the page cache alive.
type plainFolder struct{ path string }

func (p *plainFolder) Data() string { return p.path }
func (p *plainFolder) Cut(s *server) error {
	s.kill()
	return nil
}
func (p *plainFolder) Close() {}
