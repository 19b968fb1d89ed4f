package audit

import (
	"context"
	"sync"
)

type requestKey struct{}
type viaKey struct{}

// Request is one request at the door of the process, from before it is known who asks until
// it is answered. Whoever answers can tell from it whether the store has written an event of
// this request, and whether one that says how it ended; if not, the door writes it.
type Request struct {
	mu     sync.Mutex
	actor  string
	code   string
	events int
	failed bool
}

// Begin puts a new request into a context.
func Begin(ctx context.Context) (context.Context, *Request) {
	r := &Request{}
	return context.WithValue(ctx, requestKey{}, r), r
}

// Of gives the request of a context; nil where there is none, which every method takes.
func Of(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

// Within says that what is done with the context is done through an operation: "$everything",
// "pages/3". The events say so.
func Within(ctx context.Context, operation string) context.Context {
	return context.WithValue(ctx, viaKey{}, operation)
}

// Via gives the operation of a context, or "".
func Via(ctx context.Context) string {
	s, _ := ctx.Value(viaKey{}).(string)
	return s
}

// Acts says who asks, once that is known.
func (r *Request) Acts(actor string) {
	if r != nil {
		r.mu.Lock()
		r.actor = actor
		r.mu.Unlock()
	}
}

// Fails notes the fault code that the request is answered with.
func (r *Request) Fails(code string) {
	if r != nil {
		r.mu.Lock()
		r.code = code
		r.mu.Unlock()
	}
}

// Written notes that an event of the request is in the trail.
func (r *Request) Written(e *Event) {
	if r != nil {
		r.mu.Lock()
		r.events++
		r.failed = r.failed || e.Outcome != Success
		r.mu.Unlock()
	}
}

// State is who asked, the code of the answer where it is a fault, how many events the request
// has in the trail, and whether one of them did not end well.
func (r *Request) State() (actor, code string, events int, failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.actor, r.code, r.events, r.failed
}
