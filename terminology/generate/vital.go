package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"chartlake/fhir/definition"
)

// vitalsigns is the profile that those of single vital signs constrain (R4, observation-vitalsigns).
const vitalsigns = "http://hl7.org/fhir/StructureDefinition/vitalsigns"

// element is what is read of an element of a profile.
type element struct {
	ID        string `json:"id"`
	FixedCode string `json:"fixedCode"`
	Binding   struct {
		ValueSet string `json:"valueSet"`
	} `json:"binding"`
}

// vitals gives the vital signs of R4 with the LOINC code and the UCUM units that their profiles fix:
// the last part of the profile's URL or the name of its component, the code, the units joined by "|".
// The profiles are those of package definition, which names its sources with their SHA-256.
func vitals() ([]string, error) {
	var lines []string
	units := map[string][]string{}
	type profile struct {
		Base         string `json:"baseDefinition"`
		Differential struct {
			Element []element `json:"element"`
		} `json:"differential"`
	}
	profiles := map[string]profile{}
	for _, line := range strings.Split(definition.Conformance(), "\n") {
		f := strings.SplitN(line, "\t", 3)
		switch {
		case len(f) < 3:
		case f[0] == "StructureDefinition" && strings.Contains(f[2], `"baseDefinition":"`+vitalsigns+`"`):
			var p profile
			if err := json.Unmarshal([]byte(f[2]), &p); err != nil {
				return nil, fmt.Errorf("%s: %w", f[1], err)
			}
			profiles[f[1]] = p
		case f[0] == "ValueSet" && strings.HasPrefix(f[1], "http://hl7.org/fhir/ValueSet/ucum-body"):
			var set struct {
				Compose struct {
					Include []struct{ Concept []struct{ Code string } }
				}
			}
			if err := json.Unmarshal([]byte(f[2]), &set); err != nil {
				return nil, fmt.Errorf("%s: %w", f[1], err)
			}
			for _, in := range set.Compose.Include {
				for _, c := range in.Concept {
					units[f[1]] = append(units[f[1]], c.Code)
				}
			}
		}
	}
	for url, p := range profiles {
		codes, of := map[string]string{}, map[string][]string{}
		for _, e := range p.Differential.Element {
			name := url[strings.LastIndexByte(url, '/')+1:]
			path := strings.TrimPrefix(e.ID, "Observation.")
			if part, rest, is := strings.Cut(strings.TrimPrefix(path, "component:"), "."); is && strings.HasPrefix(path, "component:") {
				name, path = part, rest
			}
			switch {
			case strings.HasPrefix(path, "code.coding:") && strings.HasSuffix(path, ".code") && e.FixedCode != "":
				if codes[name] == "" { // of oxygen saturation R4 fixes one, later releases two
					codes[name] = e.FixedCode
				}
			case path == "valueQuantity.code" && e.FixedCode != "":
				of[name] = []string{e.FixedCode}
			case path == "valueQuantity.code":
				set, _, _ := strings.Cut(e.Binding.ValueSet, "|")
				of[name] = units[set]
			}
		}
		for name, code := range codes {
			lines = append(lines, name+"\t"+code+"\t"+strings.Join(of[name], "|"))
		}
	}
	sort.Strings(lines)
	return lines, nil
}
