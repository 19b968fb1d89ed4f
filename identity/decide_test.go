package identity

import (
	"testing"

	"chartlake/fhir"
	"chartlake/record"
)

func mr(v string) []Identifier {
	return []Identifier{{Kind: MedicalRecord, Value: v, Assigner: "Lakeside"}}
}

var ada = Person{Family: "Fairweather", Given: []string{"Ada"}, BirthDate: "1961-11-02", Sex: "female", Identifiers: mr("778-1")}

func member(v string) []Identifier {
	return []Identifier{{Kind: Member, Value: v, Assigner: "Evergreen"}}
}

func withGiven(name string) Person {
	p := ada
	p.Given = []string{name}
	return p
}

func withNumber(v string) Person {
	p := ada
	p.Identifiers = mr(v)
	return p
}

func withMember(birth string) Person {
	p := ada
	p.BirthDate, p.Identifiers = birth, member("W9")
	return p
}

func TestDecide(t *testing.T) {
	t.Parallel()
	with := func(f func(*Person)) Person { p := ada; f(&p); return p }
	tests := []struct {
		name       string
		person     Person
		candidates []Candidate
		want       Kind
		patient    string
		code       string
	}{
		{"nothing named", Person{}, nil, Absent, "", "identity_absent"},
		{"first document of a patient", ada, nil, New, "", ""},
		{"no further identifier", with(func(p *Person) { p.Identifiers = nil }), nil, Ask, "", "identity_weak"},
		{"birth date without day", with(func(p *Person) { p.BirthDate = "1961-11" }), nil, Ask, "", "identity_weak"},
		{"doubtful birth date", with(func(p *Person) { p.Doubtful = []string{"dob"} }), nil, Ask, "", "identity_weak"},
		{"doubtful number", with(func(p *Person) { p.Doubtful = []string{"mrn"} }), nil, Ask, "", "identity_weak"},
		{"all agree", ada, []Candidate{{"p1", ada}}, Match, "p1", ""},
		{"initial of the given name", with(func(p *Person) { p.Given = []string{"A"} }), []Candidate{{"p1", ada}}, Match, "p1", ""},
		{"number agrees, birth date a digit off", with(func(p *Person) { p.BirthDate = "1961-11-03" }), []Candidate{{"p1", ada}}, Match, "p1", ""},
		{"the same, and an initial", with(func(p *Person) { p.BirthDate, p.Given = "1961-11-03", []string{"A"} }), []Candidate{{"p1", ada}}, Ask, "", "identity_mismatch"},
		{"the same, and a slip in the name", with(func(p *Person) { p.BirthDate, p.Family = "1961-11-03", "Fairwaether" }), []Candidate{{"p1", ada}}, Ask, "", "identity_mismatch"},
		{"the same, and no sex", with(func(p *Person) { p.BirthDate, p.Sex = "1961-11-03", "" }), []Candidate{{"p1", ada}}, Ask, "", "identity_mismatch"},
		{"number agrees, birth date differs", with(func(p *Person) { p.BirthDate = "1972-04-03" }), []Candidate{{"p1", ada}}, Ask, "", "identity_mismatch"},
		{"number agrees, another family name", with(func(p *Person) { p.Family = "Brook" }), []Candidate{{"p1", ada}}, Match, "p1", ""},
		{"the same, and no sex", with(func(p *Person) { p.Family, p.Sex = "Brook", "" }), []Candidate{{"p1", ada}}, Ask, "", "identity_mismatch"},
		{"number agrees, another given name", with(func(p *Person) { p.Given = []string{"Bea"} }), []Candidate{{"p1", ada}}, Ask, "", "identity_mismatch"},
		{"another family name, no number", with(func(p *Person) { p.Family, p.Identifiers = "Brook", nil }), []Candidate{{"p1", ada}}, Ask, "", "identity_candidates"},
		{"birth date a digit off, no number", with(func(p *Person) { p.BirthDate, p.Identifiers = "1961-11-03", nil }), []Candidate{{"p1", ada}}, Ask, "", "identity_candidates"},
		{"birth date a digit off, by card and telephone", with(func(p *Person) {
			p.BirthDate, p.Identifiers, p.Phone = "1961-11-03", member("W9"), "555 0101"
		}), []Candidate{{"p1", with(func(p *Person) { p.Identifiers, p.Phone = member("W9"), "555 0101" })}}, Match, "p1", ""},
		{"birth date a digit off, by the card alone", with(func(p *Person) { p.BirthDate, p.Identifiers = "1961-11-03", member("W9") }),
			[]Candidate{{"p1", with(func(p *Person) { p.Identifiers = member("W9") })}}, Ask, "", "identity_mismatch"},
		{"moved, with another telephone", with(func(p *Person) { p.Identifiers, p.Street, p.Phone = nil, "2 Hill Road", "555 0102" }),
			[]Candidate{{"p1", with(func(p *Person) { p.Street, p.Phone = "1 Quay Street", "555 0101" })}}, Ask, "", "identity_candidates"},
		{"moved", with(func(p *Person) { p.Identifiers, p.Street = nil, "2 Hill Road" }),
			[]Candidate{{"p1", with(func(p *Person) { p.Street = "1 Quay Street" })}}, Match, "p1", ""},
		{"an initial at the same telephone", with(func(p *Person) { p.Identifiers, p.Given, p.Phone = nil, []string{"A"}, "555 0101" }),
			[]Candidate{{"p1", with(func(p *Person) { p.Phone = "555 0101" })}}, Match, "p1", ""},
		{"name, birth date and sex, number of another kind", with(func(p *Person) {
			p.Identifiers = []Identifier{{Kind: Member, Value: "W9"}}
		}), []Candidate{{"p1", ada}}, Match, "p1", ""},
		{"name and birth date alone", with(func(p *Person) {
			p.Identifiers, p.Sex = nil, ""
		}), []Candidate{{"p1", ada}}, Ask, "", "identity_candidates"},
		{"an initial without a number in common", with(func(p *Person) {
			p.Identifiers, p.Given = nil, []string{"A"}
		}), []Candidate{{"p1", ada}}, Ask, "", "identity_candidates"},
		{"another number of the same assigner", with(func(p *Person) {
			p.Identifiers = mr("778-9")
		}), []Candidate{{"p1", ada}}, Ask, "", "identity_candidates"},
		{"names exchanged, and the sex alone differs", with(func(p *Person) {
			p.Family, p.Given, p.Sex = "Ada", []string{"Fairweather"}, "male"
			p.Identifiers = nil
		}),
			[]Candidate{{"p1", ada}}, Ask, "", "identity_candidates"},
		{"a namesake of the same day, numbered elsewhere", ada, []Candidate{{"p1", ada}, {"p2", with(func(p *Person) {
			p.Identifiers = []Identifier{{Kind: MedicalRecord, Value: "5", Assigner: "Hillside"}}
		})}}, Match, "p1", ""},
		{"twins: another given name", with(func(p *Person) { p.Given = []string{"Bea"}; p.Identifiers = mr("778-2") }),
			[]Candidate{{"p1", ada}}, Ask, "", "identity_candidates"},
		{"two known patients settle", ada, []Candidate{{"p1", ada}, {"p2", ada}}, Ask, "", "identity_candidates"},
		{"sex differs", with(func(p *Person) { p.Sex = "male" }), []Candidate{{"p1", ada}}, Match, "p1", ""},
		{"sex differs, no number", with(func(p *Person) { p.Sex, p.Identifiers = "male", nil }), []Candidate{{"p1", ada}}, Ask, "", "identity_candidates"},
		{"a slip in the family name, and the number", with(func(p *Person) { p.Family = "Fairwaether" }), []Candidate{{"p1", ada}}, Match, "p1", ""},
		{"a slip in the given name, and the number", with(func(p *Person) { p.Given = []string{"Alma"} }), []Candidate{{"p1", withGiven("Alba")}}, Match, "p1", ""},
		{"a given name that comes near, no number", with(func(p *Person) { p.Given, p.Identifiers, p.Phone = []string{"Kayla"}, nil, "555 0101" }),
			[]Candidate{{"p1", withGiven("Layla")}}, Ask, "", "identity_candidates"},
		{"slips in both names", with(func(p *Person) { p.Family, p.Given = "Fairwaether", []string{"Alma"} }), []Candidate{{"p1", withGiven("Alba")}}, Ask, "", "identity_candidates"},
		{"half of a double name, and the number", with(func(p *Person) { p.Family = "Fairweather-Cruz" }), []Candidate{{"p1", ada}}, Match, "p1", ""},
		{"names exchanged, and the number", with(func(p *Person) { p.Family, p.Given = "Ada", []string{"Fairweather"} }), []Candidate{{"p1", ada}}, Match, "p1", ""},
		{"two digits of the number exchanged", with(func(p *Person) { p.Identifiers = mr("77821") }), []Candidate{{"p1", withNumber("78721")}}, Match, "p1", ""},
		{"no birth date, whole name and number", with(func(p *Person) { p.BirthDate = "" }), []Candidate{{"p1", ada}}, Match, "p1", ""},
		{"no birth date, an initial and the number", with(func(p *Person) { p.BirthDate, p.Given = "", []string{"A"} }), []Candidate{{"p1", ada}}, Ask, "", "identity_candidates"},
		{"father and son by the card alone", with(func(p *Person) { p.BirthDate, p.Identifiers = "", member("W9") }),
			[]Candidate{{"p1", withMember("1961-11-02")}, {"p2", withMember("1991-04-07")}}, Ask, "", "identity_candidates"},
		{"the twin's card", with(func(p *Person) { p.Given, p.Identifiers = []string{"Bea"}, member("W9") }),
			[]Candidate{{"p1", withMember("1961-11-02")}}, Ask, "", "identity_mismatch"},
		{"one of two twins by the card", with(func(p *Person) { p.Identifiers = member("W9") }),
			[]Candidate{{"p1", withMember("1961-11-02")}, {"p2", Person{Family: "Fairweather", Given: []string{"Bea"}, BirthDate: "1961-11-02", Sex: "female", Identifiers: member("W9")}}}, Match, "p1", ""},
		{"another middle name, no number", with(func(p *Person) { p.Given, p.Identifiers = []string{"Ada", "Rose"}, nil }),
			[]Candidate{{"p1", Person{Family: "Fairweather", Given: []string{"Ada", "Lynn"}, BirthDate: "1961-11-02", Sex: "female"}}}, Ask, "", "identity_candidates"},
		{"a stranger", ada, []Candidate{{"p9", Person{Family: "Okoro", Given: []string{"Ben"}, BirthDate: "1980-01-01"}}}, New, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := Decide(tt.person, tt.candidates)
			if d.Kind != tt.want || d.Patient != tt.patient || d.Code != tt.code {
				t.Errorf("got %s %q %q, want %s %q %q; %+v", d.Kind, d.Patient, d.Code, tt.want, tt.patient, tt.code, d.Candidates)
			}
			if d.Kind == Ask && d.Question == "" {
				t.Error("a question without words")
			}
		})
	}
}

