package validate

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chartlake/internal/sharedtest"

	"chartlake/fault"
	"chartlake/fhir"
)

// TestInvariants breaks rules of R4, each with the key that must be named.
func TestInvariants(t *testing.T) {
	t.Parallel()
	for want, resource := range map[string]string{
		"invariant Patient.contact[0]: pat-1":                         `{"resourceType":"Patient","contact":[{"gender":"male"}]}`,
		"invariant Observation: obs-6":                                observation + `,"valueString":"a","dataAbsentReason":{"text":"b"}}`,
		"invariant Observation: obs-7":                                observation + `,"valueString":"a","component":[{"code":{"coding":[{"system":"http://c","code":"a"}]}}]}`,
		"invariant Observation.effective.ofType(Period): per-1":       observation + `,"effectivePeriod":{"start":"2021","end":"2020"}}`,
		"invariant Observation.value.ofType(Quantity): qty-3":         observation + `,"valueQuantity":{"value":1,"code":"kg"}}`,
		"invariant Observation.referenceRange[0]: obs-3":              observation + `,"referenceRange":[{"type":{"text":"a"}}]}`,
		"invariant Bundle: bdl-1":                                     `{"resourceType":"Bundle","type":"collection","total":1}`,
		"invariant Questionnaire.item[0]: que-1":                      `{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"a","type":"group"}]}`,
		"invariant Questionnaire: que-2":                              `{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"a","type":"string"},{"linkId":"a","type":"string"}]}`,
		"invalid Patient.contained[0]: dom-3":                         `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}]}`,
		"invalid Bundle.entry[0].fullUrl: a fullUrl is":               `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"Patient/1","resource":{"resourceType":"Patient","id":"1"}}]}`,
		"invalid Bundle.entry[0].resource.subject: what a document":   `{"resourceType":"Bundle","type":"document","identifier":{"system":"urn:ietf:rfc:3986","value":"urn:uuid:6a1b2c3d-0000-4000-8000-000000000001"},"timestamp":"2020-01-01T00:00:00Z","entry":[{"fullUrl":"http://x/Composition/1","resource":{"resourceType":"Composition","status":"final","type":{"text":"a"},"subject":{"reference":"Patient/1"},"date":"2020","author":[{"display":"a"}],"title":"t"}}]}`,
		"invalid ValueSet.compose.include[0].system: the system":      `{"resourceType":"ValueSet","status":"draft","compose":{"include":[{"system":"x"}]}}`,
		"invalid CodeSystem.count: the stated":                        `{"resourceType":"CodeSystem","status":"draft","content":"complete","count":2,"concept":[{"code":"a"}]}`,
		"structure Media.content: the stated size":                    `{"resourceType":"Media","status":"completed","content":{"contentType":"text/plain","data":"YWJj","size":4}}`,
		"code-invalid Observation.category[0].coding[0].code: the co": observation + `,"category":[{"coding":[{"system":"http://hl7.org/fhir/administrative-gender","code":"lab"}]}]}`,
	} {
		got := errorsOf(Validator{}, parse(t, resource))
		if len(got) == 0 || !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%s: %q", want, got)
		}
	}
}

