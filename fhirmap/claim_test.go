package fhirmap

import (
	"strings"
	"testing"

	"chartlake/fhir/validate"
	"chartlake/record"
)

// claimFields is a claim for somebody insured through another person.
func claimFields() []record.Field {
	var out []record.Field
	for _, p := range [][2]string{{"form_version", "02/12"}, {"carrier", "Quiet Harbor Mutual\n9 Pier Rd\nBath, ME 04530"}, {"1", "Group Health Plan"}, {"1a", "QH5512"},
		{"2", "Marrow, Lina"}, {"3.dob", "1988-05-06"}, {"3.sex", "F"}, {"4", "Marrow, Odo"}, {"6", "Spouse"}, {"7.street", "4 Elm Ct"}, {"7.city", "Bath"},
		{"7.state", "ME"}, {"7.zip", "04530"}, {"10a", "YES"}, {"10b", "NO"}, {"11", "G77"}, {"11a.dob", "1985-01-02"}, {"11a.sex", "M"}, {"11c", "Harbor Plus"},
		{"14.date", "2026-01-04"}, {"16.from", "2026-01-04"}, {"17", "Ida Fenn"}, {"17.qual", "DN"}, {"17b", "1234567893"}, {"20.charges", "0.00"}, {"21.ind", "0"},
		{"21.A", "S93.401A"}, {"21.C", "M25.571"}, {"22.code", "7"}, {"22.ref", "REF9"}, {"23", "PA-31"}, {"25", "12-3456789"}, {"25.type", "EIN"}, {"26", "ACC1"},
		{"28", "150.00"}, {"29", "20.00"}, {"31", "Signed Person"}, {"31.date", "2026-02-01"}, {"32", "Bath Clinic\n1 Main St"}, {"32a", "1245319599"},
		{"33", "Fenn Orthopedics\n2 Main St"}, {"33a", "1245319599"}} {
		out = append(out, accepted(p[0], p[1]))
	}
	return out
}

func claimLines() []map[string]record.Field {
	line := func(pairs ...string) map[string]record.Field {
		l := map[string]record.Field{}
		for i := 0; i < len(pairs); i += 2 {
			l[pairs[i]] = accepted(pairs[i], pairs[i+1])
		}
		return l
	}
	doubtful := line("24A.from", "2026-01-06", "24B", "11", "24D.code", "9S213", "24E", "B", "24F", "50.00", "24G", "1")
	f := doubtful["24D.code"]
	f.State = record.Review
	doubtful["24D.code"] = f
	return []map[string]record.Field{
		line("supplemental", "N400071015523 ML1", "24A.from", "2026-01-05", "24A.to", "2026-01-05", "24B", "11", "24D.code", "99213", "24D.mod", "25 RT",
			"24E", "AC", "24F", "100.00", "24G", "1", "24J.npi", "1234567893"),
		doubtful,
	}
}

func TestClaimIsValidAndKeepsItsRolesApart(t *testing.T) {
	t.Parallel()
	b := bundle(record.Segment{Type: "cms1500", Pages: [2]int{1, 1}, Fields: claimFields(), Lines: claimLines()})
	v := validate.Validator{Level: validate.Full}
	for _, typ := range []string{"Claim", "Coverage", "RelatedPerson", "Organization", "Location", "Practitioner", "Patient"} {
		list := resources(b, typ)
		if len(list) == 0 {
			t.Errorf("no %s", typ)
		}
		for _, r := range list {
			if err := validate.Error(v.Resource(r)); err != nil {
				t.Errorf("%s: %v", r.AppendJSON(nil), err)
			}
		}
	}
	claim := resources(b, "Claim")[0]
	text := string(claim.AppendJSON(nil))
	for _, want := range []string{`"total":{"value":150.00`, `"preAuthRef":["PA-31"]`, `"accident":{"date":"2026-01-04","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"WPA"}]}}`,
		`"diagnosisSequence":[1,3]`, `"servicedDate":"2026-01-05"`, `"quantity":{"value":1}`, `"informationSequence":[`, `"code":"prior"`, `"created":"2026-02-01"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the claim has no %s: %s", want, text)
		}
	}
	if strings.Contains(text, "9S213") {
		t.Error("a code in review was filed")
	}
	insured := resources(b, "RelatedPerson")[0]
	patient := resources(b, "Patient")[0]
	if insured.Str("birthDate") != "1985-01-02" || patient.Str("birthDate") != "1988-05-06" {
		t.Errorf("patient and insured exchanged: %s %s", insured.Str("birthDate"), patient.Str("birthDate"))
	}
	for _, o := range resources(b, "Organization") {
		if o.Str("name") == "Signed Person" {
			t.Error("a signature became an organisation")
		}
	}
}

func TestClaimWithoutAProviderSaysSo(t *testing.T) {
	t.Parallel()
	var fields []record.Field
	for _, f := range claimFields() {
		switch f.Name {
		case "33", "33a", "14.date", "4", "31.date", "carrier":
		default:
			fields = append(fields, f)
		}
	}
	b := bundle(record.Segment{Type: "cms1500", Pages: [2]int{1, 1}, Fields: fields, Lines: claimLines()})
	claim := resources(b, "Claim")[0]
	if claim.Get("provider").Get("extension") == nil || claim.Get("provider").Get("reference") != nil {
		t.Errorf("provider: %s", claim.Get("provider").AppendJSON(nil))
	}
	if claim.Get("accident") != nil {
		t.Error("an accident without a date")
	}
	if claim.Str("created") != "2026-03-01" {
		t.Errorf("created %s", claim.Str("created"))
	}
	if err := validate.Error((validate.Validator{Level: validate.Full}).Resource(claim)); err != nil {
		t.Error(err)
	}
}
