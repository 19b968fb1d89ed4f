package template

import (
	"regexp"
	"slices"
	"strings"

	"chartlake/form/sheet"
	"chartlake/record"
	"chartlake/value"
)

// recordKind is the kind of a field of package draft for a kind of box.
func recordKind(kind string) string {
	switch kind {
	case "birth", "born", "day":
		return "date"
	case "billtype", "one", "two", "icdversion", "revenue":
		return "code"
	case "icd", "icdpoa", "hcpcs", "pos", "pointer", "modifier", "procedure":
		return "code"
	case "taxid":
		return "id"
	}
	return kind
}

// typed reads the text of a box as a value of its kind. Bars of combs and corners of frames
// are no part of a value; what else does not belong leaves the value in doubt.
func typed(kind, raw string, hint value.Hint) value.Reading {
	switch kind {
	case "day", "born": // in any spelling; the claim forms have their columns
		hint.Birth = kind == "born"
		return value.Parse(value.DateKind, raw, hint)
	case "date", "birth":
		hint.Birth = kind == "birth"
		text := dateText(raw)
		if text == "" {
			return value.Reading{Value: raw}
		}
		return value.Parse(value.DateKind, text, hint)
	case "money":
		text := moneyText(raw)
		r := value.Parse(value.Money, text, hint)
		if r.OK && !strings.Contains(text, ".") {
			r.Reasons = append(r.Reasons, "dollars and cents are not told apart") // "13750" may be 137.50
		}
		return r
	case "icd":
		v, _, ok := value.ParseCode(raw, value.FormICD10CM, value.FormICD9CM)
		if !ok {
			return value.Reading{Value: raw, OK: true, Reasons: []string{"not in the form of a diagnosis code"}}
		}
		return value.Reading{Value: v, OK: true}
	case "hcpcs":
		return shaped(strings.ToUpper(raw), hcpcsShape, "not in the form of a procedure code, a rate or a HIPPS code")
	case "pos":
		return shaped(raw, posShape, "a place of service has two digits")
	case "pointer":
		return shaped(raw, pointerShape, "pointers are letters A to L or numbers 1 to 4")
	case "billtype":
		return shaped(strings.ToUpper(raw), billShape, "a type of bill has four digits, or three without its zero")
	case "one":
		return shaped(strings.ToUpper(raw), oneShape, "a code of one digit or letter is asked for")
	case "two":
		return shaped(raw, posShape, "a code of two digits is asked for")
	case "icdversion":
		return shaped(raw, icdVersion, "the version is 9 or 0")
	case "revenue":
		return shaped(raw, revenueShape, "a revenue code has three or four digits")
	case "taxid":
		return shaped(raw, taxShape, "a tax number has nine digits")
	case "id":
		if r := value.Parse(value.ID, raw, hint); r.OK {
			return r
		}
		return value.Parse(value.Text, raw, hint)
	case "npi":
		r := value.Parse(value.NPI, raw, hint)
		if !r.OK && len(r.Reasons) == 0 {
			r = value.Reading{Value: raw, OK: true, Reasons: []string{value.ReasonDigits}}
		}
		if r.Value == "" {
			r.Value = raw
		}
		return r
	case "modifier":
		return shaped(strings.ToUpper(raw), modsShape, "a modifier has two letters or digits")
	case "code", "signature":
		return value.Reading{Value: strings.Join(strings.Fields(raw), " "), OK: true}
	}
	return value.Parse(kind, raw, hint)
}

var (
	billShape    = regexp.MustCompile(`^0?\d{2}[0-9A-Z]$`)
	oneShape     = regexp.MustCompile(`^[1-9A-G]$`)
	icdVersion   = regexp.MustCompile(`^[09]$`)
	revenueShape = regexp.MustCompile(`^\d{3,4}$`)
	posShape     = regexp.MustCompile(`^\d\d$`)
	pointerShape = regexp.MustCompile(`^([A-La-l]( ?,? ?[A-La-l]){0,3}|[1-4]( ?,? ?[1-4]){0,3})$`)
	taxShape     = regexp.MustCompile(`^\d\d-?\d{7}$|^\d{3}-?\d\d-?\d{4}$`)
	cptShape     = regexp.MustCompile(`^([0-9]{5}|[0-9]{4}[A-Z]|[A-Z][0-9]{4})$`)
	modsShape    = regexp.MustCompile(`^[A-Z0-9]{2}( [A-Z0-9]{2}){0,3}$`)
	hcpcsShape   = regexp.MustCompile(`^([0-9A-Z]{5}( [A-Z0-9]{2}){0,4}|[\d,]+\.\d\d)$`)
	modShape     = regexp.MustCompile(`^[A-Z0-9]{2}$`)
)

