package healthlake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"chartlake/fault"
	"chartlake/fhir"
)

// get asks whether a resource is there.
func (s *Sink) get(ctx context.Context, ref string) error {
	_, err := s.send(ctx, http.MethodGet, "/"+ref, nil)
	return err
}

// post sends a transaction and checks that the answer has a success for every entry.
func (s *Sink) post(ctx context.Context, body []byte, entries int) error {
	answer, err := s.send(ctx, http.MethodPost, "", body)
	if err != nil {
		return err
	}
	bundle, err := fhir.Parse(answer)
	if err != nil {
		return unexpected()
	}
	items := bundle.Get("entry").Items()
	if bundle.Str("type") != "transaction-response" || len(items) != entries {
		return unexpected()
	}
	for _, e := range items {
		if !strings.HasPrefix(e.Str("response", "status"), "2") {
			return unexpected()
		}
	}
	return nil
}

// unexpected is an answer that does not say that the transaction was done.
func unexpected() error {
	return fault.New(fault.Unavailable, "fhir_answer", "the FHIR server's answer does not say that the transaction was done")
}

// send sends a request until it is answered, up to Tries times.
func (s *Sink) send(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	return s.sendAs(ctx, method, path, "application/fhir+json", body)
}

func (s *Sink) sendAs(ctx context.Context, method, path, mediaType string, body []byte) ([]byte, error) {
	pause := s.Pause
	for n := 1; ; n++ {
		answer, wait, err := s.once(ctx, method, path, mediaType, body)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err == nil || !fault.Is(err, fault.Unavailable) || n == s.Tries {
			return answer, err
		}
		// Half of the pause is by chance, so that many that were refused do not come back at once.
		wait = min(max(wait, pause/2+rand.N(pause/2+1)), s.PauseMax)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		pause = min(2*pause, s.PauseMax)
	}
}

// once sends a request. wait is how long the server asks to wait.
func (s *Sink) once(ctx context.Context, method, path, mediaType string, body []byte) (answer []byte, wait time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, 0, fault.New(fault.Invalid, "fhir_url", "the FHIR server's address cannot be asked")
	}
	req.Header.Set("Accept", "application/fhir+json")
	if body != nil {
		req.Header.Set("Content-Type", mediaType)
	}
	if err := s.sign(ctx, req, body); err != nil {
		return nil, 0, err
	}
	resp, err := s.Client.Do(req)
	if err != nil {
		if f := fault.As(err); f != nil {
			return nil, 0, f
		}
		return nil, 0, fault.New(fault.Unavailable, "fhir_unreachable", "the FHIR server cannot be reached, or broke off")
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, answerMax+1))
	switch {
	case err != nil:
		return nil, 0, fault.New(fault.Unavailable, "fhir_unreachable", "the FHIR server broke off")
	case len(answer) > answerMax:
		return nil, 0, unexpected()
	}
	if sec, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && sec > 0 {
		wait = time.Duration(min(sec, 3600)) * time.Second
	}
	return answer, wait, refused(resp.StatusCode)
}

// sign signs a request for HealthLake, or gives it the token.
func (s *Sink) sign(ctx context.Context, req *http.Request, body []byte) error {
	if s.AWS == nil {
		if s.Token != "" {
			req.Header.Set("Authorization", "Bearer "+s.Token)
		}
		return nil
	}
	credentials, err := s.AWS.Credentials.Retrieve(ctx)
	if err != nil {
		if errors.Is(err, ctx.Err()) && ctx.Err() != nil {
			return ctx.Err()
		}
		return fault.New(fault.Unavailable, "aws_credentials", "there are no credentials for AWS now")
	}
	sum := sha256.Sum256(body)
	return s.signer.SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), "healthlake", s.AWS.Region, s.now())
}

// refused is the fault of a status; nil for a success.
func refused(status int) error {
	kind, code := fault.Unavailable, "fhir_status_"+strconv.Itoa(status)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		kind = fault.Forbidden
	case status == http.StatusNotFound:
		kind = fault.NotFound
	case status == http.StatusGone:
		kind = fault.Gone
	case status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		kind = fault.TooLarge // HealthLake says 422 of too many entries; one entry is refused by itself
	case status == http.StatusConflict, status == http.StatusPreconditionFailed, status == http.StatusTooManyRequests,
		status == http.StatusRequestTimeout, status >= 500:
		if status == http.StatusTooManyRequests {
			code = "fhir_throttled"
		}
	default:
		kind = fault.Invalid
	}
	return fault.New(kind, code, "the FHIR server answers with status %d", status)
}
