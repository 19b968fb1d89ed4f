package pipeline

import (
	"slices"
	"strings"

	"chartlake/fault"
	"chartlake/fhirmap"
	"chartlake/identity"
	"chartlake/record"
	"chartlake/search"
	"chartlake/store"
)

// candidatesMax is how many patients one search may bring up. A search that finds more says
// nothing about one person (everybody born on a day), and the others narrow it down.
const candidatesMax = 200

// Known gives patients that may be the person; package identity decides.
type Known func(p identity.Person) ([]identity.Candidate, error)

// Nobody knows no patient: what a conversion without a store asks.
func Nobody(identity.Person) ([]identity.Candidate, error) { return nil, nil }

// KnownIn looks for candidates in a snapshot of the store. What it asked and was answered is
// added to asked, for Filing: the answers must still be the same when the decision is written.
func KnownIn(v store.View, asked *[]store.Command) Known {
	return func(p identity.Person) ([]identity.Candidate, error) {
		seen := map[string]bool{}
		var out []identity.Candidate
		for _, criteria := range identity.Criteria(p) {
			q, page, err := findPatients(v, criteria)
			if err != nil {
				return nil, err
			}
			if q == nil {
				continue
			}
			expect := store.Expect{Query: q}
			for _, m := range page.Matches {
				expect.Keys = append(expect.Keys, m.Key)
			}
			*asked = append(*asked, expect)
			for _, m := range page.Matches {
				if !seen[m.Key.ID] {
					seen[m.Key.ID] = true
					out = append(out, identity.FromPatient(m.Resource))
				}
			}
		}
		return out, nil
	}
}

// findPatients asks for candidates; the query is nil where what was read is no value to search by.
func findPatients(v store.View, criteria string) (*search.Query, *store.SearchPage, error) {
	q, err := search.Criteria("Patient", criteria, search.Options{})
	if fault.Is(err, fault.Invalid) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	q.Count, q.CountSet = candidatesMax, true
	page, err := v.Search(q)
	return q, page, err
}

// Identify says whose each segment is. What a person said stays. A patient that an earlier
// segment of the same document makes is known to the later ones.
func (s *Stages) Identify(rec *record.Record, known Known) error {
	var made []identity.Candidate
	for i := range rec.Segments {
		seg := &rec.Segments[i]
		person := identity.FromSegment(seg)
		if seg.Subject == nil || seg.Subject.Human == nil {
			candidates, err := known(person)
			if err != nil {
				return err
			}
			seg.Subject = s.decide(rec, i, person, append(candidates, made...), made)
			seg.Flags = slipped(seg.Flags, seg.Subject)
		}
		if seg.Subject.New {
			made = append(made, identity.Candidate{ID: seg.Subject.Patient, Person: person})
		}
	}
	return nil
}

// slip is the code of the note that a patient was found although something differs.
const slip = "identity_slip"

// slipped notes what does not agree with the patient under whom a segment is filed without a person.
func slipped(flags []record.Flag, sub *record.Subject) []record.Flag {
	flags = slices.DeleteFunc(slices.Clone(flags), func(f record.Flag) bool { return f.Code == slip })
	for _, c := range sub.Candidates {
		if sub.New || c.Patient != sub.Patient {
			continue
		}
		var found []string
		for _, reason := range c.Reasons {
			for _, detail := range []string{"family", "given", "birth date", "sex"} {
				if rest, ok := strings.CutPrefix(reason, detail+" "); ok && rest != "agrees" {
					found = append(found, reason)
				}
			}
		}
		if len(found) > 0 {
			flags = append(flags, record.Flag{Code: slip, Severity: record.SeverityInfo, Evidence: []record.Evidence{},
				Message: "filed under a patient although one detail is not the same: " + strings.Join(found, ", ")})
		}
	}
	return flags
}

func (s *Stages) decide(rec *record.Record, index int, p identity.Person, candidates, made []identity.Candidate) *record.Subject {
	own := OwnPatient(rec, index)
	var others []identity.Candidate
	for _, c := range candidates {
		if c.ID != own { // what an earlier run made of this very segment is no second person
			others = append(others, c)
		}
	}
	d := identity.Decide(p, others)
	sub := &record.Subject{Code: d.Code, Question: d.Question}
	for _, c := range d.Candidates {
		sub.Candidates = append(sub.Candidates, record.Candidate{Patient: c.ID, Score: c.Score, Reasons: c.Reasons})
	}
	switch d.Kind {
	case identity.Match:
		sub.Patient = d.Patient
	case identity.New:
		sub.Patient, sub.New = own, true
	}
	return sub
}

// subjects is the answer in the form that fhirmap takes.
func subjects(rec *record.Record) []fhirmap.Subject {
	out := make([]fhirmap.Subject, len(rec.Segments))
	for i := range rec.Segments {
		if s := rec.Segments[i].Subject; s != nil {
			out[i] = fhirmap.Subject{ID: strings.TrimPrefix(s.Patient, "Patient/"), New: s.New}
		}
	}
	return out
}

// question is the first open question of whose a segment is.
func question(rec *record.Record) (code, text string, open bool) {
	for i := range rec.Segments {
		if s := rec.Segments[i].Subject; s == nil || s.Patient == "" {
			if s == nil {
				return "identity_absent", "Whose document is it?", true
			}
			return s.Code, s.Question, true
		}
	}
	return "", "", false
}
