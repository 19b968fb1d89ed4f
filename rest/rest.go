// Package rest is the FHIR R4 REST API (http://hl7.org/fhir/R4/http.html) over a store: read,
// vread, create, update, patch, delete, history, search, compartments, transaction, batch and the
// operations of operation.go, in JSON, plain or as gzip or zstd. What it does not do (XML, other
// operations) it refuses and does not declare: the CapabilityStatement is made from what the
// search and the routes below really know.
//
// Every write passes package validate. Unknown search parameters are refused with 400 unless
// the client asks for `Prefer: handling=lenient`. Every error is an OperationOutcome made
// from a fault; errors that are no fault become a bland 500. Nothing here logs, and no error
// text holds patient data or query values.
//
// A write or transaction with an Idempotency-Key is done once. The parameters of a search that
// came in a body are sealed in the address of its next page.
//
// Every request asks Config.Actor, once per resource type that it touches, whether the
// caller may; what an actor confined to some patients sees is the store's decision.
package rest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"chartlake/bulk"
	"chartlake/fault"
	"chartlake/fhir/validate"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// Config is what the API needs. Store, Base and Actor are required.
type Config struct {
	Store store.Store
	// Base is the URL that the API is reached under, without a slash at its end; its path is
	// what requests are routed by ("http://127.0.0.1:8080/fhir": /fhir/Patient/1).
	Base string
	// Version is the program's version, for the CapabilityStatement.
	Version string
	// Actor says who acts, or by a fault why they may not do this with resources of this
	// type ("" for the whole system).
	Actor func(r *http.Request, action smart.Action, resourceType string) (store.Actor, error)
	// Original opens the bytes of a Binary whose resource has no data of its own, by its id.
	// NotFound where there are none; nil: no Binary has any.
	Original func(ctx context.Context, id string) (Bytes, error)
	// MaxBody is the largest request body in bytes; 0: DefaultMaxBody.
	MaxBody int64
	// MaxEntries is how many entries a Bundle may have; 0: DefaultMaxEntries.
	MaxEntries int
	// Library is what $validate knows of profiles, value sets and code systems; nil: R4's own.
	Library *validate.Library
	// Bulk takes exports, imports and requests that are answered later; nil: there are none.
	Bulk *bulk.Desk
	Now  func() time.Time // nil: the clock
}

const (
	// DefaultMaxBody lets every Synthea bundle through (the largest has 6 MB in 1,244 entries).
	DefaultMaxBody = 64 << 20
	// DefaultMaxEntries is below the store's limit of one transaction.
	DefaultMaxEntries = 10_000
)

// Bytes is an original that can be read in parts.
type Bytes interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

type server struct {
	Config
	prefix   string // path of Base
	started  time.Time
	declared atomic.Pointer[declared]
	room     *room
	*encoders
}

// New gives the handler of everything under the path of Base.
func New(config Config) http.Handler {
	if config.MaxBody == 0 {
		config.MaxBody = DefaultMaxBody
	}
	if config.MaxEntries == 0 {
		config.MaxEntries = DefaultMaxEntries
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	config.Base = strings.TrimSuffix(config.Base, "/")
	s := &server{Config: config, started: config.Now(), encoders: newEncoders(), room: newRoom()}
	if u, err := url.Parse(config.Base); err == nil {
		s.prefix = u.EscapedPath()
	}
	if config.Bulk != nil {
		config.Bulk.Answers(s.answer)
	}
	return s
}

// ServeHTTP answers one request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	out := writer{w: w, r: r, encoders: s.encoders}
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			out.fail(fault.New(fault.Internal, "internal", "the server failed"))
		}
	}()
	c, err := s.call(r, &out)
	if err != nil {
		out.fail(err)
		return
	}
	reply, err := s.do(c)
	if err != nil {
		out.fail(err)
		return
	}
	if reply.serve != nil {
		out.started = true
		reply.serve(w, r)
		return
	}
	out.reply(c, reply, s.Base)
}

// do does what a request asks for, within the room for large bodies; what it is answered with is
// written outside, where a client may be slow.
func (s *server) do(c *call) (*reply, error) {
	defer s.room.leave(&c.stay)
	if err := s.room.enter(c.ctx, len(c.body), &c.stay); err != nil {
		return nil, err
	}
	if s.deferred(c) {
		return s.later(c)
	}
	return s.route(c)
}

