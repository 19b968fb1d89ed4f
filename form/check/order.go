package check

import (
	"fmt"
	"regexp"
	"strings"

	"chartlake/record"
)

// listDays is how far a list of drugs and an order may lie apart for one to be held against the
// other: doses change.
const listDays = 14

var strengthIn = regexp.MustCompile(`(?i)\b(\d+(?:[.,]\d+)?)\s?(mg|mcg|g|ml|units?|iu|meq|%)`)

// orderAndList: a drug is ordered in another strength than a note of these days lists, or was
// stopped in it.
func orderAndList(order, list *Case) {
	if !orders[order.Segment.Type] || !notes[list.Segment.Type] && list.Segment.Type != "medical_history_form" || !sameDays(order, list) {
		return
	}
	for _, row := range order.Segment.Lines {
		drug, ok := row["drug"]
		if !ok || drug.Value == nil || drug.State != record.Accepted {
			continue
		}
		name := strings.ToLower(strings.Fields(*drug.Value + " ")[0])
		strength, in := row["strength"], ""
		if strength.Value != nil && strength.State == record.Accepted {
			in = strengthOf(strength.Raw)
		} else if strength.Value == nil {
			in = strengthOf(drug.Raw)
		}
		at, stopped := listed(list, name, in)
		switch {
		case at == nil:
			continue
		case stopped:
			order.raise("medication_conflict", record.SeverityWarning, fmt.Sprintf("%s is ordered, it was stopped %s: %s", drug.Raw, list.on(at.Page), at.Text), &drug)
		default:
			order.raise("medication_conflict", record.SeverityWarning, fmt.Sprintf("%s is ordered as %s, the list %s has %s", drug.Raw, in, list.on(at.Page), at.Attributes["strength"]), &drug)
		}
		order.mention(list, at)
		row["drug"] = drug
	}
}

// listed is the mention of a drug that contradicts an order of it; nil where one agrees, or none
// says its strength.
func listed(list *Case, name, strength string) (at *record.Entity, stopped bool) {
	for k := range list.Segment.Entities {
		e := &list.Segment.Entities[k]
		words := strings.Fields(strings.ToLower(e.Text) + " ")
		if e.Type != record.Medication || e.Experiencer == "family" || e.Negated || e.Hypothetical || len(name) < 4 || len(words) == 0 || words[0] != name {
			continue
		}
		other := strengthOf(e.Attributes["strength"])
		switch {
		case e.Attributes["status"] == "stopped":
			if at == nil {
				at, stopped = e, true
			}
		case other == "" || strength == "" || sameStrength(other, strength):
			return nil, false // goes on as it is ordered, for all that is said
		default:
			at, stopped = e, false
		}
	}
	return at, stopped
}

// strengthOf is a strength without blanks; empty where there is none, or several.
func strengthOf(s string) string {
	all := strengthIn.FindAllStringSubmatch(s, 2)
	if len(all) != 1 {
		return ""
	}
	number, point := all[0][1], "."
	if whole, after, _ := strings.Cut(number, ","); whole != "0" && len(after) == 3 {
		point = "" // it parts the thousands
	}
	return strings.TrimSuffix(strings.ToLower(strings.ReplaceAll(number, ",", point)+all[0][2]), "s")
}

// sameStrength reports that two strengths say the same: 1 g is 1000 mg.
func sameStrength(a, b string) bool {
	x, okX := milligrams(a)
	y, okY := milligrams(b)
	if okX && okY {
		return x.Cmp(y) == 0
	}
	return a == b
}

// sameDays reports that two documents are of days at most listDays apart. Documents of one file are
// where a day is not known.
func sameDays(a, b *Case) bool {
	x, okX := momentDay(firstSure(a, "date", "discharged", "visit", "admitted", "signed.date"))
	y, okY := momentDay(firstSure(b, "discharged", "visit", "date", "admitted", "signed.date"))
	if !okX || !okY {
		return a.Document == b.Document
	}
	days := dayNumber(x) - dayNumber(y)
	return days <= listDays && days >= -listDays
}
