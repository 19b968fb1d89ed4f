package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhirmap"
	"chartlake/queue"
	"chartlake/record"
	"chartlake/store"
)

func path(row *store.Document) string {
	var names []string
	for _, c := range row.History {
		names = append(names, string(c.To))
	}
	return strings.Join(names, " ")
}

func TestTheWholeWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.reader.pages = 3
	id := b.receive()
	row := b.work(id, store.Filed)
	if got := path(row); got != "received reading understood filed" {
		t.Errorf("history: %s", got)
	}
	if row.Pages != 3 || row.SettledAt == nil || len(row.Segments) != 1 || !strings.HasPrefix(row.Segments[0].Patient, "Patient/") {
		t.Errorf("row: %+v", row)
	}
	rec, version := b.record(id)
	if version != 1 || len(rec.Pages) != 3 || len(rec.Bundle) == 0 || rec.Versions["reader"] != "fake 1" {
		t.Errorf("record %d: %d pages, versions %v", version, len(rec.Pages), rec.Versions)
	}
	for typ, want := range map[string]int{"Patient": 1, "DocumentReference": 1, "Observation": 1} {
		if got := len(b.resources(row, typ)); got != want {
			t.Errorf("%d %s, want %d", got, typ, want)
		}
	}
	doc, err := b.Reading(t.Context(), Actor, row)
	if err != nil || len(doc.Pages) != 3 || doc.Pages[2].Words[4].Text != "3" {
		t.Errorf("reading: %+v, %v", doc, err)
	}
	if page, err := b.Page(t.Context(), Actor, row, 2); err != nil || page.Number != 2 {
		t.Errorf("page 2: %+v, %v", page, err)
	}
	if _, err := b.Page(t.Context(), Actor, row, 4); !fault.Is(err, fault.NotFound) {
		t.Errorf("page 4 of 3: %v", err)
	}
	if _, running := b.Progress(id); running {
		t.Error("a settled document is still in progress")
	}
	if err := b.Work(t.Context(), job(id)); err != nil {
		t.Errorf("a second job for a settled document: %v", err)
	}
	if _, v := b.record(id); v != 1 {
		t.Errorf("a second job made version %d", v)
	}
}

func TestWhatWaitsForAPerson(t *testing.T) {
	t.Parallel()
	doubtful := labReport("778-1")
	doubtful.Lines[0]["value"] = func() record.Field { f := doubtful.Lines[0]["value"]; f.State = record.Review; return f }()
	flagged := labReport("778-1")
	flagged.Flags = []record.Flag{{Code: "unit_unknown", Severity: record.SeverityWarning, Message: "unit is not known"}}
	nobody := labReport("778-1")
	nobody.Fields = nil
	tests := []struct {
		name         string
		segment      record.Segment
		mode         Mode
		want         store.State
		code         string
		patients     int
		observations int
	}{
		{"a value in review", doubtful, Commit, store.NeedsReview, "", 1, 0},
		{"a warning", flagged, Commit, store.NeedsReview, "", 1, 1},
		{"nobody named", nobody, Commit, store.Held, "identity_absent", 0, 0},
		{"draft", labReport("778-1"), Draft, store.NeedsReview, "", 0, 0},
		{"annotate", labReport("778-1"), Annotate, store.Filed, "", 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.Mode = tt.mode
			b.form = func(*document.Document) []record.Segment { return []record.Segment{tt.segment} }
			row := b.work(b.receive(), tt.want)
			if row.Code != tt.code || (tt.want == store.Held) != (row.Question != "") {
				t.Errorf("code %q, question %q", row.Code, row.Question)
			}
			if n := len(b.resources(row, "Patient")); n != tt.patients {
				t.Errorf("%d patients", n)
			}
			if n := len(b.resources(row, "Observation")); n != tt.observations {
				t.Errorf("%d observations", n)
			}
			if n := len(b.resources(row, "DocumentReference")); n != 1 {
				t.Errorf("%d document references", n)
			}
		})
	}
}

