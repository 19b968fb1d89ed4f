package fhirmap

import (
	"strings"

	"chartlake/fhir"
	"chartlake/record"
	printed "chartlake/value"
)

// patient makes the Patient that the segment names. Which fields hold what is the table of
// docs/format/record.md; the family name is split from the given names by the caller's rule
// of identity, and the printed form stays in name.text.
func (s *segment) patient() {
	name := s.field("patient", "patient.name", "member", "2", "FL8b")
	family, given, middle := s.field("patient.last", "last"), s.field("patient.first", "first"), s.field("patient.middle", "mi", "middle")
	if family != nil && family.Kind == record.KindDate {
		family = nil // "last" of a refill request is when it was last filled
	}
	dob := s.field("dob", "patient.dob", "3.dob", "FL10")
	sex := s.field("sex", "3.sex", "FL11")
	phone := s.field("patient.phone", "5.phone")

	human := fhir.NewObject("text", value(name))
	if family != nil {
		human = fhir.NewObject("text", joinWords(value(given), value(middle), value(family)), "family", value(family),
			"given", givenNames(value(given), value(middle)))
	} else if name != nil {
		fam, giv := printed.SplitName(value(name))
		human.Set("text", fhir.NewString(raw(name)))
		if fam != "" {
			human.Set("family", fhir.NewString(fam))
		}
		if len(giv) > 0 {
			human.Set("given", stringArray(giv))
		}
	}
	facts := s.facts("name", name, "name.family", family, "name.given", given, "birthDate", dob, "gender", sex, "telecom", phone)
	var identifiers []*fhir.Node
	for _, spec := range []struct{ code, field, assigner string }{
		{"MR", "mrn", "facility"}, {"MR", "FL3b", ""}, {"MB", "member_id", "payer"}, {"MB", "1a", "11c"}, {"PI", "patient_id", "facility"}, {"PI", "patient_number", "facility"},
	} {
		f := s.field(spec.field)
		if f == nil || spec.field == "1a" && !strings.EqualFold(value(s.field("6")), "self") {
			continue // box 1a is the insured's number: the patient's only where box 6 says Self
		}
		assigner := s.field(spec.assigner)
		if assigner == nil && spec.code != "MB" {
			assigner = s.field("lab")
		}
		identifiers = append(identifiers, fhir.NewObject(
			"type", coded(hl7+"v2-0203", spec.code), "value", value(f),
			"assigner", fhir.NewObject("display", value(assigner))))
		facts = append(facts, s.fact("identifier["+itoa(len(identifiers)-1)+"].value", f))
	}
	p := fhir.NewObject("resourceType", "Patient", "id", s.subject.ID, "meta", meta(facts),
		"identifier", identifiers,
		"name", fhir.NewArray(nonEmpty(human)),
		"telecom", telecom("phone", value(phone)),
		"gender", gender(value(sex)),
		"birthDate", dateOnly(value(dob)),
		"address", s.address())
	if a := s.field("patient.address"); a != nil {
		facts = append(facts, s.fact("address", a))
	}
	s.file(p, facts)
}

// address is the patient's postal address, from parts where the form has them.
func (s *segment) address() []*fhir.Node {
	street, city, state, zip := s.field("patient.street", "5.street", "FL9a"), s.field("patient.city", "5.city", "FL9b"), s.field("patient.state", "5.state", "FL9c"), s.field("patient.zip", "5.zip", "FL9d")
	whole := s.field("patient.address")
	a := fhir.NewObject("text", value(whole), "line", lines(value(street)), "city", value(city), "state", value(state), "postalCode", value(zip))
	if len(a.Members()) == 0 {
		return nil
	}
	return []*fhir.Node{a}
}

func gender(sex string) string {
	switch strings.ToLower(sex) {
	case "m", "male":
		return "male"
	case "f", "female":
		return "female"
	case "x", "other", "nonbinary":
		return "other"
	}
	return ""
}

// dateOnly keeps a FHIR date of any precision and drops a time.
func dateOnly(v string) string {
	if len(v) > 10 {
		return v[:10]
	}
	return v
}

// organization puts an Organization known by a printed name and gives its reference. Its id
// comes from the folded name within the document, so that one name is one resource.
func (s *segment) organization(name, identifier *record.Field, system string) *fhir.Node {
	if name == nil {
		return nil
	}
	facts := s.facts("name", name, "identifier.value", identifier)
	var ids []*fhir.Node
	if identifier != nil {
		ids = []*fhir.Node{fhir.NewObject("system", system, "value", value(identifier))}
	}
	org := s.resource("Organization", strings.ToLower(value(name)), facts)
	org.Set("identifier", nonEmptyArray(ids))
	org.Set("name", fhir.NewString(value(name)))
	return reference(s.file(org, facts))
}

// practitioner puts a Practitioner known by a printed name and gives its reference.
func (s *segment) practitioner(name, npi *record.Field) *fhir.Node {
	if name == nil {
		return nil
	}
	facts := s.facts("name.text", name, "identifier.value", npi)
	var ids []*fhir.Node
	if npi != nil {
		ids = []*fhir.Node{fhir.NewObject("system", npiSystem, "value", value(npi))}
	}
	p := s.resource("Practitioner", strings.ToLower(value(name)), facts)
	p.Set("identifier", nonEmptyArray(ids))
	p.Set("name", fhir.NewArray(fhir.NewObject("text", value(name))))
	return reference(s.file(p, facts))
}
