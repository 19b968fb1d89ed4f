package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"chartlake/fault"
	"chartlake/pipeline"
	"chartlake/store"
)

const (
	listLimit   = 50  // documents of one answer
	searchLimit = 400 // documents that one text search looks into before it gives a cursor
	textMax     = 200 // bytes of a search text
)

// item is a document of the list: its row and what its record says in short.
type item struct {
	store.Document
	Name     string             `json:"name,omitempty"` // of the file as it came in
	Record   int                `json:"record,omitempty"`
	Summary  *summary           `json:"summary,omitempty"`
	Progress *pipeline.Progress `json:"progress,omitempty"`
}

func (s *server) item(v store.View, doc store.Document) (item, error) {
	it := item{Document: doc}
	for _, a := range doc.Arrivals {
		if a.Name != "" {
			it.Name = a.Name
		}
	}
	if at, ok := s.Progress(doc.ID); ok {
		it.Progress = &at
	}
	version, sum, err := s.summaries.of(v, doc.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return it, err
	}
	it.Record, it.Summary = version, sum
	return it, nil
}

// list answers GET /documents: newest first, by sha256, state (repeatable or comma-joined),
// since (RFC 3339), type, and q, a text to find in what was read.
func (s *server) list(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	q, err := parameters(r, "sha256", "state", "since", "type", "cursor", "q", "counts")
	if err != nil {
		return err
	}
	query := store.DocumentQuery{SHA256: q.Get("sha256"), Type: q.Get("type"), Cursor: q.Get("cursor"), Limit: listLimit}
	for _, list := range q["state"] {
		for _, name := range strings.Split(list, ",") {
			if !slices.Contains(store.States(), store.State(name)) {
				return fault.New(fault.Invalid, "bad_state", "state must be one of the document states")
			}
			query.States = append(query.States, store.State(name))
		}
	}
	if text := q.Get("since"); text != "" {
		if query.Since, err = time.Parse(time.RFC3339, text); err != nil {
			return fault.New(fault.Invalid, "bad_since", "since must be an RFC 3339 time")
		}
	}
	text := strings.ToLower(strings.TrimSpace(q.Get("q")))
	if len(text) > textMax {
		return fault.New(fault.TooLarge, "text_too_long", "a search text may have %d bytes", textMax)
	}
	out := struct {
		Documents []item              `json:"documents"`
		Next      string              `json:"next,omitempty"`
		Searched  int                 `json:"searched,omitempty"`
		Counts    map[store.State]int `json:"counts,omitempty"`
	}{Documents: []item{}}
	err = s.Store.View(r.Context(), actor, func(v store.View) error {
		if q.Get("counts") != "" {
			tallies, err := v.Tallies()
			if err != nil {
				return err
			}
			out.Counts = map[store.State]int{}
			for _, t := range tallies {
				out.Counts[t.State] += t.Count
			}
		}
		for {
			docs, next, err := v.Documents(query)
			if err != nil {
				return err
			}
			for _, doc := range docs {
				it, err := s.item(v, doc)
				if err != nil {
					return err
				}
				if text == "" || s.summaries.mentions(v, it, text) {
					it.History, it.Segments = nil, notNil(it.Segments)
					out.Documents = append(out.Documents, it)
				}
			}
			out.Next, query.Cursor = next, next
			if text == "" {
				return nil
			}
			out.Searched += len(docs)
			if next == "" || out.Searched >= searchLimit || len(out.Documents) >= listLimit {
				return nil
			}
		}
	})
	if err != nil {
		return err
	}
	return answer(w, out)
}

// change is one version of a record, without its body.
type change struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Action  string    `json:"action"`
}

// document answers GET /documents/{id}: the row with its history and the versions of its
// record.
func (s *server) document(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	var out struct {
		item
		Records []change `json:"records"`
	}
	out.Records = []change{}
	err := s.Store.View(r.Context(), actor, func(v store.View) error {
		doc, err := v.Document(r.PathValue("id"))
		if err != nil {
			return err
		}
		if out.item, err = s.item(v, *doc); err != nil {
			return err
		}
		versions, err := v.Records(doc.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		for _, x := range versions {
			out.Records = append(out.Records, change{x.Version, x.At, x.Actor, x.Action})
		}
		return nil
	})
	if err != nil {
		return err
	}
	out.Segments = notNil(out.Segments)
	return answer(w, out)
}

func notNil(s []store.DocumentSegment) []store.DocumentSegment {
	if s == nil {
		return []store.DocumentSegment{}
	}
	return s
}

// row reads one document's row.
func (s *server) row(r *http.Request, actor store.Actor) (doc *store.Document, err error) {
	err = s.Store.View(r.Context(), actor, func(v store.View) error {
		doc, err = v.Document(r.PathValue("id"))
		return err
	})
	return doc, err
}
