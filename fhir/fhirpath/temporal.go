package fhirpath

import (
	"fmt"
	"strings"
	"time"
)

// Precision says which parts of a date or time are known. Seconds and their fraction are
// one part, as the specification compares them.
type Precision int

const (
	Year Precision = iota + 1
	Month
	Day
	Hour
	Minute
	Second
)

// Temporal is a date, date with time, or time of day, as precise as it was written.
type Temporal struct {
	Year, Month, Day     int
	Hour, Minute, Second int
	Nanos                int // fraction of the second
	Digits               int // of the fraction, as written
	Precision            Precision
	Zone                 int // minutes east of UTC
	HasZone              bool
	dateTime             bool // a DateTime, even when only its date is known
	clock                bool // a time of day
}

// ParseDate reads a FHIR date, dateTime or instant: 2015, 2015-02, 2015-02-04,
// 2015-02-04T14:34:28.123+01:00. FHIRPath literals may also stop at the hour or minute.
func ParseDate(s string) (Temporal, bool) {
	t := Temporal{Precision: Year}
	date, clock, hasT := strings.Cut(s, "T")
	t.dateTime = hasT
	parts := strings.Split(date, "-")
	into := []*int{&t.Year, &t.Month, &t.Day}
	if len(parts) > 3 {
		return t, false
	}
	for i, p := range parts {
		width := 2
		if i == 0 {
			width = 4
		}
		if !digits(p, width, into[i]) {
			return t, false
		}
		t.Precision = Precision(i + 1)
	}
	if clock != "" {
		if t.Precision != Day || !t.readClock(clock) {
			return t, false
		}
	}
	return t, t.valid()
}

func parseTime(s string) (Temporal, bool) {
	t := Temporal{clock: true}
	if !t.readClock(s) || t.HasZone {
		return t, false
	}
	return t, t.validClock()
}

func parseLiteral(tok token) (Value, bool) {
	if tok.kind == tokTime {
		t, ok := parseTime(tok.text)
		return system(t), ok
	}
	t, ok := ParseDate(tok.text)
	return system(t), ok
}

// readClock reads 14, 14:34, 14:34:28, 14:34:28.123, each with an optional zone.
func (t *Temporal) readClock(s string) bool {
	if i := strings.IndexAny(s, "Z+-"); i >= 0 {
		if !t.readZone(s[i:]) {
			return false
		}
		s = s[:i]
	}
	s, fraction, hasFraction := strings.Cut(s, ".")
	parts := strings.Split(s, ":")
	if len(parts) > 3 || hasFraction && len(parts) != 3 {
		return false
	}
	for i, into := range []*int{&t.Hour, &t.Minute, &t.Second}[:len(parts)] {
		if !digits(parts[i], 2, into) {
			return false
		}
		t.Precision = Hour + Precision(i)
	}
	if hasFraction {
		n := len(fraction)
		if n == 0 || n > 9 && strings.Trim(fraction[9:], "0123456789") != "" {
			return false
		}
		t.Digits = min(n, 9)
		if !digits((fraction + "000000000")[:9], 9, &t.Nanos) {
			return false
		}
	}
	return true
}

func (t *Temporal) readZone(s string) bool {
	t.HasZone = true
	if s == "Z" {
		return true
	}
	var h, m int
	if len(s) != 6 || s[0] == 'Z' || s[3] != ':' || !digits(s[1:3], 2, &h) || !digits(s[4:], 2, &m) || h > 14 || m > 59 || h == 14 && m > 0 {
		return false
	}
	t.Zone = h*60 + m
	if s[0] == '-' {
		t.Zone = -t.Zone
	}
	return true
}

func digits(s string, width int, into *int) bool {
	if len(s) != width {
		return false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
		n = n*10 + int(s[i]-'0')
	}
	*into = n
	return true
}

