// Package eval measures Chartlake: how good its records are against expected results
// (Documents), how fast pages go in and what they cost (BenchIngest), and it writes the
// fictional documents that both use (Generate).
//
// Figures are counts with 95 % bounds, never a single share. A document that cannot be
// converted counts as one with nothing in it and is named by its place in the list. Reports
// hold names of fields, never their values.
package eval
