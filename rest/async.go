package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"chartlake/bulk"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/smart"
	"chartlake/store"
)

// laterBody is the largest body of a request that is answered later: it waits in a row.
const laterBody = 8 << 20

// laterCall is a request that is answered later, as it waits.
type laterCall struct {
	Method string
	Path   string // below the base, with its query
	Header http.Header
	Body   []byte
	Caller *smart.Caller `json:",omitempty"`
}

// laterHeaders are what of a request decides about its answer.
var laterHeaders = []string{"Content-Type", "If-Match", "If-None-Match", "If-None-Exist", "If-Modified-Since", "Idempotency-Key"}

// deferred reports whether a request is one that may take long: searches, histories, operations
// and bundles, not what touches one resource, and not what is a job by itself.
func (s *server) deferred(c *call) bool {
	if !c.prefer.later || s.Bulk == nil || c.stream != nil || c.native {
		return false
	}
	last := ""
	if n := len(c.parts); n > 0 {
		last = c.parts[n-1]
	}
	if last == "$export" || last == "$import" || last == "metadata" || len(c.parts) > 0 && c.parts[0] == jobs {
		return false
	}
	switch c.method {
	case http.MethodGet:
		return len(c.parts) < 2 || len(c.parts) == 3 && c.parts[1] != "_history" || last == "_history" || strings.HasPrefix(last, "$")
	case http.MethodPost:
		return len(c.parts) == 0 || last == "_search" || strings.HasPrefix(last, "$")
	}
	return false
}

// later takes a request in whose answer is fetched later
// (http://hl7.org/fhir/R4/async.html). Who may do what is asked again when it is answered.
func (s *server) later(c *call) (*reply, error) {
	actor, err := s.Actor(c.http, smart.Read, c.resourceType())
	if err != nil {
		return nil, err
	}
	if len(c.body) > laterBody {
		return nil, fault.New(fault.TooLarge, "body_too_large", "a request that is answered later has a body of at most %d bytes", laterBody)
	}
	wait := laterCall{Method: c.method, Path: strings.TrimPrefix(c.http.URL.RequestURI(), s.prefix), Header: http.Header{}, Body: c.body}
	for _, name := range laterHeaders {
		if v := c.http.Header.Values(name); len(v) > 0 {
			wait.Header[name] = v
		}
	}
	switch {
	case c.prefer.lenient:
		wait.Header.Set("Prefer", "handling=lenient")
	case c.prefer.strict:
		wait.Header.Set("Prefer", "handling=strict")
	}
	if caller, ok := smart.From(c.ctx); ok {
		wait.Caller = &caller
	}
	saved, err := json.Marshal(wait)
	if err != nil {
		return nil, err
	}
	id, err := s.Bulk.Later(c.ctx, actor, bulk.AnswerAsk{URL: s.address(c), Token: bearing(c), Call: saved})
	if err != nil {
		return nil, err
	}
	return begun(id), nil
}

// answer does a request that waited, as its caller. A refusal is the answer; what may be better the
// next time is an error.
func (s *server) answer(ctx context.Context, task *store.Task) (*fhir.Node, error) {
	ask, err := bulk.Asked(task)
	if err != nil {
		return nil, err
	}
	var wait laterCall
	if err := json.Unmarshal(ask.Call, &wait); err != nil {
		return nil, fault.New(fault.Corrupt, "task_damaged", "the row of a task cannot be read")
	}
	if wait.Caller != nil {
		ctx = smart.With(ctx, *wait.Caller)
	}
	r, err := http.NewRequestWithContext(ctx, wait.Method, s.prefix+wait.Path, bytes.NewReader(wait.Body))
	if err != nil {
		return nil, fault.New(fault.Corrupt, "task_damaged", "the row of a task cannot be read")
	}
	r.Header = wait.Header
	if wait.Method == http.MethodPost && wait.Header.Get("Idempotency-Key") == "" && !slices.Contains(strings.Split(wait.Path, "/"), "_search") {
		r.Header.Set("Idempotency-Key", "later-"+task.ID) // a job may be begun twice, its writes are done once
	}
	done, err := s.answered(r)
	if err == nil {
		return done, ctx.Err()
	}
	switch fault.KindOf(err) {
	case fault.Internal, fault.Unavailable, fault.Full, fault.Corrupt:
		return nil, err
	}
	return outcome(err), nil
}

func (s *server) answered(r *http.Request) (*fhir.Node, error) {
	c, err := s.call(r, &writer{encoders: s.encoders})
	if err != nil {
		return nil, err
	}
	c.prefer.later = false
	reply, err := s.do(c)
	if err != nil {
		return nil, err
	}
	if reply.content.n == nil {
		return success(), nil
	}
	return reply.content.node(), nil
}
