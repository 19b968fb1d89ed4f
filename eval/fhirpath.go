package eval

import (
	"chartlake/fhir"
	"chartlake/fhir/fhirpath"
)

// FHIRPath is the evaluator of Chartlake's own engine: true when the result is one true.
// An engine that is wrong in the same way as the mapper could hide a mistake, so the
// expressions of expected results are kept plain.
func FHIRPath(resource *fhir.Node, expression string) (bool, error) {
	e, err := fhirpath.CompileFor(expression, resource.Type())
	if err != nil {
		return false, err
	}
	values, err := e.Eval(resource)
	if err != nil || len(values) != 1 {
		return false, err
	}
	b, ok := values[0].Bool()
	return b && ok, nil
}
