package fhirpath

// function is one function of the language. build gets the compiled arguments.
type function struct {
	min, max int
	build    func(args []step) step
}

// plain makes a function without arguments.
func plain(f func(r *run, in []Value) []Value) function {
	return function{0, 0, func([]step) step { return f }}
}

// onString makes a function of a string and string arguments. Anything missing gives
// nothing; an input that is no string is an error.
func onString(min, max int, f func(r *run, s string, args []string) []Value) function {
	return function{min, max, func(args []step) step {
		return func(r *run, in []Value) []Value {
			v, ok := r.single(in)
			if !ok {
				return nil
			}
			s, ok := v.str()
			if !ok {
				if v.node == nil && v.primitive() {
					return nil
				}
				return r.fail("the function takes a string, not a %s", v.Type())
			}
			texts := make([]string, 0, len(args))
			for _, a := range args {
				arg, ok := r.single(a(r, r.scope.this))
				if !ok {
					return nil
				}
				t, ok := arg.str()
				if !ok {
					return r.fail("the argument is a %s where a string is expected", arg.Type())
				}
				texts = append(texts, t)
			}
			return f(r, s, texts)
		}
	}}
}

// withItems makes a function whose argument is another collection.
func withItems(f func(r *run, in, other []Value) []Value) function {
	return function{1, 1, func(args []step) step {
		return func(r *run, in []Value) []Value { return f(r, in, args[0](r, r.scope.this)) }
	}}
}

// withCount makes a function whose argument is an integer.
func withCount(f func(r *run, in []Value, n int64) []Value) function {
	return function{1, 1, func(args []step) step {
		return func(r *run, in []Value) []Value {
			n, ok := r.integer(args[0](r, r.scope.this))
			if !ok {
				return nil
			}
			return f(r, in, n)
		}
	}}
}

// integer reads a single integer.
func (r *run) integer(in []Value) (int64, bool) {
	v, ok := r.single(in)
	if !ok {
		return 0, false
	}
	i, ok := v.system().(int64)
	if !ok {
		r.fail("an integer is expected, not a %s", v.Type())
	}
	return i, ok
}

func (c *compiler) call(n *node) (step, error) {
	switch n.text {
	case "is", "as", "ofType":
		return c.typeCall(n)
	case "sort":
		return c.sortCall(n)
	case "getReferenceKey":
		return c.referenceKey(n)
	}
	f, ok := functions[n.text]
	if !ok {
		return nil, semanticError(n, "there is no function %q", n.text)
	}
	if len(n.args) < f.min || len(n.args) > f.max {
		return nil, semanticError(n, "%s() takes %d to %d arguments, not %d", n.text, f.min, f.max, len(n.args))
	}
	args := make([]step, len(n.args))
	for i, a := range n.args {
		var err error
		if args[i], err = c.compile(a, true); err != nil {
			return nil, err
		}
	}
	return f.build(args), nil
}

func (c *compiler) typeCall(n *node) (step, error) {
	if len(n.args) != 1 {
		return nil, semanticError(n, "%s() takes one argument", n.text)
	}
	t, err := typeArgument(n)
	if err != nil {
		return nil, err
	}
	apply := c.typeFunction(n.text)
	return func(r *run, in []Value) []Value { return apply(r, in, t) }, nil
}

