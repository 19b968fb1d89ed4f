package draft

import "testing"

// TestSignsOfMisreading: what OCR leaves in a value, and what stands there rightly.
func TestSignsOfMisreading(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"jmg52@example.com": false, "mail jmg52@example.com, or call": false, "5@.9 cm": true, "@.9 cm": true, "the wal].": true,
		"[see below]": false, "a | b": true, "120 / 80": false} {
		if got := odd(s); got != want {
			t.Errorf("odd(%q) = %v", s, got)
		}
	}
	for s, want := range map[string]string{"Chioride": "chioride", "Red Blood Celi Count": "celi", "Not medically necessary": "", "None availabie.": "availabie", "the wal] of it": "wal]",
		"Omar Hollister": "", "Hold!": "", "Numbness of both hands": "", "East Harrow": "", "140 mmol/L": "", "Blue Heron Heaith Plan": "heaith"} {
		if got, _ := misread(s); got != want {
			t.Errorf("misread(%q) = %q, want %q", s, got, want)
		}
	}
	for _, c := range []struct {
		name, kind, raw string
		want            bool
	}{{"patient", "name", "Omar. Hollister", true}, {"patient", "name", "Omar P. Hollister", false}, {"provider", "name", "Prof. Ida Fenn", false},
		{"clinic", "text", "Foxglove Primary. Care", true}, {"clinic", "text", "St. Ives Med. Center", false}, {"findings", "text", "No fracture. Normal joints.", false}} {
		if got := stray(Finding{Name: c.name, Kind: c.kind}, c.raw); got != c.want {
			t.Errorf("stray(%q) = %v", c.raw, got)
		}
	}
}
