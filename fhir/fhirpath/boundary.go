package fhirpath

import (
	"math"

	"github.com/cockroachdb/apd/v3"
)

// precision is the number of digits that are known: after the point for a decimal, of the
// whole for dates and times (year 4, month 6, day 8, hour 10, minute 12, millisecond 17).
func (r *run) precision(in []Value) []Value {
	v, ok := r.single(in)
	if !ok {
		return nil
	}
	switch x := v.system().(type) {
	case int64:
		return one(integer(0))
	case *apd.Decimal:
		return one(integer(int64(places(x))))
	case Temporal:
		return one(integer(int64(x.digits())))
	}
	return r.fail("precision() takes a decimal, date or time, not a %s", v.Type())
}

func (t Temporal) digits() int {
	n := int(t.Precision)*2 + 2
	if t.clock {
		n = int(t.Precision-Hour)*2 + 2
	}
	if t.Digits > 0 {
		n += 3
	}
	return n
}

// boundary is lowBoundary() and highBoundary(), http://hl7.org/fhirpath/#lowboundary.
func boundary(args []step, high bool) step {
	return func(r *run, in []Value) []Value {
		v, ok := r.single(in)
		if !ok {
			return nil
		}
		want := int64(-1)
		if len(args) == 1 {
			if want, ok = r.integer(args[0](r, r.scope.this)); !ok {
				return nil
			}
			if want < 0 {
				return nil
			}
		}
		switch x := v.system().(type) {
		case int64:
			return decimalBoundary(apd.New(x, 0), want, high)
		case *apd.Decimal:
			return decimalBoundary(x, want, high)
		case quantity:
			out := decimalBoundary(x.value, want, high)
			if len(out) == 1 {
				x.value = out[0].sys.(*apd.Decimal)
				return one(system(x))
			}
			return nil
		case Temporal:
			return temporalBoundary(x, want, high)
		}
		return nil
	}
}

// decimalBoundary moves by half of the last digit and rounds outward to the wanted digits
// (8 unless asked, 28 at most).
func decimalBoundary(d *apd.Decimal, want int64, high bool) []Value {
	if want < 0 {
		want = 8
	}
	if want > 28 {
		return nil
	}
	half := apd.New(5, int32(-places(d)-1))
	moved, ok := compute(func(r *apd.Decimal) (apd.Condition, error) { return addOrSub(!high)(r, d, half) })
	if !ok {
		return nil
	}
	outward := arithmetic
	outward.Rounding = apd.RoundFloor
	if high {
		outward.Rounding = apd.RoundCeiling
	}
	return calculate(func(r *apd.Decimal) (apd.Condition, error) { return outward.Quantize(r, moved, int32(-want)) })
}

// temporalBoundary fills the unknown parts with their least or greatest values, a missing
// zone with the one that makes it earliest or latest, and cuts to the wanted digits.
func temporalBoundary(t Temporal, want int64, high bool) []Value {
	full := int64(17)
	switch {
	case t.clock:
		full = 9
	case !t.dateTime:
		full = 8
	}
	if want < 0 {
		want = full
	}
	p, ok := map[int64]Precision{4: Year, 6: Month, 8: Day, 10: Hour, 12: Minute, 14: Second, 17: Second}[want]
	if t.clock {
		p, ok = map[int64]Precision{2: Hour, 4: Minute, 6: Second, 9: Second}[want]
	}
	if !ok || want > full {
		return nil
	}
	t = t.filled(high)
	t.Precision = p
	if want != 17 && want != 9 || t.clock && want != 9 {
		t.Digits, t.Nanos = 0, 0
	}
	if p < Hour {
		t.HasZone = false
	}
	return one(system(t))
}

func (t Temporal) filled(high bool) Temporal {
	pick := func(low, up int) int {
		if high {
			return up
		}
		return low
	}
	p := t.Precision
	if !t.clock {
		if p < Month {
			t.Month = pick(1, 12)
		}
		if p < Day {
			t.Day = pick(1, daysIn(t.Year, t.Month))
		}
	}
	if p < Hour {
		t.Hour = pick(0, 23)
	}
	if p < Minute {
		t.Minute = pick(0, 59)
	}
	if p < Second {
		t.Second = pick(0, 59)
	}
	if t.Digits < 3 && p <= Second {
		unknown := int(math.Pow10(9 - t.Digits))
		t.Nanos += pick(0, (unknown/1e6-1)*1e6)
		t.Digits = 3
	}
	if t.dateTime && !t.HasZone {
		t.HasZone, t.Zone = true, pick(14*60, -12*60)
	}
	return t
}

// comparable reports whether two quantities have units of one dimension.
func comparable(r *run, in, other []Value) []Value {
	a, ok1 := r.single(in)
	b, ok2 := r.single(other)
	if !ok1 || !ok2 {
		return nil
	}
	p, ok1 := a.system().(quantity)
	q, ok2 := b.system().(quantity)
	if !ok1 || !ok2 {
		return r.fail("comparable() takes quantities")
	}
	_, _, ok := common(p, q, false)
	return truth(ok)
}

// part gives one part of a date or time.
func part(p Precision, f func(Temporal) int) function {
	return plain(func(r *run, in []Value) []Value {
		v, ok := r.single(in)
		if !ok {
			return nil
		}
		t, ok := v.system().(Temporal)
		if !ok || t.clock {
			return r.fail("a date is expected, not a %s", v.Type())
		}
		return t.part(p, f(t))
	})
}
