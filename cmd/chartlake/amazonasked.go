package main

import (
	"context"
	"net/http"
	"sync"

	served "chartlake/aws/engines"
	"chartlake/aws/sigv4"
	"chartlake/clinical"
	"chartlake/pipeline"
)

// amazon answers clients of Textract and Comprehend Medical.
func (s *server) amazon() http.Handler {
	return served.New(served.Config{Pipeline: s.pipeline, Sniff: s.engines.reader.Sniff, Objects: s.objects.Document, Actor: documentActor,
		Annotator: &identifying{of: s.engines.stages.Clinical, open: sync.OnceValues(func() (pipeline.Annotator, error) { return identified(s.engines.stages.Clinical) })}})
}

// signedOr lets requests to Amazon's services through that are signed with the token; all others go
// to the gate of the server. Without a token nothing is verified, and the gate is for this machine only.
func signedOr(token string, services, gate http.Handler) http.Handler {
	if token == "" {
		return gate
	}
	signed := served.Gate(token, services)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := served.Asks(r); ok && sigv4.Asks(r) {
			signed.ServeHTTP(w, r)
			return
		}
		gate.ServeHTTP(w, r)
	})
}

// identifying is an annotator with what identifies a person, whose lists are read at the first text.
type identifying struct {
	of   pipeline.Annotator
	open func() (pipeline.Annotator, error)
}

func (i *identifying) Version() string { return i.of.Version() }

func (i *identifying) Annotate(ctx context.Context, text string) (clinical.Findings, error) {
	a, err := i.open()
	if err != nil {
		return clinical.Findings{}, err
	}
	return a.Annotate(ctx, text)
}
