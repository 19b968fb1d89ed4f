package fhirpath

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"chartlake/fhir"
	"chartlake/fhir/definition"
)

// Value is one item of a collection: an element of a resource, or a system value that an
// expression made. The zero Value is no item.
type Value struct {
	typ   *definition.Type    // FHIR type; nil for system values
	shape *definition.Element // whose children describe the content; nil for system values
	node  *fhir.Node          // the JSON value; nil for system values and for primitives without value
	ext   *fhir.Node          // for primitives: the object with id and extensions
	sys   any                 // for system values: bool, int64, *apd.Decimal, string, Temporal, quantity
	info  *typeInfo           // for the result of type()
}

// Type is the name of the value's type: a FHIR type ("Coding", "dateTime", "Patient",
// "BackboneElement") or a system type ("System.String").
func (v Value) Type() string {
	if v.typ != nil {
		return v.typ.Name
	}
	if v.info != nil {
		return "System.TypeInfo"
	}
	if name := systemType(v.sys); name != "" {
		return "System." + name
	}
	return ""
}

// Definition is the FHIR type, nil for system values.
func (v Value) Definition() *definition.Type { return v.typ }

// Shape is the element whose children describe the value's content, nil for system values.
func (v Value) Shape() *definition.Element { return v.shape }

// ElementValue makes the value of an element e in type t (nil for a backbone element) from its
// JSON and, for a primitive, the object with its id and extensions. ok is false where there
// is neither or the JSON is of another kind.
func ElementValue(e *definition.Element, t *definition.Type, n, extras *fhir.Node) (v Value, ok bool) {
	var few [1]Value
	list := appendItem(few[:0], e, t, n, extras)
	if len(list) == 0 {
		return Value{}, false
	}
	return list[0], true
}

// Is reports whether the value has this FHIR type or one derived from it.
func (v Value) Is(fhirType string) bool { return v.typ.Is(fhirType) }

// Node is the JSON of the element; nil for system values and primitives without a value.
func (v Value) Node() *fhir.Node { return v.node }

// Extras is the object with the id and extensions of a primitive (the JSON member _name).
func (v Value) Extras() *fhir.Node { return v.ext }

// Text is the value of a primitive as written, or of a system value in its string form; ""
// for complex elements.
func (v Value) Text() string {
	if v.typ != nil {
		if v.primitive() {
			return v.node.Text()
		}
		return ""
	}
	s, _ := toText(v.sys)
	return s
}

// Bool gives a boolean, FHIR or system; ok is false for other values.
func (v Value) Bool() (b, ok bool) {
	b, ok = v.system().(bool)
	return b, ok
}

// Decimal gives a number, FHIR or system; nil for other values. Do not change it.
func (v Value) Decimal() *apd.Decimal {
	d, _ := v.decimal()
	return d
}

// Temporal gives a date, dateTime, instant or time with its precision.
func (v Value) Temporal() (Temporal, bool) {
	t, ok := v.system().(Temporal)
	return t, ok
}

// Quantity gives the value and unit code of a System.Quantity or a FHIR Quantity.
func (v Value) Quantity() (value *apd.Decimal, unit string, ok bool) {
	q, ok := v.system().(quantity)
	return q.value, q.unit, ok
}

func (v Value) primitive() bool { return v.typ != nil && v.typ.Kind == definition.Primitive }

// content is the object below which the children stand.
func (v Value) content() *fhir.Node {
	if v.primitive() {
		return v.ext
	}
	return v.node
}

func system(s any) Value          { return Value{sys: s} }
func boolean(b bool) Value        { return Value{sys: b} }
func integer(i int64) Value       { return Value{sys: i} }
func stringValue(s string) Value  { return Value{sys: s} }
func one(v Value) []Value         { return []Value{v} }
func truth(b bool) []Value        { return []Value{boolean(b)} }
func number(d *apd.Decimal) Value { return Value{sys: d} }

// resourceValue makes the value of a resource node; ok is false when its type is unknown.
func resourceValue(n *fhir.Node) (Value, bool) {
	t := definition.R4().ResourceType(n.Type())
	if t == nil {
		return Value{}, false
	}
	return Value{typ: t, shape: t.Root, node: n}, true
}

// system gives the system value that a primitive (or a FHIR Quantity) converts to, nil for
// what has none: http://hl7.org/fhir/R4/fhirpath.html#types.
func (v Value) system() any {
	if v.typ == nil {
		return v.sys
	}
	if !v.primitive() {
		if v.typ.Is("Quantity") {
			return fhirQuantity(v.node)
		}
		return nil
	}
	if v.node == nil {
		return nil
	}
	return primitiveValue(v.typ.Name, v.node)
}

func primitiveValue(name string, n *fhir.Node) any {
	text := n.Text()
	switch name {
	case "boolean":
		if n.Kind() == fhir.Bool {
			return n.True()
		}
		return nil
	case "integer", "positiveInt", "unsignedInt":
		if i, ok := parseInteger(text); ok {
			return i
		}
		return nil
	case "decimal":
		if d, ok := parseDecimal(text); ok {
			return d
		}
		return nil
	case "date", "dateTime", "instant":
		if t, ok := ParseDate(text); ok {
			t.dateTime = name != "date"
			return t
		}
		return nil
	case "time":
		if t, ok := parseTime(text); ok {
			return t
		}
		return nil
	}
	if n.Kind() == fhir.String {
		return text
	}
	return nil
}

// decimal gives integers and decimals as a decimal.
func (v Value) decimal() (*apd.Decimal, bool) { return asDecimal(v.system()) }

func asDecimal(s any) (*apd.Decimal, bool) {
	switch x := s.(type) {
	case int64:
		return apd.New(x, 0), true
	case *apd.Decimal:
		return x, true
	}
	return nil, false
}

func (v Value) str() (string, bool) {
	s, ok := v.system().(string)
	return s, ok
}

// systemType names the type of a system value without its namespace.
func systemType(s any) string {
	switch x := s.(type) {
	case bool:
		return "Boolean"
	case int64:
		return "Integer"
	case *apd.Decimal:
		return "Decimal"
	case string:
		return "String"
	case Temporal:
		switch {
		case x.clock:
			return "Time"
		case x.dateTime:
			return "DateTime"
		}
		return "Date"
	case quantity:
		return "Quantity"
	}
	return ""
}

// fhirQuantity reads a FHIR Quantity; nil where it has no value or a comparator.
func fhirQuantity(n *fhir.Node) any {
	d, ok := parseDecimal(n.Get("value").Text())
	if !ok || n.Get("comparator") != nil {
		return nil
	}
	code, sys := n.Str("code"), n.Str("system")
	if code == "" {
		if n.Str("unit") == "" {
			return quantity{value: d, unit: "1"}
		}
		return quantity{value: d, unit: n.Str("unit"), system: "text"}
	}
	if sys != ucumSystem {
		return quantity{value: d, unit: code, system: sys + "|"}
	}
	return quantity{value: d, unit: code}
}

const ucumSystem = "http://unitsofmeasure.org"

// upperFirst tells a possible type name from a member name.
func upperFirst(s string) bool { return s != "" && strings.ToUpper(s[:1]) == s[:1] && isLetter(s[0]) }
