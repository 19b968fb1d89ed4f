package cloudformation

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the tables of the template, and testdata/schema.txt where cfn-lint is installed")

// schema says of each object in a resource of the template which properties it may have, and of
// values which there are. It is made from the published schemas of resource types (CloudFormation
// User Guide, "Resource type schemas"), which cfn-lint brings; a line is one of
//
//	TYPE PATH: property property! ...    ! means required
//	TYPE PATH = value|value
//	TYPE @ attribute ...                 of Fn::GetAtt
//
// PATH begins with "." and has "[]" for a list. An object that is not in it may have anything.
type schema map[string][]string

func readSchema(t *testing.T) schema {
	t.Helper()
	data, err := os.ReadFile("testdata/schema.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := schema{}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		switch key, rest, ok := strings.Cut(line, ": "); {
		case ok:
			out[key] = strings.Fields(rest)
		case strings.Contains(line, " = "):
			key, rest, _ := strings.Cut(line, " = ")
			out[key+" ="] = strings.Split(rest, "|")
		default:
			key, rest, _ := strings.Cut(line, " @")
			out[key+" @"] = strings.Fields(rest)
		}
	}
	return out
}

// check holds the resources of a template against the schema.
func (s schema) check(t template) (out []string) {
	for name, r := range t.resources() {
		typ, _ := at(r, "Type").(string)
		if _, known := s[typ+" @"]; !known {
			out = append(out, fmt.Sprintf("%s is of no known type: %s (if it is new, run the tests with -update where cfn-lint is)", name, typ))
			continue
		}
		properties := at(r, "Properties")
		if properties == nil {
			properties = map[string]any{}
		}
		s.value(typ, ".", properties, func(format string, args ...any) { out = append(out, name+": "+fmt.Sprintf(format, args...)) })
	}
	slices.Sort(out)
	return out
}

func (s schema) value(typ, path string, v any, wrong func(string, ...any)) {
	if fn, argument, ok := intrinsic(v); ok {
		if branches, _ := argument.([]any); fn == "Fn::If" && len(branches) == 3 {
			s.value(typ, path, branches[1], wrong)
			s.value(typ, path, branches[2], wrong)
		}
		return
	}
	switch v := v.(type) {
	case map[string]any:
		may, known := s[typ+" "+path]
		if !known {
			return
		}
		for name, inner := range v {
			if !slices.Contains(may, name) && !slices.Contains(may, name+"!") {
				wrong("%s%s has no property %s", typ, path, name)
				continue
			}
			s.value(typ, strings.TrimSuffix(path, ".")+"."+name, inner, wrong)
		}
		for _, m := range may {
			if name, required := strings.CutSuffix(m, "!"); required && v[name] == nil {
				wrong("%s%s needs %s", typ, path, name)
			}
		}
	case []any:
		for _, inner := range v {
			s.value(typ, path+"[]", inner, wrong)
		}
	default:
		if values := s[typ+" "+path+" ="]; values != nil && !slices.Contains(values, fmt.Sprint(v)) {
			wrong("%s%s: %v is none of %s", typ, path, v, strings.Join(values, ", "))
		}
	}
}

// TestSchema: what is written down of the schemas is what they say, where they are at hand.
func TestSchema(t *testing.T) {
	t.Parallel()
	folder := published(t)
	_, tmpl := read(t)
	var lines []string
	types := map[string]bool{}
	for name, r := range tmpl.resources() {
		typ, _ := at(r, "Type").(string)
		d := definition(t, folder, typ)
		if !types[typ] {
			types[typ] = true
			lines = append(lines, typ+" @ "+strings.Join(d.attributes(), " "))
		}
		properties := at(r, "Properties")
		if properties == nil {
			t.Fatalf("%s has no properties", name)
		}
		d.walk(typ, ".", d.root, properties, func(line string) { lines = append(lines, line) })
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile("testdata/schema.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/schema.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the published schemas differ (-written +published); run with -update:\n%s", diff)
	}
}

// published finds the schemas that cfn-lint brings.
func published(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("python3", "-c", "import cfnlint, os; print(os.path.dirname(cfnlint.__file__))").Output()
	folder := filepath.Join(strings.TrimSpace(string(out)), "data", "schemas")
	if _, e := os.Stat(filepath.Join(folder, "providers", "us_east_1.py")); err != nil || e != nil {
		t.Skip("cfn-lint is not installed: its schemas of resource types are not at hand")
	}
	return folder
}

type resourceType struct{ root map[string]any }

var fileOf = regexp.MustCompile(`"(AWS::[A-Za-z0-9:]+)": "([0-9a-f]+)"`)

