package form

import "chartlake/form/pair"

// immunization reads the head of an immunisation card. Its dose rows are often written by
// hand or on stickers and are read by the form's own template, not by label.
func (r *reading) immunization() {
	r.fromPairs(func(p pair.Pair) bool {
		switch p.Label.Name {
		case "first", "last", "mi", "dob", "patient_number":
			return false
		}
		return true
	})
}
