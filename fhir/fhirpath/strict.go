package fhirpath

import (
	"slices"

	"chartlake/fhir/definition"
)

// static is what is known of a collection before evaluation.
type static struct {
	kinds     []kind
	open      bool // may hold what kinds does not list
	unordered bool
}

// kind is a type with the element that describes its content.
type kind struct {
	typ   *definition.Type
	shape *definition.Element
}

var anything = static{open: true}

// checker refuses names that no value of the context can have.
type checker struct{}

func kindsOf(e *definition.Element) static {
	if len(e.Types) == 0 {
		return static{kinds: []kind{{definition.R4().Type("BackboneElement"), e.Shape(nil)}}}
	}
	var s static
	for _, ref := range e.Types {
		if ref.Type.Kind == definition.Resource || ref.Type.Name == "Element" && len(e.Children) == 0 {
			return anything
		}
		s.kinds = append(s.kinds, kind{ref.Type, e.Shape(ref.Type)})
	}
	return s
}

// check walks the tree. in is the input collection, this what $this means.
func (c *checker) check(n *node, in, this static, first bool) (static, error) {
	switch n.kind {
	case nodeName:
		return c.member(n, in, first)
	case nodeSpecial:
		if n.text == "this" {
			return this, nil
		}
	case nodePath:
		left, err := c.check(n.left, in, this, first)
		if err != nil {
			return anything, err
		}
		return c.check(n.right, left, this, false)
	case nodeIndex:
		left, err := c.check(n.left, in, this, first)
		if err != nil {
			return anything, err
		}
		if left.unordered {
			return anything, semanticError(n, "the items have no order")
		}
		_, err = c.check(n.right, this, this, true)
		return left, err
	case nodeUnary:
		_, err := c.check(n.left, in, this, true)
		return anything, err
	case nodeType:
		left, err := c.check(n.left, in, this, first)
		if err != nil || n.text == "is" {
			return anything, err
		}
		return c.narrow(n, left, n.typeName)
	case nodeBinary:
		left, err := c.check(n.left, in, this, true)
		if err != nil {
			return anything, err
		}
		right, err := c.check(n.right, in, this, true)
		if n.text == "|" {
			return static{kinds: append(slices.Clip(left.kinds), right.kinds...), open: left.open || right.open}, err
		}
		return anything, err
	case nodeCall:
		return c.call(n, in, this)
	}
	return anything, nil
}

func (c *checker) member(n *node, in static, first bool) (static, error) {
	if first && upperFirst(n.text) && definition.R4().ResourceType(n.text) != nil {
		for _, k := range in.kinds {
			if k.typ.Is(n.text) {
				return in, nil
			}
		}
		if in.open {
			return anything, nil
		}
		return anything, semanticError(n, "the context is no %s", n.text)
	}
	out := static{open: in.open, unordered: in.unordered}
	found := in.open
	for _, k := range in.kinds {
		if first && k.typ.Is(n.text) {
			return in, nil
		}
		if k.shape == nil {
			return anything, nil
		}
		if child := k.shape.Child(n.text); child != nil {
			s := kindsOf(child)
			found, out.open = true, out.open || s.open
			out.kinds = append(out.kinds, s.kinds...)
		}
	}
	if !found {
		return anything, semanticError(n, "there is no element %q", n.text)
	}
	return out, nil
}

// narrow gives what as() and ofType() leave.
func (c *checker) narrow(n *node, in static, name string) (static, error) {
	t, err := typeSpecifier(n, name)
	if err != nil || in.open || t.namespace == "System" {
		return anything, err
	}
	out := static{unordered: in.unordered}
	for _, k := range in.kinds {
		if k.typ.Is(t.name) {
			out.kinds = append(out.kinds, k)
		}
	}
	if len(out.kinds) == 0 && n.kind == nodeType {
		return anything, semanticError(n, "the element never is a %s", name)
	}
	if len(out.kinds) == 0 {
		return anything, nil
	}
	return out, nil
}

var (
	lambdas = []string{"where", "select", "all", "exists", "aggregate", "sort", "trace", "defineVariable"}
	keepers = []string{"where", "first", "last", "tail", "skip", "take", "single", "distinct", "trace", "exclude", "intersect", "sort", "defineVariable"}
	ordered = []string{"first", "last", "tail", "skip", "take"}
)

func (c *checker) call(n *node, in, this static) (static, error) {
	switch n.text {
	case "as", "ofType":
		if len(n.args) == 1 && n.args[0].kind == nodeName {
			return c.narrow(n, in, n.args[0].text)
		}
		return anything, nil
	case "is":
		return anything, nil
	case "children", "descendants":
		return static{open: true, unordered: true}, nil
	}
	if in.unordered && slices.Contains(ordered, n.text) {
		return anything, semanticError(n, "the items have no order")
	}
	context := this
	switch {
	case slices.Contains(lambdas, n.text):
		context = in
	case n.text == "repeat" || n.text == "repeatAll" || n.text == "iif":
		context = anything
	}
	result := anything
	for _, a := range n.args {
		s, err := c.check(a, context, context, true)
		if err != nil {
			return anything, err
		}
		result = s
	}
	switch {
	case slices.Contains(keepers, n.text):
		return in, nil
	case n.text == "select":
		return result, nil
	}
	return anything, nil
}