func (t Temporal) valid() bool {
	if t.Precision >= Month && (t.Month < 1 || t.Month > 12) {
		return false
	}
	if t.Precision >= Day && (t.Day < 1 || t.Day > daysIn(t.Year, t.Month)) {
		return false
	}
	return t.Year > 0 && t.validClock()
}

func (t Temporal) validClock() bool {
	return t.Hour <= 23 && t.Minute <= 59 && t.Second <= 60 && (t.Second < 60 || t.Nanos == 0)
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// Time gives the first instant that the value may mean; zone is used when it names none.
func (t Temporal) Time(zone *time.Location) time.Time {
	if t.HasZone {
		zone = time.FixedZone("", t.Zone*60)
	}
	return time.Date(t.Year, time.Month(max(t.Month, 1)), max(t.Day, 1), t.Hour, t.Minute, t.Second, t.Nanos, zone)
}

// End gives the first instant after those that the value may mean: the next year for a
// year, the next millisecond (or smaller, as written) for a fraction of a second.
func (t Temporal) End(zone *time.Location) time.Time {
	start := t.Time(zone)
	switch t.Precision {
	case Year:
		return start.AddDate(1, 0, 0)
	case Month:
		return start.AddDate(0, 1, 0)
	case Day:
		return start.AddDate(0, 0, 1)
	case Hour:
		return start.Add(time.Hour)
	case Minute:
		return start.Add(time.Minute)
	}
	step := time.Second
	for range t.Digits {
		step /= 10
	}
	return start.Add(step)
}

// String writes the value as FHIR does.
func (t Temporal) String() string {
	var b strings.Builder
	if !t.clock {
		fmt.Fprintf(&b, "%04d", t.Year)
		for i, n := range []int{t.Month, t.Day} {
			if t.Precision > Precision(i+1) {
				fmt.Fprintf(&b, "-%02d", n)
			}
		}
		if t.Precision <= Day {
			return b.String()
		}
		b.WriteByte('T')
	}
	fmt.Fprintf(&b, "%02d", t.Hour)
	for i, n := range []int{t.Minute, t.Second} {
		if t.Precision > Hour+Precision(i) {
			fmt.Fprintf(&b, ":%02d", n)
		}
	}
	if t.Digits > 0 {
		b.WriteString("." + fmt.Sprintf("%09d", t.Nanos)[:t.Digits])
	}
	b.WriteString(t.zoneText())
	return b.String()
}

func (t Temporal) zoneText() string {
	switch {
	case !t.HasZone:
		return ""
	case t.Zone == 0:
		return "Z"
	}
	sign, z := "+", t.Zone
	if z < 0 {
		sign, z = "-", -z
	}
	return fmt.Sprintf("%s%02d:%02d", sign, z/60, z%60)
}

// fields lists the parts that are known, in order; seconds as nanoseconds.
func (t Temporal) fields() []int {
	all := []int{t.Year, t.Month, t.Day, t.Hour, t.Minute, t.Second*1e9 + t.Nanos}
	if t.clock {
		return all[3:t.Precision]
	}
	return all[:t.Precision]
}

// utc gives the value in UTC where it has a zone and a time.
func (t Temporal) utc() Temporal {
	if !t.HasZone || t.Zone == 0 || t.Precision < Hour {
		return t
	}
	u := t.Time(nil).UTC()
	t.Year, t.Month, t.Day = u.Year(), int(u.Month()), u.Day()
	t.Hour, t.Minute, t.Zone = u.Hour(), u.Minute(), 0
	return t
}

// compareTemporals compares part by part; ok is false where one is less precise than the
// other before a difference shows, or where one has a zone and the other has none.
func compareTemporals(a, b Temporal) (order int, ok bool) {
	if a.clock != b.clock {
		return 0, false
	}
	if a.Precision >= Hour && b.Precision >= Hour && !a.clock && a.HasZone != b.HasZone {
		return 0, false
	}
	a, b = a.utc(), b.utc()
	fa, fb := a.fields(), b.fields()
	for i := 0; i < len(fa) && i < len(fb); i++ {
		if fa[i] != fb[i] {
			if fa[i] < fb[i] {
				return -1, true
			}
			return 1, true
		}
	}
	return 0, len(fa) == len(fb)
}

// toTemporal converts text by the rules of toDate, toDateTime and toTime.
func toTemporal(s, kind string) (Temporal, bool) {
	if kind == "Time" {
		return parseTime(strings.TrimPrefix(s, "T"))
	}
	t, ok := ParseDate(s)
	if kind == "Date" && t.Precision > Day {
		return t, false
	}
	t.dateTime = kind == "DateTime"
	return t, ok
}

// add moves a date or time by a whole number of calendar units; a part that is not known
// is filled to do so and dropped again.
func (t Temporal) add(n int64, unit string) (Temporal, bool) {
	if n > 1e9 || n < -1e9 {
		return t, false
	}
	if t.clock {
		return t.addClock(n, unit)
	}
	switch unit {
	case "year":
		return t.addMonths(n * 12)
	case "month":
		if t.Precision == Year {
			n = n / 12 * 12
		}
		return t.addMonths(n)
	case "week":
		n, unit = n*7, "day"
	}
	switch {
	case t.Precision == Year:
		return t.addMonths(n / perYear[unit] * 12)
	case t.Precision == Month:
		return t.addMonths(n / perMonth[unit])
	}
	step := spans[unit]
	if t.Precision == Day && unit != "day" {
		n, step = n*int64(step)/int64(24*time.Hour), 24*time.Hour
	}
	return t.shift(n, step)
}

var (
	spans = map[string]time.Duration{"day": 24 * time.Hour, "hour": time.Hour, "minute": time.Minute,
		"second": time.Second, "millisecond": time.Millisecond}
	perYear  = map[string]int64{"day": 365, "hour": 365 * 24, "minute": 365 * 24 * 60, "second": 365 * 24 * 3600, "millisecond": 365 * 24 * 3600e3}
	perMonth = map[string]int64{"day": 30, "hour": 30 * 24, "minute": 30 * 24 * 60, "second": 30 * 24 * 3600, "millisecond": 30 * 24 * 3600e3}
)

// shift moves by n steps in days and nanoseconds, which never overflow.
func (t Temporal) shift(n int64, step time.Duration) (Temporal, bool) {
	perDay := int64(24 * time.Hour / step)
	u := t.Time(time.UTC).AddDate(0, 0, int(n/perDay)).Add(time.Duration(n%perDay) * step)
	if u.Year() < 1 || u.Year() > 9999 {
		return t, false
	}
	t.Year, t.Month, t.Day = u.Year(), int(u.Month()), u.Day()
	t.Hour, t.Minute, t.Second, t.Nanos = u.Hour(), u.Minute(), u.Second(), u.Nanosecond()
	if t.Nanos > 0 && t.Digits < 3 {
		t.Digits = 3
	}
	return t, true
}

func (t Temporal) addMonths(n int64) (Temporal, bool) {
	months := int64(t.Year)*12 + int64(max(t.Month, 1)-1) + n
	if months < 12 || months >= 10000*12 {
		return t, false
	}
	t.Year = int(months / 12)
	if t.Precision >= Month {
		t.Month = int(months%12) + 1
	}
	if t.Precision >= Day {
		t.Day = min(t.Day, daysIn(t.Year, t.Month))
	}
	return t, true
}

// addClock moves a time of day, around midnight.
func (t Temporal) addClock(n int64, unit string) (Temporal, bool) {
	step, ok := spans[unit]
	if !ok || unit == "day" {
		return t, false
	}
	date := t
	date.clock, date.Year, date.Month, date.Day = false, 2000, 1, 1
	moved, ok := date.shift(n%int64(24*time.Hour/step), step)
	moved.clock, moved.Year, moved.Month, moved.Day = true, 0, 0, 0
	return moved, ok
}

func (t Temporal) part(p Precision, n int) []Value {
	if t.Precision < p {
		return nil
	}
	return one(integer(int64(n)))
}
