package validate

import (
	"regexp"
	"slices"
	"strings"

	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/fhirpath"
)

// value is value[x] or answer[x] with its type.
type value struct {
	node *fhir.Node
	typ  string // boolean, Coding ...; empty where there is none
	at   path
}

// answerOf reads the value of an answer, an option, a condition or an initial value.
func answerOf(n *fhir.Node, at path) value {
	for _, m := range n.Members() {
		for _, prefix := range []string{"value", "answer"} {
			suffix, ok := strings.CutPrefix(m.Name, prefix)
			if !ok || suffix == "" {
				continue
			}
			e := definition.R4().Type("Extension").Element("value")
			if t := e.ChoiceType(suffix); t != nil {
				return value{m.Value, t.Name, at.child("value") + ".ofType(" + path(t.Name) + ")"}
			}
		}
	}
	return value{}
}

func (v value) same(w value) bool {
	if v.typ == "Coding" {
		return w.typ == "Coding" && v.node.Str("code") == w.node.Str("code") && v.node.Str("system") == w.node.Str("system")
	}
	if v.typ == "Reference" {
		return w.typ == "Reference" && v.node.Str("reference") == w.node.Str("reference")
	}
	if sign, ok := v.compare(w); ok && v.typ != "string" {
		return sign == 0
	}
	return v.typ == w.typ && v.node.Text() == w.node.Text()
}

func (v value) compare(w value) (int, bool) {
	switch v.typ {
	case "integer", "decimal":
		if w.typ == "integer" || w.typ == "decimal" {
			return compareNumbers(v.node.Text(), w.node.Text())
		}
	case "date", "dateTime", "time":
		if w.typ == "date" || w.typ == "dateTime" || w.typ == v.typ {
			return compareTimes(v.node.Text(), w.node.Text(), v.typ == "time")
		}
	case "Quantity":
		if w.typ == "Quantity" {
			return compareQuantities(v.node, w.node)
		}
	case "string":
		return strings.Compare(v.node.Text(), w.node.Text()), w.typ == "string"
	}
	return 0, false
}

// answerTypes are the types that an answer to a question of a type may have
// (http://hl7.org/fhir/R4/valueset-item-type.html).
var answerTypes = map[string][]string{
	"boolean": {"boolean"}, "decimal": {"decimal"}, "integer": {"integer"}, "date": {"date"}, "dateTime": {"dateTime"},
	"time": {"time"}, "string": {"string"}, "text": {"string"}, "url": {"uri"}, "attachment": {"Attachment"},
	"reference": {"Reference"}, "quantity": {"Quantity"}, "open-choice": {"Coding", "string", "date", "time", "integer", "Reference"},
	"choice": {"Coding", "string", "date", "time", "integer", "Reference"},
}

// answer checks one answer; exclusive says that it is an option that excludes all others.
func (f *form) answer(v value, q *fhir.Node) (exclusive bool) {
	allowed := answerTypes[q.Str("type")]
	if !slices.Contains(allowed, v.typ) {
		f.error("invariant", v.at, "the answer is not of the type that the question asks for")
		return false
	}
	f.bounds(v, q)
	f.text(v, q)
	switch v.typ {
	case "Attachment":
		f.attached(v, q)
	case "Quantity":
		f.unit(v, q)
	case "Reference":
		f.referable(v, q)
	}
	exclusive = f.option(v, q)
	f.listed(v, q)
	return exclusive
}

// option checks an answer against the answerOptions.
func (f *form) option(v value, q *fhir.Node) (exclusive bool) {
	options := q.Get("answerOption").Items()
	if len(options) == 0 || q.Str("type") == "open-choice" && v.typ == "string" {
		return false
	}
	for _, o := range options {
		if v.same(answerOf(o, "")) {
			return extensionOf(o, structureDefinition+"questionnaire-optionExclusive").Get("valueBoolean").True()
		}
	}
	f.error("invariant", v.at, "the answer is none of the options")
	return false
}

// listed checks a coded answer against answerValueSet.
func (f *form) listed(v value, q *fhir.Node) {
	set := q.Str("answerValueSet")
	if set == "" {
		return
	}
	in := unknown
	switch {
	case v.typ == "Coding":
		in = f.inAnswerSet(set, v.node.Str("system"), v.node.Str("code"))
	case q.Str("type") != "open-choice" && v.typ == "string":
		in = f.inAnswerSet(set, "", v.node.Text())
	}
	if s := f.library.system(v.node.Str("system")); in == yes && s != nil {
		if c := s.concept(v.node.Str("code")); c != nil && v.node.Str("display") != "" && !c.called(v.node.Str("display")) {
			f.error("code-invalid", v.at.child("display"), "what the person saw is not what the code means")
		}
	}
	if in == no {
		f.error("code-invalid", v.at, "the answer is not in the value set of the question")
	}
}

