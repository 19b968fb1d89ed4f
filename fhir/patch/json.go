package patch

import (
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"chartlake/fault"
	"chartlake/fhir"
)

// jsonOperation is one operation of RFC 6902.
type jsonOperation struct {
	op         string
	path, from []string
	value      *fhir.Node
}

// ParseJSON reads a JSON Patch: an array of operations (RFC 6902, section 3).
func ParseJSON(patch *fhir.Node) (*Patch, error) {
	if patch.Kind() != fhir.Array {
		return nil, syntax("a JSON Patch is an array of operations")
	}
	if err := tooMany(len(patch.Items())); err != nil {
		return nil, err
	}
	p := &Patch{}
	for i, n := range patch.Items() {
		o, err := parseJSONOperation(n)
		if err != nil {
			return nil, numbered(err, i)
		}
		p.operations = append(p.operations, o)
	}
	return p, nil
}

func parseJSONOperation(n *fhir.Node) (*jsonOperation, error) {
	if n.Kind() != fhir.Object {
		return nil, syntax("an operation is an object")
	}
	o := &jsonOperation{op: n.Str("op"), value: n.Get("value")}
	var err error
	if o.path, err = pointer(n.Get("path")); err != nil {
		return nil, err
	}
	switch o.op {
	case "add", "replace", "test":
		if o.value == nil {
			return nil, syntax("%s needs a value", o.op)
		}
	case "remove":
	case "move", "copy":
		if o.from, err = pointer(n.Get("from")); err != nil {
			return nil, err
		}
		if o.op == "move" && len(o.from) < len(o.path) && equalParts(o.from, o.path[:len(o.from)]) {
			return nil, syntax("move does not put a value into itself")
		}
	default:
		return nil, syntax("op is add, remove, replace, move, copy or test")
	}
	return o, nil
}

