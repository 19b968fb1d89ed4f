package check

import (
	"fmt"
	"slices"
	"strings"

	"chartlake/form/draft"
	"chartlake/record"
	"chartlake/value"
)

// hospitalCodes: the diagnoses have the form of the code system that FL66 and the date ask for.
func hospitalCodes(c *Case) {
	day := c.field("FL6.through")
	at, ok := dayOf(day)
	ten := says(c.field("FL66"), "0")
	if order, sure := at.Compare(icd10Begin); ok && sure {
		ten = order >= 0
	} else if c.field("FL66") == nil {
		return
	}
	for i := range c.Segment.Fields {
		f := &c.Segment.Fields[i]
		name, _, _ := strings.Cut(f.Name, ".")
		if f.Value == nil || f.Name != name || name == "FL66" || !strings.HasPrefix(name, "FL67") && name != "FL69" && !strings.HasPrefix(name, "FL70") && !strings.HasPrefix(name, "FL72") {
			continue
		}
		_, _, isTen := value.ParseCode(f.Raw, value.FormICD10CM)
		_, _, isNine := value.ParseCode(f.Raw, value.FormICD9CM)
		switch {
		case ten && isNine && !isTen && f.Source == "ocr":
			draft.Doubt(f, "in the form of ICD-9-CM, and ICD-10-CM is asked for: the first sign may be a letter")
		case ten && isNine && !isTen:
			c.raise("code_version", record.SeverityWarning, f.Raw+" has the form of ICD-9-CM, and ICD-10-CM is asked for", f, day)
		case !ten && isTen && !isNine:
			c.raise("code_version", record.SeverityWarning, f.Raw+" has the form of ICD-10-CM, and ICD-9-CM is asked for", f, day)
		}
	}
}

// hospitalDates: a stay begins before it ends, and services and procedures lie within the
// statement (document-types.md §4.1).
func hospitalDates(c *Case) {
	from, through := c.field("FL6.from"), c.field("FL6.through")
	within := func(f *record.Field) bool {
		a, b := later(from, f), later(f, through)
		if a {
			c.raise("date_order", record.SeverityError, fmt.Sprintf("%s %s lies before FL6 %s", f.Name, f.Raw, from.Raw), f, from)
		}
		if b {
			c.raise("date_order", record.SeverityError, fmt.Sprintf("%s %s lies after FL6 %s", f.Name, f.Raw, through.Raw), f, through)
		}
		return a || b
	}
	if later(from, through) {
		return // said already, and everything would lie outside
	}
	for _, row := range c.Segment.Lines {
		if f, ok := row["FL45"]; ok && row["FL42"].Raw != "0001" && f.State == record.Accepted && within(&f) {
			row["FL45"] = f
		}
	}
	for i := range c.Segment.Fields {
		if f := &c.Segment.Fields[i]; strings.HasPrefix(f.Name, "FL74") && strings.HasSuffix(f.Name, ".date") && f.State == record.Accepted {
			within(f)
		}
	}
}

// dischargeRule: a patient who is still there (status 30) has no hour of discharge, and only the
// interim bills, frequency 2 and 3, have that status.
func dischargeRule(c *Case) {
	status, hour, bill := c.sure("FL17"), c.sure("FL16"), c.sure("FL4")
	if status == nil {
		return
	}
	still := says(status, "30")
	if still && hour != nil {
		c.raise("discharge_status", record.SeverityWarning, "FL17 says that the patient is still there, FL16 has an hour of discharge "+hour.Raw, status, hour)
	}
	if bill != nil && billType.MatchString(*bill.Value) {
		if last := (*bill.Value)[len(*bill.Value)-1]; (last == '2' || last == '3') && !still {
			c.raise("discharge_status", record.SeverityWarning, "the bill "+bill.Raw+" is an interim one, FL17 "+status.Raw+" says that the patient left", status, bill)
		}
	}
}

// inpatient reports a hospital bill for a stay: facility 1, classification 1 or 2.
func inpatient(c *Case) (is, known bool) {
	bill := c.sure("FL4")
	if bill == nil {
		return false, false
	}
	v := strings.TrimPrefix(*bill.Value, "0")
	return len(v) == 3 && v[0] == '1' && (v[1] == '1' || v[1] == '2'), len(v) == 3
}

// admissionRule: whether a diagnosis was there on admission is said on bills for a stay alone,
// with Y, N, U, W or 1.
func admissionRule(c *Case) {
	stay, known := inpatient(c)
	for i := range c.Segment.Fields {
		f := &c.Segment.Fields[i]
		if !strings.HasSuffix(f.Name, ".poa") || f.Value == nil || f.State != record.Accepted {
			continue
		}
		switch {
		case !strings.Contains("YNUW1", strings.ToUpper(*f.Value)):
			c.raise("poa", record.SeverityWarning, f.Raw+" does not say whether the diagnosis was there on admission: Y, N, U, W or 1 does", f)
		case known && !stay:
			c.raise("poa", record.SeverityWarning, f.Name+" "+f.Raw+" is asked for on bills for a stay, FL4 says something else", f, c.field("FL4"))
		}
	}
}

// revenueRule: a line has a revenue code of four digits, and units where it has a charge.
func revenueRule(c *Case) {
	for _, row := range c.Segment.Lines {
		code, charge := row["FL42"], row["FL47"]
		if code.Value == nil || code.State != record.Accepted || code.Raw == "0001" || charge.Value == nil || charge.State != record.Accepted {
			continue
		}
		if units, ok := row["FL46"]; !ok || units.Value == nil {
			c.raise("revenue_code", record.SeverityWarning, "the line "+code.Raw+" has a charge and no units", &code)
			row["FL42"] = code
		}
	}
}

// payerRows: the row letters of a payer stay together, and each payer has an insured and an id.
func payerRows(c *Case) {
	for _, letter := range []string{"A", "B", "C"} {
		payer := c.sure("FL50" + letter)
		id, insured := c.field("FL60"+letter), c.field("FL58"+letter)
		switch {
		case payer != nil && id == nil && insured == nil:
			c.raise("payer_order", record.SeverityWarning, "payer "+letter+" has neither an insured nor an id", payer)
		case payer == nil && c.field("FL50"+letter) == nil && id != nil:
			c.raise("payer_order", record.SeverityWarning, "the id in row "+letter+" belongs to no payer", id)
		}
	}
}

// priorPayments: what is due is the total less the payments before, where all of them are printed.
func priorPayments(c *Case) {
	due, okDue := amount(c.sure("FL55A"))
	if !okDue {
		return
	}
	i := slices.IndexFunc(c.Segment.Lines, func(l map[string]record.Field) bool { return l["FL42"].Raw == "0001" })
	if i < 0 {
		return
	}
	t := c.Segment.Lines[i]["FL47"]
	total, ok := amount(&t)
	if !ok {
		return
	}
	var paid int64
	for _, letter := range []string{"A", "B", "C"} {
		f := c.field("FL54" + letter)
		v, ok := amount(f)
		if f != nil && !ok {
			return
		}
		paid += v
	}
	if total-paid != due {
		c.raise("prior_payment_balance", record.SeverityWarning, fmt.Sprintf("%s less the payments before is %s, FL55 says %s", dollars(total), dollars(total-paid), dollars(due)), c.field("FL55A"))
	}
}
