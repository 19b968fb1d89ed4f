// Package view runs ViewDefinitions of SQL on FHIR v2 (https://sql-on-fhir.org/): it compiles a
// definition once and then makes rows of a flat table from one resource after the other, without
// holding more than the row that it is at.
//
// It refuses definitions without a resource type of R4, without columns, with names that are no
// SQL names or stand twice, with branches of unionAll whose columns differ, with constants of no
// or several values, and with expressions that do not compile or ask for constants that are not
// there (view_invalid). A column of several values that is not a collection, a value that is
// no primitive, and a criterion that is no boolean are view_value; more rows of one resource than
// MaxRows, or more work than MaxSteps, are view_limit. Texts of errors name columns and paths of
// the definition, never values.
package view

// Limits on one definition and on what one resource may come to.
const (
	MaxColumns = 1000
	MaxDepth   = 20        // selects within selects
	MaxRows    = 100_000   // of one resource
	MaxSteps   = 5_000_000 // of all expressions over one resource
)
