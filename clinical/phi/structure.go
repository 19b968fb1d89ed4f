package phi

import (
	"regexp"
	"strconv"
	"strings"
)

// form is a way in which identifiers are written that tells them by itself.
type form struct {
	re    *regexp.Regexp
	kind  Kind
	rule  string
	score float64
	ok    func(s string) bool // nil: always
}

// tail is how much of a text a form is looked for in, from where it may begin.
const tail = 160

// forms begin at a digit, a sign of a telephone number or a capital. The longest wins.
var forms = []form{
	{regexp.MustCompile(`^\d{3}[- –]\d{2}[- –]\d{4}(?:\D|$)`), SSN, "ssn", 0.9, nil},
	{regexp.MustCompile(`^(?:\+?1[-. /]{0,2})?\(?[2-9]\d{2}\)?[-. /–]{1,3}\d{3}[-. –]{1,3}\d{4}(?:,?\s{0,2}(?i:x|ext\.?|extension)\s?\d{1,6})?(?:\D|$)`), Phone, "phone", 0.9, nil},
	{regexp.MustCompile(`^\+\d{1,3}(?:[-. ]?\(?\d{1,4}\)?){2,5}(?:\D|$)`), Phone, "phone", 0.9, func(s string) bool { return digits(s) >= 8 }},
	{regexp.MustCompile(`^(?:\d{1,3}\.){3}\d{1,3}(?:[^\d.]|\.?$|\.\s)`), IP, "ipv4", 0.95, octets},
	{regexp.MustCompile(`^[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:[^0-9A-Za-z:]|$)`), IP, "ipv6", 0.95, ipv6},
	{regexp.MustCompile(`^(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?:[^0-9A-Za-z:]|$)`), Device, "mac", 0.9, nil},
	{regexp.MustCompile(`^[A-HJ-NPR-Z0-9]{17}(?:[^0-9A-Za-z]|$)`), Vehicle, "vin", 0.9, mixed},
	{regexp.MustCompile(`^[1-9][A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d{2}(?:[^0-9A-Za-z]|$)`), Beneficiary, "mbi", 0.95, nil},
	{regexp.MustCompile(`^\d{4}[- ]\d{4}[- ]\d{4}[- ]\d{4}(?:\D|$)`), Account, "card", 0.9, nil},
	{regexp.MustCompile(`^\d{5}-\d{4}(?:\D|$)`), Location, "zip", 0.8, nil},
	{regexp.MustCompile(`^\d{2}-\d{7}(?:\D|$)`), Other, "ein", 0.8, nil},
	{regexp.MustCompile(`^\(01\)\d{14}(?:\(\d{2}\)[0-9A-Za-z./-]{1,20})*`), Device, "udi", 0.95, nil},
}

var (
	emailRE  = regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`)
	handleRE = regexp.MustCompile(`^@[\p{L}_][\p{L}\p{N}_]{2,30}`)
	urlRE    = regexp.MustCompile(`(?i)\b(?:https?|ftps?|sftp)://[^\s<>"]+|\bwww\.[^\s<>"]+|\b(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|health|info|io|us|app|care)(?:/[^\s<>"]*)?\b`)
	pictures = regexp.MustCompile(`(?i)[\p{L}\p{N}_()-]+\.(?:jpe?g|png|tiff?|heic|gif|bmp|dcm)\b`)
)

// structures finds what is told by how it is written.
func (s *search) structures() {
	s.anchored(emailRE, '@', Email, "email")
	s.links()
	for i := range s.words {
		w := s.words[i]
		if !w.has(hasDigit) && !(w.end-w.begin <= 4 && hex(w.fold) && w.end < len(s.text) && s.text[w.end] == ':') {
			continue
		}
		begin := w.begin
		for begin > 0 && (s.text[begin-1] == '(' || s.text[begin-1] == '+') {
			begin--
		}
		if i > 0 && glued(s.text, s.words[i-1].end, w.begin) {
			continue // inside of what another word begins
		}
		s.form(begin, i)
		if begin < w.begin {
			s.form(w.begin, i)
		}
	}
}

// glued reports that two words are joined by one mark of those that stand inside of numbers.
func glued(text string, from, to int) bool {
	return to-from == 1 && strings.IndexByte("-.:/_", text[from]) >= 0
}