func definition(t *testing.T, folder, typ string) resourceType {
	t.Helper()
	index, err := os.ReadFile(filepath.Join(folder, "providers", "us_east_1.py"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fileOf.FindAllStringSubmatch(string(index), -1) {
		if m[1] != typ {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, "resources", m[2]+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var root map[string]any
		if err := json.Unmarshal(data, &root); err != nil {
			t.Fatal(err)
		}
		return resourceType{root}
	}
	t.Fatalf("no schema is published of %s", typ)
	return resourceType{}
}

// documented are attributes that the schema does not name as such (CloudFormation Template Reference,
// "Return values").
var documented = map[string][]string{"AWS::SQS::Queue": {"QueueName"}}

// attributes are what Fn::GetAtt may ask for.
func (d resourceType) attributes() (out []string) {
	out = append(out, documented[fmt.Sprint(d.root["typeName"])]...)
	list, _ := d.root["readOnlyProperties"].([]any)
	for _, p := range list {
		out = append(out, strings.ReplaceAll(strings.TrimPrefix(p.(string), "/properties/"), "/", "."))
	}
	slices.Sort(out)
	return out
}

// resolved follows a reference within the schema.
func (d resourceType) resolved(v any) map[string]any {
	m, _ := v.(map[string]any)
	for range 10 {
		ref, ok := m["$ref"].(string)
		if !ok {
			break
		}
		var to any = d.root
		for _, p := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
			to = at(to, p)
		}
		m, _ = to.(map[string]any)
	}
	return m
}

// walk writes a line for each object and value that the template has.
func (d resourceType) walk(typ, path string, in map[string]any, v any, line func(string)) {
	if fn, argument, ok := intrinsic(v); ok {
		if branches, _ := argument.([]any); fn == "Fn::If" && len(branches) == 3 {
			d.walk(typ, path, in, branches[1], line)
			d.walk(typ, path, in, branches[2], line)
		}
		return
	}
	switch v := v.(type) {
	case map[string]any:
		may, _ := in["properties"].(map[string]any)
		if len(may) == 0 {
			return // a map of the user's own, or text
		}
		required, _ := in["required"].([]any)
		var names []string
		for name := range may {
			if slices.Contains(required, any(name)) {
				name += "!"
			}
			names = append(names, name)
		}
		slices.Sort(names)
		line(typ + " " + path + ": " + strings.Join(names, " "))
		for name, inner := range v {
			d.walk(typ, strings.TrimSuffix(path, ".")+"."+name, d.resolved(may[name]), inner, line)
		}
	case []any:
		for _, inner := range v {
			d.walk(typ, path+"[]", d.resolved(in["items"]), inner, line)
		}
	default:
		if values, _ := in["enum"].([]any); values != nil {
			var words []string
			for _, w := range values {
				words = append(words, fmt.Sprint(w))
			}
			line(typ + " " + path + " = " + strings.Join(words, "|"))
		}
	}
}

// TestLint: cfn-lint finds nothing, and finds a planted mistake.
func TestLint(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("cfn-lint"); err != nil {
		t.Skip("cfn-lint is not installed")
	}
	if out, err := exec.Command("cfn-lint", file).CombinedOutput(); err != nil {
		t.Fatalf("cfn-lint: %v\n%s", err, out)
	}
	if out, err := exec.Command("cfn-lint", planted(t, "EnableKeyRotation: true", "EnableKeyRotations: true")).CombinedOutput(); err == nil || !strings.Contains(string(out), "EnableKeyRotations") {
		t.Errorf("a planted mistake: %v\n%s", err, out)
	}
}

// TestGuard: the rules of cfn-guard hold, and each fails on its planted mistake.
func TestGuard(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("cfn-guard"); err != nil {
		t.Skip("cfn-guard is not installed")
	}
	guard := func(name string) ([]byte, error) {
		return exec.Command("cfn-guard", "validate", "-r", "rules.guard", "-d", name).CombinedOutput()
	}
	if out, err := guard(file); err != nil {
		t.Fatalf("cfn-guard: %v\n%s", err, out)
	}
	for rule, c := range map[string][2]string{
		"buckets_are_sealed":           {`SSEAlgorithm: "aws:kms"`, `SSEAlgorithm: "AES256"`},
		"buckets_keep_versions":        {"VersioningConfiguration: {Status: Enabled}", "VersioningConfiguration: {Status: Suspended}"},
		"buckets_are_not_public":       {"BlockPublicAcls: true", "BlockPublicAcls: false"},
		"queues_are_sealed":            {"      KmsMasterKeyId: !Ref Key\n      VisibilityTimeout", "      VisibilityTimeout"},
		"keys_rotate":                  {"EnableKeyRotation: true", "EnableKeyRotation: false"},
		"stores_are_sealed_by_our_key": {"CmkType: CUSTOMER_MANAGED_KMS_KEY", "CmkType: AWS_OWNED_KMS_KEY"},
		"logs_are_sealed_and_end":      {"      RetentionInDays: !Ref LogDays\n", ""},
		"trails_run":                   {"IsLogging: true", "IsLogging: false"},
		"messages_fail_one_by_one":     {"      FunctionResponseTypes: [ReportBatchItemFailures]\n", "      FunctionResponseTypes: [None]\n"},
	} {
		if out, err := guard(planted(t, c[0], c[1])); err == nil || !strings.Contains(string(out), rule) {
			t.Errorf("%s on a planted mistake: %v\n%s", rule, err, out)
		}
	}
}

// planted is a file of the template with a mistake in it.
func planted(t *testing.T, old, new string) string {
	t.Helper()
	text, _ := read(t)
	if !strings.Contains(text, old) {
		t.Fatalf("nothing to plant the mistake in: %q", old)
	}
	name := filepath.Join(t.TempDir(), "planted.yaml")
	if err := os.WriteFile(name, []byte(strings.Replace(text, old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
