package terminology

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

func TestProblems(t *testing.T) {
	t.Parallel()
	terms, err := Problems()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]Term{}
	for _, term := range terms {
		if term.Name != Normal(term.Name) {
			t.Fatalf("%q is not in normal form", term.Name)
		}
		byName[term.Name] = term
	}
	for name, code := range map[string]string{"nausea": "R11.0", "essential hypertension": "I10", "asthma": "J45.909", "cough": "R05", "fever": "R50.9"} {
		if got := byName[Normal(name)].Code; got != code {
			t.Errorf("%s: %q, want %s", name, got, code)
		}
	}
	t.Logf("%d terms", len(terms))
}

func TestLabTests(t *testing.T) {
	t.Parallel()
	tests := LabTests("Glucose")
	if len(tests) == 0 {
		t.Fatal("no test of glucose")
	}
	found := false
	for _, lt := range tests {
		found = found || lt.Code == "2345-7" && strings.Join(lt.Units, "|") == "mg/dL"
	}
	if !found {
		t.Errorf("glucose in serum or plasma is missing: %v", tests)
	}
}

func TestNormal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Crohn’s Disease": "crohn disease", "allergies": "allergy", "Arthritis": "arthritis", "abscess": "abscess",
		"rashes": "rash", "HEADACHES": "headache", "Sjögren's": "sjogren", "diabetes": "diabete", "type-2": "type 2",
	} {
		if got := Normal(in); got != want {
			t.Errorf("Normal(%q) = %q, want %q", in, got, want)
		}
	}
}

// The embedded tables are those that the generator made from the sources in SOURCES.
func TestChecksums(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("data/SHA256")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		want, name, _ := strings.Cut(l, "  ")
		data, err := os.ReadFile("data/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s differs from data/SHA256: regenerate", name)
		}
	}
}

// What is said without detail has the code whose title says no more: no side, no course, no cause.
func TestCodesAddNothing(t *testing.T) {
	t.Parallel()
	problems, err := Problems()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range problems {
		got[p.Name] = p.Display
	}
	for name, want := range map[string]string{
		"epilepsy":                 "Epilepsy, unspecified, not intractable, without status epilepticus",
		"leukemia":                 "Leukemia, unspecified not having achieved remission",
		"inguinal hernia":          "Unilateral inguinal hernia, without obstruction or gangrene, not specified as recurrent",
		"respiratory failure":      "Respiratory failure, unspecified, unspecified whether with hypoxia or hypercapnia",
		"pressure ulcer":           "Pressure ulcer of unspecified site, unspecified stage",
		"type 1 diabetes mellitus": "Type 1 diabetes mellitus without complications",
		"non hodgkin lymphoma":     "Non-Hodgkin lymphoma, unspecified, unspecified site",
		"sickle cell disease":      "Sickle-cell disease without crisis",
		"migraine":                 "Migraine, unspecified, not intractable, without status migrainosus",
		"myalgia":                  "Myalgia, unspecified site",
	} {
		if got := got[Normal(name)]; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
