package console

import (
	"context"
	"net/http"

	"chartlake/document"
	"chartlake/store"
)

// Permission is what a handler is about to do, for Config.May.
type Permission string

const (
	ReadDocuments Permission = "documents.read" // states, pages, words, records, live events
	ReadResources Permission = "resources.read" // the FHIR made from a document
	Review        Permission = "review.write"   // settle values, answer questions, approve, undo
)

// Config is what the console needs from the rest of the program. All but Banner are required.
type Config struct {
	Store store.Store
	// Act does one review action and returns the number of the record's new version
	// (unchanged where nothing had to be written). A record that is not at action.After
	// any more is a Conflict fault.
	Act func(ctx context.Context, actor store.Actor, action Action) (version int, err error)
	// Candidates are the patients that a held document may belong to, best first; none
	// where the document is not held for a patient.
	Candidates func(ctx context.Context, actor store.Actor, doc *store.Document) ([]Candidate, error)
	// Reading is what the reader made of the document: words with their boxes. NotFound
	// where it has not been read yet.
	Reading func(ctx context.Context, actor store.Actor, doc *store.Document) (*document.Document, error)
	// Picture is the upright page as a PNG so many pixels wide.
	Picture func(ctx context.Context, doc *store.Document, page, width int) ([]byte, error)
	// Actor says who asks; May says whether they may. Both answer with a fault.
	Actor func(*http.Request) (store.Actor, error)
	May   func(*http.Request, store.Actor, Permission) error
	// Banner is a notice to show on every page, as "no OCR on this machine"; may be empty.
	Banner string
}

// Candidate is a patient that a held document may belong to, with the reasons for and
// against in words.
type Candidate struct {
	Patient   string   `json:"patient"` // Patient/id
	Name      string   `json:"name,omitempty"`
	BirthDate string   `json:"birth_date,omitempty"`
	Score     float64  `json:"score"` // 0..1
	Reasons   []string `json:"reasons,omitempty"`
}

type server struct {
	Config
	live      *live
	summaries *summaries
	drawing   chan struct{} // a token per picture that may be drawn at once
}

// New gives the handler of every path of the console but POST /documents, which is intake's.
// The live hub works only while somebody listens, so there is nothing to close.
func New(config Config) http.Handler {
	s := &server{Config: config, summaries: newSummaries(), drawing: make(chan struct{}, picturesAtOnce)}
	s.live = newLive(s)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /documents", s.may(ReadDocuments, s.list))
	mux.HandleFunc("GET /documents/{id}", s.may(ReadDocuments, s.document))
	mux.HandleFunc("GET /documents/{id}/pages/{file}", s.may(ReadDocuments, s.picture))
	mux.HandleFunc("GET /documents/{id}/words/{page}", s.may(ReadDocuments, s.words))
	mux.HandleFunc("GET /documents/{id}/record", s.may(ReadDocuments, s.record))
	mux.HandleFunc("GET /documents/{id}/resources", s.may(ReadResources, s.resources))
	mux.HandleFunc("GET /documents/{id}/events", s.may(ReadDocuments, s.documentEvents))
	mux.HandleFunc("GET /events", s.may(ReadDocuments, s.events))
	mux.HandleFunc("GET /review/queue", s.may(Review, s.queue))
	mux.HandleFunc("POST /review/{id}/actions", s.may(Review, s.act))
	mux.HandleFunc("GET /console/settings", s.may(ReadDocuments, s.settings))
	mux.Handle("GET /", pages())
	return guard(mux)
}

type handler func(w http.ResponseWriter, r *http.Request, actor store.Actor) error

// may asks the two questions of every handler, and answers with the fault of any of the three.
func (s *server) may(p Permission, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		actor, err := s.Actor(r)
		if err == nil {
			err = s.May(r, actor, p)
		}
		if err == nil {
			err = h(w, r, actor)
		}
		if err != nil {
			fail(w, err)
		}
	}
}

// settings tells the pages what they show on every screen.
func (s *server) settings(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	name := actor.Name
	if name == "" {
		name = actor.ID
	}
	return answer(w, map[string]any{"banner": s.Banner, "actor": name,
		"may_review": s.May(r, actor, Review) == nil})
}
