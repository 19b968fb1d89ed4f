package fhirpath

import (
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// conversion gives the converted system value, ok false where there is none.
type conversion func(s any) (out any, ok bool)

func convert(f conversion) function {
	return plain(func(r *run, in []Value) []Value {
		v, ok := r.single(in)
		if !ok {
			return nil
		}
		if out, ok := f(v.system()); ok {
			return one(system(out))
		}
		return nil
	})
}

func converts(f conversion) function {
	return plain(func(r *run, in []Value) []Value {
		v, ok := r.single(in)
		if !ok {
			return nil
		}
		_, ok = f(v.system())
		return truth(ok)
	})
}

// convertTo and convertsTo take a unit as an optional argument.
func convertTo(f conversion) function {
	return function{0, 1, func(args []step) step {
		return func(r *run, in []Value) []Value { return r.toUnit(f, in, args) }
	}}
}

func convertsTo(f conversion) function {
	return function{0, 1, func(args []step) step {
		return func(r *run, in []Value) []Value {
			if len(in) == 0 {
				return nil
			}
			out := r.toUnit(f, in, args)
			if r.err != nil {
				return nil
			}
			return truth(len(out) == 1)
		}
	}}
}

func (r *run) toUnit(f conversion, in []Value, args []step) []Value {
	v, ok := r.single(in)
	if !ok {
		return nil
	}
	out, ok := f(v.system())
	if !ok {
		return nil
	}
	if len(args) == 1 {
		unit, okUnit := r.text(args[0](r, r.scope.this))
		q := out.(quantity)
		if !okUnit || unit != "" && unit != q.unit && calendarUnits[unit] != q.unit {
			_, _, okUnit = common(q, quantity{value: q.value, unit: unit}, false)
			if !okUnit {
				return nil
			}
			return r.inUnit(q, unit)
		}
	}
	return one(system(out))
}

// inUnit expresses a quantity in another unit of the same dimension.
func (r *run) inUnit(q quantity, unit string) []Value {
	value, per, ok := common(q, quantity{value: apd.New(1, 0), unit: unit}, false)
	if !ok {
		return nil
	}
	value, ok = compute(func(d *apd.Decimal) (apd.Condition, error) { return arithmetic.Quo(d, value, per) })
	if !ok {
		return nil
	}
	return one(system(quantity{value: reduced(value), unit: unit}))
}

func toBoolean(s any) (any, bool) {
	switch x := s.(type) {
	case bool:
		return x, true
	case string:
		switch strings.ToLower(x) {
		case "true", "t", "yes", "y", "1", "1.0":
			return true, true
		case "false", "f", "no", "n", "0", "0.0":
			return false, true
		}
		return nil, false
	}
	if d, ok := asDecimal(s); ok {
		switch {
		case d.Cmp(apd.New(1, 0)) == 0:
			return true, true
		case d.IsZero():
			return false, true
		}
	}
	return nil, false
}

func toInteger(s any) (any, bool) {
	switch x := s.(type) {
	case int64:
		return x, true
	case bool:
		if x {
			return int64(1), true
		}
		return int64(0), true
	case string:
		i, ok := parseInteger(x)
		return i, ok
	}
	return nil, false
}

func toDecimal(s any) (any, bool) {
	switch x := s.(type) {
	case int64:
		return apd.New(x, 0), true
	case *apd.Decimal:
		return x, true
	case bool:
		i, _ := toInteger(x)
		return apd.New(i.(int64), 0), true
	case string:
		d, ok := plainDecimal(x)
		return d, ok
	}
	return nil, false
}

func toText(s any) (string, bool) {
	switch x := s.(type) {
	case string:
		return x, true
	case bool:
		if x {
			return "true", true
		}
		return "false", true
	case int64:
		return decimalText(apd.New(x, 0)), true
	case *apd.Decimal:
		return decimalText(x), true
	case Temporal:
		return x.String(), true
	case quantity:
		return x.String(), true
	}
	return "", false
}

func toStringValue(s any) (any, bool) {
	text, ok := toText(s)
	return text, ok
}

func toDate(s any) (any, bool) {
	switch x := s.(type) {
	case string:
		t, ok := toTemporal(x, "Date")
		return t, ok
	case Temporal:
		if x.clock {
			return nil, false
		}
		return Temporal{Year: x.Year, Month: x.Month, Day: x.Day, Precision: min(x.Precision, Day)}, true
	}
	return nil, false
}

func toDateTime(s any) (any, bool) {
	switch x := s.(type) {
	case string:
		t, ok := toTemporal(x, "DateTime")
		return t, ok
	case Temporal:
		x.dateTime = true
		return x, !x.clock
	}
	return nil, false
}

func toTime(s any) (any, bool) {
	switch x := s.(type) {
	case string:
		t, ok := toTemporal(x, "Time")
		return t, ok
	case Temporal:
		return x, x.clock
	}
	return nil, false
}

func toQuantity(s any) (any, bool) {
	switch x := s.(type) {
	case quantity:
		return x, true
	case string:
		q, ok := parseQuantity(x)
		return q, ok
	case bool:
		i, _ := toInteger(x)
		return quantity{value: apd.New(i.(int64), 0), unit: "1"}, true
	}
	if d, ok := asDecimal(s); ok {
		return quantity{value: d, unit: "1"}, true
	}
	return nil, false
}
