package check

import (
	"fmt"
	"slices"
	"strings"

	"chartlake/form/draft"
	"chartlake/record"
	"chartlake/value"
)

// Across applies the rules that need two documents of one patient (document-types.md §17) to the
// segments of a file, once their mentions are known. Documents are of one patient when they name
// him alike and do not differ in birth date. A flag stands on the later document, and its words
// name both; its evidence is on both pages, which are pages of one file.
func Across(segments []record.Segment) {
	for i := range segments {
		for j := range i {
			a, b := &Case{Segment: &segments[j]}, &Case{Segment: &segments[i]}
			p, q := whose(a), whose(b)
			if !p.same(q) {
				continue
			}
			identityAcross(a, b, p, q)
			if p.birthDiffers(q) {
				continue // what follows would be about two people
			}
			for _, pair := range [][2]*Case{{a, b}, {b, a}} {
				claimAndPayer(pair[0], pair[1])
				claimAndDecision(pair[0], pair[1])
				claimAndNote(pair[0], pair[1])
				claimAndStay(pair[0], pair[1])
				drugAndAllergy(pair[0], pair[1])
			}
			coverage(a, b)
			sameResult(a, b)
			sameService(a, b)
		}
	}
}

// holder is who a document is about, by accepted values.
type holder struct {
	name               string // words in order, without initials
	nameAt, birth, mrn *record.Field
}

func whose(c *Case) holder {
	h := holder{birth: firstSure(c, "dob", "3.dob", "FL10"), mrn: firstSure(c, "mrn", "FL3b")}
	if h.nameAt = firstSure(c, "patient", "patient.name", "member", "2", "FL8b"); h.nameAt != nil {
		words := strings.FieldsFunc(strings.ToLower(*h.nameAt.Value), func(r rune) bool { return r == ',' || r == ' ' || r == '.' })
		words = slices.DeleteFunc(words, func(w string) bool { return len(w) < 2 })
		slices.Sort(words)
		h.name = strings.Join(words, " ")
	}
	return h
}

func firstSure(c *Case, names ...string) *record.Field {
	for _, n := range names {
		if f := c.sure(n); f != nil {
			return f
		}
	}
	return nil
}

func (h holder) same(o holder) bool { return h.name != "" && h.name == o.name }

func (h holder) birthDiffers(o holder) bool {
	a, ok := dayOf(h.birth)
	b, okB := dayOf(o.birth)
	order, sure := a.Compare(b)
	return ok && okB && sure && order != 0
}

// both raises a flag on b with evidence on both documents; the field of a is held back too.
func both(a, b *Case, code string, severity record.Severity, words string, of, and *record.Field) {
	b.raise(code, severity, words, and)
	flag := &b.Segment.Flags[len(b.Segment.Flags)-1]
	if of != nil && of.Page > 0 {
		flag.Evidence = append(flag.Evidence, record.Evidence{Page: of.Page, Box: of.Box})
		if severity != record.SeverityInfo {
			draft.Doubt(of, words)
		}
	}
}

// mention adds the place of a mention to the last flag.
func (c *Case) mention(e *record.Entity) {
	if e.Box != nil {
		flag := &c.Segment.Flags[len(c.Segment.Flags)-1]
		flag.Evidence = append(flag.Evidence, record.Evidence{Page: e.Page, Box: *e.Box})
	}
}

// identityAcross: one name and record number with two birth dates.
func identityAcross(a, b *Case, p, q holder) {
	if p.birthDiffers(q) && p.mrn != nil && q.mrn != nil && squeeze(*p.mrn.Value) == squeeze(*q.mrn.Value) {
		both(a, b, "identity_mismatch", record.SeverityError, fmt.Sprintf("the birth date is %s on page %d and %s on page %d, name and record number are the same", p.birth.Raw, p.birth.Page, q.birth.Raw, q.birth.Page), p.birth, q.birth)
	}
}

func isClaim(c *Case) bool { return c.Segment.Type == "cms1500" || c.Segment.Type == "ub04" }

// total is the charge of a claim.
func total(c *Case) (*record.Field, int64, bool) {
	if f := c.sure("28"); f != nil {
		v, ok := amount(f)
		return f, v, ok
	}
	for _, row := range c.Segment.Lines {
		if f, ok := row["FL47"]; ok && row["FL42"].Raw == "0001" {
			v, sure := amount(&f)
			return &f, v, sure
		}
	}
	return nil, 0, false
}

