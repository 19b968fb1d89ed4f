package textract

import "chartlake/document"

// fields writes each field as a KEY and a VALUE block.
func (w *writer) fields() {
	for _, f := range w.page.Fields {
		if f.Source == "mark" {
			continue // written with its mark
		}
		_, _, keyBox := w.said(f.KeyWords)
		_, _, valueBox := w.said(f.ValueWords)
		if !f.KeyBox.Empty() {
			keyBox = f.KeyBox
		}
		if !f.ValueBox.Empty() {
			valueBox = f.ValueBox
		}
		if keyBox.Empty() {
			continue // a key that is not printed has no place, and a block must have one
		}
		if valueBox.Empty() {
			valueBox = document.Box{X: keyBox.X + keyBox.W, Y: keyBox.Y, H: keyBox.H}
		}
		w.pair(keyBox, valueBox, w.ids(f.KeyWords), append(w.ids(f.ValueWords), w.signed(valueBox)...), f.Confidence)
	}
}

// signed are the signatures in a value.
func (w *writer) signed(value document.Box) (ids []string) {
	for i, s := range w.page.Signatures {
		if id := w.signatures[i]; id != "" && holds(value, s.Box) {
			ids = append(ids, id)
		}
	}
	return ids
}

// pair writes a KEY_VALUE_SET of each kind.
func (w *writer) pair(keyBox, valueBox document.Box, key, value []string, confidence float64) {
	k := len(w.blocks)
	id := w.add(Block{BlockType: "KEY_VALUE_SET", EntityTypes: []string{"KEY"}, Confidence: percent(confidence), Geometry: w.place.geometry(keyBox)})
	v := w.add(Block{BlockType: "KEY_VALUE_SET", EntityTypes: []string{"VALUE"}, Confidence: percent(confidence),
		Geometry: w.place.geometry(valueBox), Relationships: related("CHILD", value)})
	w.blocks[k].Relationships = append(related("VALUE", []string{v}), related("CHILD", key)...)
	w.children = append(w.children, id, v)
}

// choices writes each mark that has a label as a pair whose value is the mark.
func (w *writer) choices() {
	for i, m := range w.page.Marks {
		if len(m.LabelWords) == 0 {
			continue
		}
		_, _, label := w.said(m.LabelWords)
		w.pair(label, m.Box, w.ids(m.LabelWords), []string{w.mark(i)}, m.Confidence)
	}
}

// mark gives the SELECTION_ELEMENT of a mark, which is written once.
func (w *writer) mark(i int) string {
	if id, ok := w.marks[i]; ok {
		return id
	}
	m := w.page.Marks[i]
	status, confidence := "NOT_SELECTED", m.Confidence
	switch m.State {
	case document.MarkOn:
		status = "SELECTED"
	case document.MarkAmbiguous:
		confidence = min(confidence, 0.5)
	}
	w.marks[i] = w.add(Block{BlockType: "SELECTION_ELEMENT", SelectionStatus: status, Confidence: percent(confidence), Geometry: w.place.geometry(m.Box)})
	return w.marks[i]
}

// holds reports whether the middle of b lies in a.
func holds(a, b document.Box) bool {
	x, y := b.X+b.W/2, b.Y+b.H/2
	return x >= a.X && x <= a.X+a.W && y >= a.Y && y <= a.Y+a.H
}
