// Package search is the FHIR R4 search language (http://hl7.org/fhir/R4/search.html): it
// parses a query into a checked Query against the SearchParameters of the definitions, and
// extracts index values from resources by the expressions of those parameters. Nothing is
// coded by hand per parameter. It knows no SQL: the store compiles a Query into its own plan.
//
// It refuses what it does not understand: an unknown parameter, modifier or prefix is a fault
// unless lenient handling was asked for, in which case Query.Ignored lists what was left out.
// A filter is never dropped in silence, because that would add results. Fault texts name the
// parameter, never a value: query values are patient data.
//
// Decisions where R4 leaves room, all of them tested:
//   - dates without a time zone are read as UTC, on both sides;
//   - `eq` is containment of the resource's range in the range of the query value (§3.1.1.4.2);
//   - a number in a resource is taken at face value, the query value has implicit precision;
//   - tokens are matched without regard to case, except in systems that are known to be case
//     sensitive (UCUM);
//   - a code element without a system matches `code` and `|code`; see Support for the rest.
package search

// Limits on a query. They bound the work that one request can ask for, not what real
// clients send: the longest queries of the US Core guide have 6 parameters.
const (
	MaxParameters = 100   // parameters in one query
	MaxValues     = 1_000 // alternatives (comma) in one parameter
	MaxAllValues  = 2_000 // alternatives in the whole query
	MaxDepth      = 64    // steps of a chain or of nested _has
	MaxSteps      = 500   // searches that all chains lead to; a step to any of several types counts each
	MaxSort       = 8     // sort keys
	MaxIncludes   = 50    // _include and _revinclude
	MaxCount      = 10_000
	DefaultCount  = 50
	MaxText       = 4_096  // bytes of one value
	MaxExpanded   = 10_000 // codes that value sets and hierarchies stand for in one query
)
