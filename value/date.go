package value

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Date is a calendar date as precise as it was printed: Month or Day is 0 where the paper
// does not say. The zero Date is no date.
type Date struct{ Year, Month, Day int }

// String is ISO 8601 at the printed precision: 2026, 2026-04 or 2026-04-17.
func (d Date) String() string {
	switch {
	case d.Year == 0:
		return ""
	case d.Month == 0:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Compare orders two dates on the parts that both print. sure is false where the shared
// parts are equal but one of the two is less precise.
func (d Date) Compare(e Date) (order int, sure bool) {
	if c := cmp.Compare(d.Year, e.Year); c != 0 {
		return c, true
	}
	if d.Month == 0 || e.Month == 0 {
		return 0, d.Month == e.Month
	}
	if c := cmp.Compare(d.Month, e.Month); c != 0 {
		return c, true
	}
	if d.Day == 0 || e.Day == 0 {
		return 0, d.Day == e.Day
	}
	return cmp.Compare(d.Day, e.Day), true
}

// Years is the age in whole years on the date at; ok is false where a part is missing.
func (d Date) Years(at Date) (years int, ok bool) {
	if d.Day == 0 || at.Day == 0 {
		return 0, false
	}
	years = at.Year - d.Year
	if at.Month < d.Month || at.Month == d.Month && at.Day < d.Day {
		years--
	}
	return years, years >= 0
}

// valid reports whether the date exists in the calendar.
func (d Date) valid() bool {
	if d.Year < 1800 || d.Year > 2200 || d.Month < 0 || d.Month > 12 || d.Day < 0 {
		return false
	}
	if d.Month == 0 {
		return d.Day == 0
	}
	return d.Day <= monthDays(d.Year, d.Month)
}

func monthDays(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// Hint is what is known around a date before it is read.
type Hint struct {
	// Birth is set for a date of birth: the century is then chosen so that birth is not
	// after NotAfter, and a year that fits two centuries is doubtful.
	Birth bool
	// NotAfter is the latest day the date can reasonably have, such as the document's own
	// date; zero where nothing is known.
	NotAfter Date
}

// Reasons a date may be doubtful.
const (
	ReasonCentury      = "the century of the two-digit year is not decidable"
	ReasonDayFirst     = "the day stands before the month"
	ReasonPartialDate  = "the date is printed in part only"
	ReasonNoSuchDate   = "no such day in the calendar"
	ReasonTwoDigitYear = "two-digit year without another date to place it"
)

var (
	weekday     = regexp.MustCompile(`^(?i)(mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)(day|nesday|sday|rsday|urday)?\.?,? +`)
	numericDate = regexp.MustCompile(`^(\d{1,2}) ?([/.\- ]) ?(\d{1,2}) ?([/.\- ]) ?(\d{4}|\d{2})$`)
	isoDate     = regexp.MustCompile(`^(\d{4})([-/.])(\d{1,2})([-/.])(\d{1,2})$`)
	isoMonth    = regexp.MustCompile(`^(\d{4})-(\d{2})$`)
	monthYear   = regexp.MustCompile(`^(\d{1,2})[/-](\d{4})$`)
	compactDate = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	compactUS   = regexp.MustCompile(`^(\d{2})(\d{2})((?:19|20)\d{2})$`)
	yearOnly    = regexp.MustCompile(`^((?:18|19|20|21)\d{2})$`)
	nameFirst   = regexp.MustCompile(`^([A-Za-z]{3,9})\.? ?(\d{1,2})(?:st|nd|rd|th)?,? ?(\d{4}|'?\d{2})$`)
	dayName     = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)?[ \-/]?([A-Za-z]{3,9})\.?,?[ \-/]?(\d{4}|\d{2})$`)
	nameYear    = regexp.MustCompile(`^([A-Za-z]{3,9})\.?,? (\d{4})$`)
)

var monthNames = []string{"january", "february", "march", "april", "may", "june", "july",
	"august", "september", "october", "november", "december"}

// month reads an English month name or its abbreviation of three or more letters; 0 if none.
func month(s string) int {
	s = strings.ToLower(s)
	if s == "sept" {
		return 9
	}
	for i, name := range monthNames {
		if s == name || len(s) == 3 && strings.HasPrefix(name, s) {
			return i + 1
		}
	}
	return 0
}

// ParseDate reads one date in any usual American spelling, month before day. A text that is
// shaped like a date but names no day of the calendar gives ok=false and ReasonNoSuchDate.
func ParseDate(s string, h Hint) (d Date, reasons []string, ok bool) {
	if len(s) > 64 {
		return Date{}, nil, false
	}
	s = strings.TrimRight(weekday.ReplaceAllString(fold(s), ""), ".,;")
	d, short, reasons, shaped := dateParts(s)
	if !shaped {
		return Date{}, nil, false
	}
	if short {
		var why string
		if d.Year, why = century(d, h); why != "" {
			reasons = append(reasons, why)
		}
	}
	if !d.valid() {
		return Date{}, []string{ReasonNoSuchDate}, false
	}
	if d.Day == 0 {
		reasons = append(reasons, ReasonPartialDate)
	}
	return d, reasons, true
}

// dateParts takes the numbers out of the printed form; short says that the year has two digits.
func dateParts(s string) (d Date, short bool, reasons []string, ok bool) {
	n := func(s string) int { v, _ := strconv.Atoi(strings.TrimPrefix(s, "'")); return v }
	two := func(year string) bool { return len(strings.TrimPrefix(year, "'")) == 2 }
	if m := isoDate.FindStringSubmatch(s); m != nil && m[2] == m[4] {
		return Date{n(m[1]), n(m[3]), n(m[5])}, false, nil, n(m[3]) > 0 && n(m[5]) > 0
	}
	if m := numericDate.FindStringSubmatch(s); m != nil && m[2] == m[4] {
		a, b := n(m[1]), n(m[3])
		if a == 0 || b == 0 {
			return Date{n(m[5]), 13, 1}, false, nil, true // shaped like a date, no such day
		}
		if a > 12 && b <= 12 {
			return Date{n(m[5]), b, a}, two(m[5]), []string{ReasonDayFirst}, true
		}
		return Date{n(m[5]), a, b}, two(m[5]), nil, true
	}
	if m := isoMonth.FindStringSubmatch(s); m != nil {
		return Date{n(m[1]), n(m[2]), 0}, false, nil, n(m[2]) > 0
	}
	if m := monthYear.FindStringSubmatch(s); m != nil {
		return Date{n(m[2]), n(m[1]), 0}, false, nil, n(m[1]) > 0
	}
	if m := compactUS.FindStringSubmatch(s); m != nil && n(m[1]) >= 1 && n(m[1]) <= 12 && n(m[2]) >= 1 {
		return Date{n(m[3]), n(m[1]), n(m[2])}, false, nil, true
	}
	if m := compactDate.FindStringSubmatch(s); m != nil && n(m[2]) >= 1 && n(m[3]) >= 1 {
		d := Date{n(m[1]), n(m[2]), n(m[3])}
		return d, false, nil, d.valid()
	}
	if m := yearOnly.FindStringSubmatch(s); m != nil {
		return Date{n(m[1]), 0, 0}, false, nil, true
	}
	if m := nameYear.FindStringSubmatch(s); m != nil && month(m[1]) > 0 {
		return Date{n(m[2]), month(m[1]), 0}, false, nil, true
	}
	if m := nameFirst.FindStringSubmatch(s); m != nil && month(m[1]) > 0 && n(m[2]) > 0 {
		return Date{n(m[3]), month(m[1]), n(m[2])}, two(m[3]), nil, true
	}
	if m := dayName.FindStringSubmatch(s); m != nil && month(m[2]) > 0 && n(m[1]) > 0 {
		return Date{n(m[3]), month(m[2]), n(m[1])}, two(m[3]), nil, true
	}
	return Date{}, false, nil, false
}

// century places a two-digit year: the latest century that does not go beyond h.NotAfter.
// Rule and the bounds of 20 and 100 years: document-types.md §2.5.
func century(d Date, h Hint) (year int, reason string) {
	young, old := d, d
	young.Year, old.Year = 2000+d.Year, 1900+d.Year
	if h.NotAfter.Year == 0 {
		if h.Birth || d.Year > 50 {
			return old.Year, ReasonTwoDigitYear
		}
		return young.Year, ""
	}
	if c, _ := young.Compare(h.NotAfter); c > 0 {
		return old.Year, ""
	}
	if h.Birth && h.NotAfter.Year-old.Year <= 120 {
		return young.Year, ReasonCentury
	}
	return young.Year, ""
}
