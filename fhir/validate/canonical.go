package validate

import (
	"slices"
	"strconv"
	"strings"

	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/fhirpath"
)

// canonicalRules are the rules of conformance resources that no invariant states.
func (d *deep) canonicalRules(it item) {
	if url := it.node.Str("url"); url != "" && !hasScheme(url) && it.typ.Element("url") != nil && it.typ.Element("status") != nil {
		d.error("invalid", it.at.child("url"), "a canonical URL is absolute")
	}
	switch it.typ.Name {
	case "ValueSet":
		d.valueSet(it)
	case "CodeSystem":
		d.codeSystem(it)
	case "ConceptMap":
		d.conceptMap(it)
	case "SearchParameter":
		d.searchParameter(it)
	case "CapabilityStatement":
		d.capabilities(it)
	case "StructureDefinition":
		d.structure(it)
	}
}

// valueSet checks the systems that a set draws from and the values of filters.
func (d *deep) valueSet(it item) {
	for _, list := range []string{"include", "exclude"} {
		for i, n := range it.node.Path("compose", list).Items() {
			at := it.at.child("compose").child(list).item(i)
			system := n.Str("system")
			if system != "" && !hasScheme(system) {
				d.error("invalid", at.child("system"), "the system of a value set is an absolute URI")
				continue
			}
			for j, f := range n.Get("filter").Items() {
				d.filter(system, f, at.child("filter").item(j))
			}
			s := d.library.system(system)
			if s == nil || !s.complete || s.frozen && !strings.HasPrefix(system, "http://hl7.org/fhir/") {
				continue
			}
			for j, c := range n.Get("concept").Items() {
				if s.concept(c.Str("code")) == nil {
					d.error("code-invalid", at.child("concept").item(j).child("code"), "the code system does not have this code")
				}
			}
		}
	}
}

func (d *deep) filter(system string, f *fhir.Node, at path) {
	property, value := f.Str("property"), f.Str("value")
	if property == "notSelectable" && value != "true" && value != "false" && f.Str("op") == "=" {
		d.error("invalid", at.child("value"), "the property is a boolean")
	}
	for _, p := range d.library.find("CodeSystem", system).Get("property").Items() {
		if p.Str("code") != property || p.Str("type") != "Coding" {
			continue
		}
		of, code, ok := strings.Cut(value, "#")
		if !ok || !hasScheme(of) {
			d.error("invalid", at.child("value"), "a Coding is filtered by its system, # and its code")
			continue
		}
		if s := d.library.system(of); s != nil && s.complete && s.concept(code) == nil {
			d.error("code-invalid", at.child("value"), "the code system does not have this code")
		}
	}
}

// codeSystem checks counts, supplements and properties.
func (d *deep) codeSystem(it item) {
	n := it.node
	if n.Get("supplements") != nil && n.Str("content") != "supplement" {
		d.error("business-rule", it.at.child("content"), "a code system that supplements another one has the content supplement")
	}
	if count, err := strconv.Atoi(n.Str("count")); err == nil && n.Str("content") == "complete" && count != concepts(n, 0) {
		d.error("invalid", it.at.child("count"), "the stated number of concepts is another than there are")
	}
	types, uris := map[string]string{}, map[string]bool{}
	for i, p := range n.Get("property").Items() {
		at := it.at.child("property").item(i)
		code, uri := p.Str("code"), p.Str("uri")
		if types[code] != "" {
			d.error("business-rule", at.child("code"), "a property of this code is defined twice")
		}
		if uri != "" && uris[uri] {
			d.error("business-rule", at.child("uri"), "a property of this URI is defined twice")
		}
		types[code], uris[uri] = p.Str("type"), true
	}
	d.conceptProperties(n, it.at, types, 0)
}

func concepts(n *fhir.Node, depth int) int {
	list := n.Get("concept").Items()
	count := len(list)
	for _, c := range list {
		if depth < fhir.MaxDepth {
			count += concepts(c, depth+1)
		}
	}
	return count
}

func (d *deep) conceptProperties(n *fhir.Node, at path, types map[string]string, depth int) {
	for i, c := range n.Get("concept").Items() {
		where := at.child("concept").item(i)
		for j, p := range c.Get("property").Items() {
			want := types[p.Str("code")]
			if got := answerOf(p, "").typ; want != "" && got != "" && got != want {
				d.error("business-rule", where.child("property").item(j), "the property has another type than its definition")
			}
		}
		if depth < fhir.MaxDepth && d.spend() {
			d.conceptProperties(c, where, types, depth+1)
		}
	}
}

