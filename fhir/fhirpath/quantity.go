package fhirpath

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"chartlake/fhir/ucum"
)

// quantity is a System.Quantity. unit is a UCUM code, or with calendar a calendar duration
// in the singular. system is empty for those and otherwise makes the unit incomparable
// with other systems.
type quantity struct {
	value    *apd.Decimal
	unit     string
	calendar bool
	system   string
}

var calendarUnits = map[string]string{
	"year": "year", "years": "year", "month": "month", "months": "month", "week": "week", "weeks": "week",
	"day": "day", "days": "day", "hour": "hour", "hours": "hour", "minute": "minute", "minutes": "minute",
	"second": "second", "seconds": "second", "millisecond": "millisecond", "milliseconds": "millisecond",
}

// ucumOf gives the UCUM code of a calendar duration. Years and months only correspond to
// it for equivalence: a calendar year is no UCUM year.
var ucumOf = map[string]string{"year": "a", "month": "mo", "week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s", "millisecond": "ms"}

var calendarOf = map[string]string{"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond"}

func (q quantity) String() string {
	unit := "'" + q.unit + "'"
	if q.calendar {
		unit = q.unit
		if q.value.Cmp(apd.New(1, 0)) != 0 {
			unit += "s"
		}
	}
	return decimalText(q.value) + " " + unit
}

// code is the UCUM code that stands for the unit, "" for units of other systems and, unless
// loose, for calendar years and months.
func (q quantity) code(loose bool) string {
	if q.system != "" {
		return ""
	}
	if !q.calendar {
		return q.unit
	}
	if !loose && (q.unit == "year" || q.unit == "month") {
		return ""
	}
	return ucumOf[q.unit]
}

// common brings two quantities to values in one unit; ok is false when they have none.
func common(a, b quantity, loose bool) (x, y *apd.Decimal, ok bool) {
	if a.unit == b.unit && a.calendar == b.calendar && a.system == b.system {
		return a.value, b.value, true
	}
	if a.calendar && b.calendar && a.code(false) == "" && b.code(false) == "" {
		return inMonths(a), inMonths(b), true
	}
	ca, cb := a.code(loose), b.code(loose)
	if ca == "" || cb == "" {
		return nil, nil, false
	}
	ua, okA := ucum.Parse(ca)
	ub, okB := ucum.Parse(cb)
	if !okA || !okB || !ua.Comparable(ub) {
		return nil, nil, false
	}
	x, okA = ua.Canonical(a.value)
	y, okB = ub.Canonical(b.value)
	return x, y, okA && okB
}

func inMonths(q quantity) *apd.Decimal {
	if q.unit == "month" {
		return q.value
	}
	out, _ := compute(func(r *apd.Decimal) (apd.Condition, error) { return arithmetic.Mul(r, q.value, apd.New(12, 0)) })
	return out
}

// parseQuantity reads "4", "4 days" or "4 'mg'" by the rules of toQuantity().
func parseQuantity(s string) (quantity, bool) {
	s = strings.TrimSpace(s)
	numberText, unit, _ := strings.Cut(s, " ")
	if i := strings.IndexByte(s, '\''); i > 0 {
		numberText, unit = strings.TrimSpace(s[:i]), s[i:]
	}
	unit = strings.TrimSpace(unit)
	d, ok := plainDecimal(numberText)
	if !ok {
		return quantity{}, false
	}
	q := quantity{value: d, unit: "1"}
	switch {
	case unit == "":
	case len(unit) > 2 && unit[0] == '\'' && strings.IndexByte(unit[1:], '\'') == len(unit)-2:
		q.unit = unit[1 : len(unit)-1]
	case calendarUnits[unit] != "":
		q.unit, q.calendar = calendarUnits[unit], true
	default:
		return q, false
	}
	return q, true
}

// plainDecimal reads (\+|-)?\d+(\.\d+)? and nothing else.
func plainDecimal(s string) (*apd.Decimal, bool) {
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" || !isDigit(digits[0]) || !isDigit(digits[len(digits)-1]) ||
		strings.Trim(digits, "0123456789.") != "" || strings.Count(digits, ".") > 1 {
		return nil, false
	}
	return parseDecimal(strings.TrimPrefix(s, "+"))
}

// multiply gives the product or quotient of two quantities in UCUM units.
func multiply(a, b quantity, divide bool) (quantity, bool) {
	op, sign := arithmetic.Mul, "."
	if divide {
		op, sign = arithmetic.Quo, "/"
	}
	ca, cb := a.code(true), b.code(true)
	if ca == "" || cb == "" {
		return quantity{}, false
	}
	value, ok := compute(func(r *apd.Decimal) (apd.Condition, error) { return op(r, a.value, b.value) })
	if !ok || divide && b.value.IsZero() {
		return quantity{}, false
	}
	switch {
	case cb == "1":
		return quantity{value: value, unit: ca}, true
	case ca == "1" && !divide:
		return quantity{value: value, unit: cb}, true
	case divide && ca == cb:
		return quantity{value: reduced(value), unit: "1"}, true
	}
	return quantity{value: reduced(value), unit: "(" + ca + ")" + sign + "(" + cb + ")"}, true
}