// claimAndPayer: the payer's document about this claim, found by the account number, has its
// charge and its member.
func claimAndPayer(claim, payer *Case) {
	if !isClaim(claim) || payer.Segment.Type != "eob" && payer.Segment.Type != "remittance" {
		return
	}
	account := firstSure(claim, "26", "FL3a")
	if account == nil {
		return
	}
	for _, s := range claimsOf(payer) {
		number := s.totals["patient_account"]
		if number == nil {
			number = payer.sure("patient_account")
		}
		if number == nil || number.Value == nil || squeeze(*number.Value) != squeeze(*account.Value) {
			continue
		}
		charged, want, ok := total(claim)
		billed, sure := amount(s.totals["billed"])
		if ok && sure && want != billed {
			both(claim, payer, "claim_eob_mismatch", record.SeverityError, fmt.Sprintf("the claim charges %s, the payer says that %s was billed", dollars(want), dollars(billed)), charged, s.totals["billed"])
		}
		return
	}
}

// claimAndDecision: a claim names the authorisation of the decision, and its services lie in the
// time that is authorised.
func claimAndDecision(claim, decision *Case) {
	if !isClaim(claim) || decision.Segment.Type != "prior_auth_determination" {
		return
	}
	used, given := firstSure(claim, "23", "FL63A"), decision.sure("auth")
	if used == nil || given == nil {
		return
	}
	if squeeze(*used.Value) != squeeze(*given.Value) {
		both(decision, claim, "claim_auth_mismatch", record.SeverityWarning, "the claim names authorization "+used.Raw+", the decision gives "+given.Raw, given, used)
		return
	}
	for _, row := range claim.Segment.Lines {
		for _, cell := range []string{"24A.from", "FL45"} {
			f, ok := row[cell]
			if ok && (later(decision.sure("start"), &f) || later(&f, decision.sure("end"))) {
				both(decision, claim, "claim_auth_mismatch", record.SeverityWarning, "the service of "+f.Raw+" lies outside the time of authorization "+given.Raw, given, &f)
				row[cell] = f
				return
			}
		}
	}
}

// nearDays: a note is of a claim's encounter when its day is this near a service.
const nearDays = 3

// claimAndNote: a diagnosis that is billed and that the note of the same day denies.
func claimAndNote(claim, note *Case) {
	if !isClaim(claim) || !sameEncounter(claim, note) {
		return
	}
	for i := range claim.Segment.Fields {
		f := &claim.Segment.Fields[i]
		billed := strings.HasPrefix(f.Name, "21.") && f.Name != "21.ind" || strings.HasPrefix(f.Name, "FL67") && !strings.HasSuffix(f.Name, ".poa")
		if !billed || f.Value == nil || f.State != record.Accepted {
			continue
		}
		category := head(*f.Value, 3)
		var denied *record.Entity
		affirmed := false
		for k := range note.Segment.Entities {
			e := &note.Segment.Entities[k]
			if e.Type != "problem" || e.Experiencer == "family" || !codedAs(e, category) {
				continue
			}
			if e.Negated {
				denied = e
			} else {
				affirmed = true
			}
		}
		if denied != nil && !affirmed {
			claim.raise("billed_but_denied", record.SeverityError, fmt.Sprintf("%s is billed, the note on page %d denies it: %s", f.Raw, denied.Page, denied.Text), f)
			claim.mention(denied)
		}
	}
}

// codedAs reports a mention whose likeliest code of ICD-10-CM is of the category.
func codedAs(e *record.Entity, category string) bool {
	for _, c := range e.Codes {
		if strings.HasSuffix(c.System, "icd-10-cm") {
			return strings.HasPrefix(c.Code, category)
		}
	}
	return false
}

// sameEncounter: the day of a note, or its stay, lies near a service of the claim.
func sameEncounter(claim, note *Case) bool {
	from, through := firstSure(note, "admitted", "visit", "date"), firstSure(note, "discharged", "visit", "date")
	switch note.Segment.Type {
	case "progress_note", "history_and_physical", "emergency_note", "discharge_summary", "consult_letter", "operative_report":
	default:
		return false
	}
	first, ok1 := momentDay(from)
	last, ok2 := momentDay(through)
	if !ok1 || !ok2 {
		return false
	}
	for _, row := range claim.Segment.Lines {
		for _, cell := range []string{"24A.from", "FL45"} {
			if f, ok := row[cell]; ok {
				if d, ok := dayOf(&f); ok && dayNumber(d) >= dayNumber(first)-nearDays && dayNumber(d) <= dayNumber(last)+nearDays {
					return true
				}
			}
		}
	}
	return false
}

func momentDay(f *record.Field) (value.Date, bool) {
	if f == nil || f.Value == nil {
		return value.Date{}, false
	}
	m, _, ok := value.ParseMoment(*f.Value, value.Hint{})
	return m.Date, ok && m.Date.Day > 0
}

