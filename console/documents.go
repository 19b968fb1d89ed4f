package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"chartlake/fault"
	"chartlake/pipeline"
	"chartlake/review"
	"chartlake/store"
)

const (
	listLimit   = 50                    // documents of one answer
	searchLimit = 400                   // documents that one text search looks into before it gives a cursor
	searchTime  = 30 * time.Millisecond // and how long
	textMax     = 200                   // bytes of a search text
)

// item is a document of the list: its row and what its record says in short.
type item struct {
	store.Document
	Name     string             `json:"name,omitempty"` // of the file as it came in
	Record   int                `json:"record,omitempty"`
	Summary  *summary           `json:"summary,omitempty"`
	Progress *pipeline.Progress `json:"progress,omitempty"`
	Claim    *review.Claim      `json:"claim,omitempty"` // who works on it
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

// listed is an answer of documents.
type listed struct {
	Documents []item              `json:"documents"`
	Next      string              `json:"next,omitempty"`
	Searched  int                 `json:"searched,omitempty"`
	Counts    map[store.State]int `json:"counts,omitempty"`
}

// add puts documents in which a text is found into an answer.
func (s *server) add(v store.View, out *listed, docs []store.Document, text string) error {
	claims, err := review.Claims(v, time.Now())
	if err != nil {
		return err
	}
	for _, doc := range docs {
		it, err := s.item(v, doc)
		if err != nil {
			return err
		}
		if text != "" && !s.summaries.mentions(v, it, text) {
			continue
		}
		if c, ok := claims[doc.ID]; ok {
			it.Claim = &c
		}
		it.History, it.Segments = nil, notNil(it.Segments)
		out.Documents = append(out.Documents, it)
	}
	return nil
}

// list answers GET /documents: by sha256, state (repeatable or comma-joined), since and before
// (RFC 3339), type, code, q (a text to find in what was read), claimed=mine, newest first or with
// order=oldest.
func (s *server) list(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	q, err := parameters(r, "sha256", "state", "since", "before", "type", "code", "order", "claimed", "cursor", "q", "counts")
	if err != nil {
		return err
	}
	query, err := documentQuery(q)
	if err != nil {
		return err
	}
	text := strings.ToLower(strings.TrimSpace(q.Get("q")))
	if len(text) > textMax {
		return fault.New(fault.TooLarge, "text_too_long", "a search text may have %d bytes", textMax)
	}
	out := listed{Documents: []item{}}
	changed := s.Store.Changed()
	err = s.Store.View(r.Context(), actor, func(v store.View) error {
		if q.Get("counts") != "" {
			tallies, err := s.tallies.of(v, changed, actor)
			if err != nil {
				return err
			}
			out.Counts = map[store.State]int{}
			for _, t := range tallies {
				out.Counts[t.State] += t.Count
			}
		}
		if q.Get("claimed") == "mine" {
			docs, err := mine(v, actor)
			if err != nil {
				return err
			}
			return s.add(v, &out, docs, text)
		}
		return s.search(v, &out, query, text)
	})
	if err != nil {
		return err
	}
	return answer(w, out)
}

func documentQuery(q url.Values) (query store.DocumentQuery, err error) {
	query = store.DocumentQuery{SHA256: q.Get("sha256"), Type: q.Get("type"), Code: q.Get("code"), Cursor: q.Get("cursor"), Limit: listLimit}
	for _, list := range q["state"] {
		for _, name := range strings.Split(list, ",") {
			if !slices.Contains(store.States(), store.State(name)) {
				return query, fault.New(fault.Invalid, "bad_state", "state must be one of the document states")
			}
			query.States = append(query.States, store.State(name))
		}
	}
	for name, at := range map[string]*time.Time{"since": &query.Since, "before": &query.Before} {
		if text := q.Get(name); text != "" {
			if *at, err = time.Parse(time.RFC3339, text); err != nil {
				return query, fault.New(fault.Invalid, "bad_"+name, "%s must be an RFC 3339 time", name)
			}
		}
	}
	switch q.Get("order") {
	case "", "newest":
	case "oldest":
		query.Oldest = true
	default:
		return query, fault.New(fault.Invalid, "bad_order", "order is newest or oldest")
	}
	if c := q.Get("claimed"); c != "" && c != "mine" {
		return query, fault.New(fault.Invalid, "bad_claimed", "claimed is mine")
	}
	return query, nil
}

// search adds a page of documents; with a text it looks for searchTime, and the answer's cursor
// goes on from there.
func (s *server) search(v store.View, out *listed, query store.DocumentQuery, text string) error {
	for began := time.Now(); ; {
		docs, next, err := v.Documents(query)
		if err != nil {
			return err
		}
		if err := s.add(v, out, docs, text); err != nil {
			return err
		}
		out.Next, query.Cursor = next, next
		if text == "" {
			return nil
		}
		out.Searched += len(docs)
		if next == "" || out.Searched >= searchLimit || len(out.Documents) >= listLimit || time.Since(began) > searchTime {
			return nil
		}
	}
}

// mine gives the documents that the actor has claimed.
func mine(v store.View, actor store.Actor) (docs []store.Document, err error) {
	claims, err := review.Claims(v, time.Now())
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(claims)) {
		if claims[id].Who != actor.ID {
			continue
		}
		doc, err := v.Document(id)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, *doc)
	}
	slices.SortFunc(docs, func(a, b store.Document) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	return docs, nil
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
		claims, err := review.Claims(v, time.Now())
		if err != nil {
			return err
		}
		if c, ok := claims[doc.ID]; ok {
			out.Claim = &c
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
