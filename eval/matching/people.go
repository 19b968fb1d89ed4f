package matching

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"chartlake/fhir"
)

// person is somebody who exists in the fiction, registered or not.
type person struct {
	index                 int // place in population.people
	family, given, middle string
	female                bool
	birth                 time.Time
	street, zip, phone    string
	hospital, mrn         string // medical record number, and who gave it
	payer, member         string // insurance number; of a household, not of a person
	registered            bool
}

// Shares of the fiction. Twins: about 31 of 1,000 births in the United States (NCHS, 2021).
// The others are chosen so that each difficulty happens hundreds of times in a run.
const (
	twinShare   = 0.03 // people who have a twin
	nearShare   = 0.10 // twins whose given names differ by little
	juniorShare = 0.01 // men who have a son of the same name at the same address
	hyphenShare = 0.03
	unlisted    = 0.10 // people who are not registered; twins and juniors of the registered too
)

// Namesakes is the share of people who have full name, sex and birth date in common with a
// stranger. In a register of 3.4 million 69,807 did with somebody (Harris County Hospital
// District, 2011), which is 6 of 100,000 for one of ten thousand; three times as many are made.
const Namesakes = 0.0002

// population is everybody, the registered first in no order.
type population struct {
	people []*person
}

// populate invents people until so many are registered.
func populate(rng *rand.Rand, registered int, namesakes float64) *population {
	p := &population{}
	count := 0
	add := func(who *person) *person {
		who.index = len(p.people)
		who.registered = rng.Float64() >= unlisted && count < registered
		if who.registered {
			count++
		}
		p.people = append(p.people, who)
		return who
	}
	for count < registered {
		who := add(invent(rng))
		switch {
		case rng.Float64() < twinShare/2:
			add(twin(rng, who))
		case !who.female && rng.Float64() < juniorShare:
			add(junior(rng, who))
		case rng.Float64() < namesakes:
			add(stranger(rng, who))
		}
	}
	return p
}

var youngest = time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC)

func invent(rng *rand.Rand) *person {
	who := &person{female: rng.IntN(2) == 0, birth: youngest.AddDate(0, 0, -rng.IntN(90*365))}
	who.family, who.given = often(rng, families), givenName(rng, who.female)
	if rng.Float64() < hyphenShare {
		who.family += "-" + often(rng, families)
	}
	if rng.Float64() < 0.7 {
		who.middle = givenName(rng, who.female)
	}
	who.home(rng)
	who.numbers(rng)
	return who
}

func givenName(rng *rand.Rand, female bool) string {
	if female {
		return often(rng, women)
	}
	return often(rng, men)
}

// often draws one of a list, the first most often: the k-th with a weight of 1/(k+10).
func often(rng *rand.Rand, list []string) string {
	total := 0.0
	for k := range list {
		total += 1 / float64(k+10)
	}
	at := rng.Float64() * total
	for k := range list {
		if at -= 1 / float64(k+10); at < 0 {
			return list[k]
		}
	}
	return list[len(list)-1]
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// home gives an address and a telephone number (of the ranges 555-01xx kept for fiction, in
// many area codes).
func (p *person) home(rng *rand.Rand) {
	p.street = fmt.Sprintf("%d %s %s", 1+rng.IntN(9999), pick(rng, streets), pick(rng, []string{"Street", "Avenue", "Road", "Lane"}))
	p.zip = fmt.Sprintf("%05d", 10000+rng.IntN(400)*25)
	p.phone = fmt.Sprintf("(%d) 555-01%02d", 201+rng.IntN(780), rng.IntN(100))
}

func (p *person) numbers(rng *rand.Rand) {
	p.hospital, p.mrn = pick(rng, hospitals), digits(rng, 8)
	p.payer, p.member = pick(rng, payers), "W"+digits(rng, 9)
}

func digits(rng *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + rng.IntN(10))
	}
	return string(b)
}

// twin shares everything but the given names, the sex in a third, and the record number.
func twin(rng *rand.Rand, of *person) *person {
	who := *of
	if rng.IntN(3) == 0 {
		who.female = !of.female
	}
	for who.given == of.given {
		who.given = givenName(rng, who.female)
	}
	if rng.Float64() < nearShare {
		pair := pick(rng, near)
		of.given, who.given, who.female = pair[0], pair[1], of.female
	}
	who.middle = givenName(rng, who.female)
	who.mrn = digits(rng, 8)
	return &who
}

// junior is a son of the same name in the same household.
func junior(rng *rand.Rand, of *person) *person {
	who := *of
	who.birth = of.birth.AddDate(20+rng.IntN(20), rng.IntN(12), rng.IntN(28))
	who.mrn = digits(rng, 8)
	return &who
}

// stranger has the same name, sex and birth date by chance, and nothing else.
func stranger(rng *rand.Rand, of *person) *person {
	who := *of
	who.middle = givenName(rng, who.female)
	who.home(rng)
	who.numbers(rng)
	return &who
}

func (p *person) id() string { return fmt.Sprintf("p%d", p.index) }

func (p *person) sex() string {
	if p.female {
		return "female"
	}
	return "male"
}

// resource is the person as a registered Patient.
func (p *person) resource() *fhir.Node {
	numbered := func(code, number, by string) *fhir.Node {
		return fhir.NewObject("type", fhir.NewObject("coding", []*fhir.Node{
			fhir.NewObject("system", "http://terminology.hl7.org/CodeSystem/v2-0203", "code", code)}),
			"value", number, "assigner", fhir.NewObject("display", by))
	}
	return fhir.NewObject("resourceType", "Patient", "id", p.id(),
		"identifier", []*fhir.Node{numbered("MR", p.mrn, p.hospital), numbered("MB", p.member, p.payer)},
		"name", []*fhir.Node{fhir.NewObject("family", p.family, "given", names(strings.Fields(p.given+" "+p.middle)))},
		"telecom", []*fhir.Node{fhir.NewObject("system", "phone", "value", p.phone)},
		"gender", p.sex(), "birthDate", p.birth.Format(time.DateOnly),
		"address", []*fhir.Node{fhir.NewObject("line", names([]string{p.street}), "postalCode", p.zip)})
}

func names(words []string) []*fhir.Node {
	out := make([]*fhir.Node, len(words))
	for i, w := range words {
		out[i] = fhir.NewString(w)
	}
	return out
}
