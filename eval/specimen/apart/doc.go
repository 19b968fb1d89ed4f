// Package apart holds the layouts and typefaces of the document generator that are kept
// apart: two layouts and one typeface for each kind of document, written before any rule
// that reads a document, and only ever measured. Nothing is tuned on them: who writes or
// changes a rule of reader, form or clinical does not look at this package or at documents
// made with it, and works with the layouts of package specimen. A figure for these layouts
// says how Chartlake does on paper that its rules have never seen.
//
// The layouts of forms, tables and articles (reading.go) are for measuring how pages are
// read; they were written before the layout analysis that they measure was tuned, and two
// more typefaces are theirs alone.
//
// A change here makes old figures incomparable: add a layout instead, and say so in
// docs/performance/documents.md.
package apart

import (
	"sync"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-fonts/dejavu/dejavusanscondensed"
	"github.com/go-fonts/dejavu/dejavusanscondensedbold"
	"github.com/go-fonts/dejavu/dejavuserifcondensed"
	"github.com/go-fonts/dejavu/dejavuserifcondensedbold"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

var (
	labType = sync.OnceValue(func() *sheet.Family {
		return sheet.NewFamily("DejaVuSerifCondensed", dejavuserifcondensed.TTF, dejavuserifcondensedbold.TTF)
	})
	stayType = sync.OnceValue(func() *sheet.Family { return sheet.NewFamily("DejaVuSans", dejavusans.TTF, dejavusansbold.TTF) })
	cardType = sync.OnceValue(func() *sheet.Family {
		return sheet.NewFamily("DejaVuSansCondensed", dejavusanscondensed.TTF, dejavusanscondensedbold.TTF)
	})
)

// Labs are the laboratory report layouts.
func Labs() []sheet.Layout[*fiction.Lab] {
	return []sheet.Layout[*fiction.Lab]{{Name: "apart-split-range", Draw: splitRange}, {Name: "apart-interval", Draw: interval}}
}

// Stays are the discharge summary layouts.
func Stays() []sheet.Layout[*fiction.Stay] {
	return []sheet.Layout[*fiction.Stay]{{Name: "apart-boxed", Draw: boxed}, {Name: "apart-run-in", Draw: runIn}}
}

// Cards are the insurance card layouts.
func Cards() []sheet.Layout[*fiction.Card] {
	return []sheet.Layout[*fiction.Card]{{Name: "apart-band", Draw: band}, {Name: "apart-photocopy", Draw: photocopy}}
}
