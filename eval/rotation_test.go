package eval

import (
	"chartlake/eval/specimen"
	"testing"
)

// TestRotation shows a few sheets four ways and askew: all are seen as they lie.
func TestRotation(t *testing.T) {
	t.Parallel()
	r, err := MeasureRotation(t.Context(), RotationOptions{Pages: 8, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	total := r.Groups[0]
	if r.Pages != 8 || total.Right.Of != 8 || total.Right.Right < 7 || total.Skew.Right < 6 {
		t.Errorf("%+v", r)
	}
}

// TestRotationCounts sums pages of which one is wrong.
func TestRotationCounts(t *testing.T) {
	t.Parallel()
	pages := []turnedPage{{condition: "faxed", right: true, axis: true, sure: true, level: true}, {condition: "faxed", axis: true},
		{condition: "tiff", right: true, axis: true, sure: true}, {condition: "tiff"}}
	r := sumRotation(pages, []specimen.Condition{"faxed", "tiff"})
	if g := r.Groups[0]; g.Right.Right != 2 || g.Right.Of != 4 || g.Sure.Right != 2 || g.SureRight.Of != 2 || g.Axis.Right != 3 || g.Skew.Of != 3 || g.Skew.Right != 1 {
		t.Errorf("total %+v", g)
	}
	if len(r.Groups) != 3 || r.Groups[1].Right.Of != 2 {
		t.Errorf("groups %+v", r.Groups)
	}
}