// functions is the table of all functions but is(), as(), ofType(), sort() and getReferenceKey(),
// whose arguments are no plain expressions.
var functions = map[string]function{
	// existence
	"empty":      plain(func(_ *run, in []Value) []Value { return truth(len(in) == 0) }),
	"exists":     {0, 1, exists},
	"all":        {1, 1, all},
	"allTrue":    everyBoolean(true, true),
	"anyTrue":    everyBoolean(true, false),
	"allFalse":   everyBoolean(false, true),
	"anyFalse":   everyBoolean(false, false),
	"subsetOf":   withItems(func(r *run, in, other []Value) []Value { return truth(r.subset(in, other)) }),
	"supersetOf": withItems(func(r *run, in, other []Value) []Value { return truth(r.subset(other, in)) }),
	"count":      plain(func(_ *run, in []Value) []Value { return one(integer(int64(len(in)))) }),
	"distinct":   plain((*run).distinct),
	"isDistinct": plain(func(r *run, in []Value) []Value { return truth(len(r.distinct(in)) == len(in)) }),
	"not":        plain(not),
	"hasValue": plain(func(_ *run, in []Value) []Value {
		return truth(len(in) == 1 && (in[0].typ == nil || in[0].primitive() && in[0].node != nil))
	}),
	"getValue": plain(func(r *run, in []Value) []Value {
		if len(in) != 1 || in[0].system() == nil {
			return nil
		}
		return one(system(in[0].system()))
	}),

	// filtering and projection
	"where":     {1, 1, where},
	"select":    {1, 1, selectItems},
	"repeat":    {1, 1, func(a []step) step { return repeat(a[0], true) }},
	"repeatAll": {1, 1, func(a []step) step { return repeat(a[0], false) }},
	"aggregate": {1, 2, aggregate},
	"iif":       {2, 3, iif},
	"coalesce":  {1, 32, coalesce},

	// subsetting and combining
	"single":    plain((*run).one),
	"first":     plain(func(r *run, in []Value) []Value { return slice(in, 0, 1) }),
	"last":      plain(func(r *run, in []Value) []Value { return slice(in, int64(len(in))-1, 1) }),
	"tail":      plain(func(r *run, in []Value) []Value { return slice(in, 1, int64(len(in))) }),
	"skip":      withCount(func(_ *run, in []Value, n int64) []Value { return slice(in, max(n, 0), int64(len(in))) }),
	"take":      withCount(func(_ *run, in []Value, n int64) []Value { return slice(in, 0, max(n, 0)) }),
	"intersect": withItems(func(r *run, in, other []Value) []Value { return r.keep(r.distinct(in), other, true) }),
	"exclude":   withItems(func(r *run, in, other []Value) []Value { return r.keep(in, other, false) }),
	"union":     withItems((*run).union),
	"combine":   {1, 2, combine},

	// navigation
	"children":    plain((*run).children),
	"descendants": plain((*run).descendants),
	"extension":   {1, 1, extension},
	"resolve":     plain((*run).resolved),
	// SQL on FHIR v2, "Required additional functions"; getReferenceKey has a type for its argument
	"getResourceKey": plain(resourceKey),
	"type":        plain(func(_ *run, in []Value) []Value { return mapItems(in, typeOf) }),

	// utility
	"trace":          {1, 2, trace},
	"now":            plain(func(r *run, _ []Value) []Value { return one(system(now(r.clock()))) }),
	"today":          plain(func(r *run, _ []Value) []Value { return one(system(today(r.clock()))) }),
	"timeOfDay":      plain(func(r *run, _ []Value) []Value { return one(system(timeOfDay(r.clock()))) }),
	"defineVariable": {1, 2, defineVariable},
	"conformsTo":     {1, 1, conformsTo},
	"memberOf":       {1, 1, memberOf},
	"comparable":     withItems(comparable),
	"precision":      plain((*run).precision),
	"lowBoundary":    {0, 1, func(a []step) step { return boundary(a, false) }},
	"highBoundary":   {0, 1, func(a []step) step { return boundary(a, true) }},

	// conversion
	"toBoolean": convert(toBoolean), "convertsToBoolean": converts(toBoolean),
	"toInteger": convert(toInteger), "convertsToInteger": converts(toInteger),
	"toDecimal": convert(toDecimal), "convertsToDecimal": converts(toDecimal),
	"toString": convert(toStringValue), "convertsToString": converts(toStringValue),
	"toDate": convert(toDate), "convertsToDate": converts(toDate),
	"toDateTime": convert(toDateTime), "convertsToDateTime": converts(toDateTime),
	"toTime": convert(toTime), "convertsToTime": converts(toTime),
	"toQuantity": convertTo(toQuantity), "convertsToQuantity": convertsTo(toQuantity),

	// strings
	"indexOf":        onString(1, 1, indexOf),
	"lastIndexOf":    onString(1, 1, lastIndexOf),
	"substring":      {1, 2, substring},
	"startsWith":     onString(1, 1, startsWith),
	"endsWith":       onString(1, 1, endsWith),
	"contains":       onString(1, 1, containsText),
	"upper":          onString(0, 0, upperText),
	"lower":          onString(0, 0, lowerText),
	"trim":           onString(0, 0, trim),
	"replace":        onString(2, 2, replace),
	"matches":        onString(1, 2, matches),
	"matchesFull":    onString(1, 2, matchesFull),
	"replaceMatches": onString(2, 3, replaceMatches),
	"length":         onString(0, 0, length),
	"toChars":        onString(0, 0, toChars),
	"split":          onString(1, 1, split),
	"encode":         onString(1, 1, encode),
	"decode":         onString(1, 1, decode),
	"escape":         onString(1, 1, escape),
	"unescape":       onString(1, 1, unescape),
	"join":           {0, 1, join},

	// mathematics
	"abs":      plain((*run).abs),
	"ceiling":  onNumber(ceiling),
	"floor":    onNumber(floor),
	"truncate": onNumber(truncate),
	"exp":      onNumber(exp),
	"ln":       onNumber(ln),
	"sqrt":     onNumber(sqrt),
	"round":    {0, 1, round},
	"log":      withNumber(logarithm),
	"power":    withNumber(power),

	// parts of dates and times
	"yearOf":  part(Year, func(t Temporal) int { return t.Year }),
	"monthOf": part(Month, func(t Temporal) int { return t.Month }),
	"dayOf":   part(Day, func(t Temporal) int { return t.Day }),
}
