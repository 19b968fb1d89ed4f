package fhirmap

import (
	"strings"

	"chartlake/fhir"
	"chartlake/record"
)

// nubc is the base of the code systems of the National Uniform Billing Committee.
const nubc = "https://www.nubc.org/CodeSystem/"

// institutional writes a hospital's bill on UB-04: base R4 Claim with the categories of
// CARIN's IG where the base list has none. The order of diagnoses is the form's.
func (s *segment) institutional() {
	if s.Type != "ub04" || len(s.Lines) == 0 || s.field("FL4", "FL1") == nil {
		return
	}
	c := &claim{segment: s, diagnose: map[string]int{}}
	c.node = s.resource("Claim", "claim", nil)
	n := c.node
	var ids []*fhir.Node
	if f := s.field("FL3a"); f != nil {
		ids = append(ids, fhir.NewObject("type", fhir.NewObject("text", "Patient control number"), "value", value(f)))
		c.note("identifier[0].value", f)
	}
	n.Set("identifier", nonEmptyArray(ids))
	n.Set("status", fhir.NewString("active"))
	n.Set("type", coded(hl7+"claim-type", "institutional"))
	if f := s.field("FL4"); f != nil && len(value(f)) == 4 {
		kind := "outpatient"
		if b := value(f); (b[1] == '1' || b[1] == '2') && (b[2] == '1' || b[2] == '2') {
			kind = "inpatient"
		}
		n.Set("subType", coded(c4bb+"C4BBInstitutionalClaimSubType", kind))
		c.note("subType", f)
	}
	n.Set("use", fhir.NewString("claim"))
	n.Set("patient", s.patientRef())
	if from := s.field("FL6.from"); from != nil && isDate(value(from)) {
		n.Set("billablePeriod", fhir.NewObject("start", value(from), "end", dateOnly(value(s.field("FL6.through")))))
		c.note("billablePeriod.start", from)
		c.note("billablePeriod.end", s.field("FL6.through"))
	}
	setCreated(n, s, value(c.created()))
	n.Set("provider", orAbsent(s.hospital(c)))
	n.Set("priority", coded(hl7+"processpriority", "normal"))
	if f := s.field("FL64A"); f != nil {
		n.Set("related", fhir.NewArray(fhir.NewObject("relationship", coded(hl7+"ex-relatedclaimrelationship", "prior"), "reference", fhir.NewObject("value", value(f)))))
		c.note("related[0].reference.value", f)
	}
	c.physicians()
	c.hospitalInformation()
	diagnoses := c.hospitalDiagnoses()
	procedures := c.hospitalProcedures()
	items := c.revenueLines()
	n.Set("careTeam", nonEmptyArray(c.team))
	n.Set("supportingInfo", nonEmptyArray(c.info))
	n.Set("diagnosis", nonEmptyArray(diagnoses))
	n.Set("procedure", nonEmptyArray(procedures))
	n.Set("insurance", fhir.NewArray(c.payers()...))
	n.Set("item", nonEmptyArray(items))
	for _, l := range s.Lines {
		if f := cell(l, "FL47"); value(cell(l, "FL42")) == "0001" && money(value(f)) != nil {
			n.Set("total", money(value(f)))
			c.note("total.value", f)
		}
	}
	n.Set("meta", meta(c.facts))
	s.file(n, c.facts)
}

// created is the creation date of the total line.
func (c *claim) created() *record.Field {
	for _, l := range c.Lines {
		if value(cell(l, "FL42")) == "0001" {
			return cell(l, "FL45")
		}
	}
	return nil
}

// hospital is the billing provider of FL1 with its numbers of FL5 and FL56.
func (s *segment) hospital(c *claim) *fhir.Node {
	var ids []*fhir.Node
	if f := s.field("FL56"); f != nil {
		ids = append(ids, fhir.NewObject("system", npiSystem, "value", value(f)))
	}
	if f := s.field("FL5"); f != nil {
		ids = append(ids, fhir.NewObject("type", coded(hl7+"v2-0203", "TAX"), "system", "urn:oid:2.16.840.1.113883.4.4", "value", value(f)))
	}
	c.note("provider", s.field("FL1"))
	return s.printedOrganization("provider", s.field("FL1"), ids)
}

