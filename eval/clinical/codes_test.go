package clinical

import (
	"testing"

	"chartlake/internal/sharedtest"
)

// TestCodes reads a table of document codes with its texts, and measures the code of each.
func TestCodes(t *testing.T) {
	t.Parallel()
	r := only(t, measure(t, write(t, map[string]string{
		"set/codes.tsv":         "n1\ti10\nn1\tj45.909\nn1\tr05\n",
		"set/texts/n1.txt":      "Texto sin palabras conocidas.",
		"set/texts_en/n1.txt":   "He has hypertension and a cough. No fever. Mother has gout.",
		"set/texts_en/nope.txt": "It has no codes.",
	})))
	c := r.Codes
	if r.Format != "codes" || c == nil || c.Texts != 1 {
		t.Fatalf("%+v", r)
	}
	if c.Code.TP != 2 || c.Code.FP != 0 || c.Code.FN != 1 || c.Among != (Share{2, 3}) {
		t.Errorf("%+v", c)
	}
}

// TestCodesOfCaseReports holds what the coder reaches on texts whose codes it never saw.
func TestCodesOfCaseReports(t *testing.T) {
	t.Parallel()
	r := only(t, measure(t, sharedtest.Path(t, "clinical/codiesp-train.tgz")))
	t.Log("\n" + r.table())
	if r.Codes.Code.F1 < 0.44 || r.Codes.Category.F1 < 0.56 {
		t.Errorf("F1 %.3f full, %.3f category", r.Codes.Code.F1, r.Codes.Category.F1)
	}
}