// claimAndStay: a bill for a stay is of the stay that the discharge summary tells.
func claimAndStay(claim, stay *Case) {
	if claim.Segment.Type != "ub04" || stay.Segment.Type != "discharge_summary" {
		return
	}
	if is, known := inpatient(claim); !is || !known {
		return
	}
	from, through := claim.sure("FL6.from"), claim.sure("FL6.through")
	in, ok1 := momentDay(stay.sure("admitted"))
	out, ok2 := momentDay(stay.sure("discharged"))
	begin, ok3 := dayOf(from)
	end, ok4 := dayOf(through)
	if ok1 && ok2 && ok3 && ok4 && (dayNumber(begin) > dayNumber(out) || dayNumber(end) < dayNumber(in)) {
		both(stay, claim, "service_date_conflict", record.SeverityError, fmt.Sprintf("the bill is for %s to %s, the stay was %s to %s", from.Raw, through.Raw, stay.sure("admitted").Raw, stay.sure("discharged").Raw), stay.sure("admitted"), from)
	}
}

// drugAndAllergy: a drug is ordered to which another document states an allergy.
func drugAndAllergy(order, other *Case) {
	if order.Segment.Type != "prescription" && order.Segment.Type != "refill_request" && order.Segment.Type != "medication_administration_record" {
		return
	}
	for _, row := range order.Segment.Lines {
		drug, ok := row["drug"]
		if !ok || drug.Value == nil {
			continue
		}
		name := strings.ToLower(strings.Fields(*drug.Value + " ")[0])
		for k := range other.Segment.Entities {
			e := &other.Segment.Entities[k]
			if e.Type != "allergy" || e.Negated || e.Experiencer == "family" || len(name) < 4 || !strings.Contains(strings.ToLower(e.Text), name) {
				continue
			}
			order.raise("allergy_conflict", record.SeverityError, fmt.Sprintf("%s is ordered, page %d states an allergy: %s", drug.Raw, e.Page, e.Text), &drug)
			order.mention(e)
			row["drug"] = drug
			break
		}
	}
}

// coverage: the member number is the same on card, claim and the payer's document, up to a suffix.
func coverage(a, b *Case) {
	types := []record.Type{"insurance_card", "cms1500", "ub04", "eob"}
	if !slices.Contains(types, a.Segment.Type) || !slices.Contains(types, b.Segment.Type) {
		return
	}
	x, y := firstSure(a, "member_id", "1a", "FL60A"), firstSure(b, "member_id", "1a", "FL60A")
	if x == nil || y == nil {
		return
	}
	p, q := squeeze(*x.Value), squeeze(*y.Value)
	if !strings.HasPrefix(p, q) && !strings.HasPrefix(q, p) {
		both(a, b, "coverage_conflict", record.SeverityWarning, fmt.Sprintf("the member number is %s on page %d and %s on page %d", x.Raw, x.Page, y.Raw, y.Page), x, y)
	}
}

// sameResult: one test of one collection has two values.
func sameResult(a, b *Case) {
	if a.Segment.Type != "lab_report" || b.Segment.Type != "lab_report" {
		return
	}
	at, and := a.sure("collected"), b.sure("collected")
	if at == nil || and == nil || *at.Value != *and.Value {
		return
	}
	for _, l := range a.Segment.Lines {
		for _, m := range b.Segment.Lines {
			test, v, w := l["test"], l["value"], m["value"]
			if test.Raw == "" || !strings.EqualFold(test.Raw, m["test"].Raw) || l["unit"].Raw != m["unit"].Raw || v.State != record.Accepted || w.State != record.Accepted ||
				v.Value == nil || w.Value == nil || *v.Value == *w.Value {
				continue
			}
			both(a, b, "result_conflict", record.SeverityWarning, fmt.Sprintf("%s is %s on page %d and %s on page %d, collected at the same time", test.Raw, v.Raw, v.Page, w.Raw, w.Page), &v, &w)
			l["value"], m["value"] = v, w
		}
	}
}

// sameService: one service of one day on two claims.
func sameService(a, b *Case) {
	if !isClaim(a) || !isClaim(b) || a.Segment.Type != b.Segment.Type {
		return
	}
	key := func(l map[string]record.Field) (string, record.Field) {
		code, day := l["24D.code"], l["24A.from"]
		if code.Value == nil {
			code, day = l["FL44.code"], l["FL45"]
		}
		if code.Value == nil || day.Value == nil || code.State != record.Accepted || day.State != record.Accepted {
			return "", code
		}
		return squeeze(*code.Value) + *day.Value, code
	}
	for _, l := range a.Segment.Lines {
		k, code := key(l)
		for _, m := range b.Segment.Lines {
			if n, again := key(m); k != "" && n == k {
				both(a, b, "duplicate_service", record.SeverityWarning, fmt.Sprintf("%s of the same day is billed on pages %d and %d", code.Raw, code.Page, again.Page), nil, &again)
				m[again.Name] = again
				return
			}
		}
	}
}
