package pipeline

import (
	"math/big"
	"regexp"
	"strings"
	"time"

	"chartlake/form"
	"chartlake/form/check"
	"chartlake/record"
	"chartlake/terminology"
	"chartlake/terminology/release"
	"chartlake/value"
)

// coded holds the codes and strengths of a record against the releases that are known: those that
// were imported, and the embedded one of ICD-10-CM.
func (s *Stages) coded(rec *record.Record) error {
	marketed := func(drug string) ([]*big.Rat, error) { return strengths(s.Releases[release.RxNorm], drug) }
	return form.Coded(rec.Segments, s.standing, marketed)
}

// standing is what the release of a day says of a code of ICD-10-CM. On a later day than those of the
// embedded release, which no imported one covers, only a heading is told: it stays one.
func (s *Stages) standing(code, day string) (check.Standing, error) {
	embedded := "ICD-10-CM " + terminology.ICD10CMVersion
	billable, ok, err := terminology.ICD10CMCode(code)
	if err != nil {
		return check.Standing{}, err
	}
	r := s.Releases[terminology.ICD10CM]
	if r != nil && r.From != "" && inForce(r, day) {
		c, found, err := r.Lookup(code)
		out := check.Standing{Release: "ICD-10-CM " + r.Manifest.Version, Found: found && c.Active, Billable: c.Billable}
		if ok && !out.Found {
			out.Other = embedded
		}
		return out, err
	}
	switch {
	case day > terminology.ICD10CMTo && ok && !billable:
		return check.Standing{Release: embedded, Found: true}, nil
	case day < terminology.ICD10CMFrom || day > terminology.ICD10CMTo:
		return check.Standing{}, nil
	}
	out := check.Standing{Release: embedded, Found: ok, Billable: billable}
	if r != nil && !ok {
		if c, found, err := r.Lookup(code); err != nil {
			return out, err
		} else if found && c.Active {
			out.Other = "ICD-10-CM " + r.Manifest.Version
		}
	}
	return out, nil
}

// onDay holds the codes of a mention against the embedded release of ICD-10-CM where it was in force on
// the day of service and no imported one says more: a code that it has names it, one that it lacks
// goes. On other days, and without a day, there is no verdict: the code names no release.
func (s *Stages) onDay(e *record.Entity, day string) error {
	r := s.Releases[terminology.ICD10CM]
	if day < terminology.ICD10CMFrom || day > terminology.ICD10CMTo || r != nil && inForce(r, day) {
		return nil
	}
	kept := make([]record.Code, 0, len(e.Codes))
	for _, c := range e.Codes {
		if c.System == terminology.ICD10CM {
			_, ok, err := terminology.ICD10CMCode(c.Code)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			c.Version = terminology.ICD10CMVersion
		}
		kept = append(kept, c)
	}
	e.Codes = kept
	return nil
}

// rxNames bounds the names of one drug that are looked at: an ingredient has some hundred.
const rxNames = 5000

// rxStrength is a strength in the normal form of a name of RxNorm, in which "0.5 MG" is "0 5 mg". A
// name that goes on with a divisor is of a liquid.
var rxStrength = regexp.MustCompile(`(?:^| )(\d+)(?: (\d+))? mg(?: |$)`)

// strengths lists in how many milligrams a drug of one ingredient is marketed; none where no release of RxNorm has it.
func strengths(r *release.Release, drug string) (out []*big.Rat, err error) {
	if r == nil || len(drug) < 4 {
		return nil, nil
	}
	n := 0
	for name, err := range r.Beginning(terminology.Normal(drug) + " ") {
		if n++; err != nil || n > rxNames {
			return nil, err
		}
		found := rxStrength.FindAllStringSubmatch(name, 2)
		if len(found) != 1 || !strings.Contains(name, "tablet") && !strings.Contains(name, "capsule") {
			continue
		}
		text := found[0][1]
		if found[0][2] != "" {
			text += "." + found[0][2]
		}
		if mg, ok := new(big.Rat).SetString(text); ok {
			out = append(out, mg)
		}
	}
	return out, nil
}

// cameOn holds the dates of a record against the day on which the document came.
func cameOn(rec *record.Record, at time.Time) {
	year, month, day := at.Date()
	form.Received(rec.Segments, value.Date{Year: year, Month: int(month), Day: day})
}
