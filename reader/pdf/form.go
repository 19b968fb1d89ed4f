package pdf

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"chartlake/document"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/structs"
)

// forms takes the values of form fields and the text of typed notes, which the text layer
// does not hold: each value becomes words in its box, so that the running text has it, and a
// field that names them. Check boxes and radio buttons become marks with their true state.
func (c *content) forms() error {
	count, err := c.pdfium.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: c.handle})
	if err != nil {
		return err
	}
	w := widgets{content: c, printed: len(c.page.Words)}
	if c.form != enums.FPDF_FORMTYPE_NONE {
		leave, err := w.enter()
		if err != nil {
			return err
		}
		defer leave()
	}
	for i := range min(count.Count, maxWidgets) {
		got, err := c.pdfium.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: c.handle, Index: i})
		if err != nil {
			continue
		}
		w.annotation(got.Annotation)
		c.pdfium.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: got.Annotation})
	}
	c.page.Truncated = c.page.Truncated || count.Count > maxWidgets
	return nil
}

type widgets struct {
	*content
	env     references.FPDF_FORMHANDLE
	printed int // words of the page itself; those of the form come after them
}

// enter makes PDFium's form environment. No document or page action is ever run in it.
func (w *widgets) enter() (leave func(), err error) {
	made, err := w.pdfium.FPDFDOC_InitFormFillEnvironment(&requests.FPDFDOC_InitFormFillEnvironment{
		Document: w.document,
		FormFillInfo: structs.FPDF_FORMFILLINFO{
			FFI_Invalidate:         func(references.FPDF_PAGE, float64, float64, float64, float64) {},
			FFI_SetCursor:          func(enums.FXCT) {},
			FFI_SetTimer:           func(int, func(int)) int { return 0 },
			FFI_KillTimer:          func(int) {},
			FFI_GetLocalTime:       func() structs.FPDF_SYSTEMTIME { return structs.FPDF_SYSTEMTIME{} },
			FFI_GetPage:            func(references.FPDF_DOCUMENT, int) *references.FPDF_PAGE { return nil },
			FFI_GetRotation:        func(references.FPDF_PAGE) enums.FPDF_PAGE_ROTATION { return 0 },
			FFI_ExecuteNamedAction: func(string) {},
		},
	})
	if err != nil {
		return nil, err
	}
	w.env = made.FormHandle
	if _, err = w.pdfium.FORM_OnAfterLoadPage(&requests.FORM_OnAfterLoadPage{Page: w.handle, FormHandle: w.env}); err != nil {
		return nil, err
	}
	return func() {
		w.pdfium.FORM_OnBeforeClosePage(&requests.FORM_OnBeforeClosePage{Page: w.handle, FormHandle: w.env})
		w.pdfium.FPDFDOC_ExitFormFillEnvironment(&requests.FPDFDOC_ExitFormFillEnvironment{FormHandle: w.env})
	}, nil
}

// unseen are the flags of an annotation that nobody sees. ISO 32000-1 table 165.
const unseen = enums.FPDF_ANNOT_FLAG_HIDDEN | enums.FPDF_ANNOT_FLAG_NOVIEW

func (w *widgets) annotation(a references.FPDF_ANNOTATION) {
	kind, err := w.pdfium.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: a})
	if err != nil {
		return
	}
	if flags, err := w.pdfium.FPDFAnnot_GetFlags(&requests.FPDFAnnot_GetFlags{Annotation: a}); err == nil && flags.Flags&unseen != 0 {
		return
	}
	rect, err := w.pdfium.FPDFAnnot_GetRect(&requests.FPDFAnnot_GetRect{Annotation: a})
	if err != nil {
		return
	}
	r := rect.Rect
	box := w.toPage.box(float64(r.Left), float64(r.Bottom), float64(r.Right), float64(r.Top)).Clamp()
	if box.Empty() {
		return
	}
	switch {
	case kind.Subtype == enums.FPDF_ANNOT_SUBTYPE_FREETEXT:
		if note, err := w.pdfium.FPDFAnnot_GetStringValue(&requests.FPDFAnnot_GetStringValue{Annotation: a, Key: "Contents"}); err == nil {
			w.write(note.Value, box)
		}
	case kind.Subtype == enums.FPDF_ANNOT_SUBTYPE_WIDGET && w.env != "":
		w.widget(a, box)
	}
}