// physicians are FL76 to FL79 with their roles.
func (c *claim) physicians() {
	for _, x := range []struct{ fl, role string }{{"FL76", "attending"}, {"FL77", "operating"}, {"FL78", "otheroperating"}} {
		last, first, npi := c.field(x.fl+".last"), c.field(x.fl+".first"), c.field(x.fl+".npi")
		if last == nil && npi == nil {
			continue
		}
		facts := c.segment.facts("name.family", last, "name.given", first, "identifier.value", npi)
		p := c.resource("Practitioner", x.fl, facts)
		if npi != nil {
			p.Set("identifier", fhir.NewArray(fhir.NewObject("system", npiSystem, "value", value(npi))))
		}
		if last != nil {
			p.Set("name", fhir.NewArray(fhir.NewObject("family", value(last), "given", givenNames(value(first), ""))))
		}
		at := last
		if at == nil {
			at = npi
		}
		c.member(reference(c.file(p, facts)), coded(careTeamRole, x.role), at)
	}
}

// reveal adds supporting information of a category of CARIN's list.
func (c *claim) reveal(category string, f *record.Field, element string, v, code *fhir.Node) {
	n := len(c.info) + 1
	one := fhir.NewObject("sequence", n, "category", coded(c4bbInfo, category))
	one.Set("code", code)
	one.Set(element, v)
	c.info = append(c.info, one)
	c.note("supportingInfo["+itoa(n-1)+"]."+element, f)
}

// hospitalInformation are the boxes without an element of their own.
func (c *claim) hospitalInformation() {
	if f := c.field("FL12"); f != nil && isDate(value(f)) {
		c.reveal("admissionperiod", f, "timingPeriod", fhir.NewObject("start", value(f)), nil)
	}
	for _, x := range []struct{ fl, category, system string }{{"FL4", "typeofbill", "TypeOfBill"}, {"FL14", "admtype", "PriorityTypeOfAdmitOrVisit"},
		{"FL15", "pointoforigin", "PointOfOrigin"}, {"FL17", "discharge-status", "PatDischargeStatus"}} {
		if f := c.field(x.fl); f != nil {
			n := len(c.info) + 1
			system := nubc + x.system
			if x.fl == "FL15" && value(c.field("FL14")) == "4" {
				system = nubc + "PointOfOriginNewborn"
			}
			c.info = append(c.info, fhir.NewObject("sequence", n, "category", coded(c4bbInfo, x.category), "code", coded(system, value(f))))
			c.note("supportingInfo["+itoa(n-1)+"].code", f)
		}
	}
	for _, x := range []struct{ fl, words string }{{"FL13", "Admission hour"}, {"FL16", "Discharge hour"}, {"FL80", "Remarks"}, {"FL18", "Condition code"},
		{"FL19", "Condition code"}, {"FL20", "Condition code"}, {"FL21", "Condition code"}, {"FL71", "PPS or DRG code"}} {
		if f := c.field(x.fl); f != nil {
			c.tell("info", f, "valueString", fhir.NewString(value(f)), fhir.NewObject("text", x.words))
		}
	}
	for _, fl := range strings.Fields("FL31a FL31b FL32a FL32b FL33a FL33b FL34a FL34b") {
		code, date := c.field(fl+".code"), c.field(fl+".date")
		if code != nil && date != nil && isDate(value(date)) {
			c.tell("info", date, "timingDate", fhir.NewString(value(date)), fhir.NewObject("text", "Occurrence code "+value(code)))
		}
	}
	for _, fl := range strings.Fields("FL39a FL40a FL41a FL39b FL40b FL41b FL39c FL40c FL41c FL39d FL40d FL41d") {
		code, amount := c.field(fl+".code"), c.field(fl+".amount")
		if code != nil && amount != nil && isDecimal(value(amount)) {
			c.tell("info", amount, "valueQuantity", fhir.NewObject("value", fhir.NewNumber(value(amount))), fhir.NewObject("text", "Value code "+value(code)))
		}
	}
	for _, row := range []string{"A", "B", "C"} {
		if f := c.field("FL54" + row); f != nil && isDecimal(value(f)) {
			c.tell("info", f, "valueQuantity", fhir.NewObject("value", fhir.NewNumber(value(f)), "unit", "USD", "system", "urn:iso:std:iso:4217", "code", "USD"),
				fhir.NewObject("text", "Prior payment, payer "+row))
		}
	}
}

