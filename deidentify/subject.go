package deidentify

import (
	"strings"

	"chartlake/clinical/phi"
	"chartlake/fhir"
	"chartlake/fhir/fhirpath"
)

// People is what a set of resources says of its patients: whose each resource is, and by what they
// are known. Note every resource first, then ask.
type People struct {
	owner map[string]string      // "Type/id" to a Patient's id; "" where several patients are named
	known map[string][]phi.Known // by Patient's id
	asks  map[string][]string    // what a resource without a patient refers to
}

// NewPeople begins.
func NewPeople() *People {
	return &People{owner: map[string]string{}, known: map[string][]phi.Known{}, asks: map[string][]string{}}
}

// Note takes a resource in.
func (p *People) Note(r *fhir.Node) {
	key := r.Type() + "/" + r.ID()
	switch r.Type() {
	case "Patient":
		p.owner[key] = r.ID()
		p.person(r.ID(), r)
		for _, c := range r.Get("contact").Items() {
			p.person(r.ID(), fhir.NewObject("name", []*fhir.Node{c.Get("name")}, "telecom", c.Get("telecom").Items(), "address", []*fhir.Node{c.Get("address")}))
		}
		return
	case "AuditEvent", "Binary":
		return
	}
	patients, others := named(r)
	switch {
	case len(patients) == 1:
		p.owner[key] = patients[0]
	case len(patients) == 0 && len(others) > 0:
		p.asks[key] = others
	}
	switch owner := p.owner[key]; {
	case owner == "":
	case r.Type() == "RelatedPerson":
		p.person(owner, r)
	case r.Type() == "Coverage":
		p.add(owner, phi.Beneficiary, r.Str("subscriberId"))
		p.identifiers(owner, r, phi.Beneficiary)
	case r.Type() == "Encounter" || r.Type() == "Device" || r.Type() == "Claim" || r.Type() == "DiagnosticReport" || r.Type() == "DocumentReference":
		p.identifiers(owner, r, phi.Other)
		p.add(owner, phi.Device, r.Str("serialNumber"))
	}
}

// named lists the patients and the other resources that a resource refers to.
func named(r *fhir.Node) (patients, others []string) {
	seen := map[string]bool{}
	r.Walk(func(n *fhir.Node) bool {
		ref := n.Get("reference")
		if ref == nil || ref.Kind() != fhir.String {
			return true
		}
		typ, id, ok := fhirpath.SplitReference(ref.Text())
		if !ok || seen[typ+"/"+id] {
			return true
		}
		seen[typ+"/"+id] = true
		if typ == "Patient" {
			patients = append(patients, id)
		} else {
			others = append(others, typ+"/"+id)
		}
		return true
	})
	return patients, others
}

func (p *People) add(owner string, kind phi.Kind, text string) {
	if text = strings.TrimSpace(text); text != "" {
		p.known[owner] = append(p.known[owner], phi.Known{Kind: kind, Text: text})
	}
}

func (p *People) identifiers(owner string, r *fhir.Node, kind phi.Kind) {
	for _, i := range r.Get("identifier").Items() {
		p.add(owner, kind, i.Str("value"))
	}
}

// person takes the names, numbers and addresses of a person.
func (p *People) person(owner string, r *fhir.Node) {
	for _, n := range r.Get("name").Items() {
		p.add(owner, phi.Name, n.Str("text"))
		words := []string{}
		for _, g := range n.Get("given").Items() {
			words = append(words, g.Text())
		}
		p.add(owner, phi.Name, strings.Join(append(words, n.Str("family")), " "))
	}
	p.identifiers(owner, r, phi.MRN)
	for _, t := range r.Get("telecom").Items() {
		kind := phi.Phone
		switch t.Str("system") {
		case "email":
			kind = phi.Email
		case "fax":
			kind = phi.Fax
		}
		p.add(owner, kind, t.Str("value"))
	}
	for _, a := range r.Get("address").Items() {
		for _, l := range a.Get("line").Items() {
			p.add(owner, phi.Location, l.Text())
		}
		p.add(owner, phi.Location, a.Str("city"))
		p.add(owner, phi.Location, a.Str("postalCode"))
	}
}

// Owner gives the patient of a resource, through what it refers to where it names none; "" where
// there is none, or more than one.
func (p *People) Owner(key string) string {
	if owner, ok := p.owner[key]; ok {
		return owner
	}
	found := ""
	for _, other := range p.asks[key] {
		if owner := p.owner[other]; owner != "" {
			if found != "" && found != owner {
				return ""
			}
			found = owner
		}
	}
	return found
}

// Known is what the resources say of a patient.
func (p *People) Known(patient string) []phi.Known { return p.known[patient] }
