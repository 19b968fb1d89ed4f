package sig

import (
	"slices"
	"strings"
)

// Limits of an instruction: longer texts are text only.
const (
	textMax  = 2000 // bytes
	stepsMax = 24
)

// Parse reads an instruction. An empty text has no dosage; what cannot be read is one dosage
// with TextOnly.
func Parse(text string) []Dosage {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	textOnly := []Dosage{{Text: text, TextOnly: true}}
	if len(text) > textMax {
		return textOnly
	}
	l := words()
	toks := l.read(text)
	p := &parser{text: text, toks: toks, hits: l.find(toks)}
	if p.unreadable() || !p.steps() {
		return textOnly
	}
	for i := range p.done {
		p.done[i].spread()
	}
	return p.done
}

// spread gives what is applied its route, which the verb says: on the skin. A patch keeps what is
// said of it, since its drug may be meant for the blood. Two words for the time of going to bed are one.
func (d *Dosage) spread() {
	verb, _, _ := strings.Cut(strings.ToLower(d.Text), " ")
	if len(d.When) == 2 && d.When[1] == "HS" && (d.When[0] == "NIGHT" || d.When[0] == "EVE") && d.Frequency == "1" && d.Period == "1" && d.PeriodUnit == "d" {
		d.When = []string{"HS"} // "every night at bedtime" is one time
	}
	if d.Route == "" && !d.TextOnly && d.Unit != "patch" && (verb == "apply" || verb == "rub" || verb == "spread" || verb == "massage") {
		d.Route = "topical"
	}
}

// parser reads tokens from left to right. step is the dosage being read.
type parser struct {
	text  string
	toks  []token
	hits  [][]hit
	i     int // next token
	from  int // first token of the step
	first int // first token of the step that was read; its words begin there
	last  int // and the token after the last one
	step  Dosage
	slack bool // the step is joined to the one before by "and", not by "then"
	loose bool // "as directed" is said
	anew  bool // the frequency that is read has a duration of its own
	told  int  // token after the last word for When
	rest  bool // the words for the dose are over
	more  bool // and amounts are among those that follow
	done  []Dosage
}

// at gives the value of the longest phrase of a kind that begins at token i, and how many
// tokens it has; 0 where there is none, as beyond the last token.
func (p *parser) at(i int, kind string) (value string, size int) {
	if i >= len(p.hits) {
		return "", 0
	}
	for _, h := range p.hits[i] {
		if h.kind == kind {
			value, size = h.value, h.size
		}
	}
	return value, size
}

// unreadable reports words by which there is no fixed dose.
func (p *parser) unreadable() bool {
	for i := range p.toks {
		if _, n := p.at(i, "text"); n > 0 || p.rate(i) || p.scale(i) || p.calendar(i) || p.gradual(i) {
			return true
		}
	}
	return false
}

// follows reports one of some words at token i.
func (p *parser) follows(i int, words ...string) bool {
	return i >= 0 && i < len(p.toks) && slices.Contains(words, p.toks[i].word)
}

// rate reports an amount per hour, minute or body weight: "125 mL/hr", "10 mg/kg".
func (p *parser) rate(i int) bool {
	_, n := p.at(i, "measure")
	return n > 0 && p.follows(i+n, "/") && p.follows(i+n+1, "h", "hr", "hour", "min", "minute", "kg", "kilogram", "m2")
}

// scale reports an amount that hangs on a reading: "blood sugar 150", "bg > 200", "150-200: 2 units".
func (p *parser) scale(i int) bool {
	if p.follows(i, "glucose", "bg", "bs", "fsbs", "fsbg", "accucheck", "sugar", "sugars") {
		for j := i + 1; j < len(p.toks) && j <= i+3; j++ {
			if p.toks[j].number != "" {
				return true
			}
			if !p.follows(j, "<", ">", "=", "is", "over", "above", "below", "of", ":", "between", "than", "less", "greater") {
				break
			}
		}
	}
	if i+4 >= len(p.toks) || value(p.toks[i].number) < 60 || !p.follows(i+1, "-", "to") || p.toks[i+2].number == "" || !p.follows(i+3, ":", "=") {
		return false
	}
	return p.toks[i+4].number != ""
}

