package view

import (
	"regexp"
	"slices"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/fhirpath"
)

// Column is a column of the table.
type Column struct {
	Name        string `json:"name"`
	Type        string `json:"type,omitempty"` // FHIR primitive; empty where the definition does not say
	Collection  bool   `json:"collection,omitempty"`
	Description string `json:"description,omitempty"`
}

// View is a compiled definition. It may be used by many goroutines, each with a Runner.
type View struct {
	Name     string
	Resource string // type of the resources that it is about
	Columns  []Column

	constants map[string][]fhirpath.Value
	where     []*fhirpath.Expr
	selects   []*selection
}

// selection is one element of select or unionAll: rows for each focus, columns from an offset on.
type selection struct {
	each    *fhirpath.Expr   // forEach or forEachOrNull
	orNull  bool             // a row of nulls where there is no focus
	repeat  []*fhirpath.Expr // foci are what these give, and give again
	columns []column
	selects []*selection
	union   []*selection
	from    int // columns of the whole lie at from ≤ i < to
	to      int
}

type column struct {
	*Column
	path    *fhirpath.Expr
	indexed bool // asks for %rowIndex
}

// name is what SQL and the specification take for a name ("sql-name").
var name = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,254}$`)

func invalid(format string, args ...any) error {
	return fault.New(fault.Invalid, "view_invalid", format, args...)
}

// Compile reads a ViewDefinition.
func Compile(n *fhir.Node) (*View, error) {
	v := &View{Name: n.Str("name"), Resource: n.Str("resource"), constants: map[string][]fhirpath.Value{}}
	if n.Kind() != fhir.Object {
		return nil, invalid("a ViewDefinition is a JSON object")
	}
	if t := n.Type(); t != "" && t != "ViewDefinition" {
		return nil, invalid("this is no ViewDefinition")
	}
	if definition.R4().ResourceType(v.Resource) == nil {
		return nil, invalid("resource: a resource type of R4 is expected")
	}
	if v.Name != "" && !name.MatchString(v.Name) {
		return nil, invalid("name: letters, digits and underscores, beginning with a letter")
	}
	c := compiler{v}
	if err := c.constants(n.Get("constant").Items()); err != nil {
		return nil, err
	}
	for _, w := range n.Get("where").Items() {
		e, err := c.expression(w.Get("path"), "where.path")
		if err != nil {
			return nil, err
		}
		v.where = append(v.where, e)
	}
	var err error
	if v.selects, err = c.selections(n.Get("select").Items(), "select", 1); err != nil {
		return nil, err
	}
	if len(v.Columns) == 0 {
		return nil, invalid("select: there are no columns")
	}
	for i, col := range v.Columns {
		if slices.ContainsFunc(v.Columns[:i], func(other Column) bool { return other.Name == col.Name }) {
			return nil, invalid("column %s stands twice", col.Name)
		}
	}
	return v, nil
}

// compiler adds to a view what it compiles.
type compiler struct{ view *View }

// reserved are the variables that every expression has.
var reserved = []string{"context", "resource", "rootResource", rowIndex}

// rowIndex counts the foci of the nearest forEach, forEachOrNull or repeat from 0.
const rowIndex = "rowIndex"

func (c compiler) constants(list []*fhir.Node) error {
	for _, n := range list {
		key := n.Str("name")
		if !name.MatchString(key) || slices.Contains(reserved, key) {
			return invalid("constant.name: no name for a constant")
		}
		if _, twice := c.view.constants[key]; twice {
			return invalid("constant %s stands twice", key)
		}
		var values []fhirpath.Value
		for _, m := range n.Members() {
			kind, ok := choice(m.Name)
			if !ok {
				continue
			}
			v, ok := fhirpath.Primitive(kind, m.Value)
			if !ok {
				return invalid("constant %s: no value of its type", key)
			}
			values = append(values, v)
		}
		if len(values) != 1 {
			return invalid("constant %s: one value[x] is expected, there are %d", key, len(values))
		}
		c.view.constants[key] = values
	}
	return nil
}

// choice gives the primitive type of a member value[x].
func choice(member string) (kind string, ok bool) {
	const prefix = "value"
	if len(member) <= len(prefix) || member[:len(prefix)] != prefix {
		return "", false
	}
	kind = string(member[len(prefix)]|0x20) + member[len(prefix)+1:]
	t := definition.R4().Type(kind)
	return kind, t != nil && t.Kind == definition.Primitive
}

func (c compiler) expression(n *fhir.Node, where string) (*fhirpath.Expr, error) {
	if n.Kind() != fhir.String {
		return nil, invalid("%s: a FHIRPath expression is expected", where)
	}
	e, err := fhirpath.Compile(n.Text())
	if err != nil {
		return nil, invalid("%s: %s", where, fault.As(err).Message)
	}
	for _, used := range e.Variables() {
		if _, ok := c.view.constants[used]; !ok && !slices.Contains(reserved, used) {
			return nil, invalid("%s: there is no constant %%%s", where, used)
		}
	}
	return e, nil
}

func (c compiler) selections(list []*fhir.Node, where string, depth int) (out []*selection, err error) {
	if depth > MaxDepth {
		return nil, invalid("%s: selects are nested deeper than %d", where, MaxDepth)
	}
	for _, n := range list {
		s, err := c.selection(n, where, depth)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (c compiler) selection(n *fhir.Node, where string, depth int) (*selection, error) {
	if n.Kind() != fhir.Object {
		return nil, invalid("%s: an object is expected", where)
	}
	s := &selection{from: len(c.view.Columns)}
	if err := c.foci(s, n, where); err != nil {
		return nil, err
	}
	for _, col := range n.Get("column").Items() {
		if err := c.column(s, col, where+".column"); err != nil {
			return nil, err
		}
	}
	var err error
	if s.selects, err = c.selections(n.Get("select").Items(), where+".select", depth+1); err != nil {
		return nil, err
	}
	if err := c.union(s, n.Get("unionAll").Items(), where+".unionAll", depth+1); err != nil {
		return nil, err
	}
	if s.to = len(c.view.Columns); s.to == s.from {
		return nil, invalid("%s: there are no columns", where)
	}
	return s, nil
}

func (c compiler) foci(s *selection, n *fhir.Node, where string) (err error) {
	given := 0
	for _, key := range []string{"forEach", "forEachOrNull"} {
		if e := n.Get(key); e != nil {
			given++
			s.orNull = key == "forEachOrNull"
			if s.each, err = c.expression(e, where+"."+key); err != nil {
				return err
			}
		}
	}
	if list := n.Get("repeat"); list != nil {
		given++
		for _, e := range list.Items() {
			path, err := c.expression(e, where+".repeat")
			if err != nil {
				return err
			}
			s.repeat = append(s.repeat, path)
		}
		if len(s.repeat) == 0 {
			return invalid("%s.repeat: there are no paths", where)
		}
	}
	if given > 1 {
		return invalid("%s: one of forEach, forEachOrNull and repeat, not several", where)
	}
	return nil
}

func (c compiler) column(s *selection, n *fhir.Node, where string) error {
	col := Column{Name: n.Str("name"), Type: n.Str("type"), Collection: n.Get("collection").True(), Description: n.Str("description")}
	if !name.MatchString(col.Name) {
		return invalid("%s.name: letters, digits and underscores, beginning with a letter", where)
	}
	path, err := c.expression(n.Get("path"), where+".path of "+col.Name)
	if err != nil {
		return err
	}
	if len(c.view.Columns) == MaxColumns {
		return invalid("%s: there are more than %d columns", where, MaxColumns)
	}
	c.view.Columns = append(c.view.Columns, col)
	s.columns = append(s.columns, column{&col, path, slices.Contains(path.Variables(), rowIndex)})
	return nil
}

// union compiles branches that fill the same columns: names and order must be the same.
func (c compiler) union(s *selection, list []*fhir.Node, where string, depth int) error {
	if depth > MaxDepth {
		return invalid("%s: selects are nested deeper than %d", where, MaxDepth)
	}
	from := len(c.view.Columns)
	for i, n := range list {
		before := c.view.Columns
		c.view.Columns = c.view.Columns[:from:from]
		branch, err := c.selection(n, where, depth)
		if err != nil {
			return err
		}
		same := func(a, b Column) bool { return a.Name == b.Name && a.Collection == b.Collection }
		if i > 0 && !slices.EqualFunc(before[from:], c.view.Columns[from:], same) {
			return invalid("%s: branches have other columns, or in another order", where)
		}
		s.union = append(s.union, branch)
	}
	return nil
}
