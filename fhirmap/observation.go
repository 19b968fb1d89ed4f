package fhirmap

import (
	"regexp"
	"strings"

	"chartlake/fhir"
	"chartlake/record"
	"chartlake/terminology"
	printed "chartlake/value"
)

// observations writes the rows of a result table, then results and vital signs quoted in text.
func (s *segment) observations() {
	if s.Type == "lab_report" {
		for i, line := range s.Lines {
			if complete(line) {
				s.observed = append(s.observed, reference(s.resultRow(i, line)))
			}
		}
		return
	}
	if !narrative[s.Type] {
		return
	}
	for i := range s.Entities {
		e := &s.Entities[i]
		if e.Type == record.Test && aboutPatient(e) && !e.Uncertain && !e.Historical && (e.Attributes["value"] != "" || e.Attributes["flag"] != "") {
			s.quotedResult(e)
		}
	}
}

// complete reports a row whose every printed cell is accepted: a value without its doubtful
// unit or flag would say something else.
func complete(line map[string]record.Field) bool {
	for name, f := range line {
		if name != "note" && f.Value != nil && f.State != record.Accepted {
			return false
		}
	}
	test, result := line["test"], line["value"]
	return usable(&test) && usable(&result)
}

// cell gives a cell with a value, nil where there is none.
func cell(line map[string]record.Field, name string) *record.Field {
	f, ok := line[name]
	if !ok || !usable(&f) {
		return nil
	}
	return &f
}

// reportStatuses are the printed report states that are codes of R4 observation-status.
var reportStatuses = map[string]string{"final": "final", "preliminary": "preliminary", "corrected": "corrected",
	"amended": "amended", "partial": "preliminary"}

func (s *segment) resultRow(i int, line map[string]record.Field) string {
	test, result, unit := cell(line, "test"), cell(line, "value"), cell(line, "unit")
	refRange, flag, comparator := cell(line, "range"), cell(line, "flag"), cell(line, "comparator")
	valuePath, unitPath, comparatorPath := valuePaths(value(comparator), value(result), value(unit))
	facts := s.facts("code", test, valuePath, result, unitPath, unit, comparatorPath, comparator,
		"referenceRange", refRange, "interpretation", flag)
	collected := s.field("collected")
	if collected != nil {
		facts = append(facts, s.fact("effectiveDateTime", collected))
	}
	status := reportStatuses[strings.ToLower(firstValue(cell(line, "status"), s.field("status")))]
	if status == "" {
		status = "preliminary"
	}
	o := s.resource("Observation", "line/"+itoa(i), facts)
	o.Set("status", fhir.NewString(status))
	o.Set("category", fhir.NewArray(coded(hl7+"observation-category", "laboratory")))
	codes := s.codesOf("test", test.Begin, test.End)
	o.Set("code", concept(value(test), codes))
	o.Set("subject", s.patientRef())
	if d := dateTime(value(collected)); d != "" {
		o.Set("effectiveDateTime", fhir.NewString(d))
	}
	setValue(o, value(comparator), value(result), value(unit))
	if flag != nil {
		o.Set("interpretation", fhir.NewArray(interpretation(value(flag))))
	}
	if note := cell(line, "note"); note != nil {
		o.Set("note", fhir.NewArray(fhir.NewObject("text", value(note))))
	}
	if refRange != nil {
		o.Set("referenceRange", fhir.NewArray(referenceRange(value(refRange), value(unit))))
	}
	return s.file(o, facts)
}

func firstValue(fields ...*record.Field) string {
	for _, f := range fields {
		if f != nil {
			return value(f)
		}
	}
	return ""
}

// quotedResult writes a test or vital sign with its value from running text. A result in words
// alone ("elevated") is its value, too.
func (s *segment) quotedResult(e *record.Entity) {
	value, unit := e.Attributes["value"], e.Attributes["unit"]
	pressures := pressure.FindStringSubmatch(value)
	valuePath, _, _ := valuePaths(e.Attributes["comparator"], value, unit)
	switch {
	case value == "":
		valuePath = "valueCodeableConcept"
	case pressures != nil:
		valuePath = "component"
	}
	facts := []fact{s.entityFact("code", e), s.entityFact(valuePath, e)}
	o := s.resource("Observation", itoa(e.Begin)+"-"+itoa(e.End), facts)
	category := "laboratory"
	if e.Attributes["category"] != "" {
		category = e.Attributes["category"]
	}
	o.Set("status", fhir.NewString("preliminary"))
	o.Set("category", fhir.NewArray(coded(hl7+"observation-category", category)))
	o.Set("code", concept(e.Text, e.Codes))
	o.Set("subject", s.patientRef())
	o.Set("encounter", reference(s.encounterRef))
	if d, doubts, ok := printed.ParseDate(e.Attributes["date"], printed.Hint{}); ok && len(doubts) == 0 {
		o.Set("effectiveDateTime", fhir.NewString(d.String()))
	}
	switch {
	case value == "":
		o.Set("valueCodeableConcept", fhir.NewObject("text", e.Attributes["flag"]))
	case pressures != nil:
		o.Set("component", fhir.NewArray(component("SystolicBP", pressures[1], e), component("DiastolicBP", pressures[2], e)))
	default:
		element, node := valueElement(e.Attributes["comparator"], value, unit)
		if element == "valueQuantity" && e.Attributes["category"] == "vital-signs" {
			node = measured(node.Str("comparator"), node.Get("value").Text(), e)
		}
		o.Set(element, node)
	}
	if flag := e.Attributes["flag"]; flag != "" {
		o.Set("interpretation", fhir.NewArray(interpretation(flag)))
	}
	if r := e.Attributes["range"]; r != "" {
		o.Set("referenceRange", fhir.NewArray(referenceRange(r, unit)))
	}
	s.file(o, facts)
}

