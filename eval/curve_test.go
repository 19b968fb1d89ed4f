package eval

import (
	"strings"
	"testing"

	"chartlake/eval/score"
)

func TestCurve(t *testing.T) {
	t.Parallel()
	r := &Report{}
	d := &score.Result{Accepted: score.Share{Right: 2, Of: 5}, Wrong: score.Share{Right: 1, Of: 2}}
	d.Judged = []score.Judged{{Confidence: 0.9, Accepted: true, Right: true}, {Confidence: 0.8, Accepted: true}, {Confidence: 0.4, Right: true}, {Confidence: 0.4}}
	r.Documents = append(r.Documents, d)
	own, curve := r.Curve()
	if own.Accepted != 2 || own.Wrong != 1 || own.Of != 5 {
		t.Errorf("own point %+v", own)
	}
	want := []Point{{From: 0.9, Accepted: 1, Of: 5}, {From: 0.8, Accepted: 2, Of: 5, Wrong: 1}, {From: 0.4, Accepted: 4, Of: 5, Wrong: 2}}
	if len(curve) != len(want) {
		t.Fatalf("curve %+v", curve)
	}
	for i, w := range want {
		if got := curve[i]; got.From != w.From || got.Accepted != w.Accepted || got.Wrong != w.Wrong || got.Of != w.Of || got.High < float64(w.Wrong)/float64(w.Accepted) {
			t.Errorf("point %d is %+v, want %+v", i, got, w)
		}
	}
	if text := r.CurveTable(); !strings.Contains(text, "as Chartlake does | 0.400 | 2 of 5 | 1 |") {
		t.Error(text)
	}
}
