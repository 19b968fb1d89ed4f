// Package specimen makes documents of fictional people together with the exact result that
// a careful human would extract from them: laboratory reports, discharge summaries and
// insurance cards in several layouts, as born-digital PDF or as pictures that were scanned,
// faxed, turned or photographed. The same seed, kind, layout and condition give the same
// bytes on every machine of one architecture.
//
// Layouts of this package are for development. Those of package apart are measured and
// never tuned on.
package specimen

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"chartlake/eval/expected"
	"chartlake/eval/specimen/apart"
	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
	"chartlake/fault"
)

// Kind is a kind of document, named by its record type.
type Kind string

const (
	LabReport        Kind = "lab_report"
	DischargeSummary Kind = "discharge_summary"
	InsuranceCard    Kind = "insurance_card"
)

// Kinds lists what can be made.
func Kinds() []Kind { return []Kind{LabReport, DischargeSummary, InsuranceCard} }

// LOINC document types of the kinds, from section 1 of the document types reference.
var documentCode = map[Kind]string{LabReport: "11502-2", DischargeSummary: "18842-5", InsuranceCard: "64290-0"}

// Specimen is one document with its expected result.
type Specimen struct {
	Name      string // file name with extension
	MediaType string
	Bytes     []byte
	Expected  *expected.Document
}

// Layouts lists the development layouts of a kind, ApartLayouts those that are kept apart.
func Layouts(k Kind) []string { return layoutNames(k, false) }

// ApartLayouts lists the layouts that are measured and never tuned on.
func ApartLayouts(k Kind) []string { return layoutNames(k, true) }

func layoutNames(k Kind, kept bool) []string {
	switch k {
	case LabReport:
		return names(choose(kept, apart.Labs, labLayouts))
	case DischargeSummary:
		return names(choose(kept, apart.Stays, stayLayouts))
	case InsuranceCard:
		return names(choose(kept, apart.Cards, cardLayouts))
	}
	return nil
}

func choose[T any](kept bool, a, b func() T) T {
	if kept {
		return a()
	}
	return b()
}

func names[F any](layouts []sheet.Layout[F]) []string {
	var list []string
	for _, l := range layouts {
		list = append(list, l.Name)
	}
	return list
}

// Make makes one document. The facts depend on seed and kind only, so the same patient can
// be had in every layout and condition. An unknown kind, layout or condition is a NotFound fault.
func Make(seed uint64, kind Kind, layout string, condition Condition) (*Specimen, error) {
	d, err := Draw(seed, kind, layout)
	if err != nil {
		return nil, err
	}
	e := &d.Expected
	e.ID = fmt.Sprintf("%s-%s-%s-%06d", kind, layout, condition, seed)
	out, err := render(d, condition, fiction.NewSource(seed, string(condition)))
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(out.bytes)
	e.Source = expected.Source{
		File: e.ID + out.extension, SHA256: hex.EncodeToString(hash[:]), Bytes: len(out.bytes), Pages: len(d.Sheets),
		Content: "fictional, made by chartlake eval generate", Seed: seed, Layout: layout, Made: string(condition),
	}
	return &Specimen{Name: e.Source.File, MediaType: out.mediaType, Bytes: out.bytes, Expected: e}, nil
}

// Draw makes the sheets of one document and its expected result, before it is printed or
// photographed.
func Draw(seed uint64, kind Kind, layout string) (*sheet.Draft, error) {
	d := sheet.NewDraft(string(kind), documentCode[kind])
	s := fiction.NewSource(seed, string(kind))
	found := false
	switch kind {
	case LabReport:
		facts := s.Lab()
		found = setOut(d, append(apart.Labs(), labLayouts()...), layout, facts, s)
		expectLab(d, facts)
	case DischargeSummary:
		facts := s.Stay()
		found = setOut(d, append(apart.Stays(), stayLayouts()...), layout, facts, s)
		expectStay(d, facts)
	case InsuranceCard:
		facts := s.Card()
		found = setOut(d, append(apart.Cards(), cardLayouts()...), layout, facts, s)
		expectCard(d, facts)
	default:
		return nil, fault.New(fault.NotFound, "specimen_kind", "no documents of this kind are made; kinds are %v", Kinds())
	}
	if !found {
		return nil, fault.New(fault.NotFound, "specimen_layout", "this kind of document has no such layout; layouts are %v", append(Layouts(kind), ApartLayouts(kind)...))
	}
	d.Finish()
	losePage(d, fiction.NewSource(seed, "lost page"))
	return d, nil
}

// lostShare is how often a sheet of a document that counts its sheets is missing.
const lostShare = 0.12

// losePage plants a missing page: never the first, which says whose document it is.
func losePage(d *sheet.Draft, s fiction.Source) {
	if len(d.Sheets) < 2 || !d.Counts() || !s.Chance(lostShare) {
		return
	}
	d.Lose(2 + s.IntN(len(d.Sheets)-1))
	d.Expected.Flags = append(d.Expected.Flags, expected.Flag{Code: expected.Names{"page_missing"}, Note: "the sheets say how many they are, and one is not here"})
	delete(d.Expected.Checks, "page_missing")
}

func setOut[F any](d *sheet.Draft, layouts []sheet.Layout[F], name string, facts F, s fiction.Source) bool {
	for _, l := range layouts {
		if l.Name == name {
			l.Draw(d, facts, s.Rand)
			return true
		}
	}
	return false
}
