package value

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Moment is a date with, where printed, a time of day and a zone. Clock is "15:04" or
// "15:04:05", empty where no time was printed; Zone is "", "Z" or an offset as "-05:00".
type Moment struct {
	Date
	Clock, Zone string
}

// String is ISO 8601 at the printed precision; a zone stands only where one was printed.
func (m Moment) String() string {
	if m.Clock == "" {
		return m.Date.String()
	}
	return m.Date.String() + "T" + m.Clock + m.Zone
}

// Compare orders two moments; times are compared only on the same day, both with a clock.
func (m Moment) Compare(n Moment) (order int, sure bool) {
	if c, ok := m.Date.Compare(n.Date); c != 0 || !ok {
		return c, ok
	}
	if m.Clock == "" || n.Clock == "" || m.Zone != n.Zone {
		return 0, m.Clock == n.Clock && m.Zone == n.Zone
	}
	return strings.Compare(m.Clock, n.Clock), true
}

// clockTail finds a time of day at the end of a text, with an optional zone.
var clockTail = regexp.MustCompile(`(?i)(?:^|[ T,@]|\bat )[ ]?(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?[ ]?([ap]\.?m?\.?)?` +
	`(?:[ ]?(z|utc|gmt|[ecmp][sd]?t|[+-]\d{2}:?\d{2}))?(?: ?h(?:rs|ours)?)?$`)

// bareClock is a four-digit time as hospitals print it: "1430" or "1430 hrs" after a date.
var bareClock = regexp.MustCompile(`(?i)[ ]([01]\d|2[0-3])([0-5]\d)(?: ?h(?:rs|ours)?)?$`)

// zones are the printed zone names of the United States with their fixed offsets.
// "ET" alone does not say which half of the year and is kept out.
var zones = map[string]string{"Z": "Z", "UTC": "Z", "GMT": "Z", "EST": "-05:00", "EDT": "-04:00",
	"CST": "-06:00", "CDT": "-05:00", "MST": "-07:00", "MDT": "-06:00", "PST": "-08:00", "PDT": "-07:00"}

// ParseMoment reads a date with an optional time of day.
func ParseMoment(s string, h Hint) (m Moment, reasons []string, ok bool) {
	if len(s) > 96 {
		return Moment{}, nil, false
	}
	s = fold(s)
	date := s
	if at := clockTail.FindStringSubmatchIndex(s); at != nil {
		g := func(i int) string {
			if at[2*i] < 0 {
				return ""
			}
			return s[at[2*i]:at[2*i+1]]
		}
		if m.Clock, ok = clock(g(1), g(2), g(3), g(4)); !ok {
			return Moment{}, []string{"no such time of day"}, false
		}
		m.Zone = zone(g(5))
		date = strings.TrimRight(s[:at[0]], " ,@")
	} else if at := bareClock.FindStringSubmatchIndex(s); at != nil {
		head := strings.TrimRight(s[:at[0]], " ,")
		if d, why, ok := ParseDate(head, h); ok && d.Day > 0 {
			return Moment{Date: d, Clock: s[at[2]:at[3]] + ":" + s[at[4]:at[5]]}, why, true
		}
	}
	m.Date, reasons, ok = ParseDate(date, h)
	if !ok || m.Clock != "" && m.Day == 0 {
		return Moment{}, reasons, false
	}
	return m, reasons, true
}

func clock(hour, minute, second, half string) (string, bool) {
	h, _ := strconv.Atoi(hour)
	mi, _ := strconv.Atoi(minute)
	if half != "" {
		if h < 1 || h > 12 {
			return "", false
		}
		h %= 12
		if half[0] == 'p' || half[0] == 'P' {
			h += 12
		}
	}
	if h > 23 || mi > 59 || second > "59" {
		return "", false
	}
	if second != "" {
		return fmt.Sprintf("%02d:%02d:%s", h, mi, second), true
	}
	return fmt.Sprintf("%02d:%02d", h, mi), true
}

func zone(s string) string {
	s = strings.ToUpper(s)
	if z, ok := zones[s]; ok {
		return z
	}
	if len(s) == 5 && (s[0] == '+' || s[0] == '-') {
		return s[:3] + ":" + s[3:]
	}
	if len(s) == 6 {
		return s
	}
	return ""
}

var rangeJoin = regexp.MustCompile(`(?i) ?(?:-|–|—| to | through | thru ) ?`)

// ParsePeriod reads "from – to". A join that also stands inside the dates ("4-17-2026")
// is tried at every place until both sides are dates.
func ParsePeriod(s string, h Hint) (from, to Date, reasons []string, ok bool) {
	if len(s) > 128 {
		return
	}
	s = fold(s)
	for _, at := range rangeJoin.FindAllStringIndex(s, -1) {
		a, ra, okA := ParseDate(s[:at[0]], h)
		b, rb, okB := ParseDate(s[at[1]:], h)
		if okA && okB {
			return a, b, append(ra, rb...), true
		}
	}
	return Date{}, Date{}, nil, false
}
