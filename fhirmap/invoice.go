package fhirmap

import (
	"chartlake/fhir"
)

// invoice writes a bill. Amounts are exact decimals; a line without an amount is left out of
// none of the sums, since sums are printed, not computed.
func (s *segment) invoice() {
	number, total := s.field("invoice"), s.field("total")
	if s.Type != "medical_invoice" || number == nil {
		return
	}
	date := s.field("date")
	facts := s.facts("identifier.value", number, "date", date, "totalGross", total)
	issuer := s.organization(s.field("facility"), nil, "")
	in := s.resource("Invoice", "bill", facts)
	in.Set("identifier", fhir.NewArray(fhir.NewObject("value", value(number))))
	in.Set("status", fhir.NewString("issued"))
	if s.subject.ID != "" {
		in.Set("subject", s.patientRef())
	}
	if d := dateTime(value(date)); d != "" {
		in.Set("date", fhir.NewString(d))
	}
	in.Set("issuer", issuer)
	var items []*fhir.Node
	for _, line := range s.Lines {
		description, amount := cell(line, "description"), cell(line, "amount")
		if description == nil || amount == nil {
			continue
		}
		price := money(value(amount))
		if price == nil {
			continue
		}
		facts = append(facts, s.fact("lineItem["+itoa(len(items))+"].chargeItem", description),
			s.fact("lineItem["+itoa(len(items))+"].priceComponent.amount", amount))
		items = append(items, fhir.NewObject("chargeItemCodeableConcept", fhir.NewObject("text", value(description)),
			"priceComponent", []*fhir.Node{fhir.NewObject("type", "base", "amount", price)}))
	}
	in.Set("lineItem", nonEmptyArray(items))
	if m := money(value(total)); m != nil {
		in.Set("totalGross", m)
	}
	in.Set("meta", meta(facts))
	s.file(in, facts)
}
