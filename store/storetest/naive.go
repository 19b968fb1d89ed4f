package storetest

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// The oracle's own reading of R4's search parameters: paths with the type of what is there.
// It shares no code with search or the store.
type naiveParam struct {
	code, kind string
	paths      string   // "path:Type path:Type"
	targets    []string // reference
	parts      []naivePart
}

// naivePart is one part of a composite, relative to the elements of the composite's paths.
type naivePart struct{ kind, paths string }

var (
	codeAndQuantity = []naivePart{{"token", "code:CodeableConcept"}, {"quantity", "valueQuantity:Quantity"}}
	toPatient       = []string{"Patient"}
	everywhere      = []naiveParam{{"_tag", "token", "meta.tag:Coding", nil, nil}, {"_profile", "uri", "meta.profile:uri", nil, nil}}
)

var naiveParams = map[string][]naiveParam{
	"Patient": {
		{"identifier", "token", "identifier:Identifier", nil, nil}, {"family", "string", "name.family:string", nil, nil}, {"name", "string", "name:HumanName", nil, nil},
		{"gender", "token", "gender:code", nil, nil}, {"birthdate", "date", "birthDate:date", nil, nil}, {"active", "token", "active:code", nil, nil},
		{"telecom", "token", "telecom.value:code", nil, nil}, {"deceased", "token", ":deceased", nil, nil},
		{"death-date", "date", "deceasedDateTime:dateTime", nil, nil}, {"address", "string", "address:Address", nil, nil}, {"address-city", "string", "address.city:string", nil, nil},
		{"organization", "reference", "managingOrganization:Reference", []string{"Organization"}, nil},
		{"general-practitioner", "reference", "generalPractitioner:Reference", []string{"Practitioner", "Organization"}, nil},
		{"link", "reference", "link.other:Reference", []string{"Patient", "RelatedPerson"}, nil},
	},
	"Practitioner": {
		{"identifier", "token", "identifier:Identifier", nil, nil}, {"family", "string", "name.family:string", nil, nil}, {"name", "string", "name:HumanName", nil, nil},
		{"gender", "token", "gender:code", nil, nil},
	},
	"Organization": {
		{"identifier", "token", "identifier:Identifier", nil, nil}, {"name", "string", "name:string alias:string", nil, nil},
		{"partof", "reference", "partOf:Reference", []string{"Organization"}, nil},
	},
	"Location": {
		{"identifier", "token", "identifier:Identifier", nil, nil}, {"name", "string", "name:string alias:string", nil, nil}, {"status", "token", "status:code", nil, nil},
		{"partof", "reference", "partOf:Reference", []string{"Location"}, nil}, {"organization", "reference", "managingOrganization:Reference", []string{"Organization"}, nil},
	},
	"Encounter": {
		{"identifier", "token", "identifier:Identifier", nil, nil}, {"status", "token", "status:code", nil, nil}, {"class", "token", "class:Coding", nil, nil},
		{"date", "date", "period:Period", nil, nil}, {"location-period", "date", "location.period:Period", nil, nil}, {"length", "quantity", "length:Quantity", nil, nil},
		{"subject", "reference", "subject:Reference", []string{"Group", "Patient"}, nil}, {"patient", "reference", "subject:Patient", toPatient, nil},
		{"part-of", "reference", "partOf:Reference", []string{"Encounter"}, nil}, {"service-provider", "reference", "serviceProvider:Reference", []string{"Organization"}, nil},
		{"location", "reference", "location.location:Reference", []string{"Location"}, nil},
		{"participant", "reference", "participant.individual:Reference", []string{"Practitioner", "PractitionerRole", "RelatedPerson"}, nil},
	},
	"Observation": {
		{"identifier", "token", "identifier:Identifier", nil, nil}, {"status", "token", "status:code", nil, nil}, {"code", "token", "code:CodeableConcept", nil, nil},
		{"category", "token", "category:CodeableConcept", nil, nil}, {"combo-code", "token", "code:CodeableConcept component.code:CodeableConcept", nil, nil},
		{"date", "date", "effectiveDateTime:dateTime effectivePeriod:Period", nil, nil}, {"value-date", "date", "valueDateTime:dateTime", nil, nil},
		{"value-quantity", "quantity", "valueQuantity:Quantity", nil, nil}, {"component-value-quantity", "quantity", "component.valueQuantity:Quantity", nil, nil},
		{"combo-value-quantity", "quantity", "valueQuantity:Quantity component.valueQuantity:Quantity", nil, nil},
		{"value-string", "string", "valueString:string valueCodeableConcept.text:string", nil, nil}, {"value-concept", "token", "valueCodeableConcept:CodeableConcept", nil, nil},
		{"subject", "reference", "subject:Reference", []string{"Group", "Device", "Patient", "Location"}, nil}, {"patient", "reference", "subject:Patient", toPatient, nil},
		{"encounter", "reference", "encounter:Reference", []string{"Encounter", "EpisodeOfCare"}, nil},
		{"performer", "reference", "performer:Reference", []string{"Practitioner", "Organization", "CareTeam", "Patient", "PractitionerRole", "RelatedPerson"}, nil},
		{"has-member", "reference", "hasMember:Reference", []string{"Observation", "MolecularSequence", "QuestionnaireResponse"}, nil},
		{"code-value-quantity", "composite", "", nil, codeAndQuantity},
		{"component-code-value-quantity", "composite", "component", nil, codeAndQuantity},
		{"combo-code-value-quantity", "composite", " component", nil, codeAndQuantity},
		{"code-value-concept", "composite", "", nil, []naivePart{{"token", "code:CodeableConcept"}, {"token", "valueCodeableConcept:CodeableConcept"}}},
		{"code-value-string", "composite", "", nil, []naivePart{{"token", "code:CodeableConcept"}, {"string", "valueString:string"}}},
		{"code-value-date", "composite", "", nil, []naivePart{{"token", "code:CodeableConcept"}, {"date", "valueDateTime:dateTime"}}},
	},
	"Condition": {
		{"identifier", "token", "identifier:Identifier", nil, nil}, {"code", "token", "code:CodeableConcept", nil, nil},
		{"recorded-date", "date", "recordedDate:dateTime", nil, nil}, {"onset-date", "date", "onsetDateTime:dateTime onsetPeriod:Period", nil, nil},
		{"onset-age", "quantity", "onsetAge:Quantity onsetRange:Range", nil, nil},
		{"subject", "reference", "subject:Reference", []string{"Group", "Patient"}, nil}, {"patient", "reference", "subject:Patient", toPatient, nil},
		{"asserter", "reference", "asserter:Reference", []string{"Practitioner", "Patient", "PractitionerRole", "RelatedPerson"}, nil},
		{"encounter", "reference", "encounter:Reference", []string{"Encounter"}, nil},
	},
	"DiagnosticReport": {
		{"identifier", "token", "identifier:Identifier", nil, nil}, {"status", "token", "status:code", nil, nil}, {"issued", "date", "issued:dateTime", nil, nil},
		{"subject", "reference", "subject:Reference", []string{"Group", "Device", "Patient", "Location"}, nil}, {"patient", "reference", "subject:Patient", toPatient, nil},
		{"result", "reference", "result:Reference", []string{"Observation"}, nil},
		{"performer", "reference", "performer:Reference", []string{"Practitioner", "Organization", "CareTeam", "PractitionerRole"}, nil},
	},
	"RiskAssessment": {
		{"identifier", "token", "identifier:Identifier", nil, nil}, {"date", "date", "occurrenceDateTime:dateTime", nil, nil},
		{"probability", "number", "prediction.probabilityDecimal:decimal", nil, nil},
		{"subject", "reference", "subject:Reference", []string{"Group", "Patient"}, nil}, {"patient", "reference", "subject:Patient", toPatient, nil},
		{"condition", "reference", "condition:Reference", []string{"Condition"}, nil},
	},
	"ValueSet": {
		{"identifier", "token", "identifier:Identifier", nil, nil}, {"url", "uri", "url:uri", nil, nil}, {"name", "string", "name:string", nil, nil}, {"date", "date", "date:dateTime", nil, nil},
	},
	"QuestionnaireResponse": {
		{"subject", "reference", "subject:Reference", toPatient, nil}, {"patient", "reference", "subject:Patient", toPatient, nil},
		{"author", "reference", "author:Reference", []string{"Practitioner", "Organization", "Device", "Patient", "PractitionerRole", "RelatedPerson"}, nil},
		{"questionnaire", "reference", "questionnaire:canonical", []string{"Questionnaire"}, nil},
	},
}

