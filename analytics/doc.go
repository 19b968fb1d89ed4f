// Package analytics makes flat tables of what a store holds: of FHIR resources by the
// ViewDefinitions in views/ (SQL on FHIR v2, run by package view), of documents and their records
// by rows.go. Names of tables and columns are a promise (docs/guide/tables.md).
//
// A table is written as CSV, JSON lines or Parquet. All tables of an export show one moment. What
// an actor may not see is not in them.
package analytics
