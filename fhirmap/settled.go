package fhirmap

import (
	"regexp"
	"slices"
	"strings"

	"chartlake/fhir"
	"chartlake/record"
)

// Code systems of CARIN's IG for Blue Button; source: document-types.md §0.3.
const (
	c4bb             = "http://hl7.org/fhir/us/carin-bb/CodeSystem/"
	c4bbIdentifier   = c4bb + "C4BBIdentifierType"
	c4bbAdjudication = c4bb + "C4BBAdjudication"
	c4bbInfo         = c4bb + "C4BBSupportingInfoType"
	carcSystem       = "https://x12.org/codes/claim-adjustment-reason-codes"
)

// settled is one claim of a payer's document: its header, its rows and its totals.
type settled struct {
	head   *record.Field
	fields map[string]*record.Field
	rows   []map[string]record.Field
}

func behind(a, b *record.Field) bool {
	if a.Page != b.Page {
		return a.Page > b.Page
	}
	return a.Box.Y > b.Box.Y-0.004
}

// claimsOf divides the document at the claim numbers, in the order of the paper.
func (s *segment) claimsOf() []*settled {
	var out []*settled
	for _, f := range s.fields("claim_number") {
		out = append(out, &settled{head: f, fields: map[string]*record.Field{"claim_number": f}})
	}
	of := func(f *record.Field) *settled {
		at := out[0]
		for _, c := range out[1:] {
			if behind(f, c.head) {
				at = c
			}
		}
		return at
	}
	if len(out) == 0 {
		return nil
	}
	slices.SortStableFunc(out, func(a, b *settled) int {
		switch {
		case a.head == b.head:
			return 0
		case behind(a.head, b.head) && !behind(b.head, a.head):
			return 1
		}
		return -1
	})
	for _, name := range []string{"patient_account", "billed", "allowed", "paid", "patient_responsibility", "discount"} {
		for _, f := range s.fields(name) {
			if c := of(f); c.fields[name] == nil {
				c.fields[name] = f
			}
		}
	}
	for _, row := range s.Lines {
		for _, f := range row {
			c := of(&f)
			c.rows = append(c.rows, row)
			break
		}
	}
	return out
}

// explanationOfBenefit writes what a payer decided: one resource per claim, in the terms of
// CARIN's IG without claiming its profiles, since paper lacks what they demand. A document
// with claims of several patients makes none: whose each of them is, a person says.
func (s *segment) explanationOfBenefit() {
	if s.Type != "eob" && s.Type != "remittance" {
		return
	}
	claims := s.claimsOf()
	if len(claims) == 0 || len(s.people()) > 1 {
		return
	}
	for i, c := range claims {
		s.benefit(i, c)
	}
}

