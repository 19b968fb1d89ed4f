package table

import (
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/reader/layout"
)

// medications has cells of several lines in the first column and in others.
var medications = [][]string{
	{"Medication", "How to take", "Prescriber", "Started"},
	{"Lisinopril 10 mg", "Once a day", "P. Calloway", "03/04/2024"},
	{"Metformin extended\nrelease tablet 500 mg", "Twice a day with\nfood", "W. Featherstone", "03/11/2024"},
	{"Warfarin tablet 5 mg,\nINR below 3", "At bedtime", "Harborview\nCardiology", "04/01/2024"},
	{"Albuterol", "Two puffs every four\nhours as needed for\nwheezing", "P. Calloway", "04/02/2024"},
}

// TestRowsOfLines finds rows of several lines by wider distances between rows, and by rules.
func TestRowsOfLines(t *testing.T) {
	t.Parallel()
	columns := []float64{40, 190, 330, 450}
	for name, c := range map[string]struct {
		between float64 // points more than between lines
		ruled   bool
	}{"distances": {6, false}, "rules": {2, true}, "both": {5, true}} {
		p := &document.Page{Width: 612, Height: 792}
		set(p, 40, 50, "This list has all that you take, as it was known to the clinic on the day of your visit.")
		var rules []layout.Rule
		y := 90.0
		for i, row := range medications {
			if i > 0 && c.ruled {
				rules = append(rules, flat(36, 530, y-c.between/2-1))
			}
			lines := 1
			for k, text := range row {
				for n, line := range strings.Split(text, "\n") {
					set(p, columns[k], y+13*float64(n), line)
					lines = max(lines, n+1)
				}
			}
			y += 13*float64(lines) + c.between
		}
		layout.Arrange(p, rules)
		tables := Find(p, rules)
		if len(tables) != 1 {
			t.Errorf("%s: %d tables", name, len(tables))
			continue
		}
		same(t, tables[0], medications)
	}
}