func equalParts(a, b []string) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// pointer reads a JSON Pointer (RFC 6901): "" is the whole document, else "/a/b".
func pointer(n *fhir.Node) ([]string, error) {
	if n.Kind() != fhir.String {
		return nil, syntax("path and from are JSON pointers")
	}
	text := n.Text()
	if text == "" {
		return nil, nil
	}
	if text[0] != '/' {
		return nil, syntax("a JSON pointer is empty or begins with /")
	}
	parts := strings.Split(text[1:], "/")
	if len(parts) > fhir.MaxDepth {
		return nil, syntax("a JSON pointer is deeper than %d levels", fhir.MaxDepth)
	}
	for i, p := range parts {
		for j := strings.IndexByte(p, '~'); j >= 0; {
			if j+1 == len(p) || p[j+1] != '0' && p[j+1] != '1' {
				return nil, syntax("~ is followed by 0 or 1 in a JSON pointer")
			}
			next := strings.IndexByte(p[j+1:], '~')
			if next < 0 {
				break
			}
			j += 1 + next
		}
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts, nil
}

func (o *jsonOperation) apply(t *tree) error {
	switch o.op {
	case "add":
		if err := t.grow(o.value); err != nil {
			return err
		}
		return t.add(o.path, o.value.Clone())
	case "remove":
		_, err := t.remove(o.path)
		return err
	case "replace":
		if err := t.grow(o.value); err != nil {
			return err
		}
		return t.replace(o.path, o.value.Clone())
	case "move":
		n, err := t.remove(o.from)
		if err != nil {
			return err
		}
		return t.add(o.path, n)
	case "copy":
		n, err := t.find(o.from)
		if err != nil {
			return err
		}
		if err := t.grow(n); err != nil {
			return err
		}
		return t.add(o.path, n.Clone())
	}
	n, err := t.find(o.path)
	if err != nil {
		return err
	}
	if !Equal(n, o.value) {
		return fault.New(fault.Conflict, "patch_test", "the tested value is another one")
	}
	return nil
}

// find gives the value at a pointer.
func (t *tree) find(path []string) (*fhir.Node, error) {
	n := t.root
	for _, part := range path {
		switch n.Kind() {
		case fhir.Object:
			n = n.Get(part)
		case fhir.Array:
			i, err := index(part, len(n.Items())-1)
			if err != nil {
				return nil, err
			}
			n = n.Item(i)
		default:
			n = nil
		}
		if n == nil {
			return nil, target("the path leads nowhere")
		}
	}
	return n, nil
}

// index reads an array index that is at most last.
func index(part string, last int) (int, error) {
	i, err := strconv.Atoi(part)
	if err != nil || strconv.Itoa(i) != part || i < 0 {
		return 0, target("an array index is a whole number without leading zeros")
	}
	if i > last {
		return 0, target("the array has no such index")
	}
	return i, nil
}

// parent gives the object or array that holds the last part of a path.
func (t *tree) parent(path []string) (*fhir.Node, string, error) {
	last := len(path) - 1
	n, err := t.find(path[:last])
	if err == nil && n.Kind() != fhir.Object && n.Kind() != fhir.Array {
		err = target("the path leads into a value without parts")
	}
	return n, path[last], err
}

func (t *tree) add(path []string, value *fhir.Node) error {
	if len(path) == 0 {
		t.root = value
		return nil
	}
	n, name, err := t.parent(path)
	if err != nil {
		return err
	}
	if len(path)+depth(value) > fhir.MaxDepth {
		return target("the value would nest deeper than %d levels", fhir.MaxDepth)
	}
	if n.Kind() == fhir.Object {
		n.Set(name, value)
		return nil
	}
	i := len(n.Items())
	if name != "-" {
		if i, err = index(name, i); err != nil {
			return err
		}
	}
	n.SetItems(inserted(n.Items(), i, value))
	return nil
}

func depth(n *fhir.Node) int {
	deepest := 0
	for _, m := range n.Members() {
		deepest = max(deepest, depth(m.Value))
	}
	for _, it := range n.Items() {
		deepest = max(deepest, depth(it))
	}
	return deepest + 1
}

func inserted(items []*fhir.Node, i int, value *fhir.Node) []*fhir.Node {
	out := make([]*fhir.Node, 0, len(items)+1)
	return append(append(append(out, items[:i]...), value), items[i:]...)
}

func removed(items []*fhir.Node, i int) []*fhir.Node {
	out := make([]*fhir.Node, 0, len(items))
	return append(append(out, items[:i]...), items[i+1:]...)
}

func (t *tree) remove(path []string) (*fhir.Node, error) {
	if len(path) == 0 {
		return nil, target("the whole document is not removed")
	}
	value, err := t.find(path)
	if err != nil {
		return nil, err
	}
	n, name, err := t.parent(path)
	if err != nil {
		return nil, err
	}
	if n.Kind() == fhir.Object {
		n.Delete(name)
		return value, nil
	}
	i, err := index(name, len(n.Items())-1)
	if err != nil {
		return nil, err
	}
	n.SetItems(removed(n.Items(), i))
	return value, nil
}

func (t *tree) replace(path []string, value *fhir.Node) error {
	if _, err := t.find(path); err != nil {
		return err
	}
	if len(path) > 0 {
		n, name, err := t.parent(path)
		if err != nil {
			return err
		}
		if n.Kind() == fhir.Array {
			i, err := index(name, len(n.Items())-1)
			if err != nil {
				return err
			}
			n.SetItems(inserted(removed(n.Items(), i), i, value))
			return nil
		}
	}
	return t.add(path, value)
}

// Equal compares JSON values as RFC 6902, section 4.6, says: members in any order, numbers
// by their value.
func Equal(a, b *fhir.Node) bool {
	if a.Kind() != b.Kind() || len(a.Items()) != len(b.Items()) || len(a.Members()) != len(b.Members()) {
		return false
	}
	for i, it := range a.Items() {
		if !Equal(it, b.Item(i)) {
			return false
		}
	}
	for _, m := range a.Members() {
		other := b.Get(m.Name)
		if other == nil || !Equal(m.Value, other) {
			return false
		}
	}
	if a.Kind() == fhir.Number {
		return equalNumbers(a.Text(), b.Text())
	}
	return a.Text() == b.Text()
}

func equalNumbers(a, b string) bool {
	if a == b {
		return true
	}
	x, _, errX := apd.NewFromString(a)
	y, _, errY := apd.NewFromString(b)
	return errX == nil && errY == nil && comparable(x) && comparable(y) && x.Cmp(y) == 0
}

// comparable refuses exponents whose comparison would write out a number of millions of digits.
func comparable(d *apd.Decimal) bool { return d.Exponent > -5000 && d.Exponent < 5000 }
