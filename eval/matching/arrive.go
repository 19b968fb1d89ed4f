package matching

import (
	"math/rand/v2"
	"strings"
	"time"

	"chartlake/record"
)

// arrival is a document as it was read: what it says about its patient, and what was done to it.
type arrival struct {
	about  *person
	kind   string
	said   said
	marred []string // names of the mishaps, for the table
}

// said is what stands on the page.
type said struct {
	family, given, middle string
	birth, sex            string
	street, zip, phone    string
	facility, mrn         string
	payer, member         string
}

// kinds of documents and how often each detail stands on one, after the forms themselves: a
// card has no record number, a claim no middle name, a faxed letter often only what its writer
// knows.
var kinds = []struct {
	name                                                  string
	share                                                 float64
	birth, sex, mrn, foreign, address, phone, plan, whole float64
}{
	{name: "laboratory report", share: 0.35, birth: 1, sex: 1, mrn: 0.8, foreign: 0.15, phone: 0.2, whole: 0.3},
	{name: "discharge summary", share: 0.20, birth: 1, sex: 0.9, mrn: 0.97, whole: 0.5},
	{name: "claim", share: 0.20, birth: 1, sex: 1, address: 0.95, phone: 0.7, plan: 0.97},
	{name: "letter or referral", share: 0.15, birth: 0.97, sex: 0.5, mrn: 0.3, address: 0.6, phone: 0.7, whole: 0.3},
	{name: "insurance card", share: 0.10, birth: 0.5, plan: 1},
}

// mishaps and how often each befalls a document, apart from one another. Rates of errors in
// names and dates are those that record linkage studies report for hospital registration, a few
// of a hundred; people who moved and new telephone numbers are commoner.
var mishaps = []struct {
	name  string
	share float64
	does  func(rng *rand.Rand, a *arrival, everybody []*person)
}{
	{"family name mistyped", 0.02, func(rng *rand.Rand, a *arrival, _ []*person) { a.said.family = mistype(rng, a.said.family) }},
	{"given name mistyped", 0.02, func(rng *rand.Rand, a *arrival, _ []*person) { a.said.given = mistype(rng, a.said.given) }},
	{"letters misread", 0.01, func(rng *rand.Rand, a *arrival, _ []*person) { a.said.family = misread(a.said.family) }},
	{"names exchanged", 0.01, func(_ *rand.Rand, a *arrival, _ []*person) { a.said.family, a.said.given = a.said.given, a.said.family }},
	{"only an initial", 0.01, func(_ *rand.Rand, a *arrival, _ []*person) { a.said.given = a.said.given[:1] }},
	{"nickname", 0.01, func(_ *rand.Rand, a *arrival, _ []*person) {
		if n := nicknames[a.said.given]; n != "" {
			a.said.given = n
		}
	}},
	{"half of a double name", 0.3, func(rng *rand.Rand, a *arrival, _ []*person) {
		if one, other, ok := strings.Cut(a.said.family, "-"); ok {
			a.said.family = pick(rng, []string{one, other})
		}
	}},
	{"another family name", 0.003, func(rng *rand.Rand, a *arrival, _ []*person) { a.said.family = often(rng, families) }},
	{"birth date mistyped", 0.01, func(rng *rand.Rand, a *arrival, _ []*person) { a.said.birth = misdate(rng, a.said.birth) }},
	{"wrong sex", 0.002, func(_ *rand.Rand, a *arrival, _ []*person) {
		if a.said.sex != "" {
			a.said.sex = map[string]string{"male": "female", "female": "male"}[a.said.sex]
		}
	}},
	{"moved", 0.12, func(rng *rand.Rand, a *arrival, _ []*person) {
		if a.said.street != "" {
			p := &person{}
			p.home(rng)
			a.said.street, a.said.zip = p.street, p.zip
		}
	}},
	{"another telephone", 0.10, func(rng *rand.Rand, a *arrival, _ []*person) {
		if a.said.phone != "" {
			p := &person{}
			p.home(rng)
			a.said.phone = p.phone
		}
	}},
	{"number mistyped", 0.01, func(rng *rand.Rand, a *arrival, _ []*person) {
		a.said.mrn, a.said.member = misnumber(rng, a.said.mrn), misnumber(rng, a.said.member)
	}},
	{"somebody else's number", 0.001, func(rng *rand.Rand, a *arrival, everybody []*person) {
		if a.said.mrn != "" {
			a.said.mrn = pick(rng, everybody).mrn
		}
	}},
}

