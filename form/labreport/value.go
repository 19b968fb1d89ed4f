package labreport

import (
	"regexp"
	"strings"

	"chartlake/form/sheet"
	"chartlake/value"
)

// flagWords are the signs that laboratories print for results outside the range.
var flagWords = map[string]string{"h": "H", "l": "L", "hh": "HH", "ll": "LL", "a": "A", "aa": "AA", "*": "A", "**": "AA",
	"high": "H", "low": "L", "high!": "HH", "low!": "LL", "hi": "H", "lo": "L", "abn": "A", "abnormal": "A", "crit": "C", "critical": "C", "!": "A",
	"h*": "H", "l*": "L", "*h": "H", "*l": "L", "hc": "HH", "lc": "LL", "ch": "HH", "cl": "LL", "panic": "C", "c": "C",
	"(h)": "H", "(l)": "L", "(a)": "A", "↑": "H", "↓": "L", "hh*": "HH", "ll*": "LL", "h!": "HH", "l!": "LL", "+h": "H", "n": "N", "normal": "N", "wnl": "N",
	"pos": "POS", "neg": "NEG"}

// FlagMeaning gives what a printed flag says: H, L, HH, LL, A, AA, C, N; "" for none known.
func FlagMeaning(printed string) string {
	return flagWords[strings.ToLower(strings.Join(strings.Fields(printed), " "))]
}

// resultWords are values in words. A result of other words goes to review.
var resultWords = regexp.MustCompile(`^(?i)(negative|positive|neg|pos|not detected|detected|none detected|none seen|non[- ]?reactive|reactive|` +
	`normal|abnormal|trace|clear|cloudy|hazy|slightly cloudy|turbid|yellow|straw|amber|pale yellow|light yellow|dark yellow|colorless|red|brown|orange|none|rare|few|moderate|many|` +
	`absent|present|no growth|see note|see below|see comment|pending|tnp|not performed|indeterminate|equivocal|immune|non[- ]?immune|not immune|` +
	`[1-4]\+|[ABO]{1,2} ?(?:pos|neg|positive|negative|[+-])?|small|large|occasional|adequate|within normal limits|wnl|susceptible|resistant|intermediate|borderline|\d+ ?- ?\d+)$`)

var glued = regexp.MustCompile(`^(\*?(?:[HL]{1,2}|A)\*?)?((?:[<>]=?|≤|≥)?[+-]?[\d.,]*\d)(\*?(?:[HL]{1,2}|A)\*?|\*{1,2}|!)?$`)

// parts is a value cell taken apart.
type parts struct {
	value, flag, unit []sheet.Token
}

// divide takes flags and a unit out of a value cell. A flag glued to the number is cut off
// ("12.1H"); a word that is itself a result ("A", "Low") stays when there is no number.
func divide(cell []sheet.Token, unitColumn bool) parts {
	var p parts
	number := -1
	var rest []sheet.Token
	for _, t := range cell {
		pieces := []sheet.Token{t}
		if m := glued.FindStringSubmatchIndex(t.Text); m != nil && (m[2] >= 0 || m[6] >= 0) {
			pieces = nil
			for g := 1; g <= 3; g++ {
				if m[2*g] >= 0 {
					pieces = append(pieces, t.Sub(len([]rune(t.Text[:m[2*g]])), len([]rune(t.Text[:m[2*g+1]]))))
				}
			}
		}
		rest = append(rest, pieces...)
	}
	for i, t := range rest {
		if _, _, ok := value.ParseNumber(t.Text); ok {
			number = i
			break
		}
	}
	if number < 0 {
		if n := len(rest); n > 1 && FlagMeaning(rest[n-1].Text) != "" {
			p.flag, rest = rest[n-1:], rest[:n-1]
		}
		p.value = rest
		return p
	}
	for i, t := range rest {
		switch {
		case i == number || i < number && isComparator(t.Text):
			p.value = append(p.value, t)
		case FlagMeaning(t.Text) != "":
			p.flag = append(p.flag, t)
		case i > number && !unitColumn:
			p.unit = append(p.unit, t)
		default:
			p.value = append(p.value, t)
		}
	}
	return p
}

func isComparator(s string) bool {
	c, rest := value.TakeComparator(s)
	return c != "" && strings.TrimSpace(rest) == ""
}

// splitRange parts a range cell that also holds the unit ("4.0-11.0 K/uL").
func splitRange(cell []sheet.Token) (rng, unit []sheet.Token) {
	for n := len(cell) - 1; n > 0; n-- {
		if _, ok := value.ParseInterval(sheet.Join(cell[:n])); ok {
			if _, ok := value.ParseUnit(sheet.Join(cell[n:])); ok {
				return cell[:n], cell[n:]
			}
		}
	}
	return cell, nil
}