// inCompartment are the parameters that put a resource into a patient's compartment.
var inCompartment = map[string][]string{"Patient": {"link"}, "Encounter": {"patient"}, "Observation": {"subject", "performer"}, "Condition": {"patient", "asserter"},
	"DiagnosticReport": {"subject"}, "RiskAssessment": {"subject"}, "QuestionnaireResponse": {"subject", "author"}}

func paramOf(typ, code string) *naiveParam {
	for _, list := range [][]naiveParam{naiveParams[typ], everywhere} {
		for i := range list {
			if list[i].code == code {
				return &list[i]
			}
		}
	}
	return nil
}

// element is what stands at a path, with its type.
type element struct {
	typ string
	v   any
}

func elements(root map[string]any, paths string) (list []element) {
	for path := range strings.SplitSeq(paths, " ") {
		where, typ, _ := strings.Cut(path, ":")
		at := []any{root}
		for name := range strings.SplitSeq(where, ".") {
			if name == "" {
				continue
			}
			var next []any
			for _, v := range at {
				m, _ := v.(map[string]any)
				switch child := m[name].(type) {
				case nil:
				case []any:
					next = append(next, child...)
				default:
					next = append(next, child)
				}
			}
			at = next
		}
		for _, v := range at {
			list = append(list, element{typ, v})
		}
	}
	return list
}

