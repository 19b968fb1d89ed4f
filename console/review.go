package console

import (
	"cmp"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"chartlake/fault"
	"chartlake/review"
	"chartlake/store"
)

// actionBytesMax bounds the body of an action: a value, a reason and up to 1,000 word indexes.
const actionBytesMax = 64 << 10

// act answers POST /review/{id}/actions with {version, state}. A record that went on since after
// is a 409 whose page loads anew and says who won.
func (s *server) act(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	if err := isJSON(r); err != nil {
		return err
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
	if err := s.free(r, actor, action.Document); err != nil {
		return err
	}
	done, err := s.Review.Act(r.Context(), actor, action)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"version": done.Version, "state": done.State})
}

// isJSON refuses a body of another type: application/json makes a browser ask before another site
// may send it.
func isJSON(r *http.Request) error {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return fault.New(fault.Unsupported, "not_json", "the body is application/json")
	}
	return nil
}

// free refuses an act on a document that somebody else works on.
func (s *server) free(r *http.Request, actor store.Actor, id string) error {
	return s.Store.View(r.Context(), actor, func(v store.View) error {
		claims, err := review.Claims(v, time.Now())
		if c, ok := claims[id]; err == nil && ok && c.Who != actor.ID {
			return review.Claimed()
		}
		return err
	})
}

// claim answers POST /review/{id}/claim?take= with {who, until}: the document is the caller's until
// five minutes have gone by without another claim. With take it is, also when it is somebody else's.
func (s *server) claim(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	q, err := parameters(r, "take")
	if err != nil {
		return err
	}
	if err := isJSON(r); err != nil {
		return err
	}
	c, err := s.Review.Claim(r.Context(), actor, r.PathValue("id"), q.Get("take") == "true")
	if err != nil {
		return err
	}
	return answer(w, c)
}

// release answers DELETE /review/{id}/claim.
func (s *server) release(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	if err := s.Review.Release(r.Context(), actor, r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// kinds are the kinds of action of package review.
var kinds = []string{review.Accept, review.Correct, review.Reject, review.NotPresent, review.Answer, review.Approve, review.Undo, review.Hold, review.Resume,
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

// suggestions answers GET /review/{id}/suggestions?segment=&target= with {suggestions: [{value, reason}]}:
// what the field may say, the likeliest first, nine at most. A person takes one by a correct.
func (s *server) suggestions(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	q, err := parameters(r, "segment", "target")
	if err != nil {
		return err
	}
	segment, err := strconv.Atoi(cmp.Or(q.Get("segment"), "0"))
	if err != nil {
		return fault.New(fault.Invalid, "bad_segment", "segment is a number from 0")
	}
	out, err := s.Review.Suggest(r.Context(), actor, r.PathValue("id"), segment, q.Get("target"))
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"suggestions": out})
}

// queue answers GET /review/queue?cursor=: documents that wait for a person, newest first.
func (s *server) queue(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	q, err := parameters(r, "cursor")
	if err != nil {
		return err
	}
	out := listed{Documents: []item{}}
	err = s.Store.View(r.Context(), actor, func(v store.View) error {
		docs, next, err := v.Documents(store.DocumentQuery{Limit: listLimit, Cursor: q.Get("cursor"),
			States: []store.State{store.NeedsReview, store.Held}})
		if err != nil {
			return err
		}
		out.Next = next
		return s.add(v, &out, docs, "")
	})
	if err != nil {
		return err
	}
	return answer(w, out)
}