// call is one interaction, from HTTP or from an entry of a Bundle.
type call struct {
	ctx    context.Context
	http   *http.Request
	method string
	parts  []string // of the path below the base
	query  []search.Pair
	form   bool          // the query came in a body: POST _search
	body   []byte        // of POST, PUT and PATCH
	stay   stay          // the room that the body takes
	stream io.ReadCloser // instead of body: resources to import
	media  string        // media type of the body
	when   conditions
	once   string // Idempotency-Key
	prefer preference
	native bool // the client asks for something else than FHIR (Binary)
	inner  bool // an entry of a Bundle: the answer is always a resource
}

// reply is the result of an interaction. Which fields are set depends on it; render shows.
type reply struct {
	status   int
	content  content
	version  *store.Version // for ETag, Last-Modified
	location string         // relative: Type/id/_history/n
	progress string         // relative: where the state of what was begun is shown
	written  bool           // the answer to a write: Prefer: return decides on the body
	raw      *native
	serve    func(http.ResponseWriter, *http.Request) // instead of all else: what is no resource
}

func (s *server) options(c *call) search.Options {
	return search.Options{Base: s.Base, Now: s.Now(), Lenient: c.prefer.lenient, Strict: c.prefer.strict, Catalogue: s.Store.Catalogue()}
}

func methodError(allow string) error {
	return fault.New(fault.Unsupported, "method_not_allowed", "this address takes %s", allow)
}

// route finds the interaction of a path and method.
func (s *server) route(c *call) (*reply, error) {
	get := c.method == http.MethodGet || c.method == http.MethodHead
	p := c.parts
	switch {
	case len(p) == 0:
		return s.system(c, get)
	case len(p) == 1 && p[0] == "metadata":
		return only(get, "GET", c, s.capabilities)
	case len(p) == 1 && p[0] == "_history":
		return only(get, "GET", c, s.history)
	case len(p) == 1 && p[0] == "_search":
		return only(c.method == http.MethodPost, "POST", c, s.search)
	case p[0] == jobs:
		return s.job(c)
	case strings.HasPrefix(p[len(p)-1], "$"):
		return s.operation(c)
	case p[0] == auditResource, len(p) > 2 && p[0] == "Patient" && p[2] == auditResource:
		return s.trail(c)
	}
	if !search.R4().Knows(p[0]) {
		return nil, fault.New(fault.NotFound, "unknown_type", "there is no resource type of this name in R4")
	}
	switch {
	case len(p) == 1:
		return s.ofType(c, get)
	case len(p) == 2 && p[1] == "_search":
		return only(c.method == http.MethodPost, "POST", c, s.search)
	case len(p) == 2 && p[1] == "_history", len(p) == 3 && p[2] == "_history":
		return only(get, "GET", c, s.history)
	case len(p) == 4 && p[2] == "_history":
		return only(get, "GET", c, s.vread)
	case len(p) == 2:
		return s.instance(c, get)
	case len(p) == 3:
		return only(get, "GET", c, s.compartment)
	case len(p) == 4 && p[3] == "_search":
		return only(c.method == http.MethodPost, "POST", c, s.compartment)
	}
	return nil, fault.New(fault.NotFound, "unknown_address", "there is nothing at this address")
}

func only(ok bool, allow string, c *call, f func(*call) (*reply, error)) (*reply, error) {
	if !ok {
		return nil, methodError(allow)
	}
	return f(c)
}

func (s *server) system(c *call, get bool) (*reply, error) {
	switch {
	case get:
		return s.search(c)
	case c.method == http.MethodPost:
		return s.bundle(c)
	}
	return nil, methodError("GET, POST")
}

func (s *server) ofType(c *call, get bool) (*reply, error) {
	switch {
	case get:
		return s.search(c)
	case c.method == http.MethodPost:
		return s.create(c)
	case c.method == http.MethodPut:
		return s.update(c)
	case c.method == http.MethodDelete:
		return s.delete(c)
	case c.method == http.MethodPatch:
		return s.patch(c)
	}
	return nil, methodError("GET, POST, PUT, PATCH, DELETE")
}

func (s *server) instance(c *call, get bool) (*reply, error) {
	switch {
	case get:
		return s.read(c)
	case c.method == http.MethodPut:
		return s.update(c)
	case c.method == http.MethodDelete:
		return s.delete(c)
	case c.method == http.MethodPatch:
		return s.patch(c)
	}
	return nil, methodError("GET, PUT, PATCH, DELETE")
}

func (c *call) key() store.Key { return store.Key{Type: c.parts[0], ID: c.parts[1]} }

// resourceType is the type of the path, "" for the whole system.
func (c *call) resourceType() string {
	if len(c.parts) > 0 && search.R4().Knows(c.parts[0]) {
		return c.parts[0]
	}
	return ""
}