func textAt(v any, name string) string {
	m, _ := v.(map[string]any)
	switch s := m[name].(type) {
	case string:
		return s
	case json.Number:
		return string(s)
	}
	return ""
}

// naiveToken is a code with the texts that it is shown by and the types of an identifier.
type naiveToken struct {
	system, code string
	types        [][2]string
}

func tokensIn(list []element) (out []naiveToken, labels []string) {
	codings := func(concept any) (list [][2]string) {
		labels = append(labels, textAt(concept, "text"))
		m, _ := concept.(map[string]any)
		codings, _ := m["coding"].([]any)
		for _, c := range codings {
			labels = append(labels, textAt(c, "display"))
			list = append(list, [2]string{textAt(c, "system"), textAt(c, "code")})
		}
		return list
	}
	for _, e := range list {
		switch e.typ {
		case "CodeableConcept":
			for _, c := range codings(e.v) {
				out = append(out, naiveToken{c[0], c[1], nil})
			}
		case "Coding":
			labels = append(labels, textAt(e.v, "display"))
			out = append(out, naiveToken{textAt(e.v, "system"), textAt(e.v, "code"), nil})
		case "Identifier":
			m, _ := e.v.(map[string]any)
			out = append(out, naiveToken{textAt(e.v, "system"), textAt(e.v, "value"), codings(m["type"])})
		case "deceased":
			m, _ := e.v.(map[string]any)
			out = append(out, naiveToken{"", fmt.Sprint(m["deceasedBoolean"] == true || m["deceasedDateTime"] != nil), nil})
		default:
			out = append(out, naiveToken{"", fmt.Sprint(e.v), nil})
		}
	}
	return slices.DeleteFunc(out, func(t naiveToken) bool { return t.system == "" && t.code == "" }), labels
}

// sameCode compares codes without regard to case, but for UCUM.
func sameCode(system, have, want string) bool {
	if system == ucumURL {
		return have == want
	}
	return strings.EqualFold(have, want)
}

func stringsIn(list []element) (out []string) {
	for _, e := range list {
		parts := map[string][]string{"HumanName": {"text", "family", "given", "prefix", "suffix"},
			"Address": {"text", "line", "city", "district", "state", "postalCode", "country"}}[e.typ]
		if parts != nil {
			m, _ := e.v.(map[string]any)
			for _, name := range parts {
				for _, s := range elements(m, name+":string") {
					out = append(out, fmt.Sprint(s.v))
				}
			}
			continue
		}
		out = append(out, fmt.Sprint(e.v))
	}
	return out
}

var folding = strings.NewReplacer("ü", "u", "å", "a", "ä", "a", "ö", "o", "ß", "ss")

func fold(s string) string { return folding.Replace(strings.ToLower(s)) }

// The years 1 and 10000 are the ends of time.
var (
	beginning = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	end       = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
)

// span is the oracle's own reading of dates, by the standard library's layouts.
func span(s string) (lo, hi int64, ok bool) {
	for _, l := range []struct {
		layout      string
		y, m, d, ms int
	}{{"2006", 1, 0, 0, 0}, {"2006-01", 0, 1, 0, 0}, {"2006-01-02", 0, 0, 1, 0}, {"2006-01-02T15:04:05.000Z07:00", 0, 0, 0, 1}, {"2006-01-02T15:04:05Z07:00", 0, 0, 0, 1000}} {
		if strings.Contains(l.layout, ".") != strings.Contains(s, ".") {
			continue
		}
		if t, err := time.Parse(l.layout, s); err == nil {
			return t.UnixMilli(), t.AddDate(l.y, l.m, l.d).UnixMilli() + int64(l.ms), true
		}
	}
	return 0, 0, false
}

