package clinical

import (
	"sort"
	"unicode/utf8"

	"chartlake/clinical"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhirmap"
	"chartlake/record"
	"chartlake/value/sig"
)

// Report is what was measured on each set, in the order they were read.
type Report struct {
	Version string   `json:"version"` // of the stage
	Sets    []Result `json:"sets"`
}

// Result is what was measured on one set.
type Result struct {
	Name       string      `json:"name"`
	Format     string      `json:"format"`
	Texts      int         `json:"texts"`
	Characters int         `json:"characters"`
	Lost       int         `json:"lost,omitempty"` // rows whose concept does not stand in their text
	Types      []Mentions  `json:"types,omitempty"`
	Assertion  []Assertion `json:"assertion,omitempty"` // over gold mentions, asserted in place
	Leakage    *Leakage    `json:"leakage,omitempty"`
	Sig        *Share      `json:"sig,omitempty"` // dose instructions whose structure is exact
	Results    *Results    `json:"results,omitempty"`
	Relations  []Mentions  `json:"relations,omitempty"` // by type; strict: the same words, overlap: a word in common
	Codes      *Codes      `json:"codes,omitempty"`
	// Calibration is of the confidences of mentions: a mention is right that overlaps a gold one of its type.
	Calibration *Calibration `json:"calibration,omitempty"`
}

// Mentions are the scores of one type; "all" sums them.
type Mentions struct {
	Type    string `json:"type"`
	Strict  Score  `json:"strict"`  // same first and last character
	Overlap Score  `json:"overlap"` // at least one character in common, one to one
}

// Assertion is the score of one property of gold mentions.
type Assertion struct {
	Property string `json:"property"`
	Score
}

