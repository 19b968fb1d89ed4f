package terminology

import "testing"

// TestICD10CMCode: codes, headings, the first and the last row, and what is none.
func TestICD10CMCode(t *testing.T) {
	t.Parallel()
	for code, want := range map[string][2]bool{"R05": {true, true}, "E11": {false, true}, "E11.9": {true, true}, "A00": {false, true}, "A00.0": {true, true}, "Z99.89": {true, true},
		"E11.99": {}, "U99": {}, "": {}, "A": {}, "ZZZ": {}, "R05.1": {}} {
		billable, ok, err := ICD10CMCode(code)
		if err != nil || billable != want[0] || ok != want[1] {
			t.Errorf("%q: billable %v, there %v, %v", code, billable, ok, err)
		}
	}
}

func TestHasWord(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{"chloride": true, "health": true, "heaith": false, "": false} {
		if HasWord(word) != want {
			t.Errorf("%q: %v", word, !want)
		}
	}
}
