package search

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/fhirpath"
)

// State is how far the index of a custom parameter is.
type State int

const (
	Indexing State = iota // new resources are indexed, older ones are being read again: not searched yet
	Ready                 // every resource is indexed
	Retired               // no longer in force; its rows are being taken out
)

// Custom is a SearchParameter resource of a store (http://hl7.org/fhir/R4/searchparameter.html)
// that is searched like one of R4's own, or the wish to have the words of R4's _text or _content
// in an index for the types of its base.
type Custom struct {
	URL        string
	Code       string
	Kind       Kind
	Base       []string // resource types; Resource and DomainResource written out
	Targets    []string
	Expression string
	State      State
	// Index tells indexes of one code apart: a changed definition has an index of its own. It
	// must not be empty.
	Index string
}

// ownURL is where R4 and the resources that repeat its parameters have their names.
const ownURL = "http://hl7.org/fhir/SearchParameter/"

var (
	codeForm = regexp.MustCompile(`\A[A-Za-z][A-Za-z0-9_-]{0,63}\z`)
	// Index rows must be found again when the resource changes.
	momentary = regexp.MustCompile(`\b(now|today|timeOfDay)\s*\(`)
	quoted    = regexp.MustCompile(`'(?:[^'\\]|\\.)*'`)
)

// ReadCustom gives what a SearchParameter resource adds to R4's parameters. It is nil where
// the resource adds nothing: it is not active, or all that it defines is R4's own, which
// stays as R4 has it. Faults, all Invalid, are for active ones that cannot be used:
// search_parameter_code, search_parameter_type (composite and special parameters are R4's own
// only), search_parameter_base, search_parameter_expression.
func ReadCustom(n *fhir.Node) (*Custom, error) {
	url := n.Str("url")
	if n.Str("status") != "active" || strings.HasPrefix(url, ownURL) {
		return nil, nil
	}
	c := &Custom{URL: url, Code: n.Str("code"), Kind: Kind(n.Str("type")), Expression: n.Str("expression")}
	words := c.Code == NarrativeText || c.Code == ContentText
	if !words && !codeForm.MatchString(c.Code) {
		return nil, badCustom("code", "the code has another form than a letter and letters, digits, - and _")
	}
	for _, b := range n.Get("base").Items() {
		types, err := r4().basesOf(b.Text())
		if err != nil {
			return nil, err
		}
		for _, t := range types {
			if !slices.Contains(c.Base, t) && r4().Param(t, c.Code) == nil {
				c.Base = append(c.Base, t)
			}
		}
	}
	if len(c.Base) == 0 {
		return nil, nil
	}
	if words {
		return c, c.ofWords()
	}
	for _, t := range n.Get("target").Items() {
		if r4().Knows(t.Text()) {
			c.Targets = append(c.Targets, t.Text())
		}
	}
	switch c.Kind {
	case KindToken, KindString, KindDate, KindReference, KindQuantity, KindNumber, KindURI:
	default:
		return nil, badCustom("type", "a parameter of this type cannot be added")
	}
	return c, c.compile()
}

// ofWords makes it the index of R4's own parameter, which has no expression.
func (c *Custom) ofWords() error {
	if c.Kind != KindString && c.Kind != KindSpecial {
		return badCustom("type", "_text and _content are of type string")
	}
	if c.Expression != "" {
		return badCustom("expression", "_text and _content take no expression")
	}
	c.Kind = KindWords
	return nil
}

func badCustom(what, text string) error {
	return fault.New(fault.Invalid, "search_parameter_"+what, "this active SearchParameter cannot be used: %s", text).At(what)
}

// basesOf gives the types that a base stands for.
func (c *Catalogue) basesOf(base string) ([]string, error) {
	switch {
	case base == "Resource" || base == "DomainResource":
		return slices.DeleteFunc(slices.Clone(c.Types()), func(t string) bool {
			return base == "DomainResource" && (t == "Bundle" || t == "Binary" || t == "Parameters")
		}), nil
	case c.Knows(base):
		return []string{base}, nil
	}
	return nil, badCustom("base", "a base is no resource type of R4")
}

// compile tries the expression for every type.
func (c *Custom) compile() error {
	if momentary.MatchString(quoted.ReplaceAllString(c.Expression, "")) {
		return badCustom("expression", "the expression depends on the time at which it is read")
	}
	for _, t := range c.Base {
		e := r4().branches(c.Expression, t)
		if e == "" {
			return badCustom("expression", "the expression says nothing about a resource of one of its bases")
		}
		if _, err := fhirpath.CompileFor(e, t); err != nil {
			return badCustom("expression", "the expression is not FHIRPath, or names what a base does not have")
		}
	}
	return nil
}

// Same reports whether two definitions give the same index.
func (c *Custom) Same(o *Custom) bool {
	return c.Code == o.Code && c.Kind == o.Kind && c.Expression == o.Expression && slices.Equal(c.Base, o.Base)
}

// Overlaps reports whether two definitions are of one code and type.
func (c *Custom) Overlaps(o *Custom) bool {
	return c.Code == o.Code && slices.ContainsFunc(c.Base, func(t string) bool { return slices.Contains(o.Base, t) })
}

// params gives the parameters of a custom one.
func (c *Custom) params() []*Param {
	var list []*Param
	for _, t := range c.Base {
		list = append(list, &Param{Type: t, Code: c.Code, Kind: c.Kind, URL: c.URL, Targets: c.Targets,
			Expression: r4().branches(c.Expression, t), Index: c.Code + "@" + c.Index, State: c.State, Private: r4().Private(t, c.Kind)})
	}
	return list
}

// With gives a catalogue that has these parameters besides R4's own. Types without any share
// what was compiled for them.
func (c *Catalogue) With(list []*Custom) *Catalogue {
	out := &Catalogue{defs: c.defs, types: map[string]*typeParams{}, own: c, custom: map[string][]*Param{}}
	for _, one := range list {
		for _, p := range one.params() {
			out.custom[p.Type] = append(out.custom[p.Type], p)
		}
	}
	return out
}

// Custom gives the custom parameters in order of type and code, retired ones too.
func (c *Catalogue) Custom() []*Param {
	var list []*Param
	for _, t := range slices.Sorted(maps.Keys(c.custom)) {
		list = append(list, c.custom[t]...)
	}
	return list
}

// add puts the custom parameters of a type behind R4's own. Retired ones are only extracted
// from what is taken out of the index.
func (t *typeParams) add(list []*Param) {
	for _, p := range list {
		if p.Kind == KindWords {
			t.words = append(t.words, p)
			continue
		}
		if p.State == Retired {
			t.retired = append(t.retired, p)
			continue
		}
		t.byCode[p.Code] = p
		t.ordered = append(t.ordered, p)
	}
}
