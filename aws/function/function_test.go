package function

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/aws/awstest"
	"chartlake/aws/deadletter"
	"chartlake/aws/healthlake"
	"chartlake/clinical"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/pipeline"
	"chartlake/reader"
	"chartlake/reader/readertest"
	"chartlake/rest"
	"chartlake/smart"
	"chartlake/store"
	"chartlake/store/sqlite"
)

func TestMain(m *testing.M) {
	reader.ChildMain(os.Args)
	os.Exit(m.Run())
}

// stand is a function with a bucket and a FHIR server of its own, each behind a proxy.
type stand struct {
	*Function
	s3   *awstest.S3
	fhir http.Handler
	log  *bytes.Buffer
}

func newStand(t *testing.T, plan func(int) awstest.Ill) *stand {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := &stand{s3: &awstest.S3{}, log: &bytes.Buffer{}}
	s.fhir = rest.New(rest.Config{Store: db, Base: "http://lake/r4", Version: "test",
		Actor: func(*http.Request, smart.Action, string) (store.Actor, error) { return store.Actor{ID: "test"}, nil }})
	config := awstest.Config(t, awstest.New(t, s.s3, awstest.XML, plan).URL)
	sink, err := healthlake.New(healthlake.Config{URL: awstest.New(t, awstest.Signed("healthlake", s.fhir), awstest.FHIR, plan).URL + "/r4/",
		AWS: &config, Pause: time.Millisecond, PauseMax: 2 * time.Millisecond, Tries: 8})
	if err != nil {
		t.Fatal(err)
	}
	r, err := reader.Open(reader.Config{CacheDir: readertest.Cache(), NoOCR: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	engine, err := clinical.Open()
	if err != nil {
		t.Fatal(err)
	}
	s.Function = &Function{AWS: config, Sniff: r.Sniff, Sink: sink, Log: slog.New(slog.NewJSONHandler(s.log, nil)),
		Stages: &pipeline.Stages{Reader: r, Clinical: pipeline.Own{Engine: engine}, Program: "test", Mode: pipeline.Commit}}
	return s
}

// count asks the FHIR server how many resources of a type it has, and checks each has one version.
func (s *stand) count(t *testing.T, typ string) int {
	t.Helper()
	rec := httptest.NewRecorder()
	s.fhir.ServeHTTP(rec, httptest.NewRequest("GET", "http://lake/r4/"+typ+"?_count=100", nil))
	n, err := fhir.Parse(rec.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return len(n.Get("entry").Items())
}

func note(n int) []byte {
	return readertest.PDF("", readertest.Letter(readertest.Line(72, 720, 12, "PROGRESS NOTE")+
		readertest.Line(72, 690, 11, fmt.Sprintf("Visit %d. The patient reports chest pain and takes aspirin 81 mg daily.", n))))
}

func put(key string) string {
	k, _ := json.Marshal(key)
	return `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"in"},"object":{"key":` + string(k) + `,"size":9}}}]}`
}

func messages(bodies ...string) []byte {
	var out []string
	for i, b := range bodies {
		body, _ := json.Marshal(b)
		out = append(out, fmt.Sprintf(`{"messageId":"m%d","eventSource":"aws:sqs","body":%s}`, i, body))
	}
	return []byte(`{"Records":[` + strings.Join(out, ",") + `]}`)
}

func failures(t *testing.T, out []byte) (ids []string) {
	t.Helper()
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Failures {
		ids = append(ids, f.Item)
	}
	return ids
}

// TestFiles: a document that is put into a bucket is in the FHIR server once, however often and
// through however much illness its event comes, and points to the bucket.
func TestFiles(t *testing.T) {
	t.Parallel()
	for name, plan := range map[string]func(int) awstest.Ill{"well": nil, "ill": awstest.Mixed(4, 3)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, plan)
			s.s3.Put("in", "patient-canary a+b.pdf", note(1))
			s.s3.Put("in", "second.pdf", note(2))
			for range 3 {
				if out, err := s.Handle(t.Context(), []byte(put("patient-canary+a%2Bb.pdf"))); err != nil || len(failures(t, out)) != 0 {
					t.Fatal(err)
				}
			}
			out, err := s.Handle(t.Context(), messages(put("second.pdf"), put("patient-canary a+b.pdf"), put("second.pdf")))
			if err != nil || len(failures(t, out)) != 0 {
				t.Fatalf("%s, %v", out, err)
			}
			if n := s.count(t, "DocumentReference"); n != 2 {
				t.Errorf("%d documents, want 2", n)
			}
			rec := httptest.NewRecorder()
			s.fhir.ServeHTTP(rec, httptest.NewRequest("GET", "http://lake/r4/DocumentReference", nil))
			if !strings.Contains(rec.Body.String(), "s3://in/patient-canary%20a+b.pdf") {
				t.Error("no document points to its original")
			}
			if strings.Contains(s.log.String(), "canary") || !strings.Contains(s.log.String(), `"known":true`) {
				t.Errorf("log: %s", s.log)
			}
		})
	}
}

