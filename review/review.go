// Package review is what people do to the doubtful values of a document: accept, correct,
// reject, say that it is not on the page, answer whose document it is, put aside, approve, take back.
//
// Every act is one store transaction with the person as the actor: the record's next
// version, the resources that follow from it, the state where it changes, and the audit row.
// An act names the record version that the person saw; where that is not the newest it is
// refused as a Conflict, so nobody overwrites what they have not seen. The machine's value
// stays beside the person's, a later run of the pipeline keeps the person's, and undo is an
// act like any other: nothing is ever taken out of the history.
package review

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/pipeline"
	"chartlake/record"
	"chartlake/store"
)

// Kinds of action.
const (
	Accept     = "accept"      // as read: a field, a cell, an entity, a flag
	Correct    = "correct"     // another value, or another type
	Reject     = "reject"      // wrong, and not filed; with target document: it does not belong here
	NotPresent = "not_present" // the page does not have it
	Answer     = "answer"      // whose a segment is
	Approve    = "approve"     // the document as a whole
	Undo       = "undo"        // the last act
	Hold       = "hold"        // put the document aside, with a reason
	Resume     = "resume"      // take up again what was put aside
)

// rejectDocument is the record action of a rejected document, so that undo knows it.
const rejectDocument = "reject_document"

// AsShown is the value of an approve that also accepts every open value as it was read.
const AsShown = "as_shown"

// Action is one thing that a person does.
type Action struct {
	Document string `json:"-"`
	After    int    `json:"after"` // version of the record that the person saw
	Kind     string `json:"kind"`
	Segment  int    `json:"segment"`
	// Target is field:NAME, line:ROW:NAME, entity:ID, entity:ID:PART (negated, uncertain,
	// hypothetical, historical, experiencer), flag:INDEX, type, patient or document; empty for
	// undo, approve, hold and resume.
	Target string `json:"target,omitempty"`
	// Value is the new value of correct; for answer a Patient's id (with or without Patient/)
	// or new; for approve AsShown or empty; for move previous or next.
	Value  string        `json:"value,omitempty"`
	Page   int           `json:"page,omitempty"`  // correct: where the value stands; split, move: which page
	Words  []int         `json:"words,omitempty"` // indexes into the page's words; without Value their text is the value
	Box    *document.Box `json:"box,omitempty"`
	As     string        `json:"as,omitempty"` // correct of a field that is not there: its kind; empty: text
	Reason string        `json:"reason,omitempty"`
}

// Result is what an act led to.
type Result struct {
	Version int
	State   store.State
	Record  *record.Record
}

const (
	reasonMax = 500  // bytes of a reason
	valueMax  = 4096 // bytes of a value
	wordsMax  = 1000 // words of a value
)

// Desk is where people work. It is safe for many goroutines.
type Desk struct {
	Pipeline *pipeline.Pipeline
	Policy   Policy
	// DrugsLike gives the names of drugs that look like a printed word; nil: none are offered.
	DrugsLike func(word string) []string
}

// Adjust is the pipeline's: it uses what corrections have taught, and sends to a person what the
// policy asks for.
func (d *Desk) Adjust(v store.View, read *document.Document, rec *record.Record) error {
	l, err := readLessons(v)
	if err != nil {
		return err
	}
	l.apply(rec, read)
	d.Policy.Apply(rec)
	return nil
}

// Lessons lists what corrections have taught, the most certain first.
func (d *Desk) Lessons(ctx context.Context, actor store.Actor) (out []Learned, err error) {
	err = d.Pipeline.Store.View(ctx, actor, func(v store.View) error {
		l, err := readLessons(v)
		out = l.all()
		return err
	})
	return out, err
}

// Unsay takes a lesson back, so that it is not used however many teach it, or lets it be used again.
func (d *Desk) Unsay(ctx context.Context, actor store.Actor, lesson Lesson, unsay bool) error {
	_, err := d.Pipeline.Store.Transact(ctx, actor, []store.Command{changeLessons(func(l *lessons) {
		l.Unsaid = slices.DeleteFunc(l.Unsaid, func(x Lesson) bool { return x == lesson })
		if unsay && slices.ContainsFunc(l.Votes, func(x vote) bool { return x.Lesson == lesson }) {
			l.Unsaid = append(l.Unsaid, lesson)
		}
	})})
	return err
}

// act is an action with what it is done to.
type act struct {
	Action
	actor store.Actor
	now   time.Time
	view  store.View
	row   *store.Document
	rec   *record.Record
	read  *document.Document
}

