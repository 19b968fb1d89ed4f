package clinical

import (
	"regexp"
	"strings"

	"chartlake/value/sig"
)

// attribute sets an attribute of a mention once.
func (m *mention) attribute(name, v string) {
	v = strings.TrimSpace(v)
	if v == "" {
		return
	}
	if m.Attributes == nil {
		m.Attributes = map[string]string{}
	}
	if _, set := m.Attributes[name]; !set {
		m.Attributes[name] = v
	}
}

// Patterns of the parts of a dose instruction, in the words that prescribers write.
var (
	strengthRE  = regexp.MustCompile(`(?i)\b\d+(?:[.,]\d+)?(?:\s?[-/]\s?\d+(?:\.\d+)?)?\s?(?:%|(?:mg|mcg|µg|g|gm|units?|iu|meq|ml)(?:\s?/\s?(?:\d+\s?)?(?:ml|hr|hour|day|dose|actuation|tab))?\b)`)
	formRE      = regexp.MustCompile(`(?i)\b(?:tablets?|tabs?|capsules?|caps?|puffs?|sprays?|drops?|patch(?:es)?|suppositor(?:y|ies)|solution|suspension|syrup|cream|ointment|inhaler|injection|lozenges?|sachets?|packets?)\b`)
	routeRE     = regexp.MustCompile(`(?i)\b(?:by mouth|orally|oral|p\.?o\.?|intravenous(?:ly)?|iv|intramuscular(?:ly)?|im|subcutaneous(?:ly)?|subq|sc|sublingual(?:ly)?|sl|topical(?:ly)?|inhaled|inhalation|per rectum|rectal(?:ly)?|pr|intranasal(?:ly)?|nasal(?:ly)?|transdermal(?:ly)?|ophthalmic|in (?:each|both|the) (?:eye|eyes|ear|ears|nostril|nostrils))\b`)
	frequencyRE = regexp.MustCompile(`(?i)\b(?:once(?:\s*/\s*|\s+(?:a|per)\s+|\s+)(?:daily|day|week(?:ly)?|month(?:ly)?)|twice (?:a|per) day|twice daily|twice a week|three times (?:a|per) day|three times daily|four times (?:a|per) day|four times daily|\d+ times (?:a|per) (?:day|week)|every (?:other )?(?:\d+(?:\s?-\s?\d+)?\s)?(?:hours?|days?|weeks?|months?|morning|evening|night|bedtime)|q\.?\s?\d+(?:\s?-\s?\d+)?\s?h(?:rs?|ours?)?|q\.?[ap]\.?m\.?|q\.?h\.?s\.?|q\.?o\.?d\.?|q\.?d\.?|q\s?day|qweek|b\.?i\.?d\.?|t\.?i\.?d\.?|q\.?i\.?d\.?|daily|weekly|monthly|nightly|at bedtime|at night|in the morning|in the evening|every morning|with meals|before meals|after meals)(?:\b|$)`)
	asNeededRE  = regexp.MustCompile(`(?i)\b(?:as needed|p\.?r\.?n\.?)(?: for ([a-z][a-z /]{2,30}))?`)
	durationRE  = regexp.MustCompile(`(?i)\b(?:for|x) (\d+(?:\s?-\s?\d+)? (?:days?|weeks?|months?|doses?))\b`)
)

// sentenceText gives the characters from a mention's end to the end of its reach.
func following(text []rune, begin, end int) string {
	if begin >= end {
		return ""
	}
	return string(text[begin:min(end, len(text))])
}

// dose reads what follows a drug up to the next drug or the end of its sentence.
func (m *mention) dose(after string) {
	after = strings.ReplaceAll(after, "\n", " ")
	m.attribute("sig", instruction(after))
	m.attribute("strength", strengthRE.FindString(after))
	m.attribute("form", formRE.FindString(after))
	m.attribute("route", routeRE.FindString(after))
	m.attribute("frequency", frequencyRE.FindString(after))
	if f := asNeededRE.FindStringSubmatch(after); f != nil {
		m.attribute("as_needed", "true")
		m.attribute("reason", f[1])
	}
	if f := durationRE.FindStringSubmatch(after); f != nil {
		m.attribute("duration", f[1])
	}
}

// instructionMax is how many bytes behind a drug are looked at for its dose instruction.
const instructionMax = 400

// instruction gives the words of a dose instruction as they are written: from the first to
// the last that the grammar reads; "" where they say neither a dose nor when.
func instruction(after string) string {
	after = strings.ToValidUTF8(head(after, instructionMax), "")
	steps := sig.Parse(after)
	if len(steps) == 0 || steps[0].TextOnly {
		return ""
	}
	first, last := steps[0].Text, steps[len(steps)-1].Text
	begin, end := strings.Index(after, first), strings.LastIndex(after, last)
	if first == "" || last == "" || begin < 0 || end < begin {
		return ""
	}
	return after[begin : end+len(last)]
}

// statusRE finds what the text says of taking a drug; the first word group that is there wins.
var statusREs = []struct {
	status string
	re     *regexp.Regexp
}{
	{"stopped", regexp.MustCompile(`(?i)\b(?:stop(?:ped)?|discontinue[ds]?|d/c(?:'?d)?|no longer (?:taking|on|takes)|off)\b`)},
	{"on-hold", regexp.MustCompile(`(?i)\b(?:held|hold(?:ing)?|on hold)\b`)},
	{"not-taken", regexp.MustCompile(`(?i)\b(?:not taking|never took|did not take|denies taking|refused)\b`)},
	{"intended", regexp.MustCompile(`(?i)\b(?:start|begin|initiate|prescribe[ds]?|will take)\b`)},
	{"active", regexp.MustCompile(`(?i)\b(?:takes|taking|continues?|continued|currently on|remains on|is on)\b`)},
}

// status reads the sentence around a drug. A sentence about several drugs that says "stopped"
// of one leaves the others in doubt, so the words nearest before or right after the drug count.
func (m *mention) status(before, after string) {
	before = tail(before, 30)
	after = head(after, 60)
	for _, s := range statusREs {
		if s.re.MatchString(before) || s.re.MatchString(after) {
			m.attribute("status", s.status)
			return
		}
	}
}

func tail(s string, n int) string {
	if len(s) > n {
		return s[len(s)-n:]
	}
	return s
}

func head(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}
