// Package sig reads dose instructions ("take 1-2 tabs po q6h prn pain x 5 days") into the
// parts of FHIR R4 Dosage: dose, route, timing, as needed, duration, greatest dose. Steps of
// a taper ("then") and two doses of one day ("1 in the morning and 2 at bedtime") are
// dosages of their own, in their order.
//
// It never guesses: numbers stay as written, an abbreviation that is known to be mistaken
// for another (QOD, QD, U) is read in its one accepted meaning and noted as a doubt, and
// instructions that are no fixed dose (sliding scales, titrate, as directed) are text only.
package sig

import "slices"

// Dosage is one step of an instruction. Numbers are decimals as text ("0.5"); what the
// words do not say is empty.
type Dosage struct {
	Text         string   `json:"text,omitempty"`          // the words of the step
	Dose         string   `json:"dose,omitempty"`          // the lower end of a range
	DoseHigh     string   `json:"dose_high,omitempty"`     // the upper end, where there is a range
	Unit         string   `json:"unit,omitempty"`          // tablet, mL, mg, puff, [IU] ... in the singular
	Strength     string   `json:"strength,omitempty"`      // of what is taken, as written: "500 mg"
	Route        string   `json:"route,omitempty"`         // oral, subcutaneous, ...
	Frequency    string   `json:"frequency,omitempty"`     // times per period
	FrequencyMax string   `json:"frequency_max,omitempty"` // upper end of "3 to 4 times"; without Frequency: "up to"
	Period       string   `json:"period,omitempty"`
	PeriodMax    string   `json:"period_max,omitempty"`  // upper end of "every 4-6 hours"
	PeriodUnit   string   `json:"period_unit,omitempty"` // UCUM: min, h, d, wk, mo, a
	When         []string `json:"when,omitempty"`        // codes of the R4 value set event-timing: MORN, HS, AC, ...
	TimeOfDay    []string `json:"time_of_day,omitempty"` // 08:00; a step has these or When, not both (R4 invariant tim-10)
	DayOfWeek    []string `json:"day_of_week,omitempty"` // mon ... sun
	Count        string   `json:"count,omitempty"`       // "once", "for 3 doses"
	AsNeeded     bool     `json:"as_needed,omitempty"`
	Reason       string   `json:"reason,omitempty"`       // "for pain"
	Duration     string   `json:"duration,omitempty"`     // "for 5-7 days": the lower end
	DurationMax  string   `json:"duration_max,omitempty"` // and the upper one; alone: "up to"
	DurationUnit string   `json:"duration_unit,omitempty"`
	Max          string   `json:"max,omitempty"` // greatest amount of a day
	MaxUnit      string   `json:"max_unit,omitempty"`
	TextOnly     bool     `json:"text_only,omitempty"` // no fixed dose: only Text is to be used
	Doubts       []string `json:"doubts,omitempty"`    // why a person should look
}

// Equal compares structures; the words, the strength and the doubts do not count.
func Equal(a, b []Dosage) bool {
	return slices.EqualFunc(a, b, func(x, y Dosage) bool {
		return x.Dose == y.Dose && x.DoseHigh == y.DoseHigh && x.Unit == y.Unit && x.Route == y.Route &&
			x.Frequency == y.Frequency && x.FrequencyMax == y.FrequencyMax &&
			x.Period == y.Period && x.PeriodMax == y.PeriodMax && x.PeriodUnit == y.PeriodUnit &&
			slices.Equal(x.When, y.When) && slices.Equal(x.TimeOfDay, y.TimeOfDay) && slices.Equal(x.DayOfWeek, y.DayOfWeek) && x.Count == y.Count &&
			x.AsNeeded == y.AsNeeded && x.Reason == y.Reason &&
			x.Duration == y.Duration && x.DurationMax == y.DurationMax && x.DurationUnit == y.DurationUnit &&
			x.Max == y.Max && x.MaxUnit == y.MaxUnit && x.TextOnly == y.TextOnly
	})
}
