package console

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"chartlake/analytics"
	"chartlake/blob/folder"
	"chartlake/document"
	"chartlake/fault"
	"chartlake/intake"
	"chartlake/pipeline"
	"chartlake/reader"
	"chartlake/record"
	"chartlake/rest"
	"chartlake/review"
	"chartlake/smart"
	"chartlake/store"
	"chartlake/store/sqlite"
)

// stand is the console over a real store, pipeline and review. Only reading and understanding
// are left out: its papers bring their words and their record, so that a test knows both.
type stand struct {
	*httptest.Server
	db     store.Store
	line   *pipeline.Pipeline
	desk   *review.Desk
	mu     sync.Mutex
	papers map[string]*paper
	person store.Actor
	refuse smart.Action // what the person may not do
}

func newStand(t testing.TB) *stand {
	t.Helper()
	db, err := sqlite.Open(context.Background(), sqlite.Config{Folder: t.TempDir(), Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{db: db, papers: map[string]*paper{}, person: store.Actor{ID: "user:anna", Name: "Anna"}}
	s.line = pipeline.New(pipeline.Config{Store: db, Stages: pipeline.Stages{Reader: unread{}, Program: "test"}})
	s.desk = &review.Desk{Pipeline: s.line, Policy: review.Policy{Sample: 1}}
	s.line.Adjust = s.desk.Adjust
	mux := http.NewServeMux()
	mux.Handle("/", New(Config{Store: db, Review: s.desk, Rerun: s.line.Rerun, Jobs: db.Jobs().Depth, Reading: s.line.Reading, Picture: s.picture, Actor: s.actor}))
	blobs, err := folder.Open(t.TempDir(), folder.Options{})
	if err != nil {
		t.Fatal(err)
	}
	door := intake.New(intake.Config{Store: db, Blobs: blobs, Sniff: sniff})
	mux.Handle("POST /documents", door.Handler(func(r *http.Request) (store.Actor, error) { return s.actor(r, smart.Upload) }))
	s.Server = httptest.NewServer(mux)
	mux.Handle("/fhir/", rest.New(rest.Config{Store: db, Base: s.URL + "/fhir",
		Actor: func(r *http.Request, do smart.Action, _ string) (store.Actor, error) { return s.actor(r, do) }}))
	mux.Handle("POST /sql", analytics.Handler(analytics.Config{Store: db,
		Actor: func(r *http.Request, do smart.Action, _ string) (store.Actor, error) { return s.actor(r, do) }}))
	t.Cleanup(func() {
		s.Server.CloseClientConnections()
		s.Server.Close()
		db.Close()
	})
	return s
}

func (s *stand) actor(_ *http.Request, do smart.Action) (store.Actor, error) {
	if do == s.refuse {
		return store.Actor{}, fault.New(fault.Forbidden, "forbidden", "you may not %s", do)
	}
	return s.person, nil
}

// unread names a reader whose output is already in the store.
type unread struct{}

func (unread) Version() string { return "test" }
func (unread) Read(context.Context, io.ReaderAt, int64, reader.Options) (*document.Document, error) {
	return nil, errors.New("nothing is read in these tests")
}

func (s *stand) picture(_ context.Context, doc *store.Document, page, width int) ([]byte, error) {
	s.mu.Lock()
	p := s.papers[doc.ID]
	s.mu.Unlock()
	if p == nil {
		return nil, fault.New(fault.NotFound, "no_picture", "there is no picture")
	}
	return p.png(page, width), nil
}

func (s *stand) newest(t testing.TB, id string) (*record.Record, int) {
	t.Helper()
	rec, version, err := s.line.Newest(context.Background(), s.person, id)
	if err != nil {
		t.Fatal(err)
	}
	return rec, version
}

func (s *stand) field(t testing.TB, id, name string) *record.Field {
	t.Helper()
	rec, _ := s.newest(t, id)
	for _, seg := range rec.Segments {
		for i := range seg.Fields {
			if seg.Fields[i].Name == name {
				return &seg.Fields[i]
			}
		}
	}
	t.Fatalf("no field %s", name)
	return nil
}

// sniff takes PNG only, so that a test can be refused at the door.
func sniff(file io.ReaderAt, _ int64, _ string) (reader.Media, error) {
	var magic [4]byte
	file.ReadAt(magic[:], 0)
	if string(magic[:]) != "\x89PNG" {
		return reader.Media{}, fault.New(fault.Unsupported, "unsupported_type", "this kind of file is not read")
	}
	return reader.Media{Type: "image/png", Pages: 1}, nil
}

// arrive notes that a paper came in, and take takes it on as the pipeline does, to the state
// that its record settles in.
func (s *stand) arrive(t testing.TB, p *paper, name string) {
	t.Helper()
	s.mu.Lock()
	s.papers[p.row.ID] = p
	s.mu.Unlock()
	s.transact(t, store.Receive{Document: p.row, Arrival: store.Arrival{At: p.row.ReceivedAt, Source: "test", Name: name}})
}

func (s *stand) take(t testing.TB, p *paper) {
	t.Helper()
	ctx := context.Background()
	steps := []store.Command{
		store.Move{ID: p.row.ID, From: []store.State{store.Received}, To: store.Reading},
		store.Move{ID: p.row.ID, From: []store.State{store.Reading}, To: store.Understood},
		s.output(t, p, "head", map[string]any{"media_type": p.reading.MediaType, "pages": len(p.reading.Pages)}),
	}
	for i := range p.reading.Pages {
		steps = append(steps, s.output(t, p, string(rune('1'+i)), p.reading.Pages[i]))
	}
	s.transact(t, steps...)
	var filing []store.Command
	err := s.db.View(ctx, pipeline.Actor, func(v store.View) error {
		row, err := v.Document(p.row.ID)
		if err != nil {
			return err
		}
		var asked []store.Command
		if err := s.line.Identify(&p.record, pipeline.KnownIn(v, &asked)); err != nil {
			return err
		}
		filing, _, err = s.line.Commands(v, pipeline.Filing{Row: row, From: store.Understood, Read: &p.reading, Record: &p.record, Action: "machine", Asked: asked})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.transact(t, filing...)
}

func (s *stand) output(t testing.TB, p *paper, part string, v any) store.Command {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return store.PutStage{Key: store.StageKey{Input: p.row.ID, Stage: "read", Version: "test", Part: part}, Output: body}
}

func (s *stand) transact(t testing.TB, commands ...store.Command) {
	t.Helper()
	if _, err := s.db.Transact(context.Background(), pipeline.Actor, commands); err != nil {
		t.Fatal(err)
	}
}
