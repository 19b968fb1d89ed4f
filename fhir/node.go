// Package fhir holds a FHIR R4 resource as an exact JSON tree: member order, unknown
// elements and the digits of decimals survive from the wire to the store and back. There
// are no generated structs; what the elements mean is data in package definition.
//
// Parse refuses what lets two readers see two different resources: duplicate member names,
// invalid UTF-8, trailing bytes, and nesting beyond MaxDepth.
package fhir

import (
	"slices"
	"strconv"
	"sync/atomic"
)

// Kind is the JSON kind of a node.
type Kind uint8

const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Node is a JSON value. The zero Node is null. A tree may be read by many goroutines; who
// changes one owns it (Clone first).
type Node struct {
	kind    Kind
	shut    uint32   // 1, atomically: what is below has not been read yet; text is its JSON (Reopen)
	text    string   // String: the value; Number: the literal as written; Bool: "true" or "false"
	members []Member // Object
	items   []*Node  // Array
}

// Member is one named element of an object.
type Member struct {
	Name  string
	Value *Node
}

// Kind is the JSON kind; Null for a nil node.
func (n *Node) Kind() Kind {
	if n == nil {
		return Null
	}
	return n.kind
}

// Get gives a member of an object, nil where there is none.
func (n *Node) Get(name string) *Node {
	if n == nil || n.kind != Object {
		return nil
	}
	n.open()
	for i := range n.members {
		if n.members[i].Name == name {
			return n.members[i].Value
		}
	}
	return nil
}

// Path follows member names; an array on the way stands for its first item.
func (n *Node) Path(names ...string) *Node {
	for _, name := range names {
		if n != nil && n.kind == Array {
			n = n.Item(0)
		}
		n = n.Get(name)
	}
	return n
}

// Members gives the members of an object in order. The slice belongs to the node.
func (n *Node) Members() []Member {
	if n == nil {
		return nil
	}
	n.open()
	return n.members
}

// Items gives the items of an array. The slice belongs to the node.
func (n *Node) Items() []*Node {
	if n == nil {
		return nil
	}
	n.open()
	return n.items
}

// Item gives item i of an array, nil when there is none.
func (n *Node) Item(i int) *Node {
	if items := n.Items(); i >= 0 && i < len(items) {
		return items[i]
	}
	return nil
}

// Text gives the value of a string, the literal of a number or boolean, "" otherwise.
func (n *Node) Text() string {
	if n == nil || n.kind >= Array {
		return ""
	}
	return n.text
}

// Str gives the text of the node at a path: n.Path(names...).Text().
func (n *Node) Str(names ...string) string {
	p := n.Path(names...)
	if p != nil && p.kind == Array {
		p = p.Item(0)
	}
	return p.Text()
}

// True reports whether the node is the boolean true.
func (n *Node) True() bool { return n != nil && n.kind == Bool && n.text == "true" }

// Type is the resource type, "" when the node is no resource.
func (n *Node) Type() string { return n.Get("resourceType").Text() }

// ID is the resource's logical id.
func (n *Node) ID() string { return n.Get("id").Text() }

// NewString, NewNumber, NewBool, NewArray make nodes. NewNumber takes a JSON number literal.
func NewString(s string) *Node { return &Node{kind: String, text: s} }

// NewNumber makes a number from a JSON literal, whose digits are kept.
func NewNumber(literal string) *Node { return &Node{kind: Number, text: literal} }

// NewInt makes a number.
func NewInt(i int) *Node { return NewNumber(strconv.Itoa(i)) }

// NewBool makes a boolean.
func NewBool(b bool) *Node { return &Node{kind: Bool, text: strconv.FormatBool(b)} }

// NewArray makes an array; nil items are left out.
func NewArray(items ...*Node) *Node {
	n := &Node{kind: Array}
	for _, it := range items {
		if it != nil {
			n.items = append(n.items, it)
		}
	}
	return n
}

