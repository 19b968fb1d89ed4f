package fhir

import (
	"encoding/json"
	"path"
	"reflect"
	"strings"
	"testing"

	"chartlake/internal/sharedtest"

	"chartlake/fault"
)

// strict names inputs that RFC 8259 leaves open or allows and that are refused here.
var strict = map[string]string{
	"y_object_duplicated_key.json":           "two readers would see two resources",
	"y_object_duplicated_key_and_value.json": "two readers would see two resources",
}

func TestJSONTestSuite(t *testing.T) {
	t.Parallel()
	verdicts := map[byte]int{}
	sharedtest.Archive(t, "bad/JSONTestSuite.tgz", func(name string, data []byte) {
		base := path.Base(name)
		if !strings.Contains(name, "test_parsing") {
			return
		}
		verdicts[base[0]]++
		n, err := Parse(data)
		if err != nil && fault.As(err) == nil {
			t.Errorf("%s: the error is no fault: %v", base, err)
		}
		switch {
		case base[0] == 'y' && err != nil && strict[base] == "":
			t.Errorf("%s is refused: %v", base, err)
		case base[0] == 'n' && err == nil, err == nil && strict[base] != "":
			t.Errorf("%s is accepted", base)
		case err == nil:
			again, err := Parse(n.AppendJSON(nil))
			if err != nil || !reflect.DeepEqual(n, again) {
				t.Errorf("%s changes when written and read again: %v", base, err)
			}
		}
	})
	if verdicts['y'] != 95 || verdicts['n'] != 188 {
		t.Errorf("cases found: %v", verdicts)
	}
}

func TestExamplesRoundTrip(t *testing.T) {
	t.Parallel()
	count := 0
	sharedtest.Archive(t, "fhir/hl7-r4-examples.tgz", func(name string, data []byte) {
		count++
		n, err := Parse(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for form, text := range map[string][]byte{"compact": n.AppendJSON(nil), "indented": n.AppendIndent(nil, "  ")} {
			if !reflect.DeepEqual(decode(t, data), decode(t, text)) {
				t.Errorf("%s: the %s form means something else", name, form)
			}
			again, err := Parse(text)
			if err != nil || !reflect.DeepEqual(n, again) {
				t.Errorf("%s: the %s form does not read back the same: %v", name, form, err)
			}
		}
	})
	if count != 720 {
		t.Errorf("%d examples", count)
	}
}

// decode reads JSON with another reader, numbers as text.
func decode(t *testing.T, data []byte) (v any) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	const text = `[1.00,1.0E+2,-0,0.10,1e-7,12345678901234567890.123456789]`
	n, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(n.AppendJSON(nil)); got != text {
		t.Errorf("%s became %s", text, got)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for text, code := range map[string]string{
		`{"a":1,"a":2}`:               "json_duplicate_member",
		`{"a":1,"\u0061":2}`:          "json_duplicate_member",
		`{"a":{"b":1,"c":2,"b":3}}`:   "json_duplicate_member",
		`{} {}`:                       "json_trailing",
		`{}]`:                         "json_trailing",
		``:                            "json_syntax",
		`  `:                          "json_syntax",
		`{"a":}`:                      "json_syntax",
		`{"a":1,}`:                    "json_syntax",
		`[1 2]`:                       "json_syntax",
		`"\ud800"`:                    "json_syntax",
		`"\ud800\ud800"`:              "json_syntax",
		`"\udc00"`:                    "json_syntax",
		"\"\xff\"":                    "json_syntax",
		"\"\xed\xa0\x80\"":            "json_syntax",
		"\"a\nb\"":                    "json_syntax",
		"\xef\xbb\xbf{}":              "json_syntax",
		`01`:                          "json_trailing",
		`1.`:                          "json_syntax",
		`nul`:                         "json_syntax",
		strings.Repeat("[", 1e6):      "json_depth",
		strings.Repeat(`{"a":`, 1000): "json_depth",
	} {
		_, err := Parse([]byte(text))
		if f := fault.As(err); f == nil || f.Code != code || f.Kind != fault.Invalid {
			t.Errorf("%.40q: %v, want %s", text, err, code)
		}
		if err != nil && strings.Contains(err.Error(), "a") && strings.Contains(err.Error(), `"`) {
			t.Errorf("%.40q: the error shows the input: %v", text, err)
		}
	}
}

func TestPairsAndEscapes(t *testing.T) {
	t.Parallel()
	n, err := Parse([]byte(`{"a\u0062":"\ud83d\ude00\n\"\\\/\u0000é"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Str("ab"); got != "😀\n\"\\/\x00é" {
		t.Errorf("%q", got)
	}
	if got := string(n.AppendJSON(nil)); got != `{"ab":"😀\n\"\\/\u0000é"}` {
		t.Errorf("%s", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{sample, `{"a":[1,2.50,"x",null,true,{}]}`, `"\ud83d\ude00"`, `[[[]]]`, `-0.0e-1`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := Parse(data)
		if err != nil {
			if fault.As(err) == nil {
				t.Fatalf("the error is no fault: %v", err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatal("accepted what is no JSON")
		}
		again, err := Parse(n.AppendJSON(nil))
		if err != nil || !reflect.DeepEqual(n, again) {
			t.Fatalf("written and read again it is another tree: %v", err)
		}
	})
}

func FuzzParseXML(f *testing.F) {
	f.Add([]byte(`<Patient xmlns="http://hl7.org/fhir"><id value="x"/><name><given value="A"/><given><extension url="u"><valueCode value="c"/></extension></given></name></Patient>`))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><Patient xmlns="http://hl7.org/fhir">&b;</Patient>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := ParseXML(data)
		if err != nil && fault.As(err) == nil {
			t.Fatalf("the error is no fault: %v", err)
		}
		if err == nil && n.Type() == "" {
			t.Fatal("a tree without a type")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	data := []byte(sample)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	n, err := Parse([]byte(sample))
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = n.AppendJSON(buf[:0])
	}
}

// sample is an Observation of about 1.4 KB.
const sample = `{"resourceType":"Observation","id":"b3b0c2f6-0d35-4a3c-9d61-1f5a6b7c8d9e","meta":{"versionId":"1","lastUpdated":"2020-01-01T00:00:00.000Z","profile":["http://example.org/fhir/StructureDefinition/vital"]},
"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"vital-signs"}]}],
"code":{"coding":[{"system":"http://example.org/codes","code":"A-55284","display":"Blood pressure"}],"text":"Blood pressure"},
"subject":{"reference":"Patient/6a1b2c3d-0000-4000-8000-000000000001"},"encounter":{"reference":"Encounter/6a1b2c3d-0000-4000-8000-000000000002"},
"effectiveDateTime":"2014-03-12T09:21:33-04:00","issued":"2014-03-12T09:21:33.123-04:00",
"component":[{"code":{"coding":[{"system":"http://example.org/codes","code":"A-8462","display":"Diastolic"}],"text":"Diastolic"},
"valueQuantity":{"value":79.33,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
{"code":{"coding":[{"system":"http://example.org/codes","code":"A-8480","display":"Systolic"}],"text":"Systolic"},
"valueQuantity":{"value":125.40,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}`
