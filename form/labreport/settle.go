package labreport

import (
	"regexp"
	"strings"

	"chartlake/form/sheet"
	"chartlake/value"
)

// settle moves a word that stands just over a column edge where its kind leaves no doubt: a
// flag in the unit or range cell, a comparator left in the cell before its number. What then
// still does not fit its column marks the row as shifted.
func settle(row *Row) {
	row.Unit, row.Flag = takeFlag(row.Unit, row.Flag)
	row.Range, row.Flag = takeFlag(row.Range, row.Flag)
	if n := len(row.Flag); n > 0 && len(row.Value) > 0 && isComparator(row.Flag[n-1].Text) {
		row.Flag = row.Flag[:n-1]
		row.Doubt = "a comparator stands apart from its number"
	}
	if len(row.Value) == 0 {
		return
	}
	text := sheet.Join(row.Value)
	_, _, number := value.ParseNumber(text)
	_, unit := value.ParseUnit(text)
	_, interval := value.ParseInterval(text)
	ranged := interval && !strings.ContainsAny(text[:1], "<>") && !counted.MatchString(text)
	if !number && (unit || ranged && len(row.Range) == 0) {
		row.Shifted = true
	}
	if len(row.Unit) > 0 {
		u := sheet.Join(row.Unit)
		_, _, unitIsNumber := value.ParseNumber(u)
		if unitIsNumber && strings.IndexAny(u, "0123456789") == 0 {
			row.Shifted = true
		}
	}
}

// counted is a count given as a span ("20-40" cells per field): a result, not a range.
var counted = regexp.MustCompile(`^\d{1,3} ?[-–] ?\d{1,3}$`)

// takeFlag moves flags at the edges of a cell to the flag cell when that is empty.
func takeFlag(cell, flag []sheet.Token) (rest, flags []sheet.Token) {
	if len(flag) > 0 || len(cell) == 0 {
		return cell, flag
	}
	for _, at := range []int{0, len(cell) - 1} {
		word := cell[at].Text
		if _, ok := flagWords[strings.ToLower(word)]; ok && word == strings.ToUpper(word) && len(word) <= 2 && len(cell) > 1 {
			rest := append(append([]sheet.Token(nil), cell[:at]...), cell[at+1:]...)
			return rest, []sheet.Token{cell[at]}
		}
	}
	return cell, flag
}