// arrive makes a document about somebody.
func arrive(rng *rand.Rand, everybody []*person) *arrival {
	who := pick(rng, everybody)
	k := kinds[len(kinds)-1]
	for at, i := rng.Float64(), 0; i < len(kinds); i++ {
		if at -= kinds[i].share; at < 0 {
			k = kinds[i]
			break
		}
	}
	a := &arrival{about: who, kind: k.name}
	s := &a.said
	s.family, s.given = who.family, who.given
	stands := func(share float64) bool { return rng.Float64() < share }
	if who.middle != "" {
		if stands(k.whole) {
			s.middle = who.middle
		} else if stands(0.5) {
			s.middle = who.middle[:1]
		}
	}
	if stands(k.birth) {
		s.birth = who.birth.Format(time.DateOnly)
	}
	if stands(k.sex) {
		s.sex = who.sex()
	}
	if stands(k.mrn) {
		s.facility, s.mrn = who.hospital, who.mrn
	} else if stands(k.foreign) { // the laboratory's own number, which the register does not know
		s.facility, s.mrn = pick(rng, laboratories), digits(rng, 8)
	}
	if stands(k.address) {
		s.street, s.zip = who.street, who.zip
	}
	if stands(k.phone) {
		s.phone = strings.NewReplacer("(", "", ") ", "-").Replace(who.phone)
	}
	if stands(k.plan) {
		s.payer, s.member = who.payer, who.member
	}
	for _, m := range mishaps {
		if !stands(m.share) {
			continue
		}
		before := a.said
		if m.does(rng, a, everybody); a.said != before {
			a.marred = append(a.marred, m.name)
		}
	}
	return a
}

// segment is the document in the form in which the stages hand it on.
func (a *arrival) segment() *record.Segment {
	seg := &record.Segment{}
	s := a.said
	for _, f := range [][2]string{
		{"patient.last", s.family}, {"patient.first", s.given}, {"patient.middle", s.middle}, {"dob", s.birth}, {"sex", s.sex},
		{"patient.street", s.street}, {"patient.zip", s.zip}, {"patient.phone", s.phone}, {"facility", s.facility}, {"mrn", s.mrn},
		{"payer", s.payer}, {"member_id", s.member}} {
		if f[1] != "" {
			seg.Fields = append(seg.Fields, record.Field{Name: f[0], Value: &f[1], Raw: f[1], State: record.Accepted, Confidence: 0.99})
		}
	}
	return seg
}

// mistype makes one error of a keyboard: a letter left out, doubled, exchanged or another one.
func mistype(rng *rand.Rand, word string) string {
	if len(word) < 3 {
		return word
	}
	b := []byte(word)
	at := 1 + rng.IntN(len(b)-2)
	switch rng.IntN(4) {
	case 0:
		b = append(b[:at], b[at+1:]...)
	case 1:
		b = append(b[:at+1], b[at:]...)
	case 2:
		b[at], b[at+1] = b[at+1], b[at]
	default:
		b[at] = byte('a' + rng.IntN(26))
	}
	return string(b)
}

// misread confuses letters as recognisers do.
func misread(word string) string {
	for _, pair := range [][2]string{{"rn", "m"}, {"m", "rn"}, {"cl", "d"}, {"ll", "il"}, {"l", "1"}, {"o", "0"}, {"S", "5"}, {"B", "8"}} {
		if strings.Contains(word, pair[0]) {
			return strings.Replace(word, pair[0], pair[1], 1)
		}
	}
	return word
}

// misdate exchanges day and month where that is a date, else changes one digit to another date.
func misdate(rng *rand.Rand, date string) string {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	swapped := date[:5] + date[8:] + date[4:7] // year, day, month
	if _, err := time.Parse(time.DateOnly, swapped); err == nil && rng.IntN(3) == 0 {
		return swapped
	}
	for {
		b := []byte(date)
		i := pick(rng, []int{2, 3, 5, 6, 8, 9})
		b[i] = byte('0' + rng.IntN(10))
		if other, err := time.Parse(time.DateOnly, string(b)); err == nil && !other.Equal(at) && other.Before(youngest) {
			return string(b)
		}
	}
}

func misnumber(rng *rand.Rand, number string) string {
	if number == "" {
		return ""
	}
	b := []byte(number)
	i := 1 + rng.IntN(len(b)-2)
	if rng.IntN(2) == 0 {
		b[i], b[i+1] = b[i+1], b[i]
	} else {
		b[i] = byte('0' + rng.IntN(10))
	}
	return string(b)
}
