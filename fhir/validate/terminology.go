package validate

import (
	"strings"

	"chartlake/fhir/definition"
)

// weakBinding checks the extensible and preferred bindings of R4. The required ones are part
// of the structure, but for sets that the structural pass cannot list.
func (d *deep) weakBinding(it item) {
	b := it.element.Binding
	if b == nil || it.typ == nil {
		return
	}
	strength := map[definition.Strength]string{definition.Required: "required", definition.Extensible: "extensible", definition.Preferred: "preferred"}[b.Strength]
	if strength == "required" {
		if set := definition.R4().ValueSet(b.ValueSet); set != nil && !set.Open && !it.typ.Is("Quantity") {
			return
		}
	}
	d.bind(it, &bound{strength: strength, set: b.ValueSet})
}

// bind checks a coded element against a binding. What has no code at all satisfies all but
// a required one.
func (d *deep) bind(it item, b *bound) {
	if it.node == nil || it.typ == nil {
		return
	}
	in, coded := d.inSet(it, b.set)
	if !coded && (b.strength != "required" || it.typ.Name != "CodeableConcept" && it.typ.Name != "Coding") {
		return
	}
	if b.max != "" && coded {
		if all, _ := d.inSet(it, b.max); all == no {
			d.error("code-invalid", it.at, "the code is not in the value set "+plain(b.max)+", from which all codes must come")
			return
		}
	}
	if in != no || absent(it.content()) {
		return
	}
	what := "the code is not in the value set "
	if it.typ.Name == "CodeableConcept" {
		what = "no coding is in the value set "
	}
	switch b.strength {
	case "required":
		d.error("code-invalid", it.at, what+plain(bareURL(b.set)))
	case "extensible":
		d.report("warning", "code-invalid", it.at, what+plain(bareURL(b.set))+", which is to be used where it has a fitting code")
	case "preferred":
		d.report("information", "code-invalid", it.at, what+plain(bareURL(b.set))+", which is preferred")
	}
}

func bareURL(url string) string {
	bare, _, _ := strings.Cut(url, "|")
	return bare
}

// inSet says whether a coded element is in a set, and whether it has a code at all.
func (d *deep) inSet(it item, set string) (in verdict, coded bool) {
	switch {
	case it.typ.Name == "CodeableConcept":
		list := it.node.Get("coding").Items()
		return d.codings(list, set), len(list) > 0
	case it.typ.Name == "Coding", it.typ.Is("Quantity"):
		code := it.node.Str("code")
		if code == "" && it.typ.Name == "Coding" {
			return no, it.node.Str("system") != ""
		}
		if code == "" {
			return unknown, false
		}
		return d.library.member(set, it.node.Str("system"), code), true
	case it.primitive():
		text := it.node.Text()
		return d.library.member(set, "", text), text != ""
	}
	return unknown, false
}

// coding checks a Coding against the code system that it names.
func (d *deep) coding(it item) {
	system, code := it.node.Str("system"), it.node.Str("code")
	switch {
	case system == "":
		return
	case !hasScheme(system):
		d.error("invalid", it.at.child("system"), "the system of a coding is an absolute URI")
		return
	case strings.HasPrefix(system, "http://hl7.org/fhir/ValueSet/") || d.library.system(system) == nil && d.library.find("ValueSet", system) != nil:
		d.error("invalid", it.at.child("system"), "the system of a coding is a code system, not a value set")
		return
	}
	s := d.library.system(system)
	if s == nil {
		return
	}
	if n := d.library.find("CodeSystem", system); n.Str("content") == "supplement" || n.Get("supplements") != nil {
		d.error("not-found", it.at.child("system"), "a supplement is no system of codes")
		return
	}
	if !s.complete || code == "" {
		return
	}
	c := s.concept(code)
	if c == nil {
		severity := "error"
		if s.frozen && !strings.HasPrefix(system, "http://hl7.org/fhir/") {
			severity = "warning" // HL7's other code systems have grown since R4
		}
		d.report(severity, "code-invalid", it.at.child("code"), "the code system "+plain(system)+" does not have this code")
		return
	}
	if display := it.node.Str("display"); display != "" && !c.called(display) {
		d.report("warning", "invalid", it.at.child("display"), "the code system "+plain(system)+" calls the code otherwise")
	}
}

// called reports whether a display text is one that the code system has for the concept.
func (c *concept) called(display string) bool {
	if c.display == "" || sameWords(c.display, display) {
		return true
	}
	for _, x := range c.designations.Items() {
		if sameWords(x.Str("value"), display) {
			return true
		}
	}
	return false
}

func sameWords(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}
