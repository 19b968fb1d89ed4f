package analytics

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"chartlake/analytics/view"
	"chartlake/document"
	"chartlake/fault"
	"chartlake/record"
	"chartlake/store"
)

// Recorded is a document with its newest record, from which the tables of documents are made.
type Recorded struct {
	doc     *store.Document
	body    []byte         // of the record, until a table asks for more than its version
	rec     *record.Record // nil where nothing was read yet
	version int            // of the record
}

// record is the newest record; nil where nothing was read yet.
func (d *Recorded) record() (*record.Record, error) {
	if d.body != nil {
		rec := &record.Record{}
		if err := json.Unmarshal(d.body, rec); err != nil {
			return nil, fault.New(fault.Corrupt, "record_damaged", "a record cannot be read")
		}
		d.rec, d.body = rec, nil
	}
	return d.rec, nil
}

const documentsAtOnce = 500

// EachDocument visits the documents of a snapshot.
func EachDocument(ctx context.Context, v store.View, visit func(*Recorded) error) error {
	for cursor := ""; ; {
		docs, next, err := v.Documents(store.DocumentQuery{Limit: documentsAtOnce, Cursor: cursor})
		if err != nil {
			return err
		}
		for i := range docs {
			if err := ctx.Err(); err != nil {
				return err
			}
			d, err := recorded(v, &docs[i])
			if err != nil {
				return err
			}
			if err := visit(d); err != nil {
				return err
			}
		}
		if cursor = next; cursor == "" {
			return nil
		}
	}
}

// Document reads a document with its newest record.
func Document(v store.View, id string) (*Recorded, error) {
	doc, err := v.Document(id)
	if err != nil {
		return nil, err
	}
	return recorded(v, doc)
}

func recorded(v store.View, doc *store.Document) (*Recorded, error) {
	d := &Recorded{doc: doc}
	version, err := v.Record(doc.ID, 0)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	d.version, d.body = version.Version, version.Body
	return d, nil
}

// segments visits the segments of the record, none where there is none.
func (d *Recorded) segments(visit func(index int, s *record.Segment) error) error {
	rec, err := d.record()
	if err != nil || rec == nil {
		return err
	}
	for i := range rec.Segments {
		if err := visit(i, &rec.Segments[i]); err != nil {
			return err
		}
	}
	return nil
}

func columns(list ...string) (out []view.Column) {
	for _, c := range list {
		name, kind, _ := strings.Cut(c, ":")
		if kind == "" {
			kind = "string"
		}
		out = append(out, view.Column{Name: name, Type: kind})
	}
	return out
}

// documentTables are the tables of documents and records. Turnaround is seconds from the first arrival until
// it was settled. Boxes are "x y width height" in fractions
// of the page; segments count from 0, pages from 1, characters of the segment's text from 0.
var documentTables = []Table{
	{Name: "documents", rows: documentRow, Columns: columns("document_id:id", "media_type", "bytes:integer64", "pages:integer", "state:code",
		"code:code", "source:code", "arrivals:integer", "received:instant", "settled:instant", "record_version:integer", "turnaround:decimal")},
	{Name: "pages", rows: pageRows, Columns: columns("document_id:id", "page:integer", "source:code", "rotation:integer", "confidence:decimal",
		"words:integer", "blank:boolean", "failed:code")},
	{Name: "segments", rows: segmentRows, Columns: columns("document_id:id", "segment:integer", "type:code", "type_confidence:decimal",
		"first_page:integer", "last_page:integer", "loinc:code", "patient_id:id", "question:code", "record_version:integer")},
	{Name: "fields", rows: fieldRows, Columns: columns("document_id:id", "segment:integer", "segment_type:code", "line:integer", "field", "kind:code",
		"value", "raw", "confidence:decimal", "state:code", "reasons", "source:code", "rule", "page:integer", "box",
		"text_begin:integer", "text_end:integer", "person_acted:boolean", "record_version:integer")},
	{Name: "corrections", rows: correctionRows, Columns: columns("document_id:id", "segment:integer", "line:integer", "field", "action:code",
		"machine_value", "value", "who", "at:instant", "record_version:integer")},
	{Name: "entities", rows: entityRows, Columns: columns("document_id:id", "segment:integer", "type:code", "text", "section", "negated:boolean",
		"uncertain:boolean", "hypothetical:boolean", "historical:boolean", "experiencer:code", "code_system:uri", "code:code", "display",
		"code_score:decimal", "confidence:decimal", "state:code", "page:integer", "box", "text_begin:integer", "text_end:integer", "record_version:integer")},
	{Name: "flags", rows: flagRows, Columns: columns("document_id:id", "segment:integer", "code:code", "severity:code", "message", "page:integer",
		"box", "settled:boolean", "record_version:integer")},
}

