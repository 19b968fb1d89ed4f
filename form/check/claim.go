package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"chartlake/form/draft"
	"chartlake/record"
	"chartlake/value"
)

// claimRules are the rules of document-types.md §3.3 that a claim's own boxes decide. A rule
// that compares boxes speaks only of boxes that were read without doubt.
func claimRules(c *Case) {
	if c.Segment.Type != "cms1500" || len(c.Segment.Fields) == 0 {
		return
	}
	claimShapes(c)
	claimRequired(c)
	claimSums(c)
	pointers(c)
	claimDates(c)
	codeVersion(c)
	claimRoles(c)
	serviceLines(c)
}

// cells are a column of the service lines; keep writes a cell back after a rule touched it.
func (c *Case) cells(name string) []*record.Field {
	var out []*record.Field
	for _, l := range c.Segment.Lines {
		if f, ok := l[name]; ok && f.Value != nil {
			out = append(out, &f)
		}
	}
	return out
}

func (c *Case) keep(cells []*record.Field) {
	for _, f := range cells {
		for _, l := range c.Segment.Lines {
			if o, ok := l[f.Name]; ok && o.Page == f.Page && o.Begin == f.Begin && o.Box == f.Box {
				l[f.Name] = *f
			}
		}
	}
}

// sure is the accepted field of a name.
func (c *Case) sure(name string) *record.Field {
	if f := c.field(name); f != nil && f.State == record.Accepted {
		return f
	}
	return nil
}

func says(f *record.Field, v string) bool { return f != nil && f.Value != nil && *f.Value == v }

// readable is the least confidence of a value whose form is blamed: below it the reading is
// more likely wrong than the paper. A field with a reason never has more than 0.6.
const readable = 0.6

// claimShapes gathers the boxes whose printed form is not that of their kind, one flag a code.
func claimShapes(c *Case) {
	for _, rule := range []struct{ code, reason, words string }{
		{"code_shape", "not in the form of a procedure code", "not in the form of a procedure code"},
		{"code_shape", "a place of service has two digits", "not a two-digit place of service"},
		{"code_shape", "a modifier has two letters or digits", "not in the form of modifiers"},
		{"npi_check_digit", "an NPI has ten digits", "an NPI has ten digits"},
		{"npi_check_digit", value.ReasonDigits, value.ReasonDigits},
		{"npi_check_digit", value.ReasonCheckDigit, value.ReasonCheckDigit},
		{"ein_format", "a tax number has nine digits", "a tax number has nine digits"},
	} {
		var about []*record.Field
		var said []string
		add := func(f *record.Field) {
			if f.Confidence >= readable && slices.Contains(f.Reasons, rule.reason) {
				about = append(about, f)
				said = append(said, f.Name+" "+f.Raw)
			}
		}
		for i := range c.Segment.Fields {
			add(&c.Segment.Fields[i])
		}
		for _, name := range []string{"24B", "24D.code", "24D.mod", "24J.npi"} {
			for _, f := range c.cells(name) {
				add(f)
			}
		}
		if len(about) > 0 {
			c.raise(rule.code, record.SeverityWarning, strings.Join(said, ", ")+": "+rule.words, about...)
			c.keep(about)
		}
	}
}

// claimRequired names the boxes that a claim needs and that are blank.
func claimRequired(c *Case) {
	flag := record.Flag{Code: "required_missing", Severity: record.SeverityWarning, Evidence: []record.Evidence{}}
	for i := range c.Segment.Fields {
		if f := &c.Segment.Fields[i]; f.State == record.Missing {
			flag.Fields = append(flag.Fields, f.Name)
		}
	}
	if f := c.sure("20"); says(f, "YES") && c.field("20.charges") == nil {
		flag.Fields = append(flag.Fields, "20.charges")
		flag.Evidence = append(flag.Evidence, record.Evidence{Page: f.Page, Box: f.Box})
	}
	for _, name := range []string{"24A.from", "24B", "24D.code", "24F"} {
		for _, l := range c.Segment.Lines {
			if _, ok := l[name]; !ok && len(l) >= 3 && !slices.Contains(flag.Fields, name) {
				flag.Fields = append(flag.Fields, name)
			}
		}
	}
	if len(flag.Fields) > 0 {
		flag.Message = "blank although a claim needs it: " + strings.Join(flag.Fields, ", ")
		c.Segment.Flags = append(c.Segment.Flags, flag)
	}
}

func cents(f *record.Field) (int64, bool) {
	if f == nil || f.Value == nil {
		return 0, false
	}
	return value.Cents(*f.Value)
}

