package fhirmap

import (
	"regexp"
	"strings"

	"chartlake/fhir"
	"chartlake/record"
)

// coverageClasses maps card fields to Coverage.class types (HL7 coverage-class).
var coverageClasses = []struct{ field, code string }{
	{"group", "group"}, {"plan", "plan"}, {"network", "network"},
	{"rx.bin", "rxbin"}, {"rx.pcn", "rxpcn"}, {"rx.group", "rxgroup"}, {"rx.id", "rxid"},
}

// costs maps card fields to Coverage.costToBeneficiary types (HL7 coverage-copay-type).
var costs = []struct{ field, code string }{
	{"copay.primary", "gpvisit"}, {"office_visit", "gpvisit"}, {"copay.specialist", "spvisit"}, {"specialist_visit", "spvisit"},
	{"copay.er", "emergency"}, {"copay.urgent", "urgentcare"}, {"copay.inpatient", "inpthosp"},
	{"coinsurance", "copaypct"}, {"deductible", "deductible"}, {"oop_max", "maxoutofpocket"},
}

// coverage writes what an insurance card grants. A card without a member number makes none.
func (s *segment) coverage() {
	member, payer := s.field("member_id", "id.number"), s.field("payer", "administered_by")
	if s.Type != "insurance_card" || member == nil {
		return
	}
	effective, product, planType := s.field("effective"), s.field("product"), s.field("plan.type")
	facts := s.facts("subscriberId", member, "payor", payer, "period.start", effective, "type", planType)
	payor := s.organization(payer, s.field("payer_id"), Base+"/payer-id")
	var contained *fhir.Node
	if payor == nil {
		contained = fhir.NewArray(fhir.NewObject("resourceType", "Organization", "id", "payor", "name", absentName))
		payor = reference("#payor")
	}
	c := s.resource("Coverage", "card", facts)
	c.Set("contained", contained)
	c.Set("identifier", fhir.NewArray(fhir.NewObject("type", coded(hl7+"v2-0203", "MB"), "value", value(member))))
	c.Set("status", fhir.NewString("active"))
	if planType != nil {
		c.Set("type", fhir.NewObject("text", value(planType)))
	}
	c.Set("subscriberId", fhir.NewString(value(member)))
	c.Set("beneficiary", s.patientRef())
	if start := dateTime(value(effective)); start != "" {
		c.Set("period", fhir.NewObject("start", start))
	}
	c.Set("payor", fhir.NewArray(payor))
	classes, classFacts := s.classes()
	c.Set("class", nonEmptyArray(classes))
	shares, shareFacts := s.costShares()
	c.Set("costToBeneficiary", nonEmptyArray(shares))
	facts = append(append(facts, classFacts...), shareFacts...)
	if product != nil {
		facts = append(facts, s.fact("class.name", product))
	}
	s.file(c, facts)
}

// absentName stands for a payer that could not be read; payor is mandatory in Coverage.
const absentName = "unknown payer"

func (s *segment) classes() (classes []*fhir.Node, facts []fact) {
	for _, cl := range coverageClasses {
		f := s.field(cl.field)
		if f == nil && cl.field == "plan" {
			f = s.field("product")
		}
		if f == nil {
			continue
		}
		name := ""
		if cl.field == "plan" {
			name = value(s.field("product"))
		}
		facts = append(facts, s.fact("class["+itoa(len(classes))+"].value", f))
		classes = append(classes, fhir.NewObject("type", coded(hl7+"coverage-class", cl.code), "value", value(f), "name", name))
	}
	return classes, facts
}

var (
	dollars = regexp.MustCompile(`^\$?\s*(\d+(?:\.\d\d)?)$`)
	percent = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*%$`)
)

// costString is the extension for a share that is neither a plain amount nor a plain
// percentage ("$55/0%", "10 after deductible"). Source: HL7 C4DIC, BeneficiaryCostString.
const costString = "http://hl7.org/fhir/us/insurance-card/StructureDefinition/C4DIC-BeneficiaryCostString-extension"

func (s *segment) costShares() (shares []*fhir.Node, facts []fact) {
	for _, c := range costs {
		f := s.field(c.field)
		if f == nil {
			continue
		}
		share := fhir.NewObject("type", coded(hl7+"coverage-copay-type", c.code))
		setShare(share, f)
		facts = append(facts, s.fact("costToBeneficiary["+itoa(len(shares))+"]", f))
		shares = append(shares, share)
	}
	return shares, facts
}

func setShare(share *fhir.Node, f *record.Field) {
	v := strings.ReplaceAll(value(f), ",", "")
	if m := percent.FindStringSubmatch(raw(f)); m != nil && isDecimal(m[1]) {
		share.Set("valueQuantity", fhir.NewObject("value", fhir.NewNumber(m[1]), "unit", "%", "system", "http://unitsofmeasure.org", "code", "%"))
		return
	}
	if m := dollars.FindStringSubmatch(v); m != nil && isDecimal(m[1]) {
		share.Set("valueMoney", money(m[1]))
		return
	}
	share.Set("valueMoney", fhir.NewObject("extension", []*fhir.Node{fhir.NewObject("url", costString, "valueString", raw(f))}))
}
