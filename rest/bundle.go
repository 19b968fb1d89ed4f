package rest

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/validate"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

// bundle is POST to the base: a transaction or a batch.
func (s *server) bundle(c *call) (*reply, error) {
	b, err := c.toWrite()
	if err != nil {
		return nil, err
	}
	if b.Type() != "Bundle" {
		return nil, fault.New(fault.Invalid, "not_a_bundle", "a Bundle is expected here")
	}
	if n := len(b.Get("entry").Items()); n > s.MaxEntries {
		return nil, fault.New(fault.TooLarge, "too_many_entries", "the Bundle has %d entries, %d are allowed", n, s.MaxEntries)
	}
	switch b.Str("type") {
	case "transaction":
		return s.transaction(c, b)
	case "batch":
		return s.batch(c, b)
	}
	return nil, fault.New(fault.Invalid, "bundle_type", "a Bundle of type transaction or batch is expected here").At("Bundle.type")
}

// transaction does all writing entries or none, then the reading ones.
func (s *server) transaction(c *call, b *fhir.Node) (*reply, error) {
	actor, err := s.mayWrite(c, b)
	if err != nil {
		return nil, err
	}
	if err := validate.Error(validate.Validator{Unresolved: true}.Resource(b)); err != nil {
		return nil, err
	}
	commands, at, err := store.Commands(b, s.options(c))
	if err != nil {
		return nil, err
	}
	var results []store.Result
	if len(commands) > 0 {
		if results, err = s.transact(c, actor, commands); err != nil {
			return nil, relocate(err, at)
		}
	}
	entries := make([]*fhir.Node, len(b.Get("entry").Items()))
	for i, r := range results {
		entries[at[i]] = s.resultEntry(c, r)
	}
	for i, e := range b.Get("entry").Items() {
		if entries[i] == nil {
			entries[i] = s.entry(c, e)
		}
	}
	return &reply{status: http.StatusOK, content: content{s.newBundle("transaction-response", nil, nil, entries)}}, nil
}

// mayWrite asks for every type that the entries write, and for the system itself.
func (s *server) mayWrite(c *call, b *fhir.Node) (store.Actor, error) {
	asked := map[string]bool{}
	var actor store.Actor
	for i, e := range b.Get("entry").Items() {
		if store.Reads(e) {
			continue
		}
		target := strings.TrimPrefix(e.Str("request", "url"), s.Base+"/")
		typ := strings.TrimPrefix(target, "/")
		if j := strings.IndexAny(typ, "/?"); j >= 0 {
			typ = typ[:j]
		}
		if !search.R4().Knows(typ) {
			continue // what is no type is refused as an entry
		}
		var err error
		if e.Str("request", "method") == http.MethodPatch {
			_, err = s.Actor(c.http, smart.Read, typ)
		}
		if err == nil && !asked[typ] {
			actor, err = s.Actor(c.http, smart.Write, typ)
		}
		asked[typ] = true
		if err != nil {
			if f := fault.As(err); f != nil {
				return actor, f.At(fmt.Sprintf("Bundle.entry[%d]", i))
			}
			return actor, err
		}
	}
	if len(asked) > 0 {
		return actor, nil
	}
	return s.Actor(c.http, smart.Read, "")
}

var entryIndex = regexp.MustCompile(`^Bundle\.entry\[(\d+)\]`)

// relocate turns the number of a command in a fault's path into the number of its entry.
func relocate(err error, at []int) error {
	f := fault.As(err)
	if f == nil {
		return err
	}
	m := entryIndex.FindStringSubmatch(f.Path)
	if m == nil {
		return err
	}
	n, convErr := strconv.Atoi(m[1])
	if convErr != nil || n >= len(at) {
		return err
	}
	return f.At(fmt.Sprintf("Bundle.entry[%d]", at[n]) + strings.TrimPrefix(f.Path, m[0]))
}

