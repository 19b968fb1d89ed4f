package phi

import (
	_ "embed"
	"regexp"
	"strings"
)

//go:embed labels.txt
var labelsData string

// label is what words announce.
type label struct {
	kind Kind
	sure bool // needs no sign of a number behind it
	more bool // some longer label begins with these words
}

func parseLabels(data string) map[string]label {
	out := map[string]label{}
	for _, line := range strings.Split(data, "\n") {
		kind, list, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for _, words := range strings.Split(list, ",") {
			words = strings.TrimSpace(words)
			text, sure := strings.CutPrefix(words, "!")
			l := out[text]
			l.kind, l.sure = Kind(kind), sure
			out[text] = l
			for i := range text {
				if text[i] == ' ' {
					l := out[text[:i]]
					l.more = true
					out[text[:i]] = l
				}
			}
		}
	}
	return out
}

// signWords stand between a label and its number; those that are true say that a number follows.
var signWords = map[string]bool{
	"no": true, "number": true, "num": true, "nr": true, "nbr": true, "id": true, "identifier": true, "identification": true, "code": true, "serial": true,
	"is": false, "was": false, "of": false, "on": false, "file": false, "record": false, "template": false, "ending": false, "in": false,
	"the": false, "with": false, "card": false, "scan": false, "enrolled": false, "home": false, "work": false, "cell": false, "for": false,
	"as": false, "saved": false, "attached": false, "account": false, "policy": false, "to": false, "at": false, "results": false,
}

// labelled finds numbers behind the words that announce them, and numbers so long that they can
// only name something.
func (s *search) labelled() {
	for i := 0; i < len(s.words); i++ {
		if s.words[i].has(hasDigit) {
			s.lone(i)
			continue
		}
		l, ok := s.labels[s.words[i].fold]
		if !ok || len(s.words[i].fold) == 2 && s.words[i].has(lowerCase) { // "dL" is no licence
			continue
		}
		end, kind, sure := 0, Kind(""), false
		key := s.words[i].fold
		for j := i; ; {
			if l.kind != "" {
				end, kind, sure = j+1, l.kind, l.sure
			}
			j++
			if !l.more || j == len(s.words) || j-i > 4 || s.words[j].line != s.words[i].line {
				break
			}
			key += " " + s.words[j].fold
			if l, ok = s.labels[key]; !ok {
				break
			}
		}
		if end == 0 {
			continue
		}
		if last := s.number(end, kind, sure); last > 0 {
			i = last - 1
		}
	}
}

// number takes the number that a label announces, at word i or some words later; it gives the
// word after it, 0 where there is none.
func (s *search) number(i int, kind Kind, sure bool) int {
	first := i
	for ; i < len(s.words) && i-first < 4; i++ {
		gap := s.between(i)
		if strings.ContainsAny(gap, "#:") {
			sure = true
		}
		if len(gap) > 24 || strings.Count(gap, "\n") > 1 || strings.ContainsAny(gap, ";") || strings.Contains(gap, ". ") && !s.abbreviated(i-1) {
			return 0
		}
		sign, is := signWords[s.words[i].fold]
		if !is || s.words[i].has(allCapitals) && i+1 < len(s.words) && s.between(i+1) == "-" && s.words[i+1].has(hasDigit) {
			break
		}
		sure = sure || sign
	}
	if i >= len(s.words) || s.taken[i] {
		return 0
	}
	last := s.value(i, kind)
	if last == 0 {
		return 0
	}
	begin := s.words[i].begin
	if begin > 0 && s.text[begin-1] == '(' {
		begin--
	}
	if figures := digits(s.text[begin:s.words[last-1].end]); figures < 3 && !sure || figures < 2 || (kind == Phone || kind == Fax) && (figures < 4 || strings.ContainsAny(strings.ToLower(s.text[begin:s.words[last-1].end]), "ulm/")) || !sure && (figures < 4 || year(s.words[i].fold)) {
		return 0
	}
	s.claim(begin, s.words[last-1].end, kind, "label", 0.9)
	return last
}

// abbreviated reports a word after which a point is no end of a sentence.
func (s *search) abbreviated(i int) bool {
	return i >= 0 && (len(s.words[i].fold) <= 4)
}

// value gives the word after a number that begins at word i: its parts are glued by marks, and
// in some kinds parted by blanks.
func (s *search) value(i int, kind Kind) int {
	first := i
	spaced := kind == Vehicle || kind == Account || kind == SSN || kind == Phone || kind == Fax || kind == Licence || kind == Beneficiary
	found := s.words[i].has(hasDigit)
	if !found && !s.words[i].has(allCapitals) && !s.words[i].initial() && kind != Biometric && kind != Photograph {
		return 0
	}
	for i++; i < len(s.words); i++ {
		gap, w := s.between(i), s.words[i]
		switch {
		case w.line != s.words[first].line || len(gap) > 3:
		case !strings.ContainsAny(gap, " \t,;") && gap != ". ":
			found = found || w.has(hasDigit)
			continue
		case gap == " " && w.has(hasDigit) && !s.taken[i] && (spaced && (!found || !w.has(hasLetter)) || !found && len(s.words[first].fold) <= 4):
			found = true
			continue
		}
		break
	}
	if !found {
		return 0
	}
	return i
}

func digits(s string) (n int) {
	for i := 0; i < len(s); i++ {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

func year(s string) bool {
	return len(s) == 4 && (strings.HasPrefix(s, "19") || strings.HasPrefix(s, "20"))
}

// loneRE is a number that names something by its length alone: letters with five figures, or
// seven figures.
var loneRE = regexp.MustCompile(`^[A-Za-z]{0,5}-?\d{1,4}[-\dA-Za-z]{3,20}$`)

// lone takes a long number that nothing announces.
func (s *search) lone(i int) {
	if s.taken[i] || i > 0 && glued(s.text, s.words[i-1].end, s.words[i].begin) && s.words[i-1].has(hasDigit) {
		return
	}
	begin, last := s.words[i].begin, i+1
	if i > 0 && s.words[i-1].end == begin-1 && s.text[begin-1] == '-' && s.words[i-1].has(allCapitals) {
		begin = s.words[i-1].begin
	}
	for last < len(s.words) && s.words[last].begin == s.words[last-1].end+1 && s.text[s.words[last].begin-1] == '-' && s.words[last].has(hasDigit) {
		last++
	}
	chunk := s.text[begin:s.words[last-1].end]
	n := digits(chunk)
	if n < 5 || n < 7 && strings.Trim(chunk, "0123456789-") == "" || !loneRE.MatchString(chunk) || begin > 0 && (s.text[begin-1] == '$' || s.text[begin-1] == '.') {
		return
	}
	if rest := s.text[s.words[last-1].end:]; rest != "" && (rest[0] == '.' || rest[0] == ',') && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9' {
		return // an amount
	}
	s.claim(begin, s.words[last-1].end, Other, "long number", 0.6)
}
