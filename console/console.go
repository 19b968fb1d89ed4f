package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"chartlake/audit"
	"chartlake/delivery"
	"chartlake/document"
	"chartlake/pipeline"
	"chartlake/queue"
	"chartlake/review"
	"chartlake/smart"
	"chartlake/store"
)

// Config is what the console needs from the rest of the program. All but Jobs, Delivery, Progress,
// Moved and Banner are required.
type Config struct {
	Store store.Store
	// Review is where people work.
	Review *review.Desk
	// Rerun takes a document through the pipeline again (pipeline.Pipeline.Rerun).
	Rerun func(ctx context.Context, actor store.Actor, document string) error
	// Jobs is what waits in the queue; nil: it is not shown.
	Jobs func(ctx context.Context) (map[string]queue.Depth, error)
	// Delivery sends results on; nil: nothing is sent.
	Delivery *delivery.Desk
	// Reading is what the reader made of the document: words with their boxes. NotFound
	// where it has not been read yet.
	Reading func(ctx context.Context, actor store.Actor, doc *store.Document) (*document.Document, error)
	// Picture is the upright page as a PNG so many pixels wide.
	Picture func(ctx context.Context, doc *store.Document, page, width int) ([]byte, error)
	// Actor says who asks, or by a fault why they may not do that.
	Actor func(*http.Request, smart.Action) (store.Actor, error)
	// Progress is how far a document is that is being read now, and Moved is closed when any
	// of it changes; nil both where this process reads nothing.
	Progress func(id string) (pipeline.Progress, bool)
	Moved    func() <-chan struct{}
	// Banner is a notice to show on every page, as "no OCR on this machine"; may be empty.
	Banner string
}

type server struct {
	Config
	live      *live
	summaries *summaries
	tallies   *tallies
	drawing   chan struct{} // a token per picture that may be drawn at once
}

// New gives the handler of every path of the console but POST /documents, which is intake's.
// The live hub works only while somebody listens, so there is nothing to close.
func New(config Config) http.Handler {
	if config.Progress == nil || config.Moved == nil {
		config.Progress, config.Moved = nothingRuns, neverMoves
	}
	s := &server{Config: config, summaries: newSummaries(), tallies: &tallies{}, drawing: make(chan struct{}, picturesAtOnce)}
	s.live = newLive(s)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /documents", s.may(smart.Read, s.list))
	mux.HandleFunc("GET /documents/{id}", s.may(smart.Read, s.document))
	mux.HandleFunc("GET /documents/{id}/pages/{file}", s.may(smart.Read, s.picture))
	mux.HandleFunc("GET /documents/{id}/words/{page}", s.may(smart.Read, s.words))
	mux.HandleFunc("GET /documents/{id}/record", s.may(smart.Read, s.record))
	mux.HandleFunc("GET /documents/{id}/resources", s.may(smart.Read, s.resources))
	mux.HandleFunc("GET /documents/{id}/events", s.may(smart.Read, s.documentEvents))
	mux.HandleFunc("GET /events", s.may(smart.Read, s.events))
	mux.HandleFunc("GET /review/queue", s.may(smart.Review, s.queue))
	mux.HandleFunc("POST /review/{id}/actions", s.may(smart.Review, s.act))
	mux.HandleFunc("GET /review/{id}/suggestions", s.may(smart.Review, s.suggestions))
	mux.HandleFunc("POST /review/{id}/claim", s.may(smart.Review, s.claim))
	mux.HandleFunc("DELETE /review/{id}/claim", s.may(smart.Review, s.release))
	mux.HandleFunc("GET /review/sample", s.may(smart.Review, s.sample))
	mux.HandleFunc("POST /review/{id}/sample", s.may(smart.Review, s.judge))
	mux.HandleFunc("GET /review/quality", s.may(smart.Review, s.quality))
	mux.HandleFunc("GET /review/lessons", s.may(smart.Review, s.lessons))
	mux.HandleFunc("POST /review/lessons", s.may(smart.Review, s.unsay))
	mux.HandleFunc("GET /documents/{id}/find", s.may(smart.Read, s.find))
	mux.HandleFunc("GET /console/operations", s.may(smart.Manage, s.operations))
	mux.HandleFunc("POST /console/operations/retry", s.may(smart.Manage, s.retry))
	mux.HandleFunc("POST /console/operations/replay", s.may(smart.Manage, s.replay))
	mux.HandleFunc("GET /console/settings", s.may(smart.Read, s.settings))
	mux.Handle("GET /", pages())
	return guard(mux)
}

func nothingRuns(string) (pipeline.Progress, bool) { return pipeline.Progress{}, false }
func neverMoves() <-chan struct{}                  { return nil }

type handler func(w http.ResponseWriter, r *http.Request, actor store.Actor) error

// may asks who it is and whether they may before the handler runs, and answers with the
// fault of either.
func (s *server) may(do smart.Action, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		actor, err := s.Actor(r, do)
		if err == nil {
			err = h(w, through(r), actor)
		}
		if err != nil {
			audit.Of(r.Context()).Fails(err)
			fail(w, err)
		}
	}
}

// through says in the audit trail which part of a document is looked at, "pages/3", or which of
// the console's own operations it is.
func through(r *http.Request) *http.Request {
	path := strings.Split(strings.Trim(r.Pattern[strings.IndexByte(r.Pattern, ' ')+1:], "/"), "/")
	if path[0] == "console" || len(path) < 3 && path[0] == "documents" {
		return r
	}
	via := path[len(path)-1]
	if strings.HasPrefix(via, "{") {
		via = path[len(path)-2]
		page := strings.TrimSuffix(r.PathValue("file")+r.PathValue("page"), ".png")
		if n, err := strconv.Atoi(page); err == nil {
			via += "/" + strconv.Itoa(n)
		}
	}
	return r.WithContext(audit.Within(r.Context(), via))
}

// settings tells the pages what they show on every screen.
func (s *server) settings(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	name := actor.Name
	if name == "" {
		name = actor.ID
	}
	may := func(do smart.Action) bool {
		_, err := s.Actor(r, do)
		return err == nil
	}
	return answer(w, map[string]any{"banner": s.Banner, "actor": name, "id": actor.ID, "may_review": may(smart.Review), "may_manage": may(smart.Manage)})
}
