package fhirpath

import (
	"strings"

	"chartlake/fhir/definition"
)

// typeName is a type specifier: System.String, FHIR.Patient, or either without namespace.
type typeName struct{ namespace, name string }

var systemTypes = map[string]bool{"Boolean": true, "Integer": true, "Decimal": true, "String": true,
	"Date": true, "DateTime": true, "Time": true, "Quantity": true, "Any": true, "Long": true}

func typeSpecifier(n *node, text string) (typeName, error) {
	t := typeName{name: text}
	if space, name, ok := strings.Cut(text, "."); ok {
		t = typeName{space, name}
	}
	inSystem := t.namespace != "FHIR" && systemTypes[t.name]
	inFHIR := t.namespace != "System" && definition.R4().Type(t.name) != nil
	if t.namespace == "System" && definition.R4().Type(t.name) != nil {
		return t, nil // a type that no value has
	}
	if t.namespace != "" && t.namespace != "System" && t.namespace != "FHIR" || !inSystem && !inFHIR {
		return t, semanticError(n, "%q is no type", text)
	}
	return t, nil
}

// matches reports whether a value has the type. A name without namespace means the type of
// the value's own namespace.
func (t typeName) matches(v Value) bool {
	if v.typ != nil {
		return t.namespace != "System" && v.typ.Is(t.name)
	}
	return t.namespace != "FHIR" && (systemType(v.sys) == t.name || t.name == "Any")
}

// typeArgument reads the argument of is(), as(), ofType(): a type name, not an expression.
func typeArgument(n *node) (typeName, error) {
	arg := n.args[0]
	switch {
	case arg.kind == nodeName:
		return typeSpecifier(arg, arg.text)
	case arg.kind == nodePath && arg.left.kind == nodeName && arg.right.kind == nodeName:
		return typeSpecifier(arg, arg.left.text+"."+arg.right.text)
	}
	return typeName{}, semanticError(arg, "%s() takes the name of a type", n.text)
}

func (c *compiler) typeOperator(n *node, first bool) (step, error) {
	left, err := c.compile(n.left, first)
	if err != nil {
		return nil, err
	}
	t, err := typeSpecifier(n, n.typeName)
	if err != nil {
		return nil, err
	}
	apply := c.typeFunction(n.text)
	return func(r *run, in []Value) []Value { return apply(r, left(r, in), t) }, nil
}

func (c *compiler) typeFunction(name string) func(r *run, in []Value, t typeName) []Value {
	switch {
	case name == "is":
		return isType
	case name == "as" && c.strict != nil:
		return func(r *run, in []Value, t typeName) []Value { return ofType(r, r.one(in), t) }
	}
	return ofType
}

func isType(r *run, in []Value, t typeName) []Value {
	v, ok := r.single(in)
	if !ok {
		return nil
	}
	return truth(t.matches(v))
}

// is reports whether a value has the type for as() and ofType(): a primitive must have it
// itself (a code is no string), a complex type may be derived.
func (t typeName) is(v Value) bool {
	return t.matches(v) && (!v.primitive() || v.typ.Name == t.name)
}

// ofType keeps the items of the type. It is also as(), for which the specification asks for
// a single item, but R4 search parameters use it on collections
// (Group.characteristic.value as CodeableConcept).
func ofType(r *run, in []Value, t typeName) []Value {
	if !r.tick(len(in)) {
		return nil
	}
	if len(in) == 1 {
		if t.is(in[0]) {
			return in
		}
		return nil
	}
	var out []Value
	for _, v := range in {
		if t.is(v) {
			out = append(out, v)
		}
	}
	return out
}

// typeInfo is the result of type().
type typeInfo struct{ namespace, name, base string }

func (t *typeInfo) member(name string) []Value {
	switch name {
	case "namespace":
		return one(stringValue(t.namespace))
	case "name":
		return one(stringValue(t.name))
	case "baseType":
		return one(stringValue(t.base))
	}
	return nil
}

func typeOf(v Value) Value {
	if v.typ == nil {
		return Value{info: &typeInfo{"System", systemType(v.sys), "System.Any"}}
	}
	base := "System.Any"
	if v.typ.Base != nil {
		base = "FHIR." + v.typ.Base.Name
	}
	return Value{info: &typeInfo{"FHIR", v.typ.Name, base}}
}
