// Package ucum reads unit codes of UCUM (The Unified Code for Units of Measure, case
// sensitive form) and converts values to canonical units, so that 4 g and 4000 mg are seen
// to be equal. It follows the grammar of http://unitsofmeasure.org/ucum; its table is
// derived from ucum-essence.xml (see generate and NOTICE).
//
// Degrees Celsius and Fahrenheit convert with their offset when they stand alone. The other
// special units (logarithmic scales, pH, prism diopters) and arbitrary units ([iU]) are
// known but convert only to themselves and their multiples. What it cannot read it refuses;
// it never guesses.
package ucum

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/apd/v3"
)

//go:generate go run ./generate ucum-essence.xml

//go:embed units.txt
var table string

// Unit is a parsed unit: value in canonical units = (value + before) * factor + after.
type Unit struct {
	factor *apd.Decimal
	after  *apd.Decimal   // nil for all but temperature scales
	dims   map[string]int // base or arbitrary unit → exponent, none of them zero
}

type atom struct {
	unit   Unit
	metric bool
}

type tables struct {
	prefixes map[string]*apd.Decimal
	atoms    map[string]atom
	lines    map[string][]string // not yet resolved
}

var context = apd.Context{Precision: 40, MaxExponent: 300, MinExponent: -300, Rounding: apd.RoundHalfEven}

var one = apd.New(1, 0)

var load = sync.OnceValue(func() *tables {
	t := &tables{prefixes: map[string]*apd.Decimal{}, atoms: map[string]atom{}, lines: map[string][]string{}}
	for line := range strings.Lines(table) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case f[0] == "prefix":
			t.prefixes[f[1]] = decimal(f[2])
		case f[0] == "base":
			t.atoms[f[1]] = atom{Unit{factor: one, dims: map[string]int{f[1]: 1}}, true}
		case len(f) == 5:
			t.lines[f[1]] = f
		}
	}
	for _, code := range slices.Sorted(maps.Keys(t.lines)) {
		t.resolve(code)
	}
	return t
})

func decimal(s string) *apd.Decimal {
	d, _, err := apd.NewFromString(s)
	if err != nil {
		panic("ucum: " + s + " is no number")
	}
	return d
}

// resolve works out an atom of the table, the atoms that it stands on first.
func (t *tables) resolve(code string) {
	f := t.lines[code]
	if f == nil {
		return
	}
	delete(t.lines, code)
	a := atom{metric: f[2] == "m"}
	function, special := strings.CutPrefix(f[0], "special:")
	if f[0] == "arbitrary" || special && function != "Cel" && function != "degF" {
		a.unit = Unit{factor: one, dims: map[string]int{code: 1}}
		t.atoms[code] = a
		return
	}
	p := parser{t: t, rest: f[4]}
	u, ok := p.term(0)
	if !ok || p.rest != "" {
		panic("ucum: the table defines " + code + " by an unknown unit")
	}
	a.unit = u.scaled(decimal(f[3]))
	switch function {
	case "Cel":
		a.unit.after = decimal("273.15")
	case "degF":
		a.unit.after = decimal("459.67") // times 5/9, below
		a.unit.after = product(a.unit.after, a.unit.factor)
	}
	t.atoms[code] = a
}

// Parse reads a unit code of at most 200 characters.
func Parse(code string) (Unit, bool) {
	if code == "" || len(code) > 200 {
		return Unit{}, false
	}
	p := parser{t: load(), rest: code}
	u, ok := p.term(0)
	return u, ok && p.rest == ""
}

// Comparable reports whether the units have the same dimension.
func (u Unit) Comparable(v Unit) bool { return maps.Equal(u.dims, v.dims) }

// Canonical converts a value in this unit to canonical (base) units.
func (u Unit) Canonical(value *apd.Decimal) (*apd.Decimal, bool) {
	out := new(apd.Decimal)
	cond, err := context.Mul(out, value, u.factor)
	if err == nil && u.after != nil {
		cond, err = context.Add(out, out, u.after)
	}
	return out, err == nil && cond&(apd.Overflow|apd.SystemOverflow|apd.InvalidOperation) == 0
}

// To converts a value in this unit to another unit of the same dimension; false where there is
// no such number.
func (u Unit) To(v Unit, value *apd.Decimal) (*apd.Decimal, bool) {
	if !u.Comparable(v) {
		return nil, false
	}
	out, ok := u.Canonical(value)
	if !ok {
		return nil, false
	}
	if v.after != nil {
		if _, err := context.Sub(out, out, v.after); err != nil {
			return nil, false
		}
	}
	_, err := context.Quo(out, out, v.factor)
	return out, err == nil && out.Form == apd.Finite
}

// Dimension names the dimension: base units with exponents in order, "g.m-3"; "1" for none.
func (u Unit) Dimension() string {
	if len(u.dims) == 0 {
		return "1"
	}
	var b strings.Builder
	for i, name := range slices.Sorted(maps.Keys(u.dims)) {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(name)
		if n := u.dims[name]; n != 1 {
			b.WriteString(apd.New(int64(n), 0).String())
		}
	}
	return b.String()
}

func product(a, b *apd.Decimal) *apd.Decimal {
	out := new(apd.Decimal)
	if _, err := context.Mul(out, a, b); err != nil {
		return new(apd.Decimal)
	}
	return out
}

func (u Unit) scaled(d *apd.Decimal) Unit {
	return Unit{factor: product(u.factor, d), after: u.after, dims: u.dims}
}

// times multiplies or, with sign -1, divides; units with an offset do not combine.
func (u Unit) times(v Unit, sign int) (Unit, bool) {
	if u.after != nil && v.linear() || v.after != nil && u.linear() {
		return Unit{}, false
	}
	out := Unit{factor: new(apd.Decimal), after: u.after, dims: map[string]int{}}
	if v.after != nil {
		out.after = v.after
	}
	op := context.Mul
	if sign < 0 {
		op = context.Quo
	}
	if _, err := op(out.factor, u.factor, v.factor); err != nil || out.factor.Form != apd.Finite {
		return Unit{}, false
	}
	maps.Copy(out.dims, u.dims)
	for name, n := range v.dims {
		if out.dims[name] += n * sign; out.dims[name] == 0 {
			delete(out.dims, name)
		}
	}
	return out, true
}

// linear reports whether the unit is more than the number one.
func (u Unit) linear() bool { return len(u.dims) > 0 || u.factor.Cmp(one) != 0 }

func (u Unit) power(n int) (Unit, bool) {
	if u.after != nil || n == 0 || n > 30 || n < -30 {
		return Unit{}, false
	}
	out, ok := Unit{factor: one, dims: map[string]int{}}, true
	for range max(n, -n) {
		sign := 1
		if n < 0 {
			sign = -1
		}
		if out, ok = out.times(u, sign); !ok {
			return out, false
		}
	}
	return out, true
}
