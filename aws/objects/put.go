package objects

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"chartlake/fault"
	"chartlake/intake"
	"chartlake/internal/phi"
	"chartlake/smart"
	"chartlake/store"
)

// put is PutObject.
func put(s *Service, w http.ResponseWriter, r *http.Request, at name, _ url.Values) error {
	actor, err := s.Actor(r, smart.Upload)
	if err != nil {
		return err
	}
	offer, err := s.offer(r, actor, at)
	if err != nil {
		return err
	}
	if r.ContentLength > s.Door.BytesMax {
		return fault.New(fault.TooLarge, "too_large", "the object has more than %d bytes", s.Door.BytesMax)
	}
	receipt, err := s.take(r.Context(), actor, &slow{r.Body, http.NewResponseController(w), time.Time{}}, offer, at)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", tag(receipt.ID))
	w.WriteHeader(http.StatusOK)
	return nil
}

// offer is what comes with an object: its name, and what the sender states in metadata
// (x-amz-meta-type, -patient, -password), as POST /documents takes it.
func (s *Service) offer(r *http.Request, actor store.Actor, at name) (intake.Offer, error) {
	if m := r.Header.Get("If-None-Match"); m != "" {
		if m != "*" {
			return intake.Offer{}, notImplemented()
		}
		if _, there, err := s.names.find(r.Context(), actor, at); err != nil || there {
			if err == nil {
				err = fault.New(fault.Precondition, "exists", "there is an object of this name")
			}
			return intake.Offer{}, err
		}
	}
	if r.Header.Get("If-Match") != "" {
		return intake.Offer{}, notImplemented()
	}
	return intake.Offer{Source: "s3", Name: phi.Text(at.String()), Type: r.Header.Get("X-Amz-Meta-Type"),
		Patient: r.Header.Get("X-Amz-Meta-Patient"), Password: phi.Text(r.Header.Get("X-Amz-Meta-Password"))}, nil
}

// take takes bytes in. Once it returns they are durable.
func (s *Service) take(ctx context.Context, actor store.Actor, body io.Reader, offer intake.Offer, at name) (intake.Receipt, error) {
	counted := &counter{r: body}
	receipt, err := s.Door.Accept(ctx, actor, counted, offer)
	if err == nil {
		s.names.add(at, entry{receipt.ID, counted.n, time.Now().UTC()})
	}
	return receipt, err
}

// tag is the ETag of a document: not shaped like an MD5, so that no client takes it for one.
func tag(id string) string { return `"` + id + `"` }

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// idleMax is how long a sender may be silent.
const idleMax = 60 * time.Second

// slow waits for each piece of a body, but not for ever.
type slow struct {
	r       io.Reader
	control *http.ResponseController
	next    time.Time
}

func (s *slow) Read(b []byte) (int, error) {
	if now := time.Now(); now.After(s.next) {
		_ = s.control.SetReadDeadline(now.Add(idleMax)) // a recorder in a test has none
		s.next = now.Add(idleMax / 10)
	}
	return s.r.Read(b)
}
