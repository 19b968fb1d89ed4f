// Package delivery takes what documents became on to others: to a FHIR server, into a folder, or as a
// signed notice that something happened (a webhook). A sink goes along the store's changes in their
// order; how far it has come is in the store, so that nothing is left out over restarts and outages.
//
// A receiver that does not answer, or does not know us, stops its sink until it does: pauses grow, there is
// one trouble to see and not one a document. A document that the receiver refuses is set aside as a
// dead letter, and the others go on; dead letters are sent again when somebody says so. What is sent
// may come twice (the answer was lost): Bundles are PUTs under ids that stay, notices have an id.
//
// A Bundle goes out once its document is filed, that is, when nothing in it waits for a person; what
// is filed anew goes again with what has gone since, and a document that is rejected or held takes back
// what it sent. The original goes behind its Bundle, once. What is erased here is erased at the receivers, too:
// they are sent what the store still knows of it, types and ids. Nothing leaves the machine unless a sink is named.
package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"chartlake/blob"
	"chartlake/fault"
	"chartlake/store"
)

// courier is who delivers, in audit and history.
var courier = store.Actor{ID: "system:delivery", Name: "Chartlake delivery"}

const (
	sinkKind   = "delivery" // the kind of task that keeps how far a sink is
	markStage  = "delivery" // the stage under which it is noted what a sink has of a document
	leaseTime  = 2 * time.Minute
	sendTime   = time.Minute
	pauseFirst = time.Second
	pauseMost  = 5 * time.Minute
	foreign    = 30 * time.Second // looks for changes of other processes on a shared database
	deadMost   = 10_000           // dead letters that a sink keeps; then it stops like one that is down
)

// Sink is where things go. Send is called for one document at a time. A fault of kind Invalid says
// that the receiver refuses this document; any other error, that it takes nothing now.
type Sink interface {
	// Name is the sink's name in the store and on the pages: its kind and place. It has no secret.
	Name() string
	// Notices says that the sink wants every settled state and not what was filed.
	Notices() bool
	Send(ctx context.Context, p Parcel) error
	// Erase takes away what the receiver may have of what was erased.
	Erase(ctx context.Context, e Erasure) error
}

// Parcel is what is sent of a document. Bundle is a FHIR transaction, nil for notices.
type Parcel struct {
	ID        string // of this sending: the same when it comes again
	Document  store.Document
	Version   int // of the record; 0: there is none
	Bundle    []byte
	Withdrawn bool        // the Bundle takes back what was sent before
	Original  blob.Reader // where the receiver has not got it; nil: it has, or there is none
	turn      int64       // what the sink has is noted under: the record's version, for notices when it settled
}

// Erasure is what was erased here: documents, and resources by type and id. Those that other
// documents of a receiver may share are left out.
type Erasure struct {
	ID        string // of this sending: the same when it comes again
	Documents []string
	Keys      []string
}

// Desk delivers to its sinks. Store and Sinks are required.
type Desk struct {
	Store store.Store
	Sinks []Sink
	// Blobs has the originals; nil: they are not sent.
	Blobs blob.Store
	Log   *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Self tells this process from others that deliver to the same sinks.
	Self string
}

// progress is what the store keeps of a sink.
type progress struct {
	After int64              `json:"after"`            // the change up to which everything is delivered or dead
	Dead  map[string]string  `json:"dead,omitempty"`   // document to code
	Again []string           `json:"again,omitempty"`  // documents and erasures to send whatever was sent before
	Gone  map[string]Erasure `json:"gone,omitempty"`   // erasures that the receiver refused, by id
	Begun int64              `json:"begun,omitempty"`  // the newest change when the sink was new: what was erased before never went there
	Down  string             `json:"down,omitempty"`   // why nothing is taken now
	Since time.Time          `json:"since,omitzero"`   // since when
	Who   string             `json:"holder,omitempty"` // the process that delivers, until the task's Ends
}

func taskID(s Sink) string {
	sum := sha256.Sum256([]byte(s.Name()))
	return "deliver-" + hex.EncodeToString(sum[:])[:24]
}

func (d *Desk) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

// Run delivers until ctx ends.
func (d *Desk) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, s := range d.Sinks {
		group.Go(func() { d.follow(ctx, s) })
	}
	group.Wait()
}

