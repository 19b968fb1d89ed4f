package identity

import (
	"net/url"
	"strings"

	"chartlake/fhir"
	"chartlake/value"
)

// FromPatient reads a Patient resource as a candidate.
func FromPatient(patient *fhir.Node) Candidate {
	c := Candidate{ID: patient.ID()}
	name := patient.Get("name").Item(0)
	c.Family = name.Str("family")
	for _, g := range name.Get("given").Items() {
		c.Given = append(c.Given, g.Text())
	}
	c.Name = name.Str("text")
	if c.Family == "" && c.Name != "" {
		c.Family, c.Given = value.SplitName(c.Name)
	}
	c.BirthDate = patient.Str("birthDate")
	c.Sex = patient.Str("gender")
	for _, t := range patient.Get("telecom").Items() {
		if t.Str("system") == "phone" && c.Phone == "" {
			c.Phone = t.Str("value")
		}
	}
	address := patient.Get("address").Item(0)
	c.Postal, c.Street = address.Str("postalCode"), address.Str("line")
	for _, id := range patient.Get("identifier").Items() {
		kind := IdentifierKind(id.Str("type", "coding", "code"))
		if kind == "" {
			kind = MedicalRecord
		}
		c.Identifiers = append(c.Identifiers, Identifier{Kind: kind, Value: id.Str("value"), Assigner: id.Str("assigner", "display"), System: id.Str("system")})
	}
	return c
}

// Criteria gives FHIR searches over Patient whose results together hold every candidate that
// Decide could match or would ask about: by each number, by birth date, by family name with
// the first given name. Each is a query string without a leading question mark.
func Criteria(p Person) []string {
	var out []string
	add := func(pairs ...string) {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], escape(pairs[i+1]))
		}
		out = append(out, v.Encode())
	}
	for _, id := range p.Identifiers {
		add("identifier", id.Value)
	}
	if len(p.BirthDate) == len("2006-01-02") {
		add("birthdate", p.BirthDate)
	}
	if p.Family != "" && len(p.Given) > 0 {
		add("family", p.Family, "given", p.Given[0])
		add("family", p.Given[0], "given", p.Family) // filled in the wrong way round
	}
	return out
}

// escape keeps the separators of the search language inside a value (FHIR R4 search, 3.1.1.3.2).
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`).Replace(s)
}
