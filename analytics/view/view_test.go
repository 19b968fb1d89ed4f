package view

import (
	"fmt"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
)

func parse(t testing.TB, text string) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	column := `"column":[{"name":"id","path":"id"}]`
	deep := strings.Repeat(`{"select":[`, 30) + `{` + column + `}` + strings.Repeat(`]}`, 30)
	for name, text := range map[string]string{
		"not a view":           `{"resourceType":"Patient"}`,
		"no type of R4":        `{"resource":"Nonsense","select":[{` + column + `}]}`,
		"no columns":           `{"resource":"Patient","select":[{}]}`,
		"twice":                `{"resource":"Patient","select":[{` + column + `},{` + column + `}]}`,
		"no SQL name":          `{"resource":"Patient","select":[{"column":[{"name":"a b","path":"id"}]}]}`,
		"two kinds of foci":    `{"resource":"Patient","select":[{"forEach":"name","repeat":["name"],` + column + `}]}`,
		"repeat without paths": `{"resource":"Patient","select":[{"repeat":[],` + column + `}]}`,
		"constant of an index": `{"resource":"Patient","constant":[{"name":"rowIndex","valueInteger":1}],"select":[{` + column + `}]}`,
		"constant of two":      `{"resource":"Patient","constant":[{"name":"a","valueInteger":1,"valueString":"b"}],"select":[{` + column + `}]}`,
		"too deep":             `{"resource":"Patient","select":[` + deep + `]}`,
	} {
		_, err := Compile(parse(t, text))
		if f := fault.As(err); f == nil || f.Code != "view_invalid" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Rows that multiply end before memory does.
func TestRowsAreBounded(t *testing.T) {
	t.Parallel()
	var selects []string
	for i := range 4 {
		selects = append(selects, fmt.Sprintf(`{"forEach":"name","column":[{"name":"c%d","path":"family"}]}`, i))
	}
	v, err := Compile(parse(t, `{"resource":"Patient","select":[`+strings.Join(selects, ",")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	patient := parse(t, `{"resourceType":"Patient","name":[`+strings.TrimSuffix(strings.Repeat(`{"family":"A"},`, 100), ",")+`]}`)
	n := 0
	err = v.Runner().Rows(patient, func([]any) error { n++; return nil })
	if f := fault.As(err); f == nil || f.Code != "view_limit" || n > MaxRows {
		t.Errorf("%d rows, %v", n, err)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`{"resource":"Patient","select":[{"forEachOrNull":"name","column":[{"name":"a","path":"given","collection":true},{"name":"i","path":"%rowIndex"}]}]}`)
	f.Add(`{"resource":"Observation","constant":[{"name":"v","valueDecimal":1.2}],"where":[{"path":"value.ofType(Quantity).value < %v"}],"select":[{"unionAll":[{"column":[{"name":"a","path":"id"}]},{"forEach":"code.coding","column":[{"name":"a","path":"code"}]}]}]}`)
	f.Add(`{"resource":"QuestionnaireResponse","select":[{"repeat":["item","answer.item"],"column":[{"name":"l","path":"linkId"}]}]}`)
	resources := []*fhir.Node{
		parse(f, `{"resourceType":"Patient","id":"a","name":[{"family":"B","given":["C","D"]},{"_family":{"id":"x"}}],"deceasedBoolean":false}`),
		parse(f, `{"resourceType":"Observation","id":"b","code":{"coding":[{"code":"c"}]},"valueQuantity":{"value":1.10}}`),
		parse(f, `{"resourceType":"QuestionnaireResponse","id":"q","item":[{"linkId":"1","item":[{"linkId":"2"}]}]}`),
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := fhir.Parse([]byte(text))
		if err != nil {
			return
		}
		v, err := Compile(n)
		if err != nil {
			if fault.As(err) == nil {
				t.Errorf("an error without a code: %v", err)
			}
			return
		}
		runner := v.Runner()
		for _, r := range resources {
			if err := runner.Rows(r, func(row []any) error { return nil }); err != nil && fault.As(err) == nil {
				t.Errorf("an error without a code: %v", err)
			}
		}
	})
}

// BenchmarkRows is the flattening of one Observation into a row of eight columns.
func BenchmarkRows(b *testing.B) {
	v, err := Compile(parse(b, `{"resource":"Observation","select":[{"column":[
		{"name":"id","path":"getResourceKey()"},{"name":"patient","path":"subject.getReferenceKey(Patient)"},
		{"name":"status","path":"status"},{"name":"effective","path":"effective.ofType(dateTime)"},
		{"name":"value","path":"value.ofType(Quantity).value"},{"name":"unit","path":"value.ofType(Quantity).unit"}]},
		{"forEachOrNull":"code.coding.first()","column":[{"name":"code","path":"code"},{"name":"display","path":"display"}]}]}`))
	if err != nil {
		b.Fatal(err)
	}
	o := parse(b, `{"resourceType":"Observation","id":"o1","status":"final","subject":{"reference":"Patient/p1"},
		"code":{"coding":[{"system":"http://loinc.org","code":"2345-7","display":"Glucose"}]},"effectiveDateTime":"2024-01-02",
		"valueQuantity":{"value":95,"unit":"mg/dL"}}`)
	runner := v.Runner()
	b.ReportAllocs()
	for b.Loop() {
		if err := runner.Rows(o, func([]any) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
