package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// readWitness reads the R4 paths that the fhirpath package knows.
func (b *builder) readWitness() error {
	raw := map[string]json.RawMessage{}
	if err := b.readJSON("fhir-context/r4/path2Type.json", &raw); err != nil {
		return err
	}
	b.witness = map[string]string{}
	for path, v := range raw {
		var t string
		if json.Unmarshal(v, &t) != nil {
			var o struct{ Code string }
			if err := json.Unmarshal(v, &o); err != nil {
				return err
			}
			t = o.Code
		}
		b.witness[path] = t
	}
	elsewhere := map[string]string{}
	if err := b.readJSON("fhir-context/r4/pathsDefinedElsewhere.json", &elsewhere); err != nil {
		return err
	}
	for path := range elsewhere {
		b.witness[path] = "#"
	}
	var repeats []string
	b.repeats = map[string]bool{}
	if err := b.readJSON("fhir-context/r4/path2Repeating.json", &repeats); err != nil {
		return err
	}
	for _, p := range repeats {
		b.repeats[p] = true
	}
	return nil
}

func (b *builder) readJSON(name string, into any) error {
	data, err := b.src.read(fhirpath, name)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

func (b *builder) types() error {
	var all []structure
	for _, file := range []string{"profiles-types.json", "profiles-resources.json"} {
		err := b.resources(file, func(kind string, raw json.RawMessage) error {
			if kind != "StructureDefinition" {
				return nil
			}
			var s structure
			err := json.Unmarshal(raw, &s)
			if s.Derivation != "constraint" && s.Kind != "logical" {
				all = append(all, s)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	var body strings.Builder
	head := b.out
	b.out = body
	for _, s := range all {
		if s.Version != r4Version {
			b.dropped = append(b.dropped, "StructureDefinition "+s.Name+" of version "+s.Version)
			continue
		}
		if err := b.structure(s); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	types := b.out.String()
	b.out = head
	b.writeInvariants()
	b.out.WriteString(types)
	return nil
}

func (b *builder) writeInvariants() {
	list := make([]constraint, len(b.invariants))
	for c, i := range b.invariants {
		list[i] = c
	}
	for _, c := range list {
		b.line("I", c.Key, c.Severity, c.Expression, c.Human)
	}
}

func (b *builder) structure(s structure) error {
	b.line("T", s.Name, s.Kind[:1], mark(s.Abstract, "a"), strings.TrimPrefix(s.BaseDefinition, definitions), regex(s))
	elements := append([]element{}, s.Snapshot.Element...)
	elements, err := b.restore(s.Name, elements)
	if err != nil {
		return err
	}
	skip := "-"
	for _, e := range elements {
		if strings.HasPrefix(e.Path, skip) || s.Kind == "primitive-type" && e.Path == s.Name+".value" {
			continue // the value of a primitive is the JSON value itself
		}
		if !b.known(e) {
			b.dropped = append(b.dropped, e.Path)
			skip = e.Path + "."
			continue
		}
		b.element(e)
	}
	return nil
}

// known reports whether the witness has the element, as a whole or any of its choices.
func (b *builder) known(e element) bool {
	if !strings.Contains(e.Path, ".") || e.ContentReference != "" && b.witness[e.Path] != "" {
		return true
	}
	stem, choice := strings.CutSuffix(e.Path, "[x]")
	if !choice {
		return b.witness[e.Path] != ""
	}
	for _, t := range e.Type {
		if b.witness[stem+upper(t.Code)] != "" {
			return true
		}
	}
	return false
}

func (b *builder) element(e element) {
	name := e.Path[strings.LastIndexByte(e.Path, '.')+1:]
	name, choice := strings.CutSuffix(name, "[x]")
	attr := len(e.Representation) > 0 && e.Representation[0] == "xmlAttr"
	flags := mark(choice, "x") + mark(e.IsSummary, "s") + mark(e.IsModifier, "m") + mark(attr, "@")
	binding := ""
	if e.Binding != nil && e.Binding.ValueSet != "" && e.Binding.Strength != "example" {
		url, _, _ := strings.Cut(e.Binding.ValueSet, "|")
		binding = e.Binding.Strength[:1] + url
		if e.Binding.Strength == "required" {
			b.required[url] = true
		}
	}
	b.line("E", strconv.Itoa(strings.Count(e.Path, ".")), name, strconv.Itoa(e.Min), e.Max, flags,
		b.elementTypes(e), binding, strings.TrimPrefix(e.ContentReference, "#"), b.constraints(e))
}

func (b *builder) elementTypes(e element) string {
	var out []string
	stem, choice := strings.CutSuffix(e.Path, "[x]")
	for _, t := range e.Type {
		if choice && b.witness[stem+upper(t.Code)] == "" {
			b.dropped = append(b.dropped, e.Path+" as "+t.Code)
			continue
		}
		code := t.Code
		for _, x := range t.Extension {
			if strings.HasSuffix(x.URL, "structuredefinition-fhir-type") {
				code = x.ValueURL
			}
		}
		if e.Base.Path == "Resource.id" {
			code = "id"
		}
		if system, ok := strings.CutPrefix(code, "http://hl7.org/fhirpath/System."); ok {
			code = strings.ToLower(system)
		}
		var targets []string
		for _, p := range t.TargetProfile {
			targets = append(targets, strings.TrimPrefix(p, definitions))
		}
		if len(targets) > 0 {
			code += "(" + strings.Join(targets, ",") + ")"
		}
		out = append(out, code)
	}
	return strings.Join(out, "|")
}

func (b *builder) constraints(e element) string {
	var out []string
	for _, c := range e.Constraint {
		c.Expression, c.Human = strings.TrimSpace(c.Expression), strings.TrimSpace(c.Human)
		n, ok := b.invariants[c]
		if !ok {
			n = len(b.invariants)
			b.invariants[c] = n
		}
		out = append(out, strconv.Itoa(n))
	}
	return strings.Join(out, ",")
}

// restore adds elements of R4 that the first source lost and the witness has. Cardinality
// minimum and bindings are unknown there: they become optional and unbound.
func (b *builder) restore(name string, elements []element) ([]element, error) {
	have := map[string]bool{}
	for _, e := range elements {
		stem, choice := strings.CutSuffix(e.Path, "[x]")
		have[e.Path] = true
		for _, t := range e.Type {
			if choice {
				have[stem+upper(t.Code)] = true
			}
		}
	}
	var lost []string
	for path := range b.witness {
		if strings.HasPrefix(path, name+".") && !have[path] && !strings.HasPrefix(path, "ElementDefinition.extension.") {
			lost = append(lost, path)
		}
	}
	sort.Strings(lost)
	for _, path := range lost {
		elements = b.insert(elements, path)
	}
	return elements, nil
}

// insert puts a lost element after its last sibling. A name that ends in its own type
// belongs to a choice.
func (b *builder) insert(elements []element, path string) []element {
	t := b.witness[path]
	max := "1"
	if b.repeats[path] {
		max = "*"
	}
	e := element{Path: path, Max: max, Type: []elementType{{Code: t}}}
	if stem, ok := strings.CutSuffix(path, upper(t)); ok {
		e.Path = stem + "[x]"
		for i := range elements {
			if elements[i].Path == e.Path {
				elements[i].Type = append(elements[i].Type, e.Type...)
				return elements
			}
		}
	}
	parent := path[:strings.LastIndexByte(path, '.')+1]
	at := len(elements)
	for i := len(elements) - 1; i >= 0; i-- {
		if strings.HasPrefix(elements[i].Path, parent) {
			at = i + 1
			break
		}
	}
	elements = append(elements[:at:at], append([]element{e}, elements[at:]...)...)
	return elements
}

// regex finds the format of a primitive type's value.
func regex(s structure) string {
	if s.Kind != "primitive-type" {
		return ""
	}
	for _, e := range s.Snapshot.Element {
		if e.Path != s.Name+".value" {
			continue
		}
		for _, t := range e.Type {
			for _, x := range t.Extension {
				if strings.HasSuffix(x.URL, "/regex") {
					return x.ValueString
				}
			}
		}
	}
	return ""
}

func mark(on bool, s string) string {
	if on {
		return s
	}
	return ""
}

func upper(code string) string { return strings.ToUpper(code[:1]) + code[1:] }