// TestFullOnOfficialExamples expects no error in HL7's examples but those reviewed, beyond what the
// structure alone finds.
func TestFullOnOfficialExamples(t *testing.T) {
	t.Parallel()
	f, err := os.Open(sharedtest.Path(t, "fhir/hl7-r4-examples.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	known := exceptions(t, "testdata/examples.txt")
	for key := range exceptions(t, "testdata/examples-full.txt") {
		known[key] = true
	}
	members(t, unzip(t, f), func(name string, data []byte) {
		for _, e := range errorsOf(Validator{}, parse(t, string(data))) {
			key := filepath.Base(name) + " | error " + e
			if !known[key] {
				t.Error(key)
			}
		}
	})
}

func archived(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	tw := tar.NewWriter(zw)
	for name, text := range files {
		if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPackages(t *testing.T) {
	t.Parallel()
	const head = `{"name":"a","version":"1","fhirVersions":["4.0.1"]}`
	const set = `{"resourceType":"ValueSet","url":"http://v"}`
	p, err := ReadPackage(bytes.NewReader(archived(t, map[string]string{"package/package.json": head, "package/a.json": set, "package/example/b.json": set, "../evil.json": set, "package/c.txt": "x"})))
	if err != nil || p.Name != "a" || len(p.Resources) != 1 {
		t.Errorf("%+v %v", p, err)
	}
	for name, c := range map[string]struct {
		data []byte
		kind fault.Kind
	}{
		"no gzip":       {[]byte("PK"), fault.Corrupt},
		"no tar":        {archived(t, nil)[:20], fault.Corrupt},
		"no package":    {archived(t, map[string]string{"package/a.json": set}), fault.Corrupt},
		"no JSON":       {archived(t, map[string]string{"package/package.json": "{"}), fault.Corrupt},
		"other release": {archived(t, map[string]string{"package/package.json": `{"name":"a","fhirVersions":["5.0.0"]}`}), fault.Unsupported},
		"large file":    {archived(t, map[string]string{"package/package.json": head, "package/a.json": strings.Repeat(" ", MaxPackageFile+1)}), fault.TooLarge},
	} {
		if _, err := ReadPackage(bytes.NewReader(c.data)); fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBomb packs many times MaxPackageBytes into little.
func TestBomb(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("unpacks half a gigabyte")
	}
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	tw := tar.NewWriter(zw)
	chunk := bytes.Repeat([]byte{' '}, 1<<20)
	for range 3 {
		if err := tw.WriteHeader(&tar.Header{Name: "package/other/a.bin", Mode: 0o644, Size: 400 << 20, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		for range 400 {
			if _, err := tw.Write(chunk); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadPackage(&packed); !fault.Is(err, fault.TooLarge) {
		t.Errorf("%v", err)
	}
}

// TestHostileDefinitions must end soon: profiles and value sets in circles, extensions within
// extensions, references to oneself, and rules that multiply.
func TestHostileDefinitions(t *testing.T) {
	t.Parallel()
	circle := profileOf(t, "http://p/a", "Bundle", "", `{"path":"Bundle.entry.resource","type":[{"code":"Bundle","profile":["http://p/a","http://p/b"]}]}`)
	other := profileOf(t, "http://p/b", "Bundle", "http://p/c", `{"path":"Bundle.entry","min":1}`)
	base := profileOf(t, "http://p/c", "Bundle", "http://p/b", `{"path":"Bundle.entry","min":1}`)
	self := parse(t, `{"resourceType":"ValueSet","url":"http://v/a","compose":{"include":[{"valueSet":["http://v/a","http://v/b"]},{"valueSet":["http://v/b"]}]}}`)
	back := parse(t, `{"resourceType":"ValueSet","url":"http://v/b","compose":{"include":[{"valueSet":["http://v/a"]},{"valueSet":["http://v/a"]}]}}`)
	bound := profileOf(t, "http://p/v", "Observation", "", `{"path":"Observation.code","binding":{"strength":"required","valueSet":"http://v/a"}}`)
	heavy := profileOf(t, "http://p/h", "Observation", "", `{"path":"Observation","constraint":[{"key":"h","severity":"error","human":"heavy","expression":"descendants().select(%resource.descendants().select(%resource.descendants())).count() > 0"}]}`)
	v := Validator{Library: Core().With(circle, other, base, self, back, bound, heavy)}
	nested := `{"resourceType":"Patient"}`
	for range 40 {
		nested = `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + nested + `}]}`
	}
	components := strings.Repeat(`{"code":{"text":"a"},"valueString":"b"},`, 300)
	for profile, resource := range map[string]string{
		"http://p/a": nested,
		"http://p/b": nested,
		"http://p/v": observation + `}`,
		"http://p/h": observation + `,"component":[` + strings.TrimSuffix(components, ",") + `]}`,
	} {
		v.Profiles = []string{profile}
		start := time.Now()
		got := errorsOf(v, parse(t, resource))
		t.Logf("%s: %v", profile, time.Since(start))
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s took %v and found %d errors", profile, took, len(got))
		}
	}
}

// FuzzFull holds any resource against a profile, value set, code system or questionnaire made from anything.
func FuzzFull(f *testing.F) {
	f.Add([]byte(observation+`,"meta":{"profile":["http://p"]},"component":[{"code":{"text":"a"}}]}`),
		[]byte(`{"resourceType":"StructureDefinition","url":"http://p","type":"Observation","derivation":"constraint","differential":{"element":[{"path":"Observation.component","slicing":{"discriminator":[{"type":"value","path":"code.coding.code"}],"rules":"closed"}},{"path":"Observation.component","sliceName":"a/b","min":1},{"path":"Observation.valueQuantity.value","maxValueDecimal":1}]}}`))
	f.Add([]byte(`{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"http://q","item":[{"linkId":"a","answer":[{"valueString":"b","item":[{"linkId":"c"}]}]}]}`),
		[]byte(`{"resourceType":"Questionnaire","url":"http://q","status":"active","item":[{"linkId":"a","type":"choice","answerValueSet":"http://v","enableWhen":[{"question":"c","operator":">","answerInteger":1}],"item":[{"linkId":"c","type":"quantity"}]}]}`))
	f.Add([]byte(observation+`,"extension":[{"url":"http://e","extension":[{"url":"x","valueCode":"1"}]}]}`),
		[]byte(`{"resourceType":"StructureDefinition","url":"http://e","type":"Extension","derivation":"constraint","context":[{"type":"element","expression":"Observation"}],"differential":{"element":[{"path":"Extension.extension","sliceName":"x","min":1},{"path":"Extension.extension.value[x]","binding":{"strength":"required","valueSet":"http://hl7.org/fhir/ValueSet/administrative-gender"}}]}}`))
	f.Fuzz(func(t *testing.T, resource, definition []byte) {
		n, err := fhir.Parse(resource)
		if err != nil {
			return
		}
		d, err := fhir.Parse(definition)
		if err != nil {
			return
		}
		v := Validator{Level: Full, Library: Core().With(d), Profiles: []string{d.Str("url")}}
		if len(v.Resource(n)) > MaxIssues {
			t.Fatal("too many issues")
		}
		v.Resource(d)
	})
}

func FuzzPackage(f *testing.F) {
	f.Add(archived(f, map[string]string{"package/package.json": `{"name":"a","fhirVersions":["4.0.1"]}`, "package/v.json": `{"resourceType":"ValueSet","url":"http://v"}`}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := ReadPackage(bytes.NewReader(data)); err != nil && fault.As(err) == nil {
			t.Fatalf("no fault: %v", err)
		}
	})
}

// BenchmarkUSCore validates all examples of US Core; one operation is one resource.
func BenchmarkUSCore(b *testing.B) {
	p, examples := usCore(b)
	var list []*fhir.Node
	for _, n := range examples {
		if n.Type() != "Bundle" {
			list = append(list, n)
		}
	}
	for name, v := range map[string]Validator{"structure": {}, "full": {Level: Full, Library: Core().With(p.Resources...)}} {
		b.Run(name, func(b *testing.B) {
			for _, n := range list {
				v.Resource(n) // compiles
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				v.Resource(list[i%len(list)])
				i++
			}
		})
	}
}

// TestErrorsAreNotCrowdedOut gives more warnings than are listed, and an error after them.
func TestErrorsAreNotCrowdedOut(t *testing.T) {
	t.Parallel()
	code := `{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"none%d"},`
	var codings strings.Builder
	for i := range 2 * MaxIssues {
		codings.WriteString(strings.ReplaceAll(code, "%d", strings.Repeat("x", i+1)))
	}
	n := parse(t, `{"resourceType":"Observation","status":"final","code":{"coding":[`+strings.TrimSuffix(codings.String(), ",")+`]},"valueQuantity":{"value":1,"code":"kg"}}`)
	issues := Validator{Level: Full}.Resource(n)
	if len(issues) != MaxIssues || Error(issues) == nil {
		t.Errorf("%d issues, %v", len(issues), Error(issues))
	}
}

// TestSyntheaFull validates a few of the bundles at both levels: neither finds an error.
func TestSyntheaFull(t *testing.T) {
	t.Parallel()
	f, err := os.Open(sharedtest.Path(t, "fhir/synthea-r4-bundles.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	i := 0
	members(t, f, func(name string, data []byte) {
		if i++; i%60 != 0 && os.Getenv("CHARTLAKE_ALL") == "" {
			return
		}
		plain, err := io.ReadAll(unzip(t, bytes.NewReader(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range errorsOf(Validator{Unresolved: true}, parse(t, string(plain))) {
			t.Errorf("bundle %d: %s", i, e)
		}
	})
}
