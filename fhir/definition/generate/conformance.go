package main

import (
	"bytes"
	"encoding/json"
	"sort"
	"strings"
)

// withheld systems are those of which no codes may be copied into value sets. LOINC codes of
// HL7's vital signs profiles and value sets are: its licence allows it with the notice that
// stands in conformance.go.
var withheld = []string{"http://snomed.info/sct", "http://www.ama-assn.org/go/cpt"}

// conformance gives the resources that deep validation needs, one a line after its type and
// URL, with tabs between: the profiles and
// extensions of R4 as differentials, all value sets as definitions, all code systems with
// their codes. What only people read is left out.
func conformance(src *sources) (string, error) {
	b := &builder{src: src}
	lines := map[string]string{}
	keep := map[string]func(map[string]json.RawMessage) (any, error){
		"StructureDefinition": slimProfile, "ValueSet": slimValueSet, "CodeSystem": slimCodeSystem,
	}
	for _, file := range []string{"extension-definitions.json", "profiles-others.json", "profiles-types.json", "valuesets.json", "v2-tables.json", "v3-codesystems.json"} {
		err := b.resources(file, func(kind string, raw json.RawMessage) error {
			slim := keep[kind]
			if slim == nil {
				return nil
			}
			var r map[string]json.RawMessage
			if err := json.Unmarshal(raw, &r); err != nil {
				return err
			}
			out, err := slim(r)
			if err != nil || out == nil {
				return err
			}
			line, err := encode(out)
			head := kind + "\t" + text(r["url"])
			lines[head] = head + "\t" + line
			return err
		})
		if err != nil {
			return "", err
		}
	}
	urls := make([]string, 0, len(lines))
	for u := range lines {
		urls = append(urls, u)
	}
	sort.Strings(urls)
	var out strings.Builder
	for _, u := range urls {
		out.WriteString(lines[u] + "\n")
	}
	return out.String(), nil
}

func encode(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSpace(b.String()), err
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s) // absent or another kind: empty
	return s
}

// only keeps the named members.
func only(r map[string]json.RawMessage, names ...string) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, n := range names {
		if v, ok := r[n]; ok {
			out[n] = v
		}
	}
	return out
}

// slimProfile keeps constraining definitions whose values name no withheld system.
func slimProfile(r map[string]json.RawMessage) (any, error) {
	if text(r["derivation"]) != "constraint" || text(r["version"]) != r4Version {
		return nil, nil
	}
	var diff struct {
		Element []map[string]json.RawMessage `json:"element"`
	}
	if err := json.Unmarshal(r["differential"], &diff); err != nil {
		return nil, err
	}
	for i, e := range diff.Element {
		slim := only(e, "id", "path", "sliceName", "slicing", "min", "max", "type", "contentReference", "maxLength", "constraint", "binding", "isModifier")
		for name, v := range e {
			for _, prefix := range []string{"fixed", "pattern", "minValue", "maxValue"} {
				if strings.HasPrefix(name, prefix) {
					slim[name] = v
				}
			}
		}
		if err := slimParts(slim); err != nil {
			return nil, err
		}
		diff.Element[i] = slim
	}
	out := only(r, "resourceType", "url", "name", "type", "kind", "derivation", "baseDefinition", "context", "contextInvariant", "abstract")
	var err error
	out["differential"], err = json.Marshal(diff)
	for _, system := range withheld {
		if bytes.Contains(out["differential"], []byte(`"`+system+`"`)) {
			return nil, err
		}
	}
	return out, err
}

// slimParts shortens the constraints and the binding of an element.
func slimParts(e map[string]json.RawMessage) error {
	if raw, ok := e["constraint"]; ok {
		var list []map[string]json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		for i := range list {
			list[i] = only(list[i], "key", "severity", "human", "expression")
		}
		e["constraint"], _ = json.Marshal(list)
	}
	if raw, ok := e["binding"]; ok {
		var b map[string]json.RawMessage
		if err := json.Unmarshal(raw, &b); err != nil {
			return err
		}
		e["binding"], _ = json.Marshal(only(b, "strength", "valueSet"))
	}
	return nil
}

// slimValueSet keeps the definition. A list of withheld codes becomes a filter that nobody
// can evaluate, which says that what the set holds of this system is not known here.
func slimValueSet(r map[string]json.RawMessage) (any, error) {
	var compose map[string][]map[string]json.RawMessage
	raw, ok := r["compose"]
	if !ok {
		return nil, nil
	}
	var loose map[string]json.RawMessage
	if err := json.Unmarshal(raw, &loose); err != nil {
		return nil, err
	}
	kept, err := json.Marshal(only(loose, "include", "exclude"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(kept, &compose); err != nil {
		return nil, err
	}
	for _, parts := range compose {
		for i, p := range parts {
			slim := only(p, "system", "version", "concept", "filter", "valueSet")
			if list, ok := slim["concept"]; ok {
				if slim["concept"], err = slimConcepts(list); err != nil {
					return nil, err
				}
			}
			for _, system := range withheld {
				if text(p["system"]) == system && len(p["concept"]) > 0 {
					delete(slim, "concept")
					slim["filter"] = json.RawMessage(`[{"property":"withheld","op":"=","value":"true"}]`)
				}
			}
			parts[i] = slim
		}
	}
	out := map[string]any{"compose": compose}
	for n, v := range only(r, "resourceType", "url", "name") {
		out[n] = v
	}
	return out, nil
}

// slimConcepts keeps codes, displays and the hierarchy.
func slimConcepts(raw json.RawMessage) (json.RawMessage, error) {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	for i, c := range list {
		list[i] = only(c, "code", "display")
		var err error
		if below, ok := c["concept"]; ok {
			if list[i]["concept"], err = slimConcepts(below); err != nil {
				return nil, err
			}
		}
		if list[i]["property"], err = slimProperties(c["property"]); err != nil {
			return nil, err
		}
		if list[i]["property"] == nil {
			delete(list[i], "property")
		}
	}
	return json.Marshal(list)
}

// slimProperties keeps the properties by which R4's own value sets filter.
func slimProperties(raw json.RawMessage) (json.RawMessage, error) {
	if raw == nil {
		return nil, nil
	}
	var all, kept []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	for _, p := range all {
		switch text(p["code"]) {
		case "notSelectable", "subsumedBy", "child", "status", "inactive":
			kept = append(kept, p)
		}
	}
	if kept == nil {
		return nil, nil
	}
	return json.Marshal(kept)
}

func slimCodeSystem(r map[string]json.RawMessage) (any, error) {
	out := only(r, "resourceType", "url", "name", "caseSensitive", "content", "hierarchyMeaning", "valueSet")
	for _, system := range append(withheld, "http://loinc.org") {
		if text(r["url"]) == system {
			return out, nil
		}
	}
	var err error
	if list, ok := r["concept"]; ok {
		out["concept"], err = slimConcepts(list)
	}
	return out, err
}