func TestReadingGoesOnAtThePage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.reader.pages = 5
	id := b.receive()
	b.reader.page = func(_ context.Context, n int) (*document.Failure, error) {
		if n == 4 {
			return nil, fault.New(fault.Unavailable, "engine_gone", "the engine went away")
		}
		return nil, nil
	}
	if err := b.Work(t.Context(), job(id)); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("got %v", err)
	}
	b.rests(id, store.Reading)
	b.reader.page = nil
	row := b.work(id, store.Filed)
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5}, b.reader.read); diff != "" {
		t.Errorf("pages read, each once: %s", diff)
	}
	if got := path(row); got != "received reading understood filed" {
		t.Errorf("history: %s", got)
	}
}

func TestAPageThatFailsIsShownAndTheOthersAreKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.reader.pages = 3
	b.reader.page = func(_ context.Context, n int) (*document.Failure, error) {
		if n == 2 {
			return &document.Failure{Code: "page_damaged", Message: "the strip is truncated"}, nil
		}
		return nil, nil
	}
	id := b.receive()
	b.work(id, store.NeedsReview)
	rec, _ := b.record(id)
	var failed []string
	for _, p := range rec.Pages {
		if p.Failed != nil {
			failed = append(failed, fmt.Sprint(p.Page, p.Failed.Code))
		}
	}
	if len(rec.Pages) != 3 || !slices.Equal(failed, []string{"2page_damaged"}) {
		t.Errorf("%d pages, failed %v", len(rec.Pages), failed)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		page func(context.Context, int) (*document.Failure, error)
		want string
	}{
		{"the file as a whole", func(context.Context, int) (*document.Failure, error) {
			return nil, fault.New(fault.Corrupt, "unreadable_pdf", "damaged")
		}, "unreadable_pdf"},
		{"every page", func(context.Context, int) (*document.Failure, error) {
			return &document.Failure{Code: "page_damaged"}, nil
		}, "page_damaged"},
		{"the deadline", func(ctx context.Context, _ int) (*document.Failure, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, "deadline"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.reader.page = tt.page
			if tt.want == "deadline" {
				b.Deadline = 50 * time.Millisecond
			}
			row := b.work(b.receive(), store.Failed)
			if row.Code != tt.want || row.SettledAt == nil {
				t.Errorf("code %q", row.Code)
			}
			if err := b.Rerun(t.Context(), store.Actor{ID: "user:anna"}, row.ID); err != nil {
				t.Fatal(err)
			}
			if got := path(b.rests(row.ID, store.Received)); got != "received reading failed received" {
				t.Errorf("history: %s", got)
			}
		})
	}
}

func TestAPanicIsAnErrorWithoutItsText(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.form = func(*document.Document) []record.Segment { panic("Zebulon Quartermaine") }
	id := b.receive()
	err := b.Work(t.Context(), job(id))
	if f := fault.As(err); f == nil || f.Code != "panic_understand" {
		t.Fatalf("got %v", err)
	}
	b.Dead(t.Context(), job(id), err)
	if row := b.rests(id, store.Failed); row.Code != "panic_understand" {
		t.Errorf("code %q", row.Code)
	}
	if strings.Contains(b.log.String()+err.Error(), "Quartermaine") || !strings.Contains(b.log.String(), "newBench") {
		t.Errorf("log:\n%s", b.log)
	}
}

func TestDeadWaitsWhenTheDocumentIsNotToBlame(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.receive()
	b.Dead(t.Context(), job(id), fault.New(fault.Full, "disk_full", "no space"))
	b.rests(id, store.Received)
	b.Dead(t.Context(), job(id), errors.New("anything else"))
	if row := b.rests(id, store.Failed); row.Code != "internal" {
		t.Errorf("code %q", row.Code)
	}
}

func TestStoppingIsNoAttempt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.StartsMax = 2
	id := b.receive()
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		b.reader.page = func(ctx context.Context, _ int) (*document.Failure, error) {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if err := b.Work(ctx, job(id)); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	}
	b.rests(id, store.Reading)
	b.reader.page = nil
	b.work(id, store.Filed)
}

