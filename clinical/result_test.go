package clinical

import (
	"strings"
	"testing"

	"chartlake/record"
)

// TestResultsInWords reads results as notes write them: "test comparator value unit range flag".
func TestResultsInWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"K 5.6mmol/L, Na 128mEq/L":      "K  5.6 mmol/L  |Na  128 mEq/L  ",
		"HR 72bpm, T 98.6F, BP 120/80.": "HR  72 bpm  |T  98.6 F  |BP  120/80   ",
		"The first laboratory studies of the day showed that hemoglobin was\n9.1 g/dL and that the glucose was not yet known to anybody.": "hemoglobin  9.1 g/dL  ",
		"Sodium 141 136-145 mmol/L":                             "Sodium  141  136-145 ",
		"WBC 5-10 /hpf":                                         "WBC  5-10 /hpf  ",
		"Her INR is 2-3 by goal.":                               "",
		"WBC 3/14/2024 pending":                                 "",
		"Hgb 2 days ago was 9.":                                 "",
		"Glucose 50 g was given.":                               "",
		"Low potassium diet.":                                   "",
		"No elevated troponin.":                                 "",
		"PSA 4.10 ng/mL":                                        "PSA  4.10 ng/mL  ",
		"ALT 1,204 U/L":                                         "ALT  1,204 U/L  ",
		"Keep SpO2 > 92%.":                                      "",
		"If the glucose is 350, call us.":                       "",
		"Lactate 2.0 mmol/L (0.5-2.0).":                         "Lactate  2.0 mmol/L 0.5-2.0 ",
		"TSH ≤ 0.01":                                            "TSH <= 0.01   ",
		"Troponin not detected.":                                "Troponin  not detected   ",
		"CRP was elevated but ESR was normal.":                  "CRP     elevated|ESR     normal",
		"Calcium 600 mg twice daily.":                           "",
		"Mother's hemoglobin A1c 9.1% at 50.":                   "hemoglobin A1c  9.1 %  ",
		"Creatinine went up from 1.1 to 2.4 mg/dL":              "Creatinine  2.4 mg/dL  ",
		"p 16 positive; R 2 lateral; T 3 nodes":                 "",
		"Temp 38.9 C, resp 30, sat 84%":                         "Temp  38.9 C  |resp  30   |sat  84 %  ",
		"Ferritin .5 ng/mL":                                     "Ferritin  .5 ng/mL  ",
		strings.Repeat("Glucose (", 50) + "1":                   "Glucose  1   ",
		"Potassium 12345678901234567890123456789012345678901.5": "Potassium  12345678901234567890123456789012345678901.5   ",
	} {
		var got []string
		for _, e := range annotate(t, text).Entities {
			a := e.Attributes
			if e.Type == record.Test && (a["value"] != "" || a["flag"] != "") && !e.Negated && !e.Hypothetical {
				got = append(got, strings.Join([]string{e.Text, a["comparator"], a["value"], a["unit"], a["range"], a["flag"]}, " "))
			}
		}
		if g := strings.Join(got, "|"); g != want {
			t.Errorf("%q:\n got %q\nwant %q", text, g, want)
		}
	}
}

// FuzzReadResult: any characters are answered, and a value is made of characters that stand there.
func FuzzReadResult(f *testing.F) {
	for _, s := range []string{"", " 5.6 mmol/L (3.5-5.1) H", "from 1 to", " <", "5'9\"", "(((((", "1-", "120/80/", " 9 -> ", "µ°±\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := []rune(s)
		for k := kindTest; k <= kindScore; k++ {
			r, ok := readResult(text, k, false)
			if ok && r.empty() || r.value != "" && !strings.Contains(s, strings.Fields(r.value)[0]) && strings.ToValidUTF8(s, "") == s {
				t.Fatalf("%q: %+v", s, r)
			}
		}
	})
}