// claimSums: the charges of the lines make box 28, and box 28 less box 29 makes box 30.
func claimSums(c *Case) {
	total := c.sure("28")
	tot, okTot := cents(total)
	charges := c.cells("24F")
	if sum, tot, is := off(charges, c.field("28")); is && len(charges) == len(c.Segment.Lines) {
		total := c.field("28")
		c.raise("sum_mismatch", record.SeverityError, fmt.Sprintf("the line charges add to %s, box 28 says %s", dollars(sum), dollars(tot)), append(charges, total)...)
		c.keep(charges)
	}
	paid, okPaid := cents(c.sure("29"))
	due, okDue := cents(c.sure("30"))
	if okTot && okPaid && okDue && tot-paid != due {
		c.raise("balance_mismatch", record.SeverityError, fmt.Sprintf("box 28 less box 29 is %s, box 30 says %s", dollars(tot-paid), dollars(due)), total, c.sure("30"))
	}
}

// pointers: a service line points to diagnoses that are there.
func pointers(c *Case) {
	var about []*record.Field
	var gone []string
	for _, f := range c.cells("24E") {
		if f.State != record.Accepted {
			continue
		}
		missing := false
		for _, r := range strings.ToUpper(*f.Value) {
			if r == ' ' || r == ',' {
				continue
			}
			name := "21." + string(r)
			if c.field(name) == nil {
				missing = true
				if !slices.Contains(gone, name) {
					gone = append(gone, name)
				}
			}
		}
		if missing {
			about = append(about, f)
		}
	}
	if len(about) > 0 {
		c.raise("pointer_missing", record.SeverityError, "service lines point to diagnoses that are blank: "+strings.Join(gone, ", "), about...)
		c.Segment.Flags[len(c.Segment.Flags)-1].Fields = append([]string{"24E"}, gone...)
		c.keep(about)
	}
}

func dayOf(f *record.Field) (value.Date, bool) {
	if f == nil || f.State != record.Accepted || f.Value == nil {
		return value.Date{}, false
	}
	d, _, ok := value.ParseDate(*f.Value, value.Hint{})
	return d, ok
}

// later reports that a's day lies after b's; false where one is not sure.
func later(a, b *record.Field) bool {
	da, okA := dayOf(a)
	db, okB := dayOf(b)
	order, sure := da.Compare(db)
	return okA && okB && sure && order > 0
}

// claimDates: the order of the days on a claim.
func claimDates(c *Case) {
	raise := func(a, b *record.Field) {
		c.raise("date_order", record.SeverityError, fmt.Sprintf("%s %s lies after %s %s", a.Name, a.Raw, b.Name, b.Raw), a, b)
	}
	for _, o := range [][2]string{{"16.from", "16.to"}, {"18.from", "18.to"}, {"3.dob", "31.date"}, {"3.dob", "14.date"}} {
		if a, b := c.field(o[0]), c.field(o[1]); later(a, b) {
			raise(a, b)
		}
	}
	birth, onset, signed := c.field("3.dob"), c.field("14.date"), c.field("31.date")
	for _, l := range c.Segment.Lines {
		from, okFrom := l["24A.from"]
		to, okTo := l["24A.to"]
		if !okFrom {
			continue
		}
		cells := []*record.Field{&from}
		if okTo {
			cells = append(cells, &to)
		}
		for _, o := range [][2]*record.Field{{&from, &to}, {birth, &from}, {onset, &from}, {&from, signed}} {
			if later(o[0], o[1]) {
				raise(o[0], o[1])
				c.keep(cells)
				break
			}
		}
	}
}

// oldForm doubts the diagnoses of a letter that have the form of ICD-9-CM alone although the letter is of
// a later day: where a picture was read, the first sign is a letter that was taken for a digit.
func oldForm(c *Case) {
	at, ok := dayOf(c.first("date", "visit", "signed.date"))
	if order, sure := at.Compare(icd10Begin); !ok || !sure || order < 0 {
		return
	}
	for _, f := range c.fields("dx") {
		_, _, ten := value.ParseCode(*f.Value, value.FormICD10CM)
		_, _, nine := value.ParseCode(*f.Value, value.FormICD9CM)
		if nine && !ten && f.Source == "ocr" {
			draft.Doubt(f, "in the form of ICD-9-CM on a day of ICD-10-CM: the first sign may be a letter")
		}
	}
}

var icdToken = regexp.MustCompile(`[A-Za-z0-9][A-Za-z0-9.]{2,7}`)

// icd10Begin is the first day of service that is billed with ICD-10-CM.
var icd10Begin = value.Date{Year: 2015, Month: 10, Day: 1}

// codeVersion: ICD-10-CM was used on claims of the United States for services from 2015-10-01
// on, ICD-9-CM before (45 CFR 162.1002).
func codeVersion(c *Case) {
	var day *record.Field
	for _, f := range c.cells("24A.from") {
		if _, ok := dayOf(f); ok {
			day = f
			break
		}
	}
	at, ok := dayOf(day)
	if !ok {
		return
	}
	order, _ := at.Compare(icd10Begin)
	for i := range c.Segment.Fields {
		f := &c.Segment.Fields[i]
		if !strings.HasPrefix(f.Name, "21.") || f.Name == "21.ind" || f.Value == nil || f.Confidence < readable {
			continue
		}
		for _, token := range icdToken.FindAllString(f.Raw, 8) {
			_, _, ten := value.ParseCode(token, value.FormICD10CM)
			_, _, nine := value.ParseCode(token, value.FormICD9CM)
			switch {
			case ten && !nine && order < 0:
				c.raise("code_version", record.SeverityWarning, token+" has the form of ICD-10-CM, the service was on "+day.Raw+", before 2015-10-01", f, day)
			case nine && !ten && order >= 0 && len(token) > 3 && len(f.Raw) <= 7:
				c.raise("code_version", record.SeverityWarning, token+" has the form of ICD-9-CM, the service was on "+day.Raw+", after 2015-09-30", f, day)
			default:
				continue
			}
			break
		}
	}
}

