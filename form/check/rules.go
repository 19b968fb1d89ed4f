package check

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"chartlake/form/draft"
	"chartlake/form/labreport"
	"chartlake/record"
	"chartlake/value"
)

// dateOrders are pairs of dates where the first may not lie after the second.
var dateOrders = [][2]string{{"dob", "collected"}, {"dob", "admitted"}, {"dob", "visit"}, {"dob", "date"}, {"collected", "received"}, {"received", "reported"},
	{"collected", "reported"}, {"admitted", "discharged"}, {"discharged", "signed.date"}, {"date", "due"}, {"effective", "expires"}, {"start", "end"}, {"FL6.from", "FL6.through"}, {"FL10", "FL6.from"},
	{"FL12", "FL6.through"}, {"dob", "payment_date"}, {"dob", "effective"}, {"dob", "signed.date"}}

func dates(c *Case) {
	for i := range c.Segment.Fields {
		f := &c.Segment.Fields[i]
		if f.Kind != record.KindDate && f.Kind != record.KindDatetime || f.State == record.Missing {
			continue
		}
		if slices.Contains(f.Reasons, value.ReasonNoSuchDate) {
			c.raise("date_impossible", record.SeverityError, "no such day: "+f.Raw, f)
		}
		for _, why := range []string{value.ReasonCentury, value.ReasonDayFirst, value.ReasonTwoDigitYear} {
			if slices.Contains(f.Reasons, why) {
				c.raise("date_ambiguous", record.SeverityWarning, f.Raw+": "+why, f)
			}
		}
	}
	said := map[string]bool{}
	for _, o := range dateOrders {
		a, b := c.field(o[0]), c.field(o[1])
		if a == nil || b == nil || said[o[1]] && o[0] == "collected" {
			continue
		}
		ma, _, okA := value.ParseMoment(*a.Value, value.Hint{})
		mb, _, okB := value.ParseMoment(*b.Value, value.Hint{})
		if !okA || !okB {
			continue
		}
		if order, _ := ma.Compare(mb); order > 0 {
			said[o[1]] = true
			c.raise("date_order", record.SeverityError, fmt.Sprintf("%s %s lies after %s %s", o[0], a.Raw, o[1], b.Raw), a, b)
		}
	}
	ageRule(c)
}

// ageRule compares a printed age with the birth date at the document's own date.
func ageRule(c *Case) {
	age, dob := c.field("age"), c.field("dob")
	at := c.first("admitted", "collected", "visit", "date", "signed.date")
	if age == nil || dob == nil || at == nil {
		return
	}
	a, ok := value.ParseAge(age.Raw)
	birth, _, okB := value.ParseDate(*dob.Value, value.Hint{})
	day, _, okD := value.ParseMoment(*at.Value, value.Hint{})
	if !ok || !okB || !okD || a.Unit != "a" {
		return
	}
	if years, ok := birth.Years(day.Date); ok && (a.Count < years-1 || a.Count > years+1) {
		c.raise("age_mismatch", record.SeverityWarning, fmt.Sprintf("the printed age is %d, the birth date gives %d", a.Count, years), age, dob)
	}
}

func identifiers(c *Case) {
	shapes := []struct{ suffix, code string }{{"npi", "npi_check_digit"}, {"FL56", "npi_check_digit"}, {"FL5", "ein_format"}, {"dea", "dea_check_digit"}, {"clia", "clia_format"}, {"rx.bin", "rx_bin_format"}}
	for i := range c.Segment.Fields {
		f := &c.Segment.Fields[i]
		if f.Value == nil || f.State == record.Missing {
			continue
		}
		for _, s := range shapes {
			if f.Name != s.suffix && !strings.HasSuffix(f.Name, "."+s.suffix) {
				continue
			}
			var why []string
			ok := true
			switch s.code {
			case "npi_check_digit":
				_, why, ok = value.ParseNPI(f.Raw)
			case "ein_format":
				_, why, ok = value.ParseEIN(f.Raw)
			case "dea_check_digit":
				_, why, ok = value.ParseDEA(f.Raw)
			case "clia_format":
				_, why, ok = value.ParseCLIA(f.Raw)
			case "rx_bin_format":
				r := value.Parse(value.BIN, f.Raw, value.Hint{})
				why, ok = r.Reasons, r.OK
			}
			if !ok {
				why = []string{"the text has not the form of such a number"}
			}
			if len(why) > 0 && !(f.Source == "ocr" && hasReason(f, "low reading confidence")) { // else a digit was misread, and is asked about
				c.raise(s.code, record.SeverityWarning, f.Raw+": "+why[0], f)
			}
		}
	}
}