func (w *widgets) widget(a references.FPDF_ANNOTATION, box document.Box) {
	kind, err := w.pdfium.FPDFAnnot_GetFormFieldType(&requests.FPDFAnnot_GetFormFieldType{Annotation: a, FormHandle: w.env})
	if err != nil {
		return
	}
	switch kind.FormFieldType {
	case enums.FPDF_FORMFIELD_TYPE_TEXTFIELD, enums.FPDF_FORMFIELD_TYPE_COMBOBOX, enums.FPDF_FORMFIELD_TYPE_LISTBOX,
		enums.FPDF_FORMFIELD_TYPE_XFA_TEXTFIELD, enums.FPDF_FORMFIELD_TYPE_XFA_COMBOBOX, enums.FPDF_FORMFIELD_TYPE_XFA_LISTBOX:
		w.value(a, box)
	case enums.FPDF_FORMFIELD_TYPE_CHECKBOX, enums.FPDF_FORMFIELD_TYPE_XFA_CHECKBOX:
		w.button(a, box, "box")
	case enums.FPDF_FORMFIELD_TYPE_RADIOBUTTON:
		w.button(a, box, "circle")
	case enums.FPDF_FORMFIELD_TYPE_SIGNATURE, enums.FPDF_FORMFIELD_TYPE_XFA_SIGNATURE:
		w.page.Fields = append(w.page.Fields, document.Field{
			Name: w.name(a), Key: w.title(a), ValueBox: box, Confidence: 1, Source: "acroform", Rule: "signature"})
	}
}

func (w *widgets) name(a references.FPDF_ANNOTATION) string {
	got, err := w.pdfium.FPDFAnnot_GetFormFieldName(&requests.FPDFAnnot_GetFormFieldName{Annotation: a, FormHandle: w.env})
	if err != nil {
		return ""
	}
	return clean(got.FormFieldName)
}

// title is the field's name for people (TU), empty where it has none.
func (w *widgets) title(a references.FPDF_ANNOTATION) string {
	got, err := w.pdfium.FPDFAnnot_GetFormFieldAlternateName(&requests.FPDFAnnot_GetFormFieldAlternateName{Annotation: a, FormHandle: w.env})
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(clean(got.FormFieldAlternateName)), " ")
}

func (w *widgets) value(a references.FPDF_ANNOTATION, box document.Box) {
	got, err := w.pdfium.FPDFAnnot_GetFormFieldValue(&requests.FPDFAnnot_GetFormFieldValue{Annotation: a, FormHandle: w.env})
	if err != nil {
		return
	}
	if chosen := w.chosen(a); chosen != "" {
		got.FormFieldValue = chosen
	}
	f := document.Field{Name: w.name(a), Key: w.title(a), Confidence: 1, Source: "acroform", Rule: "acroform", ValueBox: box}
	f.ValueWords = w.write(got.FormFieldValue, box)
	f.Value = strings.TrimSpace(clean(got.FormFieldValue))
	for _, i := range f.ValueWords {
		if i == f.ValueWords[0] {
			f.ValueBox = document.Box{}
		}
		f.ValueBox = f.ValueBox.Union(w.page.Words[i].Box)
	}
	if f.Key == "" {
		f.Key, f.KeyWords, f.KeyBox = w.caption(box, leftThenAbove)
	}
	w.page.Fields = append(w.page.Fields, f)
}

// chosen gives the labels of the chosen options of a list: its value may be an internal code.
func (w *widgets) chosen(a references.FPDF_ANNOTATION) string {
	count, err := w.pdfium.FPDFAnnot_GetOptionCount(&requests.FPDFAnnot_GetOptionCount{Annotation: a, FormHandle: w.env})
	if err != nil {
		return ""
	}
	var labels []string
	for i := range min(count.OptionCount, 500) {
		on, err := w.pdfium.FPDFAnnot_IsOptionSelected(&requests.FPDFAnnot_IsOptionSelected{Annotation: a, FormHandle: w.env, Index: i})
		if err != nil || !on.IsOptionSelected {
			continue
		}
		label, err := w.pdfium.FPDFAnnot_GetOptionLabel(&requests.FPDFAnnot_GetOptionLabel{Annotation: a, FormHandle: w.env, Index: i})
		if err == nil {
			labels = append(labels, label.OptionLabel)
		}
	}
	return strings.Join(labels, "\n")
}

func (w *widgets) button(a references.FPDF_ANNOTATION, box document.Box, shape string) {
	on, err := w.pdfium.FPDFAnnot_IsChecked(&requests.FPDFAnnot_IsChecked{Annotation: a, FormHandle: w.env})
	if err != nil {
		return
	}
	m := document.Mark{State: document.MarkOff, Shape: shape, Box: box, Confidence: 1, Group: w.name(a)}
	if on.IsChecked {
		m.State, m.Fill = document.MarkOn, 1
	}
	m.Label, m.LabelWords, _ = w.caption(box, rightThenLeft)
	if title := w.title(a); title != "" {
		if m.Label == "" {
			m.Label = title
		} else if shape == "circle" {
			m.Group = title
		}
	}
	w.page.Marks = append(w.page.Marks, m)
}

