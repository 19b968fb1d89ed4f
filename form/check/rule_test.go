package check

import (
	"slices"
	"strings"
	"testing"

	"chartlake/record"
)

// segment makes a document of "name=value" fields and rows of "name=value; …"; a "?" before a
// value makes it doubtful.
func segment(t record.Type, fields string, rows ...string) *record.Segment {
	s := &record.Segment{Type: t, Pages: [2]int{1, 1}}
	y := 0.1
	parse := func(text string) (out []record.Field) {
		for _, part := range strings.Split(text, ";") {
			name, v, ok := strings.Cut(strings.TrimSpace(part), "=")
			if !ok {
				continue
			}
			state := record.Accepted
			if rest, doubt := strings.CutPrefix(v, "?"); doubt {
				v, state = rest, record.Review
			}
			y += 0.01
			f := read(name, v, state)
			f.Box.Y = y
			out = append(out, f)
		}
		return out
	}
	s.Fields = parse(fields)
	for _, r := range rows {
		row := map[string]record.Field{}
		for _, f := range parse(r) {
			row[f.Name] = f
		}
		s.Lines = append(s.Lines, row)
	}
	return s
}

// TestRules: each contradiction raises its flag and no other, with the field in review; the
// same paper without it, or with it in doubt, raises none.
func TestRules(t *testing.T) {
	t.Parallel()
	hospital := "FL4=0111; FL6.from=2026-01-02; FL6.through=2026-01-08; FL16=14; FL17=01; FL50A=ACME; FL58A=FENN, IDA; FL60A=XYZ123; FL66=0; FL67=I10"
	line, total := "FL42=0250; FL46=2; FL47=100.00", "FL42=0001; FL47=100.00"
	for name, c := range map[string]struct {
		s    *record.Segment
		want string
	}{
		"hospital whole":             {segment("ub04", hospital, line, total), ""},
		"line outside statement":     {segment("ub04", hospital, line+"; FL45=2026-02-01", total), "date_order"},
		"line date in doubt":         {segment("ub04", hospital, line+"; FL45=?2026-02-01", total), ""},
		"procedure before the stay":  {segment("ub04", hospital+"; FL74.date=2025-12-01", line, total), "date_order"},
		"still there with an hour":   {segment("ub04", strings.Replace(hospital, "FL17=01", "FL17=30", 1), line, total), "discharge_status"},
		"interim bill, gone":         {segment("ub04", strings.Replace(hospital, "0111", "0112", 1), line, total), "discharge_status"},
		"not an admission sign":      {segment("ub04", hospital+"; FL67.poa=X", line, total), "poa"},
		"admission sign, outpatient": {segment("ub04", strings.Replace(hospital, "0111", "0131", 1)+"; FL67.poa=Y", line, total), "poa"},
		"charge without units":       {segment("ub04", hospital, "FL42=0250; FL47=100.00", total), "revenue_code"},
		"payer without anybody":      {segment("ub04", hospital+"; FL50B=OTHER", line, total), "payer_order"},
		"id without payer":           {segment("ub04", hospital+"; FL60C=123", line, total), "payer_order"},
		"due":                        {segment("ub04", hospital+"; FL54A=40.00; FL55A=60.00", line, total), ""},
		"due is wrong":               {segment("ub04", hospital+"; FL54A=40.00; FL55A=70.00", line, total), "prior_payment_balance"},
		"type of bill without its 0": {segment("ub04", strings.Replace(hospital, "0111", "111", 1), line, total), ""},
		"type of bill":               {segment("ub04", strings.Replace(hospital, "0111", "0011", 1), line, total), "bill_type"},
		"old diagnosis":              {segment("ub04", strings.Replace(hospital, "I10", "4019", 1), line, total), "code_version"},
		"denied but paid":            {segment("remittance", "claim_number=A1; claim_status=4; paid=10.00", "line.paid=10.00"), "denied_but_paid"},
		"reversed but positive":      {segment("remittance", "claim_number=A1; claim_status=22; paid=10.00", "line.paid=10.00"), "reversal_pair"},
		"strange group":              {segment("remittance", "claim_number=A1", "line.adjustments=XX-45 10.00"), "group_unknown"},
		"known groups":               {segment("remittance", "claim_number=A1", "line.adjustments=CO-45 10.00 PR-1 5.00"), ""},
		"zip":                        {segment("consent", "zip=1234; dob=1950-01-01"), "zip_format"},
		"state":                      {segment("consent", "state=XX; dob=1950-01-01"), "state_code"},
		"ssn":                        {segment("cms1500", "25=666-12-3456; 25.type=SSN"), "ssn_format"},
		"too old":                    {segment("referral", "patient=A B; dob=1850-01-01; date=2026-01-01"), "date_implausible"},
		"point overlooked":           {segment("prescription", "", "drug=Digoxin; strength=.125 mg; sig=Take 1 tablet daily; qty=30"), "dose_implausible"},
		"trailing zero":              {segment("prescription", "", "drug=Warfarin; strength=5.0 mg; sig=Take 1 tablet daily; qty=30"), "dose_implausible"},
		"strength":                   {segment("prescription", "", "drug=Warfarin; strength=2.5 mg; sig=Take 1 tablet daily; qty=30"), ""},
		"quantity":                   {segment("prescription", "", "drug=Amoxicillin; sig=Take 1 capsule three times daily for 10 days; qty=30"), ""},
		"quantity is short":          {segment("prescription", "", "drug=Amoxicillin; sig=Take 1 capsule three times daily for 10 days; qty=20"), "quantity_mismatch"},
		"quantity by hours":          {segment("prescription", "", "drug=Amoxicillin; sig=Take two tablets every 12 hours for 5 days; qty=10"), "quantity_mismatch"},
		"no directions":              {segment("prescription", "", "drug=Amoxicillin; qty=20"), "required_missing"},
		"dose before birth":          {segment("immunization_card", "dob=2020-01-01", "vaccine=MMR; date=2019-01-01"), "date_order"},
		"dose twice":                 {segment("immunization_card", "", "vaccine=MMR; date=2019-01-01", "vaccine=MMR; date=2019-01-01"), "duplicate_line"},
		"lot of two products":        {segment("immunization_card", "", "vaccine=MMR; lot=A1", "vaccine=Tdap; lot=A1"), "lot_repeated"},
		"lot of two doses":           {segment("immunization_card", "", "vaccine=MMR; lot=A1; date=2019-01-01", "vaccine=MMR; lot=A1; date=2019-02-01"), ""},
		"minor signs":                {segment("consent", "dob=2012-01-01; signed.date=2026-01-01"), "minor_signed"},
		"guardian signs":             {segment("consent", "dob=2012-01-01; signed.date=2026-01-01; signed.by=A Fenn"), ""},
		"anion gap":                  {segment("lab_report", "", "test=Sodium; value=140", "test=Chloride; value=104", "test=CO2; value=24", "test=Anion Gap; value=12"), ""},
		"anion gap with potassium":   {segment("lab_report", "", "test=Sodium; value=140", "test=Potassium; value=4.0", "test=Chloride; value=104", "test=CO2; value=24", "test=Anion Gap; value=16"), ""},
		"anion gap is wrong":         {segment("lab_report", "", "test=Sodium; value=140", "test=Chloride; value=104", "test=CO2; value=24", "test=Anion Gap; value=21"), "calculated_mismatch"},
		"ratio is wrong":             {segment("lab_report", "", "test=BUN; value=20", "test=Creatinine; value=1.0", "test=BUN/Creatinine Ratio; value=32"), "calculated_mismatch"},
		"part in doubt":              {segment("lab_report", "", "test=BUN; value=?20", "test=Creatinine; value=1.0", "test=BUN/Creatinine Ratio; value=32"), ""},
	} {
		want := c.want
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &Case{Segment: c.s}
			hospitalRules(c)
			settledRules(c)
			formatRules(c)
			drugRules(c)
			doseRules(c)
			consentRules(c)
			calculatedRules(c)
			var got []string
			for _, f := range c.Segment.Flags {
				if !slices.Contains(got, f.Code) {
					got = append(got, f.Code)
				}
				if len(f.Evidence) == 0 {
					t.Errorf("%s has no evidence", f.Code)
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("flags %v, want %q", got, want)
			}
		})
	}
}

// TestMisreadNumber: a check digit that does not fit is blamed on the paper only where the reading is sure.
func TestMisreadNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source string
		sure   bool
		want   int
	}{{"ocr", true, 1}, {"ocr", false, 0}, {"text", false, 1}} {
		s := segment("referral", "provider.npi=1245319598")
		f := &s.Fields[0]
		f.Source = c.source
		if !c.sure {
			f.State, f.Reasons = record.Review, []string{"1245319598: the check digit does not fit", "low reading confidence on one word"}
		}
		identifiers(&Case{Segment: s})
		if len(s.Flags) != c.want || c.want > 0 && s.Flags[0].Code != "npi_check_digit" {
			t.Errorf("%+v: flags %+v", c, s.Flags)
		}
	}
}
