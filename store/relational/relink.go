package relational

import (
	"strings"

	"chartlake/fhir"
)

// opaque are members whose text is never a link, even when it equals one: an identifier's
// value under urn:ietf:rfc:3986, text, codes.
var opaque = map[string]bool{"value": true, "valueString": true, "valueCode": true, "system": true, "code": true,
	"display": true, "text": true, "id": true, "data": true}

// relink replaces what refers to other commands of the transaction (urn:uuid:…, the client's
// own Type/id) in references, uris, Attachment.url and the links of the narrative, and
// resolves conditional references. It copies what it changes; the tree given stays as it is.
func relink(n *fhir.Node, links map[string]string, conditional func(string) (string, error)) (*fhir.Node, error) {
	r := relinker{links: links, conditional: conditional}
	out := r.node("", n)
	return out, r.err
}

type relinker struct {
	links       map[string]string
	conditional func(string) (string, error)
	err         error
}

func (r *relinker) node(name string, n *fhir.Node) *fhir.Node {
	switch n.Kind() {
	case fhir.String:
		return r.text(name, n)
	case fhir.Array:
		var items []*fhir.Node
		for i, it := range n.Items() {
			if c := r.node(name, it); c != it {
				if items == nil {
					items = append([]*fhir.Node(nil), n.Items()...)
				}
				items[i] = c
			}
		}
		if items != nil {
			c := fhir.NewArray()
			c.SetItems(items)
			return c
		}
	case fhir.Object:
		var c *fhir.Node
		for _, m := range n.Members() {
			v := r.node(m.Name, m.Value)
			if v != m.Value {
				if c == nil {
					c = n.Shallow()
				}
				c.Set(m.Name, v)
			}
		}
		if c != nil {
			return c
		}
	}
	return n
}

func (r *relinker) text(name string, n *fhir.Node) *fhir.Node {
	s := n.Text()
	if opaque[name] || r.err != nil {
		return n
	}
	if name == "div" {
		return r.narrative(n)
	}
	// An anchor or a version may follow the link.
	base, rest := s, ""
	if i := strings.IndexAny(s, "#"); i > 0 {
		base, rest = s[:i], s[i:]
	}
	if to, ok := r.links[base]; ok {
		return fhir.NewString(to + rest)
	}
	if name == "reference" && r.conditional != nil && isConditional(s) {
		to, err := r.conditional(s)
		if err != nil {
			r.err = err
			return n
		}
		return fhir.NewString(to)
	}
	return n
}

// narrative replaces links in the attributes of a narrative's XHTML.
func (r *relinker) narrative(n *fhir.Node) *fhir.Node {
	s := n.Text()
	if !strings.Contains(s, `="urn:uuid:`) && !strings.Contains(s, `="urn:oid:`) {
		return n
	}
	changed := false
	for from, to := range r.links {
		if strings.HasPrefix(from, "urn:") && strings.Contains(s, `"`+from+`"`) {
			s, changed = strings.ReplaceAll(s, `"`+from+`"`, `"`+to+`"`), true
		}
	}
	if !changed {
		return n
	}
	return fhir.NewString(s)
}

// isConditional reports whether a reference has the form Type?criteria.
func isConditional(s string) bool {
	i := strings.IndexByte(s, '?')
	return i > 0 && s[0] >= 'A' && s[0] <= 'Z' && !strings.ContainsAny(s[:i], "/:#")
}

// conditionalReference reports whether a resource holds a conditional reference.
func conditionalReference(n *fhir.Node) bool {
	found := false
	n.Walk(func(n *fhir.Node) bool {
		if n.Kind() == fhir.Object {
			if r := n.Get("reference"); r.Kind() == fhir.String && isConditional(r.Text()) {
				found = true
			}
		}
		return !found
	})
	return found
}
