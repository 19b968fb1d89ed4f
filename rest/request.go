package rest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
)

// conditions are the headers that make an interaction conditional.
type conditions struct {
	match         string // If-Match
	noneMatch     string // If-None-Match
	noneExist     string // If-None-Exist: criteria
	modifiedSince time.Time
}

// preference is the Prefer header.
type preference struct {
	lenient bool   // handling
	strict  bool   // handling, said in so many words
	later   bool   // respond-async
	back    string // minimal, representation, OperationOutcome; "" unstated
}

// call reads a request. How to answer goes into out first, so that errors use it too.
func (s *server) call(r *http.Request, out *writer) (*call, error) {
	c := &call{ctx: r.Context(), http: r, method: r.Method}
	var err error
	if c.query, err = search.Pairs(r.URL.RawQuery); err != nil {
		return nil, err
	}
	if c.parts, err = s.split(r.URL.EscapedPath()); err != nil {
		return nil, err
	}
	if c.ofRows() {
		c.native = true // its own formats; errors are FHIR
		out.media = fhirJSON
	} else if c.native, err = out.negotiate(r, c.query); err != nil {
		return nil, err
	}
	if c.native && !c.ofRows() && !(len(c.parts) > 0 && (c.parts[0] == "Binary" || c.parts[0] == jobs)) {
		return nil, notAcceptable()
	}
	c.prefer = readPrefer(r.Header.Values("Prefer"))
	c.when = conditions{match: r.Header.Get("If-Match"), noneMatch: r.Header.Get("If-None-Match"), noneExist: r.Header.Get("If-None-Exist")}
	if since := r.Header.Get("If-Modified-Since"); since != "" {
		if t, err := http.ParseTime(since); err == nil {
			c.when.modifiedSince = t
		}
	}
	if keys := r.Header.Values("Idempotency-Key"); len(keys) > 0 {
		if c.once, err = readOnce(strings.Join(keys, ",")); err != nil {
			return nil, err
		}
	}
	if n := len(c.parts); r.Method == http.MethodPost && n > 0 && c.parts[n-1] == "$import" && uploads(r.Header.Get("Content-Type")) {
		c.media = r.Header.Get("Content-Type")
		c.stream, err = decoded(r.Header.Get("Content-Encoding"), r.Body)
		return c, err
	}
	if r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch {
		if err := s.readBody(c, r); err != nil {
			s.room.leave(&c.stay)
			return nil, err
		}
	}
	return c, nil
}

// split gives the parts of a path below the base.
func (s *server) split(path string) ([]string, error) {
	rest, ok := strings.CutPrefix(path, s.prefix)
	if !ok || rest != "" && rest[0] != '/' {
		return nil, fault.New(fault.NotFound, "unknown_address", "there is nothing at this address")
	}
	return splitPath(rest)
}

func splitPath(path string) ([]string, error) {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil, nil
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		plain, err := url.PathUnescape(p)
		if err != nil || plain == "" {
			return nil, fault.New(fault.NotFound, "unknown_address", "there is nothing at this address")
		}
		parts[i] = plain
	}
	return parts, nil
}

func readPrefer(values []string) preference {
	var p preference
	for _, v := range values {
		for _, item := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' }) {
			name, value, _ := strings.Cut(strings.TrimSpace(item), "=")
			value = strings.Trim(strings.TrimSpace(value), `"`)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "handling":
				p.lenient, p.strict = value == "lenient", value == "strict"
			case "return":
				p.back = value
			case "respond-async":
				p.later = true
			}
		}
	}
	return p
}

// readBody reads a body within the limit, which holds before and after it is unpacked. A form
// adds its parameters to the query.
func (s *server) readBody(c *call, r *http.Request) error {
	limit := s.MaxBody
	large := fault.New(fault.TooLarge, "body_too_large", "the body is larger than %d bytes", limit)
	var tooLarge *http.MaxBytesError
	body, err := decoded(r.Header.Get("Content-Encoding"), http.MaxBytesReader(nil, r.Body, limit))
	if err != nil {
		return err
	}
	defer body.Close()
	data, err := s.room.read(io.LimitReader(body, limit+1), &c.stay)
	switch {
	case fault.As(err) != nil:
		return err
	case errors.As(err, &tooLarge), int64(len(data)) > limit, errors.Is(err, zstd.ErrWindowSizeExceeded):
		return large
	case err != nil:
		return fault.New(fault.Invalid, "body_unreadable", "the body could not be read to its end")
	}
	c.body, c.media = data, r.Header.Get("Content-Type")
	if last := len(c.parts) - 1; last < 0 || c.parts[last] != "_search" {
		return nil
	}
	if media, _, _ := mime.ParseMediaType(c.media); media != "application/x-www-form-urlencoded" && len(data) > 0 {
		return fault.New(fault.Unsupported, "media_type_unsupported", "a search is posted as application/x-www-form-urlencoded")
	}
	form, err := search.Pairs(string(data))
	c.query, c.form = append(c.query, form...), true
	return err
}

// resource parses the body as a FHIR resource in JSON.
func (c *call) resource() (*fhir.Node, error) {
	if !isJSON(c.media) {
		return nil, fault.New(fault.Unsupported, "media_type_unsupported", "the body is not application/fhir+json")
	}
	return fhir.Parse(c.body)
}

// toWrite is resource for what is written: the tree has the bytes, so the body is let go, but
// where it tells the request from others.
func (c *call) toWrite() (*fhir.Node, error) {
	n, err := c.resource()
	if c.once == "" {
		c.body = nil
	}
	return n, err
}

func isJSON(media string) bool {
	if media == "" {
		return true
	}
	name, params, err := mime.ParseMediaType(media)
	if charset := params["charset"]; err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return false
	}
	switch name {
	case "application/fhir+json", "application/json", "application/json+fhir", "text/json":
		return r4(params["fhirVersion"]) && r4(params["fhirversion"])
	}
	return false
}

// r4 reports whether a fhirVersion parameter is R4 or missing.
func r4(version string) bool { return version == "" || version == "4.0" || version == "4.0.1" }

// ifMatch gives the version that must be current, 0 for any.
func (c *call) ifMatch() (int, error) { return store.ParseETag(c.when.match) }

// unmodified reports whether the client has this version already.
func (w conditions) unmodified(v *store.Version) bool {
	if w.noneMatch != "" {
		for _, tag := range strings.Split(w.noneMatch, ",") {
			tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
			if tag == "*" || tag == strings.TrimPrefix(etag(v), "W/") {
				return true
			}
		}
		return false
	}
	return !w.modifiedSince.IsZero() && !v.At.Truncate(time.Second).After(w.modifiedSince)
}
