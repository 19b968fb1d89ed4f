package fhirmap

import (
	"strconv"
	"strings"

	"chartlake/record"
)

// finding is one thing that a segment says, however often: the mentions of one concept with
// one assertion, and the typed field that names it.
type finding struct {
	text   string
	codes  []record.Code
	field  *record.Field    // the form field that names it, if any
	list   string           // name of that field: "diagnosis.principal"
	first  *record.Entity   // its first mention, if any
	all    []*record.Entity // every mention
	place  string           // for the resource id: begin-end of the first mention, or that of the field
	asRisk bool             // uncertain
	asPast bool             // historical
}

// concept key: mentions of one concept share it. The best code decides where there is one,
// else the words.
func conceptKey(e *record.Entity) string {
	if len(e.Codes) > 0 && !weak(e.Codes[0]) {
		return e.Codes[0].System + "|" + e.Codes[0].Code
	}
	return strings.ToLower(strings.Join(strings.Fields(e.Text), " "))
}

// aboutPatient reports a mention that may become a resource of the patient: accepted,
// affirmed, not hypothetical, of the patient.
func aboutPatient(e *record.Entity) bool {
	return e.State == record.Accepted && !e.Negated && !e.Hypothetical && (e.Experiencer == "" || e.Experiencer == "patient")
}

// findings joins the mentions of a type with the fields of these names. A concept that the
// segment both affirms and denies of the patient is left out: a person must say. A field
// whose words are denied, hypothetical or somebody else's by the clinical reading is left out too.
func (s *segment) findings(typ record.EntityType, fieldNames ...string) []finding {
	denied := s.denied(typ)
	var out []finding
	used := map[*record.Entity]bool{}
	for _, name := range fieldNames {
		for _, f := range s.fields(name) {
			fd := finding{text: value(f), field: f, list: name, place: s.placeOf(f)}
			ok := true
			for i := range s.Entities {
				e := &s.Entities[i]
				if e.Type != typ || e.End <= f.Begin || e.Begin >= f.End || f.End <= f.Begin {
					continue
				}
				if e.State != record.Accepted {
					continue
				}
				if !aboutPatient(e) || denied[conceptKey(e)] {
					ok = false
				}
				used[e] = true
				fd.all = append(fd.all, e)
				if fd.first == nil {
					fd.first, fd.codes = e, e.Codes
				}
			}
			if ok {
				out = append(out, fd)
			}
		}
	}
	byKey := map[string]int{}
	for i, fd := range out {
		if fd.first != nil {
			byKey[conceptKey(fd.first)] = i
		}
	}
	for i := range s.Entities {
		e := &s.Entities[i]
		if e.Type != typ || used[e] || !aboutPatient(e) || denied[conceptKey(e)] {
			continue
		}
		key := conceptKey(e)
		if at, ok := byKey[key]; ok {
			out[at].all = append(out[at].all, e)
			out[at].asRisk = out[at].asRisk && e.Uncertain
			out[at].asPast = out[at].asPast && e.Historical
			continue
		}
		byKey[key] = len(out)
		out = append(out, finding{text: e.Text, codes: e.Codes, first: e, all: []*record.Entity{e},
			place: strconv.Itoa(e.Begin) + "-" + strconv.Itoa(e.End), asRisk: e.Uncertain, asPast: e.Historical})
	}
	return out
}

// placeOf names a field for resource ids: by its name, and by its number where the name repeats.
// Fields that are in review or have no value count, too: the ids of others do not move when a person
// settles one.
func (s *segment) placeOf(f *record.Field) string {
	n := 0
	for i := range s.Fields {
		switch g := &s.Fields[i]; {
		case g == f && n > 0:
			return f.Name + "/" + strconv.Itoa(n)
		case g == f:
			return f.Name
		case g.Name == f.Name:
			n++
		}
	}
	return f.Name
}

// denied gives the concepts of a type that the segment denies of the patient.
func (s *segment) denied(typ record.EntityType) map[string]bool {
	out := map[string]bool{}
	for i := range s.Entities {
		e := &s.Entities[i]
		if e.Type == typ && e.Negated && (e.Experiencer == "" || e.Experiencer == "patient") {
			out[conceptKey(e)] = true
		}
	}
	return out
}

// findingFacts is the evidence of a finding's main element.
func (s *segment) findingFacts(path string, fd finding) []fact {
	var out []fact
	if fd.field != nil {
		out = append(out, s.fact(path, fd.field))
	}
	for _, e := range fd.all {
		out = append(out, s.entityFact(path, e))
	}
	return out
}

// confirmed reports that a person settled one of the facts.
func confirmed(facts []fact) bool {
	for _, f := range facts {
		if f.who != "" {
			return true
		}
	}
	return false
}
