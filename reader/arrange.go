package reader

import (
	"context"
	"image"
	"slices"

	"chartlake/document"
	"chartlake/reader/field"
	"chartlake/reader/hand"
	"chartlake/reader/layout"
	"chartlake/reader/mark"
	"chartlake/reader/ocr"
	"chartlake/reader/pixel"
	"chartlake/reader/table"
)

// recognise reads a page's picture by OCR and completes the page. Of a form printed in colour it
// may have the inks apart; else l is nil.
func (r *Reader) recognise(ctx context.Context, page *document.Page, img *image.Gray, l *inks) error {
	sheet, photographed := pixel.FindSheet(img)
	w, h := float64(img.Rect.Dx()), float64(img.Rect.Dy())
	if photographed {
		img = sheet.Flatten(img)
	}
	var result ocr.Result
	var done bool
	var err error
	if l != nil && !photographed {
		if result, done, err = r.layered(ctx, page, l); err != nil {
			return err
		}
	}
	if !done {
		if result, err = r.ocr.Page(ctx, img, page.DPI); err != nil {
			return err
		}
	}
	page.Source = document.SourceOCR
	page.Words, page.Rotation, page.Skew, page.Blank = result.Words, result.Rotation, result.Skew, result.Blank
	img = pixel.Turn(img, result.Rotation)
	page.Width, page.Height = float64(img.Rect.Dx()), float64(img.Rect.Dy())
	codes(ctx, page, img)
	strike(page, img, nil)
	if photographed {
		result.Rules = slices.DeleteFunc(result.Rules, edge)
	}
	complete(page, img, result.Rules)
	if photographed {
		photograph{sheet: sheet, w: w, h: h}.restore(page)
	}
	return nil
}

// complete arranges a page's words and finds what they form. img is the upright page or nil;
// the fields and marks that are on the page already come from a PDF form and are true.
func complete(page *document.Page, img *image.Gray, rules []layout.Rule) {
	order(page, rules)
	if img != nil && markUp(page, img, rules) {
		order(page, rules)
	}
	if img != nil && page.Source == document.SourceOCR {
		for _, i := range hand.Find(img, page) {
			page.Words[i].Handwritten = true
		}
	}
	page.Tables = table.Find(page, rules)
	for _, f := range field.Find(page, rules) {
		if !stated(page.Fields, f) {
			page.Fields = append(page.Fields, f)
		}
	}
	page.Tables = slices.DeleteFunc(page.Tables, func(t document.Table) bool { return !t.Ruled && paired(page.Fields, t) })
	page.Fields = slices.DeleteFunc(page.Fields, func(f document.Field) bool { return f.Source != "acroform" && choices(page.Marks, f) })
	page.Confidence = confidence(page.Words)
}

// order puts a page's words into reading order, with what names them.
func order(page *document.Page, rules []layout.Rule) {
	before := slices.Clone(page.Words)
	layout.Arrange(page, rules)
	renumber(page, before)
}

// markUp finds marks and signatures on an arranged page, and reports whether there are marks that
// were not known.
func markUp(page *document.Page, img *image.Gray, rules []layout.Rule) (more bool) {
	for _, m := range mark.Find(img, page, rules) {
		switch {
		case m.Shape == "signature":
			page.Signatures = append(page.Signatures, m)
		case !marked(page.Marks, m.Box):
			page.Marks = append(page.Marks, m)
			more = true
		}
	}
	autograph(page)
	return more
}

// paired reports whether a table without rules is labels over their values, in columns: most of
// its words are such pairs, and labels stand in more than one row, as heads of columns do not.
func paired(fields []document.Field, t document.Table) bool {
	key, value := map[int]bool{}, map[int]bool{}
	for _, f := range fields {
		if f.Rule != "label_above" {
			continue
		}
		for _, w := range f.KeyWords {
			key[w] = true
		}
		for _, w := range f.ValueWords {
			value[w] = true
		}
	}
	words, pairs := 0, 0
	rows := map[int]bool{}
	for _, c := range t.Cells {
		for _, w := range c.Words {
			words++
			if key[w] {
				rows[c.Row] = true
			}
			if key[w] || value[w] {
				pairs++
			}
		}
	}
	return len(rows) > 1 && 3*pairs >= 2*words
}

// choices reports whether the value of a pair is only the names of places to mark, as "Female
// Male" beside "Sex": the marks say which it is.
func choices(marks []document.Mark, f document.Field) bool {
	named := 0
	for _, m := range marks {
		for _, w := range m.LabelWords {
			if slices.Contains(f.ValueWords, w) {
				named++
			}
		}
	}
	return named > 0 && named >= len(f.ValueWords)
}

// stated reports whether a PDF form already gives the value that a pair was found around.
func stated(known []document.Field, f document.Field) bool {
	for _, k := range known {
		if k.Source == "acroform" && !f.ValueBox.Empty() && k.ValueBox.Intersect(f.ValueBox).Area() > f.ValueBox.Area()/2 {
			return true
		}
	}
	return false
}

func marked(known []document.Mark, b document.Box) bool {
	for _, k := range known {
		if k.Box.Intersect(b).Area() > min(b.Area(), k.Box.Area())/2 {
			return true
		}
	}
	return false
}

// renumber follows the words to their new places, for the fields and marks that name them.
func renumber(page *document.Page, before []document.Word) {
	if len(page.Fields)+len(page.Marks)+len(page.Signatures) == 0 {
		return
	}
	places := map[document.Word][]int{}
	for i, w := range page.Words {
		places[w] = append(places[w], i)
	}
	moved := make([]int, len(before))
	for i, w := range before {
		moved[i] = -1
		if at := places[w]; len(at) > 0 {
			moved[i], places[w] = at[0], at[1:]
		}
	}
	refer(page, moved)
}

func confidence(words []document.Word) float64 {
	if len(words) == 0 {
		return 0
	}
	sum := 0.0
	for _, w := range words {
		sum += w.Confidence
	}
	return sum / float64(len(words))
}
