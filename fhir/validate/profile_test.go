package validate

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/internal/sharedtest"

	"github.com/google/go-cmp/cmp"

	"chartlake/fhir"
)

func parse(t testing.TB, text string) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

// profileOf makes a StructureDefinition from the JSON of differential elements.
func profileOf(t testing.TB, url, typ, base string, elements ...string) *fhir.Node {
	t.Helper()
	if base == "" {
		base = structureDefinition + typ
	}
	return parse(t, fmt.Sprintf(`{"resourceType":"StructureDefinition","url":%q,"name":"A","status":"draft","kind":"resource","abstract":false,
		"type":%q,"derivation":"constraint","baseDefinition":%q,"differential":{"element":[%s]}}`, url, typ, base, strings.Join(elements, ",")))
}

// errorsOf lists the errors of a full validation as "code path: message".
func errorsOf(v Validator, n *fhir.Node) []string {
	v.Level = Full
	var out []string
	for _, i := range v.Resource(n) {
		if i.Severity == "error" {
			out = append(out, fmt.Sprintf("%s %s: %s", i.Code, i.Path, i.Message))
		}
	}
	return out
}

const observation = `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://c","code":"a"}]}`

// TestProfileRules holds one resource against one small profile for each thing that a
// profile can say.
func TestProfileRules(t *testing.T) {
	t.Parallel()
	const component = `"component":[%s]`
	with := func(codes ...string) string {
		var list []string
		for _, c := range codes {
			list = append(list, `{"code":{"coding":[{"system":"http://c","code":"`+c+`"}]},"valueString":"x"}`)
		}
		return observation + `,` + fmt.Sprintf(component, strings.Join(list, ",")) + `}`
	}
	slices := func(rules string, more ...string) []string {
		return append([]string{
			`{"path":"Observation.component","slicing":{"discriminator":[{"type":"pattern","path":"code"}],` + rules + `}}`,
			`{"path":"Observation.component","sliceName":"one","min":1,"max":"1"}`,
			`{"path":"Observation.component.code","patternCodeableConcept":{"coding":[{"code":"1"}]}}`,
			`{"path":"Observation.component","sliceName":"two","min":0}`,
			`{"path":"Observation.component.code","patternCodeableConcept":{"coding":[{"code":"2"}]}}`}, more...)
	}
	for _, c := range []struct {
		name     string
		elements []string
		resource string
		want     []string
	}{
		{"nothing", nil, observation + `}`, nil},
		{"min", []string{`{"path":"Observation.subject","min":1}`}, observation + `}`, []string{"required Observation.subject: a mandatory element is missing"}},
		{"max", []string{`{"path":"Observation.category","max":"1"}`}, observation + `,"category":[{"text":"a"},{"text":"b"}]}`, []string{"structure Observation.category: the element stands more than 1 times"}},
		{"prohibited", []string{`{"path":"Observation.method","max":"0"}`}, observation + `,"method":{"text":"a"}}`, []string{"structure Observation.method: the profile does not allow this element"}},
		{"min below what is absent", []string{`{"path":"Observation.method.text","min":1}`}, observation + `}`, nil},
		{"fixed", []string{`{"path":"Observation.status","fixedCode":"amended"}`}, observation + `}`, []string{"value Observation.status: the value is not the one that the profile fixes"}},
		{"fixed complex", []string{`{"path":"Observation.method","fixedCodeableConcept":{"text":"a"}}`}, observation + `,"method":{"text":"a","id":"x"}}`, []string{"value Observation.method: the value is not the one that the profile fixes"}},
		{"fixed decimal by value", []string{`{"path":"Observation.value[x]","fixedQuantity":{"value":1.0}}`}, observation + `,"valueQuantity":{"value":1.00}}`, nil},
		{"pattern holds", []string{`{"path":"Observation.code","patternCodeableConcept":{"coding":[{"code":"a"}]}}`}, observation + `}`, nil},
		{"pattern", []string{`{"path":"Observation.code","patternCodeableConcept":{"coding":[{"code":"b"}]}}`}, observation + `}`, []string{"value Observation.code: the value does not have what the profile's pattern asks for"}},
		{"type", []string{`{"path":"Observation.value[x]","type":[{"code":"Quantity"}]}`}, observation + `,"valueString":"a"}`, []string{"structure Observation.value.ofType(string): the profile does not allow this type here"}},
		{"short for a choice", []string{`{"path":"Observation.valueQuantity.unit","min":1}`}, observation + `,"valueQuantity":{"value":1}}`, []string{"required Observation.value.ofType(Quantity).unit: a mandatory element is missing"}},
		{"short for another choice", []string{`{"path":"Observation.valueQuantity.unit","min":1}`}, observation + `,"valueString":"a"}`, nil},
		{"target", []string{`{"path":"Observation.subject","type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Patient"]}]}`}, observation + `,"subject":{"reference":"Group/1"}}`, []string{"structure Observation.subject: the profile does not allow references to this type of resource here"}},
		{"target profile of a contained resource", []string{`{"path":"Observation.subject","type":[{"code":"Reference","targetProfile":["http://p/named"]}]}`}, observation + `,"contained":[{"resourceType":"Patient","id":"p"}],"subject":{"reference":"#p"}}`, []string{"structure Observation.subject: the resource that is referred to satisfies none of the profiles that are allowed here"}},
		{"aggregation", []string{`{"path":"Observation.subject","type":[{"code":"Reference","aggregation":["contained"]}]}`}, observation + `,"subject":{"reference":"Patient/1"}}`, nil},
		{"constraint", []string{`{"path":"Observation","constraint":[{"key":"x-1","severity":"error","human":"a note","expression":"note.exists()"}]}`}, observation + `}`, []string{"invariant Observation: x-1: a note"}},
		{"constraint of severity warning", []string{`{"path":"Observation","constraint":[{"key":"x-1","severity":"warning","human":"a note","expression":"note.exists()"}]}`}, observation + `}`, nil},
		{"constraint on an element", []string{`{"path":"Observation.code","constraint":[{"key":"x-2","severity":"error","human":"one coding","expression":"coding.count() = 2"}]}`}, observation + `}`, []string{"invariant Observation.code: x-2: one coding"}},
		{"constraint that is no FHIRPath", []string{`{"path":"Observation","constraint":[{"key":"x-1","severity":"error","human":"?","expression":"note.("}]}`}, observation + `}`, nil},
		{"required binding", []string{`{"path":"Observation.interpretation","binding":{"strength":"required","valueSet":"http://vs/letters"}}`}, observation + `,"interpretation":[{"coding":[{"system":"http://cs/letters","code":"z"}]}]}`, []string{"code-invalid Observation.interpretation[0].coding[0].code: the code system http://cs/letters does not have this code", "code-invalid Observation.interpretation[0]: no coding is in the value set http://vs/letters"}},
		{"required binding holds", []string{`{"path":"Observation.interpretation","binding":{"strength":"required","valueSet":"http://vs/letters"}}`}, observation + `,"interpretation":[{"coding":[{"system":"http://cs/letters","code":"b"}]}]}`, nil},
		{"excluded code", []string{`{"path":"Observation.interpretation","binding":{"strength":"required","valueSet":"http://vs/letters"}}`}, observation + `,"interpretation":[{"coding":[{"system":"http://cs/letters","code":"c"}]}]}`, []string{"code-invalid Observation.interpretation[0]: no coding is in the value set http://vs/letters"}},
		{"extensible binding is no error", []string{`{"path":"Observation.interpretation","binding":{"strength":"extensible","valueSet":"http://vs/letters"}}`}, observation + `,"interpretation":[{"coding":[{"system":"http://x","code":"c"}]}]}`, nil},
		{"unknown value set", []string{`{"path":"Observation.interpretation","binding":{"strength":"required","valueSet":"http://vs/none"}}`}, observation + `,"interpretation":[{"coding":[{"system":"http://x","code":"c"}]}]}`, nil},
		{"length", []string{`{"path":"Observation.method.text","maxLength":2}`}, observation + `,"method":{"text":"abc"}}`, []string{"value Observation.method.text: the text is longer than 2 characters"}},
		{"least", []string{`{"path":"Observation.value[x]","minValueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"kg"}}`}, observation + `,"valueQuantity":{"value":900,"system":"http://unitsofmeasure.org","code":"g"}}`, []string{"invalid Observation.value.ofType(Quantity): the value is less than the least allowed"}},
		{"greatest", []string{`{"path":"Observation.issued","maxValueInstant":"2020-01-01T00:00:00Z"}`}, observation + `,"issued":"2020-01-01T00:30:00+01:00"}`, nil},
		{"greatest date", []string{`{"path":"Observation.effective[x]","maxValueDateTime":"2020-01-01"}`}, observation + `,"effectiveDateTime":"2020-02"}`, []string{"invalid Observation.effective.ofType(dateTime): the value is greater than the greatest allowed"}},
		{"slices", slices(`"rules":"open"`), with("2", "1", "3"), nil},
		{"slice missing", slices(`"rules":"open"`), with("2"), []string{"required Observation.component: the slice one is missing: a mandatory element is missing"}},
		{"slice twice", slices(`"rules":"open"`), with("1", "1"), []string{"structure Observation.component: of the slice one: the element stands more than 1 times"}},
		{"closed", slices(`"rules":"closed"`), with("1", "3"), []string{"structure Observation.component[1]: the element matches no slice of the profile, which allows no others"}},
		{"open at end", slices(`"rules":"openAtEnd"`), with("3", "1"), []string{"structure Observation.component[1]: an element of a slice stands after one of none"}},
		{"ordered", slices(`"rules":"open","ordered":true`), with("2", "1"), []string{"structure Observation.component[1]: the slices stand in another order than the profile asks for"}},
		{"rule within a slice", slices(`"rules":"open"`, `{"path":"Observation.component","sliceName":"three"}`, `{"path":"Observation.component.code","patternCodeableConcept":{"coding":[{"code":"3"}]}}`, `{"path":"Observation.component.interpretation","min":1}`), with("1", "3"), []string{"required Observation.component[1].interpretation: a mandatory element is missing"}},
		{"by value", []string{
			`{"path":"Observation.category","slicing":{"discriminator":[{"type":"value","path":"coding.code"}],"rules":"open"}}`,
			`{"path":"Observation.category","sliceName":"lab","min":1}`,
			`{"path":"Observation.category.coding.code","fixedCode":"laboratory"}`}, observation + `,"category":[{"coding":[{"code":"exam"}]}]}`, []string{"required Observation.category: the slice lab is missing: a mandatory element is missing"}},
		{"by existence", []string{
			`{"path":"Observation.component","slicing":{"discriminator":[{"type":"exists","path":"interpretation"}],"rules":"open"}}`,
			`{"path":"Observation.component","sliceName":"with","max":"0"}`,
			`{"path":"Observation.component.interpretation","min":1}`}, observation + `,"component":[{"code":{"text":"a"},"valueString":"x"},{"code":{"text":"b"},"interpretation":[{"text":"c"}],"valueString":"x"}]}`, []string{"structure Observation.component: of the slice with: the profile does not allow this element"}},
		{"by type", []string{
			`{"path":"Observation.value[x]","slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"closed"}}`,
			`{"path":"Observation.value[x]","sliceName":"valueQuantity","type":[{"code":"Quantity"}]}`}, observation + `,"valueString":"a"}`, []string{"structure Observation.value.ofType(string): the element matches no slice of the profile, which allows no others"}},
		{"by type of target", []string{
			`{"path":"Observation.performer","slicing":{"discriminator":[{"type":"type","path":"resolve()"}],"rules":"open"}}`,
			`{"path":"Observation.performer","sliceName":"who","min":1,"type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Practitioner"]}]}`}, observation + `,"performer":[{"reference":"Organization/1"}]}`, []string{"required Observation.performer: the slice who is missing: a mandatory element is missing"}},
		{"by profile of target", []string{
			`{"path":"Observation.performer","slicing":{"discriminator":[{"type":"profile","path":"resolve()"}],"rules":"open"}}`,
			`{"path":"Observation.performer","sliceName":"who","min":1,"type":[{"code":"Reference","targetProfile":["http://p/named"]}]}`}, observation + `,"contained":[{"resourceType":"Patient","id":"p","name":[{"text":"a"}]}],"performer":[{"reference":"#p"}]}`, nil},
		{"extension by URL", []string{
			`{"path":"Observation.extension","slicing":{"discriminator":[{"type":"value","path":"url"}],"rules":"closed"}}`,
			`{"path":"Observation.extension","sliceName":"e","min":1,"type":[{"code":"Extension","profile":["http://e/code"]}]}`}, observation + `,"extension":[{"url":"http://e/other","valueCode":"a"}]}`, []string{
			"structure Observation.extension[0]: the element matches no slice of the profile, which allows no others",
			"required Observation.extension: the slice e is missing: a mandatory element is missing"}},
		{"content of an extension", nil, observation + `,"extension":[{"url":"http://e/code","valueString":"a"}]}`, []string{"structure Observation.extension[0].value.ofType(string): the profile does not allow this type here"}},
		{"place of an extension", nil, observation + `,"method":{"extension":[{"url":"http://e/code","valueCode":"a"}],"text":"a"}}`, []string{"structure Observation.method.extension[0]: the extension http://e/code is not allowed here by its definition"}},
		{"no modifier", nil, observation + `,"modifierExtension":[{"url":"http://e/code","valueCode":"a"}]}`, []string{"structure Observation.modifierExtension[0]: the extension is no modifierExtension"}},
		{"unknown extension", nil, observation + `,"extension":[{"url":"http://e/unknown","valueCode":"a"}]}`, nil},
		{"unknown path", []string{`{"path":"Observation.nothing","min":1}`}, observation + `}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			library := Core().With(
				profileOf(t, "http://p/x", "Observation", "", append([]string{`{"path":"Observation"}`}, c.elements...)...),
				profileOf(t, "http://p/derived", "Observation", "http://p/x", `{"path":"Observation"}`),
				profileOf(t, "http://p/named", "Patient", "", `{"path":"Patient.name","min":1}`),
				parse(t, `{"resourceType":"StructureDefinition","url":"http://e/code","type":"Extension","derivation":"constraint","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Extension",
					"context":[{"type":"element","expression":"Observation"}],"differential":{"element":[{"path":"Extension"},{"path":"Extension.url","fixedUri":"http://e/code"},{"path":"Extension.value[x]","min":1,"type":[{"code":"code"}]}]}}`),
				parse(t, `{"resourceType":"CodeSystem","url":"http://cs/letters","content":"complete","caseSensitive":true,"concept":[{"code":"a","concept":[{"code":"b"},{"code":"c"}]}]}`),
				parse(t, `{"resourceType":"ValueSet","url":"http://vs/letters","compose":{"include":[{"system":"http://cs/letters","filter":[{"property":"concept","op":"descendent-of","value":"a"}]}],"exclude":[{"system":"http://cs/letters","concept":[{"code":"c"}]}]}}`))
			for _, url := range []string{"http://p/x", "http://p/derived"} {
				got := errorsOf(Validator{Library: library, Profiles: []string{url}}, parse(t, c.resource))
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%s\n%s", url, diff)
				}
			}
		})
	}
}

func TestProfileThatIsMissing(t *testing.T) {
	t.Parallel()
	v := Validator{Profiles: []string{"http://p/none"}}
	if got := errorsOf(v, parse(t, observation+`}`)); len(got) != 1 || !strings.HasPrefix(got[0], "not-found Observation: ") {
		t.Error(got)
	}
	if got := errorsOf(Validator{}, parse(t, observation+`,"meta":{"profile":["http://p/none"]}}`)); got != nil {
		t.Error(got)
	}
	if got := errorsOf(Validator{Profiles: []string{structureDefinition + "Patient"}}, parse(t, observation+`}`)); len(got) != 1 {
		t.Error(got)
	}
}

// usCore gives the package and its examples by file name.
func usCore(t testing.TB) (*Package, map[string]*fhir.Node) {
	t.Helper()
	data, err := os.ReadFile(sharedtest.Path(t, "fhir/us-core-6.1.0.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := ReadPackage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	examples := map[string]*fhir.Node{}
	members(t, unzip(t, bytes.NewReader(data)), func(name string, data []byte) {
		if base := filepath.Base(name); strings.HasPrefix(name, "package/example/") && !strings.HasPrefix(base, ".") {
			if n, err := fhir.Parse(data); err == nil && n.Type() != "" {
				examples[base] = n
			}
		}
	})
	return p, examples
}

// stripped gives the package's resources without a member of its profiles.
func stripped(p *Package, member string) []*fhir.Node {
	var out []*fhir.Node
	for _, r := range p.Resources {
		if r.Type() == "StructureDefinition" {
			r = r.Shallow()
			r.Delete(member)
		}
		out = append(out, r)
	}
	return out
}

// TestUSCore loads the package and validates every example of it: none has an error, with
// profiles compiled from differentials and with those compiled from snapshots.
func TestUSCore(t *testing.T) {
	t.Parallel()
	p, examples := usCore(t)
	if p.Name != "hl7.fhir.us.core" || p.Version != "6.1.0" || len(examples) != 183 {
		t.Errorf("%s %s with %d examples", p.Name, p.Version, len(examples))
	}
	for kind, library := range map[string]*Library{"differentials": Core().With(stripped(p, "snapshot")...), "snapshots": Core().With(stripped(p, "differential")...)} {
		for _, r := range p.Resources {
			// The profile of QuestionnaireResponse stands on one of another package.
			if x := library.profile(r.Str("url")); x != nil && (len(x.problems) > 0 || x.orphan && x.typ.Name != "QuestionnaireResponse") {
				t.Errorf("%s of %s: %v", kind, x.url, x.problems)
			}
		}
		claims := 0
		for name, n := range examples {
			claims += len(n.Path("meta", "profile").Items())
			for _, e := range errorsOf(Validator{Library: library}, n) {
				t.Errorf("%s: %s: %s", kind, name, e)
			}
		}
		if claims < 150 {
			t.Errorf("the examples claim only %d profiles", claims)
		}
	}
}

// TestUSCoreIsEnforced breaks examples of US Core and expects the profile to notice, from
// differentials as from snapshots.
func TestUSCoreIsEnforced(t *testing.T) {
	t.Parallel()
	p, examples := usCore(t)
	for _, c := range []struct{ file, remove, want string }{
		{"Patient-example.json", "gender", "required Patient.gender: a mandatory element is missing"},
		{"Patient-example.json", "identifier", "required Patient.identifier: a mandatory element is missing"},
		{"Patient-example.json", "name", "required Patient.name: a mandatory element is missing"},
		{"Observation-blood-pressure.json", "component", "required Observation.component: the element stands fewer than 2 times"},
		{"Observation-blood-pressure.json", "category", "required Observation.category: a mandatory element is missing"},
		{"Observation-blood-pressure.json", "subject", "required Observation.subject: a mandatory element is missing"},
		{"Condition-encounter-diagnosis-example1.json", "category", "required Condition.category: a mandatory element is missing"},
		{"Encounter-example-1.json", "type", "required Encounter.type: a mandatory element is missing"},
		{"DocumentReference-episode-summary.json", "category", "required DocumentReference.category: a mandatory element is missing"},
	} {
		n := examples[c.file]
		if n.Get(c.remove) == nil {
			t.Errorf("%s has no %s", c.file, c.remove)
			continue
		}
		broken := n.Shallow()
		broken.Delete(c.remove)
		for kind, member := range map[string]string{"differentials": "snapshot", "snapshots": "differential"} {
			got := errorsOf(Validator{Library: Core().With(stripped(p, member)...)}, broken)
			if !strings.Contains(strings.Join(got, "\n"), c.want) {
				t.Errorf("%s without %s by %s: %q", c.file, c.remove, kind, got)
			}
		}
	}
}
