package identity

import "math"

// Grade says how sure a match is, in the codes of http://terminology.hl7.org/CodeSystem/match-grade.
type Grade string

const (
	Certain  Grade = "certain"  // Decide would file under this patient without a person
	Probable Grade = "probable" // name and birth date agree and nothing differs, or others are as good
	Possible Grade = "possible" // near enough to be asked about
)

// Ranked is a candidate with its grade and how probable it is, from 0 to 1.
type Ranked struct {
	Scored
	Grade       Grade
	Probability float64
}

// priorBits is how unlikely it is before any comparison that two records are of one person: one
// in a million, a large register.
const priorBits = 20

// Rank gives the candidates that come near a person, the most likely first. At most one is
// Certain, and then Decide matches it. Source of grades and scores:
// http://hl7.org/fhir/R4/patient-operation-match.html.
func Rank(p Person, candidates []Candidate) []Ranked {
	d := Decide(p, candidates)
	of := map[string]comparison{}
	for _, c := range candidates {
		of[c.ID] = compare(p, c.Person)
	}
	out := make([]Ranked, 0, len(d.Candidates))
	for _, s := range d.Candidates {
		r := Ranked{Scored: s, Grade: Possible, Probability: probability(s.Score)}
		c := of[s.ID]
		switch {
		case d.Kind == Match && d.Patient == s.ID:
			r.Grade = Certain
		case c.settles(p) != none, c.of[family] == agrees && c.of[given] == agrees && c.of[born] == agrees && !c.is(differs, sex, number):
			r.Grade = Probable
		}
		out = append(out, r)
	}
	return out
}

// probability turns bits of evidence into how probable it is that two records are of one person.
func probability(score float64) float64 {
	odds := math.Exp2(score - priorBits)
	return odds / (1 + odds)
}
