package phi

import (
	"regexp"
	"strconv"
	"strings"
)

// months by the first three letters; a fourth letter or a point may follow.
var months = map[string]bool{
	"jan": true, "january": true, "feb": true, "february": true, "mar": true, "march": true, "apr": true, "april": true, "may": true,
	"jun": true, "june": true, "jul": true, "july": true, "aug": true, "august": true, "sep": true, "sept": true, "september": true,
	"oct": true, "october": true, "nov": true, "november": true, "dec": true, "december": true,
}

// holidays name a day of the year.
var holidays = set("christmas thanksgiving halloween easter juneteenth hanukkah ramadan kwanzaa")

var weekdays = map[string]bool{
	"mon": true, "monday": true, "tue": true, "tues": true, "tuesday": true, "wed": true, "wednesday": true, "thu": true, "thur": true,
	"thurs": true, "thursday": true, "fri": true, "friday": true, "sat": true, "saturday": true, "sun": true, "sunday": true,
}

const (
	monthName = `(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?`
	clock     = `(?:(?:[ T]|,? at )\s?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AaPp]\.?[Mm]\b\.?)?(?:Z|[+-]\d{2}:?\d{2})?)?`
	after     = `(?:[^\p{L}\d/]|$)`
)

// datesRE are dates from their first digit or month, the longest forms first.
var datesRE = []*regexp.Regexp{
	regexp.MustCompile(`^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}` + clock + after),
	regexp.MustCompile(`^\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})` + clock + after),
	regexp.MustCompile(`^\d{1,2}(?i:st|nd|rd|th)?(?:[-/. ,]|\s+of\s+){1,2}` + monthName + `(?:[-/. ,]{1,2}'?(?:\d{4}|\d{2}))?` + clock + after),
	regexp.MustCompile(`^` + monthName + `[-/ ]\s?\d{1,2}(?i:st|nd|rd|th)?(?:,?\s+|[-/])(?:\d{4})` + clock + after),
	regexp.MustCompile(`^` + monthName + `[-/ ]\s?\d{1,2}(?i:st|nd|rd|th)?` + clock + after),
	regexp.MustCompile(`^` + monthName + `(?:,? of|,)?[-/ ]'?(?:\d{4}|\d{2})` + after),
	regexp.MustCompile(`^(?:0?[1-9]|1[0-2])[-/](?:19|20)\d{2}` + after),
}

// compactRE is a date of eight digits, as in HL7 messages.
var compactRE = regexp.MustCompile(`^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}(?:\d{2})?)?$`)

// shortRE is a month and a day alone.
var shortRE = regexp.MustCompile(`^(\d{1,2})[/-](\d{1,2})(?:[^\p{L}\d/%]|$)`)

// whenWords announce a day; "on 3/14" is one, "pain 7/10" is not.
var whenWords = set(`on since from until till by dated date through before after starting started began beginning dos seen visit due
thru between collected drawn received resulted scheduled returning admitted discharged onset`)

// dates finds days and months; a year alone may stay.
func (s *search) dates() {
	for i := 0; i < len(s.words); i++ {
		w := s.words[i]
		if holidays[w.fold] && w.has(capital) && !s.taken[i] {
			s.claim(w.begin, w.end, Date, "holiday", 0.7)
			continue
		}
		if months[w.fold] && w.has(capital) && len(w.fold) > 2 && !s.taken[i] && s.date(i) == 0 && s.alone(i) {
			s.claim(w.begin, w.end, Date, "month", 0.7)
			continue
		}
		if s.taken[i] || !w.has(hasDigit) && !(months[w.fold] && (w.fold != "may" && w.fold != "mar" || w.has(capital))) {
			continue
		}
		if end := s.date(i); end > 0 {
			begin := w.begin
			if i > 0 && weekdays[s.words[i-1].fold] && w.begin-s.words[i-1].end <= 3 {
				begin = s.words[i-1].begin
			}
			s.claim(begin, end, Date, "date", 0.95)
		}
	}
}

// alone reports a month that is said by itself: "in May"; May and March are words, too.
func (s *search) alone(i int) bool {
	if len(s.words[i].fold) < 4 && s.words[i].fold != "may" {
		return false
	}
	if s.words[i].fold != "may" && s.words[i].fold != "march" {
		return true
	}
	return i > 0 && s.between(i) == " " && (prepositions[s.words[i-1].fold] || whenWords[s.words[i-1].fold] || s.words[i-1].fold == "last" || s.words[i-1].fold == "early" || s.words[i-1].fold == "late")
}

