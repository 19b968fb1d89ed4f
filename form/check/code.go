package check

import (
	"fmt"
	"slices"
	"strings"

	"chartlake/record"
	"chartlake/value"
)

// Standing is what a release says of a code.
type Standing struct {
	Release         string // its name, as "ICD-10-CM 2026"; empty: none was in force on the day
	Found, Billable bool
	// Other names another release that has the code, where that of the day has not.
	Other string
}

// Codes answers what is known of a code of ICD-10-CM on a day of service (YYYY-MM-DD).
type Codes func(code, day string) (Standing, error)

// Coded holds the diagnoses of a segment against releases of their code system: a code must be there
// on the day of service, and on a claim it may be no heading (document-types.md §2.7). Nothing is said
// of a day on which no release is known to have been in force, but that a heading stays one.
func Coded(seg *record.Segment, codes Codes) error {
	c := &Case{Segment: seg}
	day := c.serviceDay()
	if day == "" {
		return nil
	}
	for i := range seg.Fields {
		f := &seg.Fields[i]
		if !diagnosisField(f.Name) || f.Value == nil || f.State != record.Accepted {
			continue
		}
		if _, form, ok := value.ParseCode(*f.Value, value.FormICD10CM); !ok || form != value.FormICD10CM {
			continue
		}
		s, err := codes(*f.Value, day)
		if err != nil {
			return err
		}
		switch {
		case s.Release == "":
		case !s.Found && s.Other != "":
			c.raise("code_not_valid_on_date", record.SeverityWarning, fmt.Sprintf("%s is a code of %s, and not of %s, which was in force on %s", f.Raw, s.Other, s.Release, day), f)
		case !s.Found:
			c.raise("code_unknown", record.SeverityWarning, fmt.Sprintf("%s is no code of %s", f.Raw, s.Release), f)
		case !s.Billable && isClaim(c):
			c.raise("code_not_billable", record.SeverityWarning, fmt.Sprintf("%s is a heading of %s and not billable on %s: a code under it is asked for", f.Raw, s.Release, day), f)
		}
	}
	return nil
}

func diagnosisField(name string) bool {
	base, _, part := strings.Cut(name, ".")
	switch {
	case name == "dx", base == "21" && name != "21.ind":
		return true
	case part:
		return false
	}
	return strings.HasPrefix(name, "FL67") || name == "FL69" || strings.HasPrefix(name, "FL70") || strings.HasPrefix(name, "FL72")
}

// serviceDay is the day on which the codes of a document must hold: of a hospital bill the last, of
// another claim the first; empty where it is not sure.
func (c *Case) serviceDay() string {
	days := []*record.Field{c.sure("FL6.through")}
	for _, l := range c.Segment.Lines {
		if f, ok := l["24A.from"]; ok {
			days = append(days, &f)
		}
	}
	days = append(days, c.sure("visit"), c.sure("date"))
	i := slices.IndexFunc(days, func(f *record.Field) bool { d, ok := dayOf(f); return ok && d.Day > 0 })
	if i < 0 {
		return ""
	}
	d, _ := dayOf(days[i])
	return d.String()
}
