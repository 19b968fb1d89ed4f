package validate

import (
	"regexp"
	"slices"
	"strings"

	"chartlake/fhir"
)

// extension checks an extension against its definition: whether it is known, may stand here,
// and has the content that the definition asks for.
func (d *deep) extension(it item) {
	url := it.node.Str("url")
	if it.element == nil || url == "" || !hasScheme(url) {
		return // the parts of a complex extension have names that its definition knows
	}
	modifier := it.element.Name == "modifierExtension"
	if strings.Contains(url, "|") {
		d.error("invalid", it.at, "the URL of an extension has no version")
	}
	p := d.library.profile(url)
	if p == nil || p.typ.Name != "Extension" {
		d.unknownExtension(it, url, modifier)
		return
	}
	if is := p.root.modifier; is != modifier {
		d.error("structure", it.at, map[bool]string{true: "the extension changes the meaning and is a modifierExtension", false: "the extension is no modifierExtension"}[is])
	}
	d.context(it, p)
	d.against(it, p)
}

// crossVersion are extensions that stand for elements of other releases
// (http://hl7.org/fhir/R4/versions.html#extensions).
var crossVersion = regexp.MustCompile(`^http://hl7\.org/fhir/[0-9]\.[0-9]/StructureDefinition/extension-`)

// unknownExtension reports an extension without a definition here. A modifier that nobody
// understands makes the element unsafe to use.
func (d *deep) unknownExtension(it item, url string, modifier bool) {
	severity := "information"
	switch {
	case modifier:
		severity = "warning"
	case strings.HasPrefix(url, structureDefinition), strings.HasPrefix(url, "http://hl7.org/fhir/tools/"), crossVersion.MatchString(url), strings.Contains(url, "://example.org/"):
		// those of HL7's later packs and releases, of which R4 knows nothing, and of examples
	case d.KnownExtensions:
		severity = "error"
	}
	d.report(severity, "structure", it.at, "the extension "+plain(url)+" is not known here")
}

// context checks where an extension stands
// (http://hl7.org/fhir/R4/defining-extensions.html#context).
func (d *deep) context(it item, p *profile) {
	contexts := p.node.Get("context").Items()
	if len(contexts) == 0 || len(it.host) == 0 {
		return
	}
	for _, c := range contexts {
		expression := c.Str("expression")
		switch c.Str("type") {
		case "element":
			if expression == "Element" || slices.Contains(it.host, strings.TrimSuffix(expression, "[x]")) || strings.ContainsAny(expression, "(#:") {
				return
			}
		case "extension":
			if slices.Contains(it.host, "Extension "+expression) {
				return
			}
		default:
			return // a FHIRPath context; what R4 has of these selects by more than the place
		}
	}
	severity := "error"
	if _, frozen := d.library.lookup("StructureDefinition", p.url); frozen && it.frame.resource.Type() == "StructureDefinition" {
		severity = "warning" // R4's own definitions have some of these where their contexts do not
	}
	d.report(severity, "structure", it.at, "the extension "+plain(p.url)+" is not allowed here by its definition")
}

// hostNames are the names that an element has as the context of extensions in it.
func hostNames(it item) []string {
	names := slices.Clone(it.names)
	if it.element == nil || len(it.names) == 0 {
		for t := it.typ; t != nil; t = t.Base {
			names = append(names, t.Name)
		}
	}
	if it.element == nil && it.typ.Element("url") != nil && it.typ.Element("status") != nil {
		names = append(names, "CanonicalResource", "MetadataResource")
	}
	if it.typ != nil && it.typ.Name == "Extension" {
		names = append(names, "Extension "+it.node.Str("url"))
	}
	return names
}

// extensionOf gives an extension of an element by URL, nil where there is none.
func extensionOf(n *fhir.Node, url string) *fhir.Node {
	for _, x := range n.Get("extension").Items() {
		if x.Get("url").Text() == url {
			return x
		}
	}
	return nil
}
