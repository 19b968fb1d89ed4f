package lexicon

import (
	"strings"
	"testing"

	"chartlake/record"
)

func TestAt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind  record.Type
		words string
		name  string
		used  int
		colon bool
	}{
		{"lab_report", "Patient Name: JOHN", "patient", 2, true},
		{"lab_report", "Date of Birth 01/02/1960", "dob", 3, false},
		{"lab_report", "D.O.B. : 01/02/1960", "dob", 2, true},
		{"lab_report", "MRN #: 123", "mrn", 2, true},
		{"lab_report", "Date/Time Collected: 1/2/25", "collected", 2, true},
		{"lab_report", "Collectcd: 1/2/25", "collected", 1, true}, // a reading error in the label
		{"lab_report", "Corrected: 1/2/25", "", 0, false},         // another word, not an error
		{"discharge_summary", "Admit Date: 1/2/25", "admitted", 2, true},
		{"insurance_card", "RxBIN: 610014", "rx.bin", 1, true},
		{"insurance_card", "Group No. 123", "group", 2, false},
		{"immunization_card", "Patient number (medical record)", "patient_number", 2, false},
		{"lab_report", "Room: 4", "", 1, true}, // known, but no field
		{"lab_report", "hemoglobin 4", "none", 0, false},
	}
	for _, tt := range tests {
		m, ok := For(tt.kind).At(Prepare(strings.Fields(tt.words)), 0)
		if !ok {
			if tt.name != "none" && tt.used != 0 {
				t.Errorf("%q: no label", tt.words)
			}
			continue
		}
		if tt.used == 0 {
			t.Errorf("%q: found %q", tt.words, m.Label.Name)
			continue
		}
		if m.Label.Name != tt.name || m.Words != tt.used || m.Colon != tt.colon {
			t.Errorf("%q = %q %d %v, want %q %d %v", tt.words, m.Label.Name, m.Words, m.Colon, tt.name, tt.used, tt.colon)
		}
	}
}

// TestNames holds the data file to the names of the format: no empty spelling, every kind known.
func TestNames(t *testing.T) {
	t.Parallel()
	kinds := " text name date datetime money number code id phone address npi dea clia zip state sex age email bin benefit web "
	for _, s := range sections() {
		for _, row := range s.rows {
			if len(row) != 4 {
				t.Errorf("%v: %d columns", row, len(row))
				continue
			}
			if !strings.Contains(kinds, " "+row[1]+" ") {
				t.Errorf("%s: kind %q", row[0], row[1])
			}
			for _, spelling := range strings.Split(row[3], "|") {
				if len(Tokens(spelling)) == 0 {
					t.Errorf("%s: empty spelling", row[0])
				}
			}
		}
	}
}

func FuzzAt(f *testing.F) {
	f.Add("Patient Name: JOHN DOE")
	f.Add("Date (mm/dd): 1")
	f.Fuzz(func(t *testing.T, s string) {
		words := strings.Fields(s)
		if len(words) > 200 {
			return
		}
		r := Prepare(words)
		for i := range words {
			if m, ok := For("lab_report").At(r, i); ok && (m.Words < 1 || i+m.Words > len(words)) {
				t.Errorf("label of %d words at %d of %d", m.Words, i, len(words))
			}
		}
	})
}

// TestSettle holds the loop against the same pairs in the library's replacer.
func TestSettle(t *testing.T) {
	t.Parallel()
	pairs := strings.NewReplacer("0", "o", "1", "l", "i", "l", "5", "s", "8", "b", "2", "z", "rn", "m", "vv", "w", "cl", "d")
	const letters = "0158iclrnvmwdaé"
	var all func(word string, n int)
	all = func(word string, n int) {
		if got, want := string(settle(nil, word)), pairs.Replace(word); got != want {
			t.Fatalf("%q becomes %q, want %q", word, got, want)
		}
		if word != "" && settled(word) != pairs.Replace(word)[0] {
			t.Fatalf("%q begins with %q", word, settled(word))
		}
		for _, c := range letters {
			if n > 0 {
				all(word+string(c), n-1)
			}
		}
	}
	all("", 4)
}
