package search

import (
	"slices"
	"strings"
	"sync"

	"chartlake/fhir/definition"
)

// Kind is the type of a search parameter.
type Kind string

const (
	KindToken     Kind = "token"
	KindString    Kind = "string"
	KindDate      Kind = "date"
	KindReference Kind = "reference"
	KindQuantity  Kind = "quantity"
	KindNumber    Kind = "number"
	KindURI       Kind = "uri"
	KindComposite Kind = "composite"
	KindSpecial   Kind = "special"

	// KindWords is an index of the words that _text or _content search: no type of FHIR's.
	KindWords Kind = "words"
)

// Param is a SearchParameter as it applies to one resource type.
type Param struct {
	Type       string // resource type
	Code       string
	Kind       Kind
	URL        string
	Targets    []string // reference: types that it may point to
	Expression string   // FHIRPath, only the branches for Type
	Components []Component
	Index      string // name of its index; "": Code
	State      State  // of a custom parameter; R4's own count as Ready, see Usable
	// Private says that the values are what a person is known by, or may name one: all texts,
	// the dates of whoever has a birth date, and addresses of files. A database whose pages are
	// not sealed must not hold them in clear.
	Private bool
}

// ofFiles reports whether a uri parameter of R4 is of elements of type url: where something
// lies, and not a name that definitions have.
func (c *Catalogue) ofFiles(p *Param) bool {
	m := plainPath.FindStringSubmatch(p.Expression)
	if p.Kind != KindURI || m == nil {
		return false
	}
	at := c.defs.ResourceType(p.Type).Root
	for name := range strings.SplitSeq(m[1][1:], ".") {
		child := at.Content().Child(name)
		if child == nil && len(at.Types) == 1 {
			child = at.Types[0].Type.Element(name)
		}
		if at = child; at == nil {
			return false
		}
	}
	return len(at.Types) == 1 && at.Types[0].Type.Name == "url"
}

// Private reports whether the values of a type's parameters of a kind are private, by the
// definitions of R4; see Param.Private.
func (c *Catalogue) Private(resourceType string, k Kind) bool {
	switch k {
	case KindString:
		return true
	case KindDate:
		t := c.defs.ResourceType(resourceType)
		return t != nil && t.Element("birthDate") != nil
	}
	return false
}

// IndexName is the name under which the parameter's values are indexed.
func (p *Param) IndexName() string {
	if p.Index != "" {
		return p.Index
	}
	return p.Code
}

// Usable reports whether every resource is indexed under the parameter.
func (p *Param) Usable() bool { return p.Index == "" || p.State == Ready }

// Component is one part of a composite parameter.
type Component struct {
	Param      *Param // how its values compare; Type is the composite's
	Expression string // relative to what the composite's expression gives
}

// Catalogue is the set of parameters that a server knows. It may be used by many goroutines.
type Catalogue struct {
	defs  *definition.Definitions
	mu    sync.RWMutex
	types map[string]*typeParams

	inside sync.Map // parameters of contained resources by their names, see contained.go

	own    *Catalogue          // R4's own, where custom parameters are added to it
	custom map[string][]*Param // by type
}

type typeParams struct {
	paths   map[*Param][][]string // of Catalogue.paths
	byCode  map[string]*Param
	ordered []*Param
	retired []*Param
	words   []*Param // indexes of words, of any state
	extract *extractor
}

var r4 = sync.OnceValue(func() *Catalogue {
	return &Catalogue{defs: definition.R4(), types: map[string]*typeParams{}}
})

// R4 is the catalogue of the parameters of FHIR 4.0.1.
func R4() *Catalogue { return r4() }

// Knows reports whether a resource type exists.
func (c *Catalogue) Knows(resourceType string) bool { return c.defs.ResourceType(resourceType) != nil }

// Types lists the resource types.
func (c *Catalogue) Types() []string { return c.defs.ResourceTypes() }

// Params lists the parameters of a type that can be searched, in order of code. The slice
// is shared.
func (c *Catalogue) Params(resourceType string) []*Param { return c.of(resourceType).ordered }

// Param gives one parameter; nil when the type has none of this code.
func (c *Catalogue) Param(resourceType, code string) *Param {
	return c.of(resourceType).byCode[code]
}

// PatientParams gives the codes of the parameters that put a resource of this type into a
// patient's compartment; nil when the type is in no patient's compartment. "{def}" stands
// for the Patient itself.
func (c *Catalogue) PatientParams(resourceType string) []string {
	comp := c.defs.Compartment("Patient")
	if comp == nil {
		return nil
	}
	return comp.Params[resourceType]
}

