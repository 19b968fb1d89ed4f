package score

import (
	"encoding/json"
	"strconv"
	"strings"

	"chartlake/fhir"
)

// bundle parses the record's Bundle; nil where there is none or it cannot be read.
func (c *comparison) bundle() *fhir.Node {
	if len(c.got.Bundle) == 0 {
		return nil
	}
	n, err := fhir.Parse(c.got.Bundle)
	if err != nil {
		return nil
	}
	return n
}

// resources gives the resources of a type in a bundle, contained ones too; the bundle itself for Bundle.
func resources(bundle *fhir.Node, resourceType string) []*fhir.Node {
	if bundle == nil {
		return nil
	}
	if resourceType == "Bundle" {
		return []*fhir.Node{bundle}
	}
	var list []*fhir.Node
	for _, entry := range bundle.Get("entry").Items() {
		r := entry.Get("resource")
		for _, n := range append([]*fhir.Node{r}, r.Get("contained").Items()...) {
			if n.Type() == resourceType {
				list = append(list, n)
			}
		}
	}
	return list
}

// fhir evaluates the expressions: each must be true on at least one resource of its type.
func (c *comparison) fhir(bundle *fhir.Node, evaluate Evaluator) {
	if evaluate == nil {
		return
	}
	for _, x := range c.want.FHIR {
		right := false
		for _, r := range resources(bundle, x.ResourceType) {
			if ok, err := evaluate(r, x.Expr); err == nil && ok {
				right = true
				break
			}
		}
		c.r.FHIR.count(right)
		if !right {
			c.miss("fhir:"+x.ResourceType, x.Expr, "")
		}
	}
}

// at gives the elements at a dotted path of JSON names. A name stands for every repetition,
// name[1] for one.
func at(n *fhir.Node, path string) []*fhir.Node {
	nodes := []*fhir.Node{n}
	for _, step := range strings.Split(path, ".") {
		name, index := step, -1
		if open := strings.IndexByte(step, '['); open >= 0 && strings.HasSuffix(step, "]") {
			if i, err := strconv.Atoi(step[open+1 : len(step)-1]); err == nil {
				name, index = step[:open], i
			}
		}
		var next []*fhir.Node
		for _, node := range nodes {
			child := node.Get(name)
			switch {
			case child == nil:
			case child.Kind() != fhir.Array:
				if index <= 0 {
					next = append(next, child)
				}
			case index >= 0:
				if it := child.Item(index); it != nil {
					next = append(next, it)
				}
			default:
				next = append(next, child.Items()...)
			}
		}
		nodes = next
	}
	return nodes
}

// holds reports whether a `where` value is met at a path: a text matches whole words
// anywhere below, a number a number, null nothing, "*" anything, {"not": v} no such value.
func holds(n *fhir.Node, path string, raw json.RawMessage) bool {
	found := at(n, path)
	var not struct {
		Not json.RawMessage `json:"not"`
	}
	if json.Unmarshal(raw, &not) == nil && not.Not != nil {
		return !holds(n, path, not.Not)
	}
	var s string
	switch {
	case string(raw) == "null":
		return len(found) == 0
	case json.Unmarshal(raw, &s) == nil:
		if s == "*" {
			return len(found) > 0
		}
		return anyBelow(found, func(x *fhir.Node) bool { return x.Kind() == fhir.String && contains(words(x.Text()), words(s)) })
	}
	var number float64
	if json.Unmarshal(raw, &number) == nil {
		return anyBelow(found, func(x *fhir.Node) bool {
			v, err := strconv.ParseFloat(x.Text(), 64)
			return x.Kind() == fhir.Number && err == nil && v == number
		})
	}
	var truth bool
	if json.Unmarshal(raw, &truth) == nil {
		return anyBelow(found, func(x *fhir.Node) bool { return x.Kind() == fhir.Bool && x.True() == truth })
	}
	return false
}

func anyBelow(nodes []*fhir.Node, is func(*fhir.Node) bool) bool {
	found := false
	for _, n := range nodes {
		n.Walk(func(x *fhir.Node) bool {
			found = found || is(x)
			return !found
		})
	}
	return found
}
