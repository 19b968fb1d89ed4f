// Package fhirpath evaluates FHIRPath (http://hl7.org/fhirpath, normative release 2.0 with
// the functions of the R4 test suite and the additions of http://hl7.org/fhir/R4/fhirpath.html)
// over resources of package fhir. An expression is compiled once into closures and may then
// be evaluated by many goroutines; types come from package definition, so that a result
// says whether it is a Coding, a CodeableConcept or a Period.
//
// It refuses expressions that are too long or nested too deep, evaluations that take too
// many steps or make collections that are too large, and what the specification calls an
// error (several items where one is asked for, operators over unfitting types). Errors are
// faults of kind Invalid with code fhirpath_syntax, fhirpath_semantic, fhirpath_execution
// or fhirpath_limit; their text never holds data of the resource.
//
// Regular expressions are RE2: no back references, and no expression takes exponential time.
package fhirpath

// Limits on one expression and one evaluation. The longest expression of R4 has 2,009
// characters; evaluating all invariants of the largest example takes under 100,000 steps.
const (
	MaxExpression = 16 << 10  // bytes of source
	MaxNesting    = 100       // parentheses, arguments, operators within operators
	MaxSteps      = 5_000_000 // items visited
	MaxItems      = 1_000_000 // items in one collection
)
