package fhirpath

import (
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// operators take both operands; the logical ones, which may need only one, are apart.
var operators = map[string]func(r *run, a, b []Value) []Value{
	"=": func(r *run, a, b []Value) []Value { return verdict(r.equalAll(a, b)) },
	"!=": func(r *run, a, b []Value) []Value {
		same, known := r.equalAll(a, b)
		return verdict(!same, known)
	},
	"~":        func(r *run, a, b []Value) []Value { return truth(r.equivalentAll(a, b)) },
	"!~":       func(r *run, a, b []Value) []Value { return truth(!r.equivalentAll(a, b)) },
	"<":        func(r *run, a, b []Value) []Value { return r.inequality(a, b, func(o int) bool { return o < 0 }) },
	"<=":       func(r *run, a, b []Value) []Value { return r.inequality(a, b, func(o int) bool { return o <= 0 }) },
	">":        func(r *run, a, b []Value) []Value { return r.inequality(a, b, func(o int) bool { return o > 0 }) },
	">=":       func(r *run, a, b []Value) []Value { return r.inequality(a, b, func(o int) bool { return o >= 0 }) },
	"|":        (*run).union,
	"in":       (*run).in,
	"contains": func(r *run, a, b []Value) []Value { return r.in(b, a) },
	"+":        func(r *run, a, b []Value) []Value { return r.pair(a, b, add) },
	"-":        func(r *run, a, b []Value) []Value { return r.pair(a, b, subtract) },
	"*":        func(r *run, a, b []Value) []Value { return r.pair(a, b, times) },
	"/":        func(r *run, a, b []Value) []Value { return r.pair(a, b, divide) },
	"div":      func(r *run, a, b []Value) []Value { return r.pair(a, b, wholeDivide) },
	"mod":      func(r *run, a, b []Value) []Value { return r.pair(a, b, modulo) },
	"&":        (*run).concatenate,
}

func verdict(b, known bool) []Value {
	if !known {
		return nil
	}
	return truth(b)
}

func (r *run) union(a, b []Value) []Value {
	if len(a) == 0 {
		return r.distinct(b)
	}
	if len(b) == 0 {
		return r.distinct(a)
	}
	both := make([]Value, 0, len(a)+len(b))
	return r.distinct(append(append(both, a...), b...))
}

func (r *run) in(a, b []Value) []Value {
	v, ok := r.single(a)
	if !ok {
		return nil
	}
	return truth(r.holds(b, v))
}

// inequality compares two single items; other than numbers, strings, quantities and dates
// of one kind are an error.
func (r *run) inequality(a, b []Value, want func(int) bool) []Value {
	x, ok1 := r.single(a)
	y, ok2 := r.single(b)
	if !ok1 || !ok2 {
		return nil
	}
	order, known, fit := compare(x.system(), y.system())
	if !fit {
		return r.fail("values of types %s and %s have no order", x.Type(), y.Type())
	}
	return verdict(want(order), known)
}

func compare(x, y any) (order int, known, fit bool) {
	if x == nil || y == nil {
		return 0, false, true
	}
	switch p := x.(type) {
	case string:
		q, ok := y.(string)
		return strings.Compare(p, q), true, ok
	case Temporal:
		q, ok := y.(Temporal)
		if !ok || p.clock != q.clock {
			return 0, false, false
		}
		order, known = compareTemporals(p, q)
		return order, known, true
	}
	d, ok1 := asDecimal(x)
	e, ok2 := asDecimal(y)
	if ok1 && ok2 {
		return compareDecimals(d, e), true, true
	}
	p, ok1 := asQuantity(x)
	q, ok2 := asQuantity(y)
	if !ok1 || !ok2 {
		return 0, false, false
	}
	v, w, ok := common(p, q, false)
	if !ok {
		return 0, false, true
	}
	return compareDecimals(v, w), true, true
}

// pair applies an arithmetic operator to two single items; empty when one is missing.
func (r *run) pair(a, b []Value, op func(r *run, x, y any) []Value) []Value {
	x, ok1 := r.single(a)
	y, ok2 := r.single(b)
	if !ok1 || !ok2 {
		return nil
	}
	p, q := x.system(), y.system()
	if p == nil || q == nil {
		if (x.primitive() || p != nil) && (y.primitive() || q != nil) {
			return nil // a primitive without value
		}
		return r.unfit(x, y)
	}
	return op(r, p, q)
}

func (r *run) unfit(x, y Value) []Value {
	return r.fail("the operator does not take values of types %s and %s", x.Type(), y.Type())
}

func (r *run) unfitting(x, y any) []Value { return r.unfit(system(x), system(y)) }

func add(r *run, x, y any) []Value { return r.sum(x, y, false) }

func subtract(r *run, x, y any) []Value { return r.sum(x, y, true) }

func (r *run) sum(x, y any, minus bool) []Value {
	switch p := x.(type) {
	case string:
		if q, ok := y.(string); ok && !minus {
			return one(stringValue(p + q))
		}
	case int64:
		if q, ok := y.(int64); ok {
			if minus {
				q = -q
			}
			return within(p + q)
		}
	case Temporal:
		if q, ok := y.(quantity); ok {
			return r.move(p, q, minus)
		}
	case quantity:
		if q, ok := y.(quantity); ok {
			return addQuantities(p, q, minus)
		}
	}
	d, ok1 := asDecimal(x)
	e, ok2 := asDecimal(y)
	if !ok1 || !ok2 {
		return r.unfitting(x, y)
	}
	return calculate(func(out *apd.Decimal) (apd.Condition, error) { return addOrSub(minus)(out, d, e) })
}

func addOrSub(minus bool) func(d, x, y *apd.Decimal) (apd.Condition, error) {
	if minus {
		return arithmetic.Sub
	}
	return arithmetic.Add
}

func addQuantities(p, q quantity, minus bool) []Value {
	v, w, ok := common(p, q, false)
	if !ok {
		return nil
	}
	out := p
	if v != p.value { // both are in canonical units now
		scale, okScale := compute(func(d *apd.Decimal) (apd.Condition, error) { return arithmetic.Quo(d, v, p.value) })
		if !okScale {
			return nil
		}
		v = p.value
		if w, ok = compute(func(d *apd.Decimal) (apd.Condition, error) { return arithmetic.Quo(d, w, scale) }); !ok {
			return nil
		}
	}
	out.value, ok = compute(func(d *apd.Decimal) (apd.Condition, error) { return addOrSub(minus)(d, v, w) })
	if !ok {
		return nil
	}
	return one(system(out))
}

// move adds a duration to a date or time. Years and months must be calendar units.
func (r *run) move(t Temporal, q quantity, minus bool) []Value {
	unit := q.unit
	if !q.calendar {
		if unit = calendarOf[q.unit]; unit == "" {
			unit = calendarUnits[q.unit] // 1 'month'
		}
		if unit == "" || q.system != "" {
			return r.fail("the unit is no duration that can be added to a date")
		}
	}
	value := q.value
	if unit == "second" && q.calendar { // only calendar seconds have a fraction
		unit = "millisecond"
		value, _ = compute(func(d *apd.Decimal) (apd.Condition, error) { return arithmetic.Mul(d, value, apd.New(1000, 0)) })
	}
	whole := new(apd.Decimal)
	if _, err := arithmetic.RoundToIntegralValue(whole, truncated(value)); err != nil {
		return nil
	}
	n, err := whole.Int64()
	if err != nil {
		return nil
	}
	if minus {
		n = -n
	}
	if t, ok := t.add(n, unit); ok {
		return one(system(t))
	}
	return nil
}

func times(r *run, x, y any) []Value {
	if p, ok := x.(int64); ok {
		if q, ok := y.(int64); ok {
			return within(p * q)
		}
	}
	d, ok1 := asDecimal(x)
	e, ok2 := asDecimal(y)
	if ok1 && ok2 {
		return calculate(func(out *apd.Decimal) (apd.Condition, error) { return arithmetic.Mul(out, d, e) })
	}
	return r.quantities(x, y, false)
}

func (r *run) quantities(x, y any, divide bool) []Value {
	p, ok1 := asQuantity(x)
	q, ok2 := asQuantity(y)
	if !ok1 || !ok2 {
		return r.unfitting(x, y)
	}
	if out, ok := multiply(p, q, divide); ok {
		return one(system(out))
	}
	return nil
}

func divide(r *run, x, y any) []Value {
	d, ok1 := asDecimal(x)
	e, ok2 := asDecimal(y)
	if ok1 && ok2 {
		return calculate(func(out *apd.Decimal) (apd.Condition, error) { return arithmetic.Quo(out, d, e) })
	}
	return r.quantities(x, y, true)
}

func wholeDivide(r *run, x, y any) []Value {
	d, ok1 := asDecimal(x)
	e, ok2 := asDecimal(y)
	if !ok1 || !ok2 {
		return r.unfitting(x, y)
	}
	q, ok := compute(func(out *apd.Decimal) (apd.Condition, error) { return arithmetic.QuoInteger(out, d, e) })
	if !ok {
		return nil
	}
	i, err := q.Int64()
	if err != nil {
		return nil
	}
	return within(i)
}

func modulo(r *run, x, y any) []Value {
	if p, ok := x.(int64); ok {
		if q, ok := y.(int64); ok {
			if q == 0 {
				return nil
			}
			return within(p % q)
		}
	}
	d, ok1 := asDecimal(x)
	e, ok2 := asDecimal(y)
	if !ok1 || !ok2 {
		return r.unfitting(x, y)
	}
	return calculate(func(out *apd.Decimal) (apd.Condition, error) { return arithmetic.Rem(out, d, e) })
}

// concatenate is &: a missing operand is an empty string.
func (r *run) concatenate(a, b []Value) []Value {
	x, ok1 := r.text(a)
	y, ok2 := r.text(b)
	if r.err != nil || !ok1 || !ok2 {
		return nil
	}
	return one(stringValue(x + y))
}

// text gives the string of a collection with at most one item, "" for none.
func (r *run) text(in []Value) (string, bool) {
	v, ok := r.single(in)
	if !ok {
		return "", r.err == nil
	}
	s := v.system()
	if s == nil && v.primitive() {
		return "", true
	}
	text, ok := s.(string)
	if !ok {
		r.fail("a string is expected, not a %s", v.Type())
	}
	return text, ok
}

// signed is unary plus and minus.
func (r *run) signed(in []Value, minus bool) []Value {
	v, ok := r.single(in)
	if !ok {
		return nil
	}
	switch x := v.system().(type) {
	case int64:
		if minus {
			x = -x
		}
		return one(integer(x))
	case *apd.Decimal:
		if minus {
			x = new(apd.Decimal).Neg(x)
		}
		return one(number(x))
	case quantity:
		if minus {
			x.value = new(apd.Decimal).Neg(x.value)
		}
		return one(system(x))
	}
	return r.fail("a %s has no sign", v.Type())
}

// shortCircuits are the logical operators, three-valued.
var shortCircuits = map[string]func(r *run, in []Value, left, right step) []Value{
	"and": func(r *run, in []Value, left, right step) []Value {
		a, knownA := r.boolean(left(r, in))
		if knownA && !a {
			return truth(false)
		}
		b, knownB := r.boolean(right(r, in))
		if knownB && !b {
			return truth(false)
		}
		return verdict(true, knownA && knownB)
	},
	"or": func(r *run, in []Value, left, right step) []Value {
		a, knownA := r.boolean(left(r, in))
		if knownA && a {
			return truth(true)
		}
		b, knownB := r.boolean(right(r, in))
		if knownB && b {
			return truth(true)
		}
		return verdict(false, knownA && knownB)
	},
	"xor": func(r *run, in []Value, left, right step) []Value {
		a, knownA := r.boolean(left(r, in))
		b, knownB := r.boolean(right(r, in))
		return verdict(a != b, knownA && knownB)
	},
	"implies": func(r *run, in []Value, left, right step) []Value {
		a, knownA := r.boolean(left(r, in))
		if knownA && !a {
			return truth(true)
		}
		b, knownB := r.boolean(right(r, in))
		if knownB && b {
			return truth(true)
		}
		return verdict(false, knownA && knownB)
	},
}
