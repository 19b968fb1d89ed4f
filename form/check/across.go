package check

import (
	"fmt"
	"maps"
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
			compare(a, b)
		}
	}
}

// Against applies the rules of Across to a segment and one of an earlier document, which are known
// to be of one patient. All flags stand on the segment at hand; evidence in the earlier one names its
// document. The earlier segment is not changed.
func Against(seg, earlier *record.Segment, id string) {
	other := *earlier
	other.Fields, other.Flags = slices.Clone(earlier.Fields), nil
	other.Lines = make([]map[string]record.Field, len(earlier.Lines))
	for i, line := range earlier.Lines {
		other.Lines[i] = maps.Clone(line)
	}
	compare(&Case{Segment: &other, Document: id}, &Case{Segment: seg})
	seg.Flags = append(seg.Flags, other.Flags...)
}

// compared are the types of documents that the rules hold against each other.
var compared = [][2]record.Type{
	{"cms1500", "eob"}, {"ub04", "eob"}, {"cms1500", "remittance"}, {"ub04", "remittance"}, {"cms1500", "prior_auth_determination"}, {"ub04", "prior_auth_determination"},
	{"cms1500", "cms1500"}, {"ub04", "ub04"}, {"cms1500", "medical_invoice"}, {"ub04", "medical_invoice"},
	{"insurance_card", "insurance_card"}, {"insurance_card", "cms1500"}, {"insurance_card", "ub04"}, {"insurance_card", "eob"}, {"eob", "eob"}, {"cms1500", "ub04"},
	{"lab_report", "lab_report"},
}

// Related reports that there is a rule about documents of these two types.
func Related(a, b record.Type) bool {
	isClaim := func(t record.Type) bool { return t == "cms1500" || t == "ub04" }
	return slices.Contains(compared, [2]record.Type{a, b}) || slices.Contains(compared, [2]record.Type{b, a}) ||
		isClaim(a) && notes[b] || isClaim(b) && notes[a] || orders[a] || orders[b]
}

// notes are the documents that tell an encounter whole.
var notes = map[record.Type]bool{"progress_note": true, "history_and_physical": true, "emergency_note": true, "discharge_summary": true, "consult_letter": true, "operative_report": true}

// orders are the documents that order or give drugs, row by row.
var orders = map[record.Type]bool{"prescription": true, "refill_request": true, "medication_administration_record": true}

// compare applies every rule to a pair of documents of one patient.
func compare(a, b *Case) {
	for _, pair := range [][2]*Case{{a, b}, {b, a}} {
		claimAndPayer(pair[0], pair[1])
		claimAndDecision(pair[0], pair[1])
		claimAndNote(pair[0], pair[1])
		claimAndStay(pair[0], pair[1])
		claimAndInvoice(pair[0], pair[1])
		drugAndAllergy(pair[0], pair[1])
		cardInForce(pair[0], pair[1])
		orderAndList(pair[0], pair[1])
	}
	coverage(a, b)
	sameResult(a, b)
	sameService(a, b)
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
		flag.Evidence = append(flag.Evidence, a.evidence(of.Page, of.Box))
		if severity != record.SeverityInfo {
			draft.Doubt(of, words)
		}
	}
}

// mention adds the place of a mention of another document to the last flag.
func (c *Case) mention(of *Case, e *record.Entity) {
	if e.Box != nil {
		flag := &c.Segment.Flags[len(c.Segment.Flags)-1]
		flag.Evidence = append(flag.Evidence, of.evidence(e.Page, *e.Box))
	}
}

// identityAcross: one name and record number with two birth dates.
func identityAcross(a, b *Case, p, q holder) {
	if p.birthDiffers(q) && p.mrn != nil && q.mrn != nil && squeeze(*p.mrn.Value) == squeeze(*q.mrn.Value) {
		both(a, b, "identity_mismatch", record.SeverityError, fmt.Sprintf("the birth date is %s %s and %s %s, name and record number are the same", p.birth.Raw, a.on(p.birth.Page), q.birth.Raw, b.on(q.birth.Page)), p.birth, q.birth)
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

// claimAndNote: a diagnosis that is billed and that the note of the same day denies, or does not tell.
func claimAndNote(claim, note *Case) {
	if !isClaim(claim) || !sameEncounter(claim, note) {
		return
	}
	documented(claim, note)
	for _, f := range diagnoses(claim) {
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
			claim.raise("billed_but_denied", record.SeverityError, fmt.Sprintf("%s is billed, the note %s denies it: %s", f.Raw, note.on(denied.Page), denied.Text), f)
			claim.mention(note, denied)
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
	if !notes[note.Segment.Type] {
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
	if !orders[order.Segment.Type] {
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
			order.raise("allergy_conflict", record.SeverityError, fmt.Sprintf("%s is ordered, an allergy is stated %s: %s", drug.Raw, other.on(e.Page), e.Text), &drug)
			order.mention(other, e)
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
		both(a, b, "coverage_conflict", record.SeverityWarning, fmt.Sprintf("the member number is %s %s and %s %s", x.Raw, a.on(x.Page), y.Raw, b.on(y.Page)), x, y)
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
			both(a, b, "result_conflict", record.SeverityWarning, fmt.Sprintf("%s is %s %s and %s %s, collected at the same time", test.Raw, v.Raw, a.on(v.Page), w.Raw, b.on(w.Page)), &v, &w)
			l["value"], m["value"] = v, w
		}
	}
}

// sameService: one service of one day on two claims.
func sameService(a, b *Case) {
	if !isClaim(a) || !isClaim(b) || a.Segment.Type != b.Segment.Type || replaces(a) || replaces(b) {
		return
	}
	serviceTwice(a, b, "billed %s and %s")
}

// serviceTwice raises duplicate_service for the first service of one day that stands in both; asked says
// where, with a place for each.
func serviceTwice(a, b *Case, asked string) {
	for _, l := range a.Segment.Lines {
		k, code := service(l)
		for _, m := range b.Segment.Lines {
			if n, again := service(m); k != "" && n == k {
				both(a, b, "duplicate_service", record.SeverityWarning, fmt.Sprintf("%s of the same day is "+asked, code.Raw, a.on(code.Page), b.on(again.Page)), &code, &again)
				m[again.Name] = again
				return
			}
		}
	}
}

// replaces reports a claim that replaces or voids another, which bills the same services.
func replaces(c *Case) bool {
	if f := c.field("22.code"); f != nil {
		return true
	}
	bill := c.field("FL4")
	return bill != nil && (strings.HasSuffix(*bill.Value, "7") || strings.HasSuffix(*bill.Value, "8"))
}

// service is the code and day of a line; empty where one is not sure.
func service(l map[string]record.Field) (string, record.Field) {
	for _, names := range [][2]string{{"24D.code", "24A.from"}, {"FL44.code", "FL45"}, {"code", "date"}} {
		code, day := l[names[0]], l[names[1]]
		if code.Value != nil && day.Value != nil && code.State == record.Accepted && day.State == record.Accepted {
			return squeeze(*code.Value) + *day.Value, code
		}
	}
	return "", record.Field{}
}
