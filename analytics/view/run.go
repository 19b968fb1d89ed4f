package view

import (
	"strconv"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/fhirpath"
)

// Runner makes rows of a view. It belongs to one goroutine.
type Runner struct {
	view      *View
	row       []any
	root      fhirpath.Value
	variables map[string][]fhirpath.Value
	options   []fhirpath.Option
	budget    int
	rows      int
	emit      func(row []any) error
}

// Runner makes a runner of the view.
func (v *View) Runner() *Runner {
	r := &Runner{view: v, row: make([]any, len(v.Columns)), variables: map[string][]fhirpath.Value{}}
	for key, value := range v.constants {
		r.variables[key] = value
	}
	r.options = []fhirpath.Option{fhirpath.WithVariables(r.variables), fhirpath.WithBudget(&r.budget)}
	return r
}

// Rows gives the rows of one resource, in the order of Columns; none for a resource of another
// type or one that the view leaves out. A value is nil, bool, int64, Number, string, or []any for a
// collection. The row is reused: emit must not keep it.
func (r *Runner) Rows(resource *fhir.Node, emit func(row []any) error) error {
	if resource.Type() != r.view.Resource {
		return nil
	}
	root, ok := fhirpath.ResourceValue(resource)
	if !ok {
		return nil
	}
	r.root, r.budget, r.rows, r.emit = root, MaxSteps, 0, emit
	clear(r.row)
	r.index(0)
	for _, w := range r.view.where {
		if keep, err := r.holds(w); err != nil || !keep {
			return err
		}
	}
	return r.product(r.view.selects, root, r.whole)
}

// Number is a decimal or a whole number beyond 64 bits, as it is written.
type Number string

func (r *Runner) whole() error {
	if r.rows++; r.rows > MaxRows {
		return fault.New(fault.Invalid, "view_limit", "one resource makes more than %d rows", MaxRows)
	}
	return r.emit(r.row)
}

func (r *Runner) holds(where *fhirpath.Expr) (bool, error) {
	values, err := r.eval(where, r.root)
	if err != nil || len(values) == 0 {
		return false, err
	}
	keep, ok := values[0].Bool()
	if !ok || len(values) > 1 {
		return false, fault.New(fault.Invalid, "view_value", "where: %s gives no boolean", where)
	}
	return keep, nil
}

func (r *Runner) eval(e *fhirpath.Expr, focus fhirpath.Value) ([]fhirpath.Value, error) {
	values, err := e.EvalOn(focus, r.root, r.options...)
	if f := fault.As(err); f != nil {
		code := "view_value"
		if f.Code == "fhirpath_limit" {
			code = "view_limit"
		}
		return nil, fault.New(fault.Invalid, code, "%s: %s", e, f.Message)
	}
	return values, err
}

func (r *Runner) index(i int) {
	r.variables[rowIndex] = []fhirpath.Value{fhirpath.Integer(int32(i))}
}

// product makes every combination of the rows of selections over one focus; next is called with
// each of them in r.row.
func (r *Runner) product(list []*selection, focus fhirpath.Value, next func() error) error {
	if len(list) == 0 {
		return next()
	}
	index := r.variables[rowIndex]
	return r.selection(list[0], focus, func() error {
		inner := r.variables[rowIndex]
		r.variables[rowIndex] = index
		err := r.product(list[1:], focus, next)
		r.variables[rowIndex] = inner
		return err
	})
}

func (r *Runner) selection(s *selection, focus fhirpath.Value, next func() error) error {
	if s.each == nil && s.repeat == nil {
		return r.focus(s, focus, next)
	}
	index := r.variables[rowIndex]
	defer func() { r.variables[rowIndex] = index }()
	if s.repeat != nil {
		count := 0
		return r.again(s, focus, &count, 0, next)
	}
	foci, err := r.eval(s.each, focus)
	if err != nil {
		return err
	}
	for i, f := range foci {
		r.index(i)
		if err := r.focus(s, f, next); err != nil {
			return err
		}
	}
	if len(foci) == 0 && s.orNull {
		return r.nothing(s, next)
	}
	return nil
}

// again visits what the paths give, and below each what they give there.
func (r *Runner) again(s *selection, focus fhirpath.Value, count *int, depth int, next func() error) error {
	if depth > MaxDepth*10 {
		return fault.New(fault.Invalid, "view_limit", "repeat goes deeper than %d", MaxDepth*10)
	}
	for _, path := range s.repeat {
		foci, err := r.eval(path, focus)
		if err != nil {
			return err
		}
		for _, f := range foci {
			r.index(*count)
			*count++
			if err := r.focus(s, f, next); err != nil {
				return err
			}
			if err := r.again(s, f, count, depth+1, next); err != nil {
				return err
			}
		}
	}
	return nil
}

// nothing is the row of forEachOrNull where there is no focus: nulls, and 0 for %rowIndex.
func (r *Runner) nothing(s *selection, next func() error) error {
	r.index(0)
	clear(r.row[s.from:s.to])
	for i, c := range s.columns {
		if c.indexed {
			if err := r.cell(s.from+i, c, fhirpath.Value{}); err != nil {
				return err
			}
		}
	}
	return next()
}

// focus makes the rows of a selection over one focus.
func (r *Runner) focus(s *selection, focus fhirpath.Value, next func() error) error {
	for i, c := range s.columns {
		if err := r.cell(s.from+i, c, focus); err != nil {
			return err
		}
	}
	return r.product(s.selects, focus, func() error {
		if len(s.union) == 0 {
			return next()
		}
		for _, branch := range s.union {
			if err := r.selection(branch, focus, next); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Runner) cell(at int, c column, focus fhirpath.Value) error {
	values, err := r.eval(c.path, focus)
	if err != nil {
		return err
	}
	if c.Collection {
		list := make([]any, 0, len(values))
		for _, v := range values {
			x, err := c.value(v)
			if err != nil {
				return err
			}
			if x != nil {
				list = append(list, x)
			}
		}
		r.row[at] = list
		return nil
	}
	r.row[at] = nil
	if len(values) > 1 {
		return fault.New(fault.Invalid, "view_value", "column %s: there are several values, and it is no collection", c.Name)
	}
	if len(values) == 1 {
		r.row[at], err = c.value(values[0])
	}
	return err
}

// value gives a primitive in the form that a cell has.
func (c column) value(v fhirpath.Value) (any, error) {
	if b, ok := v.Bool(); ok {
		return b, nil
	}
	if d := v.Decimal(); d != nil {
		text := v.Text()
		if i, err := strconv.ParseInt(text, 10, 64); err == nil && c.Type != "decimal" {
			return i, nil
		}
		return Number(text), nil
	}
	if v.Node() == nil && v.Definition() != nil {
		return nil, nil // a primitive of extensions alone
	}
	if t := v.Definition(); t != nil && v.Node().Kind() == fhir.Object {
		return nil, fault.New(fault.Invalid, "view_value", "column %s: a %s is no value of a table", c.Name, t.Name)
	}
	return v.Text(), nil
}

// MarshalJSON writes the number as it is.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n), nil }
