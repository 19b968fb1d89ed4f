package form

import (
	"chartlake/form/labreport"
	"chartlake/form/pair"
	"chartlake/form/sheet"
	"chartlake/record"
	"chartlake/value"
)

func pairRead(kind, raw string) value.Reading { return pair.Read(kind, raw, value.Hint{}) }

// lab reads a laboratory report: the labelled head and foot, the letterhead, the panels and
// the rows of results.
func (r *reading) lab() {
	tables := labreport.Read(r.sheet, r.labelledRows())
	inTable := map[[2]int]bool{}
	for _, row := range tables.Rows {
		for _, cell := range [][]sheet.Token{row.Test, row.Value, row.Unit, row.Range, row.Flag, row.Note} {
			for _, t := range cell {
				inTable[[2]int{t.Page, t.Word}] = true
			}
		}
	}
	r.fromPairs(func(p pair.Pair) bool {
		if len(p.Value) > 0 && inTable[[2]int{p.Value[0].Page, p.Value[0].Word}] || inTable[[2]int{p.Head[0].Page, p.Head[0].Word}] {
			return true
		}
		return p.Label.Name == "panel" && len(tables.Panels) > 0
	})
	for i, tokens := range tables.Panels {
		_ = i
		r.putText("panel", "", tokens, "table_title", 0.93)
	}
	r.issuer("lab", "lab.address", "")
	r.lines = append(r.lines, labreport.Lines(tables)...)
}

// labelledRows tells the rows of the pages that hold a label with its value, without those
// whose label is a word that result tables also have.
func (r *reading) labelledRows() labreport.Labelled {
	rows := map[[2]int]bool{}
	for _, p := range r.pairs {
		switch p.Label.Name {
		case "status", "panel", "sex", "age", "provider", "date":
			if p.Rule != "inline" {
				continue
			}
		}
		rows[[2]int{p.Page, p.Row}] = true
	}
	return func(page, row int) bool { return rows[[2]int{page, row}] }
}

func accepted(f *record.Field) bool { return f != nil && f.State == record.Accepted && f.Value != nil }
