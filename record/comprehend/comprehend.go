// Package comprehend writes clinical mentions as the answer of Amazon Comprehend Medical's
// DetectEntitiesV2, so that programs that read it need no change. Offsets count characters.
// What Comprehend Medical has no word for (sections, candidate codes, states, the cue of an
// assertion) is left out; so is an attribute that does not stand in the text as it is.
package comprehend

import (
	"strings"

	"chartlake/record"
)

// Response is the answer.
type Response struct {
	Entities           []Entity    `json:"Entities"`
	UnmappedAttributes []Attribute `json:"UnmappedAttributes"`
	ModelVersion       string      `json:"ModelVersion"`
}

// Entity is a mention.
type Entity struct {
	ID          int         `json:"Id"`
	BeginOffset int         `json:"BeginOffset"`
	EndOffset   int         `json:"EndOffset"`
	Score       float64     `json:"Score"`
	Text        string      `json:"Text"`
	Category    string      `json:"Category"`
	Type        string      `json:"Type"`
	Traits      []Trait     `json:"Traits"`
	Attributes  []Attribute `json:"Attributes,omitempty"`
}

// Trait is what is asserted of a mention.
type Trait struct {
	Name  string  `json:"Name"`
	Score float64 `json:"Score"`
}

// Attribute is a part of what is said of a mention, with its own place.
type Attribute struct {
	Type              string  `json:"Type"`
	Score             float64 `json:"Score"`
	RelationshipScore float64 `json:"RelationshipScore"`
	RelationshipType  string  `json:"RelationshipType"`
	ID                int     `json:"Id"`
	BeginOffset       int     `json:"BeginOffset"`
	EndOffset         int     `json:"EndOffset"`
	Text              string  `json:"Text"`
	Category          string  `json:"Category"`
	Traits            []Trait `json:"Traits"`
}

// kinds are category and type of each type of mention; social histories are told by their words.
var kinds = map[record.EntityType][2]string{
	record.Problem:       {"MEDICAL_CONDITION", "DX_NAME"},
	record.Medication:    {"MEDICATION", "GENERIC_NAME"},
	record.Test:          {"TEST_TREATMENT_PROCEDURE", "TEST_NAME"},
	record.Procedure:     {"TEST_TREATMENT_PROCEDURE", "PROCEDURE_NAME"},
	record.Anatomy:       {"ANATOMY", "SYSTEM_ORGAN_SITE"},
	record.Allergy:       {"BEHAVIORAL_ENVIRONMENTAL_SOCIAL", "ALLERGIES"},
	record.SocialHistory: {"BEHAVIORAL_ENVIRONMENTAL_SOCIAL", "TOBACCO_USE"},
	record.PHI:           {"PROTECTED_HEALTH_INFORMATION", "ID"},
}

// identifiers are the types of DetectPHI by kind of identifier; those that are not here are an ID.
var identifiers = map[string]string{
	"name": "NAME", "location": "ADDRESS", "date": "DATE", "age": "AGE", "phone": "PHONE_OR_FAX", "fax": "PHONE_OR_FAX",
	"email": "EMAIL", "url": "URL",
}

// parts are the types of attributes, in the order in which they are written.
var parts = []struct{ name, typ string }{
	{"strength", "STRENGTH"}, {"form", "FORM"}, {"route", "ROUTE_OR_MODE"}, {"frequency", "FREQUENCY"}, {"duration", "DURATION"},
	{"value", "TEST_VALUE"}, {"unit", "TEST_UNIT"},
}

// reach is how many characters behind a mention its attributes are looked for.
const reach = 300

// Write writes the mentions of a text; version names the engine.
func Write(text string, entities []record.Entity, version string) Response {
	out := Response{Entities: []Entity{}, UnmappedAttributes: []Attribute{}, ModelVersion: version}
	runes, id := []rune(text), len(entities)
	for n, e := range entities {
		kind, known := kinds[e.Type]
		if !known {
			continue
		}
		if e.Type == record.SocialHistory {
			kind[1] = habit(e.Text)
		}
		if typ := identifiers[e.Attributes["kind"]]; e.Type == record.PHI && typ != "" {
			kind[1] = typ
		}
		x := Entity{ID: n, BeginOffset: e.Begin, EndOffset: e.End, Score: e.Confidence, Text: e.Text, Category: kind[0], Type: kind[1], Traits: traits(e)}
		at := e.End
		for _, p := range parts {
			v := e.Attributes[p.name]
			begin := find(runes, v, at, e.End+reach)
			if begin < 0 {
				continue
			}
			x.Attributes = append(x.Attributes, Attribute{Type: p.typ, Score: e.Confidence, RelationshipScore: e.Confidence, RelationshipType: p.typ,
				ID: id, BeginOffset: begin, EndOffset: begin + len([]rune(v)), Text: v, Category: kind[0], Traits: []Trait{}})
			id++
		}
		out.Entities = append(out.Entities, x)
	}
	return out
}

// find gives where words stand between two offsets; -1 where they do not.
func find(text []rune, words string, from, to int) int {
	to = min(to, len(text))
	if words == "" || from < 0 || from >= to {
		return -1
	}
	part := string(text[from:to])
	i := strings.Index(part, words)
	if i < 0 {
		return -1
	}
	return from + len([]rune(part[:i]))
}

func habit(words string) string {
	l := strings.ToLower(words)
	for _, h := range []struct{ part, typ string }{{"etoh", "ALCOHOL_CONSUMPTION"}, {"alcohol", "ALCOHOL_CONSUMPTION"}, {"drug", "REC_DRUG_USE"}, {"illicit", "REC_DRUG_USE"}} {
		if strings.Contains(l, h.part) {
			return h.typ
		}
	}
	return "TOBACCO_USE"
}

func traits(e record.Entity) []Trait {
	out := []Trait{}
	add := func(is bool, name string) {
		if is {
			out = append(out, Trait{name, e.Confidence})
		}
	}
	add(e.Negated, "NEGATION")
	add(e.Experiencer == "family", "PERTAINS_TO_FAMILY")
	add(e.Hypothetical, "HYPOTHETICAL")
	add(e.Uncertain, "LOW_CONFIDENCE")
	add(e.Historical, "PAST_HISTORY")
	return out
}
