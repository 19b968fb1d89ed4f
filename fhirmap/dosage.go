package fhirmap

import (
	"chartlake/fhir"
	"chartlake/terminology"
	"chartlake/value/sig"
)

// dosages writes a dose instruction: always its words, and its parts where they can be read
// without a doubt (R4 Dosage). Steps of a taper are dosages in sequence. Nothing is written
// for an instruction without words.
func dosages(text, route string) []*fhir.Node {
	if text == "" {
		return nil
	}
	steps := sig.Parse(text)
	for i := range steps {
		if steps[i].TextOnly || len(steps[i].Doubts) > 0 {
			steps = nil
			break
		}
	}
	if len(steps) == 0 {
		return []*fhir.Node{fhir.NewObject("text", text, "route", nonEmpty(fhir.NewObject("text", route)))}
	}
	var out []*fhir.Node
	for i := range steps {
		d := fhir.NewObject()
		if len(steps) > 1 {
			d.Set("sequence", fhir.NewInt(i+1))
			d.Set("text", fhir.NewString(steps[i].Text))
		} else {
			d.Set("text", fhir.NewString(text))
		}
		out = append(out, dosage(d, &steps[i], route))
	}
	return out
}

// dosage adds the parts of one step, in the order of the R4 type.
func dosage(d *fhir.Node, s *sig.Dosage, route string) *fhir.Node {
	d.Set("timing", timing(s))
	switch {
	case s.AsNeeded && s.Reason != "":
		d.Set("asNeededCodeableConcept", fhir.NewObject("text", s.Reason))
	case s.AsNeeded:
		d.Set("asNeededBoolean", fhir.NewBool(true))
	}
	if s.Route != "" {
		route = s.Route
	}
	d.Set("route", nonEmpty(fhir.NewObject("text", route)))
	switch {
	case s.DoseHigh != "":
		d.Set("doseAndRate", fhir.NewArray(fhir.NewObject("doseRange", doseRange(s.Dose, s.DoseHigh, s.Unit))))
	case s.Dose != "":
		d.Set("doseAndRate", fhir.NewArray(fhir.NewObject("doseQuantity", amount(s.Dose, s.Unit))))
	}
	if s.Max != "" {
		d.Set("maxDosePerPeriod", fhir.NewObject("numerator", amount(s.Max, s.MaxUnit), "denominator", span("1", "d")))
	}
	return d
}

// timing is a Timing with a repeat, or nil. A count without a period ("three times") says
// nothing that a repeat could hold (invariant tim-2).
func timing(s *sig.Dosage) *fhir.Node {
	r := fhir.NewObject()
	switch {
	case s.Duration != "" && s.DurationMax != "":
		r.Set("boundsRange", fhir.NewObject("low", span(s.Duration, s.DurationUnit), "high", span(s.DurationMax, s.DurationUnit)))
	case s.Duration != "":
		r.Set("boundsDuration", span(s.Duration, s.DurationUnit))
	case s.DurationMax != "":
		r.Set("boundsRange", fhir.NewObject("high", span(s.DurationMax, s.DurationUnit)))
	}
	r.Set("count", whole(s.Count))
	if s.Period != "" {
		r.Set("frequency", whole(s.Frequency))
		r.Set("frequencyMax", whole(s.FrequencyMax))
		r.Set("period", fhir.NewNumber(s.Period))
		if s.PeriodMax != "" {
			r.Set("periodMax", fhir.NewNumber(s.PeriodMax))
		}
		r.Set("periodUnit", fhir.NewString(s.PeriodUnit))
	}
	r.Set("dayOfWeek", stringArray(s.DayOfWeek))
	r.Set("timeOfDay", stringArray(clockTimes(s.TimeOfDay)))
	r.Set("when", stringArray(s.When))
	if nonEmpty(r) == nil {
		return nil
	}
	return fhir.NewObject("repeat", r)
}

// clockTimes are times of the R4 type time, which has seconds.
func clockTimes(hours []string) []string {
	var out []string
	for _, h := range hours {
		out = append(out, h+":00")
	}
	return out
}

// whole is a positiveInt, or nil.
func whole(s string) *fhir.Node {
	if s == "" || s == "0" || !isDecimal(s) || s[0] == '-' || len(s) > 6 {
		return nil
	}
	for i := 0; i < len(s); i++ {
		if s[i] == '.' {
			return nil
		}
	}
	return fhir.NewNumber(s)
}

// amount is a SimpleQuantity. What is counted by the piece (tablets, puffs) has no UCUM code.
func amount(number, unit string) *fhir.Node {
	switch unit {
	case "mg", "mcg", "g", "mL", "L", "mmol", "meq":
		return quantity("", number, unit)
	}
	return fhir.NewObject("value", fhir.NewNumber(number), "unit", unit)
}

func doseRange(low, high, unit string) *fhir.Node {
	return fhir.NewObject("low", amount(low, unit), "high", amount(high, unit))
}

// span is a Duration; its unit is already a UCUM code.
func span(number, unit string) *fhir.Node {
	return fhir.NewObject("value", fhir.NewNumber(number), "unit", unit, "system", terminology.UCUM, "code", unit)
}
