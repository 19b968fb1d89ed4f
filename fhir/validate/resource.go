package validate

import "chartlake/fhir"

// resource checks a whole resource: the profiles that it claims, and the rules of its type
// that no invariant states.
func (d *deep) resource(it item) {
	for _, p := range it.node.Path("meta", "profile").Items() {
		if p.Kind() == fhir.String && p.Text() != "" {
			d.asked(it, p.Text())
		}
	}
	for _, url := range d.library.global(it.typ.Name) {
		d.asked(it, url)
	}
	d.orphans(it)
	d.canonicalRules(it)
	switch it.typ.Name {
	case "Bundle":
		d.bundle(it)
	case "QuestionnaireResponse":
		d.response(it)
	}
}
