package fhirpath

import (
	"math"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// arithmetic carries more digits than the 28 that the specification asks for.
var arithmetic = apd.Context{Precision: 34, MaxExponent: 200, MinExponent: -200, Traps: 0, Rounding: apd.RoundHalfUp}

func parseInteger(text string) (int64, bool) {
	i, err := strconv.ParseInt(text, 10, 32)
	return i, err == nil
}

// parseDecimal reads a decimal of at most 100 characters and a small exponent, so that no
// literal can make arithmetic slow.
func parseDecimal(text string) (*apd.Decimal, bool) {
	if text == "" || len(text) > 100 || strings.ContainsAny(text, "nNiI") {
		return nil, false
	}
	d, _, err := apd.NewFromString(text)
	if err != nil || d.Form != apd.Finite || d.Exponent > 100 || d.Exponent < -100 {
		return nil, false
	}
	return d, true
}

// parseNumber reads a literal: an Integer, or a Decimal where a point stands in it.
func parseNumber(text string) (Value, bool) {
	if !strings.Contains(text, ".") {
		if i, ok := parseInteger(text); ok {
			return integer(i), true
		}
	}
	d, ok := parseDecimal(text)
	return number(d), ok
}

// decimalText writes a decimal without exponent, its digits as they are.
func decimalText(d *apd.Decimal) string { return d.Text('f') }

// within gives an Integer as a result when it fits 32 bits; nothing otherwise.
func within(i int64) []Value {
	if i > math.MaxInt32 || i < math.MinInt32 {
		return nil
	}
	return one(integer(i))
}

// calculate runs an operation of package apd; nothing where it has no finite result.
func calculate(f func(result *apd.Decimal) (apd.Condition, error)) []Value {
	d, ok := compute(f)
	if !ok {
		return nil
	}
	return one(number(d))
}

func compute(f func(result *apd.Decimal) (apd.Condition, error)) (*apd.Decimal, bool) {
	d := new(apd.Decimal)
	cond, err := f(d)
	bad := apd.DivisionByZero | apd.DivisionUndefined | apd.DivisionImpossible | apd.InvalidOperation | apd.Overflow | apd.SystemOverflow
	if err != nil || cond&bad != 0 || d.Form != apd.Finite {
		return nil, false
	}
	return d, true
}

// places is the number of digits after the point as written.
func places(d *apd.Decimal) int {
	if d.Exponent < 0 {
		return int(-d.Exponent)
	}
	return 0
}

// rounded gives d with n digits after the point.
func rounded(d *apd.Decimal, n int) *apd.Decimal {
	out, ok := compute(func(r *apd.Decimal) (apd.Condition, error) { return arithmetic.Quantize(r, d, int32(-n)) })
	if !ok {
		return d
	}
	return out
}

func compareDecimals(a, b *apd.Decimal) int { return a.Cmp(b) }

// reduced takes away zeros at the end.
func reduced(d *apd.Decimal) *apd.Decimal {
	out := new(apd.Decimal)
	out.Reduce(d)
	return out
}
