package check

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"chartlake/record"
)

// Marketed gives the strengths in milligrams in which a drug of one ingredient is marketed; none where
// that is not known.
type Marketed func(drug string) ([]*big.Rat, error)

var (
	solidForm = regexp.MustCompile(`(?i)\b(?:tab(?:let)?s?|cap(?:sule)?s?)\b`)
	solid     = regexp.MustCompile(`(?i)^\s*(\d+(?:\.\d+)?)\s*(mg|mcg|µg|ug|g)\s*$`)
)

// Strengths raises strength_unknown for a tablet or capsule in a strength in which its drug is not
// marketed: a digit or a point may be misread, or the drug. Liquids are left out: their strengths are
// written in many ways.
func Strengths(seg *record.Segment, marketed Marketed) error {
	if !orders[seg.Type] {
		return nil
	}
	c := &Case{Segment: seg}
	for _, row := range seg.Lines {
		drug, strength := row["drug"], row["strength"]
		if drug.Value == nil || strength.Value == nil || drug.State != record.Accepted || strength.State != record.Accepted ||
			!solidForm.MatchString(row["form"].Raw+" "+drug.Raw+" "+row["sig"].Raw) {
			continue
		}
		is, ok := milligrams(strength.Raw)
		if !ok {
			continue
		}
		words := strings.Fields(strings.ToLower(*drug.Value))
		if len(words) == 0 {
			continue
		}
		known, err := marketed(words[0])
		if err != nil {
			return err
		}
		if len(known) > 0 && !among(known, is) {
			c.raise("strength_unknown", record.SeverityWarning, fmt.Sprintf("%s is not marketed in %s", words[0], strength.Raw), &strength, &drug)
			row["strength"], row["drug"] = strength, drug
		}
	}
	return nil
}

func among(list []*big.Rat, x *big.Rat) bool {
	for _, y := range list {
		if y.Cmp(x) == 0 {
			return true
		}
	}
	return false
}

// milligrams is a strength of one ingredient as milligrams.
func milligrams(s string) (*big.Rat, bool) {
	m := solid.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	n, ok := new(big.Rat).SetString(m[1])
	if !ok {
		return nil, false
	}
	switch strings.ToLower(m[2]) {
	case "g":
		n.Mul(n, big.NewRat(1000, 1))
	case "mg":
	default:
		n.Mul(n, big.NewRat(1, 1000))
	}
	return n, true
}
