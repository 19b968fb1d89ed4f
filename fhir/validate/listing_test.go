package validate

import (
	"fmt"
	"iter"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
)

// TestListing: a code system whose concepts are elsewhere is looked up, expanded and asked like one
// of a resource, in libraries that are made on top of it, too; it is read once.
func TestListing(t *testing.T) {
	t.Parallel()
	concepts := map[string]Concept{"a": {Code: "a", Display: "A"}, "b": {Code: "b", Display: "B", Parents: []string{"a"}, Synonyms: []string{"Bee"}}, "c": {Code: "c", Display: "C", Inactive: true}}
	reads := 0
	list := Listing{All: func() iter.Seq2[Concept, error] {
		reads++
		return func(yield func(Concept, error) bool) {
			for _, code := range []string{"a", "b", "c"} {
				if !yield(concepts[code], nil) {
					return
				}
			}
		}
	}, Find: func(code string) (Concept, bool, error) { c, ok := concepts[code]; return c, ok, nil }}
	system := fhir.NewObject("resourceType", "CodeSystem", "url", "http://x/s", "name", "S", "version", "7", "content", "not-present")
	base := Core().WithListing(system, list)
	one, names, _, err := base.Lookup("http://x/s", "b")
	if err != nil || one.Display != "B" || names.Item(0).Str("value") != "Bee" || reads != 0 {
		t.Errorf("%+v %v, read %d times", one, err, reads)
	}
	if _, _, _, err := base.Lookup("http://x/s", "z"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a code that is not there: %v", err)
	}
	set, err := fhir.Parse([]byte(`{"resourceType":"ValueSet","url":"http://x/v","compose":{"include":[{"system":"http://x/s","filter":[{"property":"concept","op":"is-a","value":"a"}]}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		codes, err := base.With(fhir.NewObject("resourceType", "ValueSet", "url", "http://x/other")).ExpandSet(set)
		if err != nil || fmt.Sprint(codes) != "[{http://x/s a A} {http://x/s b B}]" {
			t.Errorf("%v %v", codes, err)
		}
	}
	if in, known := base.Member(set, "http://x/s", "c"); in || !known {
		t.Errorf("what is not below is in the set: %v %v", in, known)
	}
	if reads != 1 {
		t.Errorf("read %d times", reads)
	}
	own := base.With(fhir.NewObject("resourceType", "CodeSystem", "url", "http://x/s", "content", "complete"))
	if _, _, _, err := own.Lookup("http://x/s", "a"); err == nil {
		t.Error("a resource on top does not hide the listing")
	}
}