func (d *Desk) follow(ctx context.Context, s Sink) {
	pause := pauseFirst
	for {
		changed := d.Store.Changed()
		more, err := d.Once(ctx, s)
		wait := foreign
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if pause == pauseFirst {
				d.Log.Warn("a receiver takes nothing", "sink", taskID(s), "code", codeOf(err))
			}
			wait, changed = pause, nil
			pause = min(2*pause, pauseMost)
		case more:
			wait, pause = 0, pauseFirst
		default:
			pause = pauseFirst
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func codeOf(err error) string {
	if f := fault.As(err); f != nil {
		return f.Code
	}
	return "internal"
}

// Once delivers what changed since the last time and reports whether there is more. The error says
// why the receiver takes nothing.
func (d *Desk) Once(ctx context.Context, s Sink) (more bool, err error) {
	if idle, err := d.idle(ctx, s); err != nil || idle {
		return false, err
	}
	at, err := d.lease(ctx, s)
	if err != nil || at == nil {
		return false, err
	}
	var touched *store.Touched
	err = d.Store.View(ctx, courier, func(v store.View) (err error) {
		touched, err = v.Touched(at.After)
		return err
	})
	if err != nil {
		return false, err
	}
	again := slices.Clone(at.Again)
	for i, id := range again {
		err := d.again(ctx, s, at, id)
		if err != nil {
			return false, d.down(ctx, s, at, again[i:], err)
		}
	}
	var gone []string
	for _, id := range touched.Documents {
		erased, err := d.deliver(ctx, s, at, id, false)
		if err != nil {
			return false, d.down(ctx, s, at, nil, err)
		}
		if erased {
			gone = append(gone, id)
		}
	}
	if err := d.erase(ctx, s, at, erasure(touched, gone)); err != nil {
		return false, d.down(ctx, s, at, nil, err)
	}
	at.After, at.Again, at.Down, at.Since = touched.Last, nil, "", time.Time{}
	return touched.More, d.keep(ctx, s, *at, again)
}

// idle reports whether there is nothing to do for a sink: then nothing is written.
func (d *Desk) idle(ctx context.Context, s Sink) (idle bool, err error) {
	err = d.Store.View(ctx, courier, func(v store.View) error {
		at, _, err := kept(v, s)
		if err != nil || at != nil && (len(at.Again) > 0 || at.Down != "") {
			return err
		}
		after := int64(0)
		if at != nil {
			after = at.After
		}
		touched, err := v.Touched(after)
		if err == nil {
			idle = len(touched.Documents) == 0 && len(touched.Erased) == 0
		}
		return err
	})
	return idle, err
}

// kept is what the store keeps of a sink; nil of one that is new.
func kept(v store.View, s Sink) (*progress, *store.Task, error) {
	t, err := v.Task(taskID(s))
	if fault.Is(err, fault.NotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	p := &progress{}
	if err := json.Unmarshal(t.Progress, p); err != nil {
		return nil, nil, fault.New(fault.Corrupt, "delivery_damaged", "what is kept of a delivery cannot be read")
	}
	return p, t, nil
}

// lease makes sure that one process delivers to a sink. nil: another one does.
func (d *Desk) lease(ctx context.Context, s Sink) (at *progress, err error) {
	held := false
	err = d.Store.View(ctx, courier, func(v store.View) error {
		var t *store.Task
		if at, t, err = kept(v, s); err == nil && at != nil {
			held = at.Who == d.Self && d.now().Add(leaseTime/2).Before(t.Ends)
		}
		return err
	})
	if err != nil || held {
		return at, err
	}
	if at == nil {
		first := progress{Who: d.Self}
		err := d.Store.View(ctx, courier, func(v store.View) (err error) { first.Begun, err = v.Seq(); return err })
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(first)
		if err != nil {
			return nil, err
		}
		_, err = d.Store.Transact(ctx, courier, []store.Command{store.PutTask{Task: store.Task{ID: taskID(s), Kind: sinkKind, Owner: courier, State: store.TaskRunning,
			Ends: d.now().Add(leaseTime), Progress: body}}})
		return &first, err
	}
	taken := false
	err = d.change(ctx, s, func(p *progress, t *store.Task) {
		taken = p.Who == d.Self || d.now().After(t.Ends)
		if taken {
			p.Who, t.Ends = d.Self, d.now().Add(leaseTime)
		}
		*at = *p
	})
	if err != nil || !taken {
		return nil, err
	}
	return at, nil
}

// change changes what the store keeps of a sink, inside a transaction.
func (d *Desk) change(ctx context.Context, s Sink, f func(p *progress, t *store.Task)) error {
	_, err := d.Store.Transact(ctx, courier, []store.Command{store.ChangeTask{ID: taskID(s), Modify: func(t *store.Task, _ store.Moment) error {
		var p progress
		if err := json.Unmarshal(t.Progress, &p); err != nil {
			return fault.New(fault.Corrupt, "delivery_damaged", "what is kept of a delivery cannot be read")
		}
		f(&p, t)
		body, err := json.Marshal(p)
		t.Progress = body
		return err
	}}})
	return err
}

// keep writes down how far a sink is; what somebody asked to be sent again meanwhile stays asked for. Where
// another process has taken the lease, that one says how far it is: this one says only what it has sent again.
func (d *Desk) keep(ctx context.Context, s Sink, at progress, sent []string) error {
	return d.change(ctx, s, func(p *progress, t *store.Task) {
		left := slices.DeleteFunc(slices.Clone(p.Again), func(id string) bool { return slices.Contains(sent, id) })
		if p.Who != d.Self {
			p.Again = left
			return
		}
		at.Again = append(left, at.Again...)
		slices.Sort(at.Again)
		at.Again = slices.Compact(at.Again)
		*p, t.Ends = at, d.now().Add(leaseTime)
	})
}

// down notes why a receiver takes nothing, and gives that back.
func (d *Desk) down(ctx context.Context, s Sink, at *progress, again []string, why error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	sent := slices.DeleteFunc(slices.Clone(at.Again), func(id string) bool { return slices.Contains(again, id) })
	at.Again = again
	if at.Down == "" {
		at.Since = d.now().UTC()
	}
	at.Down = codeOf(why)
	if err := d.keep(ctx, s, *at, sent); err != nil {
		return err
	}
	return why
}

// Status is how a sink does.
type Status struct {
	Name  string         `json:"name"`
	Dead  map[string]int `json:"dead,omitempty"`  // dead letters by code
	Again int            `json:"again,omitempty"` // that are sent again now
	Down  string         `json:"down,omitempty"`  // why the receiver takes nothing
	Since *time.Time     `json:"since,omitempty"`
}

// Status tells how every sink does.
func (d *Desk) Status(ctx context.Context, actor store.Actor) ([]Status, error) {
	out := []Status{}
	for _, s := range d.Sinks {
		one := Status{Name: s.Name()}
		err := d.Store.View(ctx, actor, func(v store.View) error {
			p, _, err := kept(v, s)
			if err != nil || p == nil {
				return err
			}
			one.Again, one.Down = len(p.Again), p.Down
			if !p.Since.IsZero() {
				one.Since = &p.Since
			}
			for _, code := range p.Dead {
				if one.Dead == nil {
					one.Dead = map[string]int{}
				}
				one.Dead[code]++
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// Replay sends the dead letters of a sink again, or one document whatever was sent before.
func (d *Desk) Replay(ctx context.Context, actor store.Actor, sink, document string) (n int, err error) {
	at := slices.IndexFunc(d.Sinks, func(s Sink) bool { return s.Name() == sink })
	if at < 0 {
		return 0, fault.New(fault.NotFound, "no_such_sink", "nothing is delivered there")
	}
	err = d.Store.View(ctx, actor, func(v store.View) error {
		if document == "" {
			return nil
		}
		_, err := v.Document(document)
		return err
	})
	if err != nil {
		return 0, err
	}
	err = d.change(ctx, d.Sinks[at], func(p *progress, _ *store.Task) {
		again := []string{document}
		if document == "" {
			again = slices.Collect(maps.Keys(p.Dead))
		}
		n = len(again)
		p.Again = append(p.Again, again...)
		slices.Sort(p.Again)
		p.Again = slices.Compact(p.Again)
	})
	return n, err
}
