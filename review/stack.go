package review

import (
	"context"
	"slices"

	"chartlake/fault"
	"chartlake/record"
)

// Kinds of action that divide a stack anew. Documents within it are runs of pages, so a page moves
// to the neighbour that it lies beside, with what lies between.
const (
	Split = "split" // Page begins a document of its own
	Join  = "merge" // Segment becomes one with the document before it
	Shift = "move"  // Page goes to the document before or after it: Value is previous or next
)

// divides reports an action on the stack as a whole.
func divides(kind string) bool { return kind == Split || kind == Join || kind == Shift }

// divide changes which pages are a document. It is an act like any other: what people said of the
// values stays with their pages, and undo brings the old division back.
func (d *Desk) divide(ctx context.Context, x *act) error {
	var ranges [][2]int
	for i := range x.rec.Segments {
		ranges = append(ranges, x.rec.Segments[i].Pages)
	}
	old := ranges
	ranges, err := divided(ranges, x.Action)
	if err != nil {
		return err
	}
	for _, r := range ranges {
		if empty(x.rec, r) {
			return fault.New(fault.Invalid, "bad_place", "a document needs a page with something on it")
		}
	}
	if x.rec.Segments, err = d.Pipeline.Restack(ctx, x.read, x.rec, ranges); err != nil {
		return err
	}
	fresh := &record.Record{}
	var at []int
	for i := range x.rec.Segments {
		if !slices.Contains(old, x.rec.Segments[i].Pages) {
			fresh.Segments, at = append(fresh.Segments, x.rec.Segments[i]), append(at, i)
		}
	}
	if err := d.Adjust(x.view, x.read, fresh); err != nil {
		return err
	}
	for i, n := range at {
		x.rec.Segments[n] = fresh.Segments[i]
	}
	x.rec.Stacked, x.rec.Approved = x.by(x.Kind), nil
	return nil
}

// divided gives the ranges of pages after an action.
func divided(ranges [][2]int, a Action) ([][2]int, error) {
	out := slices.Clone(ranges)
	if a.Kind == Join {
		if a.Segment < 1 || a.Segment >= len(out) {
			return nil, fault.New(fault.Invalid, "bad_place", "there is no document before it to become one with")
		}
		out[a.Segment-1][1] = out[a.Segment][1]
		return slices.Delete(out, a.Segment, a.Segment+1), nil
	}
	i := slices.IndexFunc(out, func(r [2]int) bool { return r[0] <= a.Page && a.Page <= r[1] })
	if i < 0 {
		return nil, fault.New(fault.Invalid, "bad_place", "the page is in none of the documents")
	}
	switch at := out[i]; {
	case a.Kind == Split:
		if a.Page == at[0] {
			return nil, fault.New(fault.Invalid, "bad_place", "a document begins with this page already")
		}
		out[i][1] = a.Page - 1
		return slices.Insert(out, i+1, [2]int{a.Page, at[1]}), nil
	case a.Value == "previous" && i > 0:
		out[i-1][1], out[i][0] = a.Page, a.Page+1
	case a.Value == "next" && i+1 < len(out):
		out[i+1][0], out[i][1] = a.Page, a.Page-1
	default:
		return nil, fault.New(fault.Invalid, "bad_place", "a page is moved to previous or next, and there must be such a document")
	}
	return slices.DeleteFunc(out, func(r [2]int) bool { return r[0] > r[1] }), nil
}

// empty reports pages of which each is blank or could not be read.
func empty(rec *record.Record, pages [2]int) bool {
	for _, p := range rec.Pages {
		if p.Page >= pages[0] && p.Page <= pages[1] && !p.Blank && p.Failed == nil {
			return false
		}
	}
	return true
}
