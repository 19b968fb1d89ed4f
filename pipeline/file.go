package pipeline

import (
	"bytes"
	"strings"
	"time"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhirmap"
	"chartlake/record"
	"chartlake/search"
	"chartlake/store"
)

// Map makes the transaction Bundle of a record by the mode.
func (s *Stages) Map(doc *document.Document, rec *record.Record, bytes int64, received, recorded time.Time) *fhir.Node {
	return fhirmap.Bundle(s.mapping(doc, rec, bytes, received, recorded))
}

func (s *Stages) mapping(doc *document.Document, rec *record.Record, bytes int64, received, recorded time.Time) fhirmap.Input {
	return fhirmap.Input{
		Document: doc, Record: looked(rec), Subjects: subjects(rec), Bytes: bytes,
		Received: received, Recorded: recorded, Program: s.Program,
		AnnotateOnly: s.Mode == Annotate || s.Mode == Draft && rec.Approved == nil,
	}
}

// place is a resource in the JSON of a Bundle: bytes from its start.
type place struct {
	key        store.Key
	fullURL    string
	begin, end int
}

// write appends the Bundle that Map makes, in its JSON, and says where each of its resources stands
// in it. The trees are several times as large, so each is gone as soon as it is written.
func write(out []byte, in fhirmap.Input) (_ []byte, resources []place) {
	start := len(out)
	out = append(out, `{"resourceType":"Bundle","type":"transaction","entry":[`...)
	fhirmap.Entries(in, func(entry *fhir.Node) {
		if len(resources) > 0 {
			out = append(out, ',')
		}
		out = append(out, '{')
		var p place
		for i, m := range entry.Members() {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(append(append(out, '"'), m.Name...), `":`...)
			begin := len(out) - start
			out = m.Value.AppendJSON(out)
			switch m.Name {
			case "fullUrl":
				p.fullURL = m.Value.Text()
			case "resource":
				p.key = store.Key{Type: m.Value.Type(), ID: m.Value.ID()}
				p.begin, p.end = begin, len(out)-start
			}
		}
		out = append(out, '}')
		resources = append(resources, p)
	})
	return append(out, "]}"...), resources
}

// looked is the record as the mapping sees it: a flag that a person has looked at, or whose
// fields a person has settled, holds nothing back.
func looked(rec *record.Record) *record.Record {
	c := *rec
	c.Segments = append([]record.Segment(nil), rec.Segments...)
	for i := range c.Segments {
		seg := &c.Segments[i]
		seg.Flags = append([]record.Flag(nil), seg.Flags...)
		for j := range seg.Flags {
			if !flagOpen(seg, &seg.Flags[j]) {
				seg.Flags[j].Severity = record.SeverityInfo
			}
		}
	}
	return &c
}

// Filing is a record on its way into the store.
type Filing struct {
	Row    *store.Document // as it is now
	From   store.State     // the state that it must still be in
	Read   *document.Document
	Record *record.Record // its Bundle is set by Commands
	After  int            // version of the record that it was made from; 0: the first
	Action string         // of the record version
	// Person says that a person acts: then also what a person confirmed before is written
	// anew, because this record holds it.
	Person bool
	// Asked is what KnownIn asked to say whose the record is. Another process may file the same
	// new person meanwhile: then the transaction is a Conflict with code matches_changed, and
	// the caller looks again.
	Asked []store.Command
}

// Commands is the filing transaction: every resource by PUT under its deterministic id, the
// deletion of what an earlier run made and this one does not, the record's next version, and
// the move where the state changes, all on condition that what was asked still holds.
func (p *Pipeline) Commands(v store.View, f Filing) ([]store.Command, Settled, error) {
	settled := p.Settle(f.Record)
	var resources []place
	body, err := f.Record.EncodeWith(0, func(out []byte) []byte {
		out, resources = write(out, p.mapping(f.Read, f.Record, f.Row.Bytes, f.Row.ReceivedAt, p.Now()))
		return out
	})
	if err != nil {
		return nil, settled, err
	}
	bundle := f.Record.Bundle // where it stands in the body: the resources are read from there
	out := append([]store.Command(nil), f.Asked...)
	made := map[store.Key]bool{}
	var keys []store.Key
	for _, r := range resources {
		made[r.key] = true
		keys = append(keys, r.key)
		out = append(out, put(r, bundle[r.begin:r.end], f.Person))
	}
	gone, err := p.gone(v, f.Row, made)
	if err != nil {
		return nil, settled, err
	}
	for _, key := range gone {
		out = append(out, store.Delete{Key: key, Keep: keepUnless(f.Person)})
	}
	out = append(out, store.PutRecord{Document: f.Row.ID, After: f.After, Action: f.Action, Body: body})
	out = append(out, move(f, settled, append(keys, gone...)))
	return out, settled, nil
}