// hospitalDiagnoses are FL67 with A to Q, FL69, FL70 and FL72.
func (c *claim) hospitalDiagnoses() []*fhir.Node {
	var out []*fhir.Node
	add := func(fl, system, kind string) {
		f := c.field(fl)
		if f == nil {
			return
		}
		what := fhir.NewObject("text", raw(f))
		v := value(f)
		switch ver := value(c.field("FL66")); {
		case icd10.MatchString(v) && (ver == "0" || ver == "" && !icd9.MatchString(v)):
			what = fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", "http://hl7.org/fhir/sid/icd-10-cm", "code", v)}, "text", raw(f))
		case icd9.MatchString(v) && (ver == "9" || ver == "" && !icd10.MatchString(v)):
			what = fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", "http://hl7.org/fhir/sid/icd-9-cm", "code", v)}, "text", raw(f))
		}
		d := fhir.NewObject("sequence", len(out)+1, "diagnosisCodeableConcept", what, "type", []*fhir.Node{coded(system, kind)})
		c.note("diagnosis["+itoa(len(out))+"].diagnosisCodeableConcept", f)
		if poa := c.field(fl + ".poa"); poa != nil {
			d.Set("onAdmission", coded("https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/HospitalAcqCond/Coding", value(poa)))
			c.note("diagnosis["+itoa(len(out))+"].onAdmission", poa)
		}
		out = append(out, d)
	}
	add("FL67", hl7+"ex-diagnosistype", "principal")
	for _, l := range "ABCDEFGHIJKLMNOPQ" {
		add("FL67"+string(l), c4bb+"C4BBClaimDiagnosisType", "other")
	}
	add("FL69", hl7+"ex-diagnosistype", "admitting")
	for _, l := range "abc" {
		add("FL70"+string(l), c4bb+"C4BBClaimDiagnosisType", "patientreasonforvisit")
		add("FL72"+string(l), c4bb+"C4BBClaimDiagnosisType", "externalcauseofinjury")
	}
	return out
}

// hospitalProcedures are FL74 and FL74a to FL74e.
func (c *claim) hospitalProcedures() []*fhir.Node {
	var out []*fhir.Node
	for i, fl := range strings.Fields("FL74 FL74a FL74b FL74c FL74d FL74e") {
		code, date := c.field(fl+".code"), c.field(fl+".date")
		if code == nil {
			continue
		}
		what := fhir.NewObject("text", raw(code))
		if value(c.field("FL66")) == "0" && len(value(code)) == 7 {
			what = fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", "http://www.cms.gov/Medicare/Coding/ICD10", "code", value(code))}, "text", raw(code))
		}
		kind := "other"
		if i == 0 {
			kind = "principal"
		}
		p := fhir.NewObject("sequence", len(out)+1, "type", []*fhir.Node{coded(c4bb+"C4BBClaimProcedureType", kind)})
		if date != nil && isDate(value(date)) {
			p.Set("date", fhir.NewString(value(date)))
			c.note("procedure["+itoa(len(out))+"].date", date)
		}
		p.Set("procedureCodeableConcept", what)
		c.note("procedure["+itoa(len(out))+"].procedureCodeableConcept", code)
		out = append(out, p)
	}
	return out
}

