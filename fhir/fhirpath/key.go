package fhirpath

import "chartlake/fhir/definition"

// Keys join the tables of SQL on FHIR v2 (https://sql-on-fhir.org/, "getResourceKey" and
// "getReferenceKey"). A key is the id of the resource; tables are of one type each.

func resourceKey(_ *run, in []Value) []Value {
	var out []Value
	for _, v := range in {
		if v.typ != nil && v.typ.Kind == definition.Resource && v.node.ID() != "" {
			out = append(out, stringValue(v.node.ID()))
		}
	}
	return out
}

// referenceKey compiles getReferenceKey([type]): the key of the resource that a literal reference
// names, nothing where it names one of another type than asked for.
func (c *compiler) referenceKey(n *node) (step, error) {
	want := ""
	switch len(n.args) {
	case 0:
	case 1:
		t, err := typeArgument(n)
		if err != nil {
			return nil, err
		}
		want = t.name
	default:
		return nil, semanticError(n, "getReferenceKey() takes at most one argument")
	}
	return func(r *run, in []Value) []Value {
		var out []Value
		for _, v := range in {
			if !v.Is("Reference") {
				continue
			}
			t, id, ok := SplitReference(v.node.Str("reference"))
			if ok && (want == "" || want == t) {
				out = append(out, stringValue(id))
			}
		}
		return out
	}, nil
}
