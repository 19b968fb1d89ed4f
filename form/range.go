package form

import (
	"chartlake/document"
	"chartlake/form/split"
	"chartlake/record"
)

// Range reads pages first to last (from 1, inclusive) as one document, whatever Understand would
// make of them: a person has said where it begins and ends. Pages before it are only looked at for
// copies. A range that lies outside of the document holds the pages that there are.
func Range(doc *document.Document, first, last int, us Us) record.Segment {
	looks := map[int]look{}
	seen := pages{}
	for i := range doc.Pages {
		p := &doc.Pages[i]
		if p.Number > last {
			break
		}
		copied := seen.copyOf(p)
		if p.Number < first {
			continue
		}
		l := lookAt(doc, p, us.Forms)
		l.first = copied
		looks[p.Number] = l
	}
	return understand(doc, split.Range{First: first, Last: last, Confidence: 1}, us, looks)
}
