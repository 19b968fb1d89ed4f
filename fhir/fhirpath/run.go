package fhirpath

import (
	"time"

	"chartlake/fault"
	"chartlake/fhir"
)

// Expr is a compiled expression.
type Expr struct {
	source    string
	eval      step
	variables []string
}

// String is the source of the expression.
func (e *Expr) String() string { return e.source }

// Variables lists the %names that the expression asks for, besides those whose value the
// specification fixes; names that defineVariable() makes and context, resource and rootResource
// are among them.
func (e *Expr) Variables() []string { return e.variables }

// step computes a collection from the input collection. After a failure it returns nothing
// and run.err says why.
type step func(r *run, in []Value) []Value

// run is one evaluation.
type run struct {
	options
	context Value // %context: what Eval was called with
	root    Value // %resource: the resource that holds it
	scope   scope
	steps   int
	err     error
}

// scope is what $this, $index and $total mean inside an argument.
type scope struct {
	this  []Value
	index int64
	total []Value
	vars  *variable
}

// variable is a list of defineVariable() bindings, innermost first.
type variable struct {
	name  string
	value []Value
	next  *variable
}

type options struct {
	now       time.Time
	resolve   func(reference string) *fhir.Node
	variables map[string][]Value
	memberOf  func(v Value, valueSet string) (is, known bool)
	conforms  func(v Value, profile string) (is, known bool)
	trace     func(name string, values []Value)
	top       *fhir.Node
	budget    *int
}

// Option changes one evaluation.
type Option func(*options)

// WithResolve gives the function behind resolve(): it returns the resource that a reference
// names, or nil. Without it, and when it returns nil, resolve() finds contained resources
// and entries of the same Bundle, and for other references to a known type gives an empty
// resource of that type, so that `resolve() is Patient` is answered from the reference.
func WithResolve(f func(reference string) *fhir.Node) Option {
	return func(o *options) { o.resolve = f }
}

// WithNow fixes now(), today() and timeOfDay(); without it they are the time of Eval in UTC.
func WithNow(t time.Time) Option { return func(o *options) { o.now = t } }

// WithVariable sets %name.
func WithVariable(name string, values ...Value) Option {
	return func(o *options) {
		if o.variables == nil {
			o.variables = map[string][]Value{}
		}
		o.variables[name] = values
	}
}

// WithVariables sets all %names of the map at once. The map is read during the evaluation and
// belongs to the caller.
func WithVariables(variables map[string][]Value) Option {
	return func(o *options) { o.variables = variables }
}

// WithMemberOf gives the function behind memberOf(); without it memberOf() is empty.
func WithMemberOf(f func(v Value, valueSet string) (is, known bool)) Option {
	return func(o *options) { o.memberOf = f }
}

// WithConforms gives the function behind conformsTo() for profiles that are no types of R4;
// without it, and where it does not know the profile, conformsTo() is an error.
func WithConforms(f func(v Value, profile string) (is, known bool)) Option {
	return func(o *options) { o.conforms = f }
}

// WithTrace receives what trace() sees; without it trace() does nothing.
func WithTrace(f func(name string, values []Value)) Option { return func(o *options) { o.trace = f } }

// WithBudget makes evaluations share a number of steps, of which each takes what it uses; when
// none are left they end with fhirpath_limit, as beyond MaxSteps.
func WithBudget(steps *int) Option { return func(o *options) { o.budget = steps } }

// WithRoot names the resource that the evaluated resource is contained in (%rootResource).
func WithRoot(n *fhir.Node) Option { return func(o *options) { o.top = n } }

// Eval evaluates the expression on a resource. A node without a known resourceType is an error.
func (e *Expr) Eval(resource *fhir.Node, opts ...Option) ([]Value, error) {
	v, ok := resourceValue(resource)
	if !ok {
		return nil, fault.New(fault.Invalid, "fhirpath_execution", "the resource has no known type")
	}
	return e.EvalOn(v, v, opts...)
}

// EvalOn evaluates the expression on an element, for instance one that another expression
// gave; resource is what %resource means and may be the zero Value.
func (e *Expr) EvalOn(context, resource Value, opts ...Option) ([]Value, error) {
	r := &run{context: context, root: resource}
	for _, o := range opts {
		o(&r.options)
	}
	in := []Value{context}
	r.scope.this = in
	out := e.eval(r, in)
	if r.err != nil {
		return nil, r.err
	}
	return out, nil
}

// System values for EvalOn and WithVariable.

// String makes a System.String.
func String(s string) Value { return stringValue(s) }

// Boolean makes a System.Boolean.
func Boolean(b bool) Value { return boolean(b) }

// Integer makes a System.Integer.
func Integer(i int32) Value { return integer(int64(i)) }

// Primitive makes the system value of a FHIR primitive of the type named; ok is false where the
// JSON is no such value.
func Primitive(fhirType string, n *fhir.Node) (v Value, ok bool) {
	s := primitiveValue(fhirType, n)
	return system(s), s != nil
}

// ResourceValue makes the value of a whole resource; ok is false when its type is unknown.
func ResourceValue(n *fhir.Node) (v Value, ok bool) { return resourceValue(n) }

func (r *run) fail(format string, args ...any) []Value {
	if r.err == nil {
		r.err = fault.New(fault.Invalid, "fhirpath_execution", format, args...)
	}
	return nil
}

// tick counts work; false when the evaluation must stop.
func (r *run) tick(n int) bool {
	if r.err != nil {
		return false
	}
	if r.budget != nil {
		*r.budget -= n + 1
	}
	if r.steps += n + 1; r.steps > MaxSteps || n > MaxItems || r.budget != nil && *r.budget < 0 {
		r.err = fault.New(fault.Invalid, "fhirpath_limit", "the FHIRPath evaluation takes more than %d steps or %d items", MaxSteps, MaxItems)
		return false
	}
	return true
}

// single gives the one item of a collection; ok is false when there is none, and more than
// one is an error.
func (r *run) single(in []Value) (Value, bool) {
	switch len(in) {
	case 0:
		return Value{}, false
	case 1:
		return in[0], true
	}
	r.fail("one item is expected where there are %d", len(in))
	return Value{}, false
}

// within evaluates an argument with $this bound to one item.
func (r *run) each(arg step, item Value, index int) []Value {
	if !r.tick(1) {
		return nil
	}
	saved := r.scope
	this := []Value{item}
	r.scope.this, r.scope.index = this, int64(index)
	out := arg(r, this)
	r.scope = saved
	return out
}

// condition evaluates a criterion on one item; no result counts as false.
func (r *run) condition(arg step, item Value, index int) bool {
	b, known := r.boolean(r.each(arg, item, index))
	return b && known
}

// boolean reads a collection as a boolean: empty is unknown, a boolean is itself, any other
// single item is true (http://hl7.org/fhirpath/#singleton-evaluation-of-collections).
func (r *run) boolean(in []Value) (b, known bool) {
	v, ok := r.single(in)
	if !ok {
		return false, false
	}
	if b, ok := v.system().(bool); ok {
		return b, true
	}
	if v.typ != nil && v.typ.Name == "boolean" {
		return false, false // a boolean without value
	}
	return true, true
}

func (r *run) clock() time.Time {
	if r.now.IsZero() {
		r.now = time.Now().UTC()
	}
	return r.now
}
