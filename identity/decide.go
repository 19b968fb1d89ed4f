package identity

import (
	"fmt"
	"sort"
	"strings"
)

// Kind is what was decided.
type Kind string

const (
	Match  Kind = "match"  // Patient is the one
	New    Kind = "new"    // nobody known comes near, and enough was read to make a patient
	Ask    Kind = "ask"    // a person must say
	Absent Kind = "absent" // the document names nobody
)

// Candidate is a known patient.
type Candidate struct {
	ID string // Patient id
	Person
}

// Scored is a candidate with its weight of evidence and the words that explain it.
type Scored struct {
	ID      string   `json:"id"`
	Score   float64  `json:"score"`
	Reasons []string `json:"reasons"` // "birth date agrees", "name differs"; no values
}

// Decision is the answer, with everything that a person needs to see why.
type Decision struct {
	Kind       Kind
	Patient    string // Match: the Patient's id
	Code       string // Ask: identity_absent, identity_weak, identity_mismatch, identity_candidates
	Question   string // Ask: what a person is asked; no patient data
	Candidates []Scored
}

// Weights of agreement and disagreement in bits, after Fellegi and Sunter (1969): the
// logarithm of how much likelier an outcome is for the same person than for two. They are
// rounded from the frequencies of common US names, birth dates and ZIP codes, and only
// order candidates: decisions also need the agreements that Decide names.
var weights = map[string][2]float64{
	"identifier":      {14, -1},
	"family":          {8, -5},
	"names exchanged": {12, 0},
	"given":           {6, -4},
	"birth date":      {12, -6},
	"sex":             {1, -5},
	"phone":           {10, -0.5},
	"postal":          {5, -0.5},
	"street":          {7, -0.5},
}

// LowerThreshold is the weight from which a candidate is worth a question: about the weight
// of an agreeing full name, or of a birth date with the given name.
const LowerThreshold = 10

type comparison struct {
	agree, differ map[string]bool
	score         float64
}

// Decide compares a person read from a document with known patients.
func Decide(p Person, candidates []Candidate) Decision {
	if p.Family == "" && p.BirthDate == "" && len(p.Identifiers) == 0 {
		return Decision{Kind: Absent, Code: "identity_absent", Question: "The document names no patient. Whose is it?"}
	}
	var near []Scored
	var best []string
	mismatch := false
	for _, c := range candidates {
		cmp := compare(p, c.Person)
		if cmp.score < LowerThreshold && !cmp.agree["identifier"] {
			continue
		}
		near = append(near, Scored{ID: c.ID, Score: cmp.score, Reasons: cmp.reasons()})
		if cmp.settles(p) {
			best = append(best, c.ID)
		}
		if cmp.agree["identifier"] && (cmp.differ["family"] || cmp.differ["given"] || cmp.differ["birth date"]) {
			mismatch = true
		}
	}
	sort.Slice(near, func(i, j int) bool {
		if near[i].Score != near[j].Score {
			return near[i].Score > near[j].Score
		}
		return near[i].ID < near[j].ID
	})
	switch {
	case len(best) == 1 && !mismatch:
		return Decision{Kind: Match, Patient: best[0], Candidates: near}
	case mismatch:
		return Decision{Kind: Ask, Code: "identity_mismatch", Candidates: near,
			Question: "A number on the document belongs to a patient whose name or birth date differs. Whose is it?"}
	case len(near) > 0:
		return Decision{Kind: Ask, Code: "identity_candidates", Candidates: near,
			Question: fmt.Sprintf("The document may belong to %d known patient(s). Is it one of them, or a new one?", len(near))}
	case enough(p):
		return Decision{Kind: New}
	}
	return Decision{Kind: Ask, Code: "identity_weak", Candidates: near,
		Question: "Too little was read to make a new patient: name, birth date and one more identifier are needed. Whose is it?"}
}

// enough reports whether a new patient may be made: name, full birth date and one more
// identifier, all read with confidence (ARCHITECTURE.md, "What is filed without a person").
func enough(p Person) bool {
	for _, d := range p.Doubtful {
		switch d {
		case "name", "family", "given", "dob":
			return false
		}
	}
	sure := false
	for _, id := range p.Identifiers {
		if !p.doubts(id.Kind) {
			sure = true
		}
	}
	return sure && p.Family != "" && len(p.Given) > 0 && len(p.BirthDate) == len("2006-01-02")
}

