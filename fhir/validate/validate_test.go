package validate

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"chartlake/internal/sharedtest"

	"github.com/google/go-cmp/cmp"

	"chartlake/fhir"
	"chartlake/fhir/definition"
)

func members(t testing.TB, r io.Reader, f func(name string, data []byte)) {
	t.Helper()
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		f(h.Name, data)
	}
}

func unzip(t testing.TB, r io.Reader) io.Reader {
	t.Helper()
	zr, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	return zr
}

func findings(v Validator, n *fhir.Node) []string {
	var out []string
	for _, i := range v.Resource(n) {
		out = append(out, fmt.Sprintf("%s %s %s: %s", i.Severity, i.Code, i.Path, i.Message))
	}
	return out
}

// exceptions reads "name | finding", one a line.
func exceptions(t *testing.T, file string) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out[line] = true
		}
	}
	return out
}

// TestOfficialExamples expects no finding in the examples of HL7 but the reviewed ones.
func TestOfficialExamples(t *testing.T) {
	t.Parallel()
	f, err := os.Open(sharedtest.Path(t, "fhir/hl7-r4-examples.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	known := exceptions(t, "testdata/examples.txt")
	count, clean := 0, 0
	members(t, unzip(t, bufio.NewReader(f)), func(name string, data []byte) {
		n, err := fhir.Parse(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		count++
		list := findings(Validator{}, n)
		if len(list) == 0 {
			clean++
		}
		for _, finding := range list {
			key := filepath.Base(name) + " | " + finding
			if !known[key] {
				t.Error(key)
			}
			delete(known, key)
		}
	})
	for key := range known {
		t.Errorf("no longer found: %s", key)
	}
	t.Logf("%d of %d examples are without finding", clean, count)
}

// TestSynthea validates a seeded sample of the bundles (all with CHARTLAKE_ALL set).
func TestSynthea(t *testing.T) {
	t.Parallel()
	f, err := os.Open(sharedtest.Path(t, "fhir/synthea-r4-bundles.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	random := rand.New(rand.NewPCG(1, 2))
	bundles, resources := 0, 0
	members(t, f, func(name string, data []byte) {
		if os.Getenv("CHARTLAKE_ALL") == "" && random.IntN(248) >= 12 {
			return
		}
		plain, err := io.ReadAll(unzip(t, strings.NewReader(string(data))))
		if err != nil {
			t.Fatal(err)
		}
		n, err := fhir.Parse(plain)
		if err != nil {
			t.Fatal(err)
		}
		bundles++
		resources += len(n.Get("entry").Items())
		for _, finding := range findings(Validator{Unresolved: true}, n) {
			t.Errorf("bundle %d: %s", bundles, finding)
		}
	})
	t.Logf("%d bundles with %d resources", bundles, resources)
}

func TestFindings(t *testing.T) {
	t.Parallel()
	const head = `{"resourceType":"Observation","status":"final","code":{"text":"a"}`
	for text, want := range map[string][]string{
		head + `}`:                          nil,
		`{}`:                                {"error structure : resourceType is missing or no type of R4"},
		`[]`:                                {"error structure : a resource is a JSON object"},
		`{"resourceType":"DomainResource"}`: {"error structure : resourceType is missing or no type of R4"},
		`{"resourceType":"Observation"}`: {"error required Observation.status: a mandatory element is missing",
			"error required Observation.code: a mandatory element is missing"},
		head + `,"foo":1}`:                                                                        {"error structure Observation.foo: R4 does not have this element here"},
		head + `,"A Name":1}`:                                                                     {"error structure Observation: R4 does not have this element here"},
		head + `,"_subject":{}}`:                                                                  {"error structure Observation._subject: R4 does not have this element here"},
		head + `,"value":1}`:                                                                      {"error structure Observation.value: R4 does not have this element here"},
		head + `,"valueMoney":{"value":1}}`:                                                       {"error structure Observation.valueMoney: R4 does not have this element here"},
		head + `,"valueString":"a","valueInteger":1}`:                                             {"error structure Observation.value.ofType(integer): the element has values of several types"},
		head + `,"valueInteger":1.0}`:                                                             {"error value Observation.value.ofType(integer): not a valid integer: it is no whole number of 32 bits"},
		head + `,"valueInteger":"1"}`:                                                             {"error structure Observation.value.ofType(integer): the JSON kind does not fit the type integer"},
		head + `,"valueString":""}`:                                                               {"error value Observation.value.ofType(string): not a valid string: it is empty"},
		head + `,"subject":[{"reference":"Patient/1"}]}`:                                          {"error structure Observation.subject: the element does not repeat and is no array"},
		head + `,"category":{"text":"a"}}`:                                                        {"error structure Observation.category: the element may repeat and is an array"},
		head + `,"category":[]}`:                                                                  {"error structure Observation.category: an array is empty"},
		head + `,"category":[{}]}`:                                                                {"error structure Observation.category[0]: an element is empty"},
		head + `,"category":[{"text":"a"},{"text":""}]}`:                                          {"error value Observation.category[1].text: not a valid string: it is empty"},
		head + `,"category":[null]}`:                                                              {"error structure Observation.category[0]: the element is a JSON object"},
		head + `,"issued":"2020-01-01"}`:                                                          {"error value Observation.issued: not a valid instant: it has another precision"},
		head + `,"effectiveDateTime":"2021-02-29"}`:                                               {"error value Observation.effective.ofType(dateTime): not a valid dateTime: it has another form or does not exist"},
		head + `,"effectiveDateTime":"2021-02-01T10:00:00"}`:                                      {"error value Observation.effective.ofType(dateTime): not a valid dateTime: a time has seconds and a zone"},
		head + `,"subject":{"reference":"Patient/1/2"}}`:                                          {"error value Observation.subject.reference: a relative reference is a resource type, a slash and an id"},
		head + `,"subject":{"reference":"Practitioner/1"}}`:                                       {"error value Observation.subject.reference: the element does not refer to this type of resource"},
		head + `,"subject":{"reference":"Patient?identifier=1"}}`:                                 {"error value Observation.subject.reference: a conditional reference is allowed within a transaction only"},
		head + `,"subject":{"reference":"#p"}}`:                                                   {"error value Observation.subject.reference: no contained resource has this id"},
		head + `,"subject":{"reference":"urn:uuid:6a1b2c3d-0000-4000-8000-000000000001"}}`:        nil,
		head + `,"subject":{"reference":"https://x.org/fhir/Patient/1/_history/2"}}`:              nil,
		head + `,"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}]}`: nil,
		head + `,"contained":[{"resourceType":"Patient"}]}`:                                       {"error invariant Observation.contained[0]: a contained resource has an id"},
		head + `,"extension":[{"url":"u"}]}`:                                                      {"error invariant Observation.extension[0]: an extension has either a value or extensions"},
		head + `,"text":{"status":"generated","div":"<div>a</div>"}}`:                             {"error value Observation.text.div: not a valid xhtml: it is one div of the XHTML namespace"},
		head + `,"text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'><a onclick='b'>a</a></div>"}}`:                                                        {"error value Observation.text.div: not a valid xhtml: it has active content"},
		`{"resourceType":"Observation","status":"done","code":{"text":"a"}}`:                                                                                                         {"error code-invalid Observation.status: the code is not in the value set http://hl7.org/fhir/ValueSet/observation-status"},
		`{"resourceType":"Observation","_status":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]},"code":{"text":"a"}}`:    nil,
		`{"resourceType":"Patient","name":[{"given":["a",null],"_given":[null,{"id":"x"}]}]}`:                                                                                        nil,
		`{"resourceType":"Patient","name":[{"given":["a",null],"_given":[null]}]}`:                                                                                                   {"error structure Patient.name[0].given: the arrays of the values and of their extensions differ in length"},
		`{"resourceType":"Patient","name":[{"given":["a",null]}]}`:                                                                                                                   {"error structure Patient.name[0].given[1]: null stands where there is no extension either"},
		`{"resourceType":"Patient","link":[{"other":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]},"type":"seealso"}]}`:  nil,
		`{"resourceType":"Condition","subject":{"display":"a"},"clinicalStatus":{"coding":[{"system":"http://example.org","code":"active"}]}}`:                                       {"error code-invalid Condition.clinicalStatus: no coding is in the value set http://hl7.org/fhir/ValueSet/condition-clinical"},
		`{"resourceType":"Condition","subject":{"display":"a"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}}`: nil,
		`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","birthDate":"x"}}]}`:                                                            {"error value Bundle.entry[0].resource.birthDate: not a valid date: it has another form or does not exist"},
	} {
		n, err := fhir.Parse([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, findings(Validator{}, n)); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
}

// TestFormatsFollowTheDefinitions compares the written-out rules with the regular
// expressions of the definitions on the examples below and on random changes of them.
func TestFormatsFollowTheDefinitions(t *testing.T) {
	t.Parallel()
	seeds := []string{"a", "a b", " a", "a  b", "a\tb", "\f", "2020", "2020-02", "2020-02-29", "2020-02-29T10:11:12Z", "2020-02-29T10:11:12.5+14:00",
		"2020-02-29T23:59:60Z", "10:11:12", "23:59:60.001", "urn:oid:1.2.840.0", "urn:oid:2.999", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "http://a.b/c?d=e#f",
		"-1.50e+10", "0", "-0", "12", "aGVsbG8=", "aGVsbG8gd29ybGQh", "A-b.9", "ä b"}
	random := rand.New(rand.NewPCG(3, 4))
	const alphabet = "abT Z:-+.0123456789=\t\n\f/ü"
	change := func(s string) string {
		b := []rune(s)
		for range 1 + random.IntN(2) {
			i := random.IntN(len(b) + 1)
			r := []rune(alphabet)[random.IntN(len([]rune(alphabet)))]
			switch random.IntN(3) {
			case 0:
				b = append(b[:i:i], append([]rune{r}, b[i:]...)...)
			case 1:
				if i < len(b) {
					b = append(b[:i:i], b[i+1:]...)
				}
			default:
				if i < len(b) {
					b[i] = r
				}
			}
		}
		return string(b)
	}
	for _, typ := range definition.R4().Types() {
		if typ.Kind != definition.Primitive || typ.Regex == "" || typ.Name == "boolean" || typ.Name == "decimal" {
			continue
		}
		re := regexp.MustCompile(`\A(?:` + typ.Regex + `)\z`)
		for i := range 20000 {
			s := seeds[i%len(seeds)]
			if i >= len(seeds) {
				s = change(s)
			}
			got, want := malformed(typ, s) == "", re.MatchString(s)
			if want && !got && stricter(typ.Name, s) {
				continue
			}
			if got != want {
				t.Fatalf("%s: %q: accepted %v, the definition says %v", typ.Name, s, got, want)
			}
		}
	}
}

// stricter lists where more is asked for than the expression says: nothing is empty, dates exist, integers
// fit 32 bits and are not negative zero where unsigned, "=" closes base64 only.
func stricter(name, s string) bool {
	if s == "" {
		return true
	}
	switch name {
	case "date", "dateTime", "instant", "integer", "positiveInt", "unsignedInt", "base64Binary", "time":
		return true
	}
	return false
}

func TestIssuesAreLimited(t *testing.T) {
	t.Parallel()
	n := fhir.NewObject("resourceType", "Patient")
	for i := range 10 * MaxIssues {
		n.Set(fmt.Sprintf("x%d", i), fhir.NewInt(1))
	}
	if got := len(Validator{}.Resource(n)); got != MaxIssues {
		t.Errorf("%d issues", got)
	}
}

func FuzzResource(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Patient","name":[{"given":["a",null],"_given":[null,{"id":"x"}]}],"text":{"status":"empty","div":"<div/>"}}`))
	f.Add([]byte(`{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient","contained":[{"resourceType":"Patient"}]}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := fhir.Parse(data)
		if err != nil {
			return
		}
		if len(Validator{}.Resource(n)) > MaxIssues {
			t.Fatal("too many issues")
		}
	})
}

func BenchmarkObservation(b *testing.B) {
	n, err := fhir.Parse([]byte(`{"resourceType":"Observation","id":"b3b0c2f6-0d35-4a3c-9d61-1f5a6b7c8d9e","meta":{"versionId":"1","lastUpdated":"2020-01-01T00:00:00.000Z"},
"status":"final","category":[{"coding":[{"system":"http://example.org/c","code":"vital-signs","display":"vital-signs"}]}],
"code":{"coding":[{"system":"http://example.org/codes","code":"A-55284","display":"Blood pressure"}],"text":"Blood pressure"},
"subject":{"reference":"Patient/6a1b2c3d-0000-4000-8000-000000000001"},"encounter":{"reference":"Encounter/6a1b2c3d-0000-4000-8000-000000000002"},
"effectiveDateTime":"2014-03-12T09:21:33-04:00","issued":"2014-03-12T09:21:33.123-04:00",
"component":[{"code":{"coding":[{"system":"http://example.org/codes","code":"A-8462","display":"Diastolic"}],"text":"Diastolic"},
"valueQuantity":{"value":79.33,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if issues := (Validator{}).Resource(n); len(issues) > 0 {
			b.Fatal(issues)
		}
	}
}