// resultEntry shows what a command of a transaction did.
func (s *server) resultEntry(c *call, r store.Result) *fhir.Node {
	status := "200 OK"
	switch r.Op {
	case store.OpCreate:
		status = "201 Created"
	case store.OpDelete:
		status = "204 No Content"
	}
	if r.Version == nil {
		return fhir.NewObject("response", fhir.NewObject("status", "204 No Content"))
	}
	response := fhir.NewObject("status", status, "etag", etag(r.Version), "lastModified", instant(r.Version.At))
	var resource *fhir.Node
	if r.Op != store.OpDelete {
		response = fhir.NewObject("status", status, "location", s.Base+"/"+versionURL(r.Version), "etag", etag(r.Version), "lastModified", instant(r.Version.At))
		switch c.prefer.back {
		case "representation":
			resource = r.Version.Resource
		case "OperationOutcome":
			response.Set("outcome", success())
		}
	}
	return fhir.NewObject("fullUrl", s.Base+"/"+r.Version.Key.String(), "resource", resource, "response", response)
}

// batch does every entry by itself; one that fails says so and hinders no other.
func (s *server) batch(c *call, b *fhir.Node) (*reply, error) {
	if _, err := s.Actor(c.http, smart.Read, ""); err != nil {
		return nil, err
	}
	if err := c.noOnce(); err != nil {
		return nil, err
	}
	var entries []*fhir.Node
	for _, e := range b.Get("entry").Items() {
		if err := c.ctx.Err(); err != nil {
			return nil, fault.New(fault.Unavailable, "cancelled", "the request ended before the batch did")
		}
		entries = append(entries, s.entry(c, e))
	}
	return &reply{status: http.StatusOK, content: content{s.newBundle("batch-response", nil, nil, entries)}}, nil
}

// entry does one entry as if it were a request of its own.
func (s *server) entry(c *call, e *fhir.Node) *fhir.Node {
	ctx, asked := audit.Begin(c.ctx, "")
	inner, err := s.entryCall(c, e)
	var r *reply
	if err == nil {
		inner.ctx = ctx
		r, err = s.route(inner)
	}
	s.account(c, ctx, asked, err)
	if err != nil {
		return fhir.NewObject("response", fhir.NewObject("status", statusText(statusOf(err)), "outcome", outcome(err)))
	}
	response := fhir.NewObject("status", statusText(r.status))
	if r.location != "" {
		response.Set("location", fhir.NewString(s.Base+"/"+r.location))
	}
	if r.version != nil {
		response.Set("etag", fhir.NewString(etag(r.version)))
		response.Set("lastModified", fhir.NewString(instant(r.version.At)))
	}
	resource := r.content.node()
	if r.written && c.prefer.back != "representation" {
		resource = nil
	}
	return fhir.NewObject("resource", resource, "response", response)
}

// account notes of an entry what the store does not know of; of a request of its own the door does.
func (s *server) account(c *call, ctx context.Context, asked *audit.Request, err error) {
	if audit.Of(c.ctx) == nil {
		return
	}
	outcome, code := audit.OutcomeOf(err)
	if e := asked.Due(outcome, code, "/fhir"); e != nil {
		// A refusal stands whether or not it could be noted; the store refuses the rest then.
		_ = s.Store.Trail().Note(ctx, store.Actor{ID: e.Actor, RequestID: e.RequestID}, *e)
	}
}

func statusText(status int) string { return strconv.Itoa(status) + " " + http.StatusText(status) }

// entryCall makes a call of an entry's request.
func (s *server) entryCall(c *call, e *fhir.Node) (*call, error) {
	request := e.Get("request")
	if request.Str("method") == "" {
		return nil, fault.New(fault.Invalid, "no_request", "the entry has no request")
	}
	path, raw, _ := strings.Cut(strings.TrimPrefix(request.Str("url"), s.Base), "?")
	parts, err := splitPath(path)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 && request.Str("method") == "POST" {
		return nil, fault.New(fault.Invalid, "nested_bundle", "a batch holds no other")
	}
	pairs, err := search.Pairs(raw)
	if err != nil {
		return nil, err
	}
	inner := &call{inner: true, ctx: c.ctx, http: c.http, method: request.Str("method"), parts: parts, query: pairs, prefer: c.prefer,
		when: conditions{match: request.Str("ifMatch"), noneMatch: request.Str("ifNoneMatch"), noneExist: request.Str("ifNoneExist")}}
	if t, ok := moment(request.Str("ifModifiedSince")); ok {
		inner.when.modifiedSince = t
	}
	if resource := e.Get("resource"); resource != nil && inner.method == http.MethodPatch {
		inner.body, inner.media, err = patchBody(resource)
	} else if resource != nil {
		inner.body, inner.media = resource.AppendJSON(nil), fhirJSON
	}
	return inner, err
}