// results: rules over the rows of a laboratory report.
func results(c *Case) {
	if c.Segment.Type != "lab_report" {
		return
	}
	for _, line := range c.Segment.Lines {
		cell := func(name string) *record.Field {
			if f, ok := line[name]; ok {
				return &f
			}
			return nil
		}
		keep := func(fs ...*record.Field) {
			for _, f := range fs {
				if f != nil {
					line[f.Name] = *f
				}
			}
		}
		v, rng, flag, unit, test := cell("value"), cell("range"), cell("flag"), cell("unit"), cell("test")
		if unit != nil {
			if _, ok := value.ParseUnit(unit.Raw); !ok {
				c.raise("unit_unknown", record.SeverityWarning, "the unit "+unit.Raw+" is not a known one", unit)
				keep(unit)
			}
		}
		if v == nil {
			continue
		}
		if hasReason(v, "do not fit their columns") {
			c.raise("row_shift", record.SeverityError, "the contents of a row do not fit their columns", v, unit, rng)
			keep(v, unit, rng)
		}
		if hasReason(v, "decimal point may be lost") {
			c.raise("value_implausible", record.SeverityWarning, v.Raw+" against the range "+rng.Raw+": a decimal point may be lost", v)
			keep(v)
		} else if v.State == record.Review && v.Kind == record.KindNumber && hasReason(v, "low reading confidence") {
			c.raise("digits_uncertain", record.SeverityWarning, "the digits of "+v.Raw+" were read with low confidence", v)
			keep(v)
		}
		flagRule(c, v, rng, flag, test)
		keep(v, rng, flag)
	}
	differential(c)
}

func hasReason(f *record.Field, part string) bool {
	return slices.ContainsFunc(f.Reasons, func(r string) bool { return strings.Contains(r, part) })
}

// flagRule: a printed flag that the value and the printed range contradict. A value outside
// its range without a flag is only held back: some laboratories print none.
func flagRule(c *Case, v, rng, flag, test *record.Field) {
	if rng == nil {
		return
	}
	n, _, ok := value.ParseNumber(v.Raw)
	iv, okR := value.ParseInterval(strings.ReplaceAll(rng.Raw, "\n", " "))
	if !ok || !okR {
		return
	}
	side, sure := iv.Position(n)
	if !sure {
		return
	}
	if flag == nil {
		if side != 0 && flagsUsed(c) && v.Source == "ocr" {
			draft.Doubt(v, "the value lies outside its range and no flag was read")
		}
		return
	}
	said := labreport.FlagMeaning(flag.Raw)
	wrong := false
	switch said {
	case "H", "HH":
		wrong = side <= 0
	case "L", "LL":
		wrong = side >= 0
	case "N":
		wrong = side != 0
	case "A", "AA":
		wrong = side == 0
	}
	if wrong {
		words := map[int]string{-1: "below", 0: "within", 1: "above"}
		c.raise("flag_mismatch", record.SeverityWarning, fmt.Sprintf("the flag says %s, the value %s lies %s the printed range %s",
			flag.Raw, v.Raw, words[side], strings.ReplaceAll(rng.Raw, "\n", " ")), flag, v, rng)
		_ = test
	}
}

func flagsUsed(c *Case) bool {
	for _, l := range c.Segment.Lines {
		if _, ok := l["flag"]; ok {
			return true
		}
	}
	return false
}

// cellTypes are the white cells whose shares make 100 %.
var cellTypes = regexp.MustCompile(`(?i)^(segmented |absolute )?(neutrophils?|polys|segs|bands?|lymphocytes?|lymphs|monocytes?|monos|eosinophils?|eos|basophils?|basos|immature granulocytes?|metamyelocytes|myelocytes|atypical lymphocytes)\b`)

