package value

import "testing"

func TestSplitName(t *testing.T) {
	t.Parallel()
	for printed, want := range map[string][2]string{
		"FAIRWEATHER, ADA M":  {"FAIRWEATHER", "ADA"},
		"Ada M. Fairweather":  {"Fairweather", "Ada"},
		"Ada Fairweather, MD": {"Fairweather", "Ada"},
		"Mr. Ben Okoro Jr.":   {"Okoro", "Ben"},
		"de la Cruz, Maria":   {"de la Cruz", "Maria"},
		"Fairweather":         {"Fairweather", ""},
	} {
		family, given := SplitName(printed)
		first := ""
		if len(given) > 0 {
			first = given[0]
		}
		if family != want[0] || first != want[1] {
			t.Errorf("%q: %q %q", printed, family, given)
		}
	}
}
