package clinical

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/record"
)

// TestVitalSigns gives vital signs the codes of R4's profiles and their units in UCUM, and no code
// where the unit is none that R4 admits.
func TestVitalSigns(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, e := range annotate(t, "Vital signs: Blood pressure 130/80 mmHg, heart rate 88, temperature 38.2 C, respiratory rate 18, "+
		"O2 saturation 95% on room air. Weight 70 kg, height 165 cm, BMI 25.7 kg/m2. MAP 80. Height 12 kg.").Entities {
		if e.Type != record.Test {
			continue
		}
		code := ""
		if len(e.Codes) > 0 {
			code = e.Codes[0].Code
		}
		got[e.Text] += code + " " + e.Attributes["value"] + " " + e.Attributes["ucum"] + ";"
	}
	want := map[string]string{"Blood pressure": "85354-9 130/80 mm[Hg];", "heart rate": "8867-4 88 /min;", "temperature": "8310-5 38.2 Cel;",
		"respiratory rate": "9279-1 18 /min;", "O2 saturation": "2708-6 95 %;", "Weight": "29463-7 70 kg;", "height": "8302-2 165 cm;",
		"BMI": "39156-5 25.7 kg/m2;", "Height": " 12 kg;"}
	delete(got, "MAP")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
