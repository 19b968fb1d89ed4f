package main

import (
	"encoding/json"
	"fmt"
	"log"
	"sort"
	"strings"
)

const (
	r4Version   = "4.0.1"
	definitions = "http://hl7.org/fhir/StructureDefinition/"
)

// builder collects the lines of the text form; package definition documents it.
type builder struct {
	src        *sources
	out        strings.Builder
	witness    map[string]string // R4 element path, choices spelled out → type
	repeats    map[string]bool
	invariants map[constraint]int
	required   map[string]bool // value sets of required bindings
	dropped    []string
}

func build(src *sources) (string, error) {
	b := &builder{src: src, invariants: map[constraint]int{}, required: map[string]bool{}}
	steps := []func() error{b.readWitness, b.types, b.searchParameters, b.compartments, b.terminology}
	for _, step := range steps {
		if err := step(); err != nil {
			return "", err
		}
	}
	sort.Strings(b.dropped)
	for _, d := range b.dropped {
		log.Print("left out, not R4: ", d)
	}
	return b.out.String(), nil
}

// line writes one record; fields hold no tabs or line breaks.
func (b *builder) line(fields ...string) {
	for i, f := range fields {
		if i > 0 {
			b.out.WriteByte('\t')
		}
		b.out.WriteString(strings.Join(strings.Fields(f), " "))
	}
	b.out.WriteByte('\n')
}

func (b *builder) resources(file string, each func(kind string, raw json.RawMessage) error) error {
	data, err := b.src.read(medplum, "dist/fhir/r4/"+file)
	if err != nil {
		return err
	}
	var bu bundle
	if err := json.Unmarshal(data, &bu); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, e := range bu.Entry {
		var head struct{ ResourceType string }
		if err := json.Unmarshal(e.Resource, &head); err != nil {
			return err
		}
		if err := each(head.ResourceType, e.Resource); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func (b *builder) searchParameters() error {
	var all []searchParameter
	err := b.resources("search-parameters.json", func(_ string, raw json.RawMessage) error {
		var p searchParameter
		err := json.Unmarshal(raw, &p)
		all = append(all, p)
		return err
	})
	if err != nil {
		return err
	}
	code := map[string]string{}
	for _, p := range all {
		code[p.URL] = p.Code
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	for _, p := range all {
		if p.Version != r4Version {
			b.dropped = append(b.dropped, "SearchParameter "+p.ID+" of version "+p.Version)
			continue
		}
		fields := []string{"P", p.Code, p.ID, p.URL, p.Type, strings.Join(p.Base, ","), strings.Join(p.Target, ","), p.Expression}
		for _, c := range p.Component {
			fields = append(fields, code[c.Definition], c.Definition, c.Expression)
		}
		b.line(fields...)
	}
	return nil
}

func (b *builder) compartments() error {
	return b.resources("profiles-resources.json", func(kind string, raw json.RawMessage) error {
		if kind != "CompartmentDefinition" {
			return nil
		}
		var c compartment
		if err := json.Unmarshal(raw, &c); err != nil {
			return err
		}
		b.line("C", c.Code)
		for _, r := range c.Resource {
			if len(r.Param) > 0 {
				b.line("R", r.Code, strings.Join(r.Param, ","))
			}
		}
		return nil
	})
}
