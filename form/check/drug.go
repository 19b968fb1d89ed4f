package check

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"chartlake/form/draft"
	"chartlake/record"
	"chartlake/value"
)

var (
	nakedPoint   = regexp.MustCompile(`(?:^|[^0-9])\.\d`)
	trailingZero = regexp.MustCompile(`\d\.0+(?:\D|$)`)
	sigDose      = regexp.MustCompile(`(?i)\b(\d+(?:\.\d+)?|one|two|three|half)\s*(?:tab|cap|pill|puff|drop|patch)`)
	sigTimes     = regexp.MustCompile(`(?i)\b(once|twice|three times|four times|\d times)\s*(?:a|per|daily|each)?\s*(?:day|daily)?\b|\b(bid|tid|qid|qd|daily|every day|every morning|at bedtime|q\d+h|every \d+ hours)\b`)
	sigDays      = regexp.MustCompile(`(?i)\bfor (\d+) days?\b`)
)

// drugRules: a prescription has what a pharmacy needs, its quantity follows from dose,
// frequency and days where all are printed, and no strength invites a slip of the point
// (document-types.md §9).
func drugRules(c *Case) {
	if c.Segment.Type != "prescription" && c.Segment.Type != "refill_request" {
		return
	}
	for _, row := range c.Segment.Lines {
		drug, strength, sig, qty := row["drug"], row["strength"], row["sig"], row["qty"]
		if s := strength.Raw; strength.Value != nil && strength.State == record.Accepted && (nakedPoint.MatchString(s) || trailingZero.MatchString(s)) {
			c.raise("dose_implausible", record.SeverityWarning, "the point in "+s+" is easily overlooked", &strength)
			row["strength"] = strength
		}
		if want, ok := supply(sig.Raw); ok && sig.State == record.Accepted && qty.Value != nil && qty.State == record.Accepted {
			if n, _, _, ok := value.ParseQuantity(qty.Raw); ok && n.Comparator == "" && n.Rat().Cmp(want) != 0 {
				c.raise("quantity_mismatch", record.SeverityWarning, fmt.Sprintf("the directions take %s, the quantity is %s", want.RatString(), qty.Raw), &qty, &sig)
				row["qty"], row["sig"] = qty, sig
			}
		}
		if drug.Value != nil && sig.Value == nil && c.Segment.Type == "prescription" {
			c.raise("required_missing", record.SeverityError, "the drug "+drug.Raw+" has no directions", &drug)
			row["drug"] = drug
		}
	}
}

var (
	clockTime  = regexp.MustCompile(`^(\d{1,2}):(\d{2})$`)
	slipOfUnit = regexp.MustCompile(`(?i)\b(?:meg|mcq|rncg)\b`)
)

// timesOfDay doubts what no clock shows, and units that are a reader's slip, in the rows of a table.
func timesOfDay(c *Case) {
	for _, row := range c.Segment.Lines {
		if f, ok := row["time"]; ok && f.Value != nil {
			if m := clockTime.FindStringSubmatch(*f.Value); m != nil && (m[1] > "23" && len(m[1]) == 2 || m[2] > "59") {
				draft.Doubt(&f, "no clock shows this time")
				row["time"] = f
			}
		}
		for _, name := range []string{"strength", "dose"} {
			if f, ok := row[name]; ok && f.Value != nil && slipOfUnit.MatchString(f.Raw) {
				draft.Doubt(&f, "the unit is none, and looks like one")
				row[name] = f
			}
		}
	}
}

// supply is how many units the directions take in all; ok is false where dose, frequency or
// days are not printed as numbers.
func supply(sig string) (n *big.Rat, ok bool) {
	dose, times, days := sigDose.FindStringSubmatch(sig), sigTimes.FindString(sig), sigDays.FindStringSubmatch(sig)
	if dose == nil || times == "" || days == nil {
		return nil, false
	}
	each, okDose := new(big.Rat).SetString(map[string]string{"one": "1", "two": "2", "three": "3", "half": "1/2"}[strings.ToLower(dose[1])])
	if !okDose {
		each, okDose = new(big.Rat).SetString(dose[1])
	}
	a := perDay(strings.ToLower(times))
	length, okDays := new(big.Rat).SetString(days[1])
	if !okDose || !okDays || a == 0 {
		return nil, false
	}
	return each.Mul(each, length.Mul(length, big.NewRat(a, 1))), true
}

func perDay(times string) int64 {
	for _, p := range []struct {
		words string
		n     int64
	}{{"twice", 2}, {"bid", 2}, {"three times", 3}, {"tid", 3}, {"four times", 4}, {"qid", 4}, {"once", 1}, {"daily", 1}, {"every day", 1}, {"every morning", 1}, {"at bedtime", 1}, {"qd", 1}} {
		if strings.HasPrefix(times, p.words) {
			return p.n
		}
	}
	var hours int64
	if _, err := fmt.Sscanf(times, "q%dh", &hours); err != nil {
		if _, err := fmt.Sscanf(times, "every %d hours", &hours); err != nil {
			if _, err := fmt.Sscanf(times, "%d times", &hours); err == nil {
				return hours
			}
			return 0
		}
	}
	if hours > 0 && 24%hours == 0 {
		return 24 / hours
	}
	return 0
}

// doseRules: doses of a vaccine come in the order of their numbers, each on a day of its own
// behind the birth, and a lot is of one product.
func doseRules(c *Case) {
	if c.Segment.Type != "immunization_card" {
		return
	}
	birth := c.field("dob")
	lots := map[string]record.Field{}
	given := map[string]bool{}
	for _, row := range c.Segment.Lines {
		vaccine, lot, day := row["vaccine"], row["lot"], row["date"]
		if later(birth, &day) {
			c.raise("date_order", record.SeverityError, fmt.Sprintf("dob %s lies after the dose of %s", birth.Raw, day.Raw), birth, &day)
			row["date"] = day
		}
		if vaccine.Value == nil || vaccine.State != record.Accepted {
			continue
		}
		name := squeeze(*vaccine.Value)
		if day.Value != nil && day.State == record.Accepted {
			if given[name+*day.Value] {
				c.raise("duplicate_line", record.SeverityWarning, vaccine.Raw+" stands twice on "+day.Raw, &vaccine, &day)
				row["vaccine"], row["date"] = vaccine, day
			}
			given[name+*day.Value] = true
		}
		if lot.Value == nil || lot.State != record.Accepted {
			continue
		}
		if first, ok := lots[squeeze(*lot.Value)]; ok && squeeze(*first.Value) != name {
			c.raise("lot_repeated", record.SeverityWarning, "the lot "+lot.Raw+" stands at "+first.Raw+" and at "+vaccine.Raw, &lot)
			row["lot"] = lot
		}
		lots[squeeze(*lot.Value)] = vaccine
	}
}

// consentRules: who is under 18 on the day does not sign alone (document-types.md §14).
func consentRules(c *Case) {
	switch c.Segment.Type {
	case "consent", "immunization_consent", "patient_intake_form", "medical_history_form":
	default:
		return
	}
	birth, signed := c.sure("dob"), c.sure("signed.date")
	born, ok1 := dayOf(birth)
	day, ok2 := dayOf(signed)
	if years, ok := born.Years(day); ok1 && ok2 && ok && years < 18 && years >= 0 && c.field("signed.by") == nil && c.field("guardian") == nil {
		c.raise("minor_signed", record.SeverityWarning, fmt.Sprintf("the patient was %d on the day of the signature, and no guardian was read", years), birth, signed)
	}
}
