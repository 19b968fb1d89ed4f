package reader

import (
	"testing"

	"chartlake/document"
)

// TestChoices tells a value from the names of places to mark.
func TestChoices(t *testing.T) {
	t.Parallel()
	marks := []document.Mark{{Label: "Female", LabelWords: []int{1}}, {Label: "Male", LabelWords: []int{2}}}
	for _, c := range []struct {
		words []int
		want  bool
	}{{[]int{1, 2}, true}, {[]int{1, 2, 3}, false}, {[]int{4}, false}, {nil, false}} {
		if got := choices(marks, document.Field{ValueWords: c.words}); got != c.want {
			t.Errorf("words %v: %v", c.words, got)
		}
	}
}
