package validate

import (
	"slices"

	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/fhirpath"
)

// targets checks what a reference points at against the targets of a profile.
func (d *deep) targets(it item, a allowed) {
	ref := it.node.Str("reference")
	if it.typ.Is("canonical") {
		ref = it.node.Text()
	}
	if ref == "" {
		return
	}
	n, f := d.resolve(ref, it.frame)
	d.aggregated(it, a, ref, n, f)
	typ := n.Type()
	if n == nil {
		var ok bool
		if typ, _, ok = fhirpath.SplitReference(ref); !ok {
			typ = it.node.Str("type")
		}
		if typ == "" || it.typ.Is("canonical") {
			return
		}
	}
	fits := false
	for _, url := range a.targets {
		name := d.typeName(url)
		if name == "" {
			return // a profile that is not known may allow it
		}
		t := definition.R4().Type(typ)
		if !t.Is(name) {
			continue
		}
		p := d.library.profile(url)
		if n == nil || typeOf(url) != nil || p == nil || d.conforms(item{node: n, typ: t, at: path(typ), frame: f}, p) {
			return
		}
		fits = true
	}
	if fits {
		d.error("structure", it.at, "the resource that is referred to satisfies none of the profiles that are allowed here")
		return
	}
	d.error("structure", it.at, "the profile does not allow references to this type of resource here")
}

// aggregated checks how the reference may be made (ElementDefinition.type.aggregation).
func (d *deep) aggregated(it item, a allowed, ref string, n *fhir.Node, f *frame) {
	if len(a.aggregation) == 0 {
		return
	}
	kind := "referenced"
	switch {
	case len(ref) > 0 && ref[0] == '#':
		kind = "contained"
	case n != nil && f.bundle != nil && it.frame.bundle != nil:
		kind = "bundled"
	}
	if slices.Contains(a.aggregation, kind) || kind == "bundled" && slices.Contains(a.aggregation, "referenced") {
		return
	}
	d.error("required", it.at, "the profile asks for a reference that is made in another way: contained, bundled or by address")
}

// referenced checks a reference that must lead somewhere: within documents and messages, and
// everywhere where the caller asks for it.
func (d *deep) referenced(it item) {
	ref := it.node.Str("reference")
	if ref == "" || ref[0] == '#' {
		return
	}
	if d.Exists == nil {
		return
	}
	if n, _ := d.resolve(ref, it.frame); n == nil && !hasScheme(ref) && !d.Exists(ref) {
		d.error("not-found", it.at, "the resource that is referred to does not exist")
	}
}
