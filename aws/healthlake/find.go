package healthlake

import (
	"context"
	"net/http"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/identity"
	"chartlake/pipeline"
)

// candidatesMax is how many patients one search brings up: HealthLake gives no more on a page. A
// search that finds more says nothing about one person, and the others narrow it down.
const candidatesMax = "100"

// Known looks for patients who may be the person of a document, by the searches that our own
// store is asked. HealthLake's index follows its writes after a while, so two documents of one new
// person that come at the same time may make two patients; package identity then shows them to
// each other at the next one. Criteria go in the body: addresses are logged.
func (s *Sink) Known(ctx context.Context) pipeline.Known {
	return func(p identity.Person) ([]identity.Candidate, error) {
		seen := map[string]bool{}
		var out []identity.Candidate
		for _, criteria := range identity.Criteria(p) {
			patients, err := s.search(ctx, "/Patient/_search", criteria+"&_count="+candidatesMax)
			if err != nil {
				return nil, err
			}
			for _, patient := range patients {
				if id := patient.ID(); id != "" && patient.Type() == "Patient" && !seen[id] {
					seen[id] = true
					out = append(out, identity.FromPatient(patient))
				}
			}
		}
		return out, nil
	}
}

// search gives the resources of the first page of a search.
func (s *Sink) search(ctx context.Context, path, criteria string) ([]*fhir.Node, error) {
	answer, err := s.sendAs(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", []byte(criteria))
	if fault.Is(err, fault.Invalid) {
		return nil, nil // the server cannot search by what was read; others may
	}
	if err != nil {
		return nil, err
	}
	bundle, err := fhir.Parse(answer)
	if err != nil || bundle.Str("type") != "searchset" {
		return nil, fault.New(fault.Unavailable, "fhir_answer", "the FHIR server's answer is no search result")
	}
	var out []*fhir.Node
	for _, e := range bundle.Get("entry").Items() {
		out = append(out, e.Get("resource"))
	}
	return out, nil
}
