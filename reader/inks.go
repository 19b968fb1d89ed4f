package reader

import (
	"context"
	"image"

	"chartlake/document"
	"chartlake/reader/ocr"
	"chartlake/reader/pixel"
)

// inks are the layers of a page: a form printed in colour, and what was filled in.
type inks struct{ form, filled *image.Gray }

// layered reads both layers, each without the other's ink, into one result; ok is false where
// they do not lie alike, or how they lie is not plain: then the page is read as it is.
func (r *Reader) layered(ctx context.Context, page *document.Page, img *image.Gray, l *inks) (result ocr.Result, ok bool, err error) {
	pose := ocr.Pose(img)
	if !pose.Sure {
		return result, false, nil
	}
	form, err := r.ocr.Page(ctx, pixel.Turn(l.form, pose.Rotation), page.DPI)
	if err != nil {
		return result, false, err
	}
	filled, err := r.ocr.Page(ctx, pixel.Turn(l.filled, pose.Rotation), page.DPI)
	if err != nil {
		return result, false, err
	}
	if form.Blank || form.Rotation != 0 || !filled.Blank && filled.Rotation != 0 {
		return result, false, nil
	}
	form.Rotation = pose.Rotation
	form.Words = append(form.Words, filled.Words...)
	form.Rules = append(form.Rules, filled.Rules...)
	form.Passes += filled.Passes
	page.Reasons = append(page.Reasons, "the form is printed in colour; it and what was filled in were read apart")
	return form, true, nil
}
