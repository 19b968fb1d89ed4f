package validate

import (
	"slices"
	"strings"

	"chartlake/fhir"
	"chartlake/fhir/fhirpath"
)

// reference checks the literal of a Reference: #id of a contained resource, Type/id with an
// optional version, an absolute URL or URN, or (before a transaction has resolved it)
// Type?criteria. A type that shows must be one that the element allows.
func (c *check) reference(n *fhir.Node, targets []string, at path) {
	ref := n.Get("reference")
	if typ := n.Str("type"); typ != "" && c.defs.ResourceType(typ) != nil {
		c.target(typ, targets, at.child("type"))
	}
	if ref.Kind() != fhir.String {
		return
	}
	text, at := ref.Text(), at.child("reference")
	switch {
	case strings.HasPrefix(text, "#"):
		c.fragment(text[1:], targets, at)
	case hasScheme(text):
		if typ, _, ok := fhirpath.SplitReference(text); ok {
			c.target(typ, targets, at)
		}
	case strings.Contains(text, "?"):
		typ, query, _ := strings.Cut(text, "?")
		if !c.Unresolved || query == "" || c.defs.ResourceType(typ) == nil {
			c.add("value", at, "a conditional reference is allowed within a transaction only")
			return
		}
		c.target(typ, targets, at)
	default:
		c.relative(text, targets, at)
	}
}

func (c *check) relative(text string, targets []string, at path) {
	base, _, _ := strings.Cut(text, "#")
	parts := strings.Split(base, "/")
	typed := len(parts) == 2 || len(parts) == 4 && parts[2] == "_history" && isID(parts[3]) && parts[3] != ""
	if !typed || c.defs.ResourceType(parts[0]) == nil || parts[1] == "" || !isID(parts[1]) {
		c.add("value", at, "a relative reference is a resource type, a slash and an id")
		return
	}
	c.target(parts[0], targets, at)
}

// hasScheme reports whether the text begins like a URI: letters, digits, + - . and a colon.
func hasScheme(s string) bool {
	i := strings.IndexByte(s, ':')
	if i < 2 {
		return false
	}
	for _, c := range []byte(s[:i]) {
		if !alphanumeric(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func (c *check) fragment(id string, targets []string, at path) {
	if id == "" {
		c.target(c.holder.Type(), targets, at)
		return
	}
	for _, x := range c.holder.Get("contained").Items() {
		if x.ID() == id {
			c.target(x.Type(), targets, at)
			return
		}
	}
	c.add("value", at, "no contained resource has this id")
}

// target checks a resource type against the types that an element may refer to.
func (c *check) target(typ string, targets []string, at path) {
	if len(targets) == 0 || slices.Contains(targets, typ) || slices.Contains(targets, "Resource") {
		return
	}
	c.add("value", at, "the element does not refer to this type of resource")
}
