package value

import (
	"regexp"
	"strings"
)

var extension = regexp.MustCompile(`(?i)[ ,]*(?:ext\.?|x|extension)[ .:]*(\d{1,6})$`)

// ParsePhone reads a North American telephone or fax number into E.164; ext is the extension
// as printed. Area code and exchange never begin with 0 or 1. Seven digits have no area code
// and are no complete number.
func ParsePhone(s string) (v, ext string, reasons []string, ok bool) {
	s = fold(s)
	if len(s) > 48 {
		return "", "", nil, false
	}
	if m := extension.FindStringSubmatchIndex(s); m != nil {
		ext, s = s[m[2]:m[3]], s[:m[0]]
	}
	d, clean := digits(s, " ()-.+/–")
	if !clean {
		if d = keypad(s); d == "" {
			return "", "", nil, false
		}
	}
	if len(d) == 11 && d[0] == '1' {
		d = d[1:]
	}
	if len(d) == 7 {
		return d, ext, []string{"no area code"}, true
	}
	if len(d) != 10 {
		return "", "", nil, false
	}
	if d[0] < '2' || d[3] < '2' {
		reasons = append(reasons, "area code or exchange begins with 0 or 1")
	}
	return "+1" + d, ext, reasons, true
}

var vanity = regexp.MustCompile(`^1?[- ]?\(?8(?:00|33|44|55|66|77|88)\)?[- ][A-Z0-9-]{7,9}$`)

// keypad turns a printed toll-free word number (1-800-ABC-DEFG) into digits; "" if it is none.
func keypad(s string) string {
	if !vanity.MatchString(s) {
		return ""
	}
	const keys = "22233344455566677778889999"
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= 'A' && r <= 'Z':
			b.WriteByte(keys[r-'A'])
		}
	}
	return b.String()
}

var email = regexp.MustCompile(`^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$`)

// ParseEmail reads a mail address; it is kept as printed.
func ParseEmail(s string) (v string, ok bool) {
	v = strings.TrimSpace(s)
	return v, len(v) <= 254 && email.MatchString(v)
}

// Address is a postal address of the United States in its parts; a part that is not printed
// or not told apart is empty.
type Address struct{ Street, City, State, ZIP string }

// String is the address on one line.
func (a Address) String() string {
	out := a.Street
	for _, p := range []string{a.City, strings.TrimSpace(a.State + " " + a.ZIP)} {
		if p != "" && out != "" {
			out += ", "
		}
		out += p
	}
	return out
}

var cityLine = regexp.MustCompile(`^(.*?)[,\s]*\b([A-Za-z]{2})\.?[,\s]+(\d{5}(?:-?\d{4})?)$`)

// ParseAddress reads an address over one or more lines (divided by "\n" or commas). A text
// without a digit, or shorter than a street, is none. Without a recognised city line only
// Street is set, with a reason.
func ParseAddress(s string) (a Address, reasons []string, ok bool) {
	if len(s) > 400 {
		return a, nil, false
	}
	var lines []string
	for _, l := range strings.Split(s, "\n") {
		if l = strings.Trim(fold(l), " ,"); l != "" {
			lines = append(lines, l)
		}
	}
	joined := strings.Join(lines, ", ")
	if len(joined) < 6 || !strings.ContainsAny(joined, "0123456789") {
		return a, nil, false
	}
	m := cityLine.FindStringSubmatch(joined)
	if m == nil || !IsState(m[2]) {
		a.Street = joined
		return a, []string{"city, state and ZIP not told apart"}, true
	}
	a.State, a.ZIP = strings.ToUpper(m[2]), m[3]
	head := strings.Trim(m[1], " ,")
	if i := strings.LastIndexByte(head, ','); i >= 0 {
		a.Street, a.City = strings.Trim(head[:i], " ,"), strings.TrimSpace(head[i+1:])
	} else {
		a.Street = head
		reasons = append(reasons, "street and city not told apart")
	}
	return a, reasons, true
}

// ParseZIP reads a ZIP code of 5 or 9 digits into NNNNN or NNNNN-NNNN.
func ParseZIP(s string) (v string, ok bool) {
	d, clean := digits(strings.TrimSpace(s), "- ")
	switch {
	case clean && len(d) == 5:
		return d, true
	case clean && len(d) == 9:
		return d[:5] + "-" + d[5:], true
	}
	return "", false
}

// states are the two-letter postal abbreviations of states and territories (USPS
// Publication 28, appendix B).
const states = " AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY" +
	" NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI FM MH PW AA AE AP "

// IsState reports a postal abbreviation of a state or territory, in either case.
func IsState(s string) bool {
	return len(s) == 2 && strings.Contains(states, " "+strings.ToUpper(s)+" ")
}
