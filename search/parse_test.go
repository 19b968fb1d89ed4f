package search

import (
	"strings"
	"testing"
	"time"

	"chartlake/fault"
)

func mustParse(t *testing.T, q string, opts Options) *Query {
	t.Helper()
	typ, raw, _ := strings.Cut(q, "?")
	pairs, err := Pairs(raw)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := Parse(typ, pairs, opts)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return parsed
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for q, code := range map[string]string{
		"Spaceship?x=1":                                     "unknown_type",
		"Patient?colour=red":                                "unknown_parameter",
		"Patient?name:loud=x":                               "unknown_modifier",
		"Patient?name:=red":                                 "unknown_modifier",
		"Patient?_has:Observation:patient:code:=red":        "unknown_modifier",
		"Patient?_has:Observation:patient=red":              "bad_chain",
		"Patient?_has=Observation:patient:code":             "unknown_parameter",
		"Patient?_count:red=3":                              "unknown_modifier",
		"Patient?_sort:desc=name":                           "unknown_modifier",
		"Patient?birthdate:exact=1970":                      "modifier_unsupported",
		"Patient?gender:in=http://vs":                       "modifier_unsupported",
		"Patient?birthdate=soon":                            "bad_value",
		"Patient?birthdate=1970-13":                         "bad_value",
		"Patient?birthdate=1970-02-30":                      "bad_value",
		"Patient?birthdate=xx1970":                          "bad_value",
		"Patient?active:missing=maybe":                      "bad_value",
		"Patient?identifier=a|b|c":                          "bad_value",
		"Patient?identifier=|":                              "bad_value",
		"Observation?value-quantity=5.4.3":                  "bad_value",
		"Observation?value-quantity=1e999":                  "bad_value",
		"Observation?value-quantity=NaN":                    "bad_value",
		"Observation?code-value-quantity=x":                 "bad_value",
		"Observation?subject.colour=red":                    "unknown_parameter",
		"Observation?status.name=x":                         "bad_chain",
		"Observation?subject:Spaceship.name=x":              "unknown_modifier",
		"Patient?link:below=x":                              "modifier_unsupported",
		"Patient?_has:Observation:code=x":                   "bad_chain",
		"Patient?_has:Observation:status:code=x":            "bad_chain",
		"Patient?_sort=colour":                              "bad_sort",
		"Observation?_sort=code-value-quantity":             "bad_sort",
		"Observation?_include=Observation:status":           "bad_include",
		"Observation?_include=Observation:subject:Nobody":   "bad_include",
		"Observation?_count=-1":                             "bad_result_parameter",
		"Observation?_count=many":                           "bad_result_parameter",
		"Observation?_total=roughly":                        "bad_result_parameter",
		"Observation?_summary=short":                        "bad_result_parameter",
		"Observation?_query=x":                              "unknown_parameter",
		"Observation?_text=(x":                              "bad_value",
		"Observation?_text:exact=x":                         "modifier_unsupported",
		"?name=x":                                           "unknown_parameter",
		"Patient?" + strings.Repeat("link.", 65) + "name=x": "too_deep",
	} {
		typ, raw, _ := strings.Cut(q, "?")
		pairs, err := Pairs(raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse(typ, pairs, Options{})
		f := fault.As(err)
		if f == nil || f.Code != code || f.Kind != fault.Invalid {
			t.Errorf("%s: %v, want %s", q, err, code)
			continue
		}
		for _, value := range []string{"red", "soon", "loud", "maybe"} {
			if strings.Contains(f.Message, value) {
				t.Errorf("%s: the message tells the value: %s", q, f.Message)
			}
		}
		if code == "unknown_type" || code == "too_deep" {
			continue
		}
		lenient, err := Parse(typ, pairs, Options{Lenient: true})
		if err != nil || len(lenient.Ignored) != 1 || len(lenient.Filters) != 0 {
			t.Errorf("%s, lenient: %v, %+v", q, err, lenient)
		}
	}
}

// What a query may ask for is bounded, also when each part looks harmless.
func TestBounds(t *testing.T) {
	t.Parallel()
	for what, q := range map[string]string{
		"a wide chain":    "Observation?" + strings.Repeat("focus.", 8) + "status=final",
		"many elements":   "Observation?_elements=" + strings.Repeat("a,", MaxValues) + "a",
		"many values":     "Observation?code=" + strings.Repeat("a,", MaxValues) + "a",
		"values in all":   strings.TrimSuffix("Observation?"+strings.Repeat("code="+strings.Repeat("a,", 900)+"a&", 3), "&"),
		"many parameters": strings.TrimSuffix("Observation?"+strings.Repeat("code=a&", MaxParameters+1), "&"),
		"a long value":    "Patient?name=" + strings.Repeat("a", MaxText+1),
	} {
		typ, raw, _ := strings.Cut(q, "?")
		pairs, err := Pairs(raw)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for _, lenient := range []bool{false, true} {
			if _, err := Parse(typ, pairs, Options{Lenient: lenient}); fault.As(err) == nil {
				t.Errorf("%s (lenient %v): %v, want a refusal", what, lenient, err)
			}
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%s took %v to refuse", what, d)
		}
	}
}

func TestParsed(t *testing.T) {
	t.Parallel()
	q := mustParse(t, `Observation?code=http://l|a\,b,c&date=ge2020-01&date=lt2021&subject:Patient.name:exact=An%20na&value-quantity=le5.40|http://u|mg&_sort=-date,_id&_count=7&_include=Observation:subject&_total=accurate&patient=`, Options{})
	if len(q.Filters) != 5 || q.Count != 7 || q.Total != TotalAccurate || len(q.Sort) != 2 || !q.Sort[0].Desc || len(q.Include) != 1 || len(q.Ignored) != 1 {
		t.Fatalf("%+v", q)
	}
	code := q.Filters[0].Values
	if len(code) != 2 || code[0].Token.Code != "a,b" || code[0].Token.System != "http://l" || code[1].Token.HasSystem {
		t.Errorf("code %+v", code)
	}
	if f := q.Filters[3]; len(f.Chain) != 1 || f.Chain[0].Type != "Patient" || f.Chain[0].Filter.Modifier != Exact || f.Chain[0].Filter.Values[0].Text != "An na" {
		t.Errorf("chain %+v", f)
	}
	if v := q.Filters[4].Values[0]; v.Prefix != LE || v.Number.Exact != 5.4 || v.Unit != (Unit{System: "http://u", Code: "mg"}) {
		t.Errorf("quantity %+v", v)
	}
	local := mustParse(t, "Observation?subject=https://me/fhir/Patient/1", Options{Base: "https://me/fhir/"})
	if r := local.Filters[0].Values[0].Ref; r.Type != "Patient" || r.ID != "1" || !r.Local() {
		t.Errorf("reference to our own base: %+v", r)
	}
	foreign := mustParse(t, "Observation?subject=https://other/fhir/Patient/1", Options{Base: "https://me/fhir"})
	if r := foreign.Filters[0].Values[0].Ref; r.Local() {
		t.Errorf("reference to another base: %+v", r)
	}
}

func TestParseMoment(t *testing.T) {
	t.Parallel()
	at := func(s string) int64 {
		m, err := time.Parse("2006-01-02T15:04:05.000Z", s)
		if err != nil {
			t.Fatal(err)
		}
		return m.UnixMilli()
	}
	for s, want := range map[string]Range{
		"2020":                      {at("2020-01-01T00:00:00.000Z"), at("2021-01-01T00:00:00.000Z")},
		"2020-02":                   {at("2020-02-01T00:00:00.000Z"), at("2020-03-01T00:00:00.000Z")},
		"2020-02-29":                {at("2020-02-29T00:00:00.000Z"), at("2020-03-01T00:00:00.000Z")},
		"2020-02-29T10:11":          {at("2020-02-29T10:11:00.000Z"), at("2020-02-29T10:12:00.000Z")},
		"2020-02-29T10:11:12":       {at("2020-02-29T10:11:12.000Z"), at("2020-02-29T10:11:13.000Z")},
		"2020-02-29T10:11:12Z":      {at("2020-02-29T10:11:12.000Z"), at("2020-02-29T10:11:13.000Z")},
		"2020-02-29T23:11:12-05:00": {at("2020-03-01T04:11:12.000Z"), at("2020-03-01T04:11:13.000Z")},
		"2020-02-29T10:11:12 02:00": {at("2020-02-29T08:11:12.000Z"), at("2020-02-29T08:11:13.000Z")},
		"2020-02-29T10:11:12.5Z":    {at("2020-02-29T10:11:12.500Z"), at("2020-02-29T10:11:12.600Z")},
		"2020-02-29T10:11:12.1239Z": {at("2020-02-29T10:11:12.123Z"), at("2020-02-29T10:11:12.124Z")},
		"2016-12-31T23:59:60Z":      {at("2016-12-31T23:59:59.000Z"), at("2017-01-01T00:00:00.000Z")},
		"1969-12-31T23:59:59.999Z":  {-1, 0},
	} {
		if got, ok := ParseMoment(s); !ok || got != want {
			t.Errorf("%s: %v %v, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "20", "0000", "2020-", "2020-00", "2020-02-30", "2021-02-29", "2020-02-29T", "2020-02-29T25:00", "2020-02-29T10:60", "2020-02-29T10:11:61", "2020-02-29T10:11:12.Z", "2020-02-29T10:11:12+1", "2020-02-29T10:11:12X", "2020-02-29x10:11"} {
		if r, ok := ParseMoment(s); ok {
			t.Errorf("%q was read as %v", s, r)
		}
	}
}

func TestParseNumber(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Bounds{
		"100":    {100, 99.5, 100.5},
		"100.00": {100, 99.995, 100.005},
		"1e2":    {100, 50, 150},
		"-5.4":   {-5.4, -5.45, -5.35},
		"0":      {0, -0.5, 0.5},
		"5.40e1": {54, 53.95, 54.05},
	} {
		if got, ok := ParseNumber(s); !ok || got != want {
			t.Errorf("%s: %v %v, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "-", "x", "0x10", "1_000", "Inf", "nan", "1e301", "--1", strings.Repeat("9", 41), "1e", ".5"} {
		if got, ok := ParseNumber(s); ok {
			t.Errorf("%q was read as %v", s, got)
		}
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{"Müller": "muller", "MÜLLER": "muller", "Mu\u0308ller": "muller", "Straße": "strasse", "STRASSE": "strasse", "  Anna   Maria ": "anna maria",
		"ΣΊΣΥΦΟΣ": "σισυφοσ", "σίσυφος": "σισυφοσ", "ﬁne": "fine", "１２": "12", "plain": "plain", "": "", "İ": "i"} {
		if got := Fold(s); got != want {
			t.Errorf("%q folds to %q, want %q", s, got, want)
		}
		if got := Fold(Fold(s)); got != Fold(s) {
			t.Errorf("%q: folding twice differs", s)
		}
	}
}

// Every parameter's expression of every type compiles, and every composite knows its parts.
func TestEveryParameterCompiles(t *testing.T) {
	t.Parallel()
	n := 0
	for _, typ := range R4().Types() {
		if _, err := R4().extractor(typ); err != nil {
			t.Error(err)
		}
		for _, p := range R4().Params(typ) {
			n++
			if p.Kind == KindComposite && len(p.Components) < 2 {
				t.Errorf("%s.%s has %d components", typ, p.Code, len(p.Components))
			}
		}
	}
	t.Logf("%d parameters of %d types", n, len(R4().Types()))
	if n < 2000 {
		t.Errorf("only %d parameters", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, q := range []string{"code=http://l|a&date=ge2020", "subject:Patient.name:exact=x", "_has:Observation:patient:code=x", "_sort=-date&_count=3&_include=*", `name=a\,b\$c\|d\\e`,
		"value-quantity=ap5.4||mg", "code-value-quantity=a$lt5", "_lastUpdated=ge2020&_id=1,2", "_total=none&_summary=true&_elements=a,b"} {
		f.Add("Observation", q, false)
		f.Add("Patient", q, true)
	}
	f.Fuzz(func(t *testing.T, typ, raw string, lenient bool) {
		pairs, err := Pairs(raw)
		if err != nil {
			return
		}
		q, err := Parse(typ, pairs, Options{Lenient: lenient})
		if err != nil {
			if fault.As(err) == nil {
				t.Errorf("not a fault: %v", err)
			}
			return
		}
		if len(q.Used)+len(q.Ignored) != len(pairs) {
			t.Errorf("%d parameters, %d used, %d ignored: one was lost in silence", len(pairs), len(q.Used), len(q.Ignored))
		}
		if !lenient {
			for _, p := range q.Ignored {
				if p.Value != "" {
					t.Errorf("%s was ignored without lenient handling", p.Name)
				}
			}
		}
	})
}

func FuzzParseMoment(f *testing.F) {
	for _, s := range []string{"2020", "2020-02-29T10:11:12.123456+14:00", "1969-12-31T24:00", "2016-12-31T23:59:60Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r, ok := ParseMoment(s); ok && r.Lo >= r.Hi {
			t.Errorf("%q gives the empty span %v", s, r)
		}
		ParseNumber(s)
		Fold(s)
	})
}
