package definition

import (
	_ "embed"
	"sort"
	"sync"
)

//go:generate go run ./generate

//go:embed r4.zst
var packed []byte

// Definitions is one release's definitions. It is never changed after R4 made it and may be
// used by many goroutines.
type Definitions struct {
	types        map[string]*Type
	order        []string
	params       []*SearchParameter
	byType       map[string][]*SearchParameter // resource type → its own and inherited, by code
	compartments map[string]*Compartment
	sets         map[string]*ValueSet
	cases        map[string]Case
}

var once = sync.OnceValue(func() *Definitions { return decode(unpack(packed)) })

// R4 gives the definitions of FHIR 4.0.1. The first call unpacks them.
func R4() *Definitions { return once() }

// Type gives a type by name; nil when R4 has none of this name.
func (d *Definitions) Type(name string) *Type { return d.types[name] }

// Types lists all types in order of name.
func (d *Definitions) Types() []*Type {
	list := make([]*Type, 0, len(d.order))
	for _, n := range d.order {
		list = append(list, d.types[n])
	}
	return list
}

// ResourceType gives a resource type that instances may have; nil for other names.
func (d *Definitions) ResourceType(name string) *Type {
	if t := d.types[name]; t != nil && t.Kind == Resource && !t.Abstract {
		return t
	}
	return nil
}

// ResourceTypes lists the names of the concrete resource types, in order.
func (d *Definitions) ResourceTypes() []string {
	var names []string
	for _, n := range d.order {
		if d.ResourceType(n) != nil {
			names = append(names, n)
		}
	}
	return names
}

// SearchParameters lists the parameters of a resource type with those of Resource and
// DomainResource, in order of code. The slice is shared: do not change it.
func (d *Definitions) SearchParameters(resourceType string) []*SearchParameter {
	return d.byType[resourceType]
}

// SearchParameter gives one parameter of a resource type by its code; nil where there is none.
func (d *Definitions) SearchParameter(resourceType, code string) *SearchParameter {
	list := d.byType[resourceType]
	i := sort.Search(len(list), func(i int) bool { return list[i].Code >= code })
	if i < len(list) && list[i].Code == code {
		return list[i]
	}
	return nil
}

// AllSearchParameters lists every parameter once, in order of id. The slice is shared.
func (d *Definitions) AllSearchParameters() []*SearchParameter { return d.params }

// Compartment gives a compartment definition; nil when there is none of this type.
func (d *Definitions) Compartment(resourceType string) *Compartment {
	return d.compartments[resourceType]
}

// ValueSet gives a value set of a required binding by URL without version; nil for others.
func (d *Definitions) ValueSet(url string) *ValueSet { return d.sets[url] }

// CaseOf says whether case counts in the codes of a code system.
func (d *Definitions) CaseOf(system string) Case { return d.cases[system] }