// NewObject makes an object from name, value pairs in order. A value may be *Node, string,
// int, bool, or []*Node; a nil node, an empty string and an empty list leave the member out,
// since FHIR has no empty values. An odd count or another type is a programming mistake and panics.
func NewObject(pairs ...any) *Node {
	n := &Node{kind: Object}
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		var v *Node
		switch x := pairs[i+1].(type) {
		case nil:
		case *Node:
			v = x
		case string:
			if x != "" {
				v = NewString(x)
			}
		case int:
			v = NewInt(x)
		case bool:
			v = NewBool(x)
		case []*Node:
			if len(x) > 0 {
				v = NewArray(x...)
			}
		default:
			panic("fhir.NewObject: value of " + name + " has a type that it does not take")
		}
		if v != nil && !v.empty() {
			n.members = append(n.members, Member{name, v})
		}
	}
	return n
}

// empty reports whether a node is an object or array with nothing in it.
func (n *Node) empty() bool {
	if atomic.LoadUint32(&n.shut) == 1 {
		return len(n.text) == len("{}")
	}
	return n.kind >= Array && len(n.members) == 0 && len(n.items) == 0
}

// Set puts a member: in place where the name exists, else at the end. A nil value deletes.
func (n *Node) Set(name string, value *Node) {
	if value == nil {
		n.Delete(name)
		return
	}
	if at := n.index(name); at >= 0 {
		n.members[at].Value = value
		return
	}
	n.members = append(n.members, Member{name, value})
}

// SetAfter is Set, but that a new member stands behind another one, where that is there.
func (n *Node) SetAfter(other, name string, value *Node) {
	if at := n.index(other); at >= 0 && value != nil && n.index(name) < 0 {
		n.members = slices.Insert(n.members, at+1, Member{name, value})
		return
	}
	n.Set(name, value)
}

// index is where a member stands, -1 where it does not.
func (n *Node) index(name string) int {
	n.open()
	for i := range n.members {
		if n.members[i].Name == name {
			return i
		}
	}
	return -1
}

// Delete takes a member away.
func (n *Node) Delete(name string) {
	if at := n.index(name); at >= 0 {
		n.members = append(n.members[:at:at], n.members[at+1:]...)
	}
}

// Append adds an item to an array.
func (n *Node) Append(item *Node) { n.items = append(n.Items(), item) }

// SetItems replaces the items of an array.
func (n *Node) SetItems(items []*Node) {
	n.open()
	n.items = items
}

// SetText replaces the value of a string node or the literal of a number or boolean.
func (n *Node) SetText(text string) { n.text = text }

// Clone copies the whole tree.
func (n *Node) Clone() *Node {
	if n == nil {
		return nil
	}
	if atomic.LoadUint32(&n.shut) == 1 {
		return &Node{kind: n.kind, shut: 1, text: n.text}
	}
	c := &Node{kind: n.kind, text: n.text}
	if n.members != nil {
		c.members = make([]Member, len(n.members))
		for i, m := range n.members {
			c.members[i] = Member{m.Name, m.Value.Clone()}
		}
	}
	if n.items != nil {
		c.items = make([]*Node, len(n.items))
		for i, it := range n.items {
			c.items[i] = it.Clone()
		}
	}
	return c
}

// Walk calls f for the node and everything below it, parents first; f returns false to
// leave out what is below.
func (n *Node) Walk(f func(*Node) bool) {
	if n == nil || !f(n) {
		return
	}
	for _, m := range n.Members() {
		m.Value.Walk(f)
	}
	for _, it := range n.items {
		it.Walk(f)
	}
}

// Shallow copies an object or array itself; what is below stays shared.
func (n *Node) Shallow() *Node {
	if n == nil {
		return nil
	}
	return &Node{kind: n.kind, text: n.Text(), members: append([]Member(nil), n.Members()...), items: append([]*Node(nil), n.items...)}
}
