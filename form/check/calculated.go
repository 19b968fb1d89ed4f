package check

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"chartlake/record"
	"chartlake/value"
)

// formula is a result that laboratories calculate from others on the same paper. within is how
// far rounding of the parts may move it.
type formula struct {
	result *regexp.Regexp
	parts  []*regexp.Regexp
	of     func(p []float64) float64
	within func(p []float64) float64
}

func named(words string) *regexp.Regexp { return regexp.MustCompile(`(?i)^(?:` + words + `)$`) }

// formulas: LDL by Friedewald (Clin Chem 1972;18:499), the anion gap without potassium, and plain
// differences and ratios. Laboratories that use other formulas print other names; LDL by
// another formula differs by little where triglycerides are low, and 15 per cent are let pass.
var formulas = []formula{
	{named(`globulin(?:,? total| \(calc(?:ulated)?\))?`), []*regexp.Regexp{named(`(?:total )?protein(?:,? total)?`), named(`albumin`)},
		func(p []float64) float64 { return p[0] - p[1] }, func([]float64) float64 { return 0.15 }},
	{named(`a/?g ratio|albumin/globulin ratio`), []*regexp.Regexp{named(`albumin`), named(`globulin(?:,? total| \(calc(?:ulated)?\))?`)},
		func(p []float64) float64 { return p[0] / p[1] }, func([]float64) float64 { return 0.11 }},
	{named(`bun/creatinine ratio|bun/creat(?:\.)? ratio|urea nitrogen/creatinine ratio`), []*regexp.Regexp{named(`bun|urea nitrogen(?: \(bun\))?|blood urea nitrogen`), named(`creatinine`)},
		func(p []float64) float64 { return p[0] / p[1] }, func(p []float64) float64 { return 1 + 0.06*p[0]/(p[1]*p[1]) }},
	{named(`anion gap`), []*regexp.Regexp{named(`sodium`), named(`chloride`), named(`co2|carbon dioxide(?:,? total)?|bicarbonate|total co2`)},
		func(p []float64) float64 { return p[0] - p[1] - p[2] }, func([]float64) float64 { return 1.6 }},
	{named(`non[- ]hdl(?: cholesterol)?`), []*regexp.Regexp{named(`(?:total )?cholesterol(?:,? total)?`), named(`hdl(?: cholesterol)?`)},
		func(p []float64) float64 { return p[0] - p[1] }, func([]float64) float64 { return 1.1 }},
	{named(`ldl(?: cholesterol)?(?:,? calc(?:ulated)?| \(calc(?:ulated)?\))`), []*regexp.Regexp{named(`(?:total )?cholesterol(?:,? total)?`), named(`hdl(?: cholesterol)?`), named(`triglycerides?`)},
		func(p []float64) float64 { return p[0] - p[1] - p[2]/5 }, func(p []float64) float64 { return 2 + 0.15*p[0] }},
}

// calculatedRules: a calculated result follows from its parts within rounding. The ways of an
// anion gap differ by potassium, so both are tried.
func calculatedRules(c *Case) {
	if c.Segment.Type != "lab_report" {
		return
	}
	number := func(name *regexp.Regexp) (v float64, row map[string]record.Field, ok bool) {
		for _, l := range c.Segment.Lines {
			t, f := l["test"], l["value"]
			if f.Value == nil || f.State != record.Accepted || !name.MatchString(strings.TrimSpace(t.Raw)) {
				continue
			}
			n, _, good := value.ParseNumber(f.Raw)
			if !good || n.Comparator != "" {
				return 0, nil, false
			}
			v, _ = n.Rat().Float64()
			return v, l, true
		}
		return 0, nil, false
	}
	for _, f := range formulas {
		said, row, ok := number(f.result)
		if !ok {
			continue
		}
		var parts []float64
		for _, p := range f.parts {
			v, _, there := number(p)
			ok = ok && there
			parts = append(parts, v)
		}
		if !ok || parts[len(parts)-1] == 0 {
			continue
		}
		want := f.of(parts)
		with := want
		if potassium, _, there := number(named(`potassium`)); there && f.result.MatchString("anion gap") {
			with += potassium
		}
		if limit := f.within(parts); math.Abs(said-want) > limit && math.Abs(said-with) > limit {
			v, test := row["value"], row["test"]
			c.raise("calculated_mismatch", record.SeverityWarning, fmt.Sprintf("%s is printed as %s, its parts give %.4g", test.Raw, v.Raw, want), &v)
			row["value"] = v
		}
	}
	if s := c.field("status"); s != nil && s.State == record.Accepted {
		if w := strings.ToLower(s.Raw); strings.Contains(w, "correct") || strings.Contains(w, "amend") {
			c.raise("corrected_result", record.SeverityInfo, "the report replaces an earlier one: "+s.Raw, s)
		}
	}
}