// Hierarchy gives the parameter by which resources of a type are part of others of that type;
// nil where there is none (R4 §3.1.1.4.13 calls these references circular).
func (c *Catalogue) Hierarchy(resourceType string) *Param {
	for _, p := range c.Params(resourceType) {
		if p.Kind != KindReference || p.Index != "" || !slices.Contains(p.Targets, resourceType) {
			continue
		}
		switch strings.TrimPrefix(p.Expression, resourceType+".") {
		case "partOf", "parent", "parentDevice":
			return p
		}
	}
	return nil
}

// Modifiers lists the modifiers that work on a parameter of the catalogue.
func (c *Catalogue) Modifiers(p *Param) []Modifier {
	list := Support.Modifiers(p.Kind)
	if p.Kind != KindReference || slices.ContainsFunc(p.Targets, func(t string) bool { return c.Hierarchy(t) != nil }) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(m Modifier) bool { return m == Above || m == Below })
}

// WordIndex gives the index that answers _text or _content for a type; nil where there is none,
// or it does not have every resource yet: then resources are read.
func (c *Catalogue) WordIndex(resourceType, code string) *Param {
	for _, p := range c.of(resourceType).words {
		if p.Code == code && p.State == Ready {
			return p
		}
	}
	return nil
}

func (c *Catalogue) of(resourceType string) *typeParams {
	if c.own != nil && len(c.custom[resourceType]) == 0 {
		return c.own.of(resourceType)
	}
	c.mu.RLock()
	t := c.types[resourceType]
	c.mu.RUnlock()
	if t != nil {
		return t
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t = c.types[resourceType]; t == nil {
		t = c.build(resourceType)
		c.types[resourceType] = t
	}
	return t
}

// build makes the parameters of one type. _id and _lastUpdated come from the store's own
// columns; parameters without an expression (_text, _content, _query) are not supported.
func (c *Catalogue) build(resourceType string) *typeParams {
	t := &typeParams{byCode: map[string]*Param{}}
	if !c.Knows(resourceType) {
		return t
	}
	for _, sp := range c.defs.SearchParameters(resourceType) {
		if sp.Expression == "" || sp.Code == "_id" || sp.Code == "_lastUpdated" || sp.Type == string(KindSpecial) {
			continue
		}
		p := &Param{Type: resourceType, Code: sp.Code, Kind: Kind(sp.Type), URL: sp.URL, Targets: sp.Targets,
			Expression: c.branches(sp.Expression, resourceType), Private: c.Private(resourceType, Kind(sp.Type))}
		if p.Expression == "" {
			continue
		}
		p.Private = p.Private || c.ofFiles(p)
		t.byCode[sp.Code] = p
		t.ordered = append(t.ordered, p)
	}
	for _, p := range t.ordered {
		if p.Kind == KindComposite {
			c.components(p, t.byCode)
		}
	}
	t.add(c.custom[resourceType])
	return t
}

// components resolves the parts of a composite; a part whose parameter this type does not
// have by code is found by its URL.
func (c *Catalogue) components(p *Param, byCode map[string]*Param) {
	sp := c.defs.SearchParameter(p.Type, p.Code)
	for _, part := range sp.Components {
		found := byCode[part.Code]
		if found == nil || found.URL != part.Definition {
			for _, any := range c.defs.AllSearchParameters() {
				if any.URL == part.Definition {
					found = &Param{Type: p.Type, Code: any.Code, Kind: Kind(any.Type), URL: any.URL, Targets: any.Targets,
						Private: c.Private(p.Type, Kind(any.Type))}
					break
				}
			}
		}
		if found == nil {
			found = &Param{Type: p.Type, Code: part.Code, Kind: KindToken}
		}
		// code-value-date of R4 asks for a DateTime, which no element is: FHIR's type is dateTime.
		expression := strings.ReplaceAll(part.Expression, "as(DateTime)", "as(dateTime)")
		p.Components = append(p.Components, Component{Param: found, Expression: expression})
	}
}

// branches keeps of an expression the alternatives that apply to a resource type. R4 joins
// one branch per base type by |; evaluating all of them would cost 15 times as much.
func (c *Catalogue) branches(expression, resourceType string) string {
	var kept []string
	for _, b := range splitTop(expression, '|') {
		b = strings.TrimSpace(b)
		root := strings.TrimLeft(b, "( ")
		if i := strings.IndexFunc(root, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
		}); i >= 0 {
			root = root[:i]
		}
		if root == resourceType || root == "Resource" || root == "DomainResource" || c.defs.Type(root) == nil {
			kept = append(kept, b)
		}
	}
	return strings.Join(kept, " | ")
}

// splitTop splits at a separator outside of parentheses and quotes.
func splitTop(s string, sep byte) []string {
	var parts []string
	depth, start, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == sep && depth == 0:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}