// claimRoles: patient and insured, other insurance, accident, resubmission.
func claimRoles(c *Case) {
	pairs := [][2]string{{"5.street", "7.street"}}
	if says(c.sure("6"), "Self") {
		pairs = [][2]string{{"2", "4"}, {"5.street", "7.street"}, {"5.zip", "7.zip"}, {"3.dob", "11a.dob"}}
	}
	for _, p := range pairs {
		a, b := c.sure(p[0]), c.sure(p[1])
		if a == nil || b == nil || squeeze(*a.Value) == squeeze(*b.Value) || strings.EqualFold(*b.Value, "same") {
			continue
		}
		if says(c.sure("6"), "Self") && !(p[0] == "2" && !differentNames(a, b)) {
			c.raise("relationship_conflict", record.SeverityWarning, fmt.Sprintf("the patient is the insured, but %s %s is not %s %s", a.Name, a.Raw, b.Name, b.Raw), a, b)
		} else if p[0] == "5.street" && oneApart(squeeze(*a.Value), squeeze(*b.Value)) {
			c.Segment.Flags = append(c.Segment.Flags, record.Flag{Code: "relationship_conflict", Severity: record.SeverityWarning, Fields: []string{a.Name, b.Name},
				Message:  "the addresses of patient and insured differ in one character: " + a.Raw + " and " + b.Raw + "; both are kept as printed",
				Evidence: []record.Evidence{{Page: a.Page, Box: a.Box}, {Page: b.Page, Box: b.Box}}})
		}
	}
	if f := c.sure("11d"); says(f, "YES") && (c.field("9") == nil || c.field("9a") == nil || c.field("9d") == nil) {
		c.raise("other_insurance_incomplete", record.SeverityWarning, "11d says that there is another plan, 9, 9a or 9d is blank", f)
	} else if says(f, "NO") && c.sure("9") != nil {
		c.raise("other_insurance_incomplete", record.SeverityWarning, "11d says that there is no other plan, 9 names another insured", f, c.sure("9"))
	}
	if f := c.sure("10b"); says(f, "YES") && c.field("10b.state") == nil {
		c.raise("accident_state_missing", record.SeverityWarning, "an auto accident without its state", f)
	}
	if f := c.sure("22.code"); (says(f, "7") || says(f, "8")) && c.field("22.ref") == nil {
		c.raise("resubmission_incomplete", record.SeverityWarning, "a resubmission without the reference of the first claim", f)
	}
}

// oneApart reports texts of one length that differ in one character.
func oneApart(a, b string) bool {
	if len(a) != len(b) || len(a) < 8 {
		return false
	}
	wrong := 0
	for i := range len(a) {
		if a[i] != b[i] {
			wrong++
		}
	}
	return wrong == 1
}

// serviceLines: a line twice, and units that nobody bills.
func serviceLines(c *Case) {
	seen := map[string]bool{}
	for _, l := range c.Segment.Lines {
		var key []string
		whole := true
		for _, name := range []string{"24A.from", "24A.to", "24D.code", "24D.mod", "24F", "24G"} {
			f, ok := l[name]
			if ok && (f.State != record.Accepted || f.Value == nil) {
				whole = false
			}
			if ok && f.Value != nil {
				key = append(key, name+"="+squeeze(*f.Value))
			}
		}
		if k := strings.Join(key, " "); whole && len(key) >= 3 {
			if f := l["24D.code"]; seen[k] && f.Value != nil {
				c.Segment.Flags = append(c.Segment.Flags, record.Flag{Code: "duplicate_line", Severity: record.SeverityWarning, Fields: []string{"24D.code"},
					Message: "the service " + f.Raw + " is listed twice for one day", Evidence: []record.Evidence{{Page: f.Page, Box: f.Box}}})
			}
			seen[k] = true
		}
		if f, ok := l["24G"]; ok && f.State == record.Accepted {
			if n, _, isNumber := value.ParseNumber(*f.Value); isNumber && (n.Rat().Sign() <= 0 || len(strings.Split(n.Digits, ".")[0]) > 3) {
				draft.Doubt(&f, "no such number of units is billed")
				l["24G"] = f
				c.raise("units_implausible", record.SeverityWarning, "24G says "+f.Raw+" units", &f)
			}
		}
	}
}
