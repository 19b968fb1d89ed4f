package console

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"

	"chartlake/fault"
	"chartlake/review"
	"chartlake/store"
)

// actionBytesMax bounds the body of an action: a value, a reason and up to 1,000 word indexes.
const actionBytesMax = 64 << 10

// act answers POST /review/{id}/actions with {version, state}. A record that went on since after
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
	done, err := s.Act(r.Context(), actor, action)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"version": done.Version, "state": done.State})
}

// kinds are the kinds of action of package review.
var kinds = []string{review.Accept, review.Correct, review.Reject, review.NotPresent, review.Answer, review.Approve, review.Undo,
	review.Split, review.Join, review.Shift}

// parseAction reads an action and checks its form; what it means is package review's.
func parseAction(body []byte) (a review.Action, err error) {
	if err := json.Unmarshal(body, &a); err != nil {
		return a, fault.New(fault.Invalid, "bad_action", "the body is not a review action")
	}
	if !slices.Contains(kinds, a.Kind) {
		return a, fault.New(fault.Invalid, "bad_kind", "kind must be one of %v", kinds)
	}
	if a.After < 0 || a.Segment < 0 || a.Page < 0 {
		return a, fault.New(fault.Invalid, "bad_action", "after, segment and page are not negative")
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
