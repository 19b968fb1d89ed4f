package patch

import (
	"strconv"

	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/fhirpath"
)

// pathOperation is one operation of a FHIRPath Patch.
type pathOperation struct {
	op                         string
	path                       *fhirpath.Expr
	name                       string
	value                      *fhir.Node // the part "value": value[x], resource, or parts
	index, source, destination int
}

// ParseFHIRPath reads a FHIRPath Patch: a Parameters resource whose parameters are all named
// operation.
func ParseFHIRPath(parameters *fhir.Node) (*Patch, error) {
	if parameters.Type() != "Parameters" {
		return nil, syntax("a FHIRPath Patch is a Parameters resource")
	}
	list := parameters.Get("parameter").Items()
	if err := tooMany(len(list)); err != nil {
		return nil, err
	}
	p := &Patch{}
	for i, n := range list {
		o, err := parsePathOperation(n)
		if err != nil {
			return nil, numbered(err, i)
		}
		p.operations = append(p.operations, o)
	}
	return p, nil
}

// needs lists the parts of each operation besides type and path.
var needs = map[string][]string{
	"add": {"name", "value"}, "insert": {"value", "index"}, "delete": nil,
	"replace": {"value"}, "move": {"source", "destination"},
}

func parsePathOperation(n *fhir.Node) (*pathOperation, error) {
	if n.Str("name") != "operation" {
		return nil, syntax("a parameter of a FHIRPath Patch is named operation")
	}
	parts := map[string]*fhir.Node{}
	for _, p := range n.Get("part").Items() {
		name := p.Str("name")
		if parts[name] != nil {
			return nil, syntax("a part stands twice")
		}
		parts[name] = p
	}
	o := &pathOperation{op: parts["type"].Str("valueCode"), name: text(parts["name"]), value: parts["value"]}
	wanted, ok := needs[o.op]
	if !ok {
		return nil, syntax("type is add, insert, delete, replace or move")
	}
	for _, name := range wanted {
		if parts[name] == nil {
			return nil, syntax("%s needs the part %s", o.op, name)
		}
	}
	var err error
	if o.path, err = fhirpath.Compile(text(parts["path"])); err != nil {
		return nil, err
	}
	for name, into := range map[string]*int{"index": &o.index, "source": &o.source, "destination": &o.destination} {
		if parts[name] == nil {
			continue
		}
		if *into, err = strconv.Atoi(parts[name].Str("valueInteger")); err != nil || *into < 0 {
			return nil, syntax("%s is a valueInteger that is not negative", name)
		}
	}
	return o, nil
}

// text is the string of a part, whichever of the string types it has.
func text(part *fhir.Node) string {
	for _, name := range []string{"valueString", "valueCode", "valueId", "valueUri", "valueMarkdown"} {
		if s := part.Str(name); s != "" {
			return s
		}
	}
	return ""
}

func (o *pathOperation) apply(t *tree) error {
	found, err := o.path.Eval(t.root)
	if err != nil {
		return err
	}
	if o.op == "delete" && len(found) == 0 {
		return nil // R4: deleting what is not there is no error
	}
	if o.op == "insert" || o.op == "move" {
		return o.list(t, found)
	}
	if len(found) != 1 {
		return target("the path selects %d elements, one is needed", len(found))
	}
	if o.op == "add" {
		return o.add(t, found[0])
	}
	p, ok := t.place(found[0])
	if !ok {
		return target("the path does not select a part of the resource below its root")
	}
	if o.op == "delete" {
		p.remove()
		return nil
	}
	v, err := o.typed(t, p.element, p.choice)
	if err != nil {
		return err
	}
	p.replace(v)
	return nil
}

// typed makes the value for an element, which stands for any of its types where choice.
func (o *pathOperation) typed(t *tree, e *definition.Element, choice bool) (value, error) {
	v, err := makeValue(o.value, e)
	if err != nil {
		return v, err
	}
	if choice && v.typ == nil {
		return v, target("the value has no type that the element may have")
	}
	return v, t.grow(v.node)
}

// add puts a new member into the selected element, at the end of the list where it repeats.
func (o *pathOperation) add(t *tree, to fhirpath.Value) error {
	content, shape := to.Node(), to.Shape()
	if d := to.Definition(); d != nil && d.Kind == definition.Primitive {
		if content = to.Extras(); content == nil {
			var ok bool
			if content, ok = t.extras(to); !ok {
				return target("the path selects no element that has parts")
			}
		}
	}
	if content.Kind() != fhir.Object || shape == nil {
		return target("the path selects no element that has parts")
	}
	e := shape.Child(o.name)
	if e == nil {
		e, _ = shape.Property(o.name)
	}
	if e == nil {
		return target("the selected element has no part of this name")
	}
	v, err := o.typed(t, e, e.Choice)
	if err != nil {
		return err
	}
	if e.Max != 1 {
		list := listOf(content, e)
		list.put(len(list.items), v)
		list.write()
		return nil
	}
	for _, m := range content.Members() {
		if x, _ := shape.Property(bare(m.Name)); x == e {
			return target("the element is there already and does not repeat")
		}
	}
	place{parent: content, member: e.Member(v.typ), at: -1, element: e}.replace(v)
	return nil
}

func bare(name string) string {
	if len(name) > 1 && name[0] == '_' {
		return name[1:]
	}
	return name
}

// list does insert and move, whose path selects all items of one list.
func (o *pathOperation) list(t *tree, found []fhirpath.Value) error {
	if len(found) == 0 {
		return target("the path selects no list")
	}
	p, ok := t.place(found[0])
	if !ok || p.at < 0 {
		return target("the path selects no list")
	}
	list := listOf(p.parent, p.element)
	if len(list.items) != len(found) {
		return target("the path does not select one whole list")
	}
	for i, v := range found {
		if n := list.items[i].node; n != v.Node() && n.Kind() != fhir.Null {
			return target("the path does not select one whole list")
		}
	}
	if o.op == "insert" {
		if o.index > len(list.items) {
			return target("the list has no such index")
		}
		v, err := o.typed(t, p.element, false)
		if err != nil {
			return err
		}
		list.put(o.index, v)
		list.write()
		return nil
	}
	if o.source >= len(list.items) || o.destination >= len(list.items) {
		return target("the list has no such index")
	}
	v := list.items[o.source]
	list.items = append(list.items[:o.source:o.source], list.items[o.source+1:]...)
	list.put(o.destination, v)
	list.write()
	return nil
}
