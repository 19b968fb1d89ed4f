package fhirmap

import (
	"regexp"
	"slices"
	"strings"

	"chartlake/fhir"
	"chartlake/record"
	printed "chartlake/value"
)

// Code systems of claims; source: document-types.md §0.3.
const (
	cpt          = "http://www.ama-assn.org/go/cpt"
	hcpcs        = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
	placeService = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
	careTeamRole = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBClaimCareTeamRole"
	npiSystem    = printed.NPISystem
	informing    = hl7 + "claiminformationcategory"
)

// claim is a CMS-1500 while its resources are made. Supporting information and care team are
// numbered as they come, and lines point to them by number.
type claim struct {
	*segment
	node     *fhir.Node
	facts    []fact
	info     []*fhir.Node
	team     []*fhir.Node
	diagnose map[string]int // "A" or "1" to the diagnosis' number
}

// claim writes what a provider bills: Coverage of the insured, Claim with its lines, and the
// people and organisations of its boxes. Patient, insured and provider come from their own
// boxes only. What is in review stands in no element; a mandatory one says that it is unknown.
func (s *segment) claim() {
	if s.Type != "cms1500" || s.field("form_version") == nil || s.field("28") == nil && len(s.Lines) == 0 {
		return
	}
	c := &claim{segment: s, diagnose: map[string]int{}}
	coverage := c.claimCoverage()
	total, created := s.field("28"), s.field("31.date")
	c.node = s.resource("Claim", "claim", nil)
	c.facts = s.facts("total.value", total, "created", created, "identifier.value", s.field("26"))
	n := c.node
	n.Set("identifier", nonEmptyArray(c.identifiers()))
	n.Set("status", fhir.NewString("active"))
	n.Set("type", coded(hl7+"claim-type", "professional"))
	n.Set("use", fhir.NewString("claim"))
	n.Set("patient", s.patientRef())
	from, to := c.serviceDays()
	if from != "" {
		n.Set("billablePeriod", fhir.NewObject("start", from, "end", to))
	}
	day := dateOnly(value(created))
	if day == "" && s.in.Received.Year() > 1970 {
		day = s.in.Received.UTC().Format("2006-01-02") // no day beside the signature: when it came in
	}
	if day != "" {
		n.Set("created", fhir.NewString(day))
	} else {
		n.Set("_created", absent("unknown"))
	}
	if payer := s.payer(); payer != nil {
		n.Set("insurer", payer)
	}
	if provider := s.box33(); provider != nil {
		n.Set("provider", provider)
		c.facts = append(c.facts, s.fact("provider", s.field("33")))
	} else {
		n.Set("provider", absent("unknown"))
	}
	n.Set("priority", coded(hl7+"processpriority", "normal"))
	c.related()
	if signed := s.field("13.signed"); signed != nil {
		n.Set("payee", fhir.NewObject("type", coded(hl7+"payeetype", "provider")))
		c.facts = append(c.facts, s.fact("payee.type", signed))
	}
	c.referrer()
	c.information()
	diagnoses := c.diagnoses()
	accident := c.accident()
	items := c.items()
	if site := s.facility(); site != nil {
		n.Set("facility", site)
	}
	n.Set("careTeam", nonEmptyArray(c.team))
	n.Set("supportingInfo", nonEmptyArray(c.info))
	n.Set("diagnosis", nonEmptyArray(diagnoses))
	n.Set("insurance", fhir.NewArray(c.insurance(coverage)))
	n.Set("accident", accident)
	n.Set("item", nonEmptyArray(items))
	if m := money(value(total)); m != nil {
		n.Set("total", m)
	}
	n.Set("meta", meta(c.facts))
	s.file(n, c.facts)
}

func (c *claim) note(path string, f *record.Field) {
	if f != nil {
		c.facts = append(c.facts, c.fact(path, f))
	}
}

func (c *claim) identifiers() []*fhir.Node {
	var out []*fhir.Node
	if f := c.field("26"); f != nil {
		out = append(out, fhir.NewObject("type", fhir.NewObject("text", "Patient account number"), "value", value(f)))
	}
	if f, qual := c.field("11b"), c.field("11b.qual"); f != nil && value(qual) == "Y4" {
		out = append(out, fhir.NewObject("type", fhir.NewObject("text", "Property and casualty claim number"), "value", value(f)))
		c.note("identifier["+itoa(len(out)-1)+"].value", f)
	}
	return out
}

