package fhirmap

import (
	"testing"

	"chartlake/record"
)

// TestWeakCodes holds that a code that is more likely wrong than right is neither filed nor makes
// two findings one.
func TestWeakCodes(t *testing.T) {
	t.Parallel()
	weak := []record.Code{{System: "s", Code: "A", Score: 0.4}}
	sure := []record.Code{{System: "s", Code: "A", Score: 0.6}}
	if n := len(concept("words", weak).Get("coding").Items()); n != 0 {
		t.Errorf("%d weak codes are filed", n)
	}
	if n := len(concept("words", sure).Get("coding").Items()); n != 1 {
		t.Errorf("%d codes are filed, want the sure one", n)
	}
	if conceptKey(&record.Entity{Text: "one", Codes: weak}) == conceptKey(&record.Entity{Text: "two", Codes: weak}) {
		t.Error("a weak code makes two findings one")
	}
}
