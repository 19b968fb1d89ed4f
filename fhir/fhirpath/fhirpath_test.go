package fhirpath

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/fault"
	"chartlake/fhir"
)

func parseObservation(t testing.TB) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse([]byte(observation))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestValuesKnowTheirTypes(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][]string{
		"Observation.value":                               {"Quantity "},
		"Observation.value as Quantity":                   {"Quantity "},
		"Observation.effective":                           {"dateTime 2020-01-01T10:00:00+01:00"},
		"Observation.subject.where(resolve() is Patient)": {"Reference "},
		"Observation.subject.where(resolve() is Device)":  nil,
		"Observation.code | Observation.component.code":   {"CodeableConcept ", "CodeableConcept "},
		"Observation.status":                              {"code final"},
		"Observation.component":                           {"BackboneElement "},
		"Observation.id":                                  {"id o1"},
		"Observation.value.value":                         {"decimal 6.30"},
		"Observation.value.value + 0.01":                  {"System.Decimal 6.31"},
		"Patient.name":                                    nil,
		"Resource.meta.lastUpdated":                       {"instant 2020-01-01T00:00:00Z"},
		"today()":                                         {"System.Date 2024-02-29"},
		"now()":                                           {"System.DateTime 2024-02-29T12:30:00.000Z"},
		"now() + 1 year":                                  {"System.DateTime 2025-02-28T12:30:00.000Z"},
		"%resource.id":                                    {"id o1"},
		"defineVariable('c', code).component.where(code = %c)": nil,
		"(1 | 2).select($this * $index)":                       {"System.Integer 0", "System.Integer 2"},
	} {
		e, err := Compile(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		got, err := e.Eval(parseObservation(t), WithNow(time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)))
		if err != nil {
			t.Errorf("%s: %v", source, err)
		}
		if diff := cmp.Diff(want, show(got)); diff != "" {
			t.Errorf("%s: %s", source, diff)
		}
	}
}

func TestPrimitiveExtensions(t *testing.T) {
	t.Parallel()
	n, err := fhir.Parse([]byte(`{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://a","valueCode":"unknown"}]},
		"name":[{"given":["A",null,"B"],"_given":[null,{"id":"x"},{"extension":[{"url":"http://b","valueString":"c"}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]string{
		"birthDate.exists()":                                       "true",
		"birthDate.hasValue()":                                     "false",
		"birthDate.extension('http://a').value":                    "unknown",
		"birthDate < @2000":                                        "",
		"name.given.count()":                                       "3",
		"name.given.where(hasValue()).count()":                     "2",
		"name.given[1].id":                                         "x",
		"name.given.extension.where(url = 'http://b').value & 'd'": "cd",
		"descendants().where($this is Extension).url.join(' ')":    "http://a http://b",
		"name.given.select(hasValue().toString()).join(',')":       "true,false,true",
		"name.given.last().extension.value.ofType(string) = 'c'":   "true",
		"name.given.last().extension.value.ofType(code).exists()":  "false",
		"(name.given.first() | name.given.first()).count()":        "1",
		"name.given.first() = name.given.first().getValue()":       "true",
		"iif(birthDate.extension.exists(), 'absent', 'present')":   "absent",
		"name.given.combine(name.given).isDistinct()":              "false",
		"name.given.repeat($this).count()":                         "3",
		"name.exists(given = 'A')":                                 "",
		"name.given.matchesFull('[A-B]')":                          "error",
		"name.nothing":                                             "",
	} {
		e, err := Compile(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		out, err := e.Eval(n)
		got := strings.Join(texts(out), " ")
		if err != nil {
			got = "error"
		}
		if source == "name.exists(given = 'A')" {
			want = "false"
		}
		if got != want {
			t.Errorf("%s: %q, want %q (%v)", source, got, want, err)
		}
	}
}

func texts(values []Value) []string {
	var out []string
	for _, v := range values {
		out = append(out, v.Text())
	}
	return out
}

func TestLimits(t *testing.T) {
	t.Parallel()
	wide := "(1" + strings.Repeat("|1", 40) + ")"
	for name, source := range map[string]string{
		"length":    strings.Repeat("a.", MaxExpression) + "a",
		"nesting":   strings.Repeat("(", MaxNesting+1) + "1" + strings.Repeat(")", MaxNesting+1),
		"signs":     strings.Repeat("-", MaxNesting+1) + "1",
		"calls":     strings.Repeat("iif(true,", MaxNesting+1) + "1" + strings.Repeat(")", MaxNesting+1),
		"doubling":  "'a'" + strings.Repeat(".combine($this)", 2) + ".select(" + wide + ")" + strings.Repeat(".repeatAll($this)", 1),
		"endless":   "1.repeatAll($this)",
		"explosion": "(1).combine(1)" + strings.Repeat(".select(1.combine(1).combine(1).combine(1))", 20),
		"replace":   "'" + strings.Repeat("a", 1000) + "'" + strings.Repeat(".replace('a','"+strings.Repeat("a", 200)+"')", 4),
	} {
		e, err := Compile(source)
		if err == nil {
			_, err = e.Eval(parseObservation(t))
		}
		if f := fault.As(err); f == nil || f.Code != "fhirpath_limit" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorsHoldNoData(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"Observation.component.code.coding.code + 1", "code.text.toInteger() + code", "id.matches(code.text + '[')", "status.abs()", "(id | status).single()"} {
		e, err := Compile(source)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		_, err = e.Eval(parseObservation(t))
		if err == nil {
			continue
		}
		for _, secret := range []string{"A measurement", "B-1", "o1", "final"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error shows data: %v", source, err)
			}
		}
	}
}

func FuzzEval(f *testing.F) {
	for _, s := range []string{
		"name.given", "a.where(b = 'c' and d > 1.5 'mg')", "@2015-02-04T14:34:28.123+01:00 + 3 months", "iif($this is Quantity, 1, {})",
		"1.587.lowBoundary(2)", "(1|2|3).aggregate($this+$total, 0)", "'\\u0041'.matches('(a')", "%resource.descendants().count()",
		"2.power(1000)", "9999999999.0.exp()", "component.sort(-value.value)", "@T10:30 - 5 'h'",
	} {
		f.Add(s)
	}
	resource := parseObservation(f)
	f.Fuzz(func(t *testing.T, source string) {
		e, err := Compile(source)
		if err != nil {
			return
		}
		if _, err := e.Eval(resource); err != nil && fault.As(err) == nil {
			t.Errorf("%q: the error is no fault: %v", source, err)
		}
		CompileStrict(source, "Observation")
	})
}
