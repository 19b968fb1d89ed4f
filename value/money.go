package value

import (
	"regexp"
	"strings"
)

var amount = regexp.MustCompile(`^(-|\()?\s*(?:US)?\$?\s*(-)?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{2})|\s(\d{2}))?\s*(?:USD)?(\)|-|\s?CR)?$`)

// ParseMoney reads an amount of US dollars into "1234.50": two decimals, "-" or parentheses
// or CR make it negative. A dollar and a cent column ("137 50") are joined.
func ParseMoney(s string) (v string, reasons []string, ok bool) {
	if len(s) > 64 {
		return "", nil, false
	}
	m := amount.FindStringSubmatch(fold(s))
	if m == nil || (m[1] == "(") != (m[6] == ")") {
		return "", nil, false
	}
	cents := m[4] + m[5]
	if cents == "" {
		cents = "00"
	}
	if m[5] != "" {
		reasons = append(reasons, "dollars and cents stand apart")
	}
	v = strings.TrimLeft(strings.ReplaceAll(m[3], ",", ""), "0")
	if v == "" {
		v = "0"
	}
	if m[1] != "" || m[2] != "" || m[6] != "" && m[6] != ")" {
		v = "-" + v
	}
	return v + "." + cents, reasons, true
}

// Cents is an amount of ParseMoney as an exact number of cents; ok is false when it is none
// or too large to add up safely.
func Cents(v string) (cents int64, ok bool) {
	negative := strings.HasPrefix(v, "-")
	whole, frac, found := strings.Cut(strings.TrimPrefix(v, "-"), ".")
	if !found || len(frac) != 2 || len(whole) > 14 {
		return 0, false
	}
	for _, r := range whole + frac {
		if r < '0' || r > '9' {
			return 0, false
		}
		cents = cents*10 + int64(r-'0')
	}
	if negative {
		cents = -cents
	}
	return cents, true
}