// write lays text into the box as words, line by line, each as wide as its share of the
// line's characters, and gives their indexes.
func (w *widgets) write(text string, box document.Box) []int {
	lines := strings.FieldsFunc(clean(text), func(r rune) bool { return r == '\n' || r == '\r' })
	var kept [][]string
	longest := 0
	for _, l := range lines {
		if words := strings.Fields(l); len(words) > 0 {
			kept = append(kept, words)
			longest = max(longest, utf8.RuneCountInString(strings.Join(words, " ")))
		}
	}
	if len(kept) == 0 {
		return nil
	}
	// A letter is about half as wide as a line is high; short values do not fill their box.
	high := min(box.H/float64(len(kept)), maxLine/w.page.Height)
	wide := min(box.W/float64(longest), 0.5*high*w.page.Height/w.page.Width)
	var out []int
	top := box.Y
	if len(kept) == 1 {
		top += (box.H - high) / 2
	}
	for i, words := range kept {
		x := box.X
		for _, word := range words {
			n := float64(utf8.RuneCountInString(word))
			out = append(out, len(w.page.Words))
			w.page.Words = append(w.page.Words, Word{Word: document.Word{Text: word, Confidence: 1,
				Box: document.Box{X: x, Y: top + float64(i)*high, W: n * wide, H: high}.Clamp()}})
			x += (n + 1) * wide
		}
	}
	return out
}

// maxLine is the height of a line in points where the box does not bound it.
const maxLine = 14.0

type sides int

const (
	leftThenAbove sides = iota
	rightThenLeft
)

// Distances within which printed words count as the caption of a form box, in points.
const (
	captionFar   = 150.0
	captionAbove = 20.0
	captionGap   = 9.0 // between words of one caption
)

// caption finds the printed words that name a form box: the run of words nearest to it on
// its own line, or on the line above.
func (w *widgets) caption(box document.Box, where sides) (string, []int, document.Box) {
	if where == rightThenLeft {
		if text, words, b := w.beside(box, 1); text != "" {
			return text, words, b
		}
		return w.beside(box, -1)
	}
	if text, words, b := w.beside(box, -1); text != "" {
		return text, words, b
	}
	return w.above(box)
}

// beside gives the words right (side 1) or left (side -1) of the box, up to the next gap.
func (w *widgets) beside(box document.Box, side float64) (string, []int, document.Box) {
	middle := box.Y + box.H/2
	var row []int
	for i, word := range w.page.Words[:w.printed] {
		b := word.Box
		if b.Y > middle || b.Y+b.H < middle {
			continue
		}
		if side > 0 && b.X+b.W/2 > box.X+box.W || side < 0 && b.X+b.W/2 < box.X {
			row = append(row, i)
		}
	}
	at := func(i int) document.Box { return w.page.Words[i].Box }
	sort.Slice(row, func(i, j int) bool { return side*at(row[i]).X < side*at(row[j]).X })
	edge, limit := box.X, captionFar/w.page.Width
	if side > 0 {
		edge = box.X + box.W
	}
	var words []int
	for _, i := range row {
		near := at(i).X
		if side < 0 {
			near = at(i).X + at(i).W
		}
		if side*(near-edge) > limit {
			break
		}
		words = append(words, i)
		edge, limit = at(i).X, captionGap/w.page.Width
		if side > 0 {
			edge = at(i).X + at(i).W
		}
	}
	return w.phrase(words)
}

// above gives the words of the line right over the box.
func (w *widgets) above(box document.Box) (string, []int, document.Box) {
	lowest := -1.0
	for _, word := range w.page.Words[:w.printed] {
		b := word.Box
		bottom := b.Y + b.H
		if bottom <= box.Y+box.H/4 && box.Y-bottom < captionAbove/w.page.Height && overlapX(b, box) {
			lowest = max(lowest, bottom)
		}
	}
	if lowest < 0 {
		return "", nil, document.Box{}
	}
	var words []int
	for i, word := range w.page.Words[:w.printed] {
		b := word.Box
		if b.Y < lowest && b.Y+b.H > lowest-b.H/2 && b.Y+b.H <= box.Y+box.H/4 && overlapX(b, box) {
			words = append(words, i)
		}
	}
	return w.phrase(words)
}

func overlapX(b, c document.Box) bool { return b.X < c.X+c.W && c.X < b.X+b.W }

func (w *widgets) phrase(words []int) (text string, indexes []int, box document.Box) {
	sort.Slice(words, func(i, j int) bool { return w.page.Words[words[i]].Box.X < w.page.Words[words[j]].Box.X })
	parts := make([]string, len(words))
	for i, n := range words {
		parts[i] = w.page.Words[n].Text
		box = box.Union(w.page.Words[n].Box)
	}
	return strings.TrimRight(strings.Join(parts, " "), ": "), words, box
}

// clean drops what has no ink; line ends stay.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return r
		case unicode.IsControl(r) || ignorable(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
