// Package specimen makes documents of fictional people together with the exact result that
// a careful human would extract from them: laboratory reports, discharge summaries and
// insurance cards, and forms, tables and articles to measure reading on, in several layouts, as born-digital PDF or as pictures that were scanned,
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
	"slices"

	"chartlake/eval/expected"
	"chartlake/eval/reading"
	"chartlake/eval/specimen/apart"
	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/scan"
	"chartlake/eval/specimen/sheet"
	"chartlake/fault"
)

// Kind is a kind of document, named by its record type.
type Kind string

const (
	LabReport        Kind = "lab_report"
	DischargeSummary Kind = "discharge_summary"
	InsuranceCard    Kind = "insurance_card"

	// Form, Table, Article and Label are for measuring how pages are read; they have a true reading
	// and no expected record.
	Form    Kind = "form"
	Table   Kind = "table"
	Article Kind = "article"
	Label   Kind = "label"
)

// PaperKinds lists the plainer kinds of documents, whose layouts are designs as data: what
// tells their type and, where the type has them, their fields and rows.
func PaperKinds() []Kind {
	var out []Kind
	for _, k := range fiction.PaperKinds() {
		out = append(out, Kind(k))
	}
	return out
}

// Kinds lists what can be made with an expected record, ReadingKinds what is made to measure
// reading.
func Kinds() []Kind { return []Kind{LabReport, DischargeSummary, InsuranceCard} }

// ReadingKinds lists what is made to measure reading.
func ReadingKinds() []Kind { return []Kind{Form, Table, Article, Label} }

// LOINC document types of the kinds, from section 1 of the document types reference.
var documentCode = map[Kind]string{LabReport: "11502-2", DischargeSummary: "18842-5", InsuranceCard: "64290-0"}

// Specimen is one document with its expected result.
type Specimen struct {
	Name      string // file name with extension
	MediaType string
	Bytes     []byte
	Expected  *expected.Document // what the record must hold; of the reading kinds only its source
	Reading   *reading.Truth
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
	case Form:
		return names(choose(kept, apart.Forms, formLayouts))
	case Table:
		return names(choose(kept, apart.Tables, tableLayouts))
	case Article:
		return names(choose(kept, apart.Articles, articleLayouts))
	case Label:
		return names(choose(kept, apart.Labels, labelLayouts))
	}
	var list []string
	for _, g := range designs(k, kept) {
		list = append(list, g.Name)
	}
	return list
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
	return finish(d, seed, kind, layout, condition)
}

// finish prints or photographs a drawn document.
func finish(d *sheet.Draft, seed uint64, kind Kind, layout string, condition Condition) (*Specimen, error) {
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
	return &Specimen{Name: e.Source.File, MediaType: out.mediaType, Bytes: out.bytes, Expected: e, Reading: truth(d, kind, out)}, nil
}

// truth is what the pages of a file truly say, moved to where the ink is.
func truth(d *sheet.Draft, kind Kind, out *file) *reading.Truth {
	from := d.Expected.Source
	t := &reading.Truth{ID: d.Expected.ID, Kind: string(kind), Layout: from.Layout, Condition: from.Made, Seed: from.Seed, File: from.File, SHA256: from.SHA256}
	for i, s := range d.Sheets {
		p, at := s.Reading(), picture{m: scan.Same}
		if out.pages != nil {
			at = out.pages[i]
		}
		rotation := (4 - at.turned) % 4 * 90
		p.Page, p.Rotation = i+1, &rotation
		if !at.bent {
			p.Skew = &at.skewed
		}
		p.Move(at.m.Box)
		t.Pages = append(t.Pages, p)
	}
	return t
}

// Draw makes the sheets of one document and its expected result, before it is printed or
// photographed.
func Draw(seed uint64, kind Kind, layout string) (*sheet.Draft, error) {
	return draw(seed, kind, layout, nil, true)
}

// draw is Draw with the facts of a plainer kind altered (nil: as they are), and with or
// without the chance that a sheet is lost.
func draw(seed uint64, kind Kind, layout string, alter func(*fiction.Paper), losing bool) (*sheet.Draft, error) {
	d := sheet.NewDraft(string(kind), codeOf(kind))
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
	case Form:
		found = setOut(d, append(apart.Forms(), formLayouts()...), layout, s, s)
	case Table:
		found = setOut(d, append(apart.Tables(), tableLayouts()...), layout, s, s)
	case Article:
		found = setOut(d, append(apart.Articles(), articleLayouts()...), layout, s, s)
	case Label:
		found = setOut(d, append(apart.Labels(), labelLayouts()...), layout, s, s)
	default:
		facts := s.Paper(string(kind))
		if facts == nil {
			return nil, fault.New(fault.NotFound, "specimen_kind", "no documents of this kind are made; kinds are %v", slices.Concat(Kinds(), ReadingKinds(), PaperKinds()))
		}
		if alter != nil {
			alter(facts)
		}
		found = drawPaper(d, kind, layout, facts, s)
		expectPaper(d, facts)
	}
	if !found {
		return nil, fault.New(fault.NotFound, "specimen_layout", "this kind of document has no such layout; layouts are %v", append(Layouts(kind), ApartLayouts(kind)...))
	}
	d.Finish()
	if losing {
		losePage(d, fiction.NewSource(seed, "lost page"))
	}
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
