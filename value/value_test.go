package value

import (
	"slices"
	"strings"
	"testing"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	after := Date{2026, 5, 1}
	tests := []struct {
		in     string
		hint   Hint
		want   string
		reason string
		ok     bool
	}{
		{"04/17/2026", Hint{}, "2026-04-17", "", true},
		{"4-7-26", Hint{NotAfter: after}, "2026-04-07", "", true},
		{"1/6/58", Hint{Birth: true, NotAfter: Date{2021, 2, 8}}, "1958-01-06", "", true},
		{"1/6/15", Hint{Birth: true, NotAfter: after}, "2015-01-06", ReasonCentury, true},
		{"1/6/15", Hint{Birth: true}, "1915-01-06", ReasonTwoDigitYear, true},
		{"Apr 17, 2026", Hint{}, "2026-04-17", "", true},
		{"Friday, April 17th, 2026", Hint{}, "2026-04-17", "", true},
		{"17-APR-2026", Hint{}, "2026-04-17", "", true},
		{"17 Apr 2026", Hint{}, "2026-04-17", "", true},
		{"2026-04-17", Hint{}, "2026-04-17", "", true},
		{"04 17 2026", Hint{}, "2026-04-17", "", true},
		{"04172026", Hint{}, "2026-04-17", "", true},
		{"20260417", Hint{}, "2026-04-17", "", true},
		{"17/04/2026", Hint{}, "2026-04-17", ReasonDayFirst, true},
		{"04/2026", Hint{}, "2026-04", ReasonPartialDate, true},
		{"April 2026", Hint{}, "2026-04", ReasonPartialDate, true},
		{"2026", Hint{}, "2026", ReasonPartialDate, true},
		{"02/30/2026", Hint{}, "", ReasonNoSuchDate, false},
		{"02/29/2023", Hint{}, "", ReasonNoSuchDate, false},
		{"13/13/2026", Hint{}, "", ReasonNoSuchDate, false},
		{"00/10/2026", Hint{}, "", ReasonNoSuchDate, false},
		{"O4/17/2026", Hint{}, "", "", false},
		{"4.0-11.0", Hint{}, "", "", false},
		{"12/345", Hint{}, "", "", false},
		{"", Hint{}, "", "", false},
	}
	for _, tt := range tests {
		got, reasons, ok := ParseDate(tt.in, tt.hint)
		if got.String() != tt.want || ok != tt.ok || tt.reason != "" && !slices.Contains(reasons, tt.reason) ||
			tt.reason == "" && len(reasons) > 0 {
			t.Errorf("ParseDate(%q) = %v %q %v, want %q %q %v", tt.in, got, reasons, ok, tt.want, tt.reason, tt.ok)
		}
	}
}

