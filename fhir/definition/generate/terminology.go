package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// restricted systems are never copied: their owners' terms forbid it or ask for a licence.
var restricted = []string{"http://snomed.info/sct", "http://loinc.org", "http://www.ama-assn.org/go/cpt"}

// terminology writes the codes of the value sets that a required binding names, and of
// every code system whether case counts.
func (b *builder) terminology() error {
	sets, systems := map[string]valueSet{}, map[string]codeSystem{}
	for _, file := range []string{"valuesets.json", "v2-tables.json", "v3-codesystems.json"} {
		err := b.resources(file, func(kind string, raw json.RawMessage) error {
			if kind == "ValueSet" {
				var v valueSet
				err := json.Unmarshal(raw, &v)
				sets[v.URL] = v
				return err
			}
			var c codeSystem
			err := json.Unmarshal(raw, &c)
			systems[c.URL] = c
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, url := range sorted(b.required) {
		if err := b.valueSet(url, sets, systems); err != nil {
			return err
		}
	}
	for _, url := range sorted(systems) {
		c := systems[url]
		if c.CaseSensitive != nil {
			b.line("Y", url, mark(*c.CaseSensitive, "c"))
		}
	}
	return nil
}

// valueSet writes a set with all its codes, or marked open where it cannot be listed.
func (b *builder) valueSet(url string, sets map[string]valueSet, systems map[string]codeSystem) error {
	v, ok := sets[url]
	if !ok || len(v.Compose.Exclude) > 0 {
		b.line("V", url, "o")
		return nil
	}
	type part struct {
		system   string
		concepts []concept
	}
	var parts []part
	for _, in := range v.Compose.Include {
		c := in.Concept
		if len(c) == 0 {
			if len(in.Filter) > 0 || len(in.ValueSet) > 0 || systems[in.System].Content != "complete" {
				b.line("V", url, "o")
				return nil
			}
			c = systems[in.System].Concept
		}
		for _, r := range restricted {
			if in.System == r {
				return fmt.Errorf("%s has codes of %s", url, r)
			}
		}
		parts = append(parts, part{in.System, c})
	}
	b.line("V", url, "")
	for _, p := range parts {
		b.line("S", p.system)
		b.concepts(p.concepts, systems[p.system])
	}
	return nil
}

func (b *builder) concepts(list []concept, system codeSystem) {
	for _, c := range list {
		if c.Display == "" {
			c.Display = display(system.Concept, c.Code)
		}
		b.line("K", c.Code, c.Display)
		b.concepts(c.Concept, system)
	}
}

func display(list []concept, code string) string {
	for _, c := range list {
		if c.Code == code {
			return c.Display
		}
		if d := display(c.Concept, code); d != "" {
			return d
		}
	}
	return ""
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, strings.TrimSpace(k))
	}
	sort.Strings(keys)
	return keys
}