// serviceDays are the first and last day of service; empty where a line's day is in doubt.
func (c *claim) serviceDays() (from, to string) {
	for _, l := range c.Lines {
		f := cell(l, "24A.from")
		if f == nil || !isDate(value(f)) {
			return "", ""
		}
		days := []string{value(f)}
		if t := cell(l, "24A.to"); t != nil && isDate(value(t)) {
			days = append(days, value(t))
		}
		for _, d := range days {
			if from == "" || d < from {
				from = d
			}
			to = max(to, d)
		}
	}
	return from, to
}

// insurance names the coverage that is asked to pay, with the payer's prior authorisation.
func (c *claim) insurance(coverage *fhir.Node) *fhir.Node {
	if coverage == nil {
		coverage = absent("unknown")
	}
	in := fhir.NewObject("sequence", 1, "focal", true, "coverage", coverage)
	if f := c.field("23"); f != nil && !cliaNumber.MatchString(value(f)) {
		in.Set("preAuthRef", fhir.NewArray(fhir.NewString(value(f))))
		c.note("insurance[0].preAuthRef", f)
	}
	return in
}

var cliaNumber = regexp.MustCompile(`^\d\dD\d{7}$`)

// related is the claim that this one replaces or voids.
func (c *claim) related() {
	ref := c.field("22.ref")
	if ref == nil {
		return
	}
	c.node.Set("related", fhir.NewArray(fhir.NewObject("relationship", coded(hl7+"ex-relatedclaimrelationship", "prior"),
		"reference", fhir.NewObject("value", value(ref)))))
	c.note("related[0].reference.value", ref)
}

// referrer is box 17 with its role; without a qualifier the role is only said in words.
func (c *claim) referrer() {
	name := c.field("17")
	if name == nil {
		return
	}
	role := fhir.NewObject("text", "Referring provider or other source")
	switch value(c.field("17.qual")) {
	case "DN":
		role = coded(careTeamRole, "referring")
	case "DQ":
		role = coded(careTeamRole, "supervisor")
	case "DK":
		role = fhir.NewObject("text", "Ordering provider")
	}
	c.member(c.practitioner(name, c.field("17b")), role, name)
}

// member adds somebody to the care team and gives the number.
func (c *claim) member(who, role *fhir.Node, f *record.Field) int {
	n := len(c.team) + 1
	c.team = append(c.team, fhir.NewObject("sequence", n, "provider", who, "role", role))
	c.note("careTeam["+itoa(n-1)+"].provider", f)
	return n
}

// tell adds supporting information and gives its number.
func (c *claim) tell(category string, f *record.Field, element string, v *fhir.Node, code *fhir.Node) int {
	n := len(c.info) + 1
	one := fhir.NewObject("sequence", n, "category", coded(informing, category))
	one.Set("code", code)
	one.Set(element, v)
	c.info = append(c.info, one)
	c.note("supportingInfo["+itoa(n-1)+"]."+element, f)
	return n
}

// information are the boxes that have no element of their own.
func (c *claim) information() {
	for _, x := range []struct{ box, qual, category, words string }{
		{"14.date", "14.qual", "onset", ""}, {"15.date", "15.qual", "related", "Other date"},
	} {
		if f := c.field(x.box); f != nil && isDate(value(f)) {
			var code *fhir.Node
			if q := c.field(x.qual); q != nil {
				code = fhir.NewObject("text", value(q))
			} else if x.words != "" {
				code = fhir.NewObject("text", x.words)
			}
			c.tell(x.category, f, "timingDate", fhir.NewString(value(f)), code)
		}
	}
	for _, x := range []struct{ box, category string }{{"16", "employmentimpacted"}, {"18", "hospitalized"}} {
		from, to := c.field(x.box+".from"), c.field(x.box+".to")
		if from == nil && to == nil {
			continue
		}
		c.tell(x.category, from, "timingPeriod", fhir.NewObject("start", dateOnly(value(from)), "end", dateOnly(value(to))), nil)
	}
	for _, x := range []struct{ box, words string }{{"10d", "Claim codes"}, {"19", "Additional claim information"}, {"27", "Accept assignment"},
		{"12.signed", "Patient's or authorized person's signature"}} {
		if f := c.field(x.box); f != nil {
			c.tell("info", f, "valueString", fhir.NewString(value(f)), fhir.NewObject("text", x.words))
		}
	}
	for _, x := range []struct{ box, words string }{{"20.charges", "Outside laboratory charges"}, {"29", "Amount paid"}} {
		if f := c.field(x.box); f != nil && isDecimal(value(f)) {
			c.tell("info", f, "valueQuantity", fhir.NewObject("value", fhir.NewNumber(value(f)), "unit", "USD",
				"system", "urn:iso:std:iso:4217", "code", "USD"), fhir.NewObject("text", x.words))
		}
	}
}