// form tries the forms at a place.
func (s *search) form(begin, i int) {
	rest := s.text[begin:min(begin+tail, len(s.text))]
	for _, f := range forms {
		loc := f.re.FindStringIndex(rest)
		if loc == nil {
			continue
		}
		hit := strings.TrimRight(rest[:loc[1]], " \t\r\n\f.,;:)")
		if r := rest[:loc[1]]; len(hit) > 0 && strings.ContainsRune("<>\"']|", rune(r[len(hit)-1])) {
			hit = hit[:len(hit)-1]
		}
		if f.ok != nil && !f.ok(hit) {
			continue
		}
		kind := f.kind
		if kind == Phone && s.announced(begin, "fax", "facsimile", "f:") {
			kind = Fax
		}
		s.add(begin, begin+len(hit), kind, f.rule, f.score)
		for j := i; j < len(s.words) && s.words[j].begin < begin+len(hit); j++ {
			s.taken[j] = true
		}
		return
	}
}

// announced reports one of these words within the 30 characters before a place, on its line.
func (s *search) announced(at int, labels ...string) bool {
	before := strings.ToLower(s.text[max(0, at-30):at])
	if i := strings.LastIndexByte(before, '\n'); i >= 0 {
		before = before[i+1:]
	}
	best, is := -1, false
	for _, l := range labels {
		if i := strings.LastIndex(before, l); i > best && (l != "f:" || i == 0 || before[i-1] == ' ') {
			best, is = i, true
		}
	}
	for _, l := range []string{"phone", "tel", "cell", "mobile"} {
		if strings.LastIndex(before, l) > best {
			return false // another number was announced later
		}
	}
	return is
}

// anchored looks for a form around each place of a sign.
func (s *search) anchored(re *regexp.Regexp, sign byte, kind Kind, rule string) {
	for at := 0; ; {
		i := strings.IndexByte(s.text[at:], sign)
		if i < 0 {
			return
		}
		at += i
		from := max(0, at-64)
		if j := strings.LastIndexAny(s.text[from:at], " \t\r\n<>()[]\","); j >= 0 {
			from += j + 1
		}
		if loc := re.FindStringIndex(s.text[from:min(at+255, len(s.text))]); loc != nil && from+loc[0] <= at {
			s.claim(from+loc[0], from+loc[1], kind, rule, 0.98)
		} else if loc := handleRE.FindStringIndex(s.text[at:min(at+60, len(s.text))]); loc != nil && (at == 0 || strings.IndexByte(" \t\n(:", s.text[at-1]) >= 0) {
			s.claim(at, at+loc[1], URL, "handle", 0.8)
		}
		at++
	}
}

// links finds addresses of sites and names of picture files: chunks with a point between letters.
func (s *search) links() {
	for i := 1; i < len(s.words); i++ {
		w := s.words[i]
		if w.begin-s.words[i-1].end > 3 || s.text[w.begin-1] != '.' && s.text[w.begin-1] != '/' || !w.has(hasLetter) {
			continue
		}
		from, to := s.chunk(w.begin)
		if loc := urlRE.FindStringIndex(s.text[from:to]); loc != nil {
			s.claim(from+loc[0], from+len(strings.TrimRight(s.text[from:from+loc[1]], ".,;:)'")), URL, "url", 0.95)
		} else if loc := pictures.FindStringIndex(s.text[from:to]); loc != nil {
			s.claim(from+loc[0], from+loc[1], Photograph, "picture file", 0.9)
		}
		for i+1 < len(s.words) && s.words[i+1].begin < to {
			i++
		}
	}
}

// chunk is the run without blanks around a place, bounded.
func (s *search) chunk(at int) (from, to int) {
	from, to = at, at
	for from > 0 && s.text[from-1] > ' ' && at-from < 2048 {
		from--
	}
	for to < len(s.text) && s.text[to] > ' ' && to-at < 2048 {
		to++
	}
	return from, to
}

// claim adds a find by its bytes, and takes the words in it.
func (s *search) claim(begin, end int, kind Kind, rule string, score float64) {
	s.add(begin, end, kind, rule, score)
	for i := s.wordAt(begin); i < len(s.words) && s.words[i].begin < end; i++ {
		s.taken[i] = true
	}
}

// wordAt is the first word that ends after a place.
func (s *search) wordAt(at int) int {
	lo, hi := 0, len(s.words)
	for lo < hi {
		if m := (lo + hi) / 2; s.words[m].end <= at {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

func octets(s string) bool {
	for _, p := range strings.Split(strings.TrimRight(s, "."), ".") {
		if n, err := strconv.Atoi(p); err != nil || n > 255 {
			return false
		}
	}
	return true
}

// ipv6 takes an address with a gap or with all of its eight groups: times of day have neither.
func ipv6(s string) bool { return strings.Contains(s, "::") || strings.Count(s, ":") == 7 }

// mixed is a vehicle's number: letters and digits, four digits at least (ISO 3779).
func mixed(s string) bool {
	digits := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		}
	}
	return digits >= 4 && digits < len(s)
}

func hex(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}
