// Package clinical measures the reading of clinical text against sets with gold labels:
// mentions by type (strict and overlapping), assertion, leakage into resources of the
// patient, and dose instructions. It reads brat standoff, IOB (CoNLL) columns, sentence and
// concept tables of the NegEx kit, and JSON of this project, from folders, files and
// .tgz archives in place.
//
// It writes nothing and trains nothing. The same files give the same report, byte for byte.
// Refused: archives and files beyond their limits, and files that are in none of the formats.
package clinical
