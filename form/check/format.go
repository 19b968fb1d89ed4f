package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"chartlake/record"
	"chartlake/value"
)

var taxonomy = regexp.MustCompile(`^[0-9]{3}[0-9A-Z]{6}X$`)

// formatRules are the shared rules about one value: its form, and what cannot be.
func formatRules(c *Case) {
	for i := range c.Segment.Fields {
		f := &c.Segment.Fields[i]
		if f.Value == nil || f.State != record.Accepted {
			continue
		}
		base := f.Name[strings.LastIndexByte(f.Name, '.')+1:]
		switch {
		case base == "zip" || f.Name == "FL9d":
			if _, ok := value.ParseZIP(f.Raw); !ok {
				c.raise("zip_format", record.SeverityWarning, f.Raw+" is no ZIP code of five or nine digits", f)
			}
		case base == "state" || f.Name == "FL9c" || f.Name == "FL29":
			if !value.IsState(f.Raw) {
				c.raise("state_code", record.SeverityWarning, f.Raw+" is no state or territory", f)
			}
		case f.Kind == record.KindPhone:
			if _, _, why, ok := value.ParsePhone(f.Raw); !ok || len(why) > 0 {
				c.raise("phone_format", record.SeverityWarning, f.Raw+" is no telephone number of ten digits", f)
			}
		case base == "taxonomy":
			if !taxonomy.MatchString(strings.ToUpper(f.Raw)) {
				c.raise("taxonomy_format", record.SeverityWarning, f.Raw+" has not the form of a taxonomy code", f)
			}
		case base == "ndc":
			if _, why, ok := value.ParseNDC(f.Raw); !ok || len(why) > 0 {
				c.raise("ndc_format", record.SeverityWarning, f.Raw+" has not the form of a drug code", f)
			}
		case base == "mbi" || c.medicare() && slices.Contains([]string{"1a", "FL60A"}, f.Name):
			if _, why, ok := value.ParseMBI(f.Raw); !ok || len(why) > 0 {
				c.raise("mbi_format", record.SeverityWarning, f.Raw+" has not the form of a Medicare number", f)
			}
		case f.Name == "25" && says(c.field("25.type"), "SSN"):
			if _, why, ok := value.ParseSSN(f.Raw); !ok || len(why) > 0 {
				c.raise("ssn_format", record.SeverityWarning, f.Raw+" has not the form of a social security number", f)
			}
		}
	}
	c.lifetime()
}

// mbiBegin is the first day from which only the Medicare Beneficiary Identifier may stand on a
// claim; before, other numbers did (CMS, New Medicare Card).
var mbiBegin = value.Date{Year: 2020, Month: 1, Day: 1}

// medicare reports a claim to Medicare for services since the number changed.
func (c *Case) medicare() bool {
	if !says(c.sure("1"), "Medicare") && !says(c.sure("1"), "MEDICARE") {
		return false
	}
	for _, l := range c.Segment.Lines {
		if f, ok := l["24A.from"]; ok {
			at, ok := dayOf(&f)
			order, sure := at.Compare(mbiBegin)
			return ok && sure && order >= 0
		}
	}
	return false
}

// oldest is an age that nobody reaches.
const oldest = 120

// lifetime: nobody is older than 120 years on the day of the document.
func (c *Case) lifetime() {
	birth := c.first("dob", "3.dob", "FL10")
	at := c.first("admitted", "collected", "visit", "date", "signed.date", "FL6.from", "31.date")
	born, ok := dayOf(birth)
	if at == nil || !ok {
		return
	}
	day, _, okD := value.ParseMoment(*at.Value, value.Hint{})
	if years, ok := born.Years(day.Date); okD && ok && years > oldest {
		c.raise("date_implausible", record.SeverityWarning, fmt.Sprintf("who was born on %s would be %d years old", birth.Raw, years), birth, at)
	}
}
