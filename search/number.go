package search

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Bounds is a number in a query. Exact is the number as written; Lo and Hi are the half-open
// range of its implicit precision: 100 is [99.5, 100.5), 1e2 is [50, 150), 5.40 is [5.395, 5.405).
// With the prefix ap they are the closed range that counts as near.
type Bounds struct{ Exact, Lo, Hi float64 }

// near gives the range for `ap`: 10 % of the number on each side (R4 §3.1.1.4.2).
func (b Bounds) near() Bounds {
	d := math.Abs(b.Exact) / 10
	return Bounds{b.Exact, b.Exact - d, b.Exact + d}
}

// maxDigits and maxExponent bound what a decimal may cost; FHIR decimals of real life have
// up to 18 digits.
const (
	maxDigits   = 40
	maxExponent = 300
)

// ParseNumber reads a decimal of a query with its implicit precision.
func ParseNumber(s string) (Bounds, bool) {
	exact, ok := parseDecimal(s)
	if !ok {
		return Bounds{}, false
	}
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		exponent, _ = strconv.Atoi(s[i+1:])
	}
	if i := strings.IndexByte(mantissa, '.'); i >= 0 {
		exponent -= len(mantissa) - i - 1
	}
	value, _ := new(big.Rat).SetString(s)
	half := new(big.Rat).SetFrac64(1, 2)
	ten := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(abs(exponent))), nil))
	if exponent < 0 {
		ten.Inv(ten)
	}
	half.Mul(half, ten)
	lo, _ := new(big.Rat).Sub(value, half).Float64()
	hi, _ := new(big.Rat).Add(value, half).Float64()
	// More digits than a binary number holds: the number itself must stay inside.
	return Bounds{exact, math.Min(lo, exact), math.Max(hi, math.Nextafter(exact, math.Inf(1)))}, true
}

// parseDecimal reads a FHIR decimal as the nearest binary number.
func parseDecimal(s string) (float64, bool) {
	if s == "" || len(s) > maxDigits {
		return 0, false
	}
	body := strings.TrimLeft(s, "+-")
	if body == "" || len(s)-len(body) > 1 || body[0] < '0' || body[0] > '9' {
		return 0, false
	}
	for _, c := range body {
		if (c < '0' || c > '9') && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-' {
			return 0, false
		}
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if e, err := strconv.Atoi(s[i+1:]); err != nil || abs(e) > maxExponent {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

func abs(i int) int {
	if i < 0 {
		return -i
	}
	return i
}
