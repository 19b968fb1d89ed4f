package reader

import (
	"context"
	"image"
	"slices"
	"strings"

	"chartlake/document"
	"chartlake/reader/ocr"
)

// inks are the layers of a page: a form printed in colour, and what was filled in.
type inks struct{ form, filled *image.Gray }

// layered reads both layers, each without the other's ink, into one result; ok is false where
// they do not lie alike: then the page is read as it is.
func (r *Reader) layered(ctx context.Context, page *document.Page, l *inks) (result ocr.Result, ok bool, err error) {
	form, err := r.ocr.Page(ctx, l.form, page.DPI)
	if err != nil {
		return result, false, err
	}
	filled, err := r.ocr.Page(ctx, l.filled, page.DPI)
	if err != nil {
		return result, false, err
	}
	if form.Blank || filled.Blank || form.Rotation != filled.Rotation {
		return result, false, nil
	}
	form.Words = append(labels(form.Words, filled.Words), filled.Words...)
	form.Rules = append(form.Rules, filled.Rules...)
	form.Passes += filled.Passes
	page.Reasons = append(page.Reasons, "the form is printed in colour; it and what was filled in were read apart")
	return form, true, nil
}

// labels are the form's words without the strokes of combs and cells that look like letters beside
// what is filled in.
func labels(form, filled []document.Word) []document.Word {
	return slices.DeleteFunc(form, func(w document.Word) bool {
		return len([]rune(w.Text)) <= 2 && strings.Trim(w.Text, strokes) == "" && slices.ContainsFunc(filled, func(f document.Word) bool {
			return w.Box.Y < f.Box.Y+1.3*f.Box.H && w.Box.Y+w.Box.H > f.Box.Y-0.3*f.Box.H
		})
	})
}

// strokes are what a short rule is read as.
const strokes = "|Il1!i;:.,'`-_[](){}/\\—‘’"
