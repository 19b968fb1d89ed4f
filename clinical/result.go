package clinical

import (
	"strings"
	"unicode"

	"chartlake/value"
)

// result is what a text says of a test: a number, with its comparator, unit, reference range and
// flag as they are written, or words ("positive", "elevated").
type result struct {
	comparator, value, unit, interval, flag string
	previous                                string // what it was before ("down from 9")
	date                                    string // of this value, as written
	length                                  int    // characters from the test to its end
}

func (r *result) empty() bool { return r.value == "" && r.flag == "" }

// resultReach is how many characters behind a test its result may go on.
const resultReach = 160

// fillers are words between a test and its result.
var fillers = words(`level levels count value values result results reading of is was were are at to today now currently again about
approximately around only measured estimated found noted remained remains remain reported still also came back returned has have had been
be serum initially initial mildly markedly slightly moderately critically severely very rather significantly stable
increased decreased rose risen rising fell fallen falling dropped dropping up down improved worsened peaked peak trended trending climbed
became reached went it`)

// flagWords say where a result lies; also those that can stand before the test.
var flagWords = words(`elevated high low normal increased decreased raised reduced abnormal unremarkable undetectable suppressed critical
borderline subtherapeutic supratherapeutic therapeutic deranged depressed`)

// trends are among flagWords only where no number follows: "increased to 5" is a way to it.
var trends = words(`increased decreased reduced raised`)

// qualities are results by themselves.
var qualities = words(`positive negative neg pos trace reactive nonreactive detected detectable absent present`)

// words makes a set of the words of a list.
func words(list string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(list) {
		out[w] = true
	}
	return out
}

// reading reads the characters behind a test.
type reading struct {
	text []rune
	at   int
	kind kind
	result
}

// readResult reads the result that stands behind a test; false where none does.
func readResult(text []rune, k kind, bare bool) (result, bool) {
	r := &reading{text: text[:min(len(text), resultReach)], kind: k}
	if !r.lead(bare) {
		return result{}, false
	}
	if r.value != "" {
		r.tail()
	}
	r.length = r.at
	return r.result, !r.empty()
}

// lead reads up to the value: words between, flags, comparators, the value with its unit.
func (r *reading) lead(bare bool) bool {
	from := ""
	for n := 0; n < 12; n++ {
		r.blanks()
		if r.number() {
			if from = r.changed(from); from != "" {
				continue
			}
			return r.value != ""
		}
		if r.mark(":=~(*") || n > 0 && r.mark("[") || r.dash() {
			continue
		}
		if c := r.compared(); c != "" {
			r.comparator = c
			continue
		}
		w := r.peek()
		switch {
		case w == "":
			return r.inWords()
		case r.phrase("within normal limits"), r.phrase("wnl"):
			r.setFlag("within normal limits")
			return true
		case r.kind != kindVital && r.quality(w):
			return true
		case flagWords[w] && !r.trend(w):
			r.setFlag(r.take(w))
		case bare && n == 0 && w != "of" && w != "is" && w != "was":
			return false
		case r.phrase("on admission"), r.phrase("on arrival"), r.phrase("on presentation"), r.phrase("at baseline"):
		case w == "from":
			r.take(w)
			from = "from"
		case fillers[w]:
			r.take(w)
		default:
			return r.inWords()
		}
	}
	return r.inWords()
}

// inWords decides for a result that has no number: only a flag, and nothing like a comparison begun.
func (r *reading) inWords() bool {
	return r.flag != "" && r.comparator == "" && !trends[strings.ToLower(r.flag)]
}

// changed reads "from 9 to 7": the first number is what it was. It gives a new state while
// the number that counts is still to come.
func (r *reading) changed(from string) string {
	if from != "from" || r.value == "" {
		return ""
	}
	was := r.value
	at := r.at
	r.blanks()
	if w := r.peek(); w == "to" {
		r.take(w)
		r.result.value, r.unit, r.previous = "", "", was
		return "to"
	}
	r.at = at
	r.value = "" // only what it was
	return ""
}

func (r *reading) setFlag(f string) {
	if r.flag == "" {
		r.flag = f
	}
}

// trend reports a word of change that a number follows.
func (r *reading) trend(w string) bool {
	if !trends[w] {
		return false
	}
	rest := &reading{text: r.text, at: r.at}
	rest.take(w)
	rest.blanks()
	next := rest.peek()
	return next == "to" || next == "from" || next == "by"
}

// quality reads a result in words.
func (r *reading) quality(w string) bool {
	at := r.at
	not := ""
	if w == "not" || w == "non" {
		not = string(r.text[r.at : r.at+len(w)])
		r.take(w)
		if r.at < len(r.text) && r.text[r.at] == '-' {
			not += "-"
			r.at++
		} else {
			not += " "
			r.blanks()
		}
		w = r.peek()
	}
	if !qualities[w] || not != "" && w != "detected" && w != "reactive" && w != "detectable" {
		r.at = at
		return false
	}
	end := &reading{text: r.text, at: r.at + len(w)}
	end.blanks()
	if next := end.peek(); next == "for" && (w == "positive" || w == "negative") {
		r.at = at
		return false // what it is positive for says more, and is not read here
	}
	r.value = not + r.take(w)
	return true
}

// peek gives the word that begins here, in lower case; "" where none does.
func (r *reading) peek() string {
	end := r.at
	for end < len(r.text) && unicode.IsLetter(r.text[end]) {
		end++
	}
	if end-r.at > 24 {
		return ""
	}
	for _, c := range r.text[r.at:end] {
		if c >= 0x80 {
			return "" // the words of this grammar are ASCII
		}
	}
	return strings.ToLower(string(r.text[r.at:end]))
}