func differential(c *Case) {
	sum := new(big.Rat)
	var about []*record.Field
	at := map[*record.Field]map[string]record.Field{}
	seen := map[string]bool{}
	for _, line := range c.Segment.Lines {
		test, unit, v := line["test"], line["unit"], line["value"]
		name := strings.ToLower(test.Raw)
		if !cellTypes.MatchString(test.Raw) || strings.TrimSpace(unit.Raw) != "%" || strings.Contains(name, "abs") || seen[name] {
			continue
		}
		n, _, ok := value.ParseNumber(v.Raw)
		if !ok || n.Comparator != "" {
			return
		}
		seen[name] = true
		sum.Add(sum, n.Rat())
		f := v
		about = append(about, &f)
		at[&f] = line
	}
	if len(about) < 4 {
		return
	}
	off := new(big.Rat).Sub(sum, big.NewRat(100, 1))
	if off.Abs(off).Cmp(big.NewRat(1, 1)) <= 0 {
		return
	}
	c.raise("sum_mismatch", record.SeverityWarning, fmt.Sprintf("the shares of the white cells add to %s, not to 100", sum.FloatString(1)), about...)
	for f, line := range at {
		line["value"] = *f
	}
}

// sums: an invoice's lines, subtotal, discount, tax and total.
func sums(c *Case) {
	if c.Segment.Type != "medical_invoice" {
		return
	}
	cents := func(f *record.Field) (int64, bool) {
		if f == nil {
			return 0, false
		}
		v, _, ok := value.ParseMoney(f.Raw)
		if !ok {
			return 0, false
		}
		return value.Cents(v)
	}
	var lines int64
	n := 0
	for _, l := range c.Segment.Lines {
		f, ok := l["amount"]
		if !ok {
			continue
		}
		v, ok := cents(&f)
		if !ok || f.State != record.Accepted {
			return // a sum of doubtful parts accuses nobody
		}
		lines += v
		n++
	}
	subtotal, total := c.field("subtotal"), c.field("total")
	sub, okSub := cents(subtotal)
	tot, okTot := cents(total)
	target := subtotal
	want := sub
	if !okSub && c.field("discount") == nil && c.field("tax") == nil {
		target, want, okSub = total, tot, okTot
	}
	if n > 0 && okSub && target != nil && lines != want {
		c.raise("sum_mismatch", record.SeverityError, fmt.Sprintf("the lines add to %s, %s says %s", dollars(lines), target.Name, dollars(want)), target)
	}
	discount, okD := cents(c.field("discount"))
	tax, okT := cents(c.field("tax"))
	unread := !okD && strings.Contains(c.Text, "discount") || !okT && strings.Contains(c.Text, "tax")
	if !unread && subtotal != nil && okSub && okTot && (okD || okT) {
		if discount < 0 {
			discount = -discount
		}
		if got := sub - discount + tax; abs(got-tot) > 1 {
			c.raise("sum_mismatch", record.SeverityError, fmt.Sprintf("subtotal less discount plus tax is %s, the total says %s", dollars(got), dollars(tot)), total, subtotal)
		}
	}
	paid, okP := cents(c.field("paid"))
	balance, okB := cents(c.field("balance"))
	if okTot && okP && okB && abs(tot-abs(paid)-balance) > 1 {
		c.raise("balance_mismatch", record.SeverityError, fmt.Sprintf("the total less what was paid is %s, the balance says %s", dollars(tot-abs(paid)), dollars(balance)), c.field("balance"), total)
	}
}

func abs(n int64) int64 { return max(n, -n) }

func dollars(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, abs(cents%100)) }

var (
	unsigned = regexp.MustCompile(`dictated,? (?:but )?not (?:yet )?(?:read|reviewed|signed)|unsigned|awaiting signature|not yet signed|pending signature`)
	draftly  = regexp.MustCompile(`\b(?:preliminary|draft)\b`)
	noKnown  = regexp.MustCompile(`(?i)\b(?:nkda|nka|no known (?:drug )?allergies|no known allergies|none known|denies allergies)\b`)
	drugName = regexp.MustCompile(`(?i)^(?:new|changed|continued|stopped|continue|start|stop|resume|change)?[: ]*([a-z][a-z-]{3,})`)
)

