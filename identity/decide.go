package identity

import (
	"fmt"
	"sort"
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

// LowerThreshold is the weight from which a candidate is worth a question: about the weight
// of an agreeing full name, or of a birth date with the given name.
const LowerThreshold = 10

// Decide compares a person read from a document with known patients.
func Decide(p Person, candidates []Candidate) Decision {
	if p.Family == "" && p.BirthDate == "" && len(p.Identifiers) == 0 {
		return Decision{Kind: Absent, Code: "identity_absent", Question: "The document names no patient. Whose is it?"}
	}
	var near []Scored
	settled := map[evidence][]string{}
	mismatch, household := false, false
	for _, c := range candidates {
		cmp := compare(p, c.Person)
		if cmp.another() || cmp.score < LowerThreshold && !cmp.is(agrees, number, plan) {
			continue
		}
		near = append(near, Scored{ID: c.ID, Score: cmp.score, Reasons: cmp.reasons()})
		if e := cmp.settles(p); e != none {
			settled[e] = append(settled[e], c.ID)
			continue
		}
		strange := cmp.is(differs, family, given, born) || cmp.of[born] == nears
		mismatch = mismatch || strange && cmp.of[number] == agrees
		household = household || strange && cmp.of[plan] == agrees
	}
	best := settled[own]
	if len(best) == 0 {
		best = settled[details]
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
	case mismatch, household && len(best) == 0:
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

// another reports a comparison with somebody else of a household or a family: given name and birth
// date both differ, and no number of the person's own agrees.
func (c comparison) another() bool {
	return c.of[given] == differs && c.of[born] == differs && !c.is(agrees, number, plan) && c.of[number] != nears
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

// evidence is how much speaks for a candidate; more than none is enough to file without a person.
type evidence uint8

const (
	none    evidence = iota
	details          // whole name and birth date, and further details
	own              // a number of the person's own with them
)

// settles reports whether a comparison is enough to file without a person: two identifiers that
// agree, of which one may be the whole name, and nothing that differs. A document with the right
// number and another birth date is a question (numbers are mistyped, cards are shared), and so is
// a given name that only comes near where nothing but the household stands beside it: twins are
// called Kayla and Layla. Addresses and telephones change; they help and do not hinder.
func (c comparison) settles(p Person) evidence {
	for _, d := range p.Doubtful {
		if d == "name" || d == "family" || d == "given" || d == "dob" {
			return none
		}
	}
	if c.is(differs, given, born, number) {
		return none
	}
	if c.numbered() {
		return own
	}
	if e := c.amiss(); e != none {
		return e
	}
	// People of one name and birth date exist; middle names tell them apart.
	if !c.is(differs, family, sex, middle) && c.of[born] != nears && c.detailed() {
		return details
	}
	return none
}

// named says how names compare: both agree in whole (also in each other's place), or one of the
// two has a slip.
func (c comparison) named() (whole, slip bool) {
	both := c.of[family] == agrees && c.of[given] == agrees
	whole = c.of[turned] == agrees || both && c.whole
	slip = both || whole || c.is(agrees, family, given) && c.is(nears, family, given)
	return whole, slip
}

// numbered is the decision where a number of the person's own agrees, or has a slip.
func (c comparison) numbered() bool {
	if c.is(differs, family, sex) || c.of[born] == nears {
		return false
	}
	whole, slip := c.named()
	switch c.of[number] {
	case agrees:
		return slip && c.of[born] == agrees || whole && c.of[born] == unknown
	case nears:
		return whole && c.of[born] == agrees && c.is(agrees, sex, phone, street)
	}
	return false
}

// amiss says how much speaks for a candidate of whom one of family name, birth date and sex does not
// agree, beside a whole given name and nothing else that differs: people marry, and clerks mistype.
// Numbers of two people of one given name, birth date and sex, or of one whole name and nearly one
// birth date, are not taken for each other by a slip. Without a number of the person's own, insurance
// number and home must agree: a father and a son of one name are not born a digit apart.
func (c comparison) amiss() evidence {
	if c.of[given] != agrees || !c.whole || c.of[middle] == differs {
		return none
	}
	found := none
	switch {
	case c.of[number] == agrees:
		found = own
	case c.of[plan] == agrees && c.is(agrees, phone, street):
		found = details
	}
	switch {
	case c.of[family] == differs:
		if found == own && c.of[born] == agrees && c.of[sex] == agrees {
			return own
		}
	case c.of[family] != agrees:
	case c.of[sex] == differs && c.of[born] == agrees, c.of[born] == nears && c.is(agrees, middle, sex) && c.of[sex] != differs:
		return found
	}
	return none
}

// detailed is the decision without a number of the person's own.
func (c comparison) detailed() bool {
	whole, _ := c.named()
	household := c.is(agrees, plan, phone, street)
	slip := c.of[family] == nears && c.of[given] == agrees && c.whole // in the name that a household shares
	if c.of[born] != agrees {
		return c.of[born] == unknown && c.of[plan] == agrees && (whole || slip)
	}
	switch {
	case whole || slip:
		// The sex is enough where not both address and telephone speak against it.
		return household || c.is(agrees, middle) || c.of[plan] == nears ||
			c.of[sex] == agrees && !(c.of[phone] == differs && c.of[street] == differs)
	case c.of[family] == agrees && c.of[given] == nears:
		return household && c.of[middle] == agrees
	}
	// An initial, of somebody of the household.
	return c.of[family] == agrees && c.of[given] == agrees && (c.of[plan] == agrees || c.of[sex] == agrees && c.is(agrees, phone, street))
}