// calendar reports steps named by their days: "day 1: 2 tablets", "week 2 - 4: 50 mg", "2.5 mg all other days".
func (p *parser) calendar(i int) bool {
	if p.follows(i, "other", "remaining") && p.follows(i+1, "days") {
		for j := max(0, i-4); j < i; j++ {
			if p.toks[j].number != "" {
				return true
			}
		}
	}
	if !p.follows(i, "day", "days", "week", "weeks", "wk", "month", "months") || i+2 >= len(p.toks) || p.toks[i+1].number == "" {
		return false
	}
	j := i + 2
	if p.follows(j, "-", "to", "through", "and", "thru") && j+1 < len(p.toks) && p.toks[j+1].number != "" {
		j += 2
	}
	return p.follows(j, ":", "=")
}

// gradual reports a dose that changes again and again: "decrease to 0.5 tablets every 14 days".
func (p *parser) gradual(i int) bool {
	if !p.follows(i, "decrease", "decreasing", "reduce", "reducing", "increase", "increasing", "taper", "lower", "raise") {
		return false
	}
	const reach = 10
	for j := i + 1; j < len(p.toks) && j < i+reach; j++ {
		if p.follows(j, "then", ",", ";") {
			return false
		}
		if !p.follows(j, "every", "each", "q") || j+2 >= len(p.toks) {
			continue
		}
		if u, k := p.at(j+2, "time"); k > 0 && p.toks[j+1].number != "" && (u == "d" || u == "wk" || u == "mo") {
			return true
		}
		if u, k := p.at(j+1, "time"); k > 0 && (u == "wk" || u == "mo") {
			return true
		}
	}
	return false
}

// steps reads everything; false where a step has nothing of a structure.
func (p *parser) steps() bool {
	readers := []func() bool{p.greatest, p.clock, p.asNeeded, p.duration, p.frequency, p.weekday, p.when, p.route, p.directed, p.reason, p.dose}
next:
	for p.i < len(p.toks) {
		if _, n := p.at(p.i, "rest"); n > 0 && (!p.step.empty() || len(p.done) > 0) {
			p.rest = true
		}
		if p.rest {
			if p.greatest() {
				continue
			}
			if _, _, n := p.number(0); n > 0 {
				if _, _, k := p.unit(n); k > 0 && !p.vehicle(n) {
					p.more = true
				}
			}
			p.i++
			continue
		}
		if _, n := p.at(p.i, "then"); n > 0 {
			p.close(p.i, false)
			p.i += n
			p.from = p.i
			continue
		}
		at := p.i
		for _, read := range readers {
			if read() {
				if p.first < p.from || p.first > at {
					p.first = at
				}
				p.last = p.i
				continue next
			}
		}
		p.i++
	}
	if p.more {
		p.doubt("more amounts are written behind the dose")
	}
	p.close(len(p.toks), false)
	return p.settle()
}

// close ends a step at a token.
func (p *parser) close(at int, slack bool) {
	if first, last := max(p.first, p.from), min(p.last, at); first < last {
		p.step.Text = strings.TrimSpace(p.text[p.toks[first].begin:p.toks[last-1].end])
	}
	if p.step.empty() {
		return
	}
	if p.slack && len(p.done) > 0 {
		before := &p.done[len(p.done)-1]
		if before.Duration+before.DurationMax == "" { // "1 at noon and 2 at night for 7 days"
			before.Duration, before.DurationMax, before.DurationUnit = p.step.Duration, p.step.DurationMax, p.step.DurationUnit
		}
	}
	p.done, p.step, p.from, p.slack = append(p.done, p.step), Dosage{}, at, slack
}

func (d *Dosage) empty() bool {
	return d.Dose+d.DoseHigh+d.Frequency+d.FrequencyMax+d.Period+d.Route+d.Max+d.Count+d.Duration+d.DurationMax == "" &&
		len(d.When)+len(d.TimeOfDay)+len(d.DayOfWeek) == 0 && !d.AsNeeded
}