func TestParseMoment(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"04/17/2026 10:30", "2026-04-17T10:30"},
		{"04/17/2026 2:05 PM", "2026-04-17T14:05"},
		{"04/17/2026 12:05 AM", "2026-04-17T00:05"},
		{"04/17/2026 1430", "2026-04-17T14:30"},
		{"04/17/2026 14:30:09 EST", "2026-04-17T14:30:09-05:00"},
		{"2026-04-17T14:30", "2026-04-17T14:30"},
		{"April 17, 2026 at 9:05am", "2026-04-17T09:05"},
		{"04/17/2026", "2026-04-17"},
		{"04/17/2026 25:30", ""},
		{"10:30", ""},
	}
	for _, tt := range tests {
		if got, _, _ := ParseMoment(tt.in, Hint{}); got.String() != tt.want {
			t.Errorf("ParseMoment(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
	from, to, _, ok := ParsePeriod("4-1-2026 - 4-17-2026", Hint{})
	if !ok || from.String() != "2026-04-01" || to.String() != "2026-04-17" {
		t.Errorf("ParsePeriod = %v %v %v", from, to, ok)
	}
}

// TestParse covers the single-word kinds: the value, or "" for no value, and "?" before a
// value that is doubtful.
func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct{ kind, in, want string }{
		{Money, "$1,234.50", "1234.50"}, {Money, "137 50", "?137.50"}, {Money, "(45.00)", "-45.00"},
		{Money, "$55", "55.00"}, {Money, "12.5", ""}, {Money, "$55/0%", ""}, {Money, "1,23.00", ""},
		{PersonName, "DOE, JOHN A", "DOE, JOHN, A"}, {PersonName, "Dr Mateo Jackson, PhD", "Mateo Jackson"},
		{PersonName, "John Doe", "John Doe"}, {PersonName, "O'Neil-Smith, Mary", "O'Neil-Smith, Mary"},
		{PersonName, "12345", ""}, {PersonName, "Jane Doe, MD, FACP", "Jane Doe"},
		{Phone, "(920)555-0101", "+19205550101"}, {Phone, "920.555.0101 ext 12", "+19205550101;ext=12"},
		{Phone, "1-800-555-0100", "+18005550100"}, {Phone, "555-0101", "?5550101"}, {Phone, "120-555-0101", "?+11205550101"},
		{Phone, "12/31/2020", ""},
		{NPI, "1234567893", "1234567893"}, {NPI, "1234567890", "?1234567890"}, {NPI, "23847519342", "?23847519342"},
		{DEA, "AB1234563", "AB1234563"}, {DEA, "AB1234564", "?AB1234564"},
		{EIN, "12-3456789", "12-3456789"}, {EIN, "44482349832", "?44482349832"},
		{SSN, "123-45-6789", "123-45-6789"}, {SSN, "000-45-6789", "?000-45-6789"},
		{CLIA, "05D0642827", "05D0642827"}, {CLIA, "O5D0642827", "?O5D0642827"},
		{ZIP, "92126", "92126"}, {ZIP, "92126-1234", "92126-1234"}, {ZIP, "9212", ""},
		{State, "ca", "CA"}, {State, "XX", ""}, {Sex, "Female", "F"}, {Sex, "yes", ""},
		{AgeKind, "35 yo", "35 yo"}, {AgeKind, "200", ""}, {BIN, "610014", "610014"}, {BIN, "2035699", "?2035699"},
		{ID, "XZ 9147589652", "XZ 9147589652"}, {ID, "John Smith", ""}, {ID, "XYZ", "XYZ"},
		{NumberKind, "< 0.50", "<0.50"}, {NumberKind, "1,234", "1234"}, {NumberKind, ">= 60", ">=60"},
		{NumberKind, "1O.5", ""}, {NumberKind, "4.20", "4.20"}, {NumberKind, ".5", "?0.5"}, {NumberKind, "1.2.3", ""},
		{Postal, "123 Any St\nAny City, CA 92127", "123 Any St, Any City, CA 92127"},
	}
	for _, tt := range tests {
		r := Parse(tt.kind, tt.in, Hint{})
		got := ""
		if r.OK {
			got = r.Value
			if len(r.Reasons) > 0 {
				got = "?" + got
			}
		}
		if got != tt.want {
			t.Errorf("Parse(%s, %q) = %q, want %q", tt.kind, tt.in, got, tt.want)
		}
	}
}

func TestNDC(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"0002-1433-80": "00002143380", "50090-347-01": "50090034701", "12345-6789-1": "12345678901"} {
		if got, _, _ := ParseNDC(in); got != want {
			t.Errorf("ParseNDC(%q) = %q, want %q", in, got, want)
		}
	}
	if _, why, ok := ParseNDC("0002143380"); !ok || len(why) == 0 {
		t.Error("ten bare digits must stay doubtful")
	}
}

func TestParseCode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, want string
		form     CodeForm
	}{
		{"M1111", "M11.11", FormICD10CM}, {"e11.9", "E11.9", FormICD10CM}, {"I10", "I10", FormICD10CM}, {"2500", "250.0", FormICD9CM},
	}
	for _, tt := range tests {
		if got, form, _ := ParseCode(tt.in, FormICD10CM, FormICD9CM); got != tt.want || form != tt.form {
			t.Errorf("ParseCode(%q) = %q %s", tt.in, got, form)
		}
	}
	if _, _, ok := ParseCode("239422", FormCPT, FormHCPCS); ok {
		t.Error("six digits are no procedure code")
	}
}