func TestACrashLoopSetsTheDocumentAside(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.StartsMax, b.reader.pages = 3, 2
	id := b.receive()
	crash := func() { // a run that takes the process with it leaves its start mark only
		row, err := b.Row(t.Context(), Actor, id)
		if err != nil {
			t.Fatal(err)
		}
		if end, err := b.start(t.Context(), row); err != nil || end == nil {
			t.Fatalf("start: %v", err)
		}
	}
	crash()
	crash()
	// One page more is progress, and the count starts anew.
	b.reader.page = func(_ context.Context, n int) (*document.Failure, error) {
		if n == 2 {
			return nil, fault.New(fault.Unavailable, "engine_gone", "the engine went away")
		}
		return nil, nil
	}
	if err := b.Work(t.Context(), job(id)); err == nil {
		t.Fatal("no error")
	}
	crash()
	crash()
	crash()
	if row := b.work(id, store.Failed); row.Code != "crash_loop" {
		t.Errorf("code %q", row.Code)
	}
	b.reader.page = nil
	if err := b.Rerun(t.Context(), store.Actor{ID: "user:anna"}, id); err != nil {
		t.Fatal(err)
	}
	b.work(id, store.Filed)
}

func TestManyRunsOfOneDocumentHaveOneEffect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.receive()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if err := b.Work(t.Context(), job(id)); err != nil && !fault.Is(err, fault.Conflict) {
				t.Errorf("work: %v", err)
			}
		})
	}
	wg.Wait()
	row := b.work(id, store.Filed)
	if got := path(row); got != "received reading understood filed" {
		t.Errorf("history: %s", got)
	}
	if _, v := b.record(id); v != 1 {
		t.Errorf("%d record versions", v)
	}
	for _, r := range b.resources(row, "Observation") {
		if r.Version != 1 {
			t.Errorf("observation at version %d", r.Version)
		}
	}
}

func TestOnePersonInManyNewDocumentsIsOnePatient(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var ids []string
	for range 6 {
		ids = append(ids, b.receive())
	}
	var wg sync.WaitGroup
	for _, id := range ids {
		wg.Go(func() {
			if err := b.Work(t.Context(), job(id)); err != nil {
				t.Errorf("work: %v", err)
			}
		})
	}
	wg.Wait()
	patients := map[string]int{}
	for _, id := range ids {
		patients[b.rests(id, store.Filed).Segments[0].Patient]++
	}
	if len(patients) != 1 {
		t.Errorf("patients: %v", patients)
	}
}

// together holds a process's first filing back until every process has decided.
type together struct {
	store.Store
	decided *sync.WaitGroup
	first   sync.Once
}

func (s *together) Transact(ctx context.Context, actor store.Actor, commands []store.Command) ([]store.Result, error) {
	for _, c := range commands {
		if _, filing := c.(store.PutRecord); filing {
			s.first.Do(func() {
				s.decided.Done()
				s.decided.Wait()
			})
		}
	}
	return s.Store.Transact(ctx, actor, commands)
}

// Processes share nothing but the store: what one decides is written only if it still holds.
func TestOnePersonInManyProcessesIsOnePatient(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const processes = 4
	var wg, decided sync.WaitGroup
	decided.Add(processes)
	var ids []string
	for range processes {
		c := b.Config
		c.Store = &together{Store: b.Store, decided: &decided}
		p := New(c)
		id := b.receive()
		ids = append(ids, id)
		wg.Go(func() {
			if err := p.Work(t.Context(), job(id)); err != nil {
				t.Errorf("work: %v", err)
			}
		})
	}
	wg.Wait()
	patients := map[string]int{}
	for _, id := range ids {
		patients[b.rests(id, store.Filed).Segments[0].Patient]++
	}
	if len(patients) != 1 {
		t.Errorf("patients: %v", patients)
	}
}

