package sig

import (
	"fmt"
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
	if d.Frequency+d.FrequencyMax != "" && d.Duration+d.DurationMax != "" && p.anew {
		before := *d
		p.close(p.i, false)
		d.Dose, d.DoseHigh, d.Unit = before.Dose, before.DoseHigh, before.Unit
	}
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
	p.anew = p.is(-1, ",", ";") && p.lasts()
	return p.counted() || p.latin() || p.interval() || p.hourly() || p.single()
}

// lasts reports that a duration stands a few words on, before anything parts it from here.
func (p *parser) lasts() bool {
	const reach = 5
	for n := 1; n <= reach && !p.is(n, ",", ";"); n++ {
		if p.is(n, "for", "x") {
			if _, _, k := p.number(n + 1); k > 0 {
				_, m := p.time(n + 1 + k)
				return m > 0
			}
		}
	}
	return false
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
		p.told = p.i
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
	case k == 0 && low == "1" && high == "" && !upTo && p.is(n-1, "time"): // 1 time only
		if p.is(n, "only", "dose") {
			n++
		}
		if p.step.Count == "" {
			p.step.Count = "1"
		}
		p.i += n
		return true
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
	if k == 0 && p.is(0, "q") && n > 0 && hours[low] && !p.named(1+n) { // q8
		u, k = "h", 0
	} else if k == 0 {
		return false
	}
	if (u == "h" || u == "min") && p.is(1+n+k, "before", "prior") {
		return false
	}
	p.every("1", "", low, high, u)
	p.i += 1 + n + k
	return true
}

// hours are the intervals that are written without their unit: "q12".
var hours = map[string]bool{"2": true, "3": true, "4": true, "6": true, "8": true, "12": true, "24": true}

// named reports a unit of dose at token n from here.
func (p *parser) named(n int) bool {
	_, _, k := p.unit(n)
	return k > 0
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
	case p.is(0, "one", "1") && p.is(1, "dose") && p.is(2, "only"), p.is(0, "only") && p.is(1, "once"), p.is(0, "one") && p.is(1, "time"):
		p.i += 2
	case p.is(0, "once", "stat", "immediately", "now", "today", "tonight"):
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
	for _, c := range strings.Split(code, "+") {
		p.event(c)
	}
	p.i += n
	p.told = p.i
	return true
}

// clock reads "at 8 am", "8:30pm", "at 20:00". A time right behind "in the morning" says it more exactly.
func (p *parser) clock() bool {
	n := 0
	if p.is(0, "at", "@") {
		n = 1
	}
	hour := p.tok(n).number
	if hour == "" || strings.Contains(hour, ".") {
		return false
	}
	h, minutes, exact := value(hour), 0.0, false
	k := n + 1
	if m := p.tok(k + 1); p.is(k, ":") && m.number != "" && m.end-m.begin == 2 {
		minutes, exact = value(m.number), true
		k += 2
	}
	switch {
	case p.is(k, "am", "a.m") && h >= 1 && h <= 12:
		h = float64(int(h) % 12)
		k++
	case p.is(k, "pm", "p.m") && h >= 1 && h <= 12:
		h = float64(int(h)%12 + 12)
		k++
	case !(exact && n == 1):
		return false
	}
	if h > 23 || minutes > 59 {
		return false
	}
	if p.told == p.i && p.i > 0 && len(p.step.When) > 0 {
		p.step.When = p.step.When[:len(p.step.When)-1]
	}
	if at := fmt.Sprintf("%02d:%02d", int(h), int(minutes)); !slices.Contains(p.step.TimeOfDay, at) {
		p.step.TimeOfDay = append(p.step.TimeOfDay, at)
	}
	p.i += k
	return true
}

func (p *parser) weekday() bool {
	day, n := p.at(p.i, "dow")
	if n == 0 {
		return false
	}
	p.i += n
	if end, k := p.at(p.i+1, "dow"); k > 0 && p.is(0, "-", "through", "thru", "to") && !strings.Contains(day+end, "+") {
		day = strings.Join(daysBetween(day, end), "+")
		p.i += 1 + k
	}
	for _, d := range strings.Split(day, "+") {
		if !slices.Contains(p.step.DayOfWeek, d) {
			p.step.DayOfWeek = append(p.step.DayOfWeek, d)
		}
	}
	return true
}

var week = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// daysBetween gives the days from one to another, both among them.
func daysBetween(from, to string) []string {
	var out []string
	for i := slices.Index(week, from); ; i = (i + 1) % len(week) {
		if out = append(out, week[i]); week[i] == to {
			return out
		}
	}
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
	if p.is(0, "x") && n == 1 && high == "" && p.over(n+k) { // x1, x 2 doses is above
		p.step.Count = low
		p.i += n + k
		return true
	}
	u, m := p.time(n + k)
	short := u == "h" || u == "min"
	if m == 0 || short && p.is(n+k+m, "of") || short && !named || short && p.is(n+k+m, "before", "prior", "after") || !named && p.is(n+k+m, "before", "prior", "after") {
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

// over reports that the instruction or its step ends at token n from here, or goes on with when.
func (p *parser) over(n int) bool {
	if p.i+n >= len(p.toks) || p.is(n, ",", ";", ")", "now", "stat", "only", "today", "then") {
		return true
	}
	_, then := p.at(p.i+n, "then")
	_, rest := p.at(p.i+n, "rest")
	_, prn := p.at(p.i+n, "asneeded")
	return then+rest+prn > 0
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
	"for": true, ">": true, "<": true, "every": true, "q": true, "x": true, "if": true, "as": true, "when": true, "times": true, "ok": true, "no": true, "from": true, "while": true, "was": true, "were": true, "is": true, "are": true, "he": true, "she": true, "who": true, "patient": true}

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
	p.score()
}

// score passes over what says how bad the reason must be: "(4-6)", "4-6/10", "score 7 to 10", "> 101 f".
func (p *parser) score() {
	n := 0
	for p.is(n, "(", "score", "scale", "level", "rating", "rated", "of", ">", "<", "≥", "≤", "over", "above", "greater", "less", "than", "=") {
		n++
	}
	if n == 0 {
		return
	}
	_, _, k := p.number(n)
	if k == 0 || p.named(n+k) {
		return
	}
	n += k
	for p.is(n, "/", "out", "of", ")", "f", "c", "degrees") || p.is(n-1, "/", "of") && p.tok(n).number != "" {
		n++
	}
	p.i += n
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
