package definition

import (
	"sort"
	"strconv"
	"strings"
)

// decoder reads the text form: one record a line, fields separated by tabs, the first field
// says what it is.
//
//	I key severity expression human                            an invariant, numbered in order
//	T name kind abstract base regex                            a type; its elements follow
//	E depth name min max flags types binding reference invariants
//	P code id url type bases targets expression {code definition expression}
//	C type / R type params                                     a compartment and its rows
//	V url open / S system / K code display                     a value set
//	Y url sensitive                                            case of a code system
//
// Lists are joined by commas, the types of an element by |, targets stand in parentheses.
type decoder struct {
	d          *Definitions
	invariants []*Invariant
	stack      []*Element
	paths      map[string]*Element // of elements with children, for content references
	links      []link
	comp       *Compartment
	set        *ValueSet
	refs       map[string][]TypeRef // by their text, shared
	bindings   map[string]*Binding
	rules      map[string][]*Invariant
}

type link struct {
	e    *Element
	path string
}

func decode(text string) *Definitions {
	d := &decoder{
		d: &Definitions{types: map[string]*Type{}, byType: map[string][]*SearchParameter{},
			compartments: map[string]*Compartment{}, sets: map[string]*ValueSet{}, cases: map[string]Case{}},
		paths: map[string]*Element{}, refs: map[string][]TypeRef{},
		bindings: map[string]*Binding{}, rules: map[string][]*Invariant{},
	}
	d.declare(text)
	var fields []string
	for len(text) > 0 {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		fields = split(fields[:0], line)
		d.record(fields)
	}
	for _, l := range d.links {
		l.e.Reference = d.paths[l.path]
	}
	d.indexParameters()
	return d.d
}

// declare makes every type, so that elements can point at types that come later.
func (d *decoder) declare(text string) {
	for len(text) > 0 {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if strings.HasPrefix(line, "T\t") {
			name, _, _ := strings.Cut(line[2:], "\t")
			d.d.types[name] = &Type{Name: name}
			d.d.order = append(d.d.order, name)
		}
	}
	sort.Strings(d.d.order)
}

func split(fields []string, line string) []string {
	for {
		i := strings.IndexByte(line, '\t')
		if i < 0 {
			return append(fields, line)
		}
		fields = append(fields, line[:i])
		line = line[i+1:]
	}
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func (d *decoder) record(f []string) {
	switch f[0] {
	case "I":
		d.invariants = append(d.invariants, &Invariant{Key: f[1], Severity: f[2], Expression: f[3], Human: f[4]})
	case "T":
		t := d.d.types[f[1]]
		t.Kind, t.Abstract, t.Base, t.Regex = Kind(f[2][0]), f[3] == "a", d.d.types[f[4]], f[5]
	case "E":
		d.element(f)
	case "P":
		d.parameter(f)
	case "C":
		d.comp = &Compartment{Type: f[1], Params: map[string][]string{}}
		d.d.compartments[f[1]] = d.comp
	case "R":
		d.comp.Params[f[1]] = list(f[2])
	case "V":
		d.set = &ValueSet{URL: f[1], Open: f[2] == "o"}
		d.d.sets[f[1]] = d.set
	case "S":
		d.set.Systems = append(d.set.Systems, System{URL: f[1]})
	case "K":
		s := &d.set.Systems[len(d.set.Systems)-1]
		s.Concepts = append(s.Concepts, Concept{f[1], f[2]})
	case "Y":
		d.d.cases[f[1]] = CaseInsensitive
		if f[2] == "c" {
			d.d.cases[f[1]] = CaseSensitive
		}
	}
}

func (d *decoder) element(f []string) {
	depth := int(f[1][0] - '0')
	e := &Element{
		Name: f[2], Path: f[2], Min: number(f[3]), Max: number(f[4]),
		Choice: strings.Contains(f[5], "x"), Summary: strings.Contains(f[5], "s"),
		Modifier: strings.Contains(f[5], "m"), Attribute: strings.Contains(f[5], "@"),
		Types: d.typeRefs(f[6]), Binding: d.binding(f[7]), Invariants: d.rule(f[9]),
	}
	if f[8] != "" {
		d.links = append(d.links, link{e, f[8]})
	}
	if depth == 0 {
		d.d.types[e.Name].Root = e
		d.stack = append(d.stack[:0], e)
		return
	}
	parent := d.stack[depth-1]
	e.Path = parent.Path + "." + e.Name
	if e.Choice {
		e.Path += "[x]"
	}
	if len(parent.Children) == 0 {
		d.paths[parent.Path] = parent
	}
	parent.Children = append(parent.Children, e)
	d.stack = append(d.stack[:depth], e)
}

func number(s string) int {
	if s == "*" {
		return Unbounded
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("definition: " + s + " is no cardinality")
	}
	return n
}

func (d *decoder) typeRefs(s string) []TypeRef {
	if s == "" {
		return nil
	}
	if refs, ok := d.refs[s]; ok {
		return refs
	}
	var refs []TypeRef
	for _, part := range strings.Split(s, "|") {
		name, targets, _ := strings.Cut(strings.TrimSuffix(part, ")"), "(")
		t := d.d.types[name]
		if t == nil {
			panic("definition: type " + name + " is not defined")
		}
		refs = append(refs, TypeRef{Type: t, Targets: list(targets)})
	}
	d.refs[s] = refs
	return refs
}

func (d *decoder) binding(s string) *Binding {
	if s == "" {
		return nil
	}
	b := d.bindings[s]
	if b == nil {
		b = &Binding{Strength: Strength(s[0]), ValueSet: s[1:]}
		d.bindings[s] = b
	}
	return b
}

func (d *decoder) rule(s string) []*Invariant {
	if s == "" {
		return nil
	}
	r, ok := d.rules[s]
	if !ok {
		for _, n := range list(s) {
			r = append(r, d.invariants[number(n)])
		}
		d.rules[s] = r
	}
	return r
}

func (d *decoder) parameter(f []string) {
	p := &SearchParameter{Code: f[1], ID: f[2], URL: f[3], Type: f[4], Base: list(f[5]), Targets: list(f[6]), Expression: f[7]}
	for i := 8; i+2 < len(f); i += 3 {
		p.Components = append(p.Components, Component{Code: f[i], Definition: f[i+1], Expression: f[i+2]})
	}
	d.d.params = append(d.d.params, p)
}

// indexParameters lists the parameters by resource type, the inherited ones too.
func (d *decoder) indexParameters() {
	own := map[string][]*SearchParameter{}
	for _, p := range d.d.params {
		for _, base := range p.Base {
			own[base] = append(own[base], p)
		}
	}
	for _, name := range d.d.order {
		var all []*SearchParameter
		for t := d.d.types[name]; t != nil; t = t.Base {
			all = append(all, own[t.Name]...)
		}
		if len(all) == 0 {
			continue
		}
		sort.SliceStable(all, func(i, j int) bool { return all[i].Code < all[j].Code })
		d.d.byType[name] = all
	}
}
