package terminology

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed data/vitals.tsv
var vitalsData string

var vitals = sync.OnceValue(func() map[string]LabTest {
	out := map[string]LabTest{}
	for _, line := range strings.Split(strings.TrimSuffix(vitalsData, "\n"), "\n") {
		f := strings.Split(line, "\t")
		t := LabTest{Code: f[1], Component: f[0]}
		if f[2] != "" {
			t.Units = strings.Split(f[2], "|")
		}
		out[f[0]] = t
	}
	return out
})

// Vital gives the LOINC code and the UCUM units that R4 fixes for a vital sign, by the last part of its
// profile's URL ("heartrate", "bp"), or for one of the two pressures ("SystolicBP"); false where R4 has
// no profile for it.
func Vital(name string) (LabTest, bool) {
	t, ok := vitals()[name]
	return t, ok
}
