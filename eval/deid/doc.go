// Package deid measures de-identification on notes that it writes itself: lines of templates with
// identifiers of every kind of 45 CFR 164.514(b)(2)(i), among lines that have none but look as if.
//
// The templates and the names are in two parts. The rules were developed on one; the other was
// written before them and is kept apart, with other wording, other names (one in ten invented of
// syllables, so that no list can have it) and other ways to write numbers and dates. Nobody in
// the notes exists. The same seed gives the same notes.
package deid
