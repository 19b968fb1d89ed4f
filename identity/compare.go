package identity

import (
	"slices"
	"strings"
)

// detail is what two records of people are compared by.
type detail string

const (
	number detail = "identifier"       // of the person: a record or patient number
	plan   detail = "insurance number" // of a household: dependants repeat the subscriber's
	turned detail = "names exchanged"  // family and given name in each other's place
	family detail = "family"
	given  detail = "given"
	middle detail = "middle name"
	born   detail = "birth date"
	sex    detail = "sex"
	phone  detail = "phone"
	postal detail = "postal"
	street detail = "street"
)

// outcome is how a detail compares.
type outcome uint8

const (
	unknown outcome = iota // not said by one of them
	differs
	nears // but for a slip of a keyboard, an eye or a recogniser
	agrees
)

// weights of agreement, nearness and disagreement in bits, after Fellegi and Sunter (1969): the
// logarithm of how much likelier an outcome is for the same person than for two. They are rounded
// from the frequencies of common US names, birth dates and ZIP codes, and only order candidates:
// decisions also need the agreements that settles names.
var weights = []struct {
	detail               detail
	agrees, nears, other float64
}{
	{number, 14, 6, -1},
	{plan, 9, 4, -0.5},
	{turned, 12, 12, 0},
	{family, 8, 5, -5},
	{given, 6, 3, -4},
	{middle, 1, 0, -1},
	{born, 12, 6, -6},
	{sex, 1, 0, -5},
	{phone, 10, 0, -0.5},
	{postal, 5, 0, -0.5},
	{street, 7, 0, -0.5},
}

// comparison is how a document's person and a patient compare.
type comparison struct {
	of    map[detail]outcome
	whole bool // the given name is more than an initial on both sides
	score float64
}

func (c comparison) is(o outcome, details ...detail) bool {
	return slices.ContainsFunc(details, func(d detail) bool { return c.of[d] == o })
}

func compare(p, q Person) comparison {
	c := comparison{of: map[detail]outcome{}}
	if exchanged(p, q) {
		c.of[turned], c.whole = agrees, true
	} else {
		c.family(p.Family, q.Family)
		c.given(p.Given, q.Given)
	}
	c.note(born, p.BirthDate, q.BirthDate, p.BirthDate == q.BirthDate, nearDate)
	c.note(sex, p.Sex, q.Sex, p.Sex == q.Sex, nil)
	for d, pair := range map[detail][2]string{phone: {p.Phone, q.Phone}, postal: {p.Postal, q.Postal}, street: {p.Street, q.Street}} {
		c.note(d, pair[0], pair[1], fold(pair[0]) == fold(pair[1]), nil)
	}
	c.identifiers(p, q)
	for _, w := range weights {
		switch c.of[w.detail] {
		case agrees:
			c.score += w.agrees
		case nears:
			c.score += w.nears
		case differs:
			c.score += w.other
		}
	}
	return c
}

// note writes down how a detail compares; near is nil for details that have no nearness.
func (c comparison) note(d detail, a, b string, same bool, near func(a, b string) bool) {
	switch {
	case a == "" || b == "":
	case same:
		c.of[d] = agrees
	case near != nil && near(a, b):
		c.of[d] = nears
	default:
		c.of[d] = differs
	}
}

func (c comparison) family(a, b string) {
	fa, fb := fold(a), fold(b)
	c.note(family, fa, fb, fa == fb, func(fa, fb string) bool { return nearName(fa, fb) || partOf(a, b) })
}

// given compares first given names, and the next ones apart. An initial agrees with a name that it
// begins.
func (c *comparison) given(a, b []string) {
	first := func(names []string, i int) string {
		if i < len(names) {
			return fold(names[i])
		}
		return ""
	}
	fa, fb := first(a, 0), first(b, 0)
	c.whole = len(fa) > 1 && len(fb) > 1
	c.note(given, fa, fb, fa == fb || initialOf(fa, fb), nearName)
	ma, mb := first(a, 1), first(b, 1)
	c.note(middle, ma, mb, ma == mb || initialOf(ma, mb), nearName)
}

func initialOf(a, b string) bool {
	return len(a) == 1 && strings.HasPrefix(b, a) || len(b) == 1 && strings.HasPrefix(a, b)
}

// exchanged reports family and given name in each other's place: comparable, never rewritten.
func exchanged(p, q Person) bool {
	return len(p.Given) > 0 && len(q.Given) > 0 && fold(p.Family) != fold(q.Family) &&
		fold(p.Family) == fold(q.Given[0]) && fold(q.Family) == fold(p.Given[0])
}

// identifiers compares numbers of one name space: one system, or one kind and assigner. A number of
// another, or of one that could not be read, says nothing unless it is the same number.
func (c comparison) identifiers(p, q Person) {
	for _, a := range p.Identifiers {
		d := number
		if a.Kind == Member {
			d = plan
		}
		for _, b := range q.Identifiers {
			known, same := space(a, b)
			if known && !same {
				continue
			}
			fa, fb := fold(a.Value), fold(b.Value)
			o := differs
			switch {
			case fa == fb:
				o = agrees
			case !known:
				continue
			case nearNumber(fa, fb):
				o = nears
			}
			c.of[d] = max(c.of[d], o)
		}
	}
}

// space reports whether two numbers are of one name space, as far as it is known.
func space(a, b Identifier) (known, same bool) {
	switch {
	case a.System != "" && b.System != "":
		return true, a.System == b.System
	case a.Kind != b.Kind:
		return true, false
	case a.Assigner != "" && b.Assigner != "":
		return true, fold(a.Assigner) == fold(b.Assigner)
	}
	return false, false
}

// reasons says how the details compare, without their values.
func (c comparison) reasons() []string {
	var out []string
	for _, w := range weights {
		switch c.of[w.detail] {
		case agrees:
			out = append(out, string(w.detail)+" agrees")
		case nears:
			out = append(out, string(w.detail)+" nearly agrees")
		case differs:
			out = append(out, string(w.detail)+" differs")
		}
	}
	return out
}
