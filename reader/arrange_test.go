package reader

import (
	"testing"

	"chartlake/document"
)

// TestChoices tells a value from the names of places to mark.
func TestChoices(t *testing.T) {
	t.Parallel()
	marks := []document.Mark{{Label: "Female", LabelWords: []int{1}}, {Label: "Male", LabelWords: []int{2}}}
	for _, c := range []struct {
		words []int
		want  bool
	}{{[]int{1, 2}, true}, {[]int{1, 2, 3}, false}, {[]int{4}, false}, {nil, false}} {
		if got := choices(marks, document.Field{ValueWords: c.words}); got != c.want {
			t.Errorf("words %v: %v", c.words, got)
		}
	}
}

// TestPaired tells labels over values from the head of a table.
func TestPaired(t *testing.T) {
	t.Parallel()
	cell := func(row, column, word int) document.Cell {
		return document.Cell{Row: row, Column: column, RowSpan: 1, ColumnSpan: 1, Words: []int{word}}
	}
	above := func(key, value int) document.Field {
		return document.Field{KeyWords: []int{key}, ValueWords: []int{value}, Rule: "label_above"}
	}
	table := document.Table{Rows: 4, Columns: 2, Cells: []document.Cell{cell(0, 0, 0), cell(0, 1, 1), cell(1, 0, 2), cell(1, 1, 3), cell(2, 0, 4), cell(2, 1, 5), cell(3, 0, 6), cell(3, 1, 7)}}
	if !paired([]document.Field{above(0, 2), above(1, 3), above(4, 6)}, table) {
		t.Error("labels over values are a table")
	}
	if paired([]document.Field{above(0, 2), above(1, 3)}, table) {
		t.Error("a head over rows is pairs")
	}
}
