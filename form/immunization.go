package form

import (
	"regexp"

	"chartlake/form/pair"
	"chartlake/form/table"
)

// doseWords are how a card counts doses.
var doseWords = regexp.MustCompile(`(?i)^((\d{1,2}(st|nd|rd|th)?|first|second|third|fourth|booster)( dose| shot)?|dose #?\d{1,2})$`)

// immunization reads the head of an immunisation card and the rows of its table, where heads
// say what the columns hold. A row needs a day and a lot of its own: where a
// card prints the lot under the product, a person reads it.
func (r *reading) immunization() {
	for _, row := range table.Read(r.sheet, r.guess.Type, r.labelRow()) {
		line := r.line(row)
		_, lot := line["lot"]
		if f, ok := line["date"]; !ok || !lot || !pairRead("date", f.Raw).OK {
			continue
		}
		if f, ok := line["vaccine"]; ok && doseWords.MatchString(f.Raw) { // which dose, under the head of the vaccine
			delete(line, "vaccine")
			f.Name = "dose"
			line["dose"] = f
		}
		r.lines = append(r.lines, line)
	}
	ditto(r.lines)
	r.fromPairs(func(p pair.Pair) bool {
		switch p.Label.Name {
		case "first", "last", "mi", "dob", "patient_number":
			return false
		}
		return true
	})
}
