package main

import (
	"net/http"
	"strings"

	"chartlake/audit"
	"chartlake/smart"
	"chartlake/store"
)

// accounted sees to it that every request that is refused or fails is in the audit trail, and
// every operation: what the store itself does not know of is noted before the answer begins.
// Probes, metrics and the files of the console touch no data and are left out unless they are
// refused.
func accounted(trail func() store.Trail, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, asked := audit.Begin(r.Context(), requestID(r.Context()))
		of := route(r)
		if of == "/healthz" || of == "/readyz" {
			next.ServeHTTP(w, r)
			return
		}
		a := &accountWriter{statusWriter: statusWriter{ResponseWriter: w}}
		a.begin = func(status int) {
			outcome := audit.Success
			switch {
			case status >= 500:
				outcome = audit.Serious
			case status >= 400:
				outcome = audit.Minor
			}
			if e := asked.Due(outcome, strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"), of); e != nil {
				// A refusal stands whether or not it could be noted; the store refuses the rest then.
				_ = trail().Note(ctx, store.Actor{ID: e.Actor, RequestID: e.RequestID}, *e)
			}
		}
		next.ServeHTTP(a, r.WithContext(ctx))
		if a.status == 0 {
			a.begin(http.StatusOK)
		}
	})
}

// known tells the trail who a request is of, once the gate has let it in.
func known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := smart.From(r.Context()); ok {
			audit.Of(r.Context()).Acts(actorID(c))
		}
		next.ServeHTTP(w, r)
	})
}

// accountWriter calls begin before the first byte of an answer.
type accountWriter struct {
	statusWriter
	begin func(status int)
}

func (w *accountWriter) WriteHeader(code int) {
	if w.status == 0 && code >= 200 {
		w.begin(code)
	}
	w.statusWriter.WriteHeader(code)
}

func (w *accountWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

func (w *accountWriter) Flush() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.statusWriter.Flush()
}
