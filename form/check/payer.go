package check

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"

	"chartlake/form/draft"
	"chartlake/record"
	"chartlake/value"
)

// settled is one claim of a payer's document with its place.
type settled struct {
	number *record.Field
	totals map[string]*record.Field
	rows   []map[string]record.Field
}

// after reports that a stands behind b on the paper.
func after(a, b *record.Field) bool {
	if a.Page != b.Page {
		return a.Page > b.Page
	}
	return a.Box.Y > b.Box.Y-0.004
}

// claimsOf divides a payer's document at the claim numbers, in the order of the paper.
func claimsOf(c *Case) []*settled {
	heads := c.fields("claim_number")
	if len(heads) == 0 {
		heads = c.fields("patient_account")
	}
	var out []*settled
	for _, h := range heads {
		out = append(out, &settled{number: h, totals: map[string]*record.Field{}})
	}
	if len(out) == 0 {
		out = []*settled{{totals: map[string]*record.Field{}}}
	}
	of := func(f *record.Field) *settled {
		at := out[0]
		for _, s := range out {
			if s.number != nil && after(f, s.number) && (at.number == nil || after(s.number, at.number)) {
				at = s
			}
		}
		return at
	}
	for i := range c.Segment.Fields {
		f := &c.Segment.Fields[i]
		switch f.Name {
		case "billed", "allowed", "paid", "patient_responsibility", "claim_status", "patient_account":
			if f.Value != nil && f.State != record.Missing {
				of(f).totals[f.Name] = f
			}
		}
	}
	for _, row := range c.Segment.Lines {
		for _, f := range row {
			s := of(&f)
			s.rows = append(s.rows, row)
			break
		}
	}
	return out
}

// amount reads a field as cents; ok is false for one that is not sure.
func amount(f *record.Field) (int64, bool) {
	if f == nil || f.Value == nil || f.State != record.Accepted {
		return 0, false
	}
	return value.Cents(*f.Value)
}

// column adds a column up; ok is false where a row lacks it or one is not sure.
func column(rows []map[string]record.Field, name string) (sum int64, ok bool) {
	for _, row := range rows {
		f, there := row[name]
		v, sure := amount(&f)
		if !there || !sure {
			return 0, false
		}
		sum += v
	}
	return sum, len(rows) > 0
}

// settledRules: a payer's document adds up: lines to claims, claims to the payment.
func settledRules(c *Case) {
	if c.Segment.Type != "eob" && c.Segment.Type != "remittance" {
		return
	}
	var paid int64
	all := true
	for _, s := range claimsOf(c) {
		for _, name := range []string{"billed", "allowed", "paid", "patient_responsibility"} {
			said, ok := amount(s.totals[name])
			sum, sure := column(s.rows, "line."+name)
			if ok && sure && said != sum {
				code, words := "sum_mismatch", name
				if name == "patient_responsibility" {
					code = "patient_responsibility"
				}
				c.raise(code, record.SeverityError, fmt.Sprintf("the lines add to %s, %s says %s", dollars(sum), words, dollars(said)), s.totals[name])
				doubtParts(s.rows, "line."+name)
			}
		}
		if v, ok := amount(s.totals["paid"]); ok {
			paid += v
		} else {
			all = false
		}
		boundsRule(c, s)
		deniedRule(c, s)
	}
	adjustmentRule(c)
	payment := c.field("payment_amount")
	if v, ok := amount(payment); ok && all && v != paid {
		c.raise("sum_mismatch", record.SeverityError, fmt.Sprintf("the claims add to %s, the payment says %s", dollars(paid), dollars(v)), payment)
	}
}

// doubtParts sends the amounts of a sum that does not come out to a person where they were
// recognised from a picture: any digit of them may be the wrong one.
func doubtParts(rows []map[string]record.Field, name string) {
	for _, row := range rows {
		if f, ok := row[name]; ok && f.Source == "ocr" {
			draft.Doubt(&f, "the amounts do not add to the printed total")
			row[name] = f
		}
	}
}

// deniedRule: a claim that is denied is not paid, and one that is not paid says why.
func deniedRule(c *Case, s *settled) {
	status, paidField := s.totals["claim_status"], s.totals["paid"]
	paid, ok := amount(paidField)
	if !ok {
		return
	}
	word := ""
	if status != nil && status.Value != nil && status.State == record.Accepted {
		word = strings.ToLower(strings.TrimSpace(*status.Value))
	}
	denied := word == "4" || strings.HasPrefix(word, "denied")
	if denied && paid != 0 {
		c.raise("denied_but_paid", record.SeverityWarning, fmt.Sprintf("the claim is denied and %s is paid", dollars(paid)), status, paidField)
	}
	reversed := word == "22" || strings.HasPrefix(word, "revers")
	if reversed && paid > 0 {
		c.raise("reversal_pair", record.SeverityWarning, fmt.Sprintf("the claim is reversed, and %s is not negative", dollars(paid)), status, paidField)
	}
}

var groupCode = regexp.MustCompile(`\b([A-Z]{2})[- ]?[A-Z]?\d{1,3}\b`)

// adjustmentRule: the groups of adjustments are CO, PR, OA and PI, and CR on corrections (X12
// claim adjustment group codes).
func adjustmentRule(c *Case) {
	for _, row := range c.Segment.Lines {
		f, ok := row["line.adjustments"]
		if !ok || f.Value == nil || f.Confidence < readable {
			continue
		}
		for _, m := range groupCode.FindAllStringSubmatch(strings.ToUpper(f.Raw), 10) {
			if !slices.Contains([]string{"CO", "PR", "OA", "PI", "CR"}, m[1]) {
				c.raise("group_unknown", record.SeverityWarning, m[1]+" is no group of adjustments", &f)
				row["line.adjustments"] = f
				break
			}
		}
	}
}

