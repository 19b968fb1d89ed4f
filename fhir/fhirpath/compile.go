package fhirpath

import (
	"strconv"

	"chartlake/fault"
	"chartlake/fhir/definition"
)

// Compile checks and compiles an expression that may be evaluated on any resource.
func Compile(source string) (*Expr, error) { return compileFor(source, &compiler{}) }

// CompileFor compiles an expression for resources of one type: branches of a union that
// begin with another resource type are left out.
func CompileFor(source, resourceType string) (*Expr, error) {
	t := definition.R4().Type(resourceType)
	if t == nil {
		return nil, fault.New(fault.Invalid, "fhirpath_semantic", "not a type of R4")
	}
	return compileFor(source, &compiler{target: t})
}

// CompileStrict compiles for one type and refuses what the type cannot have: unknown
// elements, other contexts, valueQuantity for value, order where there is none. In its
// evaluation as() refuses several items.
func CompileStrict(source, resourceType string) (*Expr, error) {
	t := definition.R4().Type(resourceType)
	if t == nil {
		return nil, fault.New(fault.Invalid, "fhirpath_semantic", "not a type of R4")
	}
	return compileFor(source, &compiler{strict: t})
}

func compileFor(source string, c *compiler) (*Expr, error) {
	tree, err := parse(source)
	if err != nil {
		return nil, err
	}
	if c.strict != nil {
		context := static{kinds: []kind{{c.strict, c.strict.Root}}}
		if _, err := (&checker{}).check(tree, context, context, true); err != nil {
			return nil, err
		}
	}
	eval, err := c.compile(tree, true)
	if err != nil {
		return nil, err
	}
	return &Expr{source: source, eval: eval, variables: c.variables}, nil
}

type compiler struct {
	target    *definition.Type // nil: any
	strict    *definition.Type // nil: lenient
	variables []string
}

func semanticError(n *node, format string, args ...any) error {
	f := fault.New(fault.Invalid, "fhirpath_semantic", format, args...)
	f.Message = "FHIRPath, character " + strconv.Itoa(n.pos+1) + ": " + f.Message
	return f
}

// nothing is {}.
func nothing(*run, []Value) []Value { return nil }

// compile makes the step of a node. first says that the node begins a path.
func (c *compiler) compile(n *node, first bool) (step, error) {
	switch n.kind {
	case nodeEmpty:
		return nothing, nil
	case nodeLiteral:
		value := one(n.value)
		return func(*run, []Value) []Value { return value }, nil
	case nodeName:
		return c.member(n, first), nil
	case nodeSpecial:
		return special(n.text), nil
	case nodeExternal:
		return c.external(n.text), nil
	case nodeCall:
		return c.call(n)
	case nodePath:
		return c.path(n, first)
	case nodeIndex:
		return c.index(n, first)
	case nodeUnary:
		return c.sign(n)
	case nodeType:
		return c.typeOperator(n, first)
	}
	return c.binary(n)
}

func (c *compiler) member(n *node, first bool) step {
	first = first && upperFirst(n.text)
	if first && c.target != nil {
		t := definition.R4().ResourceType(n.text)
		if t != nil && t != c.target && !c.target.Is(t.Name) {
			return nothing
		}
	}
	m := &member{name: n.text, under: "_" + n.text, first: first}
	return m.step
}

func (c *compiler) path(n *node, first bool) (step, error) {
	left, err := c.compile(n.left, first)
	if err != nil {
		return nil, err
	}
	right, err := c.compile(n.right, false)
	if err != nil {
		return nil, err
	}
	return func(r *run, in []Value) []Value { return right(r, left(r, in)) }, nil
}

func (c *compiler) index(n *node, first bool) (step, error) {
	left, err := c.compile(n.left, first)
	if err != nil {
		return nil, err
	}
	right, err := c.compile(n.right, true)
	if err != nil {
		return nil, err
	}
	return func(r *run, in []Value) []Value {
		items := left(r, in)
		i, ok := r.integer(right(r, r.scope.this))
		if !ok || i < 0 || i >= int64(len(items)) {
			return nil
		}
		return items[i : i+1 : i+1]
	}, nil
}

func (c *compiler) sign(n *node) (step, error) {
	operand, err := c.compile(n.left, true)
	if err != nil {
		return nil, err
	}
	if n.text == "asc" || n.text == "desc" {
		return nil, semanticError(n, "%s belongs into sort()", n.text)
	}
	if n.text == "+" {
		return func(r *run, in []Value) []Value { return r.signed(operand(r, in), false) }, nil
	}
	return func(r *run, in []Value) []Value { return r.signed(operand(r, in), true) }, nil
}

func special(name string) step {
	switch name {
	case "this":
		return func(r *run, _ []Value) []Value { return r.scope.this }
	case "index":
		return func(r *run, _ []Value) []Value { return one(integer(r.scope.index)) }
	}
	return func(r *run, _ []Value) []Value { return r.scope.total }
}

// constants of http://hl7.org/fhir/R4/fhirpath.html#variables.
var constants = map[string]string{"ucum": ucumSystem, "sct": "http://snomed.info/sct", "loinc": "http://loinc.org"}

func (c *compiler) external(name string) step {
	if url, ok := constants[name]; ok {
		value := one(stringValue(url))
		return func(*run, []Value) []Value { return value }
	}
	for prefix, url := range map[string]string{"vs-": "http://hl7.org/fhir/ValueSet/", "ext-": "http://hl7.org/fhir/StructureDefinition/"} {
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			value := one(stringValue(url + name[len(prefix):]))
			return func(*run, []Value) []Value { return value }
		}
	}
	c.variables = append(c.variables, name)
	return func(r *run, _ []Value) []Value { return r.variable(name) }
}

func (r *run) variable(name string) []Value {
	for v := r.scope.vars; v != nil; v = v.next {
		if v.name == name {
			return v.value
		}
	}
	if values, ok := r.variables[name]; ok {
		return values
	}
	switch name {
	case "context":
		return one(r.context)
	case "resource":
		if r.root.typ != nil {
			return one(r.root)
		}
		return nil
	case "rootResource":
		if v, ok := resourceValue(r.top); ok {
			return one(v)
		}
		if r.root.typ != nil {
			return one(r.root)
		}
		return nil
	}
	return r.fail("there is no variable of this name")
}

func (c *compiler) binary(n *node) (step, error) {
	left, err := c.compile(n.left, true)
	if err != nil {
		return nil, err
	}
	right, err := c.compile(n.right, true)
	if err != nil {
		return nil, err
	}
	if op := shortCircuits[n.text]; op != nil {
		return func(r *run, in []Value) []Value { return op(r, in, left, right) }, nil
	}
	op := operators[n.text]
	return func(r *run, in []Value) []Value {
		vars := r.scope.vars
		a := left(r, in)
		r.scope.vars = vars
		b := right(r, in)
		r.scope.vars = vars
		if r.err != nil {
			return nil
		}
		return op(r, a, b)
	}, nil
}
