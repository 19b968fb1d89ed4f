package form

import (
	"regexp"
	"strings"

	"chartlake/form/draft"
	"chartlake/form/pair"
	"chartlake/form/section"
	"chartlake/form/sheet"
	"chartlake/value"
)

// listed are the sections whose items become fields of a repeated name.
var listed = map[string]string{"secondary_diagnoses": "diagnosis.secondary", "procedures": "procedures", "allergies": "allergies",
	"medications_admission": "medications.admission", "medications_discharge": "medications.discharge", "family_history": "family_history",
	"follow_up": "follow_up"}

// whole are the sections whose text is one field.
var whole = map[string]string{"course": "course", "instructions": "instructions", "results": "results", "vitals": "vitals",
	"disposition": "disposition", "admitting_diagnosis": "diagnosis.admitting"}

// noteParts are the headed parts of visit notes and answers to a referral whose text is one field.
var noteParts = map[string]string{"chief_complaint": "chief_complaint", "vitals": "vitals", "plan": "plan", "course": "course", "disposition": "disposition",
	"instructions": "instructions", "follow_up": "follow_up", "return_precautions": "return_precautions"}

// note reads a discharge summary or another clinical note: the labelled head and foot, the
// letterhead, and the headed sections.
func (r *reading) note() {
	r.signatureDate()
	r.sections = section.Find(r.sheet, r.lex, r.besideLabel())
	if len(r.sections) > 0 && r.sections[0].Name == "other" {
		r.sections = r.sections[1:] // the letterhead and the title
	}
	inside := r.insideSections()
	r.fromPairs(func(p pair.Pair) bool { return inside(p) })
	if r.guess.Type == "consult_letter" {
		r.issuer("practice", "", "")
	} else {
		r.issuer("facility", "", "facility.phone")
	}
	if r.guess.Type == "discharge_summary" {
		r.sectionFields()
	} else {
		r.parts(noteParts)
	}
	if f := r.field("instructions"); f != nil && r.guess.Type == "consult_letter" && r.field("plan") == nil {
		f.Name = "plan" // what is recommended to the one who asked
	}
	r.narrative()
}

// signatureDate makes the plain "Date" beside or under a signature the date of signing.
func (r *reading) signatureDate() {
	for i := range r.pairs {
		p := &r.pairs[i]
		if p.Label.Name != "date" {
			continue
		}
		for _, q := range r.pairs {
			if q.Label.Name == "signed" && q.Page == p.Page && p.Row >= q.Row && p.Row <= q.Row+1 {
				p.Label = r.lex.Label("signed.date")
				break
			}
		}
	}
}

// besideLabel tells the first words of labels that are form, not text: their value stands in
// a phrase of its own, or the row has more labels.
func (r *reading) besideLabel() func(sheet.Token) bool {
	heads := map[[2]int]bool{}
	for _, p := range r.pairs {
		if p.Rule != "inline" || accompanied(p, r.pairs) {
			heads[[2]int{p.Page, p.Head[0].Word}] = true
		}
	}
	return func(t sheet.Token) bool { return heads[[2]int{t.Page, t.Word}] }
}

// insideSections tells the pairs that a section's own words would make: a label of the
// form's head does not stand in the running text. Labels that only a foot has may.
func (r *reading) insideSections() func(pair.Pair) bool {
	return func(p pair.Pair) bool {
		switch p.Label.Name {
		case "signed", "signed.date", "attending", "status", "pcp":
			return false
		}
		at := p.Head[0].Begin
		for _, s := range r.sections {
			if at >= s.Begin && at < s.End && !accompanied(p, r.pairs) {
				return p.Page > r.sheet.Pages[0].Number || p.Rule != "inline" || p.Head[len(p.Head)-1].Text == "" || !strings.HasSuffix(p.Head[len(p.Head)-1].Text, ":")
			}
			if len(s.Head) > 0 && at == s.Head[0].Begin {
				return true
			}
		}
		return false
	}
}

// accompanied reports another pair in the same row: a row of labels is a form, not a text.
func accompanied(p pair.Pair, all []pair.Pair) bool {
	for _, q := range all {
		if q.Page == p.Page && q.Row == p.Row && q.Head[0].Word != p.Head[0].Word {
			return true
		}
	}
	return false
}

func (r *reading) sectionFields() {
	for _, s := range r.sections {
		label := strings.TrimRight(sheet.Join(s.Head), " :")
		if name := listed[s.Name]; name != "" {
			for _, item := range section.Items(s) {
				r.putItem(name, label, tail(item), 0.93)
			}
		}
		if name := whole[s.Name]; name != "" && r.field(name) == nil {
			r.putText(name, label, tail(section.Text(s)), "section", 0.93)
		}
		if s.Name == "principal_diagnosis" {
			r.principal(s, label)
		}
	}
}

func (r *reading) putItem(name, label string, item []sheet.Token, strength float64, why ...string) {
	if len(item) == 0 {
		return
	}
	if d := section.Doubt(item); d != "" {
		why = append(why, d)
	}
	r.putText(name, label, item, "section_item", strength, why...)
}

// principal takes the first diagnosis as the principal one. Where the head does not say so and
// several are listed, that the first is the principal one is a custom, not a statement.
func (r *reading) principal(s section.Section, label string) {
	if r.field("diagnosis.principal") != nil {
		return
	}
	for i, item := range section.Items(s) {
		if i == 0 {
			var why []string
			if l := strings.ToLower(label); len(section.Items(s)) > 1 && !strings.Contains(l, "princip") && !strings.Contains(l, "primary") {
				why = []string{"several diagnoses are listed and none is named the principal one"}
			}
			r.putItem("diagnosis.principal", label, tail(item), 0.93, why...)
			continue
		}
		r.putItem("diagnosis.secondary", label, tail(item), 0.88)
	}
}

// tail drops list signs left at the end of an item.
func tail(tokens []sheet.Token) []sheet.Token {
	for len(tokens) > 0 && strings.Trim(tokens[len(tokens)-1].Text, "_|•*") == "" {
		tokens = tokens[:len(tokens)-1]
	}
	return tokens
}

var ageSex = regexp.MustCompile(`(?i)^(\d{1,3})[ -]*(?:yo|y/o|y\.o\.?|yr|yrs|year|years)?[ -]*(?:old)?$`)

// narrative reads age and sex from the first words of a note ("35 yo M c/o …") where no
// label gave them.
func (r *reading) narrative() {
	if r.field("sex") != nil || len(r.sheet.Pages) == 0 {
		return
	}
	var tokens []sheet.Token
	for _, l := range section.Lines(r.sheet) {
		tokens = append(tokens, l.Tokens...)
	}
	const wordsMax = 160
	for i := 0; i+1 < min(len(tokens), wordsMax); i++ {
		for n := 1; n <= 3 && i+n < len(tokens); n++ {
			text := sheet.Join(tokens[i : i+n])
			if !ageSex.MatchString(text) || text == tokens[i].Text && !strings.ContainsAny(text, "yY") {
				continue
			}
			sex, ok := value.ParseSex(tokens[i+n].Text)
			if !ok {
				continue
			}
			r.put(draft.Finding{Name: "sex", Kind: "sex", Tokens: tokens[i+n : i+n+1], Rule: "narrative", Strength: 0.88,
				Read: value.Reading{Value: sex, OK: true}})
			if r.field("age") == nil {
				r.put(draft.Finding{Name: "age", Kind: "age", Tokens: tokens[i : i+n], Rule: "narrative", Strength: 0.88,
					Read: value.Reading{Value: text, OK: true}})
			}
			return
		}
	}
}
