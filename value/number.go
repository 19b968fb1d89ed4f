package value

import (
	"math/big"
	"regexp"
	"strings"
)

// Number is a decimal as printed: Digits keeps every significant digit ("4.20"), thousands
// commas taken out. Comparator is "", "<", ">", "<=" or ">=".
type Number struct {
	Comparator string
	Digits     string
}

// String joins comparator and digits without a blank.
func (n Number) String() string { return n.Comparator + n.Digits }

var (
	comparator = regexp.MustCompile(`^(?i)(<=|>=|≤|≥|=<|=>|<\s?or\s?=|>\s?or\s?=|<|>|less than or equal to|greater than or equal to|less than|greater than|up to)\s*`)
	decimal    = regexp.MustCompile(`^([+−-])?(\d{1,3}(?:,\d{3})+|\d+)?(\.\d+)?$`)
)

// TakeComparator splits a leading comparator off s in its canonical form.
func TakeComparator(s string) (c, rest string) {
	m := comparator.FindString(s)
	if m == "" {
		return "", s
	}
	rest = s[len(m):]
	switch k := strings.ToLower(strings.Join(strings.Fields(m), " ")); {
	case k == "<" || k == "less than":
		c = "<"
	case k == ">" || k == "greater than":
		c = ">"
	case strings.HasPrefix(k, ">") || k == "≥" || k == "=>" || strings.HasPrefix(k, "greater"):
		c = ">="
	default:
		c = "<="
	}
	return c, rest
}

// ParseNumber reads a decimal with an optional comparator. A comma that is not a thousands
// comma, a letter or a second point make it no number.
func ParseNumber(s string) (n Number, reasons []string, ok bool) {
	if len(s) > 48 {
		return Number{}, nil, false
	}
	n.Comparator, s = TakeComparator(fold(s))
	m := decimal.FindStringSubmatch(s)
	if m == nil || m[2] == "" && m[3] == "" {
		return Number{}, nil, false
	}
	whole := strings.ReplaceAll(m[2], ",", "")
	if whole == "" {
		whole = "0"
		reasons = append(reasons, "no digit before the decimal point")
	}
	if m[1] != "" && m[1] != "+" {
		whole = "-" + whole
	}
	n.Digits = whole + m[3]
	return n, reasons, true
}

// Rat is the exact value of the digits; nil when n is no number.
func (n Number) Rat() *big.Rat {
	if len(n.Digits) > 48 {
		return nil
	}
	r, ok := new(big.Rat).SetString(n.Digits)
	if !ok {
		return nil
	}
	return r
}

// Decimals is the count of digits after the point.
func (n Number) Decimals() int {
	_, frac, _ := strings.Cut(n.Digits, ".")
	return len(frac)
}

// ParseQuantity reads a number with a unit behind it. unit is as printed.
func ParseQuantity(s string) (n Number, unit string, reasons []string, ok bool) {
	s = fold(s)
	c, rest := TakeComparator(s)
	end := 0
	for end < len(rest) && (rest[end] >= '0' && rest[end] <= '9' || strings.ContainsRune(".,+-", rune(rest[end]))) {
		end++
	}
	n, reasons, ok = ParseNumber(strings.TrimRight(rest[:end], ",."))
	n.Comparator = c
	return n, strings.TrimSpace(rest[end:]), reasons, ok
}
