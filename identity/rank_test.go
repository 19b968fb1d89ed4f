package identity

import (
	"slices"
	"testing"
)

func TestRank(t *testing.T) {
	t.Parallel()
	with := func(f func(*Person)) Person { p := ada; f(&p); return p }
	bare := with(func(p *Person) { p.Identifiers, p.Sex = nil, "" })
	twin := with(func(p *Person) { p.Given, p.Identifiers = []string{"Bea"}, mr("778-2") })
	stranger := Person{Family: "Okoro", Given: []string{"Ben"}, BirthDate: "1980-01-01"}
	for _, tt := range []struct {
		name       string
		person     Person
		candidates []Candidate
		want       []string // id and grade
	}{
		{"nobody", ada, nil, nil},
		{"nothing said", Person{}, []Candidate{{"p1", ada}}, nil},
		{"one who agrees, a twin, a stranger", ada, []Candidate{{"p9", stranger}, {"p2", twin}, {"p1", ada}}, []string{"p1 certain", "p2 possible"}},
		{"two records of one", ada, []Candidate{{"p1", ada}, {"p2", ada}}, []string{"p1 probable", "p2 probable"}},
		{"name and birth date alone", bare, []Candidate{{"p1", ada}}, []string{"p1 probable"}},
		{"name alone", Person{Family: "Fairweather", Given: []string{"Ada"}}, []Candidate{{"p1", ada}}, []string{"p1 possible"}},
		{"number of somebody else", with(func(p *Person) { p.Family, p.Given = "Brook", []string{"Cleo"} }), []Candidate{{"p1", ada}}, []string{"p1 possible"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			last := 1.0
			for _, r := range Rank(tt.person, tt.candidates) {
				got = append(got, r.ID+" "+string(r.Grade))
				if r.Probability > last || r.Probability < 0 || len(r.Reasons) == 0 {
					t.Errorf("%+v after %g", r, last)
				}
				last = r.Probability
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Numbers of two systems say nothing about each other, those of one do.
func TestSystems(t *testing.T) {
	t.Parallel()
	of := func(system, value string) Person {
		return Person{Identifiers: []Identifier{{Kind: MedicalRecord, Value: value, System: system}}}
	}
	for _, tt := range []struct {
		a, b Person
		want outcome
	}{
		{of("http://a", "1"), of("http://a", "1"), agrees},
		{of("http://a", "1"), of("http://a", "2"), differs},
		{of("http://a", "1"), of("http://b", "1"), unknown},
		{of("http://a", "1"), of("", "1"), agrees},
		{of("http://a", "1"), of("", "2"), unknown},
	} {
		if c := compare(tt.a, tt.b); c.of[number] != tt.want {
			t.Errorf("%+v with %+v: %+v", tt.a, tt.b, c)
		}
	}
}
