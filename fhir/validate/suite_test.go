package validate

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	slash "path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"chartlake/internal/sharedtest"

	"chartlake/fault"
	"chartlake/fhir"
)

var update = flag.Bool("update", false, "rewrite testdata/suite.txt")

const suiteFolder = "fhir-test-cases/validator/"

// A run is one verdict of the suite: a resource by itself (base) or against the profile that
// the case names (profile).
type run struct {
	name, kind   string
	file         string
	test, within *fhir.Node // the case; the part of it that holds the verdict
}

func (r run) key() string { return r.name + " " + r.kind }

// suite gives the files of HL7's validator suite and its runs in order.
func suite(t *testing.T) (files map[string][]byte, runs []run) {
	t.Helper()
	f, err := os.Open(sharedtest.Path(t, "fhir/fhir-test-cases-r4.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files = map[string][]byte{}
	members(t, unzip(t, bufio.NewReader(f)), func(name string, data []byte) {
		if rest, ok := strings.CutPrefix(name, suiteFolder); ok {
			files[rest] = data
		}
	})
	manifest, err := fhir.Parse(files["manifest.json"])
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, c := range manifest.Get("test-cases").Items() {
		name := strings.ReplaceAll(c.Str("name"), " ", "")
		if seen[name]++; seen[name] > 1 {
			name += fmt.Sprintf("#%d", seen[name])
		}
		runs = append(runs, run{name, "base", c.Str("file"), c, c})
		for _, kind := range []string{"profile", "logical", "matchetype"} {
			if p := c.Get(kind); p != nil {
				runs = append(runs, run{name, kind, c.Str("file"), c, p})
			}
		}
	}
	return files, runs
}

// stored gives the OperationOutcome or the counts that the suite holds for a run; nil
// where it holds none.
func (r run) stored(t *testing.T, files map[string][]byte) *fhir.Node {
	j := r.within.Get("java")
	switch {
	case j.Kind() == fhir.String:
		data, ok := files["outcomes/"+j.Text()]
		if !ok {
			return nil
		}
		n, err := fhir.Parse(data)
		if err != nil {
			t.Fatalf("%s: %v", j.Text(), err)
		}
		return n
	case j.Get("outcome") != nil:
		return j.Get("outcome")
	}
	return j
}

// invalid says what the stored verdict is.
func invalid(stored *fhir.Node) bool {
	for _, i := range stored.Get("issue").Items() {
		if s := i.Str("severity"); s == "error" || s == "fatal" {
			return true
		}
	}
	count := stored.Str("errorCount")
	return count != "" && count != "0"
}

// excluded says why a run is not in the set: the set is the JSON cases of R4 with a stored
// verdict that ask neither for an external package nor for a terminology server.
func (r run) excluded(t *testing.T, files map[string][]byte) string {
	switch {
	case !strings.HasPrefix(r.test.Str("version"), "4.0"):
		return "of another release of FHIR"
	case slash.Ext(r.file) != ".json":
		return "not JSON"
	case r.test.Get("packages") != nil || r.within.Get("packages") != nil:
		return "asks for an external package"
	case r.test.Path("logical", "packages") != nil:
		return "a CDS Hooks message: asks for an external package"
	case r.kind == "logical":
		return "a logical model, which is no FHIR resource"
	case r.kind == "matchetype":
		return "compares two files, which is no validation"
	}
	stored := r.stored(t, files)
	if stored == nil {
		return "no verdict is stored"
	}
	if server := r.needsServer(stored, files); server != "" {
		return "asks for a terminology server: its only errors are about codes of " + server
	}
	return ""
}

var (
	aboutCodes = regexp.MustCompile(`Wrong Display Name|Unknown code|is not valid in the system|in the value set|not a valid code|not allowed for property|must be a valid code`)
	anyURL     = regexp.MustCompile(`(?:https?://|urn:)[^\s'"#|(),]+`)
)

// needsServer names a code system that only a terminology server has, when all errors of a
// verdict are about the codes of such.
func (r run) needsServer(stored *fhir.Node, files map[string][]byte) string {
	found := ""
	for _, i := range stored.Get("issue").Items() {
		if s := i.Str("severity"); s != "error" && s != "fatal" {
			continue
		}
		text := i.Str("details", "text")
		external := ""
		if aboutCodes.MatchString(text) {
			for _, url := range anyURL.FindAllString(text, -1) {
				if slices.Contains([]string{"http://snomed.info/sct", "http://loinc.org", "http://hl7.org/fhir/sid/cvx", "urn:iso:std:iso:3166",
					"http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", "http://www.nlm.nih.gov/research/umls/rxnorm"}, url) {
					external = url
				}
			}
		}
		if external == "" {
			return ""
		}
		found = external
	}
	return found
}

// validator sets up what the case asks for.
func (r run) validator(t *testing.T, files map[string][]byte) Validator {
	t.Helper()
	var resources []*fhir.Node
	load := func(list ...*fhir.Node) {
		for _, f := range list {
			if n := readAny(f.Text(), files[f.Text()]); n != nil {
				resources = append(resources, n)
			}
		}
	}
	load(r.test.Get("supporting").Items()...)
	load(r.test.Get("profiles").Items()...)
	v := Validator{Level: Full, KnownExtensions: r.test.Get("allowed-extension-domain") == nil}
	if r.kind == "profile" {
		load(r.within.Get("supporting").Items()...)
		source := r.within.Get("source")
		load(source)
		v.Profiles = []string{source.Text()}
		if n := readAny(source.Text(), files[source.Text()]); n != nil {
			v.Profiles = []string{n.Str("url")}
		}
	}
	v.Library = Core().With(resources...)
	if r.test.Str("validateReference") == "CHECK_EXISTS_AND_TYPE" {
		v.Exists = func(string) bool { return false }
	}
	return v
}

func readAny(name string, data []byte) *fhir.Node {
	read := fhir.Parse
	if slash.Ext(name) == ".xml" {
		read = fhir.ParseXML
	}
	n, err := read(data)
	if err != nil {
		return nil
	}
	return n
}

func (r run) issues(t *testing.T, files map[string][]byte) []fault.Issue {
	n, err := fhir.Parse(files[r.file])
	if err != nil {
		return []fault.Issue{{Severity: "fatal", Code: "structure", Message: err.Error()}}
	}
	return r.validator(t, files).Resource(n)
}

// TestOfficialSuite runs the validator suite of HL7. testdata/suite.txt lists every run of it
// as in the set or out of it with a reason (-update writes it anew); a run in the set is
// right when we find an error where the stored outcome of HL7's validator has one and none
// where it has none. Runs that are wrong stand in testdata/wrong.txt, each with its reason, and
// must be wrong. The bar is 85 %.
//
// The stricter measure counts, of the errors in the outcomes of the set, those for which we
// have an error at the same element or its parent.
func TestOfficialSuite(t *testing.T) {
	t.Parallel()
	files, runs := suite(t)
	var list strings.Builder
	list.WriteString("# The runs of HL7's validator suite: name, kind, and + or the reason why it is not in the set.\n# Written by go test -run TestOfficialSuite -update.\n")
	wrong := reasons(t, "testdata/wrong.txt")
	total, right, errors, located := 0, 0, 0, 0
	for _, r := range runs {
		if reason := r.excluded(t, files); reason != "" {
			fmt.Fprintf(&list, "%s | %s\n", r.key(), reason)
			continue
		}
		fmt.Fprintf(&list, "%s | +\n", r.key())
		total++
		stored := r.stored(t, files)
		issues := r.issues(t, files)
		e, l := agreement(stored, issues)
		errors, located = errors+e, located+l
		ok := invalid(stored) == (Error(issues) != nil)
		reason, known := wrong[r.key()]
		switch {
		case ok && known:
			t.Errorf("%s is right: take it off testdata/wrong.txt (%s)", r.key(), reason)
		case !ok && !known:
			t.Errorf("%s: the suite says invalid=%v\n%s", r.key(), invalid(stored), explain(stored, issues))
		}
		if ok {
			right++
		}
		delete(wrong, r.key())
	}
	for key := range wrong {
		t.Errorf("%s of testdata/wrong.txt is no run of the set", key)
	}
	if *update {
		if err := os.WriteFile("testdata/suite.txt", []byte(list.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if committed, err := os.ReadFile("testdata/suite.txt"); err != nil || string(committed) != list.String() {
		t.Error("testdata/suite.txt is not what the suite gives: look at the difference that -update makes")
	}
	if 100*right < 85*total {
		t.Errorf("only %d of %d are right", right, total)
	}
	t.Logf("validator suite: %d of %d verdicts are right, %.1f %%; %d of %d errors found at the element or its parent, %.1f %%",
		right, total, 100*float64(right)/float64(total), located, errors, 100*float64(located)/float64(errors))
}

// reasons reads "key | reason" lines.
func reasons(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		key, reason, ok := strings.Cut(line, " | ")
		if !ok || reason == "" {
			t.Errorf("%s has no reason", key)
		}
		out[key] = reason
	}
	return out
}

var comments = regexp.MustCompile(`/\*.*?\*/`)

// agreement counts the errors of a stored outcome, and those that we have at the same place.
func agreement(stored *fhir.Node, issues []fault.Issue) (errors, located int) {
	for _, i := range stored.Get("issue").Items() {
		if s := i.Str("severity"); s != "error" && s != "fatal" {
			continue
		}
		errors++
		at := comments.ReplaceAllString(i.Str("expression"), "")
		for _, own := range issues {
			if (own.Severity == "error" || own.Severity == "fatal") && (near(own.Path, at) || near(at, own.Path)) {
				located++
				break
			}
		}
	}
	return errors, located
}

// near reports whether a path is another one or one step below it.
func near(path, parent string) bool {
	rest, ok := strings.CutPrefix(path, parent)
	rest = strings.TrimPrefix(rest, ".")
	return ok && (!strings.Contains(rest, ".") || strings.HasPrefix(rest, "ofType") || strings.Count(rest, ".") == 1 && strings.Contains(rest, "ofType"))
}

func explain(stored *fhir.Node, issues []fault.Issue) string {
	var b strings.Builder
	for _, i := range stored.Get("issue").Items() {
		if s := i.Str("severity"); s == "error" || s == "fatal" {
			text := i.Str("details", "text")
			fmt.Fprintf(&b, "\tsuite: %s %s: %s\n", i.Str("code"), i.Str("expression"), text[:min(len(text), 200)])
		}
	}
	for _, i := range issues {
		if i.Severity == "error" || i.Severity == "fatal" {
			fmt.Fprintf(&b, "\tours: %s %s: %s\n", i.Code, i.Path, i.Message)
		}
	}
	return b.String()
}
