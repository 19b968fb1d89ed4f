package fhirpath

import (
	"strings"
	"testing"

	"chartlake/fhir"
	"chartlake/fhir/definition"
)

func TestEverySearchParameterCompiles(t *testing.T) {
	t.Parallel()
	n := 0
	for _, p := range definition.R4().AllSearchParameters() {
		sources := []string{p.Expression}
		for _, c := range p.Components {
			sources = append(sources, c.Expression)
		}
		for _, s := range sources {
			if s == "" {
				continue
			}
			n++
			if _, err := Compile(s); err != nil {
				t.Errorf("%s: %s: %v", p.ID, s, err)
			}
		}
	}
	if n < 1400 {
		t.Errorf("only %d expressions", n)
	}
}

// TestSearchParametersOverExamples evaluates every search parameter over every official
// example of its types and checks that the values have types that fit the parameter.
func TestSearchParametersOverExamples(t *testing.T) {
	t.Parallel()
	files := archive(t, "fhir/hl7-r4-examples.tgz", func(string) bool { return true })
	compiled := map[string][]*Expr{} // by resource type, in the order of its parameters
	found := map[string]int{}
	for name, data := range files {
		resource, err := fhir.Parse(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		typ := resource.Type()
		params := definition.R4().SearchParameters(typ)
		if compiled[typ] == nil {
			for _, p := range params {
				e, err := CompileFor(p.Expression+strings.Repeat("{}", btoi(p.Expression == "")), typ)
				if err != nil {
					t.Fatalf("%s: %v", p.ID, err)
				}
				compiled[typ] = append(compiled[typ], e)
			}
		}
		for i, e := range compiled[typ] {
			values, err := e.Eval(resource)
			if err != nil {
				t.Errorf("%s, %s: %v", name, params[i].ID, err)
			}
			for _, v := range values {
				found[params[i].ID]++
				if !fits(params[i].Type, v) {
					t.Errorf("%s: %s, a %s parameter, gave a %s", name, params[i].ID, params[i].Type, v.Type())
				}
			}
		}
	}
	if len(found) < 900 {
		t.Errorf("only %d parameters found a value in the examples", len(found))
	}
	t.Logf("%d of %d parameters found a value in %d examples", len(found), len(definition.R4().AllSearchParameters()), len(files))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// fits lists the types that http://hl7.org/fhir/R4/search.html#table gives per kind of
// parameter, with what R4's own parameters use beyond it.
func fits(kind string, v Value) bool {
	allowed := map[string][]string{
		"number":    {"integer", "decimal", "positiveInt", "unsignedInt", "System.Integer", "System.Decimal", "Range"},
		"date":      {"date", "dateTime", "instant", "Period", "Timing", "string"}, // occurrence[x] as text
		"string":    {"string", "HumanName", "Address", "markdown", "System.String", "Annotation"},
		"token":     {"Coding", "CodeableConcept", "Identifier", "ContactPoint", "code", "boolean", "System.Boolean", "uri", "string", "id", "canonical", "System.String", "Money"},
		"reference": {"Reference", "canonical", "uri", "Attachment"}, // Consent.source[x]
		"quantity":  {"Quantity", "Money", "Range", "Age", "SampledData", "Duration"},
		"uri":       {"uri", "url", "canonical", "oid", "uuid"},
	}
	list, known := allowed[kind]
	if !known {
		return true
	}
	for _, name := range list {
		if v.Type() == name || kind == "quantity" && v.Is("Quantity") || kind == "reference" && v.typ != nil && v.typ.Kind == definition.Resource {
			return true
		}
	}
	return false
}

func BenchmarkSearchParametersOfObservation(b *testing.B) {
	resource, err := fhir.Parse([]byte(observation))
	if err != nil {
		b.Fatal(err)
	}
	var all []*Expr
	for _, p := range definition.R4().SearchParameters("Observation") {
		if p.Expression == "" {
			continue
		}
		e, err := CompileFor(p.Expression, "Observation")
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, e)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range all {
			if _, err := e.Eval(resource); err != nil {
				b.Fatal(err)
			}
		}
	}
}

const observation = `{"resourceType":"Observation","id":"o1","meta":{"versionId":"1","lastUpdated":"2020-01-01T00:00:00Z"},
"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],
"code":{"coding":[{"system":"http://example.org/codes","code":"A-1","display":"A measurement"}],"text":"A measurement"},
"subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/e1"},"effectiveDateTime":"2020-01-01T10:00:00+01:00",
"issued":"2020-01-01T11:00:00.000+01:00","valueQuantity":{"value":6.30,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"},
"component":[{"code":{"coding":[{"system":"http://example.org/codes","code":"B-1"}]},"valueQuantity":{"value":1,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}]}`
