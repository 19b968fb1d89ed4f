package fhirpath

import (
	"encoding/xml"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"chartlake/internal/sharedtest"

	"chartlake/fhir"
)

type suite struct {
	Groups []struct {
		Name  string      `xml:"name,attr"`
		Tests []suiteTest `xml:"test"`
	} `xml:"group"`
}

type suiteTest struct {
	Name       string `xml:"name,attr"`
	Input      string `xml:"inputfile,attr"`
	Predicate  bool   `xml:"predicate,attr"`
	Expression struct {
		Text    string `xml:",chardata"`
		Invalid string `xml:"invalid,attr"`
	} `xml:"expression"`
	Outputs []struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	} `xml:"output"`
}

// exclusions reads "group/name reason", one a line.
func exclusions(t *testing.T) map[string]string {
	data, err := os.ReadFile("testdata/exclusions.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		name, reason, ok := strings.Cut(line, " ")
		if !ok || strings.TrimSpace(reason) == "" {
			t.Errorf("exclusion %s has no reason", name)
		}
		out[name] = strings.TrimSpace(reason)
	}
	return out
}

// TestOfficialSuite runs the R4 FHIRPath suite of HL7 whole. A test may fail only when the
// exclusions name it, and must fail when they do.
func TestOfficialSuite(t *testing.T) {
	t.Parallel()
	const dir = "fhir-test-cases/r4/fhirpath/"
	files := archive(t, "fhir/fhir-test-cases-r4.tgz", func(name string) bool { return strings.HasPrefix(name, dir) })
	var s suite
	if err := xml.Unmarshal(files[dir+"tests-fhir-r4.xml"], &s); err != nil {
		t.Fatal(err)
	}
	excluded := exclusions(t)
	total, passed := 0, 0
	for _, g := range s.Groups {
		for i, test := range g.Tests {
			if test.Name == "" {
				test.Name = fmt.Sprint(i + 1)
			}
			name := g.Name + "/" + test.Name
			total++
			err := test.run(files, dir+"input/")
			reason, allowed := excluded[name]
			switch {
			case err == nil && allowed:
				passed++
				t.Errorf("%s passes: take it off the exclusions (%s)", name, reason)
			case err == nil:
				passed++
			case !allowed:
				t.Errorf("%s: %s\n\t%v", name, strings.TrimSpace(test.Expression.Text), err)
			}
		}
	}
	if total < 930 {
		t.Errorf("only %d tests were found", total)
	}
	t.Logf("FHIRPath R4 suite: %d of %d pass, %.1f %%", passed, total, 100*float64(passed)/float64(total))
}

func (test *suiteTest) run(files map[string][]byte, dir string) error {
	input := test.Input
	if input == "" {
		input = "patient-example.xml"
	}
	resource, err := readResource(input, files[dir+input])
	if err != nil {
		return fmt.Errorf("input %s: %w", input, err)
	}
	var out []Value
	e, err := CompileStrict(test.Expression.Text, resource.Type())
	if err == nil {
		out, err = e.Eval(resource)
	}
	if test.Expression.Invalid != "" {
		if err == nil {
			return fmt.Errorf("no error, but %v", show(out))
		}
		return nil
	}
	if err != nil {
		return err
	}
	return test.compare(out)
}

func readResource(name string, data []byte) (*fhir.Node, error) {
	if path.Ext(name) == ".xml" {
		return fhir.ParseXML(data)
	}
	return fhir.Parse(data)
}

func (test *suiteTest) compare(out []Value) error {
	if test.Predicate {
		out = truth(len(out) > 0 && !(len(out) == 1 && out[0].system() == false))
	}
	if len(out) != len(test.Outputs) {
		return fmt.Errorf("%d results %v, want %d", len(out), show(out), len(test.Outputs))
	}
	for i, v := range out {
		want := test.Outputs[i]
		got, kind := v.Text(), v.Type()
		kind = strings.TrimPrefix(kind, "System.")
		if v.typ == nil && kind != "Quantity" {
			kind = strings.ToLower(kind[:1]) + kind[1:]
		}
		text := strings.TrimPrefix(want.Text, "@")
		if kind == "time" || want.Type == "time" {
			text = strings.TrimPrefix(text, "T")
		}
		same := got == text
		if d, ok := v.decimal(); ok {
			if w, ok := parseDecimal(text); ok {
				same = d.Cmp(w) == 0
			}
		}
		if !same || want.Type != "" && kind != want.Type && !(want.Type == "code" && kind == "string") {
			return fmt.Errorf("result %d is %s %q, want %s %q", i+1, kind, got, want.Type, text)
		}
	}
	return nil
}

func show(values []Value) []string {
	var out []string
	for _, v := range values {
		out = append(out, v.Type()+" "+v.Text())
	}
	return out
}

// archive reads the files of an archive of the development data that keep accepts.
func archive(t testing.TB, name string, keep func(string) bool) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	sharedtest.Archive(t, name, func(member string, data []byte) {
		if keep(member) {
			files[member] = data
		}
	})
	return files
}
