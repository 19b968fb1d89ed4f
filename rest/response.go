package rest

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
)

const fhirJSON = "application/fhir+json"

// writer writes one answer.
type writer struct {
	w http.ResponseWriter
	r *http.Request
	*encoders
	media   string // application/fhir+json unless the client asked for application/json
	pretty  bool
	started bool
}

func notAcceptable() error {
	return fault.New(fault.Unsupported, "not_acceptable", "answers are application/fhir+json")
}

// negotiate decides by _format, else by Accept, how to answer. native says that the client
// accepts something, but no FHIR JSON.
func (o *writer) negotiate(r *http.Request, query []search.Pair) (isNative bool, err error) {
	o.media = fhirJSON
	format := ""
	for _, p := range query {
		switch p.Name {
		case "_format":
			format = p.Value
		case "_pretty":
			o.pretty = p.Value == "true"
		}
	}
	if format != "" {
		switch media, params, _ := mime.ParseMediaType(strings.ReplaceAll(format, " ", "+")); {
		case format == "json":
		case isJSON(media) && r4(params["fhirversion"]):
			o.media = answerType(media)
		default:
			return false, notAcceptable()
		}
		return false, nil
	}
	return o.accept(strings.Join(r.Header.Values("Accept"), ","))
}

func answerType(media string) string {
	if media == "application/json" || media == "text/json" {
		return "application/json"
	}
	return fhirJSON
}

// accept reads an Accept header: the JSON type with the greatest weight, native where none
// of the types is JSON.
func (o *writer) accept(header string) (isNative bool, err error) {
	switch strings.TrimSpace(header) {
	case "", fhirJSON, "*/*": // what nearly all clients send
		return false, nil
	}
	best, found := 0.0, false
	for _, item := range strings.Split(header, ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(item))
		if err != nil {
			continue
		}
		q := 1.0
		if text, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				q = 0
			}
		}
		if q <= best || !r4(params["fhirversion"]) {
			continue
		}
		switch {
		case media == "*/*" || media == "application/*":
			best, found = q, true
			o.media = fhirJSON
		case isJSON(media):
			best, found = q, true
			o.media = answerType(media)
		}
	}
	return !found, nil
}

// fail writes an error as an OperationOutcome.
func (o *writer) fail(err error) {
	if o.started {
		return
	}
	audit.Of(o.r.Context()).Fails(err)
	if f := fault.As(err); f != nil {
		if f.Code == "audit_read_only" {
			o.w.Header().Set("Allow", "GET")
		}
		if f.Code == "method_not_allowed" {
			o.w.Header().Set("Allow", strings.TrimPrefix(f.Message, "this address takes "))
		}
		if f.RetryAfter > 0 {
			o.w.Header().Set("Retry-After", strconv.Itoa(max(1, int(f.RetryAfter.Seconds()))))
		}
		if f.Kind == fault.Unauthenticated {
			o.w.Header().Set("WWW-Authenticate", "Bearer")
		}
	}
	o.body(statusOf(err), outcome(err))
}

// statusOf is fault's status, but for what only HTTP has a status for.
func statusOf(err error) int {
	if f := fault.As(err); f != nil {
		switch f.Code {
		case "method_not_allowed", "audit_read_only":
			return http.StatusMethodNotAllowed
		case "patch_target", "patch_test", "patch_identity":
			return http.StatusUnprocessableEntity
		case "not_acceptable":
			return http.StatusNotAcceptable
		}
	}
	return fault.Status(err)
}

// reply writes the result of an interaction.
func (o *writer) reply(c *call, r *reply, base string) {
	h := o.w.Header()
	if r.version != nil {
		h.Set("ETag", etag(r.version))
		h.Set("Last-Modified", r.version.At.UTC().Format(http.TimeFormat))
	}
	if r.location != "" {
		h.Set("Location", base+"/"+r.location)
	}
	if r.progress != "" {
		h.Set("Content-Location", base+"/"+r.progress)
	}
	if r.raw != nil {
		o.started = true
		r.raw.serve(o.w, c.http)
		return
	}
	if r.status == http.StatusNotModified || r.status == http.StatusNoContent {
		o.w.WriteHeader(r.status)
		return
	}
	body := r.content.node()
	if r.written {
		switch c.prefer.back {
		case "minimal":
			o.w.WriteHeader(r.status)
			return
		case "OperationOutcome":
			body = success()
		}
	}
	o.body(r.status, body)
}

func (o *writer) body(status int, n *fhir.Node) {
	o.started = true
	media := o.media
	if media == "" {
		media = fhirJSON
	}
	room := o.encoders.text.Get().(*[]byte)
	data := (*room)[:0]
	if o.pretty {
		data = append(n.AppendIndent(data, "  "), '\n')
	} else {
		data = n.AppendJSON(data)
	}
	if *room = data; cap(data) <= textKept {
		defer o.encoders.text.Put(room)
	}
	h := o.w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Add("Vary", "Accept, Accept-Encoding")
	data, encoding := o.encoders.encode(strings.Join(o.r.Header.Values("Accept-Encoding"), ","), data)
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	o.w.WriteHeader(status)
	if o.r.Method != http.MethodHead {
		_, _ = o.w.Write(data) // nothing can be done for a client that is gone
	}
}

// content is what an answer holds: a resource that is whole, or made to be shown.
type content struct{ n *fhir.Node }

func (c content) node() *fhir.Node { return c.n }

func etag(v *store.Version) string { return `W/"` + strconv.Itoa(v.Version) + `"` }

func versionURL(v *store.Version) string {
	return v.Key.String() + "/_history/" + strconv.Itoa(v.Version)
}
