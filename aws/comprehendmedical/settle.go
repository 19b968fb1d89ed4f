package comprehendmedical

import (
	"regexp"
	"strings"

	"chartlake/clinical"
	"chartlake/record"
)

// acceptScore is the score from which a mention is accepted without a person, as of our own engine.
const acceptScore = 0.8

// settle joins what the service says with what our own engine asserts.
func (a *Annotator) settle(text string, runes []rune, all []mention) []record.Entity {
	at := make([]clinical.Span, len(all))
	for i, m := range all {
		at[i] = clinical.Span{Begin: m.begin, End: m.end, Type: m.typ}
	}
	out := make([]record.Entity, 0, len(all))
	for i, own := range a.engine.Assert(text, at) {
		m := &all[i]
		if own.Experiencer == "" { // no word of ours stands there
			own = record.Entity{Experiencer: "patient"}
		}
		e := m.entity(own)
		e.Text = strings.ReplaceAll(string(runes[m.begin:m.end]), "\n", " ")
		out = append(out, e)
	}
	denied(out)
	return out
}

// valueRE is a value with the sign before it.
var valueRE = regexp.MustCompile(`^([<>≤≥])\s*(.+)$`)

// entity is the mention under the more careful assertion of both engines.
func (m *mention) entity(own record.Entity) record.Entity {
	e := own
	e.Begin, e.End, e.Type, e.Confidence, e.Codes, e.Rule = m.begin, m.end, m.typ, m.score, m.codes, "comprehendmedical"
	e.State, e.Reasons = record.Accepted, nil
	doubt := func(reason string) { e.State, e.Reasons = record.Review, append(e.Reasons, reason) }
	if m.score < acceptScore {
		doubt("the words are not sure to mean this")
	}
	if m.traits["NEGATION"] != own.Negated {
		e.Negated = true
		doubt("the engines differ on whether this is denied")
	}
	family := own.Experiencer != "patient"
	if m.traits["PERTAINS_TO_FAMILY"] != family {
		if !family {
			e.Experiencer = "family"
		}
		doubt("the engines differ on whose this is")
	}
	e.Hypothetical = own.Hypothetical || m.traits["HYPOTHETICAL"] || m.traits["FUTURE"]
	e.Uncertain = own.Uncertain || m.traits["LOW_CONFIDENCE"]
	e.Historical = own.Historical || m.traits["PAST_HISTORY"]
	if len(m.attributes) > 0 {
		e.Attributes = map[string]string{}
		for k, v := range own.Attributes {
			e.Attributes[k] = v
		}
		for k, v := range m.attributes {
			e.Attributes[k] = v
		}
		if f := valueRE.FindStringSubmatch(e.Attributes["value"]); f != nil {
			e.Attributes["comparator"], e.Attributes["value"] = f[1], f[2]
		}
	}
	return e
}

// denied sends a problem to a person that the text both affirms and denies of the patient.
func denied(all []record.Entity) {
	key := func(e *record.Entity) string {
		if len(e.Codes) > 0 {
			return e.Codes[0].Code
		}
		return strings.ToLower(e.Text)
	}
	no := map[string]bool{}
	for i := range all {
		if e := &all[i]; e.Negated && e.Experiencer == "patient" {
			no[key(e)] = true
		}
	}
	for i := range all {
		if e := &all[i]; e.Type == record.Problem && !e.Negated && !e.Hypothetical && e.Experiencer == "patient" && no[key(e)] {
			e.State, e.Reasons = record.Review, append(e.Reasons, "affirmed here and denied elsewhere in the document")
		}
	}
}