// settle gives later steps the unit and route of the first, and says what is no structure:
// nothing but a route, or more steps than anybody takes.
func (p *parser) settle() bool {
	if len(p.done) == 0 || len(p.done) > stepsMax {
		return false
	}
	for i := range p.done {
		d := &p.done[i]
		if i > 0 && d.Unit == "" && d.Dose != "" {
			d.Unit = p.done[i-1].Unit
		}
		if i > 0 && d.Route == "" {
			d.Route = p.done[i-1].Route
		}
		if d.Dose == "" && d.Frequency+d.FrequencyMax+d.Count == "" && len(d.When)+len(d.TimeOfDay) == 0 && !d.AsNeeded ||
			len(d.When) > 0 && len(d.TimeOfDay) > 0 {
			return false
		}
	}
	if p.loose && p.done[0].Frequency+p.done[0].FrequencyMax+p.done[0].Count == "" && len(p.done[0].When)+len(p.done[0].TimeOfDay) == 0 {
		return false
	}
	return true
}

func (p *parser) tok(n int) token {
	if p.i+n < 0 || p.i+n >= len(p.toks) {
		return token{}
	}
	return p.toks[p.i+n]
}

func (p *parser) is(n int, words ...string) bool { return slices.Contains(words, p.tok(n).word) }

// number reads "2", "1-2", "1 to 2", "1 or 2" at token n from here, and how many tokens it has.
func (p *parser) number(n int) (low, high string, size int) {
	low = p.tok(n).number
	if low == "" {
		return "", "", 0
	}
	if (p.is(n+1, "-", "to", "or")) && p.tok(n+2).number != "" {
		if high = p.tok(n + 2).number; less(low, high) {
			return low, high, 3
		}
		return low, "", 1
	}
	return low, "", 1
}

func less(a, b string) bool { return len(a) > 0 && len(b) > 0 && value(a) < value(b) }

// unit reads a unit of dose at token n; measure says that it is an amount of substance.
func (p *parser) unit(n int) (unit string, measure bool, size int) {
	if p.i+n >= len(p.toks) {
		return "", false, 0
	}
	if u, k := p.at(p.i+n, "unit"); k > 0 {
		if p.is(n+k, "(") && p.is(n+k+1, "s", "es") { // puff(s)
			k += 3
		}
		return u, false, k
	}
	u, k := p.at(p.i+n, "measure")
	if u, doubt, ok := strings.Cut(u, "!"); ok {
		p.doubt(doubt)
		return u, true, k
	}
	return u, true, k
}

func (p *parser) time(n int) (unit string, size int) {
	if p.i+n >= len(p.toks) {
		return "", 0
	}
	return p.at(p.i+n, "time")
}

func (p *parser) doubt(what string) {
	if !slices.Contains(p.step.Doubts, what) {
		p.step.Doubts = append(p.step.Doubts, what)
	}
}

// dose reads a number with a unit, or a bare number where a dose may stand. A second amount
// in mg behind tablets is their strength; a second dose after a time begins a new step.
func (p *parser) dose() bool {
	low, high, n := p.number(0)
	if n == 0 {
		if u, _, k := p.unit(1); p.is(0, "a", "an") && k > 0 && p.step.Dose == "" {
			p.step.Dose, p.step.Unit = "1", u
			p.i += 1 + k
			return true
		}
		return false
	}
	if p.is(-1, "<", ">", "≥", "≤", "above", "below", "over", "score", "#", "age", "ages") || p.vehicle(n) ||
		p.is(-1, "than") && p.is(-2, "greater", "less", "more", "higher", "lower") {
		p.i += n
		return true
	}
	if p.is(-1, "=") || p.is(n, "%") || p.is(n, ":", "/") && p.tok(n+1).number != "" {
		p.i += n
		return true
	}
	if p.is(n, "x") && p.tok(n+1).number != "" { // 2 x 10 ml
		if u, measure, k := p.unit(n + 2); k > 0 && measure {
			p.take(times(low, p.tok(n+1).number), "", u)
			p.i += n + 2 + k
			return true
		}
	}
	between := n
	if p.is(n, "a", "of", "-") && high == "" {
		if _, _, k := p.unit(n + 1); k > 0 { // half a tablet
			between++
		}
	}
	u, measure, k := p.unit(between)
	switch {
	case k > 0 && p.is(between+k, "="):
		p.i += between + k + 1
		if _, _, m := p.number(0); m > 0 {
			_, _, f := p.unit(m)
			p.i += m + f
		}
	case k > 0 && p.step.Dose != "" && p.step.Unit != "" && (measure && p.pieces() || p.is(-1, "(")):
		p.step.Strength = p.text[p.tok(0).begin:p.tok(between+k-1).end]
		p.i += between + k
	case k > 0:
		if form, _, f := p.unit(between + k); measure && f > 0 && solid[form] && p.step.Dose == "" {
			p.step.Strength = low + " " + u // "150 mg tablets": how many is not said, or follows
			if p.is(-1, "a", "an") {
				p.step.Dose, p.step.Unit = "1", form
			}
			p.i += between + k + f
			return true
		}
		p.take(low, high, u)
		p.i += between + k
	case p.bare(n):
		p.take(low, high, "")
		p.i += n
		if s, _, m := p.number(0); m > 0 && s != "" { // one 150 mg tablet
			if amount, is, f := p.unit(m); f > 0 && is {
				if form, _, g := p.unit(m + f); g > 0 {
					p.step.Unit, p.step.Strength = form, s+" "+amount
					p.i += m + f + g
				}
			}
		}
	default:
		p.i += n
		if k, m := p.time(0); m > 0 && k != "" { // "1 hour before": no duration
			p.i += m
		}
	}
	return true
}

