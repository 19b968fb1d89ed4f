package table

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/reader/layout"
)

// labSheet is a laboratory table without rules in the making: its page, and the text of each cell.
type labSheet struct {
	*rand.Rand
	page   *document.Page
	y      float64
	left   []float64 // of the columns
	wide   []float64
	align  []byte // l, r or c
	kinds  []string
	pitch  float64
	truth  [][]string
	wraps  bool
	spaced bool // "70 - 99"
}

func (l *labSheet) pick(v ...string) string { return v[l.IntN(len(v))] }

// cell sets the lines of a cell, and gives how many there are.
func (l *labSheet) cell(column int, text string) int {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		x, width := l.left[column], extent(line)
		switch l.align[column] {
		case 'r':
			x += l.wide[column] - 8 - width
		case 'c':
			x += (l.wide[column] - width) / 2
		}
		set(l.page, x, l.y+11.5*float64(i), line)
	}
	return len(lines)
}

// extent is how wide set makes a text.
func extent(text string) float64 {
	words := strings.Fields(text)
	n := -4.0
	for _, w := range words {
		n += 6*float64(len(w)) + 4
	}
	return n
}

func (l *labSheet) row(texts []string) {
	lines := 1
	for c, text := range texts {
		if text != "" {
			lines = max(lines, l.cell(c, text))
		}
	}
	l.truth = append(l.truth, texts)
	l.y += l.pitch + 11.5*float64(lines-1)
}

// over sets a heading or a note, which stands from the first column on.
func (l *labSheet) over(text string) {
	set(l.page, l.left[0], l.y, text)
	row := make([]string, len(l.left))
	row[0] = text
	l.truth = append(l.truth, row)
	l.y += l.pitch
}

func (l *labSheet) value(kind string) string {
	number := func(most float64) string { return fmt.Sprintf("%.*f", l.IntN(3), l.Float64()*most) }
	switch kind {
	case "name":
		if l.wraps && l.IntN(6) == 0 {
			return "Immature granulocytes\nby an automated count"
		}
		return l.pick("Glucose", "Sodium", "Carbon Dioxide, Total", "Bilirubin, Total", "WBC", "pH", "T4, Free", "LDL Chol Calc (NIH)", "Hematocrit")
	case "value":
		return l.pick("Negative", "Clear", "<0.1", number(9), number(99), number(400), number(400))
	case "flag":
		return l.pick("", "", "", "H", "L", "High")
	case "unit":
		return l.pick("mg/dL", "mmol/L", "%", "x10E3/uL", "fL", "")
	case "range":
		a, b := number(20), number(90)
		if l.spaced {
			return l.pick(a+" - "+b, a+" - "+b, "Not Estab.", ">59", "")
		}
		return l.pick(a+"-"+b, a+"-"+b, "Not Estab.", ">59", "")
	}
	return "03/04/2024"
}

// newLab draws a table by seed: which columns, how they are aligned, how close they stand, headings
// within, notes under results, names of two lines.
func newLab(seed uint64) *labSheet {
	r := rand.New(rand.NewPCG(seed, 1))
	l := &labSheet{Rand: r, page: &document.Page{Width: 612, Height: 792}, pitch: 12 + 8*r.Float64(), wraps: r.IntN(3) == 0, spaced: r.IntN(2) == 0}
	sets := [][]string{{"name", "value", "flag", "unit", "range"}, {"name", "value", "unit", "range", "flag"},
		{"name", "flag", "value", "unit", "range"}, {"name", "value", "range"}, {"date", "name", "value", "unit", "range"}}
	l.kinds = sets[r.IntN(len(sets))]
	x := 36.0
	for _, k := range l.kinds {
		width := map[string]float64{"name": 150, "value": 62, "flag": 38, "unit": 64, "range": 96, "date": 74}[k] + 12*r.Float64()
		align := byte('l')
		if k == "value" {
			align = "lrc"[r.IntN(3)]
		}
		l.left, l.wide, l.align = append(l.left, x), append(l.wide, width), append(l.align, align)
		x += width
	}
	set(l.page, 36, 40, "This report has the results of all tests that were ordered for the patient on this day.")
	l.y = 80
	names := map[string]string{"name": "Test", "value": "Result", "flag": "Flag", "unit": "Units", "range": "Reference\nInterval", "date": "Collected"}
	if l.IntN(2) == 0 {
		names["range"] = "Range"
	}
	var heads []string
	for _, k := range l.kinds {
		heads = append(heads, names[k])
	}
	l.row(heads)
	sections, notes := r.IntN(3) == 0, r.IntN(3) == 0
	for range 6 + r.IntN(12) {
		if sections && r.IntN(4) == 0 {
			l.over(l.pick("HEMATOLOGY", "Lipid Panel", "Comprehensive Metabolic Panel"))
		}
		var row []string
		for _, k := range l.kinds {
			row = append(row, l.value(k))
		}
		l.row(row)
		if notes && r.IntN(4) == 0 {
			l.over("Please note that the interval of reference has changed as of this month")
		}
	}
	set(l.page, 36, l.y+20, "Results should be read together with the findings at the bedside by a physician.")
	return l
}

// TestLabs finds 200 laboratory tables without rules: at least 97 in 100 cells stand where they
// were set, and no table is missed or cut in two.
func TestLabs(t *testing.T) {
	t.Parallel()
	right, there, whole := 0, 0, 0
	const n = 200
	for seed := range uint64(n) {
		l := newLab(seed)
		layout.Arrange(l.page, nil)
		tables := Find(l.page, nil)
		for last := l.truth[len(l.truth)-1]; last[1] == "" && strings.HasPrefix(last[0], "Please"); {
			l.truth = l.truth[:len(l.truth)-1] // a note under the last result may as well be the text below
			last = l.truth[len(l.truth)-1]
		}
		if len(tables) == 1 && tables[0].Rows == len(l.truth) && tables[0].Columns == len(l.kinds) {
			whole++
		}
		for r, row := range l.truth {
			for c, text := range row {
				if text == "" {
					continue
				}
				there++
				if len(tables) == 1 && r < tables[0].Rows && c < tables[0].Columns && texts(tables[0])[r][c] == text {
					right++
				}
			}
		}
	}
	if 100*right < 97*there || 100*whole < 94*n {
		t.Errorf("%d of %d cells, %d of %d tables whole", right, there, whole, n)
	}
}
