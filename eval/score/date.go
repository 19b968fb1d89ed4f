package score

import (
	"regexp"
	"strconv"
	"strings"
)

// date is a date as far as it is printed; short is a year of two digits. Hour is -1 without a time.
type date struct {
	year, month, day int
	short            bool
	hour, minute     int
}

// The scorer reads dates itself, by the forms that the expected results use, so that a
// mistake of the product's own date reader is not forgiven here.
var (
	isoDate     = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(.*))?$`)
	numericDate = regexp.MustCompile(`^(\d{1,2})[/. -]+(\d{1,2})[/. -]+(\d{4}|\d{2})(?:[ ,T]+(.*))?$`)
	monthFirst  = regexp.MustCompile(`^([A-Za-z]{3,9})\.? +(\d{1,2}),? +(\d{4})(?:[ ,]+(?:at +)?(.*))?$`)
	dayFirst    = regexp.MustCompile(`^(\d{1,2})[ -]([A-Za-z]{3,9})[ -](\d{4}|\d{2})(?:[ ,]+(.*))?$`)
	clock       = regexp.MustCompile(`^(\d{1,2}):?(\d{2})(?::\d{2}(?:\.\d+)?)? ?([AaPp]\.?[Mm]\.?)?(?: ?(?:Z|[+-]\d{2}:?\d{2}|[A-Z]{2,4}))?$`)
)

var months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

func monthOf(word string) int {
	w := strings.ToLower(word)
	for i, m := range months {
		if strings.HasPrefix(w, m) {
			return i + 1
		}
	}
	return 0
}

// dateOf reads a printed or ISO date of full precision.
func dateOf(s string) (date, bool) {
	s = strings.TrimSpace(s)
	number := func(t string) int { n, _ := strconv.Atoi(t); return n }
	d := date{hour: -1}
	time := ""
	if m := isoDate.FindStringSubmatch(s); m != nil {
		d.year, d.month, d.day, time = number(m[1]), number(m[2]), number(m[3]), m[4]
	} else if m := numericDate.FindStringSubmatch(s); m != nil {
		d.month, d.day, d.year, d.short, time = number(m[1]), number(m[2]), number(m[3]), len(m[3]) == 2, m[4]
		if d.month > 12 {
			d.month, d.day = d.day, d.month
		}
	} else if m := monthFirst.FindStringSubmatch(s); m != nil {
		d.month, d.day, d.year, time = monthOf(m[1]), number(m[2]), number(m[3]), m[4]
	} else if m := dayFirst.FindStringSubmatch(s); m != nil {
		d.day, d.month, d.year, d.short, time = number(m[1]), monthOf(m[2]), number(m[3]), len(m[3]) == 2, m[4]
	} else {
		return d, false
	}
	if d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31 {
		return d, false
	}
	return d, d.readTime(strings.TrimSpace(time))
}

func (d *date) readTime(s string) bool {
	if s == "" {
		return true
	}
	m := clock.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	d.hour, _ = strconv.Atoi(m[1])
	d.minute, _ = strconv.Atoi(m[2])
	if half := strings.ToLower(m[3]); half != "" {
		d.hour %= 12
		if half[0] == 'p' {
			d.hour += 12
		}
	}
	return d.hour < 24 && d.minute < 60
}

// same compares dates; a year of two digits is any century's.
func (d date) same(e date) bool {
	year := d.year == e.year
	if d.short || e.short {
		year = d.year%100 == e.year%100
	}
	return year && d.month == e.month && d.day == e.day && d.hour == e.hour && d.minute == e.minute
}
