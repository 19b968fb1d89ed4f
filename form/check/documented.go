package check

import (
	"fmt"
	"slices"
	"strings"

	"chartlake/record"
	"chartlake/value"
)

// documented are the rules between what a claim bills and what the note of the same encounter tells.
// They speak of notes that tell an encounter whole, and only where the coder had a code for every
// problem of it: a problem without a code may be the one that is billed.
func documented(claim, note *Case) {
	if note.Segment.Type == "consult_letter" || note.Segment.Type == "operative_report" {
		return // of one question, not of the encounter
	}
	told, whole := toldIn(note)
	billed := diagnoses(claim)
	if !whole || len(billed) == 0 {
		return
	}
	shared := false
	for _, f := range billed {
		shared = shared || slices.ContainsFunc(told, func(e *record.Entity) bool { return codedAs(e, head(*f.Value, 3)) })
	}
	for _, f := range billed {
		if chapter := head(*f.Value, 1); strings.Contains("ZVWXYR", chapter) || slices.ContainsFunc(told, func(e *record.Entity) bool { return codedAs(e, chapter) }) {
			continue // what brought somebody there is no diagnosis, and near enough is no contradiction
		}
		both(note, claim, "billed_not_documented", record.SeverityWarning, fmt.Sprintf("%s is billed, and the note of the day %s tells of nothing like it", f.Raw, note.on(note.Segment.Pages[0])), nil, f)
	}
	if shared {
		unbilled(claim, note, told, billed)
	}
}

// wholeNote is how many problems a note tells at least that tells an encounter whole.
const wholeNote = 2

// toldIn are the problems of the patient that a note names, denied or not; whole is false where one
// that it affirms has no code, or where it hardly tells any.
func toldIn(note *Case) (told []*record.Entity, whole bool) {
	affirmed := 0
	for k := range note.Segment.Entities {
		e := &note.Segment.Entities[k]
		if e.Type != record.Problem || e.Experiencer == "family" {
			continue
		}
		if !e.Negated && !codedAs(e, "") {
			return nil, false
		}
		if !e.Negated {
			affirmed++
		}
		told = append(told, e)
	}
	return told, affirmed >= wholeNote
}

// diagnoses are the accepted diagnoses in the form of ICD-10-CM of a claim.
func diagnoses(claim *Case) (out []*record.Field) {
	for i := range claim.Segment.Fields {
		f := &claim.Segment.Fields[i]
		name, _, part := strings.Cut(f.Name, ".")
		billed := name == "21" && f.Name != "21.ind" || strings.HasPrefix(name, "FL67") && !part
		if !billed || f.Value == nil || f.State != record.Accepted {
			continue
		}
		if _, _, ok := value.ParseCode(*f.Value, value.FormICD10CM); ok {
			out = append(out, f)
		}
	}
	return out
}

// sureCode is how surely a mention has its code for the info that it was not billed.
const sureCode = 0.9

// unbilled notes what the note affirms and no diagnosis of the claim is of the category of. Symptoms
// are left out: they belong to the diagnoses.
func unbilled(claim, note *Case, told []*record.Entity, billed []*record.Field) {
	var names []string
	var about []*record.Entity
	for _, e := range told {
		if e.Negated || e.Uncertain || e.Hypothetical || e.Historical || e.State == record.Review || len(e.Codes) == 0 || e.Codes[0].Score < sureCode {
			continue
		}
		code := e.Codes[0].Code
		if strings.ContainsAny(head(code, 1), "ZVWXYR") || slices.Contains(names, e.Text) || len(names) == 5 ||
			slices.ContainsFunc(billed, func(f *record.Field) bool { return head(*f.Value, 3) == head(code, 3) }) {
			continue
		}
		names, about = append(names, e.Text), append(about, e)
	}
	if len(names) == 0 {
		return
	}
	claim.raise("documented_not_billed", record.SeverityInfo, fmt.Sprintf("the note of the day %s tells of what is not billed: %s", note.on(note.Segment.Pages[0]), strings.Join(names, ", ")))
	for _, e := range about {
		claim.mention(note, e)
	}
}

// claimAndInvoice: a service of one day is claimed from a payer and invoiced to the patient.
func claimAndInvoice(claim, invoice *Case) {
	if !isClaim(claim) || invoice.Segment.Type != "medical_invoice" {
		return
	}
	serviceTwice(claim, invoice, "claimed %s and invoiced %s")
}

// cardInForce: a service of a claim with the card's member number lies in the time of the card.
func cardInForce(card, claim *Case) {
	if card.Segment.Type != "insurance_card" || !isClaim(claim) {
		return
	}
	x, y := card.sure("member_id"), firstSure(claim, "1a", "FL60A")
	if x == nil || y == nil || !strings.HasPrefix(squeeze(*y.Value), squeeze(*x.Value)) && !strings.HasPrefix(squeeze(*x.Value), squeeze(*y.Value)) {
		return
	}
	from, to := card.sure("effective"), card.sure("expires")
	for _, row := range claim.Segment.Lines {
		for _, name := range []string{"24A.from", "FL45"} {
			day, ok := row[name]
			if !ok || row["FL42"].Raw == "0001" {
				continue
			}
			for _, limit := range []struct {
				field  *record.Field
				wrong  bool
				behind string
			}{{from, later(from, &day), "before"}, {to, later(&day, to), "after"}} {
				if limit.wrong {
					both(card, claim, "coverage_conflict", record.SeverityWarning, fmt.Sprintf("the service of %s lies %s %s, which the card says %s", day.Raw, limit.behind, limit.field.Raw, card.on(limit.field.Page)), limit.field, &day)
					row[name] = day
					return
				}
			}
		}
	}
}
