// Package sheet writes rows of a table as CSV (RFC 4180, a header line, empty for null), JSON lines
// (one object a line, all columns named) or Parquet (compressed by Zstandard).
//
// In Parquet booleans are BOOLEAN, whole numbers INT64, decimals DOUBLE, all else UTF-8 strings:
// FHIR dates may be a year or a month alone. Every column may be null; collections are lists. A
// value that is not what its column's type says is refused with view_value.
package sheet
