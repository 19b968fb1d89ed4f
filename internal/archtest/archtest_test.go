package archtest

import (
	"encoding/json"
	"os/exec"
	"path"
	"strings"
	"testing"

	"chartlake/internal/sourcetest"
)

// layers lists the folders from the bottom up. A package may import packages of lower
// layers and, within its own layer, only sub-folders of its own folder or what `within` allows.
// Source: ARCHITECTURE.md.
var layers = [][]string{
	{"internal"},
	{"document", "record", "value", "fhir", "fault"},
	{"blob", "queue", "audit", "envelope", "terminology", "search", "smart"},
	{"reader", "form", "clinical", "identity", "fhirmap", "store"},
	{"pipeline", "rest", "bulk", "analytics", "review", "intake", "roster", "delivery", "backup", "inspect", "deidentify"},
	{"console", "aws", "llm", "eval"},
	{"cmd", "deploy"},
}

// within names the imports allowed inside one layer: vocabulary knows vocabulary, the store
// uses the services below it, pipeline is the package that knows the stages.
var within = map[string][]string{
	"record":   {"document"},
	"fhir":     {"fault"},
	"value":    {"fault"},
	"store":    {},
	"blob":     {"envelope"}, // originals are sealed where they lie
	"search":   {"audit"},
	"review":   {"pipeline"},
	"intake":   {"pipeline"},
	"rest":     {"bulk", "analytics"},
	"console":  {},
	"pipeline": {},
}

// offline are the folders from which no network may be reachable.
var offline = []string{"reader", "form", "clinical", "identity", "fhirmap", "document", "record", "value", "terminology"}

// banned are folder names that say nothing.
var banned = []string{"util", "utils", "lib", "common", "helper", "helpers", "misc", "globals", "shared"}

type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	sourcetest.Touch(t)
	cmd := exec.Command("go", "list", "-deps=false", "-json=ImportPath,Imports,Deps", "chartlake/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// folder is the top folder of an import path of this module, "" for other modules.
func folder(importPath string) string {
	rest, ok := strings.CutPrefix(importPath, "chartlake/")
	if !ok {
		return ""
	}
	top, _, _ := strings.Cut(rest, "/")
	return top
}

func layer(folder string) int {
	for i, l := range layers {
		for _, f := range l {
			if f == folder {
				return i
			}
		}
	}
	return -1
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		from := folder(p.ImportPath)
		if layer(from) < 0 {
			t.Errorf("%s: folder %q has no place in the layers of this test and of ARCHITECTURE.md", p.ImportPath, from)
			continue
		}
		for _, name := range banned {
			if path.Base(p.ImportPath) == name {
				t.Errorf("%s: a folder named %q says nothing; name the concept", p.ImportPath, name)
			}
		}
		for _, imp := range p.Imports {
			to := folder(imp)
			if to == "" || to == from {
				continue
			}
			if layer(to) > layer(from) || layer(to) == layer(from) && !contains(within[from], to) {
				t.Errorf("%s imports %s: imports point down the layers only", p.ImportPath, imp)
			}
		}
	}
}

func TestStagesCannotReachANetwork(t *testing.T) {
	for _, p := range packages(t) {
		if !contains(offline, folder(p.ImportPath)) {
			continue
		}
		for _, dep := range p.Deps {
			if dep == "net/http" || dep == "crypto/tls" {
				t.Errorf("%s can reach %s: nothing leaves the machine from here", p.ImportPath, dep)
			}
		}
	}
}

// TestOnlyAWSImportsTheSDK: what leaves for Amazon is found in one folder. (Libraries that we use
// for S3 bring the SDK with them; that is not ours to say.)
func TestOnlyAWSImportsTheSDK(t *testing.T) {
	for _, p := range packages(t) {
		for _, imp := range p.Imports {
			if folder(p.ImportPath) != "aws" && (strings.HasPrefix(imp, "github.com/aws/aws-sdk-go") || strings.HasPrefix(imp, "github.com/aws/smithy-go")) {
				t.Errorf("%s imports %s: only aws does", p.ImportPath, imp)
			}
		}
	}
}

func TestTestPackagesStayOutOfProduction(t *testing.T) {
	for _, p := range packages(t) {
		for _, imp := range p.Imports {
			if folder(imp) != "" && strings.HasSuffix(path.Base(imp), "test") && !strings.HasSuffix(path.Base(p.ImportPath), "test") {
				t.Errorf("%s imports %s outside a test", p.ImportPath, imp)
			}
		}
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