// inAnswerSet asks a value set, which may be contained in the questionnaire.
func (f *form) inAnswerSet(set, system, code string) verdict {
	id, local := strings.CutPrefix(set, "#")
	if !local {
		return f.library.member(set, system, code)
	}
	for _, c := range f.questionnaire.Get("contained").Items() {
		if c.ID() == id && c.Type() == "ValueSet" {
			s := f.library.makeSet(c)
			if s.open {
				return unknown
			}
			return f.library.within(s, &inquiry{system: system, code: code})
		}
	}
	return unknown
}

// bounds checks the least and greatest allowed value.
func (f *form) bounds(v value, q *fhir.Node) {
	for name, side := range map[string]int{"minValue": -1, "maxValue": 1} {
		limit := answerOf(extensionOf(q, structureDefinition+name), "")
		if limit.typ == "" {
			limit = answerOf(extensionOf(q, sdc+map[int]string{-1: "minQuantity", 1: "maxQuantity"}[side]), "")
		}
		if limit.typ == "" {
			continue
		}
		sign, ok := v.compare(limit)
		switch {
		case v.typ == "Quantity" && (!ok || v.node.Str("code") == ""):
			f.error("invariant", v.at, "the quantity cannot be compared with the limit of the question")
		case ok && sign == side:
			f.error("invariant", v.at, map[int]string{-1: "the answer is less than the least allowed", 1: "the answer is greater than the greatest allowed"}[side])
		}
	}
	if v.typ != "decimal" {
		return
	}
	if n, ok := number(extensionOf(q, structureDefinition+"maxDecimalPlaces").Str("valueInteger")); ok {
		if _, digits, _ := strings.Cut(v.node.Text(), "."); len(digits) > n {
			f.error("invariant", v.at, "the answer has too many decimal places")
		}
	}
}

// sdc is where the guide Structured Data Capture has its extensions.
const sdc = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"

// text checks length and format of a text.
func (f *form) text(v value, q *fhir.Node) {
	if v.typ != "string" && v.typ != "uri" {
		return
	}
	length := len([]rune(v.node.Text()))
	if n, ok := number(q.Str("maxLength")); ok && length > n {
		f.error("invariant", v.at, "the answer is longer than the question allows")
	}
	if n, ok := number(extensionOf(q, structureDefinition+"minLength").Str("valueInteger")); ok && length < n {
		f.error("invariant", v.at, "the answer is shorter than the question allows")
	}
	if source := extensionOf(q, structureDefinition+"regex").Str("valueString"); source != "" && len(source) < 2000 {
		if re, err := regexp.Compile(`\A(?:` + source + `)\z`); err == nil && !re.MatchString(v.node.Text()) {
			f.error("invariant", v.at, "the answer does not have the format that the question asks for")
		}
	}
}

// attached checks the kind and size of an attachment.
func (f *form) attached(v value, q *fhir.Node) {
	var kinds []string
	for _, x := range q.Get("extension").Items() {
		if x.Str("url") == structureDefinition+"mimeType" {
			kinds = append(kinds, x.Str("valueCode"))
		}
	}
	if len(kinds) > 0 && !slices.Contains(kinds, v.node.Str("contentType")) {
		f.error("required", v.at, "the attachment has a media type that the question does not allow")
	}
	limit := extensionOf(q, structureDefinition+"maxSize").Str("valueDecimal")
	if limit == "" {
		return
	}
	size := fhir.NewInt(decodedLen(v.node.Str("data"))).Text()
	if v.node.Get("data") == nil {
		size = v.node.Str("size")
	}
	if sign, ok := compareNumbers(size, limit); ok && sign > 0 {
		f.error("required", v.at, "the attachment is larger than the question allows")
	}
}

// unit checks the unit of a quantity against the units that a question offers.
func (f *form) unit(v value, q *fhir.Node) {
	var options []*fhir.Node
	for _, x := range q.Get("extension").Items() {
		if x.Str("url") == structureDefinition+"questionnaire-unitOption" {
			options = append(options, x.Get("valueCoding"))
		}
	}
	system, code := v.node.Str("system"), v.node.Str("code")
	if len(options) > 0 && !slices.ContainsFunc(options, func(o *fhir.Node) bool { return o.Str("system") == system && o.Str("code") == code }) {
		f.error("invariant", v.at, "the unit is none of those that the question offers")
	}
	if set := extensionOf(q, structureDefinition+"questionnaire-unitValueSet").Str("valueCanonical"); set != "" && f.library.member(set, system, code) == no {
		f.error("invariant", v.at, "the unit is not in the value set of the question")
	}
}

// referable checks the type of what an answer refers to.
func (f *form) referable(v value, q *fhir.Node) {
	var types []string
	for _, x := range q.Get("extension").Items() {
		if x.Str("url") == structureDefinition+"questionnaire-referenceResource" {
			types = append(types, x.Str("valueCode"))
		}
	}
	parts := strings.Split(v.node.Str("reference"), "/")
	if len(types) == 0 || len(parts) < 2 || strings.HasPrefix(parts[0], "urn:") {
		return
	}
	typ, _, ok := fhirpath.SplitReference(v.node.Str("reference"))
	if !ok || !slices.Contains(types, typ) {
		f.error("invariant", v.at, "the question does not allow references to this type of resource")
	}
}
