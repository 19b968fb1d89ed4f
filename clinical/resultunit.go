package clinical

import (
	"strings"
	"unicode"

	"chartlake/value"
)

// standalone are the printed units without a slash that a value may have; a bare "s", "g" or "in"
// behind a number mostly begins something else.
var standalone = words(`% mmhg bpm kg lb lbs pounds cm sec secs seconds fl pg °f °c f c degf degc mosm percent ratio pack-years mmol µmol`)

// unitMax is the length of the longest printed unit that is looked for, in characters.
const unitMax = 24

// readUnit goes over the unit behind a number and gives it as written; "" where none stands there.
func (r *reading) readUnit() string {
	begin := r.at
	if r.next() == ' ' {
		begin++
	}
	limit := min(len(r.text), begin+unitMax)
	for end := limit; end > begin; end-- {
		if end < len(r.text) && joined(r.text[end-1], r.text[end]) || unicode.IsSpace(r.text[end-1]) || strings.ContainsRune(",;:.([", r.text[end-1]) {
			continue
		}
		printed := string(r.text[begin:end])
		if !unit(printed, r.kind) {
			continue
		}
		r.at = end
		return strings.ReplaceAll(printed, "\n", " ")
	}
	return ""
}

// joined reports that a unit cannot end between two characters.
func joined(a, b rune) bool {
	letter := func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) || c == '/' || c == '^' }
	return letter(a) && letter(b) || letter(a) && b == '/' || a == '/'
}

// unit reports that a text is a unit in which results are given.
func unit(printed string, k kind) bool {
	lower := strings.ToLower(printed)
	if dose(lower) {
		return true // read as what it is, so that the number is not taken for a result
	}
	switch {
	case standalone[lower]:
		return k == kindVital || lower != "f" && lower != "c"
	case lower == "mm hg":
		return true
	case lower == "in" || lower == "inches":
		return lower == "inches" && k == kindVital
	case !strings.ContainsAny(printed, "/%") && !strings.HasSuffix(lower, " minute"):
		return false
	}
	_, ok := value.ParseUnit(noteless(printed))
	return ok || rates[lower]
}

// rates are printed rates that are no UCUM expression.
var rates = words(`/min breaths/min beats/min /minute`)

// noteless takes off the note that says in which units a D-dimer is counted.
func noteless(printed string) string {
	return strings.TrimSuffix(strings.TrimSuffix(printed, " FEU"), " DDU")
}

// tail reads what may stand behind a value in any order: flags, a reference range, later values of
// a series, what the value was before, its date.
func (r *reading) tail() {
	for range 4 {
		at := r.at
		r.blanks()
		switch {
		case r.arrow(), r.bracketed(), r.interval == "" && r.plainInterval(), r.tailFlag(), r.before(), r.dated():
		default:
			r.at = at
			return
		}
	}
}

// arrow reads the later value of a series: 9.1 -> 7.1.
func (r *reading) arrow() bool {
	at := r.at
	if !r.mark("→") {
		if !r.mark("-–=") || !r.mark(">") {
			r.at = at
			return false
		}
	}
	r.blanks()
	was := r.result
	if !r.number() {
		r.at, r.result = at, was
		return false
	}
	if r.unit == "" {
		r.unit = was.unit
	}
	r.previous = was.comparator + was.value
	r.comparator = ""
	return true
}

// ofRange are words before a reference range.
var ofRange = words("ref reference range normal interval nl nml")

// bracketed reads "(70-99)", "[ref 3.5-5.0]", "(H)", "(low)".
func (r *reading) bracketed() bool {
	at := r.at
	if !r.mark("([") {
		return false
	}
	end := r.at
	for end < len(r.text) && r.text[end] != ')' && r.text[end] != ']' && end-at < 60 {
		end++
	}
	if end == len(r.text) || end-at >= 60 {
		r.at = at
		return false
	}
	inside := strings.TrimSpace(string(r.text[r.at:end]))
	body := inside
	for {
		w, rest, more := strings.Cut(body, " ")
		if !more || !ofRange[strings.ToLower(strings.TrimRight(w, ":.,"))] {
			break
		}
		body = strings.TrimSpace(rest)
	}
	iv, ok := value.ParseInterval(bodyNumber(body))
	switch {
	case ok && r.interval == "" && (iv.Low != nil || iv.High != nil):
		r.interval = body
	case flagText(inside):
		r.setFlag(inside)
	default:
		r.at = at
		return false
	}
	r.at = end + 1
	return true
}

