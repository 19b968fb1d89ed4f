package search

import (
	"strconv"
	"time"
)

// Range is a half-open span of time in milliseconds since 1970 UTC: [Lo, Hi).
type Range struct{ Lo, Hi int64 }

// MinTime and MaxTime stand for open ends: the years 1 and 10000, the bounds of FHIR dates.
const (
	MinTime int64 = -62135596800000
	MaxTime int64 = 253402300800000
)

// ParseMoment reads a FHIR date, dateTime or instant, or any prefix of one as R4 search
// allows (yyyy-mm-ddThh:mm), into the span that it stands for. Text without a time zone is
// UTC. A leap second (:60) is the last second of its minute.
func ParseMoment(s string) (Range, bool) {
	year, ok := digits(s, 0, 4)
	if !ok || year == 0 {
		return Range{}, false
	}
	if len(s) == 4 {
		return span(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), 1, 0, 0), true
	}
	month, ok := digits(s, 5, 2)
	if !ok || s[4] != '-' || month < 1 || month > 12 {
		return Range{}, false
	}
	if len(s) == 7 {
		return span(time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC), 0, 1, 0), true
	}
	day, ok := digits(s, 8, 2)
	if !ok || s[7] != '-' || day < 1 || day > daysIn(year, month) {
		return Range{}, false
	}
	if len(s) == 10 {
		return span(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC), 0, 0, 1), true
	}
	return parseClock(s, time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).UnixMilli())
}

// parseClock reads from the T on; midnight is the day's start in milliseconds.
func parseClock(s string, midnight int64) (Range, bool) {
	if len(s) < 16 || s[10] != 'T' && s[10] != 't' || s[13] != ':' {
		return Range{}, false
	}
	hour, ok1 := digits(s, 11, 2)
	minute, ok2 := digits(s, 14, 2)
	if !ok1 || !ok2 || hour > 24 || minute > 59 || hour == 24 && minute > 0 {
		return Range{}, false
	}
	lo, length := midnight+int64(hour)*3_600_000+int64(minute)*60_000, int64(60_000)
	rest := s[16:]
	if len(rest) >= 3 && rest[0] == ':' {
		second, ok := digits(rest, 1, 2)
		if !ok || second > 60 {
			return Range{}, false
		}
		lo, length = lo+int64(min(second, 59))*1000, 1000
		rest = rest[3:]
		if len(rest) > 1 && rest[0] == '.' {
			i := 1
			for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
				if i <= 3 {
					length /= 10
					lo += int64(rest[i]-'0') * length
				}
				i++
			}
			if i == 1 {
				return Range{}, false
			}
			rest = rest[i:]
		}
	}
	offset, ok := zone(rest)
	if !ok {
		return Range{}, false
	}
	return Range{lo - offset, lo - offset + length}, true
}

// zone reads "", "Z" or ±hh:mm into milliseconds east of UTC.
func zone(s string) (int64, bool) {
	if s == "" || s == "Z" || s == "z" {
		return 0, true
	}
	// A plus sign in a URL that was not encoded arrives as a blank.
	if len(s) != 6 || s[3] != ':' || s[0] != '+' && s[0] != '-' && s[0] != ' ' {
		return 0, false
	}
	h, ok1 := digits(s, 1, 2)
	m, ok2 := digits(s, 4, 2)
	if !ok1 || !ok2 || h > 14 || m > 59 {
		return 0, false
	}
	offset := int64(h*60+m) * 60_000
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

func span(from time.Time, years, months, days int) Range {
	return Range{from.UnixMilli(), from.AddDate(years, months, days).UnixMilli()}
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// digits reads exactly n decimal digits at i.
func digits(s string, i, n int) (int, bool) {
	if len(s) < i+n {
		return 0, false
	}
	for _, c := range []byte(s[i : i+n]) {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	v, err := strconv.Atoi(s[i : i+n])
	return v, err == nil
}

// widen gives the span for `ap`: 10 % of the distance between the span and now on each
// side (R4 §3.1.1.4.2), at least the span itself.
func (r Range) widen(now int64) Range {
	gap := now - r.Lo
	if gap < 0 {
		gap = r.Lo - now
	}
	return Range{max(r.Lo-gap/10, MinTime), min(r.Hi+gap/10, MaxTime)}
}
