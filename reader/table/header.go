package table

import (
	"strings"
	"unicode"

	"chartlake/document"
	"chartlake/reader/layout"
)

// header counts the leading rows that name columns: rows of words without figures above rows
// that have figures, rows above a rule that runs through a table without other rules, and rows
// whose cells span others.
func header(t document.Table, s *sheet, around layout.Rect) int {
	if t.Rows < 2 {
		return 0
	}
	figures, filled := make([]int, t.Rows), make([]int, t.Rows)
	spans := make([]bool, t.Rows)
	for _, c := range t.Cells {
		if c.Text == "" {
			continue
		}
		filled[c.Row]++
		if strings.IndexFunc(c.Text, unicode.IsDigit) >= 0 {
			figures[c.Row]++
		}
		if c.ColumnSpan > 1 && c.ColumnSpan < t.Columns {
			spans[c.Row] = true
		}
	}
	below := 0
	for r := 1; r < t.Rows; r++ {
		below += figures[r]
	}
	n := 0
	for n < min(3, t.Rows-1) && figures[n] == 0 && filled[n] > 0 && (n == 0 || filled[n] > 1 && (spans[n-1] || filled[n-1] == 1)) {
		n++
	}
	switch {
	case n > 0 && below > 0:
		return n
	case n > 0 && (named(t, 0) || !t.Ruled && s.ruleBelow(t, around)):
		return n
	case n > 0 && t.Ruled && 2*filled[0] > t.Columns:
		return n
	}
	return 0
}

// named reports whether a row's cells are words that name columns.
func named(t document.Table, row int) bool {
	hits, cells := 0, 0
	for _, c := range t.Cells {
		if c.Row != row || c.Text == "" {
			continue
		}
		cells++
		for _, w := range strings.Fields(strings.ToLower(c.Text)) {
			if isColumnName(strings.Trim(w, ".:()#/")) {
				hits++
				break
			}
		}
	}
	return hits >= 2 && 2*hits >= cells
}

// isColumnName knows the words that head columns of clinical and billing tables.
func isColumnName(w string) bool {
	switch w {
	case "test", "analyte", "component", "name", "result", "results", "value", "unit", "units", "reference", "range",
		"interval", "flag", "abnormal", "status", "date", "time", "code", "description", "qty", "quantity", "amount",
		"charge", "charges", "price", "rate", "total", "balance", "paid", "payment", "service", "procedure", "diagnosis",
		"medication", "drug", "dose", "dosage", "route", "frequency", "start", "stop", "strength", "sig", "refills",
		"vaccine", "lot", "manufacturer", "site", "provider", "allergen", "reaction", "severity", "relation",
		"relationship", "age", "modifier", "units/days", "item", "id", "no", "number", "type", "specimen", "method",
		"problem", "condition", "onset", "immunization", "prescriber", "debit", "credit", "low", "high", "normal", "previous", "current", "comment", "comments", "notes", "instructions", "adjustment":
		return true
	}
	return false
}

// ruleBelow reports whether a rule runs under the first row of a table without vertical lines.
func (s *sheet) ruleBelow(t document.Table, around layout.Rect) bool {
	var first, second layout.Rect
	for _, c := range t.Cells {
		switch c.Row {
		case 0:
			first = first.Union(s.Around(c.Words))
		case 1:
			second = second.Union(s.Around(c.Words))
		}
	}
	for _, r := range s.Flat {
		if y := r.MidY(); y > first.MidY() && y < second.MidY() && r.OverlapX(around) > 0.5*around.W() {
			return true
		}
	}
	return false
}

// title is the short line right above a table, free of it, that no sentence ends in.
func (s *sheet) title(around layout.Rect) string {
	var best []int
	bestGap := 2.2 * s.Text
	for _, l := range s.page.Lines {
		r := s.Around(l.Words)
		gap := around.Y0 - r.Y1
		if gap < -0.3*s.Text || gap > bestGap || r.OverlapX(around) < 0.5*r.W() || len(l.Words) > 12 || s.taken[l.Words[0]] {
			continue
		}
		last := s.page.Words[l.Words[len(l.Words)-1]].Text
		if strings.HasSuffix(last, ".") || strings.HasSuffix(last, ",") || strings.HasSuffix(last, ";") {
			continue
		}
		best, bestGap = l.Words, gap
	}
	if best == nil {
		return ""
	}
	return strings.TrimSuffix(s.JoinText(best), ":")
}