// bodyNumber takes a unit off the end of a range ("3.5-5.0 mmol/L").
func bodyNumber(body string) string {
	if i := strings.LastIndexByte(body, ' '); i > 0 && unit(body[i+1:], kindTest) {
		return strings.TrimSpace(body[:i])
	}
	return body
}

// plainInterval reads "12.0-15.5" or "70 - 99" without brackets.
func (r *reading) plainInterval() bool {
	begin := r.at
	if strings.HasPrefix(string(r.text[r.at:min(len(r.text), r.at+4)]), "ref ") {
		r.at += 4
		begin = r.at
	}
	if r.digits() == "" {
		r.at = begin
		return false
	}
	r.blanks()
	ok := r.mark("-–") && func() bool { r.blanks(); return r.digits() != "" }()
	if !ok || r.next() == '/' || r.next() == '-' || unicode.IsLetter(r.next()) { // a date, an id
		r.at = begin
		return false
	}
	r.interval = string(r.text[begin:r.at])
	return true
}

// flags are the flags that laboratories print.
var flags = map[string]bool{"H": true, "L": true, "HH": true, "LL": true, "A": true, "AA": true, "N": true, "C": true, "↑": true, "↓": true,
	"h": true, "l": true}

// flagText reports a printed flag, or a word that says where a result lies.
func flagText(s string) bool {
	return flags[s] || flagWords[strings.ToLower(s)]
}

// flagHere gives the printed flag that stands here; "" where none does.
func (r *reading) flagHere() string {
	end := r.at
	for end < len(r.text) && (unicode.IsLetter(r.text[end]) || r.text[end] == '↑' || r.text[end] == '↓') {
		end++
	}
	if s := string(r.text[r.at:end]); flags[s] && s != "h" && s != "l" && s != "A" && s != "C" {
		return s
	}
	return ""
}

// tailFlag reads a flag behind a value: H, *L*, ", high", ↑.
func (r *reading) tailFlag() bool {
	at := r.at
	r.mark("*")
	if f := r.flagHere(); f != "" {
		r.at += len([]rune(f))
		r.mark("*")
		r.setFlag(f)
		return true
	}
	if w := r.peek(); flagWords[w] && !trends[w] && w != "normal" && w != "therapeutic" && r.flag == "" {
		r.setFlag(r.take(w))
		return true
	}
	r.at = at
	return false
}

// before reads what a value was: "down from 9", "(from 9.0)", "was 9".
func (r *reading) before() bool {
	at := r.at
	r.mark(",")
	r.blanks()
	bracket := r.mark("(")
	for w := r.peek(); w == "down" || w == "up" || w == "increased" || w == "decreased" || w == "improved"; w = r.peek() {
		r.take(w)
		r.blanks()
	}
	if r.peek() == "from" {
		r.take("from")
		r.blanks()
		if d := r.digits(); d != "" {
			r.previous = d
			r.readUnit()
			if bracket {
				r.blanks()
				r.mark(")")
			}
			return true
		}
	}
	r.at = at
	return false
}

// dated reads the date of a value: "on 03/14/2024".
func (r *reading) dated() bool {
	at := r.at
	bracket := r.mark("(")
	if r.peek() == "on" {
		r.take("on")
		r.blanks()
	} else if !bracket {
		r.at = at
		return false
	}
	begin := r.at
	for r.at < len(r.text) && (unicode.IsDigit(r.text[r.at]) || r.text[r.at] == '/' || r.text[r.at] == '-') {
		r.at++
	}
	if d := string(r.text[begin:r.at]); strings.Count(d, "/") >= 1 || strings.Count(d, "-") == 2 {
		r.date = d
		if bracket {
			r.mark(")")
		}
		return true
	}
	r.at = at
	return false
}
