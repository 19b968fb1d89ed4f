package console

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/store"
)

// Action is one thing that a person does to a document's record.
type Action struct {
	Document string `json:"-"`
	After    int    `json:"after"` // version of the record that the person saw
	Kind     string `json:"kind"`  // accept, correct, reject, not_present, answer, undo, approve
	Segment  int    `json:"segment"`
	// Target is "field:NAME", "line:ROW:NAME", "entity:ID", "type" or "patient"; empty for
	// undo and approve.
	Target string        `json:"target,omitempty"`
	Value  string        `json:"value,omitempty"` // correct: the new value; answer: Patient/ID or new
	Page   int           `json:"page,omitempty"`  // correct by clicking: where the words are
	Words  []int         `json:"words,omitempty"` // indexes into the page's words
	Box    *document.Box `json:"box,omitempty"`
	Reason string        `json:"reason,omitempty"`
}

const (
	actionBytesMax = 64 << 10
	actionWordsMax = 1000 // words of one value
)

var kinds = []string{"accept", "correct", "reject", "not_present", "answer", "undo", "approve"}

// act answers POST /review/{id}/actions with {version}. A record that went on since after
// is a 409 whose page loads anew and says who won.
func (s *server) act(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	// application/json makes a browser ask before another site may send this.
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return fault.New(fault.Unsupported, "not_json", "a review action is application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, actionBytesMax))
	if err != nil {
		return fault.New(fault.TooLarge, "action_too_large", "a review action may have %d bytes", actionBytesMax)
	}
	action, err := parseAction(body)
	if err != nil {
		return err
	}
	action.Document = r.PathValue("id")
	version, err := s.Act(r.Context(), actor, action)
	if err != nil {
		return err
	}
	return answer(w, map[string]int{"version": version})
}

// parseAction reads and checks an action's form; what it means is package review's.
func parseAction(body []byte) (a Action, err error) {
	if err := json.Unmarshal(body, &a); err != nil {
		return a, fault.New(fault.Invalid, "bad_action", "the body is not a review action")
	}
	if !slices.Contains(kinds, a.Kind) {
		return a, fault.New(fault.Invalid, "bad_kind", "kind must be one of %v", kinds)
	}
	if a.After < 0 || a.Segment < 0 || a.Page < 0 {
		return a, fault.New(fault.Invalid, "bad_action", "after, segment and page are not negative")
	}
	if len(a.Words) > actionWordsMax {
		return a, fault.New(fault.TooLarge, "too_many_words", "a value may have %d words", actionWordsMax)
	}
	for _, i := range a.Words {
		if i < 0 {
			return a, fault.New(fault.Invalid, "bad_words", "words are indexes from 0")
		}
	}
	return a, nil
}

// queue answers GET /review/queue?cursor=: documents that wait for a person, newest first.
func (s *server) queue(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	q, err := parameters(r, "cursor")
	if err != nil {
		return err
	}
	out := struct {
		Documents []item `json:"documents"`
		Next      string `json:"next,omitempty"`
	}{Documents: []item{}}
	err = s.Store.View(r.Context(), actor, func(v store.View) error {
		docs, next, err := v.Documents(store.DocumentQuery{Limit: listLimit, Cursor: q.Get("cursor"),
			States: []store.State{store.NeedsReview, store.Held}})
		if err != nil {
			return err
		}
		for _, d := range docs {
			it, err := s.item(v, d)
			if err != nil {
				return err
			}
			it.History, it.Segments = nil, notNil(it.Segments)
			out.Documents = append(out.Documents, it)
		}
		out.Next = next
		return nil
	})
	if err != nil {
		return err
	}
	return answer(w, out)
}
