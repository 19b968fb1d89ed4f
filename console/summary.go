package console

import (
	"encoding/json"
	"strings"
	"sync"

	"chartlake/pipeline"
	"chartlake/record"
	"chartlake/store"
)

// summary is a record in short, for a card of the list.
type summary struct {
	Patient   string `json:"patient,omitempty"`
	BirthDate string `json:"birth_date,omitempty"`
	Fields    int    `json:"fields"`
	Entities  int    `json:"entities"`
	Look      int    `json:"look"` // values, flags and pages that wait for a person
	Errors    int    `json:"errors"`
	Warnings  int    `json:"warnings"`
	Reason    string `json:"reason,omitempty"` // the first thing to look at, in words
}

// summariesMax bounds the cache: a summary is about 300 bytes, so 4,096 are about 1 MB.
const summariesMax = 4096

// summaries keeps the summary of the newest record of each document that was asked for. A
// record version never changes, so a summary is right as long as its version is the newest.
type summaries struct {
	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	version int
	summary *summary
}

func newSummaries() *summaries { return &summaries{kept: map[string]kept{}} }

// of gives the newest record's version and summary; 0 and nil while there is none.
func (c *summaries) of(v store.View, id string) (int, *summary, error) {
	versions, err := v.Records(id)
	if err != nil || len(versions) == 0 {
		return 0, nil, err
	}
	version := versions[len(versions)-1].Version
	c.mu.Lock()
	k, ok := c.kept[id]
	c.mu.Unlock()
	if ok && k.version == version {
		return version, k.summary, nil
	}
	rec, err := readRecord(v, id, version)
	if err != nil {
		return 0, nil, err
	}
	sum := summarise(rec)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= summariesMax {
		clear(c.kept)
	}
	c.kept[id] = kept{version, sum}
	return version, sum, nil
}

func readRecord(v store.View, id string, version int) (*record.Record, error) {
	body, err := v.Record(id, version)
	if err != nil {
		return nil, err
	}
	rec := new(record.Record)
	return rec, json.Unmarshal(body.Body, rec)
}

// nameFields and birthFields are the fields that say whose a document is, first found wins.
// Source: the field names of docs/format/record.md (CMS-1500 box 2; UB-04 FL8b;
// insurance card member).
var (
	nameFields  = []string{"patient.name", "patient", "2", "FL8b", "FL08b", "member.name", "member", "name"}
	birthFields = []string{"dob", "patient.dob", "3.dob", "FL10", "birth_date"}
)

func summarise(rec *record.Record) *summary {
	sum := &summary{Look: pipeline.Open(rec)}
	for i := range rec.Segments {
		seg := &rec.Segments[i]
		if sum.Patient == "" {
			sum.Patient = first(seg, nameFields)
			sum.BirthDate = first(seg, birthFields)
		}
		for _, f := range seg.Flags {
			switch f.Severity {
			case record.SeverityError:
				sum.Errors++
			case record.SeverityWarning:
				sum.Warnings++
			}
			if sum.Reason == "" && f.Severity == record.SeverityError {
				sum.Reason = f.Message
			}
		}
		for j := range seg.Fields {
			sum.field(&seg.Fields[j])
		}
		for _, line := range seg.Lines {
			for _, f := range line {
				sum.field(&f)
			}
		}
		sum.Entities += len(seg.Entities)
	}
	return sum
}

func (sum *summary) field(f *record.Field) {
	sum.Fields++
	if f.State == record.Review && sum.Reason == "" && len(f.Reasons) > 0 {
		sum.Reason = f.Reasons[0]
	}
}

func first(seg *record.Segment, names []string) string {
	for _, name := range names {
		for i := range seg.Fields {
			if f := &seg.Fields[i]; f.Name == name && f.Value != nil && *f.Value != "" {
				return *f.Value
			}
		}
	}
	return ""
}

// mentions reports whether a document's name, type, id or anything in its record has the
// text (lower case).
func (c *summaries) mentions(v store.View, it item, text string) bool {
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	if has(it.Name) || strings.HasPrefix(it.ID, text) || has(string(it.State)) {
		return true
	}
	if it.Record == 0 {
		return false
	}
	rec, err := readRecord(v, it.ID, it.Record)
	if err != nil {
		return false
	}
	for i := range rec.Segments {
		if segmentMentions(&rec.Segments[i], has) {
			return true
		}
	}
	return false
}

func segmentMentions(seg *record.Segment, has func(string) bool) bool {
	field := func(f *record.Field) bool { return has(f.Raw) || f.Value != nil && has(*f.Value) }
	if has(strings.ReplaceAll(string(seg.Type), "_", " ")) {
		return true
	}
	for j := range seg.Fields {
		if field(&seg.Fields[j]) {
			return true
		}
	}
	for _, line := range seg.Lines {
		for _, f := range line {
			if field(&f) {
				return true
			}
		}
	}
	for j := range seg.Entities {
		if has(seg.Entities[j].Text) {
			return true
		}
	}
	return false
}
