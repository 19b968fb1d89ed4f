package definition

// SearchParameter is a search parameter of R4.
type SearchParameter struct {
	Code       string // the name in a query
	ID         string // Patient-birthdate, clinical-patient
	URL        string
	Type       string   // number date string token reference composite quantity uri special
	Base       []string // resource types, also Resource and DomainResource
	Targets    []string // resource types that a reference may point to
	Expression string   // FHIRPath, with one branch per base joined by |; empty for _text, _content, _query
	Components []Component
}

// Component is one part of a composite parameter.
type Component struct {
	Code       string // of the parameter that defines how values compare
	Definition string // its URL
	Expression string // FHIRPath, relative to what the composite's expression gives
}

// Compartment lists, per resource type, the search parameters that put a resource into the
// compartment of the resource that they point to. "{def}" stands for the resource itself.
type Compartment struct {
	Type   string // Patient, Practitioner, RelatedPerson, Encounter, Device
	Params map[string][]string
}

// ValueSet is a value set of a required binding.
type ValueSet struct {
	URL string
	// Open sets cannot be listed here (media types, or defined outside of FHIR); they hold
	// no codes and no code may be refused by them.
	Open    bool
	Systems []System
}

// System is the part of a value set that comes from one code system.
type System struct {
	URL      string
	Concepts []Concept
}

// Concept is a code with its display text, which may be empty.
type Concept struct{ Code, Display string }

// Find gives the concept of a code in any system of the set.
func (v *ValueSet) Find(code string) (system string, c Concept, ok bool) {
	for _, s := range v.Systems {
		for _, c := range s.Concepts {
			if c.Code == code {
				return s.URL, c, true
			}
		}
	}
	return "", Concept{}, false
}

// Has reports whether the set holds a code, in the given system where system is not empty.
// An Open set holds everything.
func (v *ValueSet) Has(system, code string) bool {
	if v.Open {
		return true
	}
	for _, s := range v.Systems {
		if system != "" && system != s.URL {
			continue
		}
		for _, c := range s.Concepts {
			if c.Code == code {
				return true
			}
		}
	}
	return false
}

// Case is what a code system says of upper and lower case in its codes.
type Case int

const (
	CaseUnknown Case = iota
	CaseSensitive
	CaseInsensitive
)