var (
	icd10 = regexp.MustCompile(`^[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?$`)
	icd9  = regexp.MustCompile(`^(\d{3}(\.\d{1,2})?|V\d\d(\.\d{1,2})?|E\d{3}(\.\d)?)$`)
)

// diagnoses are boxes 21.A to 21.L, or 21.1 to 21.4 of the old form. The number of a
// diagnosis is its letter's, so that a box in doubt leaves a gap and moves nothing.
func (c *claim) diagnoses() []*fhir.Node {
	var out []*fhir.Node
	for i, letter := range strings.Split("A B C D E F G H I J K L 1 2 3 4", " ") {
		f := c.field("21." + letter)
		if f == nil {
			continue
		}
		n := i + 1
		if n > 12 {
			n -= 12
		}
		v, system := value(f), ""
		ind := value(c.field("21.ind"))
		switch {
		case icd10.MatchString(v) && (ind == "0" || !icd9.MatchString(v) && ind == ""):
			system = "http://hl7.org/fhir/sid/icd-10-cm"
		case icd9.MatchString(v) && (ind == "9" || !icd10.MatchString(v) && ind == ""):
			system = "http://hl7.org/fhir/sid/icd-9-cm"
		}
		what := fhir.NewObject("text", raw(f))
		if system != "" {
			what = fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", system, "code", v)}, "text", raw(f))
		}
		d := fhir.NewObject("sequence", n, "diagnosisCodeableConcept", what)
		if n == 1 {
			d.Set("type", fhir.NewArray(coded(hl7+"ex-diagnosistype", "principal")))
		}
		c.note("diagnosis["+itoa(len(out))+"].diagnosisCodeableConcept", f)
		c.diagnose[letter] = n
		out = append(out, d)
	}
	return out
}

// accident is boxes 10a to 10c. Its date is mandatory: without one the box is told in words.
func (c *claim) accident() *fhir.Node {
	var out *fhir.Node
	for _, x := range []struct{ box, code, words string }{{"10a", "WPA", "Employment"}, {"10b", "MVA", "Auto accident"}, {"10c", "", "Other accident"}} {
		f := c.field(x.box)
		if value(f) != "YES" {
			continue
		}
		date := c.field("14.date")
		if value(c.field("15.qual")) == "439" && c.field("15.date") != nil {
			date = c.field("15.date")
		}
		if out != nil || date == nil || !isDate(value(date)) {
			c.tell("info", f, "valueString", fhir.NewString("YES"), fhir.NewObject("text", x.words))
			continue
		}
		kind := fhir.NewObject("text", x.words)
		if x.code != "" {
			kind = coded(hl7+"v3-ActCode", x.code)
		}
		out = fhir.NewObject("date", value(date), "type", kind)
		if state := c.field("10b.state"); x.box == "10b" && state != nil {
			out.Set("locationAddress", fhir.NewObject("state", value(state)))
		}
		c.note("accident.date", date)
		c.note("accident.type", f)
	}
	return out
}

