package specimen

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"chartlake/eval/expected"
	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// The rest of an expected result follows from the facts and is the same in every layout:
// what must become FHIR, which contradictions are planted, and what must not come out.

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }

func value(s string) json.RawMessage { b, _ := json.Marshal(s); return b }

func zero() *int { n := 0; return &n }

// expectPatient asks for a Patient with this name, sex and birth date.
func expectPatient(d *sheet.Draft, p fiction.Person) {
	expr := fmt.Sprintf("name.where(family.lower() = %s and given.first().lower() = %s).exists()",
		quote(strings.ToLower(p.Last)), quote(strings.ToLower(p.First)))
	d.Expected.FHIR = append(d.Expected.FHIR, expected.Expression{ResourceType: "Patient", Expr: expr})
	if _, ok := d.Expected.Fields["dob"]; ok {
		d.Expected.FHIR = append(d.Expected.FHIR, expected.Expression{ResourceType: "Patient", Expr: "birthDate = @" + p.Birth.Format("2006-01-02")})
	}
	if _, ok := d.Expected.Fields["sex"]; ok {
		d.Expected.FHIR = append(d.Expected.FHIR, expected.Expression{ResourceType: "Patient", Expr: "gender = " + quote(strings.ToLower(p.SexWord()))})
	}
}

// expectPlanted lists the planted contradictions as flags, and as checks those of the list
// that are not planted here and must not be raised.
func expectPlanted(d *sheet.Draft, planted []fiction.Planted, checks ...string) {
	there := map[string]bool{}
	for _, p := range planted {
		there[p.Code] = true
		d.Expected.Flags = append(d.Expected.Flags, expected.Flag{Code: expected.Names{p.Code}, Fields: p.Fields, Note: p.Note})
	}
	d.Expected.Checks = map[string]bool{}
	for _, c := range checks {
		if !there[c] {
			d.Expected.Checks[c] = false
		}
	}
}

func expectLab(d *sheet.Draft, l *fiction.Lab) {
	e := &d.Expected
	expectPatient(d, l.Patient)
	expectPlanted(d, l.Planted, "flag_mismatch", "sum_mismatch", "calculated_mismatch", "date_order", "row_shift", "clia_format", "npi_check_digit", "page_missing")
	n := 0
	for _, p := range l.Panels {
		for _, r := range p.Rows {
			n++
			if v, err := strconv.ParseFloat(r.Value, 64); err == nil && n <= 6 {
				e.FHIR = append(e.FHIR, expected.Expression{ResourceType: "Observation",
					Expr: fmt.Sprintf("code.text = %s and value.ofType(Quantity).value = %s", quote(r.Test), strconv.FormatFloat(v, 'f', -1, 64))})
			}
		}
	}
	e.FHIR = append(e.FHIR, expected.Expression{ResourceType: "DiagnosticReport", Expr: "result.exists()"},
		expected.Expression{ResourceType: "Bundle", Expr: fmt.Sprintf("entry.resource.ofType(Observation).count() >= %d", n)})
	e.MustNot = append(e.MustNot, expected.MustNot{ResourceType: "Condition", Where: map[string]json.RawMessage{"code": value("*")}, Count: zero(),
		Note: "a laboratory report states no diagnosis"})
}

