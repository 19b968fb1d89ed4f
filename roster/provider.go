package roster

import (
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/value"
)

// Columns of the NPPES file that are read. Source: NPPES Data Dissemination, readme and file header.
const (
	npi          = "NPI"
	entity       = "Entity Type Code" // 1: a person, 2: an organisation; empty: deactivated
	organisation = "Provider Organization Name (Legal Business Name)"
	lastName     = "Provider Last Name (Legal Name)"
	firstName    = "Provider First Name"
	middleName   = "Provider Middle Name"
	credential   = "Provider Credential Text"
	practice     = "Provider First Line Business Practice Location Address"
	practice2    = "Provider Second Line Business Practice Location Address"
	city         = "Provider Business Practice Location Address City Name"
	state        = "Provider Business Practice Location Address State Name"
	zip          = "Provider Business Practice Location Address Postal Code"
	telephone    = "Provider Business Practice Location Address Telephone Number"
	fax          = "Provider Business Practice Location Address Fax Number"
	taxonomy     = "Healthcare Provider Taxonomy Code_1"
	deactivated  = "NPI Deactivation Date"
	reactivated  = "NPI Reactivation Date"
)

const taxonomySystem = "http://nucc.org/provider-taxonomy"

// providers makes a Practitioner or an Organization of each provider that is active.
func providers(at map[string]int) row {
	return func(cells []string) (*fhir.Node, error) {
		return provider(func(column string) string {
			if i, ok := at[folded(column)]; ok {
				return strings.TrimSpace(cells[i])
			}
			return ""
		})
	}
}

func provider(of func(string) string) (*fhir.Node, error) {
	number := of(npi)
	if number == "" || of(entity) == "" || of(deactivated) != "" && of(reactivated) == "" {
		return nil, nil // a deactivated one has its number and nothing else
	}
	if read := value.Parse(value.NPI, number, value.Hint{}); !read.OK || len(read.Reasons) > 0 {
		return nil, fault.New(fault.Invalid, "roster_bad_npi", "the number is no NPI")
	}
	p := fhir.NewObject("resourceType", "Practitioner", "id", "npi-"+number,
		"identifier", []*fhir.Node{fhir.NewObject("system", value.NPISystem, "value", number)}, "active", true)
	contacts := contacts(of(telephone), "")
	if f := of(fax); f != "" {
		contacts = append(contacts, fhir.NewObject("system", "fax", "value", f))
	}
	home := address(texts(nonEmpty(of(practice), of(practice2))), of(city), of(state), of(zip))
	coded := func(list ...*fhir.Node) *fhir.Node {
		return fhir.NewObject("coding", list)
	}
	code := fhir.NewObject("system", taxonomySystem, "code", of(taxonomy))
	switch of(entity) {
	case "1":
		name := fhir.NewObject()
		text(name, "family", of(lastName))
		set(name, "given", texts(nonEmpty(of(firstName), of(middleName))))
		set(name, "suffix", texts(nonEmpty(of(credential))))
		p.Set("name", fhir.NewArray(name))
		set(p, "telecom", contacts)
		if home != nil {
			p.Set("address", fhir.NewArray(home))
		}
		if of(taxonomy) != "" {
			p.Set("qualification", fhir.NewArray(fhir.NewObject("code", coded(code))))
		}
	case "2":
		p.Set("resourceType", fhir.NewString("Organization"))
		if of(taxonomy) != "" {
			p.Set("type", fhir.NewArray(coded(code)))
		}
		text(p, "name", of(organisation))
		set(p, "telecom", contacts)
		if home != nil {
			p.Set("address", fhir.NewArray(home))
		}
	default:
		return nil, fault.New(fault.Invalid, "roster_bad_entity", "the type of entity is neither 1 nor 2")
	}
	return p, nil
}
