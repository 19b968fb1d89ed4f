package plan

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"chartlake/fhir/ucum"
	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/index"
)

// ucumSystem is the system of units that convert.
const ucumSystem = "http://unitsofmeasure.org"

// maxUnits bounds the units that one query value is compared in. A store of real life has some
// hundred.
const maxUnits = 5_000

// measured is a query value in one of the units that the index has.
type measured struct {
	unit  int64
	value search.Value
}

// measures gives a query value in every unit that it can be compared in: the one that was
// asked for, and where that is a unit of UCUM all others of its dimension, to which the value
// and the bounds of its precision are converted. The index holds values as they were written.
func (p *Planner) measures(v *search.Value) ([]measured, error) {
	u := v.Unit
	sql, args := `SELECT u, code FROM unit WHERE system=? AND code=?`, []any{u.System, u.Code}
	var from ucum.Unit
	converts := false
	if u.System == ucumSystem && u.Code != "" {
		from, converts = ucum.Parse(u.Code)
	}
	switch {
	case u.Text != "":
		sql, args = `SELECT u, code FROM unit WHERE code=? OR text=?`, []any{u.Text, u.Text}
	case u.Code == "" || converts:
		sql, args = `SELECT u, code FROM unit WHERE system=?`, []any{u.System}
	}
	var list []measured
	known := map[string]*search.Value{} // by code; nil: not comparable
	err := p.Conn.Query(sql, args, func(s db.Row) bool {
		if !converts {
			list = append(list, measured{s.Int(0), *v})
			return len(list) < maxUnits
		}
		code := s.Text(1)
		in, seen := known[code]
		if !seen {
			in = convert(v, from, code)
			known[code] = in
		}
		if in != nil {
			list = append(list, measured{s.Int(0), *in})
		}
		return len(list) < maxUnits
	})
	return list, err
}

// convert gives a query value in another unit of UCUM; nil where it has no such value.
func convert(v *search.Value, from ucum.Unit, code string) *search.Value {
	if code == v.Unit.Code {
		return v
	}
	to, ok := ucum.Parse(code)
	if !ok || !from.Comparable(to) {
		return nil
	}
	out := *v
	n := &out.Number
	for _, f := range []*float64{&n.Exact, &n.Lo, &n.Hi} {
		if *f, ok = convertNumber(*f, from, to); !ok {
			return nil
		}
	}
	if v.Prefix != search.AP { // rounding must not leave the number outside of its own precision
		n.Lo, n.Hi = math.Min(n.Lo, n.Exact), math.Max(n.Hi, math.Nextafter(n.Exact, math.Inf(1)))
	}
	return &out
}

// convertNumber goes by the decimal that the number was written as, so that 5.4 g is 5400 mg
// exactly.
func convertNumber(f float64, from, to ucum.Unit) (float64, bool) {
	d, _, err := apd.NewFromString(strconv.FormatFloat(f, 'g', -1, 64))
	if err != nil {
		return 0, false
	}
	out, ok := from.To(to, d)
	if !ok {
		return 0, false
	}
	converted, err := out.Float64()
	return converted, err == nil && !math.IsInf(converted, 0)
}

// quantity compiles each alternative in each unit of the index that it can be compared in.
func (p *Planner) quantity(f *search.Filter, number int64) (cond, error) {
	have, err := p.distinct(maxUnits, `SELECT min(u) FROM quantity WHERE p=? AND u>?`, number)
	if err != nil {
		return cond{}, err
	}
	var sets, tests []db.Frag
	for i := range f.Values {
		v := &f.Values[i]
		var in []measured
		if v.Unit.Any() {
			for _, u := range have {
				in = append(in, measured{u, *v})
			}
			tests = append(tests, numberTest(v, "f.lo", "f.hi"))
		} else {
			if in, err = p.measures(v); err != nil {
				return cond{}, err
			}
			in = slices.DeleteFunc(in, func(m measured) bool { return !slices.Contains(have, m.unit) })
			tests = append(tests, quantityTests(in, number)...)
		}
		for _, m := range in {
			classes, err := p.distinct(700, `SELECT min(class) FROM quantity WHERE p=? AND u=? AND class>?`, number, m.unit)
			if err != nil {
				return cond{}, err
			}
			for _, class := range classes {
				min, max := numberBounds(&m.value, index.NumberReach(class))
				sets = append(sets, db.Join("", db.SQL(`SELECT rid FROM quantity WHERE p=? AND u=? AND class=? AND lo>=? AND lo<=? AND `, number, m.unit, class, min, max),
					numberTest(&m.value, "lo", "hi")))
			}
		}
	}
	return cond{set: union(sets), test: p.forwardTest(search.KindQuantity, number, tests)}, nil
}

// sameNumber gathers the units in which a value has the same numbers.
func sameNumber(in []measured) [][]measured {
	slices.SortStableFunc(in, func(a, b measured) int {
		x, y := a.value.Number, b.value.Number
		return cmp.Or(cmp.Compare(x.Exact, y.Exact), cmp.Compare(x.Lo, y.Lo), cmp.Compare(x.Hi, y.Hi))
	})
	var groups [][]measured
	for i := range in {
		if i == 0 || in[i].value.Number != in[i-1].value.Number {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], in[i])
	}
	return groups
}

func unitsOf(group []measured) db.Frag {
	units := make([]int64, len(group))
	for i, m := range group {
		units[i] = m.unit
	}
	return db.In(units)
}

// quantityTests compares a forward value f, and seeks its row of the right unit.
func quantityTests(in []measured, number int64) []db.Frag {
	var tests []db.Frag
	for _, group := range sameNumber(in) {
		tests = append(tests, db.Join("", numberTest(&group[0].value, "f.lo", "f.hi"), db.SQL(` AND `),
			exists(db.Join("", db.SQL(`quantity q WHERE q.p=? AND q.u IN `, number), unitsOf(group),
				db.SQL(` AND q.class=CASE WHEN f.lo=f.hi THEN 0 ELSE q.class END AND q.lo=f.lo AND q.hi=f.hi AND q.rid=f.rid`)))))
	}
	return tests
}

// quantityPart compares the second part of a composite.
func (p *Planner) quantityPart(v *search.Value) (db.Frag, error) {
	if v.Unit.Any() {
		return numberTest(v, "lo", "hi"), nil
	}
	in, err := p.measures(v)
	if err != nil {
		return db.Frag{}, err
	}
	var tests []db.Frag
	for _, group := range sameNumber(in) {
		tests = append(tests, db.Join("", db.SQL(`k IN `), unitsOf(group), db.SQL(` AND `), numberTest(&group[0].value, "lo", "hi")))
	}
	return db.AnyOf(tests), nil
}
