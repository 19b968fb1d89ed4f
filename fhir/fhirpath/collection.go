package fhirpath

import "sort"

func exists(args []step) step {
	if len(args) == 0 {
		return func(_ *run, in []Value) []Value { return truth(len(in) > 0) }
	}
	return func(r *run, in []Value) []Value {
		for i, v := range in {
			if r.condition(args[0], v, i) {
				return truth(true)
			}
		}
		return truth(false)
	}
}

func all(args []step) step {
	return func(r *run, in []Value) []Value {
		for i, v := range in {
			if !r.condition(args[0], v, i) {
				return truth(false)
			}
		}
		return truth(true)
	}
}

// everyBoolean is allTrue, anyTrue, allFalse, anyFalse.
func everyBoolean(want, every bool) function {
	return plain(func(r *run, in []Value) []Value {
		for _, v := range in {
			b, ok := v.system().(bool)
			if !ok {
				return r.fail("a boolean is expected, not a %s", v.Type())
			}
			if (b == want) != every {
				return truth(!every)
			}
		}
		return truth(every)
	})
}

func not(r *run, in []Value) []Value {
	b, known := r.boolean(in)
	return verdict(!b, known)
}

func (r *run) subset(in, of []Value) bool {
	for _, v := range in {
		if !r.holds(of, v) {
			return false
		}
	}
	return true
}

func where(args []step) step {
	return func(r *run, in []Value) []Value {
		var out []Value
		for i, v := range in {
			result := r.each(args[0], v, i)
			if len(result) == 0 {
				continue
			}
			b, ok := result[0].system().(bool)
			if len(result) > 1 || !ok {
				return r.fail("the criterion of where() gives no boolean")
			}
			if b {
				out = append(out, v)
			}
		}
		return out
	}
}

func selectItems(args []step) step {
	return func(r *run, in []Value) []Value {
		var out []Value
		for i, v := range in {
			out = append(out, r.each(args[0], v, i)...)
			if !r.tick(len(out)) {
				return nil
			}
		}
		return out
	}
}

// repeat applies the projection to what it gave until nothing comes; repeatAll does so
// even for items that it has seen.
func repeat(arg step, once bool) step {
	return func(r *run, in []Value) []Value {
		var out []Value
		for queue := in; len(queue) > 0; {
			var next []Value
			for i, v := range queue {
				for _, x := range r.each(arg, v, i) {
					if once && r.holds(out, x) {
						continue
					}
					out, next = append(out, x), append(next, x)
				}
			}
			if !r.tick(len(out)) {
				return nil
			}
			queue = next
		}
		return out
	}
}

func aggregate(args []step) step {
	return func(r *run, in []Value) []Value {
		var total []Value
		if len(args) == 2 {
			total = args[1](r, r.scope.this)
		}
		saved := r.scope
		defer func() { r.scope = saved }()
		for i, v := range in {
			if !r.tick(1) {
				return nil
			}
			this := one(v)
			r.scope = scope{this: this, index: int64(i), total: total, vars: saved.vars}
			total = args[0](r, this)
		}
		return total
	}
}

func iif(args []step) step {
	return func(r *run, in []Value) []Value {
		if len(in) > 1 {
			return r.fail("iif() takes at most one item as input")
		}
		saved := r.scope
		defer func() { r.scope = saved }()
		if len(in) == 1 {
			r.scope.this = in
		}
		condition := args[0](r, r.scope.this)
		if len(condition) > 1 {
			return r.fail("the criterion of iif() has several items")
		}
		var b bool
		if len(condition) == 1 {
			var ok bool
			if b, ok = condition[0].system().(bool); !ok {
				return r.fail("the criterion of iif() is no boolean")
			}
		}
		switch {
		case r.err != nil:
			return nil
		case b:
			return args[1](r, r.scope.this)
		case len(args) == 3:
			return args[2](r, r.scope.this)
		}
		return nil
	}
}

func coalesce(args []step) step {
	return func(r *run, _ []Value) []Value {
		for _, a := range args {
			if out := a(r, r.scope.this); len(out) > 0 {
				return out
			}
		}
		return nil
	}
}

func (r *run) one(in []Value) []Value {
	if v, ok := r.single(in); ok {
		return one(v)
	}
	return nil
}

// slice gives up to n items from an index on.
func slice(in []Value, from, n int64) []Value {
	size := int64(len(in))
	if from < 0 || from >= size {
		return nil
	}
	end := min(size, from+min(n, size))
	return in[from:end:end]
}

// keep gives the items that are, or are not, in the other collection.
func (r *run) keep(in, other []Value, present bool) []Value {
	var out []Value
	for _, v := range in {
		if r.holds(other, v) == present {
			out = append(out, v)
		}
	}
	return out
}

// combine joins two collections; its second argument, preserveOrder, changes nothing here.
func combine(args []step) step {
	return func(r *run, in []Value) []Value {
		other := args[0](r, r.scope.this)
		if !r.tick(len(in) + len(other)) {
			return nil
		}
		out := make([]Value, 0, len(in)+len(other))
		return append(append(out, in...), other...)
	}
}

func (r *run) children(in []Value) []Value {
	var out []Value
	for _, v := range in {
		out = append(out, children(v)...)
	}
	if !r.tick(len(out)) {
		return nil
	}
	return out
}

func mapItems(in []Value, f func(Value) Value) []Value {
	out := make([]Value, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

// sortKey is one argument of sort().
type sortKey struct {
	key     step
	descend bool
}

// sortCall compiles sort(): keys are expressions, a leading minus or desc turns them.
func (c *compiler) sortCall(n *node) (step, error) {
	var keys []sortKey
	for _, a := range n.args {
		descend := a.kind == nodeUnary && (a.text == "-" || a.text == "desc")
		if a.kind == nodeUnary && a.text != "+" {
			a = a.left
		}
		key, err := c.compile(a, true)
		if err != nil {
			return nil, err
		}
		keys = append(keys, sortKey{key, descend})
	}
	if len(keys) == 0 {
		keys = []sortKey{{key: func(r *run, in []Value) []Value { return in }}}
	}
	return func(r *run, in []Value) []Value { return r.sorted(in, keys) }, nil
}

func (r *run) sorted(in []Value, keys []sortKey) []Value {
	values := make([][]any, len(in))
	order := make([]int, len(in))
	for i, v := range in {
		order[i] = i
		for _, k := range keys {
			var s any
			if x, ok := r.single(r.each(k.key, v, i)); ok {
				s = x.system()
			}
			values[i] = append(values[i], s)
		}
	}
	sort.SliceStable(order, func(i, j int) bool { return r.before(values[order[i]], values[order[j]], keys) })
	out := make([]Value, len(in))
	for i, n := range order {
		out[i] = in[n]
	}
	if r.err != nil {
		return nil
	}
	return out
}

// before compares two lists of sort keys; an item without a key comes first
// in either direction.
func (r *run) before(a, b []any, keys []sortKey) bool {
	for i, k := range keys {
		x, y := a[i], b[i]
		if x == nil || y == nil {
			if (x == nil) != (y == nil) {
				return x == nil
			}
			continue
		}
		order, known, fit := compare(x, y)
		if !fit {
			r.fail("the keys of sort() have no common order")
			return false
		}
		if known && order != 0 {
			return (order < 0) != k.descend
		}
	}
	return false
}