func TestRerunWritesWhatIsNewAndDeletesWhatIsGone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	two := labReport("778-1")
	two.Lines = append(two.Lines, map[string]record.Field{"test": field("test", record.KindText, "Potassium"), "value": field("value", record.KindNumber, "4.1"), "unit": field("unit", record.KindText, "mmol/L")},
		map[string]record.Field{"test": field("test", record.KindText, "Chloride"), "value": field("value", record.KindNumber, "101"), "unit": field("unit", record.KindText, "mmol/L")})
	b.form = func(*document.Document) []record.Segment { return []record.Segment{two} }
	id := b.receive()
	row := b.work(id, store.Filed)
	if n := len(b.resources(row, "Observation")); n != 3 {
		t.Fatalf("%d observations", n)
	}
	// A person edits the third one through the FHIR API and takes the tag off.
	edited := b.resources(row, "Observation")[2].Resource.Clone()
	edited.Delete("meta")
	edited.Set("note", fhir.NewArray(fhir.NewObject("text", "seen")))
	if _, err := b.Store.Transact(t.Context(), store.Actor{ID: "user:anna"}, []store.Command{store.Update{Resource: edited}}); err != nil {
		t.Fatal(err)
	}
	b.reader.version = "fake 2"
	b.form = func(*document.Document) []record.Segment { return []record.Segment{labReport("778-1")} }
	if err := b.Rerun(t.Context(), store.Actor{ID: "user:anna"}, id); err != nil {
		t.Fatal(err)
	}
	row = b.work(id, store.Filed)
	left := b.resources(row, "Observation")
	if len(left) != 2 || left[0].Version != 1 {
		t.Errorf("%d observations, the first at version %d", len(left), left[0].Version)
	}
	if last := left[len(left)-1]; last.Resource.ID() != edited.ID() || last.Version != 2 || last.Resource.Str("note", "text") != "seen" {
		t.Errorf("the edited one is at version %d", last.Version)
	}
	if n := len(b.resources(row, "Patient")); n != 1 {
		t.Errorf("%d patients", n)
	}
	if _, v := b.record(id); v != 2 {
		t.Errorf("record version %d", v)
	}
	if got := path(row); got != "received reading understood filed received reading understood filed" {
		t.Errorf("history: %s", got)
	}
}

func TestAnEqualRerunMakesNoVersion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.receive()
	b.work(id, store.Filed)
	if err := b.Rerun(t.Context(), store.Actor{ID: "user:anna"}, id); err != nil {
		t.Fatal(err)
	}
	row := b.work(id, store.Filed)
	for _, typ := range []string{"Patient", "Observation", "DocumentReference", "Provenance", "DiagnosticReport", "Binary"} {
		for _, r := range b.resources(row, typ) {
			if r.Version != 1 {
				t.Errorf("%s is at version %d", r.Key.Type, r.Version)
			}
		}
	}
	if len(b.reader.read) != 1 {
		t.Errorf("pages read again: %v", b.reader.read)
	}
}

func TestThePasswordOfTheDoorOpensTheFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.receive()
	if _, err := b.Store.Transact(t.Context(), Actor, []store.Command{store.PutStage{Key: PasswordKey(id), Output: []byte(`"schlüssel"`)}}); err != nil {
		t.Fatal(err)
	}
	b.work(id, store.Filed)
	if b.reader.opened != "schlüssel" {
		t.Errorf("read with the password %q", b.reader.opened)
	}
	b.work(b.receive(), store.Filed)
	if b.reader.opened != "" {
		t.Errorf("the next file was read with the password %q", b.reader.opened)
	}
}

