package patch

import (
	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/fhirpath"
)

// value is an element's JSON and, for primitives, what stands beside it in _name.
type value struct {
	node, extras *fhir.Node
	typ          *definition.Type // of a value[x]; nil for backbone elements
}

// place is where an element stands: a member of an object, or an item of its array.
type place struct {
	above   []place // from the root down to parent's own place
	parent  *fhir.Node
	member  string // without _
	at      int    // index in the array; -1 for a member that is no array
	element *definition.Element
	choice  bool
}

// place finds an element of the tree by the identity of its nodes. The root has none.
func (t *tree) place(v fhirpath.Value) (place, bool) {
	root, ok := fhirpath.ResourceValue(t.root)
	if !ok || v.Node() == nil && v.Extras() == nil {
		return place{}, false
	}
	return search(root.Node(), root.Shape(), v, nil)
}

func same(n, extras *fhir.Node, v fhirpath.Value) bool {
	return v.Node() != nil && n == v.Node() || v.Node() == nil && extras != nil && extras == v.Extras()
}

// search walks the members of an object whose shape is known.
func search(n *fhir.Node, shape *definition.Element, v fhirpath.Value, above []place) (place, bool) {
	if shape == nil {
		return place{}, false
	}
	for _, m := range n.Members() {
		name := bare(m.Name)
		e, typ := shape.Property(name)
		if e == nil || name != m.Name && n.Get(name) != nil {
			continue
		}
		node, extras := n.Get(name), n.Get("_"+name)
		here := place{above: above, parent: n, member: name, at: -1, element: e, choice: e.Choice}
		if node.Kind() != fhir.Array && extras.Kind() != fhir.Array {
			if p, ok := here.match(node, extras, typ, v); ok {
				return p, true
			}
			continue
		}
		for i := range max(len(node.Items()), len(extras.Items())) {
			here.at = i
			if p, ok := here.match(node.Item(i), extras.Item(i), typ, v); ok {
				return p, true
			}
		}
	}
	return place{}, false
}

func (p place) match(node, extras *fhir.Node, typ *definition.Type, v fhirpath.Value) (place, bool) {
	if same(node, extras, v) {
		return p, true
	}
	below := append(p.above[:len(p.above):len(p.above)], p)
	item, ok := fhirpath.ElementValue(p.element, typ, node, extras)
	if !ok {
		return place{}, false
	}
	content := node
	if typ != nil && typ.Kind == definition.Primitive {
		content = extras
	}
	return search(content, item.Shape(), v, below)
}

// extras makes the object for the id and extensions of a primitive that has none yet.
func (t *tree) extras(v fhirpath.Value) (*fhir.Node, bool) {
	p, ok := t.place(v)
	if !ok {
		return nil, false
	}
	made := fhir.NewObject()
	p.replace(value{node: v.Node(), extras: made})
	return made, true
}

// replace puts a value where the element stands.
func (p place) replace(v value) {
	if p.at >= 0 {
		l := listOf(p.parent, p.element)
		l.items[p.at] = v
		l.write()
		return
	}
	member := p.member
	if p.choice || p.element.Choice {
		if member = p.element.Member(v.typ); v.typ == nil {
			member = p.member
		}
	}
	if member != p.member {
		rename(p.parent, p.member, member)
		rename(p.parent, "_"+p.member, "_"+member)
	}
	p.parent.Set(member, v.node)
	p.parent.Set("_"+member, v.extras)
}

// rename keeps the order of members.
func rename(n *fhir.Node, from, to string) {
	for i, m := range n.Members() {
		if m.Name == from {
			n.Members()[i].Name = to
		}
	}
}

// remove takes the element away, and what it leaves empty: FHIR has no empty elements.
func (p place) remove() {
	if p.at >= 0 {
		l := listOf(p.parent, p.element)
		l.items = append(l.items[:p.at:p.at], l.items[p.at+1:]...)
		l.write()
	} else {
		p.parent.Delete(p.member)
		p.parent.Delete("_" + p.member)
	}
	if len(p.above) > 0 && len(p.parent.Members()) == 0 {
		p.above[len(p.above)-1].removeEmpty()
	}
}

// removeEmpty removes an element whose content became empty; a primitive keeps its value.
func (p place) removeEmpty() {
	if n := p.node(p.member); n != nil && n.Kind() != fhir.Object && n.Kind() != fhir.Null {
		v := value{node: n}
		if p.choice {
			_, v.typ = p.element.Property(p.member)
		}
		if p.at >= 0 {
			p.replace(v)
			return
		}
		p.parent.Delete("_" + p.member)
		return
	}
	p.remove()
}

func (p place) node(member string) *fhir.Node {
	n := p.parent.Get(member)
	if p.at >= 0 {
		return n.Item(p.at)
	}
	return n
}

// list is a repeating element: the array of its values and that of their extensions as one.
type list struct {
	parent *fhir.Node
	name   string
	items  []value
}

func listOf(parent *fhir.Node, e *definition.Element) *list {
	l := &list{parent: parent, name: e.Name}
	nodes, extras := parent.Get(e.Name), parent.Get("_"+e.Name)
	for i := range max(len(nodes.Items()), len(extras.Items())) {
		l.items = append(l.items, value{node: nodes.Item(i), extras: extras.Item(i)})
	}
	return l
}

func (l *list) put(i int, v value) {
	items := make([]value, 0, len(l.items)+1)
	l.items = append(append(append(items, l.items[:i]...), v), l.items[i:]...)
}

// write puts the arrays back; null stands where an item has no value or no extensions.
func (l *list) write() {
	nodes, extras := fhir.NewArray(), fhir.NewArray()
	some, more := false, false
	for _, v := range l.items {
		some = some || v.node.Kind() != fhir.Null
		more = more || v.extras.Kind() != fhir.Null
		nodes.Append(orNull(v.node))
		extras.Append(orNull(v.extras))
	}
	if some {
		l.parent.Set(l.name, nodes)
	} else {
		l.parent.Delete(l.name)
	}
	if more {
		l.parent.Set("_"+l.name, extras)
	} else {
		l.parent.Delete("_" + l.name)
	}
}

func orNull(n *fhir.Node) *fhir.Node {
	if n == nil {
		return &fhir.Node{}
	}
	return n
}