// boundsRule: paid is at most what is allowed, and that at most what was billed.
func boundsRule(c *Case, s *settled) {
	for _, row := range s.rows {
		b, a, p := row["line.billed"], row["line.allowed"], row["line.paid"]
		billed, okB := amount(&b)
		allowed, okA := amount(&a)
		paid, okP := amount(&p)
		if okA && okB && allowed > billed && billed >= 0 || okA && okP && paid > allowed && allowed >= 0 {
			c.raise("allowed_bounds", record.SeverityWarning, fmt.Sprintf("billed %s, allowed %s, paid %s: each is at most the one before", b.Raw, a.Raw, p.Raw), &b, &a, &p)
			row["line.billed"], row["line.allowed"], row["line.paid"] = b, a, p
		}
	}
}

// billType is a type of bill with its leading zero, or, as many programs print it, without.
var billType = regexp.MustCompile(`^0?[1-9]\d[0-9A-Z]$`)

// hospitalRules: an institutional claim adds up and its boxes agree with each other.
func hospitalRules(c *Case) {
	if c.Segment.Type != "ub04" {
		return
	}
	for _, name := range []string{"FL47", "FL48"} {
		parts, total := c.hospitalLines(name)
		said, ok := amount(total)
		sum, sure := column(parts, name)
		if ok && sure && said != sum {
			c.raise("sum_mismatch", record.SeverityError, fmt.Sprintf("the lines add to %s, the total line says %s", dollars(sum), dollars(said)), total)
			for _, row := range c.Segment.Lines {
				if row["FL42"].Raw == "0001" {
					row[name] = *total
				}
			}
			doubtParts(parts, name)
		}
	}
	for _, row := range c.Segment.Lines {
		rateRule(c, row)
	}
	hospitalCodes(c)
	hospitalDates(c)
	dischargeRule(c)
	admissionRule(c)
	revenueRule(c)
	payerRows(c)
	priorPayments(c)
	bill := c.field("FL4")
	if bill == nil {
		return
	}
	if !billType.MatchString(bill.Raw) {
		c.raise("bill_type", record.SeverityWarning, "a type of bill has three digits behind a 0, not "+bill.Raw, bill)
		return
	}
	if last := bill.Raw[len(bill.Raw)-1]; (last == '7' || last == '8') && c.field("FL64A") == nil {
		c.raise("bill_type", record.SeverityWarning, "the bill replaces or voids another, and no document control number says which", bill)
	}
}

// rateRule: rate times units is the charge of an accommodation line.
func rateRule(c *Case, row map[string]record.Field) {
	r, u, t := row["FL44.rate"], row["FL46"], row["FL47"]
	rate, okR := amount(&r)
	total, okT := amount(&t)
	if !okR || !okT || u.Value == nil || u.State != record.Accepted {
		return
	}
	units, ok := new(big.Rat).SetString(*u.Value)
	if !ok {
		return
	}
	if got := new(big.Rat).Mul(units, big.NewRat(rate, 1)); got.Cmp(big.NewRat(total, 1)) != 0 {
		c.raise("line_arithmetic", record.SeverityWarning, fmt.Sprintf("%s days at %s are not %s", u.Raw, r.Raw, t.Raw), &r, &u, &t)
		row["FL44.rate"], row["FL46"], row["FL47"] = r, u, t
	}
}

// authorizationRules: a decision on a prior authorisation does not contradict itself.
func authorizationRules(c *Case) {
	if c.Segment.Type != "prior_auth_determination" {
		return
	}
	word := ""
	if f := c.field("determination"); f != nil {
		word = strings.ToLower(f.Raw)
	}
	approved := strings.HasPrefix(word, "approved") || word == "certified"
	if approved && c.field("auth") == nil {
		c.raise("determination_conflict", record.SeverityError, "it says approved and no authorization number was read", c.field("determination"))
	}
	for _, row := range c.Segment.Lines {
		q, a := row["units_requested"], row["units_approved"]
		if q.Value == nil || a.Value == nil || q.State != record.Accepted || a.State != record.Accepted {
			continue
		}
		wanted, ok1 := new(big.Rat).SetString(*q.Value)
		given, ok2 := new(big.Rat).SetString(*a.Value)
		if !ok1 || !ok2 {
			continue
		}
		switch given.Cmp(wanted) {
		case 1:
			c.raise("units", record.SeverityWarning, fmt.Sprintf("%s units are approved, %s were requested", a.Raw, q.Raw), &a, &q)
			row["units_requested"], row["units_approved"] = q, a
		case 0:
			if strings.HasPrefix(word, "partial") {
				c.raise("determination_conflict", record.SeverityError, "it says partially approved and all units are approved", c.field("determination"), &a)
				row["units_approved"] = a
			}
		}
	}
	days, date, by := c.field("appeal_days"), c.field("date"), c.field("appeal_by")
	if days == nil || date == nil || by == nil {
		return
	}
	from, _, ok1 := value.ParseDate(*date.Value, value.Hint{})
	to, _, ok2 := value.ParseDate(*by.Value, value.Hint{})
	var n int
	if _, err := fmt.Sscan(*days.Value, &n); err == nil && ok1 && ok2 && from.Day > 0 && to.Day > 0 && dayNumber(to)-dayNumber(from) != n {
		c.raise("deadline", record.SeverityWarning, fmt.Sprintf("%s days after %s is not %s", days.Raw, date.Raw, by.Raw), by, days)
	}
}

// dayNumber counts days, to tell how far two dates lie apart.
func dayNumber(d value.Date) int {
	return int(time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}