func spansIn(list []element) (out [][2]int64) {
	for _, e := range list {
		if e.typ != "Period" {
			if lo, hi, ok := span(fmt.Sprint(e.v)); ok {
				out = append(out, [2]int64{lo, hi})
			}
			continue
		}
		lo, _, ok1 := span(textAt(e.v, "start"))
		_, hi, ok2 := span(textAt(e.v, "end"))
		if !ok1 {
			lo = beginning
		}
		if !ok2 {
			hi = end
		}
		if (ok1 || ok2) && lo < hi {
			out = append(out, [2]int64{lo, hi})
		}
	}
	return out
}

// fixedNow is the time of every query, for ap.
var fixedNow = time.Date(2021, 6, 1, 12, 0, 0, 0, time.UTC)

// dateMatches follows the table of R4 3.1.1.4.2.
func dateMatches(prefix, value string, lo, hi int64) bool {
	a, b, _ := span(value)
	inside := a <= lo && hi <= b
	switch prefix {
	case "ne":
		return !inside
	case "gt":
		return hi > b
	case "lt":
		return lo < a
	case "ge":
		return hi > b || inside
	case "le":
		return lo < a || inside
	case "sa":
		return lo >= b
	case "eb":
		return hi <= a
	case "ap":
		gap := max(fixedNow.UnixMilli()-a, a-fixedNow.UnixMilli()) / 10
		return lo < b+gap && hi > a-gap
	}
	return inside
}

// naiveUnit is a unit of UCUM by what it is in the base unit of its dimension: x*factor + offset.
type naiveUnit struct{ dimension, factor, offset string }

var ucumUnits = map[string]naiveUnit{
	"mg/dL": {"g/L", "1/100", "0"}, "mg/L": {"g/L", "1/1000", "0"}, "g/L": {"g/L", "1", "0"}, "ug/mL": {"g/L", "1/1000", "0"},
	"kg": {"g", "1000", "0"}, "g": {"g", "1", "0"}, "mg": {"g", "1/1000", "0"}, "K": {"K", "1", "0"}, "Cel": {"K", "1", "27315/100"}, "[degF]": {"K", "5/9", "45967/180"},
	"s": {"s", "1", "0"}, "min": {"s", "60", "0"}, "h": {"s", "3600", "0"}, "%": {"1", "1/100", "0"}, "1": {"1", "1", "0"},
}

var ucumCodes = []string{"mg/dL", "mg/L", "g/L", "ug/mL", "kg", "g", "mg", "K", "Cel", "[degF]", "s", "min", "h", "%", "1"}

func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic("the oracle has a number that is none: " + s)
	}
	return r
}

func (u naiveUnit) base(x *big.Rat) *big.Rat {
	return new(big.Rat).Add(new(big.Rat).Mul(x, rat(u.factor)), rat(u.offset))
}

// measure is a number or a range (nil: open) with its unit.
type measure struct {
	lo, hi             *big.Rat
	system, code, text string
}

func measuresIn(list []element) (out []measure) {
	for _, e := range list {
		m := measure{}
		switch e.typ {
		case "decimal":
			m.lo = rat(fmt.Sprint(e.v))
			m.hi = m.lo
		case "Range":
			r := e.v.(map[string]any)
			low, high := r["low"], r["high"]
			m.lo, m.hi, m.system, m.code, m.text = rat(textAt(low, "value")), rat(textAt(high, "value")), textAt(low, "system"), textAt(low, "code"), textAt(low, "unit")
			if m.lo.Cmp(m.hi) > 0 {
				continue
			}
		default:
			m = measure{rat(textAt(e.v, "value")), rat(textAt(e.v, "value")), textAt(e.v, "system"), textAt(e.v, "code"), textAt(e.v, "unit")}
			switch textAt(e.v, "comparator") {
			case "<", "<=":
				m.lo = nil
			case ">", ">=":
				m.hi = nil
			}
		}
		out = append(out, m)
	}
	return out
}

