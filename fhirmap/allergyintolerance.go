package fhirmap

import (
	"regexp"
	"strconv"
	"strings"

	"chartlake/fhir"
	"chartlake/record"
	printed "chartlake/value"
)

// noKnown recognises the written statement that there is no known allergy. Only that
// statement makes such a resource; a page that says nothing of allergies makes none.
var noKnown = regexp.MustCompile(`(?i)^\W*` + printed.NoKnownAllergy + `\W*$`)

// noneOfAny is the statement of no allergy at all: one that is named beside it contradicts it, which
// one of no drug allergy need not.
var noneOfAny = regexp.MustCompile(`(?i)^\W*(nka|none known|no (other )?known allerg(y|ies))\W*$`)

// allergyIntolerances writes what the patient is allergic to. Criticality stays unset, since
// pages hardly ever state it.
func (s *segment) allergyIntolerances() {
	some := false
	for _, fd := range each(s.findings("allergy", "allergies", "allergy")) {
		if fd.asRisk || noKnown.MatchString(fd.text) {
			continue
		}
		s.allergy(fd)
		some = true
	}
	for _, f := range append(s.fields("allergies"), s.fields("allergy")...) {
		if noKnown.MatchString(value(f)) && !(some && noneOfAny.MatchString(value(f))) {
			s.allergy(finding{text: value(f), field: f, place: s.placeOf(f)})
			return
		}
	}
	for i := range s.Entities {
		e := &s.Entities[i]
		if e.Type == record.Allergy && e.State == record.Accepted && noKnown.MatchString(e.Text) && !(some && noneOfAny.MatchString(e.Text)) {
			s.allergy(finding{text: e.Text, first: e, all: []*record.Entity{e}, place: "none"})
			return
		}
	}
}

// each gives a field that names several allergens as a finding of each: "sulfa, penicillin (rash)" is
// two allergies. What a person wrote in other words stays as they wrote it.
func each(all []finding) []finding {
	var out []finding
	at := map[string]int{}
	for _, fd := range all {
		if fd.first == nil || fd.field != nil && fd.field.Human != nil && !strings.Contains(value(fd.field), fd.first.Text) {
			out = append(out, fd)
			continue
		}
		alone := true
		for _, e := range fd.all {
			alone = alone && conceptKey(e) == conceptKey(fd.first)
		}
		for _, e := range fd.all {
			place := fd.place
			if !alone {
				place = strconv.Itoa(e.Begin) + "-" + strconv.Itoa(e.End)
			}
			key := conceptKey(e)
			i, ok := at[key]
			if !ok {
				i = len(out)
				at[key] = i
				out = append(out, finding{text: e.Text, codes: e.Codes, field: fd.field, list: fd.list, first: e,
					place: place, asRisk: e.Uncertain, asPast: e.Historical})
			}
			out[i].all = append(out[i].all, e)
		}
	}
	return out
}

func (s *segment) allergy(fd finding) {
	facts := s.findingFacts("code", fd)
	text := fd.text
	if fd.first != nil && fd.field != nil && strings.Contains(value(fd.field), fd.first.Text) {
		text = fd.first.Text
	}
	verification := "unconfirmed"
	if confirmed(facts) {
		verification = "confirmed"
	}
	a := s.resource("AllergyIntolerance", fd.place, facts)
	a.Set("clinicalStatus", coded(hl7+"allergyintolerance-clinical", "active"))
	a.Set("verificationStatus", coded(hl7+"allergyintolerance-verification", verification))
	a.Set("code", concept(text, fd.codes))
	a.Set("patient", s.patientRef())
	a.Set("encounter", reference(s.encounterRef))
	reaction := ""
	if fd.first != nil {
		reaction = fd.first.Attributes["reaction"]
	}
	if fd.field != nil && reaction == "" {
		if f := s.field(fd.field.Name + ".reaction"); f != nil {
			reaction = value(f)
		}
	}
	if reaction != "" {
		a.Set("reaction", fhir.NewArray(fhir.NewObject("manifestation", []*fhir.Node{fhir.NewObject("text", reaction)})))
	}
	s.file(a, facts)
}