// vehicle reports an amount of what the dose is put in: "in 8 oz of water".
func (p *parser) vehicle(n int) bool {
	_, measure, k := p.unit(n)
	if k == 0 {
		return false
	}
	if measure && p.is(-1, "in", "into", "with") && p.step.Dose != "" {
		return true
	}
	return p.is(n+k, "of", "water", "juice", "liquid", "fluid", "milk", "saline") && (p.is(n+k, "water", "juice", "liquid", "fluid", "milk") ||
		p.is(n+k+1, "water", "juice", "liquid", "fluid", "milk", "saline", "applesauce", "gatorade", "any", "a", "clear", "cold", "warm"))
}

// solid are the forms that are counted by the piece and named with their strength.
var solid = map[string]bool{"tablet": true, "capsule": true, "pill": true, "patch": true, "suppository": true, "film": true, "lozenge": true, "gummy": true}

// amounts are the units of substance and volume.
var amounts = map[string]bool{"mg": true, "mcg": true, "g": true, "mL": true, "unit": true, "meq": true, "mmol": true, "oz": true, "L": true}

// pieces reports that the dose of the step is counted in forms, so that mg are its strength.
func (p *parser) pieces() bool { return !amounts[p.step.Unit] }

// bare reports that a number without a unit is the dose: the first of its step, with words
// behind it that go with one.
func (p *parser) bare(n int) bool {
	if p.step.Dose != "" && !p.timed() {
		return false
	}
	if _, k := p.time(n); k > 0 {
		return false
	}
	if p.i+n >= len(p.toks) {
		return p.step.Dose == "" && (len(p.done) > 0 || p.i == 0)
	}
	if p.is(n, "times", "time", "x", "rf", "am", "pm", ":") {
		return false
	}
	if p.step.Dose != "" {
		if p.is(-1, "take", "use", "apply", "inhale", "give") {
			return true
		}
		for _, kind := range []string{"latin", "route", "when"} {
			if _, k := p.at(p.i+n, kind); k > 0 {
				return true
			}
		}
		return p.is(n, "every", "q", "once", "twice")
	}
	return p.tok(n).number != "" || p.tok(n).word != "-"
}

// timed reports that the step says when or how long.
func (p *parser) timed() bool {
	d := &p.step
	return d.Frequency+d.FrequencyMax+d.Duration+d.DurationMax+d.Count != "" || len(d.When)+len(d.TimeOfDay)+len(d.DayOfWeek) > 0
}

// take sets the dose, in a new step where this one has a dose and a time.
func (p *parser) take(low, high, unit string) {
	if p.step.Dose != "" {
		if p.timed() || p.step.Route != "" || p.step.AsNeeded {
			p.close(p.i, true)
		}
		// else the same amount once more in other words ("1/2 to 1, one-half to one tablet")
	}
	p.step.Dose, p.step.DoseHigh, p.step.Unit = low, high, unit
}

// route reads a route; "inhale 2 puffs by mouth" stays inhalation.
func (p *parser) route() bool {
	r, n := p.at(p.i, "route")
	if n == 0 {
		return false
	}
	if p.step.Route == "" {
		p.step.Route = r
	}
	p.i += n
	return true
}

func (p *parser) directed() bool {
	_, n := p.at(p.i, "loose")
	p.loose = p.loose || n > 0
	p.i += n
	return n > 0
}
