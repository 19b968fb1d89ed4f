package pair

import (
	"regexp"
	"strings"
	"unicode"

	"chartlake/form/lexicon"
	"chartlake/form/sheet"
	"chartlake/value"
)

// strict are the kinds whose shape can be checked, so that a value may be told from other words.
var strict = map[string]bool{"date": true, "datetime": true, "phone": true, "npi": true, "dea": true, "clia": true,
	"money": true, "sex": true, "age": true, "zip": true, "state": true, "number": true, "bin": true, "benefit": true,
	"email": true, "web": true}

// benefit is what a card prints for a share of the cost: amounts, per cents, words such as
// "No charge", or several of them with slashes.
var benefit = regexp.MustCompile(`^(?i)(?:\$?\d[\d,]*(?:\.\d\d)?%?|no charge|none|n/?a|covered|not covered|waived|included|free)` +
	`(?:(?:\s?[/|–-]\s?|\s)(?:\$?\d[\d,]*(?:\.\d\d)?%?|after|deductible|ded\.?|copay|coinsurance|per|visit|day|admission|in|out|individual|family|ind|fam|no|charge|of|then|\+|and|plus|up|to))*$`)

// digitsOnly is a number that is nearly a BIN.
var digitsOnly = regexp.MustCompile(`^\d{5,9}$`)

var web = regexp.MustCompile(`^(?i)(https?://)?(www\.)?[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(/[\w./-]*)?$`)

// partName are the fields that hold one part of a name.
var partName = map[string]bool{"first": true, "last": true, "middle": true, "patient.first": true, "patient.last": true, "patient.middle": true,
	"from": true, "to": true, "provider": true}

// Read parses tokens as a value of a label's kind; the kinds of this package are added to
// those of package value.
func Read(kind, raw string, h value.Hint) value.Reading {
	switch kind {
	case "name":
		r := value.Parse(kind, raw, h)
		if r.OK && organisation(raw) {
			return value.Reading{Value: r.Value, Reasons: []string{"the words are of an organisation, not of a person"}}
		}
		if r.OK && sentence(raw) {
			return value.Reading{Value: r.Value, Reasons: []string{"the words are not those of a name"}}
		}
		if r.OK && oneWord(r.Value) {
			r.Reasons = append(r.Reasons, "the name is one word only")
		}
		return r
	case "part":
		return value.Parse(value.PersonName, raw, h)
	case "state": // "state or local" is a sentence
		if r := value.Parse(kind, raw, h); raw == strings.ToUpper(raw) || !r.OK {
			return r
		}
		return value.Reading{Value: raw}
	case "bin":
		r := value.Parse(kind, raw, h)
		if !r.OK && digitsOnly.MatchString(raw) {
			r = value.Reading{Value: raw, OK: true, Reasons: []string{"a BIN has six digits, an IIN eight"}}
		}
		return r
	case "benefit":
		v := strings.Join(strings.Fields(raw), " ")
		return value.Reading{Value: v, OK: len(v) <= 60 && benefit.MatchString(v)}
	case "web":
		v := strings.TrimRight(strings.TrimSpace(raw), ".,;")
		return value.Reading{Value: v, OK: web.MatchString(v)}
	}
	return value.Parse(kind, raw, h)
}

// organisation finds words that persons' names do not have.
func organisation(raw string) bool {
	for _, w := range lexicon.Tokens(raw) {
		switch w {
		case "hospital", "health", "clinic", "medical", "center", "laboratory", "laboratories", "diagnostics", "system", "services", "insurance",
			"pharmacy", "associates", "department", "male", "female", "street", "avenue", "date", "birth", "number", "patient", "llc", "inc":
			return true
		}
	}
	return false
}