func TestInterval(t *testing.T) {
	t.Parallel()
	tests := []struct {
		iv, v string
		side  int
		ok    bool
	}{
		{"4.0-11.0", "12.1", 1, true}, {"4.0 – 11.0", "3.9", -1, true}, {"(4.0-11.0)", "11.0", 0, true},
		{"<200", "200", 1, true}, {"< or = 200", "200", 0, true}, {">= 60", "60", 0, true}, {">60", "60", -1, true},
		{"<200", "<5", 0, true}, {"4-11", "<5", 0, false}, {">=60", ">90", 0, true}, {"4-11", "<4", -1, true},
		{"Ref Range: 70 to 99", "105", 1, true},
	}
	for _, tt := range tests {
		iv, ok := ParseInterval(tt.iv)
		n, _, okN := ParseNumber(tt.v)
		if !ok || !okN {
			t.Errorf("%q or %q not parsed", tt.iv, tt.v)
			continue
		}
		if side, ok := iv.Position(n); side != tt.side || ok != tt.ok {
			t.Errorf("%q against %q = %d %v, want %d %v", tt.v, tt.iv, side, ok, tt.side, tt.ok)
		}
	}
	for _, s := range []string{"Negative", "11.0-4.0", "", "M: 13-17 F: 12-15", "7.2"} {
		if _, ok := ParseInterval(s); ok {
			t.Errorf("%q is no numeric interval", s)
		}
	}
}

func TestParseUnit(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"mg/dL": "mg/dL", "mg/dl": "mg/dL", "MG/DL": "mg/dL", "K/uL": "10*3/uL", "k/ul": "10*3/uL", "x10^3/µL": "10*3/uL",
		"x10E3/uL": "10*3/uL", "×10³/µL": "10*3/uL", "10^6/uL": "10*6/uL", "mEq/L": "meq/L", "mmol/L": "mmol/L", "IU/L": "[IU]/L",
		"U/L": "U/L", "%": "%", "fL": "fL", "pg": "pg", "mL/min/1.73m2": "mL/min/{1.73_m2}", "uIU/mL": "u[IU]/mL", "mIU/L": "m[IU]/L",
		"g/dL": "g/dL", "ng/mL": "ng/mL", "mm Hg": "mm[Hg]", "mm/hr": "mm/h", "/HPF": "/[HPF]", "mcg/dL": "ug/dL",
	} {
		if got, ok := ParseUnit(in); got != want || !ok {
			t.Errorf("ParseUnit(%q) = %q %v, want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "H", "L ", "K", "A", "High", "12", "negative", "furlongs", "10*3", strings.Repeat("m", 100)} {
		if got, ok := ParseUnit(in); ok && in != "L " {
			t.Errorf("ParseUnit(%q) = %q, want none", in, got)
		}
	}
}

func TestOwnSpellingsAreUCUM(t *testing.T) {
	t.Parallel()
	for spelling, code := range ownSpellings {
		if !IsUCUM(code) {
			t.Errorf("%q: %q is no UCUM expression", spelling, code)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", 1<<20)
	for _, kind := range []string{Text, PersonName, DateKind, MomentKind, Money, NumberKind, Quantity, Code, ID, Phone, Postal, NPI, Email} {
		if r := Parse(kind, long, Hint{}); r.OK {
			t.Errorf("%s: a megabyte is no value", kind)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"04/17/2026 10:30", "DOE, JOHN A", "$1,234.50", "< 0.5 mg/dL", "(920) 555-0101 x12", "4.0-11.0", "x10^3/µL"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, kind := range []string{Text, PersonName, DateKind, MomentKind, Money, NumberKind, Quantity, Code, ID, Phone,
			Postal, NPI, DEA, EIN, SSN, CLIA, ZIP, State, Sex, AgeKind, Email, BIN} {
			r := Parse(kind, s, Hint{})
			if r.OK && r.Value == "" {
				t.Errorf("%s: ok with an empty value", kind)
			}
			if r.OK && (kind == DateKind || kind == Money || kind == NPI) && len(r.Reasons) == 0 {
				if again := Parse(kind, r.Value, Hint{}); again.Value != r.Value {
					t.Errorf("%s: canonical value %q reads as %q", kind, r.Value, again.Value)
				}
			}
		}
		ParsePeriod(s, Hint{})
		ParseNDC(s)
		ParseMBI(s)
		if iv, ok := ParseInterval(s); ok && iv.Low == nil && iv.High == nil {
			t.Error("an interval without ends")
		}
		if code, ok := ParseUnit(s); ok && !IsUCUM(code) {
			t.Errorf("%q is no UCUM", code)
		}
	})
}
