// Package search is the FHIR R4 search language: it parses a query into a checked Query
// against the definitions, and extracts index values from resources by the expressions of
// the SearchParameters. It knows no SQL.
package search

// Query is a checked search of one type (or of several, for system-level search).
// Its fields are defined in query.go.
type Query struct {
	Type string
}