func (p Person) doubts(kind IdentifierKind) bool {
	detail := map[IdentifierKind]string{MedicalRecord: "mrn", Member: "member", PatientNumber: "patient"}[kind]
	for _, d := range p.Doubtful {
		if d == detail {
			return true
		}
	}
	return false
}

// settles reports whether a comparison is enough to file without a person.
func (c comparison) settles(p Person) bool {
	if len(p.Doubtful) > 0 {
		for _, d := range p.Doubtful {
			if d == "name" || d == "family" || d == "given" || d == "dob" {
				return false
			}
		}
	}
	if c.differ["family"] || c.differ["given"] || c.differ["birth date"] || c.differ["sex"] {
		return false
	}
	named := c.agree["family"] && c.agree["given"] && c.agree["birth date"]
	if !named || c.agree["identifier"] {
		return named
	}
	// No number in common: the whole given name, and one more detail that agrees.
	whole := len(p.Given) > 0 && len(fold(p.Given[0])) > 1
	return whole && !c.differ["identifier"] && (c.agree["sex"] || c.agree["phone"] || c.agree["street"])
}

func compare(p, q Person) comparison {
	c := comparison{agree: map[string]bool{}, differ: map[string]bool{}}
	if exchanged(p, q) {
		c.agree["names exchanged"] = true
	} else {
		c.note("family", p.Family, q.Family, fold(p.Family) == fold(q.Family))
		c.note("given", strings.Join(p.Given, " "), strings.Join(q.Given, " "), sameGiven(p.Given, q.Given))
	}
	c.note("birth date", p.BirthDate, q.BirthDate, p.BirthDate == q.BirthDate)
	c.note("sex", p.Sex, q.Sex, p.Sex == q.Sex)
	c.note("phone", p.Phone, q.Phone, fold(p.Phone) == fold(q.Phone))
	c.note("postal", p.Postal, q.Postal, fold(p.Postal) == fold(q.Postal))
	c.note("street", p.Street, q.Street, fold(p.Street) == fold(q.Street))
	c.identifiers(p, q)
	for name, w := range weights {
		if c.agree[name] {
			c.score += w[0]
		} else if c.differ[name] {
			c.score += w[1]
		}
	}
	return c
}

func (c comparison) note(name, a, b string, same bool) {
	if a == "" || b == "" {
		return
	}
	c.agree[name], c.differ[name] = same, !same
}

// identifiers compares numbers of one name space: one system, or one kind and assigner. A number of
// another, or of one that could not be read, says nothing unless it is the same number.
func (c comparison) identifiers(p, q Person) {
	for _, a := range p.Identifiers {
		for _, b := range q.Identifiers {
			known, same := space(a, b)
			if known && !same {
				continue
			}
			if fold(a.Value) == fold(b.Value) {
				c.agree["identifier"], c.differ["identifier"] = true, false
				return
			}
			if known {
				c.differ["identifier"] = true
			}
		}
	}
}

// space reports whether two numbers are of one name space, as far as it is known.
func space(a, b Identifier) (known, same bool) {
	switch {
	case a.System != "" && b.System != "":
		return true, a.System == b.System
	case a.Kind != b.Kind:
		return true, false
	case a.Assigner != "" && b.Assigner != "":
		return true, fold(a.Assigner) == fold(b.Assigner)
	}
	return false, false
}

// exchanged reports family and given name in each other's place: comparable, never rewritten.
func exchanged(p, q Person) bool {
	return len(p.Given) > 0 && len(q.Given) > 0 && fold(p.Family) != fold(q.Family) &&
		fold(p.Family) == fold(q.Given[0]) && fold(q.Family) == fold(p.Given[0])
}

// sameGiven compares first given names; an initial agrees with a name that it begins.
func sameGiven(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	fa, fb := fold(a[0]), fold(b[0])
	if fa == "" || fb == "" {
		return false
	}
	return fa == fb || (len(fa) == 1 && strings.HasPrefix(fb, fa)) || (len(fb) == 1 && strings.HasPrefix(fa, fb))
}

func (c comparison) reasons() []string {
	var out []string
	for _, name := range []string{"identifier", "names exchanged", "family", "given", "birth date", "sex", "phone", "postal", "street"} {
		switch {
		case c.agree[name]:
			out = append(out, name+" agrees")
		case c.differ[name]:
			out = append(out, name+" differs")
		}
	}
	return out
}
