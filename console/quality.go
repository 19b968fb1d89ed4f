package console

import (
	"net/http"

	"chartlake/fault"
	"chartlake/review"
	"chartlake/store"
)

// sample answers GET /review/sample with {"sample"}: the next document of the blind sample with its
// questions, null where nobody is asked anything.
func (s *server) sample(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	next, err := s.Review.NextSample(r.Context(), actor)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"sample": next})
}

// judge answers POST /review/{id}/sample {"replies"} with {"judged"}.
func (s *server) judge(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	var ask struct{ Replies []review.Reply }
	if err := asked(w, r, &ask); err != nil {
		return err
	}
	judged, err := s.Review.Judge(r.Context(), actor, r.PathValue("id"), ask.Replies)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"judged": judged})
}

// quality answers GET /review/quality: what the blind sample says, with the bounds of the
// silent-error rate at 95 %.
func (s *server) quality(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	q, err := s.Review.Quality(r.Context(), actor)
	if err != nil {
		return err
	}
	low, high := q.Values.Bounds()
	return answer(w, struct {
		*review.Quality
		Low    float64 `json:"low"`
		High   float64 `json:"high"`
		Sample float64 `json:"sample"`
	}{q, low, high, s.Review.Policy.Sample})
}

// lessons answers GET /review/lessons: what corrections have taught.
func (s *server) lessons(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	all, err := s.Review.Lessons(r.Context(), actor)
	if err != nil {
		return err
	}
	if all == nil {
		all = []review.Learned{}
	}
	return answer(w, map[string]any{"lessons": all})
}

// unsay answers POST /review/lessons {"lesson","unsay"}: a lesson is taken back, or used again.
func (s *server) unsay(w http.ResponseWriter, r *http.Request, actor store.Actor) error {
	var ask struct {
		Lesson review.Lesson
		Unsay  bool
	}
	if err := asked(w, r, &ask); err != nil {
		return err
	}
	if ask.Lesson.Field == "" {
		return fault.New(fault.Invalid, "bad_lesson", "a lesson is one of those that are listed")
	}
	if err := s.Review.Unsay(r.Context(), actor, ask.Lesson, ask.Unsay); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