// conceptMap checks that mapped codes are in the value sets between which the map maps.
func (d *deep) conceptMap(it item) {
	from, to := it.node.Str("sourceCanonical"), it.node.Str("targetCanonical")
	if from == "" {
		from = it.node.Str("sourceUri")
	}
	if to == "" {
		to = it.node.Str("targetUri")
	}
	check := func(severity, set, system, code string, at path) {
		if set != "" && code != "" && d.library.member(set, system, code) == no {
			d.report(severity, "code-invalid", at.child("code"), "the code is not in the value set of the map")
		}
	}
	for i, g := range it.node.Get("group").Items() {
		for j, e := range g.Get("element").Items() {
			at := it.at.child("group").item(i).child("element").item(j)
			check("error", from, g.Str("source"), e.Str("code"), at)
			for k, t := range e.Get("target").Items() {
				check("warning", to, g.Str("target"), t.Str("code"), at.child("target").item(k))
			}
		}
	}
}

// parameterOf finds a search parameter of R4 by its URL.
func parameterOf(url string) *definition.SearchParameter {
	for _, p := range definition.R4().AllSearchParameters() {
		if p.URL == bareURL(url) {
			return p
		}
	}
	return nil
}

// searchParameter checks a parameter against the one that it is derived from, and whether
// its expression fits its resource types.
func (d *deep) searchParameter(it item) {
	n := it.node
	if n.Str("type") == "composite" && len(n.Get("component").Items()) < 2 {
		d.error("business-rule", it.at.child("component"), "a composite parameter has two or more components")
	}
	for _, b := range n.Get("base").Items() {
		if source := n.Str("expression"); source != "" && definition.R4().Type(b.Text()) != nil {
			if _, err := fhirpath.CompileFor(source, b.Text()); err != nil {
				d.error("invalid", it.at.child("expression"), "the expression is no FHIRPath")
				break
			}
		}
	}
	p := parameterOf(n.Str("derivedFrom"))
	if p == nil {
		return
	}
	if p.Type != n.Str("type") {
		d.error("business-rule", it.at.child("type"), "the parameter is of another type than the one that it is derived from")
	}
	for i, b := range n.Get("base").Items() {
		if !slices.Contains(p.Base, b.Text()) {
			d.error("business-rule", it.at.child("base").item(i), "the parameter that this one is derived from is not for this type of resource")
		}
	}
}

// capabilities checks that a server's parameters have the type of their definitions.
func (d *deep) capabilities(it item) {
	for i, r := range it.node.Get("rest").Items() {
		for j, x := range r.Get("resource").Items() {
			for k, s := range x.Get("searchParam").Items() {
				if p := parameterOf(s.Str("definition")); p != nil && p.Type != s.Str("type") {
					d.error("invalid", it.at.child("rest").item(i).child("resource").item(j).child("searchParam").item(k).child("type"),
						"the definition of the parameter has another type")
				}
			}
		}
	}
}

// structure compiles a profile and reports what of it cannot be understood.
func (d *deep) structure(it item) {
	if it.node.Str("derivation") != "constraint" {
		return
	}
	p := d.library.compile(it.node, 0)
	if p == nil {
		return
	}
	if p.orphan {
		d.report("warning", "not-found", it.at.child("baseDefinition"), "the profile that this one stands on is not known here")
	}
	for _, problem := range p.problems {
		d.error("value", it.at.child("differential"), problem)
	}
	for i, e := range it.node.Path("differential", "element").Items() {
		at := it.at.child("differential").child("element").item(i)
		list := e.Path("slicing", "discriminator").Items()
		if len(list) == 0 {
			continue
		}
		if !strings.Contains(e.Str("path"), ".") {
			d.error("invalid", at, "the root of a profile is not sliced")
			continue
		}
		r := p.locate(e.Str("path"), nil)
		for j, x := range list {
			if r != nil && !leads(r, x.Str("path")) {
				d.error("invalid", at.child("slicing").child("discriminator").item(j), "the path of the discriminator leads to no element")
			}
		}
	}
}

// leads reports whether a discriminator's path begins with an element of the sliced one.
func leads(r *rule, path string) bool {
	steps := pathSteps(path)
	if len(steps) == 0 || strings.Contains(steps[0], "(") {
		return true
	}
	shape := r.shape()
	if shape == nil || r.typ == nil && len(r.element.Types) > 1 {
		return true
	}
	e, _ := shape.Property(steps[0])
	return e != nil || shape.Child(steps[0]) != nil || r.typ != nil && (r.typ.Kind == definition.Primitive || r.typ.Abstract)
}