func TestTheInsuredsNumberIsNotThePatients(t *testing.T) {
	t.Parallel()
	v := func(s string) *string { return &s }
	claim := func(relation string) *record.Segment {
		return &record.Segment{Type: "cms1500", Fields: []record.Field{
			{Name: "1a", Value: v("QH5512"), State: record.Accepted}, {Name: "6", Value: v(relation), State: record.Accepted}}}
	}
	if p := FromSegment(claim("Child")); len(p.Identifiers) != 0 {
		t.Errorf("a child has its parent's number: %v", p.Identifiers)
	}
	if p := FromSegment(claim("Self")); len(p.Identifiers) != 1 {
		t.Errorf("the insured's own number is lost")
	}
}

func TestFromSegmentAndPatientMeet(t *testing.T) {
	t.Parallel()
	v := func(s string) *string { return &s }
	seg := &record.Segment{Fields: []record.Field{
		{Name: "patient", Value: v("Fairweather, Ada"), State: record.Accepted},
		{Name: "dob", Value: v("1961-11-02"), State: record.Accepted},
		{Name: "mrn", Value: v("7781"), State: record.Accepted},
		{Name: "facility", Value: v("Lakeside"), State: record.Accepted},
		{Name: "sex", Value: v("F"), State: record.Review},
	}}
	patient, err := fhir.Parse([]byte(`{"resourceType":"Patient","id":"p1","name":[{"family":"Fairweather","given":["Ada"]}],
		"birthDate":"1961-11-02","gender":"female",
		"identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"7781","assigner":{"display":"LAKESIDE"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := Decide(FromSegment(seg), []Candidate{FromPatient(patient)}); d.Kind != Match {
		t.Errorf("got %+v", d)
	}
}
