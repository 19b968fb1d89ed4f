package fhirmap

import (
	"testing"

	"chartlake/fhir"
)

func TestDosages(t *testing.T) {
	t.Parallel()
	ucum := `"system":"http://unitsofmeasure.org"`
	for _, tt := range []struct{ text, want string }{
		{"1-2 tabs po q4-6h prn headache, max 8 tabs per day", `[{"text":"1-2 tabs po q4-6h prn headache, max 8 tabs per day","timing":{"repeat":{"frequency":1,"period":4,"periodMax":6,"periodUnit":"h"}},` +
			`"asNeededCodeableConcept":{"text":"headache"},"route":{"text":"oral"},"doseAndRate":[{"doseRange":{"low":{"value":1,"unit":"tablet"},"high":{"value":2,"unit":"tablet"}}}],` +
			`"maxDosePerPeriod":{"numerator":{"value":8,"unit":"tablet"},"denominator":{"value":1,"unit":"d",` + ucum + `,"code":"d"}}}]`},
		{"2.5 mg daily for 3 days, then 5 mg at bedtime", `[{"sequence":1,"text":"2.5 mg daily for 3 days","timing":{"repeat":{"boundsDuration":{"value":3,"unit":"d",` + ucum + `,"code":"d"},"frequency":1,"period":1,"periodUnit":"d"}},` +
			`"doseAndRate":[{"doseQuantity":{"value":2.5,"unit":"mg",` + ucum + `,"code":"mg"}}]},` +
			`{"sequence":2,"text":"5 mg at bedtime","timing":{"repeat":{"when":["HS"]}},"doseAndRate":[{"doseQuantity":{"value":5,"unit":"mg",` + ucum + `,"code":"mg"}}]}]`},
		{"1 tab at 8 am and 9:30 pm", `[{"text":"1 tab at 8 am and 9:30 pm","timing":{"repeat":{"timeOfDay":["08:00:00","21:30:00"]}},"doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}]}]`},
		{"1 tab prn", `[{"text":"1 tab prn","asNeededBoolean":true,"doseAndRate":[{"doseQuantity":{"value":1,"unit":"tablet"}}]}]`},
		{"up to 4 times a day 1 puff", `[{"text":"up to 4 times a day 1 puff","timing":{"repeat":{"frequencyMax":4,"period":1,"periodUnit":"d"}},"doseAndRate":[{"doseQuantity":{"value":1,"unit":"puff"}}]}]`},
		// no fixed dose, or one in doubt: the words only
		{"per sliding scale", `[{"text":"per sliding scale"}]`},
		{"1 tab QOD", `[{"text":"1 tab QOD"}]`},
		{"", `null`},
	} {
		got := "null"
		if d := dosages(tt.text, ""); d != nil {
			got = string(fhir.NewArray(d...).AppendJSON(nil))
		}
		if got != tt.want {
			t.Errorf("%q:\ngot  %s\nwant %s", tt.text, got, tt.want)
		}
	}
}