// date gives where a date that begins at word i ends; 0 where there is none.
func (s *search) date(i int) int {
	w := s.words[i]
	if i > 0 && s.words[i-1].end == w.begin-1 && strings.IndexByte("/.", s.text[w.begin-1]) >= 0 && s.words[i-1].has(hasDigit) {
		return 0 // a part of a longer number
	}
	if compactRE.MatchString(w.fold) {
		return w.end
	}
	rest := s.text[w.begin:min(w.begin+60, len(s.text))]
	for _, re := range datesRE {
		if loc := re.FindStringIndex(rest); loc != nil && plausible(rest[:loc[1]]) {
			return w.begin + len(strings.TrimRight(rest[:loc[1]], " \u00a0\t\r\n\f.,;:)(<\"']|-–"))
		}
	}
	if m := shortRE.FindStringSubmatch(rest); m != nil {
		month, _ := strconv.Atoi(m[1])
		day, _ := strconv.Atoi(m[2])
		padded := len(m[1]) == 2 && len(m[2]) == 2 && (m[1][0] == '0' || m[2][0] == '0') // 02/28, never a ratio
		if !padded && !(i > 0 && whenWords[s.words[i-1].fold]) {
			return 0
		}
		if month >= 1 && month <= 12 && day >= 1 && day <= 31 {
			return w.begin + len(m[1]) + 1 + len(m[2])
		}
	}
	return 0
}

// plausible refuses figures of a date that can be neither month nor day: 120/80/60.
func plausible(s string) bool {
	fields := strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if len(fields) < 3 || strings.ContainsAny(s[:1], "JFMASONDjfmasond") {
		return true
	}
	if len(s) > len(fields[0])+1+len(fields[1]) && numeric(s) && s[len(fields[0])] != s[len(fields[0])+1+len(fields[1])] {
		return false // 25.1-40: the marks of a date are one
	}
	small := 0
	for _, f := range fields[:3] {
		if n, _ := strconv.Atoi(f); len(f) <= 2 && n >= 1 && n <= 31 {
			small++
		}
	}
	return small >= 2
}

// numeric reports a date that begins with two numbers and a mark between.
func numeric(s string) bool {
	i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	return i > 0 && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9'
}

var (
	agedRE   = regexp.MustCompile(`^(9\d|1[0-2]\d)[- ]{0,2}(?i:y(?:ea)?rs?[- ]{0,2}(?:old|of age)?|y\.?/?o\.?|yo[mf]?)\b`)
	ninetyRE = regexp.MustCompile(`(?i)^(?:ninety|one[- ]hundred)(?:[- ](?:and[- ])?(?:one|two|three|four|five|six|seven|eight|nine|ten))?[- ]years?[- ]old`)
	eldest   = set("nonagenarian nonagenarians centenarian centenarians supercentenarian")
)

// ages finds ages over 89.
func (s *search) ages() {
	for i, w := range s.words {
		if s.taken[i] {
			continue
		}
		rest := s.text[w.begin:min(w.begin+40, len(s.text))]
		if w.has(hasDigit) {
			loc := agedRE.FindStringSubmatchIndex(rest)
			n, err := strconv.Atoi(w.fold)
			said := i > 0 && (s.words[i-1].fold == "age" || s.words[i-1].fold == "aged" || i > 1 && s.words[i-2].fold == "age" && s.words[i-1].has(lowerCase))
			switch {
			case loc != nil:
				s.claim(w.begin, w.begin+loc[1], Age, "age", 0.95)
			case said && err == nil && n > 89 && n < 130 && s.words[i-1].line == w.line:
				s.claim(w.begin, w.end, Age, "age", 0.95)
			}
			continue
		}
		if eldest[w.fold] {
			s.claim(w.begin, w.end, Age, "age", 0.9)
		} else if w.fold == "ninety" || w.fold == "one" {
			if loc := ninetyRE.FindStringIndex(rest); loc != nil {
				s.claim(w.begin, w.begin+loc[1], Age, "age", 0.95)
			}
		}
	}
}

// set makes a set of words.
func set(list string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(list) {
		out[w] = true
	}
	return out
}
