package pipeline

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"chartlake/fault"
	"chartlake/fhirmap"
	"chartlake/record"
	"chartlake/search"
	"chartlake/store"
)

// possibleDuplicate is the code of the flag of a document that says what another one of the same
// patient says: a sheet that was scanned or faxed again has other bytes, so it is another document. The same
// bytes are one document, and never come here.
const possibleDuplicate = "possible_duplicate"

const (
	likeMin   = 8    // values, under which two documents say too little to be told apart
	likeShare = 0.85 // of the values of the longer one that the other has; the rest is what a second scan reads otherwise
	likeMost  = 20   // newest documents of the patient that are compared
)

// duplicates flags the segments that say what an earlier document of their patient says. Dates must be
// the same: reports of two days look alike. The person decides, since a corrected report looks alike, too.
func duplicates(v store.View, row *store.Document, rec *record.Record) error {
	for i := range rec.Segments {
		seg := &rec.Segments[i]
		if seg.Subject == nil || seg.Subject.Patient == "" || seg.Subject.New {
			continue
		}
		values, dates := contents(seg)
		if len(values) < likeMin {
			continue
		}
		other, err := alike(v, row.ID, seg, values, dates)
		if err != nil {
			return err
		}
		if other != "" {
			seg.Flags = append(seg.Flags, record.Flag{Code: possibleDuplicate, Severity: record.SeverityWarning, Evidence: []record.Evidence{},
				Message: fmt.Sprintf("it says what document %s of the same patient says; it may be the same sheet once more", other[:min(12, len(other))])})
		}
	}
	return nil
}

// alike gives the document of the same patient that says the same; "" where there is none.
func alike(v store.View, own string, seg *record.Segment, values, dates map[string]bool) (string, error) {
	criteria := url.Values{"subject": {"Patient/" + seg.Subject.Patient}, "_sort": {"-date"}}.Encode()
	q, err := search.Criteria("DocumentReference", criteria, search.Options{})
	if err != nil {
		return "", err
	}
	q.Count, q.CountSet = likeMost, true
	page, err := v.Search(q)
	if err != nil {
		return "", err
	}
	for _, m := range page.Matches {
		master := m.Resource.Get("masterIdentifier")
		id, place, ok := strings.Cut(master.Str("value"), "#")
		n, err := strconv.Atoi(place)
		if !ok || err != nil || master.Str("system") != fhirmap.Base+"/sha256" || id == own {
			continue
		}
		other, _, err := newest(v, id)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
			continue
		}
		if err != nil {
			return "", err
		}
		if n < len(other.Segments) && other.Segments[n].Type == seg.Type {
			if theirs, days := contents(&other.Segments[n]); same(dates, days) == 1 && same(values, theirs) >= likeShare {
				return id, nil
			}
		}
	}
	return "", nil
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
