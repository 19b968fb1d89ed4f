package pipeline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"chartlake/record"
)

// duplicatePossible is the code of the flag of a document that says what another one of the same
// patient says: a sheet that was scanned or faxed again has other bytes, so it is another document. The same
// bytes are one document, and never come here.
const duplicatePossible = "duplicate_possible"

const (
	likeMin   = 8    // values, under which two documents say too little to be told apart
	likeShare = 0.85 // of the values of the longer one that the other has; the rest is what a second scan reads otherwise
)

// duplicate flags a segment that says what an earlier one says. Dates must be the same: reports of two
// days look alike. The person decides, since a corrected report looks alike, too.
func duplicate(seg, earlier *record.Segment, id string) {
	if seg.Type != earlier.Type || slices.ContainsFunc(seg.Flags, func(f record.Flag) bool { return f.Code == duplicatePossible }) {
		return
	}
	values, dates := contents(seg)
	theirs, days := contents(earlier)
	if len(values) < likeMin || same(dates, days) < 1 || same(values, theirs) < likeShare {
		return
	}
	seg.Flags = append(seg.Flags, record.Flag{Code: duplicatePossible, Severity: record.SeverityWarning,
		Evidence: []record.Evidence{{Page: seg.Pages[0], Box: wholePage}, {Document: id, Page: earlier.Pages[0], Box: wholePage}},
		Message:  fmt.Sprintf("it says what document %s of the same patient says; it may be the same sheet once more", id[:min(12, len(id))])})
}

// contents is what a segment says by name, and the dates among it.
func contents(seg *record.Segment) (values, dates map[string]bool) {
	values, dates = map[string]bool{}, map[string]bool{}
	add := func(name string, f *record.Field) {
		if f.Value == nil || *f.Value == "" {
			return
		}
		said := name + "=" + strings.ToLower(*f.Value)
		values[said] = true
		if f.Kind == record.KindDate || f.Kind == record.KindDatetime {
			dates[said] = true
		}
	}
	for i := range seg.Fields {
		add(seg.Fields[i].Name, &seg.Fields[i])
	}
	for row, line := range seg.Lines {
		for name, cell := range line {
			add(strconv.Itoa(row)+name, &cell)
		}
	}
	for i := range seg.Entities {
		values[string(seg.Entities[i].Type)+":"+strings.ToLower(seg.Entities[i].Text)] = true
	}
	return values, dates
}

// same is the share of the larger of two sets that is in the other, too.
func same(a, b map[string]bool) float64 {
	both := 0
	for x := range a {
		if b[x] {
			both++
		}
	}
	if larger := max(len(a), len(b)); larger > 0 {
		return float64(both) / float64(larger)
	}
	return 1
}
