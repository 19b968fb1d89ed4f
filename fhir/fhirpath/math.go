package fhirpath

import "github.com/cockroachdb/apd/v3"

// onNumber makes a function of one number.
func onNumber(f func(d *apd.Decimal) []Value) function {
	return plain(func(r *run, in []Value) []Value {
		if d, ok := r.number(in); ok {
			return f(d)
		}
		return nil
	})
}

// withNumber makes a function of a number and a number as its argument.
func withNumber(f func(a, b Value) []Value) function {
	return function{1, 1, func(args []step) step {
		return func(r *run, in []Value) []Value {
			_, ok1 := r.number(in)
			arg := args[0](r, r.scope.this)
			_, ok2 := r.number(arg)
			if !ok1 || !ok2 {
				return nil
			}
			return f(in[0], arg[0])
		}
	}}
}

func (r *run) number(in []Value) (*apd.Decimal, bool) {
	v, ok := r.single(in)
	if !ok {
		return nil, false
	}
	d, ok := v.decimal()
	if !ok {
		r.fail("a number is expected, not a %s", v.Type())
	}
	return d, ok
}

func (r *run) abs(in []Value) []Value {
	v, ok := r.single(in)
	if !ok {
		return nil
	}
	switch x := v.system().(type) {
	case int64:
		return within(max(x, -x))
	case *apd.Decimal:
		return one(number(new(apd.Decimal).Abs(x)))
	case quantity:
		x.value = new(apd.Decimal).Abs(x.value)
		return one(system(x))
	}
	return r.fail("abs() takes a number, not a %s", v.Type())
}

// whole makes an Integer of an integral decimal.
func whole(d *apd.Decimal, ok bool) []Value {
	if !ok {
		return nil
	}
	i, err := d.Int64()
	if err != nil {
		return nil
	}
	return within(i)
}

func ceiling(d *apd.Decimal) []Value {
	return whole(compute(func(r *apd.Decimal) (apd.Condition, error) { return arithmetic.Ceil(r, d) }))
}

func floor(d *apd.Decimal) []Value {
	return whole(compute(func(r *apd.Decimal) (apd.Condition, error) { return arithmetic.Floor(r, d) }))
}

func truncated(d *apd.Decimal) *apd.Decimal {
	if d.Exponent >= 0 {
		return d
	}
	down := arithmetic
	down.Rounding = apd.RoundDown
	out := new(apd.Decimal)
	if _, err := down.Quantize(out, d, 0); err != nil {
		return d
	}
	return out
}

func truncate(d *apd.Decimal) []Value { return whole(truncated(d), true) }

// small bounds the arguments of exp and power, whose results would not be finite anyway.
func small(d *apd.Decimal) bool {
	f, err := d.Float64()
	return err == nil && f > -1000 && f < 1000
}

func exp(d *apd.Decimal) []Value {
	if !small(d) {
		return nil
	}
	return calculate(func(r *apd.Decimal) (apd.Condition, error) { return arithmetic.Exp(r, d) })
}

func ln(d *apd.Decimal) []Value {
	if d.Sign() <= 0 {
		return nil
	}
	return calculate(func(r *apd.Decimal) (apd.Condition, error) { return arithmetic.Ln(r, d) })
}

func sqrt(d *apd.Decimal) []Value {
	if d.Sign() < 0 {
		return nil
	}
	return calculate(func(r *apd.Decimal) (apd.Condition, error) { return arithmetic.Sqrt(r, d) })
}

func logarithm(a, b Value) []Value {
	x, _ := a.decimal()
	base, _ := b.decimal()
	if x.Sign() <= 0 || base.Sign() <= 0 || base.Cmp(apd.New(1, 0)) == 0 {
		return nil
	}
	lx, ok1 := compute(func(r *apd.Decimal) (apd.Condition, error) { return arithmetic.Ln(r, x) })
	lb, ok2 := compute(func(r *apd.Decimal) (apd.Condition, error) { return arithmetic.Ln(r, base) })
	if !ok1 || !ok2 {
		return nil
	}
	q, ok := compute(func(r *apd.Decimal) (apd.Condition, error) { return arithmetic.Quo(r, lx, lb) })
	if !ok {
		return nil
	}
	return one(number(reduced(rounded(q, 28)))) // log(8, 2) is 3, not 2.99…9
}

func power(a, b Value) []Value {
	x, _ := a.decimal()
	y, _ := b.decimal()
	if !small(y) {
		return nil
	}
	if x.Sign() < 0 && truncated(y).Cmp(y) != 0 {
		return nil
	}
	out, ok := compute(func(r *apd.Decimal) (apd.Condition, error) { return arithmetic.Pow(r, x, y) })
	if !ok {
		return nil
	}
	_, intA := a.system().(int64)
	_, intB := b.system().(int64)
	if intA && intB && y.Sign() >= 0 {
		return whole(out, true)
	}
	return one(number(out))
}

func round(args []step) step {
	return func(r *run, in []Value) []Value {
		d, ok := r.number(in)
		if !ok {
			return nil
		}
		n := int64(0)
		if len(args) == 1 {
			if n, ok = r.integer(args[0](r, r.scope.this)); !ok {
				return nil
			}
		}
		if n < 0 || n > 100 {
			return r.fail("round() takes a number of digits from 0 to 100")
		}
		return one(number(rounded(d, int(n))))
	}
}