func TestAPatientThatOthersNeedIsNotDeleted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first, second := b.receive(), b.receive()
	row := b.work(first, store.Filed)
	b.work(second, store.Filed)
	patient := b.resources(row, "Patient")[0].Key
	err := b.Store.View(t.Context(), Actor, func(v store.View) error {
		steps, err := b.Withdraw(v, row)
		for _, s := range steps {
			if s.(store.Delete).Key == patient || s.(store.Delete).Key.Type == "Device" {
				t.Errorf("%v would be deleted", s)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSweeperOffersWhatIsNotSettled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	settled := b.receive()
	b.work(settled, store.Filed)
	done := make(chan string, 10)
	defer b.runJobs(func(id string) { done <- id })()
	<-done // the job that came with it; now the queue is empty
	info, err := b.Blobs.Put(t.Context(), strings.NewReader("without a job"), 100, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Store.Transact(t.Context(), Actor, []store.Command{store.Receive{
		Document: store.Document{ID: info.Hash, SHA256: info.Hash, State: store.Received, MediaType: "image/tiff", Bytes: info.Size},
		Arrival:  store.Arrival{At: b.Now(), Source: "http"}}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Offer(t.Context()); err != nil {
		t.Fatal(err)
	}
	if id := <-done; id != info.Hash {
		t.Errorf("offered %s, want %s", id, info.Hash)
	}
}

// TestSweeperLeavesRunningDocumentsAlone: a second job would read beside the first what it has
// not read yet.
func TestSweeperLeavesRunningDocumentsAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.receive()
	running, finish := make(chan string), make(chan struct{})
	defer b.runJobs(func(id string) { running <- id; <-finish })()
	defer close(finish)
	<-running
	if err := b.Offer(t.Context()); err != nil {
		t.Fatal(err)
	}
	depth, err := b.Store.Jobs().Depth(t.Context())
	if d := depth[queue.Document]; err != nil || d.Running != 1 || d.Waiting != 0 {
		t.Errorf("%d jobs run and %d wait, %v", d.Running, d.Waiting, err)
	}
}

// runJobs works on documents with one worker until stop is called, which waits for it.
func (b *bench) runJobs(work func(id string)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.Store.Jobs().Run(ctx, 1, map[string]queue.Handler{queue.Document: handler(work)})
	}()
	return func() { cancel(); <-ended }
}

type handler func(string)

func (h handler) Work(_ context.Context, j queue.Job) error { h(j.Subject); return nil }
func (h handler) Dead(context.Context, queue.Job, error)    {}

func TestOrphansAreCollectedAfterADay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	orphan, err := b.Blobs.Put(t.Context(), strings.NewReader("orphan"), 100, nil)
	if err != nil {
		t.Fatal(err)
	}
	id := b.receive()
	if err := b.Collect(t.Context(), time.Now().Add(23*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Blobs.Stat(t.Context(), orphan.Hash); err != nil {
		t.Errorf("collected too early: %v", err)
	}
	if err := b.Collect(t.Context(), time.Now().Add(25*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Blobs.Stat(t.Context(), orphan.Hash); !fault.Is(err, fault.NotFound) {
		t.Errorf("an orphan is left: %v", err)
	}
	if _, err := b.Blobs.Stat(t.Context(), id); err != nil {
		t.Errorf("a document's blob is gone: %v", err)
	}
}

func TestADamagedBlobIsNotRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.receive()
	path := filepath.Join(b.dir, "blobs", "plain", id[:2], id)
	if err := os.WriteFile(path, []byte("other bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if row := b.work(id, store.Failed); row.Code != "blob_damaged" {
		t.Errorf("code %q", row.Code)
	}
}

// TestMoves holds the store's table of legal moves against the one in the design.
func TestMoves(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/design/life-of-a-document.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## 2. States")
	section, _, _ = strings.Cut(section, "## 3.")
	state := regexp.MustCompile("`([a-z_]+)(?:\\(code\\))?`")
	want := map[[2]store.State]bool{}
	for _, line := range strings.Split(section, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 5 {
			continue
		}
		for _, from := range state.FindAllStringSubmatch(cells[1], -1) {
			for _, to := range state.FindAllStringSubmatch(cells[2], -1) {
				want[[2]store.State{store.State(from[1]), store.State(to[1])}] = true
			}
		}
	}
	if len(want) < 20 {
		t.Fatalf("only %d moves found in the design", len(want))
	}
	for _, from := range store.States() {
		for _, to := range store.States() {
			if from != to && store.Legal(from, to) != want[[2]store.State{from, to}] {
				t.Errorf("%s → %s: store says %v, the design %v", from, to, store.Legal(from, to), want[[2]store.State{from, to}])
			}
		}
	}
}

func TestConfirmed(t *testing.T) {
	t.Parallel()
	tagged := func(typ, code string) *fhir.Node {
		n := fhir.NewObject("resourceType", typ, "id", "x")
		if code != "" {
			n.Set("meta", fhir.NewObject("tag", []*fhir.Node{fhir.NewObject("system", fhirmap.Origin, "code", code)}))
		}
		return n
	}
	for _, tt := range []struct {
		typ, code string
		want      bool
	}{{"Observation", "extracted", false}, {"Observation", "confirmed", true}, {"Observation", "", true}, {"Provenance", "", false}, {"Binary", "", false}} {
		if got := confirmed(tagged(tt.typ, tt.code)); got != tt.want {
			t.Errorf("%s %q: %v", tt.typ, tt.code, got)
		}
	}
}
