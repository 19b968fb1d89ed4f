package pipeline

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/fhirmap"
	"chartlake/form"
	"chartlake/record"
	"chartlake/search"
	"chartlake/store"
)

// comparedMost is how many documents of a patient, the newest, a document is held against.
const comparedMost = 20

var wholePage = document.Box{W: 1, H: 1}

// Compare holds the segments of a record against the earlier documents of their patients: the same
// sheet once more, and what contradicts (document-types.md §17). Flags of an earlier comparison go,
// but for what a person said of one that comes again.
func (p *Pipeline) Compare(v store.View, row *store.Document, rec *record.Record) error {
	for i := range rec.Segments {
		seg := &rec.Segments[i]
		before := seg.Flags
		seg.Flags = slices.DeleteFunc(slices.Clone(seg.Flags), ofComparison)
		if sub := seg.Subject; sub == nil || sub.Patient == "" || sub.New {
			continue
		}
		err := earlier(v, row.ID, seg, func(other *record.Segment, id string) {
			duplicate(seg, other, id)
			form.Against(seg, other, id)
		})
		if err != nil {
			return err
		}
		lookedAt(before, seg.Flags)
	}
	return nil
}

// ofComparison reports a flag that another document raised.
func ofComparison(f record.Flag) bool {
	return slices.ContainsFunc(f.Evidence, func(e record.Evidence) bool { return e.Document != "" })
}

// lookedAt carries what people said of flags over to those that say the same.
func lookedAt(from, to []record.Flag) {
	for i := range from {
		for j := range to {
			if f := &to[j]; f.Code == from[i].Code && f.Message == from[i].Message && f.Human == nil {
				f.Human = from[i].Human
			}
		}
	}
}

// earlier gives the segments of the newest other documents of a segment's patient that a rule is about.
func earlier(v store.View, own string, seg *record.Segment, take func(other *record.Segment, id string)) error {
	criteria := url.Values{"subject": {"Patient/" + seg.Subject.Patient}, "_sort": {"-date"}}.Encode()
	q, err := search.Criteria("DocumentReference", criteria, search.Options{})
	if err != nil {
		return err
	}
	q.Count, q.CountSet = comparedMost, true
	page, err := v.Search(q)
	if err != nil {
		return err
	}
	records := map[string]*record.Record{}
	for _, m := range page.Matches {
		master := m.Resource.Get("masterIdentifier")
		id, place, ok := strings.Cut(master.Str("value"), "#")
		n, err := strconv.Atoi(place)
		if !ok || err != nil || n < 0 || master.Str("system") != fhirmap.Base+"/sha256" || id == own {
			continue
		}
		row, err := v.Document(id)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
			continue
		}
		if err != nil {
			return err
		}
		if row.State != store.Filed && row.State != store.NeedsReview || n >= len(row.Segments) {
			continue
		}
		if t := record.Type(row.Segments[n].Type); t != seg.Type && !form.Related(t, seg.Type) {
			continue
		}
		if records[id] == nil {
			rec, _, err := newest(v, id)
			if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
				continue
			}
			if err != nil {
				return err
			}
			records[id] = rec
		}
		if n < len(records[id].Segments) {
			take(&records[id].Segments[n], id)
		}
	}
	return nil
}
