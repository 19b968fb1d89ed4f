package check

import (
	"strconv"
	"strings"

	"chartlake/form/draft"
	"chartlake/form/template"
	"chartlake/record"
	"chartlake/value"
)

// confirmSums settles amounts that were hardly read and that a sum confirms: where the parts as they
// were read make the printed total, no digit of them was misread. It runs before the rules that
// blame, and changes no value.
func confirmSums(c *Case) {
	switch c.Segment.Type {
	case "cms1500":
		c.confirm(c.Segment.Lines, "24F", c.field("28"))
	case "ub04":
		parts, total := c.hospitalLines("FL47")
		if c.confirm(parts, "FL47", total) {
			for _, row := range c.Segment.Lines {
				if row["FL42"].Raw == "0001" {
					row["FL47"] = *total
				}
			}
		}
	case "medical_invoice":
		total := c.field("subtotal")
		if total == nil && c.field("discount") == nil && c.field("tax") == nil {
			total = c.field("total")
		}
		c.confirm(c.Segment.Lines, "amount", total)
	case "eob", "remittance":
		for _, s := range claimsOf(c) {
			for _, name := range []string{"billed", "allowed", "paid", "patient_responsibility"} {
				c.confirm(s.rows, "line."+name, s.totals[name])
			}
		}
		for _, row := range c.Segment.Lines {
			payerLine(row)
		}
	}
}

// hospitalLines are the rows that have a charge of a column, and the charge of the total line.
func (c *Case) hospitalLines(name string) (parts []map[string]record.Field, total *record.Field) {
	for _, row := range c.Segment.Lines {
		f, ok := row[name]
		switch {
		case ok && row["FL42"].Raw == "0001":
			total = &f
		case ok || name == "FL47":
			parts = append(parts, row)
		}
	}
	return parts, total
}

// confirm settles a column and its total where they come out; a lone part is as likely to be the
// same misreading twice as not.
func (c *Case) confirm(rows []map[string]record.Field, name string, total *record.Field) bool {
	want, ok := plainAmount(total)
	if !ok || want == 0 || len(rows) < 2 {
		return false
	}
	var sum int64
	for _, row := range rows {
		f := row[name]
		v, ok := plainAmount(&f)
		if !ok {
			return false
		}
		sum += v
	}
	if sum != want {
		return false
	}
	for _, row := range rows {
		f := row[name]
		confirmed(&f)
		row[name] = f
	}
	confirmed(total)
	return true
}

// digitsMisread is how many digits of one amount a reader may have taken for others at most for a sum
// that does not come out to be put down to the reading.
const digitsMisread = 2

// off reports a sum that does not come out although no more than one of its amounts was hardly read,
// and whatever that one is, more of its digits than a reader misreads would have to be others.
func off(parts []*record.Field, total *record.Field) (sum, want int64, is bool) {
	want, ok := plainAmount(total)
	if !ok || len(parts) == 0 {
		return 0, 0, false
	}
	var doubtful *record.Field
	count := 0
	for _, f := range append([]*record.Field{total}, parts...) {
		if f.State != record.Accepted {
			doubtful, count = f, count+1
		}
	}
	for _, f := range parts {
		v, ok := plainAmount(f)
		if !ok {
			return 0, 0, false
		}
		sum += v
	}
	if sum == want || count > 1 || count == 1 && doubtful.Confidence < readable {
		return sum, want, false
	}
	if count == 0 {
		return sum, want, true
	}
	is1, _ := plainAmount(doubtful)
	would := is1 + want - sum
	if doubtful == total {
		would = sum
	}
	return sum, want, differing(is1, would) > digitsMisread
}

// differing counts the digits in which two amounts differ; those of other lengths differ in all.
func differing(a, b int64) int {
	x, y := strconv.FormatInt(abs(a), 10), strconv.FormatInt(abs(b), 10)
	if len(x) != len(y) || b < 0 {
		return max(len(x), len(y))
	}
	n := 0
	for i := range x {
		if x[i] != y[i] {
			n++
		}
	}
	return n
}

// amounts: no charge of a claim is negative; what is taken back is a claim of its own.
func amounts(c *Case) {
	if !isClaim(c) {
		return
	}
	blame := func(f *record.Field) bool {
		v, ok := amount(f)
		if !ok || v >= 0 {
			return false
		}
		c.raise("amount_negative", record.SeverityWarning, f.Name+" says "+f.Raw+", and no charge is negative", f)
		return true
	}
	blame(c.field("28"))
	for _, row := range c.Segment.Lines {
		for _, name := range []string{"24F", "FL47", "FL48"} {
			if f, ok := row[name]; ok && blame(&f) {
				row[name] = f
			}
		}
	}
}

// confirmedConfidence is how sure an amount is that a sum confirms.
const confirmedConfidence = 0.9

func confirmed(f *record.Field) {
	if f.State == record.Review && f.Human == nil && onlyHardlyRead(f) {
		f.State, f.Reasons, f.Confidence = record.Accepted, nil, max(f.Confidence, confirmedConfidence)
	}
}

// onlyHardlyRead reports a field with no reason against it but the reading.
func onlyHardlyRead(f *record.Field) bool {
	for _, r := range f.Reasons {
		if !strings.HasPrefix(r, "low reading confidence") && r != template.MayTouch {
			return false
		}
	}
	return true
}

// plainAmount reads a field as cents, also one that was hardly read.
func plainAmount(f *record.Field) (int64, bool) {
	if f == nil || f.Value == nil || f.State == record.Missing || f.State == record.Review && !onlyHardlyRead(f) {
		return 0, false
	}
	return value.Cents(*f.Value)
}

// shares are the parts of what is allowed that the payer does not pay.
var shares = []string{"line.deductible", "line.copay", "line.coinsurance"}

// payerLine holds what is paid of a line against what is allowed less the patient's shares. Where they
// come out, they are right; where they come near, with a nought read as another digit, as faxes make
// them, the small amounts go to a person.
func payerLine(row map[string]record.Field) {
	a, p := row["line.allowed"], row["line.paid"]
	allowed, okA := plainAmount(&a)
	paid, okP := plainAmount(&p)
	names := []string{"line.allowed", "line.paid"}
	var sum int64
	for _, name := range shares {
		f, ok := row[name]
		if !ok {
			continue
		}
		v, ok := plainAmount(&f)
		if !ok {
			return
		}
		sum += v
		names = append(names, name)
	}
	if !okA || !okP || len(names) < 4 || allowed == 0 {
		return
	}
	for _, name := range names {
		f := row[name]
		switch {
		case allowed-sum == paid:
			confirmed(&f)
		case f.Source == "ocr":
			draft.Doubt(&f, "what is allowed less the patient's shares is not what is paid")
		}
		row[name] = f
	}
}
