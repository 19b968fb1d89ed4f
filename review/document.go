package review

import (
	"context"
	"encoding/json"
	"math"
	"slices"

	"chartlake/fault"
	"chartlake/identity"
	"chartlake/record"
	"chartlake/store"
)

// reject says that a document does not belong here: everything that it filed is deleted
// (versioned), and it rests as rejected.
func (d *Desk) reject(ctx context.Context, actor store.Actor, a Action) (*Result, error) {
	p := d.Pipeline
	p.Filing.Lock()
	defer p.Filing.Unlock()
	var steps []store.Command
	out := &Result{Version: a.After, State: store.Rejected}
	err := p.Store.View(ctx, actor, func(v store.View) error {
		row, err := v.Document(a.Document)
		if err != nil {
			return err
		}
		if !store.Legal(row.State, store.Rejected) || row.State == store.Rejected {
			return fault.New(fault.Conflict, "not_settled", "a document that is %s cannot be rejected now", row.State)
		}
		newest, err := v.Record(a.Document, 0)
		switch {
		case err == nil && newest.Version != a.After:
			return recordChanged()
		case err == nil:
			if out.Record, err = parse(newest.Body); err != nil {
				return err
			}
			out.Version = a.After + 1
			steps = append(steps, store.PutRecord{Document: a.Document, After: a.After, Action: rejectDocument, Body: newest.Body})
		case !fault.Is(err, fault.NotFound):
			return err
		}
		gone, err := p.Withdraw(v, row)
		if err != nil {
			return err
		}
		steps = append(steps, gone...)
		steps = append(steps, store.Move{ID: row.ID, From: []store.State{row.State}, To: store.Rejected, Code: "person"})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := p.Store.Transact(ctx, actor, steps); err != nil {
		return nil, changed(err)
	}
	return out, nil
}

// undo makes a new version whose content is that before the last act that was not yet taken
// back. What a run of the pipeline made is no act, and ends the way back.
func (d *Desk) undo(ctx context.Context, actor store.Actor, a Action) (*Result, error) {
	row, err := d.Pipeline.Row(ctx, actor, a.Document)
	if err != nil {
		return nil, err
	}
	if row.State == store.Rejected {
		if _, _, err := d.Pipeline.Newest(ctx, actor, row.ID); fault.Is(err, fault.NotFound) {
			return d.unrejectFailed(ctx, actor, row)
		}
	}
	return d.change(ctx, actor, a, Undo, func(x *act) error {
		versions, err := x.view.Records(a.Document)
		if err != nil {
			return err
		}
		last, before := undoable(versions)
		if last == "" {
			return fault.New(fault.Conflict, "nothing_to_undo", "there is no act to take back")
		}
		if (last == rejectDocument) != (x.row.State == store.Rejected) {
			return recordChanged()
		}
		body, err := x.view.Record(a.Document, before)
		if err != nil {
			return err
		}
		x.rec, err = parse(body.Body)
		return err
	})
}

// undoable gives the last act that stands and the version that it was made from.
func undoable(versions []store.RecordVersion) (act string, before int) {
	var stack []store.RecordVersion
	for _, v := range versions {
		if v.Action == Undo {
			if len(stack) > 0 {
				stack = stack[:len(stack)-1]
			}
			continue
		}
		stack = append(stack, v)
	}
	if n := len(stack); n >= 2 && stack[n-1].Action != "machine" {
		return stack[n-1].Action, stack[n-2].Version
	}
	return "", 0
}

// unrejectFailed takes back the rejection of a document that never had a record.
func (d *Desk) unrejectFailed(ctx context.Context, actor store.Actor, row *store.Document) (*Result, error) {
	step := store.Move{ID: row.ID, From: []store.State{store.Rejected}, To: store.Failed}
	for _, c := range slices.Backward(row.History) {
		if c.To == store.Failed {
			step.Code = c.Code
			break
		}
	}
	if step.Code == "" { // rejected before it was read
		return nil, fault.New(fault.Conflict, "nothing_to_undo", "the document was never read; run it again")
	}
	if _, err := d.Pipeline.Store.Transact(ctx, actor, []store.Command{step}); err != nil {
		return nil, changed(err)
	}
	return &Result{State: store.Failed}, nil
}

// Candidate is a patient that a document may belong to, as shown to a person.
type Candidate struct {
	Patient   string   `json:"patient"` // Patient/id
	Name      string   `json:"name,omitempty"`
	BirthDate string   `json:"birth_date,omitempty"`
	Score     float64  `json:"score"` // 0..1
	Reasons   []string `json:"reasons,omitempty"`
}

// Candidates gives the patients that the open segments of a document may belong to, best
// first; none where nothing is asked.
func (d *Desk) Candidates(ctx context.Context, actor store.Actor, id string) ([]Candidate, error) {
	out := []Candidate{}
	err := d.Pipeline.Store.View(ctx, actor, func(v store.View) error {
		newest, err := v.Record(id, 0)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		rec := new(record.Record)
		if err := json.Unmarshal(newest.Body, rec); err != nil {
			return fault.New(fault.Corrupt, "record_damaged", "the record cannot be read")
		}
		seen := map[string]bool{}
		for i := range rec.Segments {
			sub := rec.Segments[i].Subject
			if sub == nil || sub.Patient != "" {
				continue
			}
			for _, c := range sub.Candidates {
				if seen[c.Patient] {
					continue
				}
				seen[c.Patient] = true
				patient, err := v.Read(store.Key{Type: "Patient", ID: c.Patient})
				if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
					continue
				}
				if err != nil {
					return err
				}
				known := identity.FromPatient(patient.Resource)
				out = append(out, Candidate{Patient: "Patient/" + c.Patient, Name: known.Name, BirthDate: known.BirthDate,
					Score: share(c.Score), Reasons: c.Reasons})
			}
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Candidate) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return out, err
}

// share shows bits of evidence as a number from 0 to 1: ten bits are a half.
func share(bits float64) float64 { return 1 - math.Exp2(-max(bits, 0)/10) }