// payers are rows A to C of FL50 to FL65; the first is asked to pay.
func (c *claim) payers() []*fhir.Node {
	var out []*fhir.Node
	for _, row := range []string{"A", "B", "C"} {
		name, member := c.field("FL50"+row), c.field("FL60"+row)
		if name == nil && member == nil {
			continue
		}
		n := len(out) + 1
		in := fhir.NewObject("sequence", n, "focal", n == 1, "coverage", orAbsent(c.rowCoverage(row, name, member)))
		if f := c.field("FL63" + row); f != nil {
			in.Set("preAuthRef", fhir.NewArray(fhir.NewString(value(f))))
			c.note("insurance["+itoa(n-1)+"].preAuthRef", f)
		}
		out = append(out, in)
	}
	if len(out) == 0 {
		out = append(out, fhir.NewObject("sequence", 1, "focal", true, "coverage", absent("unknown")))
	}
	return out
}

func (c *claim) rowCoverage(row string, name, member *record.Field) *fhir.Node {
	if member == nil {
		return nil
	}
	group, groupName := c.field("FL62"+row), c.field("FL61"+row)
	facts := c.segment.facts("subscriberId", member, "payor", name, "class[0].value", group, "class[0].name", groupName)
	cov := c.resource("Coverage", "row/"+row, facts)
	payor := c.organization(name, c.field("FL51"+row), Base+"/payer-id")
	if payor == nil {
		cov.Set("contained", fhir.NewArray(fhir.NewObject("resourceType", "Organization", "id", "payor", "name", absentName)))
		payor = reference("#payor")
	}
	cov.Set("status", fhir.NewString("active"))
	if value(c.field("FL59"+row)) == "18" { // the patient is the insured; X12 1069
		cov.Set("subscriber", c.patientRef())
		cov.Set("relationship", coded(hl7+"subscriber-relationship", "self"))
	}
	cov.Set("subscriberId", fhir.NewString(value(member)))
	cov.Set("beneficiary", c.patientRef())
	cov.Set("payor", fhir.NewArray(payor))
	if group != nil {
		cov.Set("class", fhir.NewArray(fhir.NewObject("type", coded(hl7+"coverage-class", "group"), "value", value(group), "name", value(groupName))))
	}
	return reference(c.file(cov, facts))
}

// revenueLines are the service lines without the total line.
func (c *claim) revenueLines() []*fhir.Node {
	var out []*fhir.Node
	for _, l := range c.Lines {
		rev := cell(l, "FL42")
		if value(rev) == "0001" {
			continue
		}
		at := "item[" + itoa(len(out)) + "]."
		it := fhir.NewObject("sequence", len(out)+1)
		if rev != nil {
			it.Set("revenue", coded(nubc+"RevenueCodes", value(rev)))
			c.note(at+"revenue", rev)
		}
		words := value(cell(l, "FL43"))
		product := absent("not-applicable")
		if words != "" {
			product.Set("text", fhir.NewString(words))
			c.note(at+"productOrService.text", cell(l, "FL43"))
		}
		if f := cell(l, "FL44.code"); f != nil {
			product = procedure(value(f), words)
			c.note(at+"productOrService", f)
		}
		it.Set("productOrService", product)
		if f := cell(l, "FL44.mod"); f != nil {
			it.Set("modifier", modifiers(value(f)))
			c.note(at+"modifier", f)
		}
		if f := cell(l, "FL45"); f != nil && isDate(value(f)) {
			it.Set("servicedDate", fhir.NewString(value(f)))
			c.note(at+"servicedDate", f)
		}
		if f := cell(l, "FL46"); f != nil && isDecimal(value(f)) {
			it.Set("quantity", fhir.NewObject("value", fhir.NewNumber(value(f))))
			c.note(at+"quantity.value", f)
		}
		if f := cell(l, "FL44.rate"); money(value(f)) != nil {
			it.Set("unitPrice", money(value(f)))
			c.note(at+"unitPrice.value", f)
		}
		if f := cell(l, "FL47"); money(value(f)) != nil {
			it.Set("net", money(value(f)))
			c.note(at+"net.value", f)
		}
		out = append(out, it)
	}
	return out
}
