package template

import (
	"regexp"
	"slices"
	"strings"

	"chartlake/form/sheet"
	"chartlake/record"
	"chartlake/value"
)

var rateShape = regexp.MustCompile(`^\$?[\d,]+\.\d\d$`)

// serviceCode reads FL44: a procedure or HIPPS code with modifiers, or the rate of a room.
func serviceCode(tokens []sheet.Token, hint value.Hint, why []string) []record.Field {
	if text := sheet.Join(tokens); rateShape.MatchString(text) {
		return []record.Field{finding("FL44.rate", "money", tokens, hint, why)}
	}
	code := finding("FL44.code", "hcpcs", tokens[:1], hint, why)
	out := []record.Field{code}
	if len(tokens) > 1 {
		out = append(out, finding("FL44.mod", "modifier", tokens[1:], hint, why))
	}
	return out
}

var onAdmission = regexp.MustCompile(`^[YNUW1]$`)

// admitted reads a diagnosis of FL67 or FL72: the code and, apart or as its eighth character,
// whether it was present on admission (Y N U W 1).
func admitted(b box, tokens []sheet.Token, hint value.Hint, why []string) []record.Field {
	code, poa := tokens, []sheet.Token(nil)
	if n := len(tokens); n > 1 && onAdmission.MatchString(strings.ToUpper(tokens[n-1].Text)) {
		code, poa = tokens[:n-1], tokens[n-1:]
	} else if runes := []rune(tokens[0].Text); n == 1 && len(runes) == 8 && onAdmission.MatchString(string(runes[7:])) {
		code, poa = []sheet.Token{tokens[0].Sub(0, 7)}, []sheet.Token{tokens[0].Sub(7, 8)}
	}
	if len(code) == 1 { // the letter of the box may touch the code
		code = slices.Clone(code)
	}
	out := []record.Field{finding(b.name, "icd", code, hint, why)}
	if len(poa) > 0 {
		out = append(out, finding(b.name+".poa", "code", poa, hint, why))
	}
	return out
}