// people are the different patients that the document names.
func (s *segment) people() []string {
	var out []string
	for _, f := range s.fields("patient") {
		if v := strings.ToLower(value(f)); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func (s *segment) benefit(i int, c *settled) {
	number, account := c.head, c.fields["patient_account"]
	paidOn := s.field("payment_date", "date")
	payer, provider := s.field("payer"), s.field("payee", "provider")
	facts := s.facts("identifier.value", number, "insurer", payer, "provider", provider)
	r := s.resource("ExplanationOfBenefit", "claim/"+itoa(i), facts)
	r.Set("identifier", fhir.NewArray(fhir.NewObject("type", coded(c4bbIdentifier, "uc"), "value", value(number))))
	r.Set("status", fhir.NewString("active"))
	r.Set("type", absentConcept())
	r.Set("use", fhir.NewString("claim"))
	r.Set("patient", s.patientRef())
	if from, to := s.serviceSpan(c.rows); from != "" {
		r.Set("billablePeriod", fhir.NewObject("start", from, "end", to))
	}
	setCreated(r, s, value(paidOn))
	r.Set("insurer", orAbsent(s.organization(payer, nil, "")))
	r.Set("provider", orAbsent(s.providerNamed(provider)))
	r.Set("outcome", fhir.NewString("complete"))
	if account != nil {
		facts = append(facts, s.fact("supportingInfo[0].valueString", account))
		r.Set("supportingInfo", fhir.NewArray(fhir.NewObject("sequence", 1, "category", coded(c4bbInfo, "patientaccountnumber"), "valueString", value(account))))
	}
	r.Set("insurance", fhir.NewArray(fhir.NewObject("focal", true, "coverage", orAbsent(s.memberCoverage()))))
	items, itemFacts := s.benefitItems(c.rows)
	r.Set("item", nonEmptyArray(items))
	facts = append(facts, itemFacts...)
	var totals []*fhir.Node
	for _, t := range []struct{ field, system, code string }{{"billed", hl7 + "adjudication", "submitted"}, {"allowed", hl7 + "adjudication", "eligible"},
		{"discount", c4bbAdjudication, "discount"}, {"paid", c4bbAdjudication, "paidtoprovider"}, {"patient_responsibility", c4bbAdjudication, "memberliability"}} {
		f := c.fields[t.field]
		if f == nil || money(value(f)) == nil {
			continue
		}
		facts = append(facts, s.fact("total["+itoa(len(totals))+"].amount.value", f))
		totals = append(totals, fhir.NewObject("category", coded(t.system, t.code), "amount", money(value(f))))
	}
	r.Set("total", nonEmptyArray(totals))
	if pay := s.payment(&facts); pay != nil {
		r.Set("payment", pay)
	}
	r.Set("meta", meta(facts))
	s.file(r, facts)
}

// payment is the check or transfer; its amount pays the whole document, so it stands here
// only where the document has one claim.
func (s *segment) payment(facts *[]fact) *fhir.Node {
	number, date, amount := s.field("payment_number"), s.field("payment_date"), s.field("payment_amount")
	if number == nil && date == nil {
		return nil
	}
	p := fhir.NewObject()
	if d := dateOnly(value(date)); isDate(d) {
		p.Set("date", fhir.NewString(d))
		*facts = append(*facts, s.fact("payment.date", date))
	}
	if m := money(value(amount)); m != nil && len(s.claimsOf()) == 1 {
		p.Set("amount", m)
		*facts = append(*facts, s.fact("payment.amount.value", amount))
	}
	if number != nil {
		p.Set("identifier", fhir.NewObject("value", value(number)))
		*facts = append(*facts, s.fact("payment.identifier.value", number))
	}
	return nonEmpty(p)
}

func (s *segment) serviceSpan(rows []map[string]record.Field) (from, to string) {
	for _, row := range rows {
		d := value(cell(row, "line.dos"))
		if !isDate(d) {
			return "", ""
		}
		if from == "" || d < from {
			from = d
		}
		to = max(to, d)
	}
	return from, to
}

// amounts are the columns of a row that are adjudications.
var amounts = []struct{ cell, system, code string }{
	{"line.billed", hl7 + "adjudication", "submitted"}, {"line.allowed", hl7 + "adjudication", "eligible"}, {"line.discount", c4bbAdjudication, "discount"},
	{"line.deductible", hl7 + "adjudication", "deductible"}, {"line.copay", hl7 + "adjudication", "copay"}, {"line.coinsurance", c4bbAdjudication, "coinsurance"},
	{"line.noncovered", c4bbAdjudication, "noncovered"}, {"line.patient_responsibility", c4bbAdjudication, "memberliability"}, {"line.paid", hl7 + "adjudication", "benefit"},
}

var adjustment = regexp.MustCompile(`(CO|PR|OA|PI|CR)[- ]?([A-Z]?\d{1,3})[ :]+\$?(-?[\d,]+\.\d\d)`)

func (s *segment) benefitItems(rows []map[string]record.Field) (items []*fhir.Node, facts []fact) {
	for i, row := range rows {
		at := "item[" + itoa(i) + "]."
		it := fhir.NewObject("sequence", i+1)
		product := absentConcept()
		if f := cell(row, "line.code"); f != nil {
			product = procedure(value(f), value(cell(row, "line.description")))
			facts = append(facts, s.fact(at+"productOrService", f))
		} else if f := cell(row, "line.description"); f != nil {
			product = fhir.NewObject("text", value(f))
			facts = append(facts, s.fact(at+"productOrService.text", f))
		}
		it.Set("productOrService", product)
		if f := cell(row, "line.dos"); f != nil && isDate(value(f)) {
			it.Set("servicedDate", fhir.NewString(value(f)))
			facts = append(facts, s.fact(at+"servicedDate", f))
		}
		if f := cell(row, "line.units"); f != nil && isDecimal(value(f)) {
			it.Set("quantity", fhir.NewObject("value", fhir.NewNumber(value(f))))
			facts = append(facts, s.fact(at+"quantity.value", f))
		}
		var list []*fhir.Node
		for _, a := range amounts {
			if f := cell(row, a.cell); f != nil && money(value(f)) != nil {
				facts = append(facts, s.fact(at+"adjudication["+itoa(len(list))+"].amount.value", f))
				list = append(list, fhir.NewObject("category", coded(a.system, a.code), "amount", money(value(f))))
			}
		}
		if f := cell(row, "line.adjustments"); f != nil {
			for _, m := range adjustment.FindAllStringSubmatch(value(f), -1) {
				facts = append(facts, s.fact(at+"adjudication["+itoa(len(list))+"]", f))
				reason := fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", carcSystem, "code", m[2])}, "text", m[1]+"-"+m[2])
				list = append(list, fhir.NewObject("category", coded(c4bb+"C4BBAdjudicationDiscriminator", "adjustmentreason"), "reason", reason,
					"amount", money(strings.ReplaceAll(m[3], ",", ""))))
			}
		}
		it.Set("adjudication", nonEmptyArray(list))
		items = append(items, it)
	}
	return items, facts
}

// providerNamed is who was paid: an organisation, or a person where the words are a name.
func (s *segment) providerNamed(f *record.Field) *fhir.Node {
	if f == nil {
		return nil
	}
	if f.Kind == record.KindName {
		return s.practitioner(f, nil)
	}
	return s.organization(f, s.field("payee.npi"), npiSystem)
}

// memberCoverage is the coverage that the document's member number says.
func (s *segment) memberCoverage() *fhir.Node {
	member, payer, group := s.field("member_id"), s.field("payer"), s.field("group", "FL62A")
	if member == nil {
		return nil
	}
	facts := s.facts("subscriberId", member, "payor", payer, "class[0].value", group)
	c := s.resource("Coverage", "member", facts)
	payor := s.organization(payer, nil, "")
	if payor == nil {
		c.Set("contained", fhir.NewArray(fhir.NewObject("resourceType", "Organization", "id", "payor", "name", absentName)))
		payor = reference("#payor")
	}
	c.Set("status", fhir.NewString("active"))
	c.Set("subscriberId", fhir.NewString(value(member)))
	c.Set("beneficiary", s.patientRef())
	c.Set("payor", fhir.NewArray(payor))
	if group != nil {
		c.Set("class", fhir.NewArray(fhir.NewObject("type", coded(hl7+"coverage-class", "group"), "value", value(group))))
	}
	return reference(s.file(c, facts))
}

// absentConcept is a mandatory CodeableConcept that the page lacks.
func absentConcept() *fhir.Node { return absent("unknown") }

func orAbsent(ref *fhir.Node) *fhir.Node {
	if ref == nil {
		return absent("unknown")
	}
	return ref
}

// setCreated fills the mandatory day from the paper, or else from when it came in.
func setCreated(r *fhir.Node, s *segment, printed string) {
	day := dateOnly(printed)
	if day == "" && s.in.Received.Year() > 1970 {
		day = s.in.Received.UTC().Format("2006-01-02")
	}
	if day == "" {
		r.Set("_created", absent("unknown"))
		return
	}
	r.Set("created", fhir.NewString(day))
}
