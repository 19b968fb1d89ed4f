package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"chartlake/fault"
	"chartlake/fault/problem"
)

// policy lets the pages load what is embedded and talk to this server, and nothing else:
// no inline script or style, no frame around them, no form, no plug-in.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard sets the headers that every answer carries. Answers hold patient data, so nothing is
// kept by a cache unless a handler says so (the bundle's hashed files do).
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return answerJSON(w, body)
}

func answerJSON(w http.ResponseWriter, body []byte) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Write(body) // an error here means that the client left
	return nil
}

// fail writes an error as {code, message}. What is not a fault is told blandly.
func fail(w http.ResponseWriter, err error) {
	problem.Answer(w, err, "something went wrong inside Chartlake; nothing was changed")
}

// parameters checks that the query has only these names, each once; state may repeat.
func parameters(r *http.Request, names ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fault.New(fault.Invalid, "bad_query", "the query string is not well formed")
	}
	for name, values := range q {
		if !slices.Contains(names, name) {
			return nil, fault.New(fault.Invalid, "unknown_parameter", "unknown query parameter; known are %v", names)
		}
		if len(values) > 1 && name != "state" {
			return nil, fault.New(fault.Invalid, "repeated_parameter", "query parameter %s may be given once", name)
		}
	}
	return q, nil
}

// number reads a decimal within [low, high].
func number(s, what string, low, high int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		return 0, fault.New(fault.Invalid, "bad_"+what, "%s must be a number from %d to %d", what, low, high)
	}
	return n, nil
}
