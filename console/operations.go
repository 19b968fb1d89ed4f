package console

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"chartlake/delivery"
	"chartlake/fault"
	"chartlake/queue"
	"chartlake/review"
	"chartlake/store"
)

const (
	retryTime     = 70 * time.Millisecond // one answer of a retry; the page asks again for the rest
	retryBytesMax = 4 << 10
)

// operations answers GET /console/operations: how many documents are in which state for which
// reason and since when, what waits in the queue, and who works on what.
func (s *server) operations(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	type tally struct {
		State  store.State `json:"state"`
		Code   string      `json:"code,omitempty"`
		Count  int         `json:"count"`
		Oldest time.Time   `json:"oldest"`
	}
	type depth struct {
		Waiting int `json:"waiting"`
		Running int `json:"running"`
		Dead    int `json:"dead"`
	}
	out := struct {
		Tallies []tally                 `json:"tallies"`
		Jobs    map[string]depth        `json:"jobs"`
		Claims  map[string]review.Claim `json:"claims"`
		Sinks   []delivery.Status       `json:"sinks"`
		At      time.Time               `json:"at"`
	}{Tallies: []tally{}, Jobs: map[string]depth{}, Sinks: []delivery.Status{}, At: time.Now().UTC()}
	changed := s.Store.Changed()
	err := s.Store.View(r.Context(), actor, func(v store.View) error {
		tallies, err := s.tallies.of(v, changed, actor)
		if err != nil {
			return err
		}
		for _, t := range tallies {
			out.Tallies = append(out.Tallies, tally(t))
		}
		out.Claims, err = review.Claims(v, out.At)
		return err
	})
	if err != nil {
		return err
	}
	jobs := map[string]queue.Depth{}
	if s.Jobs != nil {
		if jobs, err = s.Jobs(r.Context()); err != nil {
			return err
		}
	}
	if s.Delivery != nil {
		if out.Sinks, err = s.Delivery.Status(r.Context(), actor); err != nil {
			return err
		}
	}
	for kind, d := range jobs {
		out.Jobs[kind] = depth(d)
	}
	return answer(w, out)
}

// retry answers POST /console/operations/retry {"code"} with {again, left}: it runs documents that
// failed for that reason again, oldest first, as many as fit in one answer.
func (s *server) retry(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	var ask struct{ Code string }
	if err := asked(w, r, &ask); err != nil {
		return err
	}
	if ask.Code == "" {
		return fault.New(fault.Invalid, "bad_retry", "a retry names the code of the failure")
	}
	began := time.Now()
	var out struct {
		Again int `json:"again"`
		Left  int `json:"left"`
	}
	var failed []store.Document
	err := s.Store.View(r.Context(), actor, func(v store.View) error {
		var err error
		failed, _, err = v.Documents(store.DocumentQuery{States: []store.State{store.Failed}, Code: ask.Code, Oldest: true, Limit: listLimit})
		return err
	})
	if err != nil {
		return err
	}
	for _, d := range failed {
		if out.Again > 0 && time.Since(began) > retryTime {
			break
		}
		if err := s.Rerun(r.Context(), actor, d.ID); err != nil && !fault.Is(err, fault.Conflict) { // somebody else did it
			return err
		}
		out.Again++
	}
	err = s.Store.View(r.Context(), actor, func(v store.View) error {
		tallies, err := v.Tallies()
		for _, t := range tallies {
			if t.State == store.Failed && t.Code == ask.Code {
				out.Left += t.Count
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return answer(w, out)
}

// replay answers POST /console/operations/replay {"sink","document"} with {"again"}: the dead letters of a
// sink are sent again, or one document.
func (s *server) replay(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	var ask struct{ Sink, Document string }
	if err := asked(w, r, &ask); err != nil {
		return err
	}
	if s.Delivery == nil {
		return fault.New(fault.NotFound, "no_such_sink", "nothing is delivered there")
	}
	n, err := s.Delivery.Replay(r.Context(), actor, ask.Sink, ask.Document)
	if err != nil {
		return err
	}
	return answer(w, map[string]int{"again": n})
}

// asked reads a small JSON body.
func asked(w http.ResponseWriter, r *http.Request, into any) error {
	if err := isJSON(r); err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, retryBytesMax))
	if err != nil {
		return fault.New(fault.TooLarge, "action_too_large", "this may have %d bytes", retryBytesMax)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fault.New(fault.Invalid, "bad_body", "the body is not what is asked for here")
	}
	return nil
}