// pressure is a blood pressure as it is written: two numbers of two or three digits.
var pressure = regexp.MustCompile(`^(\d{2,3})/(\d{2,3})$`)

// component is one of the two values of a blood pressure, with the code that R4 fixes for it where the
// pressure itself has one.
func component(name, number string, e *record.Entity) *fhir.Node {
	var codes []record.Code
	if t, ok := terminology.Vital(name); ok && len(e.Codes) > 0 {
		codes = []record.Code{{System: terminology.LOINC, Code: t.Code}}
	}
	text := strings.ToLower(strings.TrimSuffix(name, "BP"))
	return fhir.NewObject("code", concept(text, codes), "valueQuantity", measured("", number, e))
}

// measured is a quantity of running text: what the page prints, and the unit in UCUM that the reading
// of the text settled on, as for "38.2 C" and for a pulse without a unit.
func measured(comparator, number string, e *record.Entity) *fhir.Node {
	printed, ucum := e.Attributes["unit"], e.Attributes["ucum"]
	q := quantity(comparator, number, printed)
	if ucum != "" && e.Attributes["category"] == "vital-signs" {
		if printed == "" {
			printed = ucum
		}
		q = fhir.NewObject("value", fhir.NewNumber(number), "comparator", comparator, "unit", printed, "system", terminology.UCUM, "code", ucum)
	}
	return q
}

// setValue writes a number with the printed digits as Quantity, everything else as string.
func setValue(o *fhir.Node, comparator, v, unit string) {
	element, node := valueElement(comparator, v, unit)
	o.Set(element, node)
}

// valueElement chooses the element of Observation.value[x].
func valueElement(comparator, v, unit string) (string, *fhir.Node) {
	v = strings.TrimSpace(v)
	for _, c := range []string{"<=", ">=", "<", ">"} {
		if rest, ok := strings.CutPrefix(v, c); ok && comparator == "" {
			comparator, v = c, strings.TrimSpace(rest)
			break
		}
	}
	number := strings.ReplaceAll(v, ",", "")
	if !isDecimal(number) || strings.Contains(v, ",") && !thousands.MatchString(v) {
		return "valueString", fhir.NewString(strings.TrimSpace(comparator + v + " " + unit))
	}
	return "valueQuantity", quantity(comparator, number, unit)
}

// valuePaths are the evidence paths of a result's value, unit and comparator.
func valuePaths(comparator, v, unit string) (value, unitPath, comparatorPath string) {
	if element, _ := valueElement(comparator, v, unit); element == "valueQuantity" {
		return "valueQuantity.value", "valueQuantity.unit", "valueQuantity.comparator"
	}
	return "valueString", "valueString", "valueString"
}

// thousands is a number with commas that part groups of three digits.
var thousands = regexp.MustCompile(`^-?\d{1,3}(,\d{3})+(\.\d+)?$`)

// interpretations are the printed flags that are codes of v3-ObservationInterpretation; any
// other flag is kept as text.
var interpretations = map[string]string{"h": "H", "high": "H", "l": "L", "low": "L", "hh": "HH", "ll": "LL", "n": "N",
	"normal": "N", "a": "A", "abnormal": "A", "aa": "AA", "elevated": "H", "increased": "H", "raised": "H", "↑": "H",
	"decreased": "L", "reduced": "L", "↓": "L", "within normal limits": "N", "unremarkable": "N"}

func interpretation(flag string) *fhir.Node {
	c := fhir.NewObject("text", flag)
	if code, ok := interpretations[strings.ToLower(flag)]; ok {
		c = coded(hl7+"v3-ObservationInterpretation", code)
		c.Set("text", fhir.NewString(flag))
	}
	return c
}

// between and bound are the printed ranges whose ends are numbers; the text is kept always.
var (
	between = regexp.MustCompile(`^\(?\s*(-?\d+(?:\.\d+)?)\s*(?:-|–|to)\s*(-?\d+(?:\.\d+)?)\s*\)?`)
	bound   = regexp.MustCompile(`^\(?\s*(<=?|>=?|≤|≥)\s*(-?\d+(?:\.\d+)?)`)
)

func referenceRange(text, unit string) *fhir.Node {
	r := fhir.NewObject()
	if m := between.FindStringSubmatch(text); m != nil && isDecimal(m[1]) && isDecimal(m[2]) {
		r.Set("low", quantity("", m[1], unit))
		r.Set("high", quantity("", m[2], unit))
	} else if m := bound.FindStringSubmatch(text); m != nil && isDecimal(m[2]) {
		end := "high"
		if strings.ContainsAny(m[1], ">≥") {
			end = "low"
		}
		r.Set(end, quantity("", m[2], unit))
	}
	r.Set("text", fhir.NewString(text))
	return r
}
