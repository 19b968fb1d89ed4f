package audit

import (
	"context"
	"sync"
)

type requestKey struct{}
type viaKey struct{}

// Request is one request at the door of the process, from before it is known who asks until
// it is answered. Whoever answers it learns from it whether the trail has an event that says
// how it ended, which nobody but the door can write where the store was never reached: a
// caller who is not known, an address that is none. A nil Request takes every call.
type Request struct {
	mu     sync.Mutex
	id     string
	actor  string
	via    string
	code   string
	events int
	failed bool
}

// Begin puts a new request into a context; id joins the request log, the answer and the trail.
// A request within another one (an entry of a batch) is of the same actor.
func Begin(ctx context.Context, id string) (context.Context, *Request) {
	r := &Request{id: id}
	if outer := Of(ctx); outer != nil {
		outer.mu.Lock()
		r.actor = outer.actor
		if r.id == "" {
			r.id = outer.id
		}
		outer.mu.Unlock()
	}
	return context.WithValue(ctx, requestKey{}, r), r
}

// Of gives the request of a context; nil where there is none.
func Of(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

// Within says that what is done with the context is done through an operation: "$everything",
// "pages/3". The events say so, and an operation that needs nothing of the store has one, too.
func Within(ctx context.Context, operation string) context.Context {
	if r := Of(ctx); r != nil {
		r.mu.Lock()
		r.via = operation
		r.mu.Unlock()
	}
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

// Fails notes the error that the request is answered with.
func (r *Request) Fails(err error) {
	if r != nil && err != nil {
		_, code := OutcomeOf(err)
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

// Due gives the event that is still missing of a request that is answered now: a refusal or
// failure that no event tells of, or an operation that has none. of is the resource type or
// the route, code what is said of a failure of which nobody noted the error. nil: none is.
func (r *Request) Due(outcome Outcome, code, of string) *Event {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e := &Event{Actor: r.actor, RequestID: r.id, Via: r.via, Outcome: outcome}
	switch {
	case outcome != Success && !r.failed:
		e.Code, e.Steps = r.code, []Step{{Action: Refuse, Of: of}}
		if e.Code == "" {
			e.Code = code
		}
	case outcome == Success && r.events == 0 && r.via != "":
		e.Steps = []Step{{Action: Operate, Of: of}}
	default:
		return nil
	}
	return e
}
