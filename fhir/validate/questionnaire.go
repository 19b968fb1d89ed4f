package validate

import (
	"slices"
	"strconv"
	"strings"

	"chartlake/fhir"
)

// response checks a QuestionnaireResponse against its Questionnaire, where that is contained,
// in the library, or given by Resolve
// (http://hl7.org/fhir/R4/questionnaireresponse.html#notes).
func (d *deep) response(it item) {
	canonical := it.node.Str("questionnaire")
	if canonical == "" {
		return
	}
	q := d.questionnaire(canonical, it.frame)
	if q == nil {
		d.report("information", "not-found", it.at.child("questionnaire"), "the questionnaire is not known here, so the answers are not checked against it")
		return
	}
	if q.Type() != "Questionnaire" {
		d.error("invalid", it.at.child("questionnaire"), "the canonical URL is that of another type of resource")
		return
	}
	f := &form{deep: d, frame: it.frame, questionnaire: q, response: it.node, known: map[string]*fhir.Node{}}
	f.index(q, 0)
	switch it.node.Str("status") {
	case "in-progress", "entered-in-error", "stopped":
		f.unfinished = true
	}
	f.items(it.node, q, it.at, it.at, 0)
}

func (d *deep) questionnaire(canonical string, f *frame) *fhir.Node {
	if strings.HasPrefix(canonical, "#") {
		n, _ := d.resolve(canonical, f)
		return n
	}
	if n := d.library.find("Questionnaire", canonical); n != nil {
		return n
	}
	if d.Resolve != nil {
		if n := d.Resolve(canonical); n != nil {
			return n
		}
	}
	for _, kind := range []string{"ValueSet", "CodeSystem", "StructureDefinition"} {
		if n := d.library.find(kind, canonical); n != nil {
			return n
		}
	}
	return nil
}

// form is one response under check.
type form struct {
	*deep
	frame                   *frame
	questionnaire, response *fhir.Node
	known                   map[string]*fhir.Node // the questionnaire's items by linkId
	unfinished              bool                  // missing answers are no errors yet
}

func (f *form) index(n *fhir.Node, depth int) {
	for _, q := range n.Get("item").Items() {
		f.known[q.Str("linkId")] = q
		if depth < fhir.MaxDepth {
			f.index(q, depth+1)
		}
	}
}

// items checks the items below a part of the response (the response itself, an item or an
// answer) against those below a part of the questionnaire. holder is where missing items are
// reported.
func (f *form) items(n, q *fhir.Node, at, holder path, depth int) {
	if depth > fhir.MaxDepth || !f.spend() {
		return
	}
	groups := map[string][]int{}
	latest := -1
	defined := q.Get("item").Items()
	for i, x := range n.Get("item").Items() {
		link := x.Str("linkId")
		order := slices.IndexFunc(defined, func(y *fhir.Node) bool { return y.Str("linkId") == link })
		where := at.child("item").item(i)
		switch {
		case order < 0 && f.known[link] == nil:
			f.error("not-found", where, "the questionnaire has no item of this linkId")
		case order < 0:
			f.error("structure", where, "the questionnaire has this item in another place")
		case order < latest:
			f.error("structure", where, "the items stand in another order than in the questionnaire")
		}
		if order >= 0 {
			latest = max(latest, order)
			groups[link] = append(groups[link], i)
		}
	}
	for _, y := range defined {
		f.question(n, y, groups[y.Str("linkId")], at, holder, depth)
	}
}