// move takes the row to the state that the record settles in. Where the state stays, the row
// is only brought up to date.
func move(f Filing, settled Settled, resources []store.Key) store.Command {
	return store.Move{ID: f.Row.ID, From: []store.State{f.From}, To: settled.State, Code: settled.Code, Question: settled.Question,
		Set: func(d *store.Document) {
			d.Pages = f.Record.Document.Pages
			d.Segments = d.Segments[:0]
			for i := range f.Record.Segments {
				seg := &f.Record.Segments[i]
				row := store.DocumentSegment{Type: string(seg.Type), Pages: seg.Pages}
				if seg.Subject != nil && seg.Subject.Patient != "" {
					row.Patient = "Patient/" + seg.Subject.Patient
				}
				d.Segments = append(d.Segments, row)
			}
			d.Resources = resources
		}}
}

// put writes a resource where it says something else than the current version. A re-run
// leaves alone what a person confirmed or edited. The tree is made when its turn has come.
func put(at place, body []byte, person bool) store.Command {
	return store.Update{
		Resource: fhir.NewObject("resourceType", at.key.Type, "id", at.key.ID), FullURL: at.fullURL, Brief: true,
		Modify: func(current *fhir.Node) (*fhir.Node, error) {
			resource, err := fhir.Parse(body)
			if err != nil {
				return nil, err
			}
			if current != nil && (!person && confirmed(current) || bytes.Equal(content(current), content(resource))) {
				return current, nil
			}
			return resource, nil
		},
	}
}

func keepUnless(person bool) func(*fhir.Node) bool {
	if person {
		return nil
	}
	return confirmed
}

// confirmed reports whether the current version of a resource is a person's: it carries an
// origin tag other than extracted, or was made by us and lost the tag to an edit. Resources
// that never carry the tag are the machine's.
func confirmed(current *fhir.Node) bool {
	switch current.Type() {
	case "Provenance", "Device", "Binary":
		return false
	}
	for _, tag := range current.Path("meta", "tag").Items() {
		if tag.Str("system") == fhirmap.Origin {
			return tag.Str("code") != "extracted"
		}
	}
	return true
}

// content is what a resource says, without what the store writes (version, time) and, for a
// Provenance, without when it was recorded and which version of the target it was made with.
func content(n *fhir.Node) []byte {
	c := n.Clone()
	if meta := c.Get("meta"); meta != nil {
		meta.Delete("versionId")
		meta.Delete("lastUpdated")
		if len(meta.Members()) == 0 {
			c.Delete("meta")
		}
	}
	if c.Type() != "Provenance" {
		return c.AppendJSON(nil)
	}
	c.Delete("recorded")
	for _, t := range c.Get("target").Items() {
		t.Delete("extension")
		if ref := t.Get("reference"); ref != nil {
			plain, _, _ := strings.Cut(ref.Text(), "/_history/")
			ref.SetText(plain)
		}
	}
	return c.AppendJSON(nil)
}

// gone lists what earlier runs of the document made and this one does not. What other
// documents share stays: the Device always, a Patient while another document refers to it.
func (p *Pipeline) gone(v store.View, row *store.Document, made map[store.Key]bool) ([]store.Key, error) {
	var out []store.Key
	for _, key := range row.Resources {
		if made[key] || key.Type == "Device" {
			continue
		}
		if key.Type == "Patient" {
			shared, err := sharedPatient(v, key.ID, row)
			if err != nil {
				return nil, err
			}
			if shared {
				continue
			}
		}
		out = append(out, key)
	}
	return out, nil
}

// sharedPatient reports whether a DocumentReference of another document has this subject.
func sharedPatient(v store.View, id string, row *store.Document) (bool, error) {
	own := map[store.Key]bool{}
	for _, key := range row.Resources {
		own[key] = true
	}
	q, err := search.Criteria("DocumentReference", "subject=Patient/"+id, search.Options{})
	if err != nil {
		return false, err
	}
	q.Count, q.CountSet = len(row.Segments)+candidatesMax, true
	page, err := v.Search(q)
	if err != nil {
		return false, err
	}
	for _, m := range page.Matches {
		if !own[m.Key] {
			return true, nil
		}
	}
	return page.Next != "", nil
}

// Withdraw is the transaction that takes back everything that a document filed.
func (p *Pipeline) Withdraw(v store.View, row *store.Document) ([]store.Command, error) {
	keys, err := p.gone(v, row, nil)
	if err != nil {
		return nil, err
	}
	var out []store.Command
	for _, key := range keys {
		out = append(out, store.Delete{Key: key})
	}
	return out, nil
}

// conflict reports an error that means: somebody else was quicker, look again.
func conflict(err error) bool { return fault.Is(err, fault.Conflict) }