// items are the service lines in their order. A line whose code is in review keeps its place
// and says that the code is not known yet.
func (c *claim) items() []*fhir.Node {
	var out []*fhir.Node
	for i, l := range c.Lines {
		at := "item[" + itoa(i) + "]."
		it := fhir.NewObject("sequence", i+1)
		if f := cell(l, "24J.npi"); f != nil {
			it.Set("careTeamSequence", fhir.NewArray(fhir.NewNumber(itoa(c.renders(f)))))
		}
		if list := c.pointed(cell(l, "24E")); list != nil {
			it.Set("diagnosisSequence", list)
			c.note(at+"diagnosisSequence", cell(l, "24E"))
		}
		if list := c.shaded(l); list != nil {
			it.Set("informationSequence", list)
		}
		product := absent("unknown")
		if f := cell(l, "24D.code"); f != nil {
			product = procedure(value(f), value(cell(l, "24D.text")))
			c.note(at+"productOrService", f)
		}
		it.Set("productOrService", product)
		if f := cell(l, "24D.mod"); f != nil {
			it.Set("modifier", modifiers(value(f)))
			c.note(at+"modifier", f)
		}
		from, to := cell(l, "24A.from"), cell(l, "24A.to")
		switch {
		case from == nil || !isDate(value(from)):
		case to != nil && isDate(value(to)) && value(to) != value(from):
			it.Set("servicedPeriod", fhir.NewObject("start", value(from), "end", value(to)))
			c.note(at+"servicedPeriod.start", from)
			c.note(at+"servicedPeriod.end", to)
		default:
			it.Set("servicedDate", fhir.NewString(value(from)))
			c.note(at+"servicedDate", from)
		}
		if f := cell(l, "24B"); f != nil {
			it.Set("locationCodeableConcept", coded(placeService, value(f)))
			c.note(at+"locationCodeableConcept", f)
		}
		if f := cell(l, "24G"); f != nil && isDecimal(value(f)) {
			it.Set("quantity", fhir.NewObject("value", fhir.NewNumber(value(f))))
			c.note(at+"quantity.value", f)
		}
		if f := cell(l, "24F"); f != nil && money(value(f)) != nil {
			it.Set("net", money(value(f)))
			c.note(at+"net.value", f)
		}
		out = append(out, it)
	}
	return out
}

// pointed gives the numbers of the diagnoses that a line points to; a pointer to a diagnosis
// that is blank or in review is left out.
func (c *claim) pointed(f *record.Field) *fhir.Node {
	var list []*fhir.Node
	var seen []int
	for _, r := range strings.ToUpper(value(f)) {
		if n := c.diagnose[string(r)]; n > 0 && !slices.Contains(seen, n) {
			seen = append(seen, n)
			list = append(list, fhir.NewNumber(itoa(n)))
		}
	}
	return nonEmptyArray(list)
}

// shaded tells the supplemental text of a line, and what the old form's columns say.
func (c *claim) shaded(l map[string]record.Field) *fhir.Node {
	var list []*fhir.Node
	for _, x := range []struct{ box, words string }{{"supplemental", "Supplemental information"}, {"24C", "Box 24C"}, {"24H", "EPSDT or family plan"},
		{"24I", "Box 24I"}, {"24J", "Box 24J"}, {"24J.shaded", "Rendering provider, other id"}, {"24K", "Reserved for local use"}} {
		if f := cell(l, x.box); f != nil {
			list = append(list, fhir.NewNumber(itoa(c.tell("info", f, "valueString", fhir.NewString(value(f)), fhir.NewObject("text", x.words)))))
		}
	}
	return nonEmptyArray(list)
}

// renders gives the number in the care team of the provider with this NPI.
func (c *claim) renders(f *record.Field) int {
	p := c.resource("Practitioner", "npi/"+value(f), c.segment.facts("identifier.value", f))
	p.Set("identifier", fhir.NewArray(fhir.NewObject("system", npiSystem, "value", value(f))))
	ref := c.file(p, c.segment.facts("identifier.value", f))
	for i, m := range c.team {
		if m.Str("provider", "reference") == ref {
			return i + 1
		}
	}
	return c.member(reference(ref), coded(careTeamRole, "rendering"), f)
}

func procedure(code, words string) *fhir.Node {
	system := cpt
	if code[0] >= 'A' && code[0] <= 'Z' {
		system = hcpcs
	}
	return fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", system, "code", code)}, "text", words)
}

// modifiers are the codes of a service's modifiers, written with blanks between them.
func modifiers(written string) *fhir.Node {
	var out []*fhir.Node
	for _, m := range strings.Fields(written) {
		out = append(out, coded(modifierSystem(m), m))
	}
	return nonEmptyArray(out)
}

func modifierSystem(m string) string {
	if m[0] >= '0' && m[0] <= '9' && m[len(m)-1] >= '0' && m[len(m)-1] <= '9' {
		return cpt
	}
	return hcpcs
}
