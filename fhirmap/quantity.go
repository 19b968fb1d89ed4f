package fhirmap

import "chartlake/fhir"

// quantity keeps the printed digits and the printed unit.
func quantity(comparator, number, unit string) *fhir.Node {
	return fhir.NewObject("value", fhir.NewNumber(number), "comparator", comparator, "unit", unit)
}
