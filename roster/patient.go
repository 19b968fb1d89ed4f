package roster

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/value"
)

const table0203 = "http://terminology.hl7.org/CodeSystem/v2-0203" // HL7 v2 table 0203, kinds of identifier

// columns are the names that a column of patients may have, folded, and what it holds.
var columns = map[string]string{
	"id": "id", "patientid": "id", "fhirid": "id",
	"mrn": "mrn", "medicalrecordnumber": "mrn", "recordnumber": "mrn",
	"mrnsystem": "system", "assigner": "facility", "facility": "facility", "hospital": "facility",
	"family": "family", "last": "family", "lastname": "family", "familyname": "family", "surname": "family",
	"given": "given", "first": "given", "firstname": "given", "givenname": "given",
	"middle": "middle", "middlename": "middle", "middleinitial": "middle", "mi": "middle",
	"birthdate": "birth", "dob": "birth", "dateofbirth": "birth",
	"sex": "sex", "gender": "sex",
	"phone": "phone", "telephone": "phone", "phonenumber": "phone", "email": "email",
	"street": "street", "address": "street", "addressline1": "street", "address1": "street", "street2": "street2", "addressline2": "street2", "address2": "street2",
	"city": "city", "state": "state", "zip": "zip", "zipcode": "zip", "postalcode": "zip",
	"payer": "payer", "insurer": "payer", "memberid": "member", "member": "member", "insuranceid": "member", "policynumber": "member",
}

// patients makes Patients. The head is looked at column by column.
func patients(head []string) (row, error) {
	at := map[string]int{}
	for i, name := range head {
		what, known := columns[folded(name)]
		if !known {
			return nil, fault.New(fault.Invalid, "roster_column", "column %d is not one of a roster of patients: see docs/guide/exchange.md", i+1)
		}
		if _, again := at[what]; again {
			return nil, fault.New(fault.Invalid, "roster_column", "column %d holds the same as another", i+1)
		}
		at[what] = i
	}
	_, id := at["id"]
	_, mrn := at["mrn"]
	if !id && !mrn {
		return nil, fault.New(fault.Invalid, "roster_column", "a roster of patients has a column id or mrn")
	}
	return func(cells []string) (*fhir.Node, error) {
		return patient(func(what string) string {
			if i, ok := at[what]; ok {
				return strings.TrimSpace(cells[i])
			}
			return ""
		})
	}, nil
}

var validID = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`) // http://hl7.org/fhir/R4/datatypes.html#id

func patient(of func(string) string) (*fhir.Node, error) {
	if of("id")+of("mrn")+of("family")+of("given") == "" {
		return nil, nil
	}
	id := of("id")
	switch {
	case id == "" && of("mrn") == "":
		return nil, fault.New(fault.Invalid, "roster_no_id", "the row has neither id nor record number")
	case id == "":
		sum := sha256.Sum256([]byte(of("system") + "\x00" + strings.ToLower(of("facility")) + "\x00" + of("mrn")))
		id = "r" + hex.EncodeToString(sum[:])[:32]
	case !validID.MatchString(id):
		return nil, fault.New(fault.Invalid, "roster_bad_id", "the id is none of FHIR's: letters, digits, - and ., at most 64")
	}
	birth := of("birth")
	if birth != "" {
		read := value.Parse(value.DateKind, birth, value.Hint{})
		if !read.OK {
			return nil, fault.New(fault.Invalid, "roster_bad_date", "the birth date is no date")
		}
		birth = read.Value
	}
	sex, ok := sexes[strings.ToLower(of("sex"))]
	if !ok {
		return nil, fault.New(fault.Invalid, "roster_bad_sex", "the sex is none of female, male, other, unknown or their first letters")
	}
	p := fhir.NewObject("resourceType", "Patient", "id", id)
	var identifiers []*fhir.Node
	if n := of("mrn"); n != "" {
		identifiers = append(identifiers, identifier("MR", of("system"), n, of("facility")))
	}
	if n := of("member"); n != "" {
		identifiers = append(identifiers, identifier("MB", "", n, of("payer")))
	}
	set(p, "identifier", identifiers)
	if family, given := of("family"), strings.Fields(of("given")+" "+of("middle")); family != "" || len(given) > 0 {
		name := fhir.NewObject()
		text(name, "family", family)
		set(name, "given", texts(given))
		p.Set("name", fhir.NewArray(name))
	}
	set(p, "telecom", contacts(of("phone"), of("email")))
	text(p, "gender", sex)
	text(p, "birthDate", birth)
	if a := address(texts(nonEmpty(of("street"), of("street2"))), of("city"), of("state"), of("zip")); a != nil {
		p.Set("address", fhir.NewArray(a))
	}
	return p, nil
}

// sexes are the codes of http://hl7.org/fhir/administrative-gender by what lists have for them.
var sexes = map[string]string{"": "", "f": "female", "female": "female", "m": "male", "male": "male", "o": "other", "x": "other", "other": "other",
	"u": "unknown", "unknown": "unknown"}

func identifier(code, system, number, assigner string) *fhir.Node {
	n := fhir.NewObject("type", fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", table0203, "code", code)}))
	text(n, "system", system)
	text(n, "value", number)
	if assigner != "" {
		n.Set("assigner", fhir.NewObject("display", assigner))
	}
	return n
}

func contacts(phone, email string) (out []*fhir.Node) {
	if phone != "" {
		out = append(out, fhir.NewObject("system", "phone", "value", phone))
	}
	if email != "" {
		out = append(out, fhir.NewObject("system", "email", "value", email))
	}
	return out
}

func address(lines []*fhir.Node, city, state, zip string) *fhir.Node {
	if len(lines) == 0 && city+state+zip == "" {
		return nil
	}
	a := fhir.NewObject()
	set(a, "line", lines)
	text(a, "city", city)
	text(a, "state", state)
	text(a, "postalCode", zip)
	return a
}

func text(n *fhir.Node, name, value string) {
	if value != "" {
		n.Set(name, fhir.NewString(value))
	}
}

func set(n *fhir.Node, name string, list []*fhir.Node) {
	if len(list) > 0 {
		n.Set(name, fhir.NewArray(list...))
	}
}

func texts(words []string) []*fhir.Node {
	out := make([]*fhir.Node, len(words))
	for i, w := range words {
		out[i] = fhir.NewString(w)
	}
	return out
}

func nonEmpty(words ...string) (out []string) {
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}
