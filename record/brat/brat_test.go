package brat

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/record"
)

func TestStandoff(t *testing.T) {
	t.Parallel()
	text := "No é heart\nfailure. Mother had asthma."
	var b strings.Builder
	err := Write(&b, text, []record.Entity{
		{Type: record.Problem, Begin: 5, End: 18, Negated: true, Experiencer: "patient", Codes: []record.Code{{System: "s", Code: "I50.9", Display: "Heart failure"}}},
		{Type: record.Problem, Begin: 31, End: 37, Experiencer: "family"},
		{Type: record.Problem, Begin: 30, End: 99},
	})
	want := "T1\tproblem 5 10;11 18\theart failure\nA1\tNegated T1\n#1\tAnnotatorNotes T1\ts I50.9 Heart failure\n" +
		"T2\tproblem 31 37\tasthma\nA2\tExperiencer T2 family\n"
	if diff := cmp.Diff(want, b.String()); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}