func documentRow(d *Recorded, emit func([]any) error) error {
	var settled, turnaround, source any
	if d.doc.SettledAt != nil {
		settled = instant(*d.doc.SettledAt)
		turnaround = number(d.doc.SettledAt.Sub(d.doc.ReceivedAt).Round(time.Millisecond).Seconds())
	}
	if len(d.doc.Arrivals) > 0 {
		source = d.doc.Arrivals[0].Source
	}
	return emit([]any{d.doc.ID, text(d.doc.MediaType), d.doc.Bytes, int64(d.doc.Pages), string(d.doc.State), text(d.doc.Code),
		source, int64(len(d.doc.Arrivals)), instant(d.doc.ReceivedAt), settled, int64(d.version), turnaround})
}

func pageRows(d *Recorded, emit func([]any) error) error {
	rec, err := d.record()
	if err != nil || rec == nil {
		return err
	}
	for _, p := range rec.Pages {
		var failed any
		if p.Failed != nil {
			failed = p.Failed.Code
		}
		if err := emit([]any{d.doc.ID, int64(p.Page), string(p.Source), int64(p.Rotation), number(p.Confidence), int64(p.Words), p.Blank, failed}); err != nil {
			return err
		}
	}
	return nil
}

func segmentRows(d *Recorded, emit func([]any) error) error {
	return d.segments(func(i int, s *record.Segment) error {
		var patient, question any
		if s.Subject != nil {
			patient, question = text(s.Subject.Patient), text(s.Subject.Code)
		}
		return emit([]any{d.doc.ID, int64(i), string(s.Type), number(s.TypeConfidence), int64(s.Pages[0]), int64(s.Pages[1]), text(s.LOINC),
			patient, question, int64(d.version)})
	})
}

// fields visits the fields of the segments; line is nil for those that are in no line.
func (d *Recorded) fields(visit func(segment int, s *record.Segment, line any, f *record.Field) error) error {
	return d.segments(func(i int, s *record.Segment) error {
		for k := range s.Fields {
			if err := visit(i, s, nil, &s.Fields[k]); err != nil {
				return err
			}
		}
		for n, line := range s.Lines {
			for _, name := range sortedNames(line) {
				f := line[name]
				f.Name = name
				if err := visit(i, s, int64(n), &f); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func fieldRows(d *Recorded, emit func([]any) error) error {
	return d.fields(func(i int, s *record.Segment, line any, f *record.Field) error {
		begin, end := span(f.Begin, f.End)
		return emit([]any{d.doc.ID, int64(i), string(s.Type), line, f.Name, string(f.Kind), pointed(f.Value), f.Raw, number(f.Confidence), string(f.State),
			text(strings.Join(f.Reasons, " ")), text(f.Source), text(f.Rule), page(f.Page), box(f.Page, f.Box), begin, end, f.Human != nil, int64(d.version)})
	})
}

func correctionRows(d *Recorded, emit func([]any) error) error {
	return d.fields(func(i int, _ *record.Segment, line any, f *record.Field) error {
		if f.Human == nil {
			return nil
		}
		var machine any
		if f.Machine != nil {
			machine = pointed(f.Machine.Value)
		}
		return emit([]any{d.doc.ID, int64(i), line, f.Name, f.Human.Action, machine, pointed(f.Value), f.Human.Who, text(f.Human.At), int64(d.version)})
	})
}

func entityRows(d *Recorded, emit func([]any) error) error {
	return d.segments(func(i int, s *record.Segment) error {
		for _, e := range s.Entities {
			var system, code, display, score, where any
			if len(e.Codes) > 0 {
				c := e.Codes[0]
				system, code, display, score = text(c.System), text(c.Code), text(c.Display), number(c.Score)
			}
			if e.Box != nil {
				where = box(e.Page, *e.Box)
			}
			if err := emit([]any{d.doc.ID, int64(i), string(e.Type), e.Text, text(e.Section), e.Negated, e.Uncertain, e.Hypothetical, e.Historical,
				text(e.Experiencer), system, code, display, score, number(e.Confidence), text(string(e.State)), page(e.Page), where,
				int64(e.Begin), int64(e.End), int64(d.version)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// flagRows has a row for each place that shows a flag, one where none does.
func flagRows(d *Recorded, emit func([]any) error) error {
	return d.segments(func(i int, s *record.Segment) error {
		for _, f := range s.Flags {
			places := f.Evidence
			if len(places) == 0 {
				places = []record.Evidence{{}}
			}
			for _, p := range places {
				if err := emit([]any{d.doc.ID, int64(i), f.Code, string(f.Severity), f.Message, page(p.Page), box(p.Page, p.Box), f.Human != nil, int64(d.version)}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func sortedNames(line map[string]record.Field) []string {
	names := make([]string, 0, len(line))
	for n := range line {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// text is nil for an empty string.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func pointed(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

func number(f float64) any { return view.Number(strconv.FormatFloat(f, 'f', -1, 64)) }

func page(n int) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}

func box(page int, b document.Box) any {
	if page == 0 || b.Empty() {
		return nil
	}
	return b.String()
}

func span(begin, end int) (any, any) {
	if end <= begin {
		return nil, nil
	}
	return int64(begin), int64(end)
}
