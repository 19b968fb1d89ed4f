package patch

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"chartlake/internal/sharedtest"

	"github.com/google/go-cmp/cmp"

	"chartlake/fault"
	"chartlake/fhir"
)

type pathCase struct {
	Name   string `xml:"name,attr"`
	Input  inner  `xml:"input"`
	Diff   inner  `xml:"diff"`
	Output inner  `xml:"output"`
	Error  *inner `xml:"error"`
}

type inner struct {
	Text []byte `xml:",innerxml"`
}

func (i inner) resource(t *testing.T) *fhir.Node {
	t.Helper()
	n, err := fhir.ParseXML(i.Text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestOfficialFHIRPathPatch runs every case of HL7's FHIRPath Patch suite, all of which must
// pass; the reverse direction (making a patch from two resources) is not the product's task.
func TestOfficialFHIRPathPatch(t *testing.T) {
	t.Parallel()
	var suite struct {
		Cases []pathCase `xml:"case"`
	}
	if err := xml.Unmarshal(official(t, "fhir-patch-tests.xml"), &suite); err != nil {
		t.Fatal(err)
	}
	if len(suite.Cases) != 33 {
		t.Errorf("%d cases", len(suite.Cases))
	}
	for _, c := range suite.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			input := c.Input.resource(t)
			before := string(input.AppendJSON(nil))
			p, err := ParseFHIRPath(c.Diff.resource(t))
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Apply(input)
			if c.Error != nil {
				if err == nil {
					t.Errorf("no error, but %s", got.AppendJSON(nil))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := c.Output.resource(t); !Equal(want, got) {
				t.Errorf("got  %s\nwant %s", got.AppendJSON(nil), want.AppendJSON(nil))
			}
			if before != string(input.AppendJSON(nil)) {
				t.Error("the input was changed")
			}
		})
	}
}

// TestOfficialJSONPatch runs every case of the JSON Patch suite, all of which must pass.
func TestOfficialJSONPatch(t *testing.T) {
	t.Parallel()
	suite := parse(t, string(official(t, "json-patch-tests.json")))
	if len(suite.Items()) != 16 {
		t.Errorf("%d cases", len(suite.Items()))
	}
	for _, c := range suite.Items() {
		t.Run(c.Str("comment"), func(t *testing.T) {
			t.Parallel()
			p, err := ParseJSON(c.Get("patch"))
			var got *fhir.Node
			if err == nil {
				got, err = p.Apply(c.Get("doc"))
			}
			switch want := c.Get("expected"); {
			case want == nil && err == nil:
				t.Errorf("no error, but %s", got.AppendJSON(nil))
			case want != nil && err != nil:
				t.Error(err)
			case want != nil && !Equal(want, got):
				t.Errorf("got %s", got.AppendJSON(nil))
			}
		})
	}
}

func parse(t testing.TB, text string) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

// result is the patched resource as text, or the code of the fault.
func result(n *fhir.Node, err error) string {
	if err != nil {
		f := fault.As(err)
		if f == nil {
			return err.Error()
		}
		return f.Code
	}
	return string(n.AppendJSON(nil))
}

func TestJSONPatch(t *testing.T) {
	t.Parallel()
	const doc = `{"a":1.00,"b":[1,2,3],"c":{"d":"e"}}`
	for patch, want := range map[string]string{
		`[]`: doc,
		`[{"op":"replace","path":"/c/d","value":2.50}]`:                                   `{"a":1.00,"b":[1,2,3],"c":{"d":2.50}}`,
		`[{"op":"replace","path":"/b/1","value":[]}]`:                                     `{"a":1.00,"b":[1,[],3],"c":{"d":"e"}}`,
		`[{"op":"replace","path":"","value":7}]`:                                          `7`,
		`[{"op":"replace","path":"/x","value":1}]`:                                        "patch_target",
		`[{"op":"copy","from":"/a","path":"/c/f"}]`:                                       `{"a":1.00,"b":[1,2,3],"c":{"d":"e","f":1.00}}`,
		`[{"op":"copy","from":"/c","path":"/c/f"},{"op":"remove","path":"/c/f/d"}]`:       `{"a":1.00,"b":[1,2,3],"c":{"d":"e","f":{}}}`,
		`[{"op":"move","from":"/b/0","path":"/b/-"}]`:                                     `{"a":1.00,"b":[2,3,1],"c":{"d":"e"}}`,
		`[{"op":"move","from":"/a","path":"/a"}]`:                                         `{"b":[1,2,3],"c":{"d":"e"},"a":1.00}`,
		`[{"op":"move","from":"/c","path":"/c/d"}]`:                                       "patch_syntax",
		`[{"op":"test","path":"/a","value":1}]`:                                           doc,
		`[{"op":"test","path":"/a","value":1e0},{"op":"test","path":"/b","value":[1,2]}]`: "patch_test",
		`[{"op":"test","path":"/c","value":{"d":"E"}}]`:                                   "patch_test",
		`[{"op":"add","path":"/b/4","value":1}]`:                                          "patch_target",
		`[{"op":"add","path":"/b/01","value":1}]`:                                         "patch_target",
		`[{"op":"add","path":"/b/-1","value":1}]`:                                         "patch_target",
		`[{"op":"remove","path":"/b/-"}]`:                                                 "patch_target",
		`[{"op":"remove","path":""}]`:                                                     "patch_target",
		`[{"op":"add","path":"/a/b","value":1}]`:                                          "patch_target",
		`[{"op":"add","path":"a","value":1}]`:                                             "patch_syntax",
		`[{"op":"add","path":"/~2","value":1}]`:                                           "patch_syntax",
		`[{"op":"add","path":"/a"}]`:                                                      "patch_syntax",
		`[{"op":"spin","path":"/a"}]`:                                                     "patch_syntax",
		`[1]`:                                                                             "patch_syntax",
		`{}`:                                                                              "patch_syntax",
	} {
		p, err := ParseJSON(parse(t, patch))
		var n *fhir.Node
		if err == nil {
			n, err = p.Apply(parse(t, doc))
		}
		if diff := cmp.Diff(want, result(n, err)); diff != "" {
			t.Errorf("%s\n%s", patch, diff)
		}
	}
}

// operation makes a FHIRPath Patch of one operation from pairs of part name and JSON.
func pathPatch(parts ...string) string {
	var list []string
	for i := 0; i < len(parts); i += 2 {
		list = append(list, `{"name":"`+parts[i]+`",`+parts[i+1]+`}`)
	}
	return `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[` + strings.Join(list, ",") + `]}]}`
}

func TestFHIRPathPatch(t *testing.T) {
	t.Parallel()
	const given = `{"resourceType":"Patient","name":[{"given":["a",null,"c"],"_given":[null,{"id":"x"},null]}],"deceasedBoolean":true}`
	op := func(typ, path string, more ...string) string {
		return pathPatch(append([]string{"type", `"valueCode":"` + typ + `"`, "path", `"valueString":"` + path + `"`}, more...)...)
	}
	for _, c := range []struct{ name, doc, patch, want string }{
		{"insert keeps extensions in step", given, op("insert", "Patient.name[0].given", "index", `"valueInteger":1`, "value", `"valueString":"b"`),
			`{"resourceType":"Patient","name":[{"given":["a","b",null,"c"],"_given":[null,null,{"id":"x"},null]}],"deceasedBoolean":true}`},
		{"delete an item without value", given, op("delete", "Patient.name.given[1]"),
			`{"resourceType":"Patient","name":[{"given":["a","c"]}],"deceasedBoolean":true}`},
		{"move", given, op("move", "Patient.name.given", "source", `"valueInteger":1`, "destination", `"valueInteger":2`),
			`{"resourceType":"Patient","name":[{"given":["a","c",null],"_given":[null,null,{"id":"x"}]}],"deceasedBoolean":true}`},
		{"replace a choice by another type", given, op("replace", "Patient.deceased", "value", `"valueDateTime":"2020"`),
			`{"resourceType":"Patient","name":[{"given":["a",null,"c"],"_given":[null,{"id":"x"},null]}],"deceasedDateTime":"2020"}`},
		{"no such type", given, op("replace", "Patient.deceased", "value", `"valueInteger":1`), "patch_target"},
		{"add where there is one", given, op("add", "Patient", "name", `"valueString":"deceased"`, "value", `"valueBoolean":false`), "patch_target"},
		{"add a choice", `{"resourceType":"Patient"}`, op("add", "Patient", "name", `"valueString":"deceased"`, "value", `"valueBoolean":false`),
			`{"resourceType":"Patient","deceasedBoolean":false}`},
		{"add an extension to a primitive", `{"resourceType":"Patient","gender":"male"}`, op("add", "Patient.gender", "name", `"valueString":"extension"`, "value", `"part":[{"name":"url","valueUri":"http://u"},{"name":"value","valueCode":"x"}]`),
			`{"resourceType":"Patient","gender":"male","_gender":{"extension":[{"url":"http://u","valueCode":"x"}]}}`},
		{"decimal keeps its digits", `{"resourceType":"Observation"}`, op("add", "Observation", "name", `"valueString":"value"`, "value", `"valueQuantity":{"value":1.500}`),
			`{"resourceType":"Observation","valueQuantity":{"value":1.500}}`},
		{"backbone with a choice", `{"resourceType":"Observation"}`, op("add", "Observation", "name", `"valueString":"component"`, "value", `"part":[{"name":"code","valueCodeableConcept":{"text":"a"}},{"name":"value","valueQuantity":{"value":1.0}}]`),
			`{"resourceType":"Observation","component":[{"code":{"text":"a"},"valueQuantity":{"value":1.0}}]}`},
		{"contained", `{"resourceType":"Patient"}`, op("add", "Patient", "name", `"valueString":"contained"`, "value", `"resource":{"resourceType":"Organization","id":"o"}`),
			`{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}]}`},
		{"delete what is not there", `{"resourceType":"Patient"}`, op("delete", "Patient.name"), `{"resourceType":"Patient"}`},
		{"delete several", given, op("delete", "Patient.name.given"), "patch_target"},
		{"delete the resource", given, op("delete", "Patient"), "patch_target"},
		{"delete the last of all", `{"resourceType":"Patient","contact":[{"name":{"family":"a"}}]}`, op("delete", "Patient.contact.name.family"), `{"resourceType":"Patient"}`},
		{"value keeps when its extension goes", `{"resourceType":"Patient","gender":"male","_gender":{"extension":[{"url":"u","valueCode":"x"}]}}`, op("delete", "Patient.gender.extension"),
			`{"resourceType":"Patient","gender":"male"}`},
		{"replace nothing", `{"resourceType":"Patient"}`, op("replace", "Patient.gender", "value", `"valueCode":"male"`), "patch_target"},
		{"index beyond", given, op("insert", "Patient.name.given", "index", `"valueInteger":4`, "value", `"valueString":"b"`), "patch_target"},
		{"part of a list", given, op("move", "Patient.name.given.where($this='a')", "source", `"valueInteger":0`, "destination", `"valueInteger":0`), "patch_target"},
		{"unknown name", given, op("add", "Patient", "name", `"valueString":"color"`, "value", `"valueString":"b"`), "patch_target"},
		{"no value", given, op("replace", "Patient.name"), "patch_syntax"},
		{"unknown type", given, op("swap", "Patient.name"), "patch_syntax"},
		{"no path", given, pathPatch("type", `"valueCode":"delete"`), "fhirpath_syntax"},
		{"bad path", given, op("delete", "Patient.("), "fhirpath_syntax"},
		{"computed", given, op("replace", "'a'", "value", `"valueString":"b"`), "patch_target"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := ParseFHIRPath(parse(t, c.patch))
			var n *fhir.Node
			if err == nil {
				n, err = p.Apply(parse(t, c.doc))
			}
			if diff := cmp.Diff(c.want, result(n, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	op := `{"op":"copy","from":"/a","path":"/a/-"}`
	double := `[` + strings.Repeat(op+",", 39) + op + `]`
	p, err := ParseJSON(parse(t, double))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Apply(parse(t, `{"a":[1]}`)); !fault.Is(err, fault.TooLarge) {
		t.Errorf("doubling forty times: %v", err)
	}
	many := `[` + strings.Repeat(op+",", MaxOperations) + op + `]`
	if _, err := ParseJSON(parse(t, many)); !fault.Is(err, fault.TooLarge) {
		t.Errorf("many operations: %v", err)
	}
	deep := `[{"op":"add","path":"` + strings.Repeat("/a", fhir.MaxDepth+1) + `","value":1}]`
	if _, err := ParseJSON(parse(t, deep)); err == nil {
		t.Error("a deep pointer was accepted")
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1.0,{"b":null}]}`), []byte(`[{"op":"move","from":"/a/0","path":"/a/1/c"},{"op":"copy","from":"/a","path":"/a/-"},{"op":"test","path":"/a~1","value":1e9}]`))
	f.Fuzz(func(t *testing.T, doc, patch []byte) { fuzz(t, doc, patch, ParseJSON) })
}

func FuzzFHIRPath(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Patient","name":[{"given":["a",null],"_given":[null,{"id":"x"}]}]}`), []byte(pathPatch("type", `"valueCode":"delete"`, "path", `"valueString":"Patient.name.given[1]"`)))
	f.Add([]byte(`{"resourceType":"Observation"}`), []byte(pathPatch("type", `"valueCode":"add"`, "path", `"valueString":"Observation"`, "name", `"valueString":"value"`, "value", `"valueQuantity":{"value":1.0}`)))
	f.Fuzz(func(t *testing.T, doc, patch []byte) { fuzz(t, doc, patch, ParseFHIRPath) })
}

func fuzz(t *testing.T, doc, patch []byte, read func(*fhir.Node) (*Patch, error)) {
	n, err := fhir.Parse(doc)
	if err != nil {
		return
	}
	m, err := fhir.Parse(patch)
	if err != nil {
		return
	}
	before := string(n.AppendJSON(nil))
	p, err := read(m)
	if err == nil {
		var out *fhir.Node
		if out, err = p.Apply(n); err == nil {
			if _, err := fhir.Parse(out.AppendJSON(nil)); err != nil && !errors.Is(err, io.EOF) {
				t.Fatalf("the result is not JSON: %v", err)
			}
		}
	}
	if err != nil && fault.As(err) == nil {
		t.Fatalf("no fault: %v", err)
	}
	if before != string(n.AppendJSON(nil)) {
		t.Fatal("the input was changed")
	}
}

// official reads one file of HL7's patch suites.
func official(t *testing.T, name string) []byte {
	t.Helper()
	var found []byte
	sharedtest.Archive(t, "fhir/fhir-test-cases-r4.tgz", func(member string, data []byte) {
		if member == "fhir-test-cases/r4/patch/"+name {
			found = data
		}
	})
	if found == nil {
		t.Fatalf("the suite has no %s", name)
	}
	return found
}
