package search_test

import (
	"fmt"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
)

func definition(t testing.TB, format string, args ...any) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse(fmt.Appendf(nil, format, args...))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const custom = `{"resourceType":"SearchParameter","url":"http://x/%s","status":"%s","code":"%s","base":["%s"],"type":"%s","expression":"%s"}`

func TestReadCustom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, status, code, base, kind, expression, fault string }{
		{"used", "active", "nick", "Patient", "string", "Patient.name.where(use = 'nickname').given", ""},
		{"draft", "draft", "no good", "Patient", "string", "(((", "none"},
		{"own", "active", "birthdate", "Patient", "date", "Patient.birthDate", "none"},
		{"special code", "active", "_id", "Patient", "token", "Patient.id", "search_parameter_code"},
		{"form of code", "active", "a:b", "Patient", "token", "Patient.id", "search_parameter_code"},
		{"type", "active", "x", "Patient", "composite", "Patient", "search_parameter_type"},
		{"no type", "active", "x", "Patient", "", "Patient", "search_parameter_type"},
		{"base", "active", "x", "Person2", "token", "Patient.id", "search_parameter_base"},
		{"syntax", "active", "x", "Patient", "token", "Patient.name.where(", "search_parameter_expression"},
		{"empty", "active", "x", "Patient", "token", "", "search_parameter_expression"},
		{"other base", "active", "x", "Patient", "token", "Observation.code", "search_parameter_expression"},
		{"clock", "active", "x", "Patient", "date", "Patient.birthDate | now()", "search_parameter_expression"},
		{"words", "active", "_content", "DocumentReference", "string", "", ""},
		{"words of a token", "active", "_content", "Patient", "token", "", "search_parameter_type"},
		{"words by an expression", "active", "_text", "Patient", "string", "Patient.name", "search_parameter_expression"},
		{"clock in text", "active", "x", "Patient", "string", "Patient.name.where(text = 'now()').text", ""},
	} {
		got, err := search.ReadCustom(definition(t, custom, "u", c.status, c.code, c.base, c.kind, c.expression))
		f := fault.As(err)
		switch {
		case c.fault == "none" && (got != nil || err != nil), c.fault == "" && (got == nil || err != nil):
			t.Errorf("%s: %v %v", c.name, got, err)
		case c.fault != "" && c.fault != "none" && (f == nil || f.Code != c.fault):
			t.Errorf("%s: %v, want %s", c.name, err, c.fault)
		}
	}
}

// A custom parameter is extracted from its first moment, and searched once it is ready.
func TestCustomStates(t *testing.T) {
	t.Parallel()
	c, err := search.ReadCustom(definition(t, custom, "u", "active", "nick", "Patient", "string", "Patient.name.where(use = 'nickname').given"))
	if err != nil {
		t.Fatal(err)
	}
	c.Index = "1"
	patient := definition(t, `{"resourceType":"Patient","name":[{"use":"nickname","given":["Bo"]}]}`)
	for _, state := range []struct {
		state               search.State
		extracted, all, one int
		code                string
	}{{search.Indexing, 1, 1, 1, "parameter_indexing"}, {search.Ready, 1, 1, 1, ""}, {search.Retired, 0, 1, 1, "unknown_parameter"}} {
		one := *c
		one.State = state.state
		cat := search.R4().With([]*search.Custom{&one})
		count := func(list []search.IndexValue, err error) (n int) {
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range list {
				if v.Param.Code == "nick" {
					n++
				}
			}
			return n
		}
		if a, b, d := count(cat.Extract(patient, "")), count(cat.ExtractAll(patient, "")), count(cat.ExtractOne(patient, "", "nick@1")); a != state.extracted || b != state.all || d != state.one {
			t.Errorf("state %d: %d, %d, %d values", state.state, a, b, d)
		}
		_, err := search.Parse("Patient", []search.Pair{{Name: "nick", Value: "bo"}}, search.Options{Catalogue: cat})
		if f := fault.As(err); (f == nil) != (state.code == "") || f != nil && f.Code != state.code {
			t.Errorf("state %d: %v, want %s", state.state, err, state.code)
		}
		if cat.Param("Observation", "code") != search.R4().Param("Observation", "code") {
			t.Error("a type without custom parameters has others than R4's")
		}
	}
	if search.R4().Param("Patient", "nick") != nil {
		t.Error("R4 has changed")
	}
}

// FuzzReadCustom looks for definitions that are taken and cannot be extracted by.
func FuzzReadCustom(f *testing.F) {
	for _, e := range []string{"Patient.name", "Patient.name.where(use = 'x') | Patient.id", "(Patient.name as HumanName).given", "repeat($this)", "Patient.name.select(given & family)"} {
		f.Add("nick", "string", e)
	}
	patient, err := fhir.Parse([]byte(`{"resourceType":"Patient","id":"1","name":[{"given":["a"]},{"family":"b"}],"birthDate":"1970"}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, code, kind, expression string) {
		n := fhir.NewObject("resourceType", "SearchParameter", "status", "active", "code", code, "type", kind, "expression", expression,
			"base", []*fhir.Node{fhir.NewString("Patient")})
		c, err := search.ReadCustom(n)
		if err != nil && fault.As(err) == nil {
			t.Fatal(err)
		}
		if c == nil {
			return
		}
		c.Index = "1"
		if _, err := search.R4().With([]*search.Custom{c}).Extract(patient, ""); err != nil && fault.As(err) == nil {
			t.Fatal(err)
		}
	})
}
