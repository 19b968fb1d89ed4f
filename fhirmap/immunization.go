package fhirmap

import (
	"regexp"
	"strings"

	"chartlake/fhir"
	"chartlake/record"
)

var doseNumber = regexp.MustCompile(`^(\d+)(?:st|nd|rd|th)?\b`)

// immunizations writes the rows of an immunisation card. A row without a vaccine and either
// lot or date is no dose. An unreadable date is occurrenceString (occurrence[x] is mandatory).
func (s *segment) immunizations() {
	if s.Type != "immunization_card" {
		return
	}
	for i, line := range s.Lines {
		vaccine, lot, date := cell(line, "vaccine"), cell(line, "lot"), cell(line, "date")
		maker, clinic, dose := cell(line, "manufacturer"), cell(line, "clinic"), cell(line, "dose")
		if maker == nil {
			maker = cell(line, "product")
		}
		if vaccine == nil && maker == nil || lot == nil || date == nil || anyReview(line) {
			continue
		}
		named := vaccine
		if named == nil {
			named = maker
		}
		occurrence := "occurrenceDateTime"
		if dateTime(value(date)) == "" {
			occurrence = "occurrenceString"
		}
		facts := s.facts("vaccineCode", named, "lotNumber", lot, occurrence, date, "manufacturer", maker,
			"performer", clinic, "protocolApplied.doseNumber", dose)
		im := s.resource("Immunization", "line/"+itoa(i), facts)
		im.Set("status", fhir.NewString("completed"))
		im.Set("vaccineCode", concept(value(named), nil))
		im.Set("patient", s.patientRef())
		if d := dateTime(value(date)); d != "" {
			im.Set("occurrenceDateTime", fhir.NewString(d))
		} else {
			im.Set("occurrenceString", fhir.NewString(value(date)))
		}
		im.Set("manufacturer", s.organization(maker, nil, ""))
		im.Set("lotNumber", fhir.NewString(value(lot)))
		if org := s.organization(clinic, nil, ""); org != nil {
			im.Set("performer", fhir.NewArray(fhir.NewObject("actor", org)))
		}
		if m := doseNumber.FindStringSubmatch(strings.ToLower(value(dose))); m != nil {
			im.Set("protocolApplied", fhir.NewArray(fhir.NewObject("doseNumberPositiveInt", fhir.NewNumber(m[1]))))
		}
		s.file(im, facts)
	}
}

func anyReview(line map[string]record.Field) bool {
	for _, f := range line {
		if f.Value != nil && f.State != record.Accepted {
			return true
		}
	}
	return false
}