// question checks what the response has for one item of the questionnaire.
func (f *form) question(n, q *fhir.Node, at []int, parent, holder path, depth int) {
	typ := q.Str("type")
	enabled := f.enabled(q)
	if len(at) == 0 {
		if enabled && q.Get("required").True() && typ != "display" {
			f.missing(holder, "a required item of the questionnaire has no answer")
		}
		return
	}
	list := n.Get("item").Items()
	first := parent.child("item").item(at[0])
	if len(at) > 1 && (typ != "group" || !q.Get("repeats").True()) {
		f.error("invalid", first, "the item stands more than once")
	}
	for _, i := range at {
		x, where := list[i], parent.child("item").item(i)
		if !enabled && len(x.Get("answer").Items()) > 0 {
			f.error("invalid", where, "the item is answered although the questionnaire does not enable it")
		}
		switch typ {
		case "group", "display":
			if len(x.Get("answer").Items()) > 0 {
				f.error("structure", where, "an item of this type has no answers")
			}
		default:
			f.answers(x, q, where, enabled, depth)
			if len(x.Get("item").Items()) > 0 {
				f.error("structure", where, "the items of a question stand within its answers")
			}
			continue
		}
		if typ == "group" {
			if enabled && q.Get("required").True() && len(x.Get("item").Items()) == 0 {
				f.missing(where, "a required group is empty")
			}
			f.items(x, q, where, where, depth+1)
		}
	}
}

func (f *form) missing(at path, message string) {
	severity := "error"
	if f.unfinished {
		severity = "warning"
	}
	f.report(severity, "required", at, message)
}

// answers checks the answers to a question, how many there are, and what stands below them.
func (f *form) answers(x, q *fhir.Node, at path, enabled bool, depth int) {
	list := x.Get("answer").Items()
	if q.Str("type") == "question" && len(list) > 0 {
		f.error("structure", at, "a question without type has no answers")
		return
	}
	if len(list) == 0 && enabled && q.Get("required").True() {
		f.missing(at, "a required item of the questionnaire has no answer")
	}
	if len(list) > 1 && !q.Get("repeats").True() {
		f.error("invalid", at, "the question takes one answer")
	}
	if n, ok := number(extensionOf(q, structureDefinition+"questionnaire-minOccurs").Str("valueInteger")); ok && len(list) < n {
		f.missing(at, "there are fewer answers than the questionnaire asks for")
	}
	if n, ok := number(extensionOf(q, structureDefinition+"questionnaire-maxOccurs").Str("valueInteger")); ok && len(list) > n {
		f.error("invalid", at, "there are more answers than the questionnaire allows")
	}
	exclusive := false
	for i, a := range list {
		where := at.child("answer").item(i)
		v := answerOf(a, where)
		if v.typ != "" {
			exclusive = f.answer(v, q) || exclusive
		}
		f.items(a, q, where, where, depth+1)
	}
	if exclusive && len(list) > 1 {
		f.error("invariant", at, "an answer that excludes all others is not the only one")
	}
}

func number(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// enabled evaluates enableWhen on the whole response.
func (f *form) enabled(q *fhir.Node) bool {
	conditions := q.Get("enableWhen").Items()
	if len(conditions) == 0 {
		return true
	}
	any := q.Str("enableBehavior") == "any"
	for _, c := range conditions {
		if f.condition(c) == any {
			return any
		}
	}
	return !any
}

func (f *form) condition(c *fhir.Node) bool {
	answers := answersTo(f.response, c.Str("question"), 0)
	want := answerOf(c, "")
	operator := c.Str("operator")
	if operator == "exists" {
		return (len(answers) > 0) == (want.node.Text() == "true")
	}
	if operator == "!=" {
		return !slices.ContainsFunc(answers, func(a value) bool { return a.same(want) })
	}
	return slices.ContainsFunc(answers, func(a value) bool {
		if operator == "=" {
			return a.same(want)
		}
		sign, ok := a.compare(want)
		if !ok {
			return false
		}
		switch operator {
		case ">":
			return sign > 0
		case "<":
			return sign < 0
		case ">=":
			return sign >= 0
		}
		return sign <= 0
	})
}

// answersTo gives all answers to a question, wherever it stands.
func answersTo(n *fhir.Node, link string, depth int) []value {
	var out []value
	if depth > fhir.MaxDepth {
		return nil
	}
	for _, x := range n.Get("item").Items() {
		for _, a := range x.Get("answer").Items() {
			if x.Str("linkId") == link {
				if v := answerOf(a, ""); v.typ != "" {
					out = append(out, v)
				}
			}
			out = append(out, answersTo(a, link, depth+1)...)
		}
		out = append(out, answersTo(x, link, depth+1)...)
	}
	return out
}
