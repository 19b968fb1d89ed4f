package fhirmap

import (
	"chartlake/fhir"
	"chartlake/terminology"
	printed "chartlake/value"
)

// quantity keeps the printed digits and the printed unit, and adds the UCUM code where the
// spelling has exactly one (package value, printed.txt).
func quantity(comparator, number, unit string) *fhir.Node {
	system, code := "", ""
	if ucum, ok := printed.ParseUnit(unit); ok {
		system, code = terminology.UCUM, ucum
	}
	return fhir.NewObject("value", fhir.NewNumber(number), "comparator", comparator, "unit", unit, "system", system, "code", code)
}
