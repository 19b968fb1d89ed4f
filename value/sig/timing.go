package sig

import (
	"slices"
	"strconv"
	"strings"
)

func value(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

func times(a, b string) string { return strconv.FormatFloat(value(a)*value(b), 'f', -1, 64) }

// every sets how often, once: what says the same again, or more loosely ("every 12 hours
// daily"), changes nothing; what contradicts it is a doubt.
func (p *parser) every(low, high, period, periodHigh, unit string) {
	d := &p.step
	if d.Frequency+d.FrequencyMax != "" {
		same := perDay(d.Frequency, d.Period, d.PeriodUnit) == perDay(low, period, unit)
		if !same && !(low == "1" && period == "1" && unit == "d") {
			p.doubt("says how often in two ways")
		}
		return
	}
	d.Frequency, d.FrequencyMax, d.Period, d.PeriodMax, d.PeriodUnit = low, high, period, periodHigh, unit
}

// perDay is how often a day, to compare; 0 where that is not known.
func perDay(n, period, unit string) float64 {
	days := map[string]float64{"min": 1.0 / 1440, "h": 1.0 / 24, "d": 1, "wk": 7, "mo": 30, "a": 365}[unit]
	if days == 0 || value(period) == 0 {
		return 0
	}
	return value(n) / (value(period) * days)
}

// frequency reads how often.
func (p *parser) frequency() bool {
	return p.counted() || p.latin() || p.interval() || p.hourly() || p.single()
}

// latin reads an abbreviation or word of the table; "qd - bid" is a range.
func (p *parser) latin() bool {
	v, n := p.at(p.i, "latin")
	if n == 0 {
		return false
	}
	if what, ambiguous := strings.CutPrefix(v, "? "); ambiguous {
		p.doubt(what)
		p.i += n
		return true
	}
	if w := p.tok(0).word; w == "qod" {
		p.doubt("QOD is mistaken for QD and QID")
	}
	f := strings.Fields(v)
	p.i += n
	high := ""
	if p.is(0, "-", "to", "or") && p.i+1 < len(p.toks) {
		if v, m := p.at(p.i+1, "latin"); m > 0 {
			if g := strings.Fields(v); len(g) == 3 && g[1] == f[1] && g[2] == f[2] && less(f[0], g[0]) {
				high = g[0]
				p.i += 1 + m
			}
		}
	}
	p.every(f[0], high, f[1], "", f[2])
	if len(f) > 3 {
		p.event(f[3])
	}
	return true
}

// counted reads "3 times a day", "twice daily", "2-3 times per week", "up to 4 times a
// day", "5 x/day", "once a day", "1 time each day".
func (p *parser) counted() bool {
	n, upTo := 0, false
	if p.is(0, "up") && p.is(1, "to") {
		n, upTo = 2, true
	}
	low, high := "", ""
	switch {
	case p.is(n, "once"):
		low = "1"
		n++
	case p.is(n, "twice"):
		low = "2"
		n++
	case p.is(n, "thrice"):
		low = "3"
		n++
	default:
		var k int
		low, high, k = p.number(n)
		if k == 0 || !p.is(n+k, "times", "time", "x") {
			return false
		}
		n += k + 1
		if p.is(n-1, "x") {
			if _, k := p.period(n); k == 0 {
				return false
			}
		}
	}
	unit, k := p.period(n)
	switch {
	case k == 0 && p.is(n-1, "once"):
		return false
	case k == 0:
		unit = [2]string{"", ""}
	}
	if upTo {
		low, high = "", low
	}
	p.every(low, high, unit[0], "", unit[1])
	p.i += n + k
	return true
}

// period reads what a count is per: "a day", "per week", "every 2 weeks", "daily", "/day".
func (p *parser) period(n int) (period [2]string, size int) {
	if p.is(n, "daily", "weekly", "monthly", "yearly") {
		v, _ := p.at(p.i+n, "latin")
		f := strings.Fields(v)
		return [2]string{f[1], f[2]}, 1
	}
	if !p.is(n, "a", "an", "per", "every", "each", "/", "in", "the") {
		return period, 0
	}
	if num := p.tok(n + 1).number; num != "" {
		if u, k := p.time(n + 2); k > 0 {
			return [2]string{num, u}, 2 + k
		}
	}
	if u, k := p.time(n + 1); k > 0 {
		return [2]string{"1", u}, 1 + k
	}
	return period, 0
}

// interval reads "every 4-6 hours", "q6h", "q 72 hrs", "every two days", "each week".
func (p *parser) interval() bool {
	if !p.is(0, "q", "every", "each") {
		return false
	}
	low, high, n := p.number(1)
	if n == 0 {
		low = "1"
		if p.is(1, "other", "second", "alternate") {
			low, n = "2", 1
		} else if p.is(1, "third") {
			low, n = "3", 1
		}
	}
	u, k := p.time(1 + n)
	if k == 0 {
		return false
	}
	if (u == "h" || u == "min") && p.is(1+n+k, "before", "prior") {
		return false
	}
	p.every("1", "", low, high, u)
	p.i += 1 + n + k
	return true
}

// hourly reads "6 hourly", "3 hrly".
func (p *parser) hourly() bool {
	low, _, n := p.number(0)
	if n == 1 && p.is(1, "hourly", "hrly") {
		p.every("1", "", low, "", "h")
		p.i += 2
		return true
	}
	return false
}

// single reads "once" without a period, "stat" and "single dose": one dose in all.
func (p *parser) single() bool {
	switch {
	case p.is(0, "single") && p.is(1, "dose"):
		p.i += 2
	case p.is(0, "once", "stat", "immediately"):
		p.i++
	default:
		return false
	}
	if p.step.Count == "" && p.step.Frequency == "" {
		p.step.Count = "1"
	}
	return true
}

func (p *parser) event(code string) {
	if !slices.Contains(p.step.When, code) {
		p.step.When = append(p.step.When, code)
	}
}

func (p *parser) when() bool {
	code, n := p.at(p.i, "when")
	if n == 0 || p.is(0, "am", "pm") && p.tok(-1).number != "" {
		return false
	}
	p.event(code)
	p.i += n
	return true
}

func (p *parser) weekday() bool {
	day, n := p.at(p.i, "dow")
	if n == 0 {
		return false
	}
	if !slices.Contains(p.step.DayOfWeek, day) {
		p.step.DayOfWeek = append(p.step.DayOfWeek, day)
	}
	p.i += n
	return true
}

// duration reads "for 5-7 days", "x 10 days", "for up to 2 weeks", "for a month", "for 3
// doses", and bare "30 days" where an amount of days can mean nothing else.
func (p *parser) duration() bool {
	n, upTo, named := 0, false, false
	if p.is(0, "for", "x", "during", "times", "within") {
		n, named = 1, true
	}
	if p.is(n, "the") && p.is(n+1, "next", "first") {
		n += 2
	}
	if p.is(n, "up") && p.is(n+1, "to") || p.is(n, "no") && p.is(n+1, "more") && p.is(n+2, "than") || p.is(n, "at") && p.is(n+1, "most") {
		upTo = true
		if n += 2; p.is(n, "than") {
			n++
		}
	}
	low, high, k := p.number(n)
	if k == 0 && named && p.is(n, "a", "an") {
		low, k = "1", 1
	}
	if k == 0 && named && !upTo {
		if u, m := p.time(n); m > 0 && (u == "wk" || u == "mo") { // for week
			low, k = "1", 0
		}
	}
	if low == "" {
		return false
	}
	if p.is(n+k, "more", "additional") {
		k++
	}
	if named && p.is(n+k, "dose", "doses") {
		p.step.Count = low
		p.i += n + k + 1
		return true
	}
	if p.is(n+k, "-") { // 7-day
		k++
	}
	u, m := p.time(n + k)
	short := u == "h" || u == "min"
	if m == 0 || short && !named || short && p.is(n+k+m, "before", "prior", "after") || !named && p.is(n+k+m, "before", "prior", "after") {
		return false
	}
	p.i += n + k + m
	if p.step.Duration+p.step.DurationMax != "" {
		return true
	}
	if upTo {
		low, high = "", low
	}
	p.step.Duration, p.step.DurationMax, p.step.DurationUnit = low, high, u
	return true
}

// asNeeded reads "as needed for pain", "prn anxiety", "as required".
func (p *parser) asNeeded() bool {
	_, n := p.at(p.i, "asneeded")
	if n == 0 {
		return false
	}
	p.step.AsNeeded = true
	p.i += n
	if p.is(0, "-", ":", ",", "(") {
		p.i++
	}
	p.route()
	if p.is(0, "for") {
		return true // what follows is read as a reason
	}
	p.because(p.i)
	return true
}

// reason reads "for pain".
func (p *parser) reason() bool {
	if !p.is(0, "for") {
		return false
	}
	p.i++
	p.because(p.i)
	return true
}

// reasonWordsMax is the longest reason that is taken over.
const reasonWordsMax = 8

// ends are words at which a reason is over.
var ends = map[string]bool{"with": true, "take": true, "may": true, "before": true, "after": true, "at": true, "on": true, "not": true, "to": true,
	"until": true, "by": true, "then": true, "use": true, "max": true, "in": true, "up": true, "-": true, ",": true, ";": true, "(": true, ")": true,
	"for": true, "every": true, "q": true, "x": true, "if": true, "as": true, "when": true, "times": true, "ok": true, "no": true, "from": true, "while": true, "was": true, "were": true, "is": true, "are": true, "he": true, "she": true, "who": true, "patient": true}

// because takes the words from token i as the reason, up to whatever else is said.
func (p *parser) because(i int) {
	j := i
scan:
	for j < len(p.toks) && j-i < reasonWordsMax {
		t := p.toks[j]
		if j == i && (t.word == "your" || t.word == "the") {
			i, j = i+1, j+1
			continue
		}
		if t.number != "" || ends[t.word] && !(t.word == "to" && j > i && p.toks[j-1].word == "moderate" || t.word == "to" && j > i && p.toks[j-1].word == "mild") {
			break
		}
		for _, kind := range []string{"rest", "max", "latin", "asneeded", "route", "then", "loose", "unit", "measure"} {
			if _, n := p.at(j, kind); n > 0 {
				break scan
			}
		}
		j++
	}
	for j > i && (p.toks[j-1].word == "and" || p.toks[j-1].word == "or") {
		j--
	}
	if j > i && p.step.Reason == "" {
		p.step.Reason = strings.ToLower(p.text[p.toks[i].begin:p.toks[j-1].end])
	}
	p.i = max(p.i, j)
}

// greatest reads "max 8 tablets per day", "mdd 3", "not to exceed 4 g in 24 hours", "up to
// 200 mg/24 hr". The first that is said counts; another amount is a doubt.
func (p *parser) greatest() bool {
	_, n := p.at(p.i, "max")
	upTo := n == 0 && p.is(0, "up") && p.is(1, "to")
	if upTo {
		n = 2
	}
	if n == 0 {
		return false
	}
	for p.is(n, ":", "=", "is", "of", "-", "dose", "daily", "amount") {
		n++
	}
	low, high, k := p.number(n)
	if k == 0 {
		if upTo {
			return false
		}
		p.i += n
		return true
	}
	if high != "" {
		low = high
	}
	u, _, m := p.unit(n + k)
	if p.is(n+k+m, "total") {
		m++
	}
	per, s := p.period(n + k + m)
	if s == 0 && p.is(n+k+m, "daily") {
		s = 1
	}
	if upTo && (s == 0 || m == 0) {
		return false
	}
	if t, isTime := p.time(n + k); m == 0 && isTime > 0 && t != "" {
		return false // "no more than 3 days": a duration
	}
	if s > 0 && !(per == [2]string{"1", "d"} || per == [2]string{"24", "h"} || per == [2]string{"", ""}) {
		p.doubt("the greatest amount is not of a day")
	}
	p.i += n + k + m + s
	switch {
	case p.step.Max == "" && len(p.done) > 0 && p.step.empty():
		p.done[len(p.done)-1].Max, p.done[len(p.done)-1].MaxUnit = low, u
	case p.step.Max == "":
		p.step.Max, p.step.MaxUnit = low, u
	case p.step.Max != low:
		p.doubt("two greatest amounts")
	case p.step.MaxUnit == "":
		p.step.MaxUnit = u
	}
	return true
}
