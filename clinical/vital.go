package clinical

import (
	"strings"

	"chartlake/record"
	"chartlake/terminology"
	"chartlake/value"
)

// vital gives a vital sign the code that R4 fixes for it, and its unit in UCUM: as printed, or, where
// nothing is printed and R4 admits one unit only, that one. A unit that R4 does not admit leaves it
// without a code; nothing is converted.
func (m *mention) vital() []record.Code {
	v := m.Attributes["value"]
	t, ok := terminology.Vital(m.entry.name)
	if !ok || v == "" || !strings.ContainsAny(v[:1], "0123456789") {
		return nil
	}
	units := t.Units
	if m.entry.name == "bp" {
		if !strings.Contains(v, "/") {
			return nil
		}
		systolic, _ := terminology.Vital("SystolicBP")
		units = systolic.Units
	}
	printed := strings.TrimSpace(m.Attributes["unit"])
	switch {
	case printed == "" && len(units) == 1:
		m.attribute("ucum", units[0])
	case printed != "":
		code, fits := vitalUnit(printed, units)
		if !fits {
			return nil
		}
		m.Attributes["ucum"] = code
	}
	return []record.Code{{System: terminology.LOINC, Code: t.Code, Score: vitalScore}}
}

// vitalScore is how sure the code of a vital sign is: its names are few and mean one thing.
const vitalScore = 0.95

// vitalWords are spellings of units that mean something else, or nothing, beside other results.
var vitalWords = map[string]string{"c": "Cel", "f": "[degF]", "celsius": "Cel", "fahrenheit": "[degF]", "centigrade": "Cel", "degrees c": "Cel",
	"degrees f": "[degF]", "degrees celsius": "Cel", "degrees fahrenheit": "[degF]", "in": "[in_i]", "inches": "[in_i]", "inch": "[in_i]", "\"": "[in_i]"}

// vitalUnit gives the one of some units that a printed unit is.
func vitalUnit(printed string, units []string) (string, bool) {
	code, ok := vitalWords[strings.ToLower(printed)]
	if !ok {
		code, _ = value.ParseUnit(printed)
	}
	for _, u := range units {
		if u == code || u == "/min" && (code == "{beats}/min" || code == "{breaths}/min") {
			return u, true
		}
	}
	return "", false
}
