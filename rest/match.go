package rest

import (
	"math"
	"net/http"
	"strconv"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhirmap"
	"chartlake/identity"
	"chartlake/search"
	"chartlake/smart"
	"chartlake/store"
)

const (
	// matchesCount is how many matches $match gives where the client does not say; matchesMax
	// is the most.
	matchesCount, matchesMax = 50, 1_000
	// matchScan is how many patients one criterion of $match may bring up. One that brings up
	// more says nothing about one person, and the others narrow it down.
	matchScan = 200
	// matchGrade is HL7's extension for what the grade of a match is; its reasons are ours.
	matchGrade  = "http://hl7.org/fhir/StructureDefinition/match-grade"
	matchReason = fhirmap.Base + "/StructureDefinition/match-reason"
)

// match is Patient/$match: the patients that may be the one described, the most likely first,
// each with a score from 0 to 1, a grade and the reasons. It finds them by number, birth date
// and name; package identity compares. It shows only what the caller may see.
// Source: http://hl7.org/fhir/R4/patient-operation-match.html.
func (s *server) match(c *call) (*reply, error) {
	actor, err := s.Actor(c.http, smart.Read, "Patient")
	if err != nil {
		return nil, err
	}
	wanted, err := c.wanted()
	if err != nil {
		return nil, err
	}
	person := identity.FromPatient(wanted.patient).Person
	criteria := identity.Criteria(person)
	found := map[string]*store.Version{}
	var candidates []identity.Candidate
	err = s.Store.View(c.ctx, actor, func(v store.View) error {
		for _, one := range criteria {
			page, err := s.candidates(c, v, one)
			if err != nil {
				return err
			}
			for i := range page.Matches {
				m := &page.Matches[i]
				if found[m.Key.ID] == nil {
					found[m.Key.ID] = m
					candidates = append(candidates, identity.FromPatient(m.Resource))
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var entries []*fhir.Node
	for _, r := range identity.Rank(person, candidates) {
		if len(entries) < wanted.count && (!wanted.certain || r.Grade == identity.Certain) {
			entries = append(entries, s.ranked(found[r.ID], &r))
		}
	}
	total := fhir.NewInt(len(entries))
	if len(criteria) == 0 {
		entries = append(entries, advice())
	}
	links := []*fhir.Node{link("self", s.Base+"/Patient/$match")}
	return &reply{status: http.StatusOK, content: content{s.newBundle("searchset", total, links, entries)}}, nil
}

// candidates looks patients up by one criterion.
func (s *server) candidates(c *call, v store.View, criteria string) (*store.SearchPage, error) {
	q, err := search.Criteria("Patient", criteria, s.options(c))
	if fault.Is(err, fault.Invalid) { // what is given is no value to search by
		return &store.SearchPage{}, nil
	}
	if err != nil {
		return nil, err
	}
	q.Count, q.CountSet = matchScan, true
	return v.Search(q)
}

// ranked is one match as the Bundle shows it.
func (s *server) ranked(v *store.Version, r *identity.Ranked) *fhir.Node {
	extensions := []*fhir.Node{fhir.NewObject("url", matchGrade, "valueCode", string(r.Grade))}
	for _, reason := range r.Reasons {
		extensions = append(extensions, fhir.NewObject("url", matchReason, "valueString", reason))
	}
	score := fhir.NewNumber(strconv.FormatFloat(math.Round(r.Probability*1e4)/1e4, 'f', -1, 64))
	return fhir.NewObject("fullUrl", s.Base+"/"+v.Key.String(), "resource", v.Resource,
		"search", fhir.NewObject("extension", extensions, "mode", "match", "score", score))
}

// advice says why nothing could be found.
func advice() *fhir.Node {
	return fhir.NewObject("resource", outcomeOf(issue("information", "informational",
		"nothing to find a patient by: give an identifier, a full birth date, or family and given name", "", "")), "search", fhir.NewObject("mode", "outcome"))
}

// wanted is the input of $match.
type wanted struct {
	patient *fhir.Node
	certain bool
	count   int
}

// wanted reads the input: Parameters with resource, onlyCertainMatches and count, or a Patient
// by itself (http://hl7.org/fhir/R4/operations.html#request).
func (c *call) wanted() (w wanted, err error) {
	w.count = matchesCount
	n, err := c.resource()
	if err != nil {
		return w, err
	}
	if n.Type() == "Patient" {
		w.patient = n
		return w, nil
	}
	if n.Type() != "Parameters" {
		return w, fault.New(fault.Invalid, "not_parameters", "$match takes Parameters with a Patient, or a Patient")
	}
	for _, p := range n.Get("parameter").Items() {
		switch p.Str("name") {
		case "resource":
			if w.patient != nil || p.Get("resource").Type() != "Patient" {
				return w, fault.New(fault.Invalid, "not_patient", "$match compares one Patient")
			}
			w.patient = p.Get("resource")
		case "onlyCertainMatches":
			if p.Get("valueBoolean").Kind() != fhir.Bool {
				return w, fault.New(fault.Invalid, "bad_value", "onlyCertainMatches is true or false")
			}
			w.certain = p.Get("valueBoolean").True()
		case "count":
			if w.count, err = strconv.Atoi(p.Str("valueInteger")); err != nil || w.count < 1 || w.count > matchesMax {
				return w, fault.New(fault.Invalid, "bad_value", "count is a number from 1 to %d", matchesMax)
			}
		default:
			return w, fault.New(fault.Invalid, "unknown_parameter", "$match takes resource, onlyCertainMatches and count")
		}
	}
	if w.patient == nil {
		return w, fault.New(fault.Invalid, "not_patient", "$match compares one Patient")
	}
	return w, nil
}
