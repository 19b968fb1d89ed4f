package validate

import (
	"slices"
	"strings"

	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/fhirpath"
)

// bundle checks what R4 says of Bundles beyond its invariants
// (http://hl7.org/fhir/R4/bundle.html#references).
func (d *deep) bundle(it item) {
	kind := it.node.Str("type")
	d.links(it, kind)
	for i, e := range it.node.Get("entry").Items() {
		d.entry(e, kind, it.at.child("entry").item(i))
	}
	switch first := it.node.Path("entry", "resource"); {
	case kind == "document" && first.Type() == "Composition":
		d.within(it, first, nil)
	case kind == "message" && first.Type() == "MessageHeader":
		d.within(it, first, []string{"focus"})
	}
}

// links checks that the links of a page stand once.
func (d *deep) links(it item, kind string) {
	seen := map[string]bool{}
	for i, l := range it.node.Get("link").Items() {
		relation := l.Str("relation")
		switch relation {
		case "self", "first", "previous", "prev", "next", "last":
			if seen[relation] {
				d.error("invalid", it.at.child("link").item(i), "a link of this relation stands once")
			}
			seen[relation] = true
		}
	}
}

func (d *deep) entry(e *fhir.Node, kind string, at path) {
	full, r := e.Str("fullUrl"), e.Get("resource")
	if full != "" && !hasScheme(full) {
		d.error("invalid", at.child("fullUrl"), "a fullUrl is an absolute URL")
	}
	if id := r.ID(); id != "" && strings.HasPrefix(full, "http") && kind != "transaction" && kind != "batch" {
		if t, x, ok := fhirpath.SplitReference(full); ok && (t != r.Type() || x != id) {
			severity := "warning"
			if kind == "document" || kind == "message" {
				severity = "error" // where references are resolved by it
			}
			d.report(severity, "invalid", at.child("fullUrl"), "a RESTful fullUrl ends with the type and id of the resource")
		}
	}
	if kind != "searchset" || r == nil {
		return
	}
	switch outcome := e.Str("search", "mode") == "outcome"; {
	case outcome && r.Type() != "OperationOutcome":
		d.error("invalid", at.child("resource"), "an entry of mode outcome is an OperationOutcome")
	case !outcome && r.Type() != "OperationOutcome" && r.ID() == "":
		d.error("invalid", at.child("resource"), "a resource that a search found has an id")
	}
}

// within checks that what the first resource of a document or message refers to is in the
// Bundle, and is one resource.
func (d *deep) within(it item, first *fhir.Node, members []string) {
	t := definition.R4().ResourceType(first.Type())
	start := item{node: first, typ: t, at: it.at.child("entry").item(0).child("resource"),
		frame: &frame{up: it.frame, resource: first, bundle: it.node, fullURL: it.node.Str("entry", "fullUrl")}}
	var search func(x item, top bool)
	search = func(x item, top bool) {
		for _, c := range x.all() {
			name := c.element.Name
			if name == "contained" || name == "extension" || top && members != nil && !slices.Contains(members, name) || !d.spend() {
				continue
			}
			if c.typ != nil && c.typ.Name == "Reference" {
				d.bundled(it.node, c)
			} else if len(c.element.Content().Children) > 0 {
				search(c, false)
			}
		}
	}
	search(start, true)
}

func (d *deep) bundled(bundle *fhir.Node, ref item) {
	text := ref.node.Str("reference")
	if text == "" || strings.HasPrefix(text, "#") {
		return
	}
	e := entryOf(bundle, text, ref.frame.fullURL)
	if e == nil {
		d.error("invalid", ref.at, "what a document or message refers to is in the Bundle")
		return
	}
	if full := e.Str("fullUrl"); full != "" && !strings.Contains(text, "/_history/") {
		n := 0
		for _, x := range bundle.Get("entry").Items() {
			if x.Str("fullUrl") == full {
				n++
			}
		}
		if n > 1 {
			d.error("invalid", ref.at, "the reference leads to several entries of the Bundle")
		}
	}
}
