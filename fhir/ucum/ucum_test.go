package ucum

import (
	"testing"

	"github.com/cockroachdb/apd/v3"
)

func TestConversion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, unitA, b, unitB string }{
		{"4", "g", "4000", "mg"},
		{"0.04", "m2", "400", "cm2"},
		{"1", "[lb_av]", "0.45359237", "kg"},
		{"1", "wk", "7", "d"},
		{"37", "Cel", "310.15", "K"},
		{"98.6", "[degF]", "37", "Cel"},
		{"1", "mg/dL", "10", "mg/L"},
		{"5", "10*9/L", "5000", "/uL"},
		{"1", "mm[Hg]", "133.322", "Pa"},
		{"50", "%", "0.5", "1"},
		{"1", "mmol/L{serum}", "1", "mol/m3"},
		{"1", "k[iU]/L", "1", "[iU]/mL"},
		{"2", "(m/s)/s", "2", "m.s-2"},
	} {
		u, ok1 := Parse(c.unitA)
		v, ok2 := Parse(c.unitB)
		if !ok1 || !ok2 || !u.Comparable(v) {
			t.Errorf("%s and %s are not comparable (%v %v)", c.unitA, c.unitB, ok1, ok2)
			continue
		}
		x, _ := u.Canonical(decimal(c.a))
		y, _ := v.Canonical(decimal(c.b))
		diff := new(apd.Decimal)
		if _, err := context.Sub(diff, x, y); err != nil {
			t.Fatal(err)
		}
		diff.Abs(diff)
		if limit := decimal("1e-25"); diff.Cmp(limit) > 0 {
			t.Errorf("%s %s is %s, %s %s is %s", c.a, c.unitA, x, c.b, c.unitB, y)
		}
	}
}

func TestNotComparable(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"g", "m"}, {"[iU]", "g"}, {"mol", "g"}, {"[pH]", "mol/L"}, {"K", "K2"}} {
		u, ok1 := Parse(c[0])
		v, ok2 := Parse(c[1])
		if !ok1 || !ok2 || u.Comparable(v) {
			t.Errorf("%v: parsed %v %v, comparable %v", c, ok1, ok2, u.Comparable(v))
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"", "mgs", "mg/", "(mg", "mg)", "g{a", "Cel/s", "dd", "m99", "mg dL", "-1", "µg", "m m", "[lb_av", "kkg", "k[lb_av]"} {
		if u, ok := Parse(code); ok {
			t.Errorf("%q is read as %s", code, u.Dimension())
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"mg/dL", "10*9/L", "m.s-2", "{a}", "((((m))))", "/uL", "[degF]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, code string) {
		if u, ok := Parse(code); ok {
			u.Canonical(apd.New(15, -1))
			u.Dimension()
		}
	})
}
