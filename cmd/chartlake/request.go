package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type requestKey struct{}

// requestID is the id that joins the log line, the audit row and the answer's header.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// plainID is an id of a client that may be taken over: nothing that could say something.
var plainID = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// logged gives each request an id, a log line and a place in the metrics. The line has the
// method, the route (never the URL: paths and queries hold patient data), status and time.
func logged(log *slog.Logger, registry prometheus.Registerer, next http.Handler) http.Handler {
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "chartlake_http_seconds",
		Help: "Time to answer a request.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8)}, []string{"route", "status"})
	var there prometheus.AlreadyRegisteredError
	if err := registry.Register(seconds); errors.As(err, &there) { // a second listener of the process
		seconds = there.ExistingCollector.(*prometheus.HistogramVec)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !plainID.MatchString(id) {
			var b [12]byte
			_, _ = rand.Read(b[:])
			id = hex.EncodeToString(b[:])
		}
		w.Header().Set("X-Request-Id", id)
		began := time.Now()
		s := &statusWriter{ResponseWriter: w}
		route := route(r)
		next.ServeHTTP(s, r.WithContext(context.WithValue(r.Context(), requestKey{}, id)))
		took := time.Since(began)
		seconds.WithLabelValues(route, strconv.Itoa(s.code())).Observe(took.Seconds())
		log.Debug("request", "id", id, "method", method(r.Method), "route", route, "status", s.code(), "ms", took.Milliseconds())
	})
}

func method(m string) string {
	switch m {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return m
	}
	return "other"
}

// route names the kind of a request by the first words of its path, from a fixed list.
func route(r *http.Request) string {
	first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch first {
	case "":
		return "/"
	case "documents":
		if parts := strings.Split(rest, "/"); len(parts) > 1 {
			switch parts[1] {
			case "pages", "record", "events", "words", "resources":
				return "/documents/{id}/" + parts[1]
			}
		}
		if rest != "" {
			return "/documents/{id}"
		}
		return "/documents"
	case "fhir", "tables", "review", "events", "healthz", "readyz", "metrics", "console", "assets":
		return "/" + first
	}
	return "other"
}

// statusWriter remembers the status; Unwrap keeps flushing and deadlines working.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(code int) {
	if w.status == 0 {
		w.status = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) Flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

func (w *statusWriter) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}
