// Package release reads the release files of code systems as their publishers give them out, and keeps
// them as tables that are looked into without being loaded: ICD-10-CM (order and tabular files of
// CMS and NCHS), RxNorm (RRF), LOINC (Loinc.csv) and SNOMED CT (RF2 snapshot).
//
// Each release has a folder of its own with the checksums of what it was made from and of its tables;
// a pointer file names the one in use, so that a switch is one rename, and a crash before it
// leaves the release in use as it was. Nothing is taken on trust: archives that unpack to far more
// than they hold, members and lines beyond their limits, and files that are not in the format of
// their system are refused by a code. No code is added, changed or guessed.
package release
