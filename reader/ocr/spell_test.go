package ocr

import (
	"strings"
	"testing"
)

func TestSpell(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, want string
		sure     float64
	}{
		{"mg/dt", "mg/dL", 0.5}, {"mg/dt.", "mg/dL", 0.4}, {"ng/d-_", "ng/dL", 0.5}, {"gidL", "g/dL", 0.6}, {"mlU/L", "mIU/L", 0.7},
		{"mmoL/L", "mmol/L", 0.5}, {"Thousand/ul", "Thousand/uL", 0.5}, {"(calc}", "(calc)", 0.95}, {"{catc)", "(calc)", 0.6},
		{"mg/dt", "mg/dt", 0.95}, {"mg", "mg", 0.3}, {"milk", "milk", 0.3}, {"/d", "/d", 0.3}, {"and", "and", 0.3}, {"pain", "pain", 0.3},
		{"Cholestero!", "Cholesterol", 0.6}, {"Ce!l", "Ce!l", 0.6}, {"Stop!", "Stop!", 0.95},
		{"@3-26-2025", "03-26-2025", 0.5}, {"Q.2-1.2", "0.2-1.2", 0.5}, {"1O.5", "10.5", 0.5}, {"06~10-1989", "06-10-1989", 0.5}, {"~10", "~10", 0.5}, {"1.0=2.5", "1.0-2.5", 0.6},
		{"I10", "I10", 0.5}, {"O80", "O80", 0.5}, {"J45.909", "J45.909", 0.5}, {"Ol2", "Ol2", 0.5},
		{"Page l of 2", "Page 1 of 2", 0.9}, {"l of 2", "1 of 2", 0.95}, {"l of us", "l of us", 0.5},
	} {
		var words []reading
		for _, f := range strings.Fields(c.in) {
			words = append(words, reading{text: f, confidence: c.sure})
		}
		spell(words, nil)
		var got []string
		for _, w := range words {
			got = append(got, w.text)
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%q (%.2f) is spelled %q, want %q", c.in, c.sure, g, c.want)
		}
	}
}

// TestUnitsByInk: the ink shows how many signs a unit has.
func TestUnitsByInk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, want string
		signs    int
	}{
		{"mg/d", "mg/dL", 5}, {"mg/d", "mg/dL", 4}, {"mag/di", "mg/dL", 5}, {"mg/L", "mg/L", 5}, {"mmoVL", "mmol/L", 5},
		{"mmoUL", "mmol/L", 6}, {"mmovUL", "mmol/L", 6}, {"Value", "Value", 5}, {"Vial", "Vial", 4}, {"Unit", "Unit", 4},
	} {
		if got := unit(c.in, c.signs); got != c.want {
			t.Errorf("%q with %d signs: %q, want %q", c.in, c.signs, got, c.want)
		}
	}
}

func FuzzSpell(f *testing.F) {
	f.Add("mg/dt. @3-26-2025 Q.2-1.2 (calc}")
	f.Fuzz(func(t *testing.T, s string) {
		var words []reading
		for _, w := range strings.Fields(s) {
			words = append(words, reading{text: w, confidence: 0.5})
		}
		n := len(words)
		spell(words, nil)
		for _, w := range words {
			if w.text == "" {
				t.Error("a word was emptied")
			}
		}
		if len(words) != n {
			t.Error("words were lost")
		}
	})
}