// Score counts true and false positives and false negatives; the shares are 0 where there
// is nothing to divide by.
type Score struct {
	TP        int     `json:"tp"`
	FP        int     `json:"fp"`
	FN        int     `json:"fn"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// Share is a count of a number.
type Share struct {
	N  int `json:"n"`
	Of int `json:"of"`
}

// Leakage counts gold mentions that became what they must not: the worst mistakes.
type Leakage struct {
	NegatedActive      Share `json:"negated_active"`      // denied, but an active Condition
	FamilyPatient      Share `json:"family_patient"`      // somebody else's, but a Condition of the patient
	HypotheticalActive Share `json:"hypothetical_active"` // only thought of, but a Condition
}

func (s *Score) add(want, got bool) {
	switch {
	case want && got:
		s.TP++
	case got:
		s.FP++
	case want:
		s.FN++
	}
}

func (s *Score) close() {
	part := func(n, of int) float64 {
		if of == 0 {
			return 0
		}
		return float64(n) / float64(of)
	}
	s.Precision, s.Recall = part(s.TP, s.TP+s.FP), part(s.TP, s.TP+s.FN)
	s.F1 = part(2*s.TP, 2*s.TP+s.FP+s.FN)
}

// Measure scores sets. done is called after each text; it may be nil.
func Measure(sets []Set, done func()) (*Report, error) {
	engine, err := clinical.Open()
	if err != nil {
		return nil, err
	}
	out := &Report{Version: clinical.Version}
	for i := range sets {
		m := &meter{engine: engine, set: &sets[i], types: map[record.EntityType]*Mentions{}, relations: relations{}, assertion: map[string]*Score{}}
		for j := range sets[i].Texts {
			m.text(&sets[i].Texts[j])
			if done != nil {
				done()
			}
		}
		m.sigs()
		out.Sets = append(out.Sets, m.result())
	}
	if len(out.Sets) == 0 {
		return nil, fault.New(fault.Invalid, "no_gold", "there is nothing to measure")
	}
	return out, nil
}

type meter struct {
	engine     *clinical.Engine
	set        *Set
	characters int
	types      map[record.EntityType]*Mentions
	assertion  map[string]*Score
	leakage    Leakage
	sig        *Share
	results    *Results
	relations  relations
	codes      Codes
	sure       calibration // of mentions
}

func (m *meter) text(t *Text) {
	m.characters += utf8.RuneCountInString(t.Text)
	got := m.engine.Annotate(t.Text).Entities
	if !m.set.Partial {
		m.mentions(t, got)
	}
	m.assertions(t)
	m.leaks(t, got)
	if t.Relations != nil {
		m.relations.text(t.Relations, got)
	}
	if t.Results != nil {
		if m.results == nil {
			m.results = &Results{}
		}
		m.results.text(t.Results, got)
	}
	if len(t.Codes) > 0 {
		m.codes.text(t.Codes, got)
	}
}

// scored folds an allergen, which the sets label as a substance, into the drugs where the
// set does not tell them apart.
func (m *meter) scored(t record.EntityType) record.EntityType {
	if t == record.Allergy && !m.set.Types[record.Allergy] {
		return record.Medication
	}
	return t
}

// mentions scores each type that the set labels, each gold mention used once.
func (m *meter) mentions(t *Text, got []record.Entity) {
	for typ := range m.set.Types {
		score := m.types[typ]
		if score == nil {
			score = &Mentions{Type: string(typ)}
			m.types[typ] = score
		}
		var gold, found [][2]int
		for _, g := range t.Mentions {
			if g.Type == typ {
				gold = append(gold, [2]int{g.Begin, g.End})
			}
		}
		for _, e := range got {
			if m.scored(e.Type) == typ {
				found = append(found, [2]int{e.Begin, e.End})
				m.sure.add(e.Confidence, overlaps(gold, e.Begin, e.End))
			}
		}
		match(&score.Strict, gold, found, func(a, b [2]int) bool { return a == b })
		match(&score.Overlap, gold, found, func(a, b [2]int) bool { return a[0] < b[1] && b[0] < a[1] })
	}
}

func overlaps(gold [][2]int, begin, end int) bool {
	for _, g := range gold {
		if g[0] < end && begin < g[1] {
			return true
		}
	}
	return false
}

func match(s *Score, gold, found [][2]int, same func(a, b [2]int) bool) {
	used := make([]bool, len(gold))
next:
	for _, f := range found {
		for i, g := range gold {
			if !used[i] && same(g, f) {
				used[i] = true
				s.TP++
				continue next
			}
		}
		s.FP++
	}
	for _, u := range used {
		if !u {
			s.FN++
		}
	}
}

// assertions compares what the rules say of the gold mentions themselves, so that a mention
// that was not found does not hide what would be said of it.
func (m *meter) assertions(t *Text) {
	var gold []*Mention
	var spans []clinical.Span
	for i := range t.Mentions {
		if g := &t.Mentions[i]; g.Negated != nil || g.Uncertain != nil || g.Hypothetical != nil || g.Historical != nil || g.Experiencer != nil {
			gold, spans = append(gold, g), append(spans, clinical.Span{Begin: g.Begin, End: g.End, Type: g.Type})
		}
	}
	for i, e := range m.engine.Assert(t.Text, spans) {
		g := gold[i]
		m.property("negated", g.Negated, e.Negated || m.set.Format == "brat" && e.Attributes["course"] == "ended")
		m.property("uncertain", g.Uncertain, e.Uncertain)
		m.property("hypothetical", g.Hypothetical, e.Hypothetical)
		m.property("historical", g.Historical, e.Historical)
		if g.Experiencer != nil {
			m.property("not_patient", yes(*g.Experiencer != "patient"), e.Experiencer != "patient" && e.Text != "")
		}
	}
}

func (m *meter) property(name string, want *bool, got bool) {
	if want == nil {
		return
	}
	if m.assertion[name] == nil {
		m.assertion[name] = &Score{}
	}
	m.assertion[name].add(*want, got)
}

// leaks maps every mention that was read where a gold mention is denied, somebody else's or
// hypothetical, and looks whether a Condition of the patient comes of it.
func (m *meter) leaks(t *Text, got []record.Entity) {
	for _, g := range t.Mentions {
		negated := g.Negated != nil && *g.Negated
		other := g.Experiencer != nil && *g.Experiencer != "patient"
		hypothetical := g.Hypothetical != nil && *g.Hypothetical
		if !negated && !other && !hypothetical {
			continue
		}
		active := false
		for i := range got {
			if got[i].Begin < g.End && g.Begin < got[i].End {
				active = active || activeCondition(got[i])
			}
		}
		count := func(s *Share, is bool) {
			if is {
				s.Of++
				if active {
					s.N++
				}
			}
		}
		count(&m.leakage.NegatedActive, negated)
		count(&m.leakage.FamilyPatient, other)
		count(&m.leakage.HypotheticalActive, hypothetical)
	}
}

// activeCondition reports that a mention by itself makes an active Condition of the patient.
func activeCondition(e record.Entity) bool {
	rec := &record.Record{Segments: []record.Segment{{Type: "progress_note", Pages: [2]int{1, 1}, Entities: []record.Entity{e}}}}
	bundle := fhirmap.Bundle(fhirmap.Input{Record: rec, Subjects: []fhirmap.Subject{{ID: "p"}}})
	for _, en := range bundle.Get("entry").Items() {
		r := en.Get("resource")
		if r.Get("resourceType").Text() == "Condition" && status(r) == "active" {
			return true
		}
	}
	return false
}

func status(condition *fhir.Node) string {
	for _, c := range condition.Get("clinicalStatus").Get("coding").Items() {
		return c.Get("code").Text()
	}
	return ""
}

func (m *meter) sigs() {
	for _, s := range m.set.Sigs {
		if m.sig == nil {
			m.sig = &Share{}
		}
		m.sig.Of++
		if sig.Equal(sig.Parse(s.Text), s.Dosage) {
			m.sig.N++
		}
	}
}

func (m *meter) result() Result {
	out := Result{Name: m.set.Name, Format: m.set.Format, Texts: len(m.set.Texts), Characters: m.characters, Lost: m.set.Lost, Sig: m.sig}
	if m.leakage != (Leakage{}) {
		out.Leakage = &m.leakage
	}
	out.Types = sum(m.types)
	out.Calibration = m.sure.close()
	out.Relations = sum(m.relations)
	if m.results != nil {
		m.results.Triple.close()
		out.Results = m.results
	}
	if m.codes.Texts > 0 {
		out.Codes = m.codes.close()
	}
	for _, p := range sorted(m.assertion) {
		m.assertion[p].close()
		out.Assertion = append(out.Assertion, Assertion{p, *m.assertion[p]})
	}
	return out
}

// sum closes the scores of each type and puts their sum at the end.
func sum[K ~string](types map[K]*Mentions) []Mentions {
	var out []Mentions
	all := Mentions{Type: "all"}
	for _, s := range types {
		for _, p := range []struct{ sum, part *Score }{{&all.Strict, &s.Strict}, {&all.Overlap, &s.Overlap}} {
			p.sum.TP, p.sum.FP, p.sum.FN = p.sum.TP+p.part.TP, p.sum.FP+p.part.FP, p.sum.FN+p.part.FN
			p.part.close()
		}
		out = append(out, *s)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Type < out[j].Type })
	if len(out) > 0 {
		all.Strict.close()
		all.Overlap.close()
		out = append(out, all)
	}
	return out
}
