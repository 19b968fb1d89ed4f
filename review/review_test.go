package review

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"chartlake/blob/folder"
	"chartlake/document"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/form"
	"chartlake/pipeline"
	"chartlake/queue"
	"chartlake/reader"
	"chartlake/record"
	"chartlake/store"
	"chartlake/store/sqlite"
)

var anna = store.Actor{ID: "user:anna", Name: "Anna"}

// onePage reads every file as one page with known words.
type onePage struct{ version string }

func (r *onePage) Version() string { return r.version }

func (r *onePage) Read(_ context.Context, _ io.ReaderAt, _ int64, o reader.Options) (*document.Document, error) {
	p := document.Page{Number: 1, Width: 612, Height: 792, Source: document.SourceOCR, Confidence: 0.9}
	line := document.Line{}
	for i, w := range strings.Fields("Potassium 4.1 mmol/L Sodium 14O mmol/L 140") {
		p.Words = append(p.Words, document.Word{Text: w, Box: document.Box{X: 0.1 * float64(i+1), Y: 0.1, W: 0.08, H: 0.02}, Confidence: 0.9})
		line.Words = append(line.Words, i)
	}
	p.Lines = []document.Line{line}
	if err := o.OnPage(&p, 1); err != nil {
		return nil, err
	}
	return &document.Document{SHA256: o.SHA256, MediaType: "image/png", Pages: []document.Page{p}}, nil
}

type bench struct {
	*Desk
	t      *testing.T
	reader *onePage
	form   func() []record.Segment
	id     string
	at     int // newest record version
}

func text(s string) *string { return &s }

func field(name string, kind record.Kind, value string, state record.State) record.Field {
	return record.Field{Name: name, Value: text(value), Raw: value, Kind: kind, Confidence: 0.9, Page: 1,
		Box: document.Box{X: 0.1, Y: 0.1, W: 0.2, H: 0.02}, Source: "ocr", State: state}
}

func row(test, value string, state record.State) map[string]record.Field {
	return map[string]record.Field{"test": field("test", record.KindText, test, record.Accepted),
		"value": field("value", record.KindNumber, value, state), "unit": field("unit", record.KindText, "mmol/L", record.Accepted)}
}

func report() []record.Segment {
	return []record.Segment{{Type: "lab_report", TypeConfidence: 0.9, Pages: [2]int{1, 1},
		Fields: []record.Field{field("patient", record.KindName, "Ada Fairweather", record.Accepted), field("dob", record.KindDate, "1961-11-02", record.Accepted),
			field("mrn", record.KindID, "778-1", record.Accepted)},
		Lines: []map[string]record.Field{row("Sodium", "14", record.Review), row("Potassium", "4.1", record.Accepted)}}}
}

// newBench is a desk with one document that has been read.
func newBench(t *testing.T, segments func() []record.Segment, want store.State) *bench {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	blobs, err := folder.Open(dir+"/blobs", folder.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, reader: &onePage{"fake 1"}, form: segments}
	b.Desk = &Desk{Pipeline: pipeline.New(pipeline.Config{Store: db, Blobs: blobs, Stages: pipeline.Stages{Reader: b.reader,
		Form: func(*document.Document, form.Us) []record.Segment { return b.form() }}})}
	b.id = b.file("the document", want)
	if want != store.Failed {
		b.at = 1
	}
	return b
}

func (b *bench) file(body string, want store.State) string {
	b.t.Helper()
	id := b.read(body)
	if r, err := b.Pipeline.Row(b.t.Context(), anna, id); err != nil || r.State != want {
		b.t.Fatalf("the document is %s (%s), want %s; %v", r.State, r.Code, want, err)
	}
	return id
}