// Act does one action. Faults: Conflict (record_changed: look again; not_settled; open_values;
// nothing_to_undo), NotFound (no such document, target or patient), Invalid (bad_target,
// bad_value, ...).
func (d *Desk) Act(ctx context.Context, actor store.Actor, a Action) (*Result, error) {
	if len(a.Reason) > reasonMax || len(a.Value) > valueMax || len(a.Words) > wordsMax {
		return nil, fault.New(fault.TooLarge, "action_too_large", "a reason may have %d bytes, a value %d, and %d words", reasonMax, valueMax, wordsMax)
	}
	if a.Kind == Undo {
		return d.undo(ctx, actor, a)
	}
	if a.Kind == Reject && a.Target == "document" {
		return d.reject(ctx, actor, a)
	}
	return d.change(ctx, actor, a, a.Kind, func(x *act) error {
		if divides(a.Kind) {
			return d.divide(ctx, x)
		}
		return x.apply()
	})
}

// change files a record that f has changed, as the record's next version.
func (d *Desk) change(ctx context.Context, actor store.Actor, a Action, name string, f func(*act) error) (*Result, error) {
	p := d.Pipeline
	row, err := p.Row(ctx, actor, a.Document)
	if err != nil {
		return nil, err
	}
	read, err := p.Reading(ctx, actor, row)
	if err != nil {
		return nil, err
	}
	p.Filing.Lock()
	defer p.Filing.Unlock()
	for try := 1; ; try++ {
		x := &act{Action: a, actor: actor, now: p.Now().UTC(), read: read}
		settled, err := d.file(ctx, x, name, f)
		if err == nil {
			return &Result{Version: a.After + 1, State: settled.State, Record: x.rec}, nil
		}
		// A patient came meanwhile who may be the same: the act holds, whose it is is asked again.
		if f := fault.As(err); f == nil || f.Code != "matches_changed" || try == triesMax {
			return nil, err
		}
	}
}

// triesMax is how often an act is filed again because patients came in between.
const triesMax = 20

// file does an act in one snapshot and one transaction.
func (d *Desk) file(ctx context.Context, x *act, name string, f func(*act) error) (settled pipeline.Settled, err error) {
	p := d.Pipeline
	var steps []store.Command
	err = p.Store.View(ctx, x.actor, func(v store.View) error {
		if err := x.load(v); err != nil {
			return err
		}
		if err := f(x); err != nil {
			return err
		}
		var asked []store.Command
		if err := p.Identify(x.rec, pipeline.KnownIn(v, &asked)); err != nil {
			return err
		}
		if x.Kind == Answer || divides(x.Kind) { // it is held against other documents now
			if err := p.Compare(v, x.row, x.rec); err != nil {
				return err
			}
		}
		steps, settled, err = p.Commands(v, pipeline.Filing{Row: x.row, From: x.row.State, Read: x.read, Record: x.rec,
			After: x.After, Action: name, Person: true, Asked: asked})
		if err != nil {
			return err
		}
		lesson, err := teach(v, x.Document, x.now, x.rec, x.read)
		if lesson != nil {
			steps = append(steps, lesson)
		}
		return err
	})
	if err != nil {
		return settled, err
	}
	_, err = p.Store.Transact(ctx, x.actor, steps)
	return settled, changed(err)
}

// load brings up the row and the record that the person saw.
func (x *act) load(v store.View) (err error) {
	x.view = v
	if x.row, err = v.Document(x.Document); err != nil {
		return err
	}
	if !x.row.State.Settled() {
		return fault.New(fault.Conflict, "not_settled", "the document is being read; wait until it has come to rest")
	}
	if x.row.State == store.Failed {
		return fault.New(fault.Conflict, "failed", "the document could not be read; run it again, or reject it")
	}
	if x.row.State == store.Rejected && x.Kind != Undo {
		return fault.New(fault.Conflict, "rejected", "the document is rejected; take that back first")
	}
	newest, err := v.Record(x.Document, 0)
	if err != nil {
		return err
	}
	if newest.Version != x.After {
		return recordChanged()
	}
	x.rec, err = parse(newest.Body)
	return err
}

// newest reads a document's newest record.
func newest(v store.View, document string) (rec *record.Record, version int, err error) {
	r, err := v.Record(document, 0)
	if err != nil {
		return nil, 0, err
	}
	rec, err = parse(r.Body)
	return rec, r.Version, err
}

func parse(body []byte) (*record.Record, error) {
	rec := new(record.Record)
	if err := json.Unmarshal(body, rec); err != nil {
		return nil, fault.New(fault.Corrupt, "record_damaged", "the record cannot be read")
	}
	return rec, nil
}

func recordChanged() error {
	return fault.New(fault.Conflict, "record_changed", "the record has a newer version; look at it and act again")
}

// changed tells a lost race in the person's words.
func changed(err error) error {
	if f := fault.As(err); f != nil && f.Kind == fault.Conflict && f.Code != "matches_changed" {
		return recordChanged()
	}
	return err
}

// by is the mark of this act on a value.
func (x *act) by(what string) *record.Human {
	return &record.Human{Who: x.actor.ID, Action: what, At: x.now.Format(time.RFC3339), Reason: x.Reason}
}
