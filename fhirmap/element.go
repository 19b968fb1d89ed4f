package fhirmap

import (
	"strconv"
	"strings"

	"chartlake/fhir"
)

func itoa(i int) string { return strconv.Itoa(i) }

// nonEmpty gives nil for an object without members, since FHIR has no empty elements.
func nonEmpty(n *fhir.Node) *fhir.Node {
	if n == nil || len(n.Members()) == 0 {
		return nil
	}
	return n
}

func nonEmptyArray(items []*fhir.Node) *fhir.Node {
	if len(items) == 0 {
		return nil
	}
	return fhir.NewArray(items...)
}

func stringArray(words []string) *fhir.Node {
	var items []*fhir.Node
	for _, w := range words {
		if w != "" {
			items = append(items, fhir.NewString(w))
		}
	}
	return nonEmptyArray(items)
}

func joinWords(words ...string) string {
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

func givenNames(first, middle string) *fhir.Node {
	return stringArray(append(strings.Fields(first), strings.Fields(middle)...))
}

func lines(s string) *fhir.Node {
	if s == "" {
		return nil
	}
	return stringArray(strings.Split(s, "\n"))
}

func telecom(system, v string) []*fhir.Node {
	if v == "" {
		return nil
	}
	return []*fhir.Node{fhir.NewObject("system", system, "value", v)}
}

// money is a FHIR Money in US dollars from "1234.50"; nil for anything else.
func money(v string) *fhir.Node {
	if !isDecimal(v) {
		return nil
	}
	return fhir.NewObject("value", fhir.NewNumber(v), "currency", "USD")
}

// isDecimal reports whether v is a JSON number literal without exponent, so that printed
// digits can be kept ("4.20" stays 4.20).
func isDecimal(v string) bool {
	s := strings.TrimPrefix(v, "-")
	whole, frac, dot := strings.Cut(s, ".")
	if whole == "" || len(whole) > 1 && whole[0] == '0' || dot && frac == "" {
		return false
	}
	for _, r := range whole + frac {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// isDateTime reports whether v is a FHIR date or a dateTime with minutes and zone; a time
// without zone is not one (dateTime, R4 datatypes), and is cut to its date by dateTime.
func isDate(v string) bool {
	layout := "0000-00-00"
	if len(v) != 4 && len(v) != 7 && len(v) != 10 {
		return false
	}
	for i := 0; i < len(v); i++ {
		if layout[i] == '-' && v[i] != '-' || layout[i] == '0' && (v[i] < '0' || v[i] > '9') {
			return false
		}
	}
	return true
}

// dateTime gives what may stand in a dateTime element: the date of a value whose time has no zone.
func dateTime(v string) string {
	if len(v) > 16 && v[10] == 'T' && isDate(v[:10]) && (strings.HasSuffix(v, "Z") || strings.ContainsAny(v[16:], "+-")) {
		return v
	}
	if d := dateOnly(v); isDate(d) {
		return d
	}
	return ""
}