// read takes a document in and through the pipeline.
func (b *bench) read(body string) string {
	b.t.Helper()
	p := b.Pipeline
	info, err := p.Blobs.Put(b.t.Context(), strings.NewReader(body), 1000, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := p.Store.Transact(b.t.Context(), anna, []store.Command{store.Receive{
		Document: store.Document{ID: info.Hash, SHA256: info.Hash, State: store.Received, MediaType: "image/png", Bytes: info.Size},
		Arrival:  store.Arrival{At: p.Now(), Source: "http"}}}); err != nil {
		b.t.Fatal(err)
	}
	if err := p.Work(b.t.Context(), queue.Job{Kind: queue.Document, Subject: info.Hash}); err != nil {
		b.t.Fatal(err)
	}
	return info.Hash
}

// act does an action on the newest version and expects the state after it.
func (b *bench) act(a Action, want store.State) *record.Record {
	b.t.Helper()
	a.Document, a.After = b.id, b.at
	r, err := b.Act(b.t.Context(), anna, a)
	if err != nil {
		b.t.Fatalf("%s %s: %v", a.Kind, a.Target, err)
	}
	b.at = r.Version
	if now, err := b.Pipeline.Row(b.t.Context(), anna, b.id); err != nil || now.State != want || r.State != want {
		b.t.Fatalf("%s %s: the document is %s, the answer says %s, want %s; %v", a.Kind, a.Target, now.State, r.State, want, err)
	}
	return r.Record
}

// refuse expects an action to be refused and to change nothing.
func (b *bench) refuse(a Action, kind fault.Kind, code string) {
	b.t.Helper()
	a.Document = b.id
	if a.After == 0 {
		a.After = b.at
	}
	_, err := b.Act(b.t.Context(), anna, a)
	if f := fault.As(err); f == nil || f.Kind != kind || f.Code != code {
		b.t.Errorf("%s %q: got %v, want %s", a.Kind, a.Target, err, code)
	}
	if _, v, err := b.Pipeline.Newest(b.t.Context(), anna, b.id); b.at > 0 && (err != nil || v != b.at) {
		b.t.Errorf("%s %q was refused and made version %d", a.Kind, a.Target, v)
	}
}

func (b *bench) resources(typ string) (out []*fhir.Node) {
	b.t.Helper()
	err := b.Pipeline.Store.View(b.t.Context(), anna, func(v store.View) error {
		doc, err := v.Document(b.id)
		if err != nil {
			return err
		}
		for _, key := range doc.Resources {
			if r, err := v.Read(key); err == nil && key.Type == typ {
				out = append(out, r.Resource)
			}
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// observed gives "value tag" of each Observation.
func (b *bench) observed() string {
	var out []string
	for _, o := range b.resources("Observation") {
		out = append(out, o.Str("valueQuantity", "value")+" "+o.Str("meta", "tag", "code"))
	}
	return strings.Join(out, ", ")
}

func TestAcceptFilesTheLastOpenValue(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	if got := b.observed(); got != "4.1 extracted" {
		t.Fatalf("before: %s", got)
	}
	rec := b.act(Action{Kind: Accept, Target: "line:0:value"}, store.Filed)
	if got := b.observed(); got != "14 confirmed, 4.1 extracted" {
		t.Errorf("after: %s", got)
	}
	cell := rec.Segments[0].Lines[0]["value"]
	if cell.Human == nil || cell.Human.Who != "user:anna" || cell.Human.Action != "accepted" || cell.Machine == nil || cell.Machine.State != record.Review {
		t.Errorf("cell: %+v", cell)
	}
	found := false
	for _, p := range b.resources("Provenance") {
		found = found || strings.Contains(string(p.AppendJSON(nil)), "user:anna")
	}
	if !found {
		t.Error("no Provenance names the person")
	}
}

func TestCorrectByClickingWordsMovesTheEvidence(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	rec := b.act(Action{Kind: Correct, Target: "line:0:value", Page: 1, Words: []int{6}}, store.Filed)
	cell := rec.Segments[0].Lines[0]["value"]
	if *cell.Value != "140" || cell.Raw != "140" || cell.Box.X != 0.1*7 || cell.End-cell.Begin != 3 || *cell.Machine.Value != "14" || cell.Source != "human" {
		t.Errorf("cell: %+v", cell)
	}
	if got := b.observed(); got != "140 confirmed, 4.1 extracted" {
		t.Errorf("observations: %s", got)
	}
}

func TestTypedValuesAreRead(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	rec := b.act(Action{Kind: Correct, Target: "field:dob", Value: "11/03/1961"}, store.NeedsReview)
	if got := *rec.Segments[0].Fields[1].Value; got != "1961-11-03" {
		t.Errorf("birth date %s", got)
	}
	if got := b.resources("Patient")[0].Str("birthDate"); got != "1961-11-03" {
		t.Errorf("Patient.birthDate %s", got)
	}
	b.refuse(Action{Kind: Correct, Target: "field:dob", Value: "the day after"}, fault.Invalid, "bad_value")
	now, err := b.Pipeline.Row(t.Context(), anna, b.id)
	if err != nil || len(now.History) != 4 { // received reading understood needs_review
		t.Errorf("an act that changes no state made a line of history: %+v, %v", now.History, err)
	}
}

func TestRejectAndNotPresentFileNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{Reject, NotPresent} {
		b := newBench(t, report, store.NeedsReview)
		rec := b.act(Action{Kind: kind, Target: "line:0:value"}, store.Filed)
		if cell := rec.Segments[0].Lines[0]["value"]; cell.Value != nil || cell.Machine == nil || *cell.Machine.Value != "14" {
			t.Errorf("%s: %+v", kind, cell)
		}
		if got := b.observed(); strings.Contains(got, "14 ") {
			t.Errorf("%s: observations %s", kind, got)
		}
	}
}

func TestUndoGoesBackStepByStep(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	b.act(Action{Kind: Correct, Target: "line:0:value", Value: "139"}, store.Filed)
	b.act(Action{Kind: Correct, Target: "line:0:value", Value: "141"}, store.Filed)
	b.act(Action{Kind: Undo}, store.Filed)
	if got := b.observed(); got != "139 confirmed, 4.1 extracted" {
		t.Errorf("after one undo: %s", got)
	}
	b.act(Action{Kind: Undo}, store.NeedsReview)
	if got := b.observed(); got != "4.1 extracted" {
		t.Errorf("after two: %s", got)
	}
	b.refuse(Action{Kind: Undo}, fault.Conflict, "nothing_to_undo")
	b.act(Action{Kind: Accept, Target: "line:0:value"}, store.Filed)
	if b.at != 6 {
		t.Errorf("record version %d, want every act to have made one", b.at)
	}
}

func TestAStaleActIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	b.act(Action{Kind: Correct, Target: "line:0:value", Value: "139"}, store.Filed)
	b.refuse(Action{Kind: Accept, Target: "line:0:value", After: 1}, fault.Conflict, "record_changed")
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for i := range 8 {
		wg.Go(func() {
			_, err := b.Act(t.Context(), anna, Action{Document: b.id, After: b.at, Kind: Correct, Target: "line:0:value", Value: fmt.Sprint(100 + i)})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if f := fault.As(err); f == nil || f.Code != "record_changed" {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d of 8 acts on one version won", won)
	}
}

func TestARerunKeepsWhatAPersonSaid(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	b.act(Action{Kind: Correct, Target: "line:0:value", Value: "140"}, store.Filed)
	b.act(Action{Kind: Correct, Target: "field:mrn", Value: "778-9"}, store.Filed)
	b.reader.version = "fake 2"
	b.form = func() []record.Segment {
		s := report()
		s[0].Lines[0]["value"] = field("value", record.KindNumber, "148", record.Accepted)
		return s
	}
	if err := b.Pipeline.Rerun(t.Context(), anna, b.id); err != nil {
		t.Fatal(err)
	}
	if err := b.Pipeline.Work(t.Context(), queue.Job{Kind: queue.Document, Subject: b.id}); err != nil {
		t.Fatal(err)
	}
	rec, version, err := b.Pipeline.Newest(t.Context(), anna, b.id)
	if err != nil {
		t.Fatal(err)
	}
	cell := rec.Segments[0].Lines[0]["value"]
	if version != 4 || *cell.Value != "140" || cell.Human == nil || *cell.Machine.Value != "148" {
		t.Errorf("version %d, cell %+v", version, cell)
	}
	if got := b.observed(); got != "140 confirmed, 4.1 extracted" {
		t.Errorf("observations: %s", got)
	}
	if got := *rec.Segments[0].Fields[2].Value; got != "778-9" {
		t.Errorf("mrn %s", got)
	}
}

func nobody() []record.Segment {
	s := report()
	s[0].Lines = s[0].Lines[1:]
	s[0].Fields = s[0].Fields[:2] // name and birth date only: too little for a new patient
	return s
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t, nobody, store.Held)
	if got := b.observed(); got != "" {
		t.Errorf("filed while held: %s", got)
	}
	b.refuse(Action{Kind: Answer, Target: "patient", Value: "Patient/nobody"}, fault.NotFound, "no_such_patient")
	b.act(Action{Kind: Answer, Target: "patient", Value: "new"}, store.Filed)
	if got := b.observed(); got != "4.1 extracted" {
		t.Errorf("after the answer: %s", got)
	}
	patient := b.resources("Patient")[0].ID()
	// A second document of the same person: now there is somebody to choose from.
	first := b.id
	b.id, b.at = b.file("another document", store.Held), 1
	candidates, err := b.Candidates(t.Context(), anna, b.id)
	if err != nil || len(candidates) != 1 || candidates[0].Patient != "Patient/"+patient || candidates[0].BirthDate != "1961-11-02" || candidates[0].Score <= 0 {
		t.Fatalf("candidates %+v, %v", candidates, err)
	}
	b.act(Action{Kind: Answer, Target: "patient", Value: candidates[0].Patient}, store.Filed)
	if got := b.resources("Observation")[0].Str("subject", "reference"); got != "Patient/"+patient {
		t.Errorf("subject %s", got)
	}
	b.act(Action{Kind: Undo}, store.Held)
	if got := b.observed(); got != "" {
		t.Errorf("after undo: %s", got)
	}
	b.id = first
	if n := len(b.resources("Patient")); n != 1 {
		t.Errorf("%d patients after the other document's undo", n)
	}
}

func TestRejectTheDocumentAndTakeItBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	b.act(Action{Kind: Reject, Target: "document", Reason: "not ours"}, store.Rejected)
	for _, typ := range []string{"Observation", "DocumentReference", "Patient"} {
		if n := len(b.resources(typ)); n != 0 {
			t.Errorf("%d %s are left", n, typ)
		}
	}
	b.refuse(Action{Kind: Accept, Target: "line:0:value"}, fault.Conflict, "rejected")
	b.act(Action{Kind: Undo}, store.NeedsReview)
	if got := b.observed(); got != "4.1 extracted" {
		t.Errorf("after undo: %s", got)
	}
}

func TestApprove(t *testing.T) {
	t.Parallel()
	flagged := func() []record.Segment {
		s := report()
		s[0].Flags = []record.Flag{{Code: "sum_mismatch", Severity: record.SeverityError, Message: "sums differ"}}
		return s
	}
	b := newBench(t, flagged, store.NeedsReview)
	if got := b.observed(); got != "" {
		t.Errorf("filed in spite of an error: %s", got)
	}
	b.refuse(Action{Kind: Approve}, fault.Conflict, "open_values")
	b.act(Action{Kind: Accept, Target: "line:0:value"}, store.NeedsReview)
	b.act(Action{Kind: Approve}, store.Filed)
	if got := b.observed(); got != "14 confirmed, 4.1 extracted" {
		t.Errorf("after approval: %s", got)
	}
	b.act(Action{Kind: Undo}, store.NeedsReview)
	b.act(Action{Kind: Undo}, store.NeedsReview)
	b.act(Action{Kind: Approve, Value: AsShown}, store.Filed)
}

func TestEntitiesAndType(t *testing.T) {
	t.Parallel()
	note := func() []record.Segment {
		s := report()
		s[0].Type, s[0].Lines = "unknown", nil
		return s
	}
	approved := newBench(t, note, store.NeedsReview) // what is of no known type waits for a person
	approved.act(Action{Kind: Approve}, store.Filed)
	b := newBench(t, note, store.NeedsReview)
	rec := b.act(Action{Kind: Correct, Target: "type", Value: "lab_report"}, store.Filed)
	if seg := rec.Segments[0]; seg.Type != "lab_report" || seg.MachineType != "unknown" || seg.Human == nil {
		t.Errorf("segment %+v", seg)
	}
	b.refuse(Action{Kind: Correct, Target: "type", Value: "../etc"}, fault.Invalid, "bad_value")
}

func TestWhatCannotBeDone(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	for _, tt := range []struct {
		a    Action
		kind fault.Kind
		code string
	}{
		{Action{Kind: "burn", Target: "field:dob"}, fault.Invalid, "bad_target"},
		{Action{Kind: Accept, Target: "field:nothing"}, fault.NotFound, "no_such_target"},
		{Action{Kind: Accept, Target: "field:"}, fault.Invalid, "bad_target"},
		{Action{Kind: Accept, Target: "line:7:value"}, fault.NotFound, "no_such_target"},
		{Action{Kind: Accept, Target: "line:-1:value"}, fault.NotFound, "no_such_target"},
		{Action{Kind: Accept, Target: "line:0:nothing"}, fault.NotFound, "no_such_target"},
		{Action{Kind: Accept, Target: "entity:x"}, fault.NotFound, "no_such_target"},
		{Action{Kind: Accept, Target: "flag:0"}, fault.NotFound, "no_such_target"},
		{Action{Kind: Accept, Segment: 4, Target: "field:dob"}, fault.NotFound, "no_such_segment"},
		{Action{Kind: Correct, Target: "field:dob"}, fault.Invalid, "no_value"},
		{Action{Kind: Correct, Target: "field:dob", Page: 9, Words: []int{0}}, fault.Invalid, "bad_place"},
		{Action{Kind: Correct, Target: "field:dob", Page: 1, Words: []int{99}}, fault.Invalid, "bad_words"},
		{Action{Kind: Correct, Target: "field:dob", Value: strings.Repeat("9", 5000)}, fault.TooLarge, "action_too_large"},
		{Action{Kind: Answer, Target: "patient"}, fault.Invalid, "no_value"},
		{Action{Kind: Undo}, fault.Conflict, "nothing_to_undo"},
	} {
		b.refuse(tt.a, tt.kind, tt.code)
	}
	b.id = strings.Repeat("0", 64)
	b.at = 0
	b.refuse(Action{Kind: Accept, Target: "field:dob"}, fault.NotFound, "document_not_found")
}

// TestEntry: what nothing was read for is typed in, is filed, stays over a run, and is taken back.
func TestEntry(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	b.refuse(Action{Kind: Accept, Target: "field:collected"}, fault.NotFound, "no_such_target")
	b.refuse(Action{Kind: Correct, Target: "field:collected", Value: "x", As: "colour"}, fault.Invalid, "bad_target")
	b.refuse(Action{Kind: Correct, Target: "field:a b", Value: "x"}, fault.Invalid, "bad_target")
	b.refuse(Action{Kind: Correct, Target: "field:collected", Value: "soon", As: "date"}, fault.Invalid, "bad_value")
	rec := b.act(Action{Kind: Correct, Target: "field:collected", Value: "04/17/2026", As: "date"}, store.NeedsReview)
	f := findField(&rec.Segments[0], "collected")
	if f == nil || *f.Value != "2026-04-17" || f.Kind != record.KindDate || f.Source != "human" || f.Machine == nil || f.Machine.Value != nil {
		t.Fatalf("entered %+v", f)
	}
	rec = b.act(Action{Kind: Undo}, store.NeedsReview)
	if findField(&rec.Segments[0], "collected") != nil {
		t.Error("taken back, and still there")
	}
}

// TestHoldPutsADocumentAside: with a reason, over a new run, until somebody takes it up again,
// approves it, or takes the act back.
func TestHoldPutsADocumentAside(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	b.refuse(Action{Kind: Hold}, fault.Invalid, "no_reason")
	b.refuse(Action{Kind: Resume}, fault.Conflict, "not_held")
	rec := b.act(Action{Kind: Hold, Reason: "the laboratory was asked"}, store.Held)
	if h := rec.Held; h == nil || h.Who != "user:anna" || h.Action != "held" || h.Reason != "the laboratory was asked" {
		t.Errorf("held: %+v", h)
	}
	if row, err := b.Pipeline.Row(t.Context(), anna, b.id); err != nil || row.Code != "person" || row.Question != "the laboratory was asked" {
		t.Errorf("row: %+v, %v", row, err)
	}
	if got := b.observed(); got != "4.1 extracted" {
		t.Errorf("what was filed: %s", got)
	}
	b.act(Action{Kind: Accept, Target: "line:0:value"}, store.Held)
	if err := b.Pipeline.Rerun(t.Context(), anna, b.id); err != nil {
		t.Fatal(err)
	}
	if err := b.Pipeline.Work(t.Context(), queue.Job{Kind: queue.Document, Subject: b.id}); err != nil {
		t.Fatal(err)
	}
	if row, err := b.Pipeline.Row(t.Context(), anna, b.id); err != nil || row.State != store.Held {
		t.Errorf("after another run it is %s, %v", row.State, err)
	}
	b.at++
	if rec := b.act(Action{Kind: Resume}, store.Filed); rec.Held != nil {
		t.Errorf("resumed: %+v", rec.Held)
	}
	b.act(Action{Kind: Hold, Reason: "again"}, store.Held)
	b.act(Action{Kind: Undo}, store.Filed)
	b.act(Action{Kind: Hold, Reason: "again"}, store.Held)
	b.act(Action{Kind: Approve}, store.Filed)
}