// take goes over a word and gives it as written.
func (r *reading) take(w string) string {
	end := min(r.at+len(w), len(r.text))
	written := string(r.text[r.at:end])
	r.at = end
	return written
}

// phrase goes over words that stand here.
func (r *reading) phrase(p string) bool {
	at := r.at
	for i, w := range strings.Fields(p) {
		if i > 0 {
			r.blanks()
		}
		if r.peek() != w {
			r.at = at
			return false
		}
		r.take(w)
	}
	return true
}

func (r *reading) blanks() {
	for r.at < len(r.text) && unicode.IsSpace(r.text[r.at]) {
		r.at++
	}
}

func (r *reading) mark(of string) bool {
	if r.at < len(r.text) && strings.ContainsRune(of, r.text[r.at]) {
		r.at++
		return true
	}
	return false
}

// dash goes over a dash between a name and its value: one that stands apart, or joins them
// where the value is no number ("WBC-12.3" could be a name).
func (r *reading) dash() bool {
	if r.at >= len(r.text) || r.text[r.at] != '-' && r.text[r.at] != '–' && r.text[r.at] != '—' {
		return false
	}
	if r.at+1 < len(r.text) && unicode.IsSpace(r.text[r.at+1]) {
		r.at++
		return true
	}
	return false
}

// compared reads a comparator in signs or words.
func (r *reading) compared() string {
	c, rest := value.TakeComparator(string(r.text[r.at:min(len(r.text), r.at+28)]))
	if c == "" {
		switch w := r.peek(); w {
		case "over", "above", "exceeding":
			r.take(w)
			return ">"
		case "under", "below":
			r.take(w)
			return "<"
		}
		return ""
	}
	if r.peek() == "up" {
		return "" // "up to 5" is a change here, no bound
	}
	r.at = min(len(r.text), r.at+28) - len([]rune(rest))
	return c
}

// number reads a value with its unit. What is a dose, a date, a count of days or part of a name
// is none.
func (r *reading) number() bool {
	at := r.at
	digits := r.digits()
	if digits == "" {
		return false
	}
	switch next := r.next(); {
	case next == '/' && r.at+1 < len(r.text) && unicode.IsDigit(r.text[r.at+1]):
		r.at++
		second := r.digits()
		if r.kind == kindTest || r.next() == '/' || r.kind == kindScore && second != "10" || r.kind == kindVital && !pressures(digits, second) {
			r.at = at
			return false
		}
		digits += "/" + second
	case next == '\'' || next == '’':
		return r.feet(digits)
	case next == '+' && len(digits) == 1 && digits[0] <= '4':
		r.at++
		r.value = digits + "+"
		return true
	case next == '+':
		r.at++
		r.comparator = ">="
	case (next == '-' || next == '–') && r.at+1 < len(r.text) && unicode.IsDigit(r.text[r.at+1]):
		r.at++
		digits += "-" + r.digits()
		if r.unit = r.readUnit(); !strings.Contains(strings.ToLower(r.unit), "hpf") {
			r.at, r.unit = at, ""
			return false
		}
		r.value = digits
		return true
	}
	r.unit = r.readUnit()
	if r.kind == kindScore && strings.Contains(digits, ".") || r.unit == "" && !r.alone() || dose(r.unit) || r.counted() {
		r.at, r.unit = at, ""
		return false
	}
	r.value = digits
	return true
}

// pressures reports two numbers of two or three digits, as blood pressures are.
func pressures(a, b string) bool {
	fits := func(s string) bool { return (len(s) == 2 || len(s) == 3) && !strings.ContainsAny(s, ".,") }
	return fits(a) && fits(b)
}

// feet reads a height of feet and inches: 5'9".
func (r *reading) feet(digits string) bool {
	begin := r.at - len(digits)
	r.at++
	r.digits()
	for r.mark(`"”″'`) {
	}
	r.value = string(r.text[begin:r.at])
	return r.kind == kindVital
}

// digits goes over a decimal number, thousands commas included, and gives it as written.
func (r *reading) digits() string {
	begin := r.at
	for r.at < len(r.text) {
		c := r.text[r.at]
		inside := (c == '.' || c == ',') && r.at > begin && r.at+1 < len(r.text) && unicode.IsDigit(r.text[r.at+1])
		leading := c == '.' && r.at == begin && r.at+1 < len(r.text) && r.text[r.at+1] >= '0' && r.text[r.at+1] <= '9'
		if (c < '0' || c > '9') && !inside && !leading {
			break
		}
		r.at++
	}
	return string(r.text[begin:r.at])
}

// next is the character here; 0 at the end.
func (r *reading) next() rune {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

// alone reports that nothing is joined to the number that ends here.
func (r *reading) alone() bool {
	c := r.next()
	return !unicode.IsLetter(c) || r.flagHere() != ""
}

// doses are units in which something is given, not measured.
var doses = words(`mg g gm gram grams mcg µg ug ml cc units unit u iu meq tab tabs tablet tablets capsule capsules caps drops puffs`)

func dose(unit string) bool { return doses[strings.ToLower(unit)] }

// counting are words that make the number before them a count of something else.
var counting = words(`day days week weeks hour hours hr hrs month months year years min minutes times x po iv im sc tablet tablets tab tabs
capsule capsules units puffs drops daily bid tid mg mcg gram grams ml meq sets bottles occasions of out yo y`)

// counted reports that the number that ends here counts something else.
func (r *reading) counted() bool {
	rest := &reading{text: r.text, at: r.at}
	rest.blanks()
	if rest.next() == '-' { // 2-hour
		rest.at++
	}
	return counting[rest.peek()]
}