// numberMatches compares with a number as it is written: its last digit is its precision.
func numberMatches(prefix, text string, in func(*big.Rat) *big.Rat, m measure) bool {
	x := rat(text)
	mantissa, exponent, _ := strings.Cut(text, "e")
	e := 0
	fmt.Sscan(exponent, &e)
	if _, decimals, ok := strings.Cut(mantissa, "."); ok {
		e -= len(decimals)
	}
	half := rat(fmt.Sprintf("5e%d", e-1))
	if prefix == "ap" {
		half = new(big.Rat).Quo(new(big.Rat).Abs(x), rat("10"))
	}
	from, to, x := in(new(big.Rat).Sub(x, half)), in(new(big.Rat).Add(x, half)), in(x)
	// Open ends are below and above everything.
	lo := func(y *big.Rat) int {
		if m.lo == nil {
			return -1
		}
		return m.lo.Cmp(y)
	}
	hi := func(y *big.Rat) int {
		if m.hi == nil {
			return 1
		}
		return m.hi.Cmp(y)
	}
	inside := lo(from) >= 0 && hi(to) < 0
	switch prefix {
	case "ne":
		return !inside
	case "gt":
		return hi(x) > 0
	case "ge":
		return hi(x) >= 0
	case "lt":
		return lo(x) < 0
	case "le":
		return lo(x) <= 0
	case "sa":
		return lo(x) > 0
	case "eb":
		return hi(x) < 0
	case "ap":
		return hi(from) >= 0 && lo(to) <= 0
	}
	return inside
}

// quantityMatches compares where the units can be compared; system and code as asked for.
func quantityMatches(prefix, text, system, code string, m measure) bool {
	same := func(x *big.Rat) *big.Rat { return x }
	switch {
	case system == "" && code == "":
		return numberMatches(prefix, text, same, m)
	case system == "":
		return (m.code == code || m.text == code) && numberMatches(prefix, text, same, m)
	case m.system != system:
		return false
	case code == "" || m.code == code:
		return numberMatches(prefix, text, same, m)
	}
	from, to := ucumUnits[code], ucumUnits[m.code]
	if system != ucumURL || from.dimension == "" || from.dimension != to.dimension {
		return false
	}
	base := func(x *big.Rat) *big.Rat {
		if x == nil {
			return nil
		}
		return to.base(x)
	}
	return numberMatches(prefix, text, from.base, measure{lo: base(m.lo), hi: base(m.hi)})
}

// naiveRef is a reference in parts.
type naiveRef struct {
	typ, id, url, version string
	identifier            []naiveToken
}

func (r naiveRef) key() string { return r.typ + "/" + r.id }

func refsIn(list []element) (out []naiveRef) {
	for _, e := range list {
		if e.typ == "canonical" {
			url, version, _ := strings.Cut(fmt.Sprint(e.v), "|")
			out = append(out, naiveRef{url: url, version: version})
			continue
		}
		m := e.v.(map[string]any)
		r := naiveRef{}
		text := textAt(m, "reference")
		typ := textAt(m, "type")
		switch parts := strings.Split(text, "/"); {
		case strings.Contains(text, ":"):
			r.url, typ = text, parts[len(parts)-2]
		case text != "":
			r.typ, r.id, typ = parts[0], parts[1], parts[0]
		}
		if m["identifier"] != nil {
			r.identifier, _ = tokensIn([]element{{"Identifier", m["identifier"]}})
		}
		if (text != "" || r.identifier != nil) && (e.typ != "Patient" || typ == "Patient") {
			out = append(out, r)
		}
	}
	return out
}

// wordsOf are the words of a text, in small letters without accents.
func wordsOf(s string) []string {
	return strings.FieldsFunc(fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

var tags = regexp.MustCompile(`<[^>]*>`)

// narrative is the text between the tags.
func narrative(r *thing) string {
	text, _ := r.body["text"].(map[string]any)
	return tags.ReplaceAllString(textAt(text, "div"), " ")
}

// hierarchy is what a resource is part of, over all steps, with itself; or what is part of it.
func (w *world) hierarchy(key string, up bool) map[string]bool {
	out := map[string]bool{key: true}
	for before := 0; before < len(out); {
		before = len(out)
		for _, r := range w.things {
			for _, ref := range refsIn(elements(r.body, "partOf:Reference")) {
				if ref.typ != r.typ {
					continue
				}
				if up && out[r.key()] {
					out[ref.key()] = true
				}
				if !up && out[ref.key()] {
					out[r.key()] = true
				}
			}
		}
	}
	return out
}

// seenBy is what of the world an actor of these patients sees; nil: everything.
func (w *world) seenBy(patients []string) *world {
	if patients == nil {
		return w
	}
	var seen []*thing
	for _, r := range w.things {
		in := r.typ == "Patient" && slices.Contains(patients, r.id)
		for _, code := range inCompartment[r.typ] {
			for _, ref := range refsIn(elements(r.body, paramOf(r.typ, code).paths)) {
				in = in || ref.typ == "Patient" && slices.Contains(patients, ref.id)
			}
		}
		if in {
			seen = append(seen, r)
		}
	}
	return worldOf(seen)
}
