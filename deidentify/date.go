package deidentify

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// layouts are the ways in which dates are written, the more definite first. Numbers are month
// first, as in the United States, unless they cannot be.
var layouts = []string{
	"2006-01-02", "2006/01/02", "2006.01.02", "20060102", "1/2/2006", "1-2-2006", "1.2.2006", "1/2/06", "1-2-06", "1.2.06",
	"2/1/2006", "2-1-2006", "2.1.2006", "2/1/06", "January 2, 2006", "January 2 2006", "Jan 2, 2006", "Jan 2 2006", "Jan. 2, 2006",
	"2 January 2006", "2 Jan 2006", "2-Jan-2006", "2-Jan-06", "2 Jan 06", "2/Jan/2006", "January 2", "Jan 2", "Jan. 2", "2 January", "2 Jan",
	"January 2006", "January, 2006", "Jan 2006", "Jan. 2006", "1/2006", "1-2006", "1/2", "1-2", "January", "Jan",
}

var (
	weekdayRE = regexp.MustCompile(`^(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s*`)
	clockRE   = regexp.MustCompile(`(?:T|,? at |\s+)\d{1,2}:\d{2}.*$`)
	ordinalRE = regexp.MustCompile(`(\d)(?i:st|nd|rd|th)\b`)
	yearRE    = regexp.MustCompile(`(?:^|\D)((?:19|20)\d{2})(?:\D|$)`)
	blanksRE  = regexp.MustCompile(`\s+`)
)

// day is the surrogate of a written date: shifted and written in the same way, or its year. What
// cannot be read as a date goes.
func (p *Person) day(text string) string {
	if p.days == 0 {
		if m := yearRE.FindStringSubmatch(text); m != nil {
			return m[1]
		}
		return "[date]"
	}
	clean := blanksRE.ReplaceAllString(strings.TrimSpace(weekdayRE.ReplaceAllString(text, "")), " ")
	clock := clockRE.FindString(clean)
	clean = ordinalRE.ReplaceAllString(strings.TrimSuffix(clean, clock), "$1")
	for _, layout := range layouts {
		t, err := time.Parse(layout, clean)
		if err != nil {
			continue
		}
		named := strings.Contains(layout, "Jan")
		if day := strings.Contains(strings.NewReplacer("2006", "", "01", "", "02", "2").Replace(layout), "2"); !day {
			t = t.AddDate(0, 0, 14) // the middle of a month stands for it
		}
		if t.Year() == 0 { // no year: none is added
			t = t.AddDate(2001, 0, 0)
		}
		out := t.AddDate(0, 0, p.days).Format(layout)
		if named && clean == strings.ToUpper(clean) {
			out = strings.ToUpper(out)
		}
		return out + clock
	}
	return "[date]"
}

// date shifts the value of a FHIR date, dateTime or instant; "" where nothing of it may remain.
// Of a time the day is shifted and the rest stays.
func (p *Person) date(v string) string {
	if len(v) < 4 {
		return ""
	}
	if _, err := strconv.Atoi(v[:4]); err != nil {
		return ""
	}
	if len(v) == 4 || p.days == 0 {
		return v[:4]
	}
	if len(v) == 7 {
		t, err := time.Parse("2006-01", v)
		if err != nil {
			return v[:4]
		}
		return t.AddDate(0, 0, 14+p.days).Format("2006-01")
	}
	t, err := time.Parse("2006-01-02", v[:min(10, len(v))])
	if err != nil {
		return v[:4]
	}
	return t.AddDate(0, 0, p.days).Format("2006-01-02") + v[10:]
}

// oldest reports a birth date that tells an age over 89 at a day.
func oldest(birth string, at time.Time) bool {
	year, err := strconv.Atoi(birth[:min(4, len(birth))])
	if err != nil {
		return true
	}
	if len(birth) >= 10 {
		if t, err := time.Parse("2006-01-02", birth[:10]); err == nil {
			return !t.AddDate(90, 0, 0).After(at)
		}
	}
	return at.Year()-year >= 90
}