// TestPartialFailures: of a batch, those messages fail that must come again, or be set aside.
func TestPartialFailures(t *testing.T) {
	t.Parallel()
	s := newStand(t, nil)
	s.s3.Put("in", "good.pdf", note(1))
	s.s3.Put("in", "text.pdf", []byte("patient-canary is no PDF"))
	s.s3.Put("in", "empty.pdf", nil)
	s.s3.Put("in", "cut.pdf", note(1)[:40])
	out, err := s.Handle(t.Context(), messages("patient-canary", put("good.pdf"), put("text.pdf"), put("gone.pdf"), put("empty.pdf"), `{"Event":"s3:TestEvent"}`, put("cut.pdf")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"m0", "m2", "m3", "m4", "m6"}, failures(t, out)); diff != "" {
		t.Error(diff)
	}
	if s.count(t, "DocumentReference") != 1 {
		t.Error("the good document was not filed")
	}
	if strings.Contains(s.log.String(), "canary") || !strings.Contains(s.log.String(), "unsupported_type") || !strings.Contains(s.log.String(), gone) {
		t.Errorf("log: %s", s.log)
	}
	if _, err := s.Handle(t.Context(), []byte(put("text.pdf"))); !fault.Is(err, fault.Unsupported) {
		t.Errorf("an event by itself: %v", err)
	}
	if _, err := s.Handle(t.Context(), []byte("{}")); !fault.Is(err, fault.Invalid) {
		t.Errorf("no event: %v", err)
	}
}

// TestSetAside: what can never be read is in the dead letters with its code, and does not come
// again; what may be read later, or cannot be set aside, does.
func TestSetAside(t *testing.T) {
	t.Parallel()
	for name, plan := range map[string]func(int) awstest.Ill{"well": nil, "ill": awstest.Mixed(4, 5), "down": awstest.Every(1, awstest.Busy)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, dead := newStand(t, nil), &awstest.SQS{}
			s.Dead = deadletter.New(awstest.Config(t, awstest.New(t, dead, awstest.JSON, plan).URL), "http://queue/1/dead")
			s.s3.Put("in", "good.pdf", note(1))
			s.s3.Put("in", "text.pdf", []byte("patient-canary is no PDF"))
			s.s3.Put("in", "empty.pdf", nil)
			bodies := []string{"patient-canary", put("good.pdf"), put("text.pdf"), put("gone.pdf"), put("empty.pdf")}
			out, err := s.Handle(t.Context(), messages(bodies...))
			if err != nil {
				t.Fatal(err)
			}
			codes := map[string]string{}
			for _, m := range dead.Messages() {
				codes[m.Body] = m.Attributes["code"]
			}
			want, failed := map[string]string{bodies[0]: "not_an_event", bodies[2]: "unsupported_type", bodies[3]: gone, bodies[4]: "empty"}, []string(nil)
			if name == "down" {
				want, failed = map[string]string{}, []string{"m0", "m2", "m3", "m4"}
			}
			if diff := cmp.Diff(want, codes); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(failed, failures(t, out)); diff != "" {
				t.Error(diff)
			}
			if s.count(t, "DocumentReference") != 1 || strings.Contains(s.log.String(), "canary") {
				t.Errorf("log: %s", s.log)
			}
		})
	}
	// A server that is down spoils no document: its message comes again.
	s, dead := newStand(t, nil), &awstest.SQS{}
	s.Dead = deadletter.New(awstest.Config(t, awstest.New(t, dead, awstest.JSON, nil).URL), "http://queue/1/dead")
	var err error
	s.Sink, err = healthlake.New(healthlake.Config{URL: "http://127.0.0.1:1/r4", Tries: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.s3.Put("in", "good.pdf", note(1))
	out, err := s.Handle(t.Context(), messages(put("good.pdf")))
	if err != nil || len(failures(t, out)) != 1 || len(dead.Messages()) != 0 {
		t.Errorf("%s, %v, set aside %v", out, err, dead.Messages())
	}
}

// emulator is Lambda's runtime API: it gives events in order and keeps the answers.
type emulator struct {
	mu      sync.Mutex
	events  [][]byte
	given   int
	answers []string
	done    context.CancelFunc
}

func (e *emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime/invocation/")
	if path != "next" {
		body, _ := io.ReadAll(r.Body)
		e.answers = append(e.answers, path+" "+string(body))
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if e.given == len(e.events) {
		e.done()
		return
	}
	e.given++
	w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprintf("id-%d", e.given))
	w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
	_, _ = w.Write(e.events[e.given-1])
}

func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e := &emulator{events: [][]byte{[]byte("one"), []byte("bad"), []byte("strange"), []byte("two")}, done: cancel}
	server := httptest.NewServer(e)
	defer server.Close()
	err := Run(ctx, strings.TrimPrefix(server.URL, "http://"), func(ctx context.Context, event []byte) ([]byte, error) {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("an invocation has no deadline")
		}
		switch string(event) {
		case "bad":
			return nil, fault.New(fault.Corrupt, "bad_thing", "it is bad")
		case "strange":
			return nil, errors.New("patient-canary")
		}
		return []byte(`"` + string(event) + `"`), nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	want := []string{`id-1/response "one"`, `id-2/error {"errorMessage":"it is bad","errorType":"bad_thing"}`,
		`id-3/error {"errorMessage":"the event could not be handled","errorType":"internal"}`, `id-4/response "two"`}
	if diff := cmp.Diff(want, e.answers); diff != "" {
		t.Error(diff)
	}
	if err := Run(t.Context(), "127.0.0.1:1", nil); !fault.Is(err, fault.Unavailable) {
		t.Errorf("no runtime: %v", err)
	}
}
