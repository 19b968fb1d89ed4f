// Package fiction invents the facts that the document generator prints: people, practices,
// laboratory results, hospital stays and health plans. The same seed gives the same facts.
//
// Nobody here exists: names are drawn from two word lists apart, telephone numbers are from
// the range 555-0100 to 555-0199 that is kept for fiction, and identifiers have the right
// form and check digit but are random. It holds no codes of any terminology.
package fiction

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Source is the stream of choices for one document.
type Source struct {
	*rand.Rand
	seed uint64
}

// NewSource begins the stream of a seed; streams of different names are independent.
func NewSource(seed uint64, name string) Source {
	h := uint64(14695981039346656037) // FNV-1a, 64 bit
	for i := 0; i < len(name); i++ {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return Source{rand.New(rand.NewPCG(seed, h)), seed}
}

// pick chooses one of a list.
func pick[T any](s Source, list []T) T { return list[s.IntN(len(list))] }

// Pick chooses one of a list.
func Pick[T any](s Source, list ...T) T { return pick(s, list) }

// Chance is true in this share of draws.
func (s Source) Chance(share float64) bool { return s.Float64() < share }

// Digits is a number of n digits whose first is not 0.
func (s Source) Digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + s.IntN(10))
	}
	b[0] = byte('1' + s.IntN(9))
	return string(b)
}

// Letters is n capital letters that are not easily taken for digits.
func (s Source) Letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "ACDEFGHJKLMNPRTUVWXY"[s.IntN(20)]
	}
	return string(b)
}

// Person is a fictional patient or member.
type Person struct {
	First, Middle, Last string // Middle is an initial or empty
	Sex                 string // F or M
	Birth               time.Time
	Address
	Phone string
}

// Address is a fictional street address.
type Address struct{ Street, City, State, ZIP string }

// era is the day at which patients have the ages that Person gives them.
var era = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// Person gives the patient of the seed, 30 to 84 years old: the same in every kind of
// document, so that a laboratory report, a summary and a card can belong together.
func (s Source) Person() Person {
	s = NewSource(s.seed, "person")
	p := Person{Last: pick(s, families), Sex: Pick(s, "F", "M"), Address: s.Address(), Phone: s.Phone()}
	p.First = pick(s, women)
	if p.Sex == "M" {
		p.First = pick(s, men)
	}
	if s.Chance(0.6) {
		p.Middle = s.Letters(1)
	}
	if s.Chance(0.08) {
		p.Last += "-" + pick(s, families)
	}
	p.Birth = era.AddDate(-30-s.IntN(54), 0, -1-s.IntN(364))
	return p
}

// Age is the person's age in whole years.
func (p Person) Age(at time.Time) int {
	years := at.Year() - p.Birth.Year()
	if at.Month() < p.Birth.Month() || at.Month() == p.Birth.Month() && at.Day() < p.Birth.Day() {
		years--
	}
	return years
}

// FirstLast prints "Given M. Family", LastFirst "FAMILY, GIVEN M" in the case that it stands.
func (p Person) FirstLast() string {
	if p.Middle == "" {
		return p.First + " " + p.Last
	}
	return p.First + " " + p.Middle + ". " + p.Last
}

// LastFirst prints "Family, Given M".
func (p Person) LastFirst() string {
	return strings.TrimSpace(p.Last + ", " + p.First + " " + p.Middle)
}

// SexWord is the sex spelt out.
func (p Person) SexWord() string {
	if p.Sex == "F" {
		return "Female"
	}
	return "Male"
}

// Pronouns gives he/she, his/her, him/her.
func (p Person) Pronouns() (subject, possessive, object string) {
	if p.Sex == "F" {
		return "she", "her", "her"
	}
	return "he", "his", "him"
}

// Address invents a street address.
func (s Source) Address() Address {
	place := pick(s, places)
	return Address{
		Street: fmt.Sprintf("%d %s %s", 10+s.IntN(9800), pick(s, streets), Pick(s, "Street", "Avenue", "Road", "Lane", "Drive")),
		City:   place.city, State: place.state, ZIP: place.zip + fmt.Sprintf("%02d", s.IntN(90)+10),
	}
}

// CityLine prints "City, ST 00000".
func (a Address) CityLine() string { return a.City + ", " + a.State + " " + a.ZIP }

// Phone invents a number of the range kept for fiction, ten bare digits.
func (s Source) Phone() string {
	return fmt.Sprintf("%d%d555%04d", 2+s.IntN(7), 12+s.IntN(80), 100+s.IntN(100))
}

// Phone prints ten digits in one of the usual ways: 0 "(212) 555-0123", 1 "212-555-0123", 2 "212.555.0123".
func Phone(digits string, way int) string {
	a, b, c := digits[:3], digits[3:6], digits[6:]
	switch way {
	case 1:
		return a + "-" + b + "-" + c
	case 2:
		return a + "." + b + "." + c
	}
	return "(" + a + ") " + b + "-" + c
}

// Provider is a fictional clinician with a valid National Provider Identifier.
type Provider struct{ First, Last, Credential, NPI string }

// Provider invents a clinician.
func (s Source) Provider() Provider {
	first := pick(s, women)
	if s.Chance(0.5) {
		first = pick(s, men)
	}
	return Provider{first, pick(s, families), Pick(s, "MD", "MD", "MD", "DO", "NP", "PA-C"), s.NPI()}
}

// FirstLast prints "Given Family, MD"; LastFirst "Family, Given MD".
func (p Provider) FirstLast() string { return p.First + " " + p.Last + ", " + p.Credential }

// LastFirst prints "Family, Given".
func (p Provider) LastFirst() string { return p.Last + ", " + p.First }

// NPI invents ten digits whose last is the Luhn check digit over the prefix 80840
// (CMS, National Provider Identifier standard).
func (s Source) NPI() string {
	nine := "1" + s.Digits(8)
	sum := 24 // what the prefix 80840 adds
	for i := range nine {
		d := int(nine[len(nine)-1-i] - '0')
		if i%2 == 0 {
			d *= 2
			d = d/10 + d%10
		}
		sum += d
	}
	return nine + string(rune('0'+(10-sum%10)%10))
}