func expectStay(d *sheet.Draft, t *fiction.Stay) {
	e := &d.Expected
	for slug, text := range map[string]string{"course": t.Course, "history": t.History, "review": t.Review, "vitals": t.Vitals, "vitals_exam": t.Vitals + " " + t.Examination,
		"exam": t.Examination, "results": t.Results, "instructions": t.Instructions + " " + t.Return, "follow_up": strings.Join(t.FollowUp, " "),
		"family_history": t.Family, "social_history": t.Social, "past": strings.Join(t.PastHistory, ". "), "condition": t.Condition} {
		d.Unnamed(slug, sheet.Printed(text))
	}
	expectPatient(d, t.Patient)
	expectPlanted(d, t.Planted, "section_conflict", "unsigned", "date_order", "identity_conflict", "page_missing")
	e.FHIR = append(e.FHIR, expected.Expression{ResourceType: "Condition", Expr: "code.text.lower().contains(" + quote(strings.ToLower(t.Principal)) + ")"})
	yes := true
	said := append([]string{t.Principal}, t.Secondary...)
	for _, en := range e.Entities {
		if affirmed(en) {
			said = append(said, en.Text)
		}
	}
	for _, en := range e.Entities {
		text := strings.ToLower(en.Text)
		if affirmed(en) || en.Type != "problem" || anySays(said, text) {
			continue
		}
		e.MustNot = append(e.MustNot, expected.MustNot{Entity: text, Asserted: &yes, Note: why(en)})
		if en.Negated != nil && *en.Negated || en.Experiencer == "family" {
			e.MustNot = append(e.MustNot, expected.MustNot{ResourceType: "Condition", Count: zero(), Note: why(en), Where: map[string]json.RawMessage{
				"code": value(text), "verificationStatus.coding.code": json.RawMessage(`{"not":"refuted"}`)}})
		}
		if en.Experiencer == "family" && *en.Negated {
			e.MustNot = append(e.MustNot, expected.MustNot{ResourceType: "FamilyMemberHistory", Count: zero(), Note: "denied of the family",
				Where: map[string]json.RawMessage{"condition.code": value(text)}})
		}
		if en.Experiencer == "family" && !*en.Negated {
			e.FHIR = append(e.FHIR, expected.Expression{ResourceType: "FamilyMemberHistory", Expr: "condition.code.text.where($this.lower().contains(" + quote(text) + ")).exists()"})
		}
	}
	if len(t.Allergies) == 0 {
		e.MustNot = append(e.MustNot, expected.MustNot{ResourceType: "AllergyIntolerance", Count: zero(), Note: "no known drug allergies",
			Where: map[string]json.RawMessage{"reaction": value("*")}})
	}
	for _, a := range t.Allergies {
		e.FHIR = append(e.FHIR, expected.Expression{ResourceType: "AllergyIntolerance", Expr: "code.text.lower().contains(" + quote(strings.ToLower(a.To)) + ")"})
	}
}

// anySays reports whether one of the statements holds the words of the problem: a summary of a
// gastrointestinal bleeding that ends "without active bleeding" does not forbid a bleeding.
func anySays(statements []string, problem string) bool {
	for _, s := range statements {
		if strings.Contains(" "+strings.ToLower(s)+" ", " "+problem+" ") {
			return true
		}
	}
	return false
}

func affirmed(e expected.Entity) bool {
	is := func(b *bool) bool { return b != nil && *b }
	return !is(e.Negated) && !is(e.Uncertain) && !is(e.Hypothetical) && e.Experiencer == ""
}

func why(e expected.Entity) string {
	switch {
	case e.Experiencer == "family":
		return "of a relative"
	case e.Negated != nil && *e.Negated:
		return "denied"
	case e.Hypothetical != nil && *e.Hypothetical:
		return "hypothetical"
	}
	return "uncertain"
}

func expectCard(d *sheet.Draft, c *fiction.Card) {
	e := &d.Expected
	expectPatient(d, c.Member)
	expectPlanted(d, c.Planted, "rx_bin_format", "date_order", "source_conflict")
	squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
	e.FHIR = append(e.FHIR,
		expected.Expression{ResourceType: "Coverage", Expr: "subscriberId.replace(' ', '') = " + quote(squeeze(c.MemberID))},
		expected.Expression{ResourceType: "Organization", Expr: "name = " + quote(c.Payer)})
	class := func(code, field, v string) {
		if _, ok := e.Fields[field]; ok {
			e.FHIR = append(e.FHIR, expected.Expression{ResourceType: "Coverage",
				Expr: "class.where(type.coding.where(code = " + quote(code) + ").exists() and value = " + quote(v) + ").exists()"})
		}
	}
	class("group", "group", c.Group)
	class("rxbin", "rx.bin", c.BIN)
	class("rxpcn", "rx.pcn", c.PCN)
	for field, wrong := range map[string]string{"member_id": c.Group, "group": c.MemberID, "rx.bin": c.PayerID} {
		if _, ok := e.Fields[field]; ok {
			e.MustNot = append(e.MustNot, expected.MustNot{Field: field, NotEquals: wrong, Note: "another number of the card"})
		}
	}
	sortMustNot(e.MustNot)
}

// sortMustNot puts rules on fields in the order of their names.
func sortMustNot(rules []expected.MustNot) {
	for i := range rules {
		for j := i; j > 0 && rules[j].Field < rules[j-1].Field; j-- {
			rules[j], rules[j-1] = rules[j-1], rules[j]
		}
	}
}
