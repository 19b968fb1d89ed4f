package fhirpath

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"chartlake/fhir"
)

// equal compares two items by the rules of =; known is false where the result is empty.
func equal(a, b Value) (same, known bool) {
	x, y := a.system(), b.system()
	if x == nil && y == nil {
		return deepEqual(a, b)
	}
	switch p := x.(type) {
	case Temporal:
		q, ok := y.(Temporal)
		if !ok || p.clock != q.clock {
			return false, y != nil
		}
		order, ok := compareTemporals(p, q)
		return order == 0 && ok, ok
	case quantity:
		q, ok := asQuantity(y)
		if !ok {
			return false, true
		}
		return equalQuantities(p, q)
	case bool, string:
		return x == y, true
	}
	if q, ok := y.(quantity); ok {
		p, ok := asQuantity(x)
		if !ok {
			return false, true
		}
		return equalQuantities(p, q)
	}
	d, ok1 := asDecimal(x)
	e, ok2 := asDecimal(y)
	if ok1 && ok2 {
		return compareDecimals(d, e) == 0, true
	}
	return false, true
}

func asQuantity(s any) (quantity, bool) {
	if q, ok := s.(quantity); ok {
		return q, true
	}
	if d, ok := asDecimal(s); ok {
		return quantity{value: d, unit: "1"}, true
	}
	return quantity{}, false
}

func equalQuantities(a, b quantity) (same, known bool) {
	x, y, ok := common(a, b, false)
	return ok && compareDecimals(x, y) == 0, ok
}

// deepEqual compares complex elements, primitives without value, and type information.
func deepEqual(a, b Value) (same, known bool) {
	if a.info != nil && b.info != nil {
		return *a.info == *b.info, true
	}
	if a.typ != b.typ || a.typ == nil {
		return false, true
	}
	return sameTree(a.content(), b.content()), true
}

// sameTree compares JSON without regard to the order of members; numbers by value.
func sameTree(a, b *fhir.Node) bool {
	if a == b {
		return true
	}
	if a.Kind() != b.Kind() || len(a.Members()) != len(b.Members()) || len(a.Items()) != len(b.Items()) {
		return false
	}
	if a.Kind() == fhir.Number {
		x, okX := parseDecimal(a.Text())
		y, okY := parseDecimal(b.Text())
		return okX && okY && compareDecimals(x, y) == 0
	}
	for _, m := range a.Members() {
		if other := b.Get(m.Name); other == nil || !sameTree(m.Value, other) {
			return false
		}
	}
	for i, item := range a.Items() {
		if !sameTree(item, b.Item(i)) {
			return false
		}
	}
	return a.Text() == b.Text()
}

// equalAll is = on collections.
func (r *run) equalAll(a, b []Value) (same, known bool) {
	if len(a) == 0 || len(b) == 0 {
		return false, false
	}
	if len(a) != len(b) {
		return false, true
	}
	if !r.tick(len(a)) {
		return false, false
	}
	known = true
	for i := range a {
		s, k := equal(a[i], b[i])
		if k && !s {
			return false, true
		}
		known = known && k
	}
	return known, known
}

// equivalent compares two items by the rules of ~.
func equivalent(a, b Value) bool {
	x, y := a.system(), b.system()
	switch p := x.(type) {
	case string:
		q, ok := y.(string)
		return ok && foldText(p) == foldText(q)
	case Temporal:
		q, ok := y.(Temporal)
		if !ok || p.clock != q.clock || p.dateTime != q.dateTime {
			return false
		}
		order, ok := compareTemporals(p, q)
		return ok && order == 0
	}
	if d, ok := asDecimal(x); ok {
		if e, ok := asDecimal(y); ok {
			return equivalentDecimals(d, e)
		}
	}
	if p, ok := asQuantity(x); ok {
		q, ok := asQuantity(y)
		if !ok {
			return false
		}
		v, w, ok := common(p, q, true)
		return ok && equivalentDecimals(v, w)
	}
	if x == nil && y == nil {
		return equivalentTrees(a, b)
	}
	return x == y
}

// equivalentDecimals compares at the precision of the less precise one.
func equivalentDecimals(a, b *apd.Decimal) bool {
	a, b = reduced(a), reduced(b)
	n := min(places(a), places(b))
	return compareDecimals(rounded(a, n), rounded(b, n)) == 0
}

// foldText lowers the case and makes every run of white space one blank.
func foldText(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

// equivalentTrees compares complex elements child by child, without regard to order and id.
func equivalentTrees(a, b Value) bool {
	if a.info != nil && b.info != nil {
		return *a.info == *b.info
	}
	if a.typ != b.typ || a.typ == nil {
		return false
	}
	return (&run{}).equivalentAll(withoutID(a), withoutID(b))
}

func withoutID(v Value) []Value {
	id := v.content().Get("id")
	var out []Value
	for _, c := range children(v) {
		if id == nil || c.node != id {
			out = append(out, c)
		}
	}
	return out
}

// equivalentAll is ~ on collections: the same items in any order.
func (r *run) equivalentAll(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	used := make([]bool, len(b))
	for _, x := range a {
		if !r.tick(len(b)) {
			return false
		}
		found := false
		for j, y := range b {
			if !used[j] && equivalent(x, y) {
				used[j], found = true, true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// holds reports whether a collection has an item equal to v.
func (r *run) holds(in []Value, v Value) bool {
	if !r.tick(len(in)) {
		return false
	}
	for _, x := range in {
		if same, known := equal(x, v); known && same {
			return true
		}
	}
	return false
}

// distinct keeps the first of equal items.
func (r *run) distinct(in []Value) []Value {
	if len(in) < 2 {
		return in
	}
	out := make([]Value, 0, len(in))
	for _, v := range in {
		if !r.holds(out, v) {
			out = append(out, v)
		}
	}
	return out
}
