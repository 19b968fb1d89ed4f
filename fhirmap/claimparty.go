package fhirmap

import (
	"strings"

	"chartlake/fhir"
	"chartlake/record"
	printed "chartlake/value"
)

// relationships are the options of box 6 as codes of HL7 subscriber-relationship.
var relationships = map[string]string{"Self": "self", "Spouse": "spouse", "Child": "child", "Other": "other"}

// claimCoverage is the insured's coverage of boxes 1, 1a, 4, 6, 7 and 11. Without the
// insured's number there is none.
func (c *claim) claimCoverage() *fhir.Node {
	member := c.field("1a")
	if member == nil {
		return nil
	}
	relation, kind, group, plan := c.field("6"), c.field("1"), c.field("11"), c.field("11c")
	facts := c.segment.facts("subscriberId", member, "relationship", relation, "type", kind)
	cov := c.resource("Coverage", "claim", facts)
	payor := c.payer()
	if payor == nil {
		cov.Set("contained", fhir.NewArray(fhir.NewObject("resourceType", "Organization", "id", "payor", "name", absentName)))
		payor = reference("#payor")
	}
	cov.Set("identifier", fhir.NewArray(fhir.NewObject("type", coded(hl7+"v2-0203", "MB"), "value", value(member))))
	cov.Set("status", fhir.NewString("active"))
	if kind != nil {
		cov.Set("type", fhir.NewObject("text", value(kind)))
	}
	cov.Set("subscriber", c.insured())
	cov.Set("subscriberId", fhir.NewString(value(member)))
	cov.Set("beneficiary", c.patientRef())
	if code := relationships[value(relation)]; code != "" {
		cov.Set("relationship", coded(hl7+"subscriber-relationship", code))
	}
	cov.Set("payor", fhir.NewArray(payor))
	var classes []*fhir.Node
	if group != nil && !strings.EqualFold(value(group), "none") {
		classes = append(classes, fhir.NewObject("type", coded(hl7+"coverage-class", "group"), "value", value(group)))
		facts = append(facts, c.fact("class[0].value", group))
	}
	if plan != nil {
		facts = append(facts, c.fact("class["+itoa(len(classes))+"].name", plan))
		classes = append(classes, fhir.NewObject("type", coded(hl7+"coverage-class", "plan"), "value", value(plan), "name", value(plan)))
	}
	cov.Set("class", nonEmptyArray(classes))
	cov.Set("meta", meta(facts))
	return reference(c.file(cov, facts))
}

// insured is who holds the policy: the patient only where box 6 says so.
func (c *claim) insured() *fhir.Node {
	if value(c.field("6")) == "Self" {
		return c.patientRef()
	}
	name := c.field("4")
	if name == nil {
		return nil
	}
	dob, sex, street, phone := c.field("11a.dob"), c.field("11a.sex"), c.field("7.street"), c.field("7.phone")
	facts := c.segment.facts("name", name, "birthDate", dob, "gender", sex, "address.line", street, "telecom.value", phone)
	p := c.resource("RelatedPerson", "insured", facts)
	p.Set("patient", c.patientRef())
	family, given := printed.SplitName(value(name))
	p.Set("name", fhir.NewArray(fhir.NewObject("text", raw(name), "family", family, "given", stringArray(given))))
	if list := telecom("phone", value(phone)); list != nil {
		p.Set("telecom", fhir.NewArray(list...))
	}
	if g := gender(value(sex)); g != "" {
		p.Set("gender", fhir.NewString(g))
	}
	if d := dateOnly(value(dob)); isDate(d) {
		p.Set("birthDate", fhir.NewString(d))
	}
	if a := nonEmpty(fhir.NewObject("line", lines(value(street)), "city", value(c.field("7.city")), "state", value(c.field("7.state")),
		"postalCode", value(c.field("7.zip")))); a != nil {
		p.Set("address", fhir.NewArray(a))
	}
	return reference(c.file(p, facts))
}

// payer is the carrier printed at the top.
func (s *segment) payer() *fhir.Node { return s.printedOrganization("payer", s.field("carrier"), nil) }

// box33 is the billing provider. The signature of box 31 and the referrer are never it.
func (s *segment) box33() *fhir.Node {
	var ids []*fhir.Node
	if f := s.field("33a"); f != nil {
		ids = append(ids, fhir.NewObject("system", npiSystem, "value", value(f)))
	}
	if f := s.field("25"); f != nil {
		id := fhir.NewObject("type", coded(hl7+"v2-0203", "TAX"), "value", value(f))
		if value(s.field("25.type")) == "EIN" {
			id = fhir.NewObject("type", coded(hl7+"v2-0203", "TAX"), "system", "urn:oid:2.16.840.1.113883.4.4", "value", value(f))
		}
		ids = append(ids, id)
	}
	return s.printedOrganization("provider", s.field("33"), ids)
}

// printedOrganization is an organisation printed as a name over its address.
func (s *segment) printedOrganization(place string, f *record.Field, ids []*fhir.Node) *fhir.Node {
	if f == nil {
		return nil
	}
	name, address, _ := strings.Cut(value(f), "\n")
	facts := s.facts("name", f)
	org := s.resource("Organization", place, facts)
	org.Set("identifier", nonEmptyArray(ids))
	org.Set("name", fhir.NewString(name))
	if address != "" {
		org.Set("address", fhir.NewArray(fhir.NewObject("text", address)))
	}
	return reference(s.file(org, facts))
}

// facility is box 32. A claim may only name a Location; its organisation stands behind it.
func (s *segment) facility() *fhir.Node {
	f := s.field("32")
	if f == nil {
		return nil
	}
	var ids []*fhir.Node
	if npi := s.field("32a"); npi != nil {
		ids = append(ids, fhir.NewObject("system", npiSystem, "value", value(npi)))
	}
	name, address, _ := strings.Cut(value(f), "\n")
	facts := s.facts("name", f)
	site := s.resource("Location", "facility", facts)
	site.Set("identifier", nonEmptyArray(ids))
	site.Set("name", fhir.NewString(name))
	if address != "" {
		site.Set("address", fhir.NewObject("text", address))
	}
	return reference(s.file(site, facts))
}

// absent is the data-absent-reason extension, for a mandatory element that the page lacks.
func absent(reason string) *fhir.Node {
	return fhir.NewObject("extension", []*fhir.Node{fhir.NewObject(
		"url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode", reason)})
}