// particles are the words of names that are written small.
var particles = map[string]bool{"van": true, "von": true, "der": true, "den": true, "de": true, "del": true, "della": true, "la": true, "las": true, "los": true,
	"le": true, "el": true, "al": true, "bin": true, "ibn": true, "di": true, "da": true, "dos": true, "du": true, "ter": true, "ten": true, "st": true, "y": true, "e": true,
	"and": true, "jr": true, "sr": true, "ap": true, "ben": true, "af": true, "zu": true, "zum": true, "do": true, "na": true, "ua": true, "md": true, "do.": true, "pt": true}

// sentence reports two small words among capitals that no name has.
func sentence(raw string) bool {
	small, capital := 0, false
	for _, w := range strings.Fields(raw) {
		r := []rune(w)[0]
		capital = capital || unicode.IsUpper(r)
		if unicode.IsLower(r) && !particles[lexicon.Normal(w)] {
			small++
		}
	}
	return capital && small >= 2
}

// oneWord reports a name without a second word: half of one, or none.
func oneWord(name string) bool { return len(strings.Fields(name)) < 2 }

// lengthMax is the most tokens that a value of a kind is made of.
func lengthMax(kind string) int {
	switch kind {
	case "date":
		return 5
	case "datetime":
		return 8
	case "phone":
		return 7 // "( 412 ) 252 - 1214"
	case "money", "number", "age", "dea", "npi", "clia", "bin", "id":
		return 5
	case "sex", "zip", "state", "email", "web":
		return 2
	case "benefit":
		return 9
	}
	return 1 << 10
}

// take finds how many of the tokens, from the first on, are the value. For a kind with a
// shape that is the longest run that parses; for words it is everything. read.OK is false
// where no run parses; all tokens are then taken, as the printed text.
func take(l *lexicon.Label, tokens []sheet.Token, h value.Hint) (n int, read value.Reading) {
	h.Birth = l.Name == "dob"
	kind := l.Kind
	if kind == "name" && partName[l.Name] {
		kind = "part"
	}
	if l.Later {
		h.NotAfter = value.Date{}
	}
	longest := min(len(tokens), lengthMax(kind))
	for n = longest; n > 0; n-- {
		if l.Kind == "id" && !idRun(tokens[:n]) {
			continue
		}
		if l.Kind == "name" && n < len(tokens) && !closes(tokens[n]) {
			continue
		}
		if read = Read(kind, trimEnd(sheet.Join(tokens[:n])), h); read.OK {
			return n, read
		}
	}
	read = Read(kind, sheet.Join(tokens), h)
	return len(tokens), value.Reading{Value: sheet.Join(tokens), Reasons: read.Reasons}
}

func trimEnd(s string) string { return strings.TrimRight(s, " ,;|") }

// closes reports a token that can stand right behind a name without belonging to it.
func closes(t sheet.Token) bool {
	return strings.HasPrefix(t.Text, "(") || t.Text == "|" || strings.ContainsAny(t.Text, "0123456789")
}

// idRun keeps an identifier from swallowing words: behind its first token only tokens with a
// digit belong to it, and one word without a digit may stand before ("XZ 9147589652").
func idRun(tokens []sheet.Token) bool {
	for i, t := range tokens {
		digit := strings.ContainsAny(t.Text, "0123456789")
		if i > 0 && !digit && len(t.Text) > 2 {
			return false
		}
		if i > 0 && (strings.HasPrefix(t.Text, "(") || strings.Contains(t.Text, "/") && len(t.Text) > 6) {
			return false
		}
	}
	return true
}

// blank reports a token that only marks the place of an answer.
func blank(t sheet.Token) bool { return strings.Trim(t.Text, "_.-–—:|•·*") == "" }

// inner drops the blank tokens at both ends.
func inner(tokens []sheet.Token) []sheet.Token {
	for len(tokens) > 0 && blank(tokens[0]) {
		tokens = tokens[1:]
	}
	for len(tokens) > 0 && blank(tokens[len(tokens)-1]) {
		tokens = tokens[:len(tokens)-1]
	}
	return tokens
}