// noteRules: signature, allergies that contradict each other, a drug that the text stops and
// the list goes on with.
func noteRules(c *Case) {
	if c.Segment.Type != "discharge_summary" {
		return
	}
	if signed := c.field("signed"); unsigned.MatchString(c.Text) {
		c.raise("unsigned", record.SeverityWarning, "the document says that it was not read or signed", signed)
	} else if signed == nil && draftly.MatchString(head(c.Text, 400)) {
		c.raise("draft", record.SeverityWarning, "the document calls itself preliminary", c.field("status"))
	}
	var none, some *record.Field
	for _, a := range c.fields("allergies") {
		if noKnown.MatchString(a.Raw) {
			none = a
		} else if len(a.Raw) > 2 && !strings.EqualFold(strings.Trim(a.Raw, ". "), "none") {
			some = a
		}
	}
	if none != nil && some != nil {
		c.raise("section_conflict", record.SeverityWarning, "an allergy is listed and no known allergies are stated", none, some)
	}
	course := c.field("course")
	if course == nil {
		return
	}
	for _, m := range c.fields("medications.discharge") {
		name := drugName.FindStringSubmatch(m.Raw)
		if name != nil && stopped(strings.ToLower(course.Raw), strings.ToLower(name[1])) {
			c.raise("section_conflict", record.SeverityWarning, "the course says that "+name[1]+" was stopped, the discharge list has it", m, course)
		}
	}
}

// stopped looks for a sentence with the drug in which it is stopped for good.
func stopped(text, drug string) bool {
	for _, s := range strings.FieldsFunc(strings.ReplaceAll(text, "\n", " "), func(r rune) bool { return r == '.' || r == ';' }) {
		i := strings.Index(s, drug)
		if i < 0 {
			continue
		}
		after := s[i+len(drug):]
		for _, w := range []string{"was stopped", "was discontinued", "were stopped", "was permanently", "should not be resumed", "should be stopped", "stopped because", "discontinued because", "discontinued due", "stopped due"} {
			if at := strings.Index(after, w); at >= 0 && at < 60 && !strings.Contains(after, "resumed at") && !strings.Contains(after, "restarted") {
				return true
			}
		}
	}
	return false
}

func head(s string, n int) string { return s[:min(n, len(s))] }

// cardRules: two kinds of plan on one card.
func cardRules(c *Case) {
	if c.Segment.Type != "insurance_card" {
		return
	}
	kinds := map[string]*record.Field{}
	for i := range c.Segment.Fields {
		f := &c.Segment.Fields[i]
		switch f.Name {
		case "plan.type", "product", "plan", "logo", "network":
			for _, w := range strings.FieldsFunc(strings.ToUpper(f.Raw), func(r rune) bool { return !(r >= 'A' && r <= 'Z') }) {
				if w == "PPO" || w == "HMO" || w == "EPO" || w == "POS" {
					if kinds[w] == nil {
						kinds[w] = f
					}
				}
			}
		}
	}
	if len(kinds) < 2 {
		return
	}
	var words []string
	var about []*record.Field
	for _, w := range []string{"EPO", "HMO", "POS", "PPO"} {
		if f := kinds[w]; f != nil && !slices.Contains(about, f) {
			words, about = append(words, w+" ("+f.Name+")"), append(about, f)
		}
	}
	if len(about) > 1 {
		c.raise("source_conflict", record.SeverityError, "the card names different kinds of plan: "+strings.Join(words, " and "), about...)
	}
}

// readingRules: handwriting, and one summary of what was read with low confidence or is crossed out.
func readingRules(c *Case) {
	var low record.Flag
	for i := range c.Segment.Fields {
		f := &c.Segment.Fields[i]
		if hasReason(f, "written by hand") {
			c.raise("handwriting", record.SeverityWarning, f.Name+" was written by hand", f)
		}
		if hasReason(f, "low reading confidence") || hasReason(f, "crossed out") {
			low.Fields = append(low.Fields, f.Name)
			low.Evidence = append(low.Evidence, record.Evidence{Page: f.Page, Box: f.Box})
		}
	}
	if len(low.Fields) > 0 {
		low.Code, low.Severity = "low_confidence", record.SeverityWarning
		low.Message = "read with low confidence or crossed out: " + strings.Join(low.Fields, ", ")
		c.Segment.Flags = append(c.Segment.Flags, low)
	}
}
