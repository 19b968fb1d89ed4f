package specimen

import (
	"slices"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
	"chartlake/fault"
)

// Written prints texts on a page, a paragraph each, and puts the page into a condition. The error
// is a NotFound fault for an unknown condition, Invalid where the texts do not fit on one page.
func Written(texts []string, condition Condition, seed uint64) ([]byte, error) {
	if !slices.Contains(append(Conditions(), ReadingConditions()...), condition) {
		return nil, fault.New(fault.NotFound, "unknown_condition", "there is no such condition of a page")
	}
	families := []*sheet.Family{sheet.Sans(), sheet.Serif(), sheet.Go(), sheet.Mono()}
	st := sheet.Style{Family: families[seed%uint64(len(families))], Size: 11}
	d := sheet.NewDraft("progress_note", "")
	s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	f := &sheet.Flow{Draft: d, Sheet: s, X: 60, Y: 72, Width: 492, Bottom: 740, Leading: 1.35}
	for _, t := range texts {
		if f.Y > f.Bottom-2*st.Size*f.Leading {
			return nil, fault.New(fault.Invalid, "page_full", "the texts are too long for one page")
		}
		f.Prose(sheet.Printed(t), 0, st)
		f.Skip(8)
	}
	out, err := render(d, condition, fiction.NewSource(seed, string(condition)))
	if err != nil {
		return nil, err
	}
	return out.bytes, nil
}
