package labreport

import (
	"math/big"
	"strings"

	"chartlake/form/draft"
	"chartlake/form/sheet"
	"chartlake/record"
	"chartlake/value"
)

// Strength of a cell under its head; the name column is plain text and shows less by itself.
const (
	strengthCell = 0.97
	strengthWord = 0.95
)

// Lines makes record rows of the results.
func Lines(res Result) []map[string]record.Field {
	var out []map[string]record.Field
	for _, row := range res.Rows {
		if len(row.Test) == 0 && len(row.Value) == 0 {
			continue
		}
		out = append(out, cells(row, res))
	}
	return out
}

func cells(row Row, res Result) map[string]record.Field {
	m := map[string]record.Field{}
	put := func(name string, tokens []sheet.Token, kind string, read value.Reading, strength float64, reasons ...string) {
		if len(tokens) == 0 {
			return
		}
		if row.Shifted {
			reasons = append(reasons, "the contents of the row do not fit their columns")
		}
		if row.Doubt != "" {
			reasons = append(reasons, row.Doubt)
		}
		m[name] = draft.Field(draft.Finding{Name: name, Kind: kind, Tokens: tokens, Read: read, Rule: "result_table", Strength: strength, Reasons: reasons,
			Checked: name == "unit" || name == "flag"})
	}
	plain := func(t []sheet.Token) value.Reading {
		return value.Reading{Value: strings.Join(strings.Fields(sheet.Join(t)), " "), OK: true}
	}
	put("test", row.Test, "text", plain(row.Test), strengthWord)
	rangeText := sheet.Join(row.Range)
	iv, numeric := value.ParseInterval(strings.ReplaceAll(rangeText, "\n", " "))
	put("range", row.Range, "text", plain(row.Range), strengthCell, doubtRange(rangeText, numeric)...)
	if code, ok := value.ParseUnit(sheet.Join(row.Unit)); len(row.Unit) > 0 {
		_ = code
		var why []string
		if !ok {
			why = []string{"the unit is not a known one"}
		}
		put("unit", row.Unit, "text", plain(row.Unit), strengthCell, why...)
	}
	if len(row.Flag) > 0 {
		var why []string
		if FlagMeaning(sheet.Join(row.Flag)) == "" {
			why = []string{"the sign is not a known flag"}
		}
		put("flag", row.Flag, "code", plain(row.Flag), strengthCell, why...)
	}
	put("status", row.Status, "text", plain(row.Status), strengthCell)
	put("note", row.Note, "text", plain(row.Note), strengthCell)
	putValue(put, row, iv, numeric)
	if row.Panel >= 0 && len(res.Panels) > 1 {
		put("panel", res.Panels[row.Panel], "text", plain(res.Panels[row.Panel]), strengthWord)
	}
	return m
}

// putValue writes value and comparator: a number with its digits as printed, or words.
func putValue(put func(string, []sheet.Token, string, value.Reading, float64, ...string), row Row, iv value.Interval, numeric bool) {
	if len(row.Value) == 0 {
		return
	}
	text := strings.Join(strings.Fields(sheet.Join(row.Value)), " ")
	n, why, ok := value.ParseNumber(text)
	if !ok {
		if !resultWords.MatchString(text) {
			why = append(why, "the result is neither a number nor a known word")
		} else if numeric && !strings.Contains(strings.ToLower(text), "see") && !counted.MatchString(text) {
			why = append(why, "the range is of numbers, the result is not")
		}
		put("value", row.Value, "text", value.Reading{Value: text, Reasons: why, OK: true}, strengthCell)
		return
	}
	if numeric {
		why = append(why, implausible(n, iv)...)
	}
	put("value", row.Value, "number", value.Reading{Value: n.Digits, Reasons: why, OK: true}, strengthCell)
	if n.Comparator != "" {
		put("comparator", row.Value, "code", value.Reading{Value: n.Comparator, OK: true}, strengthCell)
	}
}

// implausible looks for a lost decimal point: the range has decimals, the value has none and
// lies far above, while a tenth or a hundredth of it would fit.
func implausible(n value.Number, iv value.Interval) []string {
	if iv.High == nil || n.Decimals() > 0 || iv.High.Decimals() == 0 {
		return nil
	}
	v, high := n.Rat(), iv.High.Rat()
	if v == nil || v.Cmp(new(big.Rat).Mul(high, big.NewRat(3, 1))) <= 0 {
		return nil
	}
	return []string{"the range has decimals, the value has none and lies far above it: a decimal point may be lost"}
}

// doubtRange holds back ranges of numbers that do not read as an interval.
func doubtRange(text string, numeric bool) []string {
	if numeric || text == "" {
		return nil
	}
	digits, letters := 0, 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			letters++
		}
	}
	if digits > 0 && letters <= 1 {
		return []string{"the numbers do not read as a range"}
	}
	return nil
}