func shaped(raw string, shape *regexp.Regexp, why string) value.Reading {
	r := value.Reading{Value: strings.Join(strings.Fields(raw), " "), OK: true}
	if !shape.MatchString(r.Value) {
		r.Reasons = []string{why}
	}
	return r
}

var (
	digits  = regexp.MustCompile(`\d+`)
	notDate = regexp.MustCompile(`[^\d\s|!/.\-:¦]`)
	partsOK = regexp.MustCompile(`^\d{1,2}/\d{1,2}/(\d{2}|\d{4})$`)
)

// dateText joins the three columns of a date box to month/day/year; "" where the box holds
// anything else, since a date with a part missing is not one of these boxes.
func dateText(raw string) string {
	if notDate.MatchString(raw) {
		return ""
	}
	g := digits.FindAllString(raw, -1)
	if len(g) == 1 && (len(g[0]) == 6 || len(g[0]) == 8) {
		g = []string{g[0][:2], g[0][2:4], g[0][4:]}
	}
	if len(g) == 3 && len(g[0]) == 4 { // year first
		g = []string{g[1], g[2], g[0]}
	}
	if s := strings.Join(g, "/"); partsOK.MatchString(s) {
		return s
	}
	return ""
}

var dollarsCents = regexp.MustCompile(`^\$?\s*(\d[\d,]*)\s*[|!\\¦.]?\s*(\d\d)\s*[|!\\¦]?$`)

// moneyText joins the dollar and the cent column. Without a second column or point the text
// is left to the parser of amounts.
func moneyText(raw string) string {
	raw = strings.TrimSpace(raw)
	if rest, ok := strings.CutPrefix(strings.ToLower(raw), "s "); ok {
		raw = rest // the printed sign of the currency
	}
	if m := dollarsCents.FindStringSubmatch(raw); m != nil && strings.ContainsAny(raw, " |!\\¦.") {
		return m[1] + "." + m[2]
	}
	return raw
}

// textDoubt leaves out that words run over the border: the words of box 24D may.
func textDoubt(why []string) []string {
	return slices.DeleteFunc(slices.Clone(why), func(w string) bool { return w == overBorder })
}

// procedures reads box 24D: a code, up to four modifiers, and on old forms words behind a
// stroke. A cell named 24D.mod holds modifiers alone.
func procedures(b box, tokens []sheet.Token, why []string) []record.Field {
	var code, mods, words []sheet.Token
	for _, t := range tokens {
		text := strings.Trim(strings.ToUpper(t.Text), "|!")
		head, _, cut := strings.Cut(t.Text, "/")
		switch {
		case len(code) == 0 && cut && cptShape.MatchString(strings.ToUpper(head)):
			n := len([]rune(head))
			code = append(code, t.Sub(0, n))
			if rest := len([]rune(t.Text)); rest > n+1 {
				words = append(words, t.Sub(n+1, rest))
			}
		case len(code) == 0:
			code = append(code, t)
		case len(words) == 0 && modShape.MatchString(text):
			mods = append(mods, t)
		default:
			words = append(words, t)
		}
	}
	var out []record.Field
	f := finding("24D.code", "code", code, value.Hint{}, why)
	if f.Value != nil && !cptShape.MatchString(strings.ToUpper(*f.Value)) {
		f = finding("24D.code", "code", code, value.Hint{}, append(slices.Clone(why), "not in the form of a procedure code"))
		why = append(slices.Clone(why), "the code beside it is in doubt")
	}
	out = append(out, f)
	if len(mods) > 0 {
		out = append(out, finding("24D.mod", "code", mods, value.Hint{}, why))
	}
	if len(words) > 0 {
		out = append(out, finding("24D.text", "text", words, value.Hint{}, textDoubt(why)))
	}
	return out
}
