package sig

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"chartlake/internal/sharedtest"
)

// short writes a dosage in one line: dose, unit, route, times/period, events, days of the
// week, count, prn and reason, duration, greatest amount.
func short(d Dosage) string {
	if d.TextOnly {
		return "text"
	}
	var out []string
	span := func(low, high string) string {
		if high == "" {
			return low
		}
		return low + "-" + high
	}
	add := func(s string, set bool) {
		if set {
			out = append(out, s)
		}
	}
	add(strings.TrimSpace(span(d.Dose, d.DoseHigh)+" "+d.Unit), d.Dose != "")
	add(d.Route, d.Route != "")
	add(span(d.Frequency, d.FrequencyMax)+"/"+span(d.Period, d.PeriodMax)+d.PeriodUnit, d.Frequency+d.FrequencyMax != "")
	add(strings.Join(d.When, "+"), len(d.When) > 0)
	add(strings.Join(d.TimeOfDay, "+"), len(d.TimeOfDay) > 0)
	add(strings.Join(d.DayOfWeek, "+"), len(d.DayOfWeek) > 0)
	add("count "+d.Count, d.Count != "")
	add("prn", d.AsNeeded)
	add("for "+d.Reason, d.Reason != "")
	add("x "+span(d.Duration, d.DurationMax)+d.DurationUnit, d.Duration+d.DurationMax != "")
	add(strings.TrimSpace("max "+d.Max+" "+d.MaxUnit), d.Max != "")
	return strings.Join(out, ", ")
}

func TestParse(t *testing.T) {
	t.Parallel()
	// Sentences of this project's own; steps are parted by " | ".
	for _, tt := range []struct{ sig, want string }{
		{"Take 1 tablet by mouth twice daily", "1 tablet, oral, 2/1d"},
		{"2 caps PO TID", "2 capsule, oral, 3/1d"},
		{"one capsule orally at bedtime", "1 capsule, oral, HS"},
		{"1-2 tabs po q4-6h prn headache", "1-2 tablet, oral, 1/4-6h, prn, for headache"},
		{"Take 1 to 2 tablets by mouth every 6 hours as needed for back pain, max 6 tablets per day", "1-2 tablet, oral, 1/6h, prn, for back pain, max 6 tablet"},
		{"half a tablet every morning", "0.5 tablet, 1/1d, MORN"},
		{"1 1/2 tabs daily", "1.5 tablet, 1/1d"},
		{"one and a half tablets daily", "1.5 tablet, 1/1d"},
		{"½ tab po qhs", "0.5 tablet, oral, 1/1d, HS"},
		{"one-half tablet bid", "0.5 tablet, 2/1d"},
		{"take .25 mg daily", "0.25 mg, 1/1d"},
		{"apply 1 patch every 72 hours", "1 patch, 1/72h"},
		{"apply thin layer topically b.i.d. for 2 weeks", "topical, 2/1d, x 2wk"},
		{"inhale 2 puffs by mouth q.i.d.", "2 puff, inhalation, 4/1d"},
		{"instill 2 drops in each eye three times a day for 7-10 days", "2 drop, ophthalmic, 3/1d, x 7-10d"},
		{"2 sprays in each nostril once a day", "2 spray, nasal, 1/1d"},
		{"inject 12 units subcutaneously before breakfast", "12 unit, subcutaneous, ACM"},
		{"10 U sc qhs", "10 unit, subcutaneous, 1/1d, HS"},
		{"insulin per sliding scale before meals", "text"},
		{"use as directed", "text"},
		{"take as directed for 5 days", "text"},
		{"titrate to effect", "text"},
		{"take 2 tablets now, may repeat in 1 hour", "text"},
		{"1 tab every other day", "1 tablet, 1/2d"},
		{"1 tab Q.O.D.", "1 tablet, 1/2d"},
		{"1 tab q.d.", "1 tablet, 1/1d"},
		{"500 mg po q12h x 10 days", "500 mg, oral, 1/12h, x 10d"},
		{"take two 250 mg capsules tid x7d", "2 capsule, 3/1d, x 7d"},
		{"take 2 capsules of amoxicillin 500mg twice a day", "2 capsule, 2/1d"},
		{"take 1 tablet (25 mg total) by mouth daily", "1 tablet, oral, 1/1d"},
		{"1 tablet on monday, wednesday and friday", "1 tablet, mon+wed+fri"},
		{"10 mg every Sunday", "10 mg, sun"},
		{"1 tab po weekly", "1 tablet, oral, 1/1wk"},
		{"1 dose every 4 weeks im", "1 dose, intramuscular, 1/4wk"},
		{"take 3-4 times a day 5 ml", "5 mL, 3-4/1d"},
		{"up to 4 times daily 1 lozenge", "1 lozenge, -4/1d"},
		{"one tablet once", "1 tablet, count 1"},
		{"2 g iv stat", "2 g, intravenous, count 1"},
		{"1 tab bid for 6 doses", "1 tablet, 2/1d, count 6"},
		{"take 1 tablet daily for up to 2 weeks", "1 tablet, 1/1d, x -2wk"},
		{"1 tablet daily for a month", "1 tablet, 1/1d, x 1mo"},
		{"4 tabs daily for 3 days, then 2 tabs daily for 3 days, then 1 tab daily for 3 days", "4 tablet, 1/1d, x 3d | 2 tablet, 1/1d, x 3d | 1 tablet, 1/1d, x 3d"},
		{"prednisone 60 mg x 2 days 40 mg x 2 days 20 mg x 2 days", "60 mg, x 2d | 40 mg, x 2d | 20 mg, x 2d"},
		{"1 tablet in the morning and 2 tablets at bedtime for 5 days", "1 tablet, MORN, x 5d | 2 tablet, HS, x 5d"},
		{"1 cap with meals", "1 capsule, C"},
		{"1 cap tid ac", "1 capsule, 3/1d, AC"},
		{"1 tab after supper", "1 tablet, PCV"},
		{"1 tab po bid prn", "1 tablet, oral, 2/1d, prn"},
		{"1 tab q8h as needed for moderate to severe pain not to exceed 3 g in 24 hours", "1 tablet, 1/8h, prn, for moderate to severe pain, max 3 g"},
		{"1 tab qd to bid", "1 tablet, 1-2/1d"},
		{"1 tab 5x/day", "1 tablet, 5/1d"},
		{"every 30 minutes 1 spray sublingually prn chest pain", "1 spray, sublingual, 1/30min, prn, for chest pain"},
		{"1 tabs po bidx9 days", "1 tablet, oral, 2/1d, x 9d"},
		{"1 tabs po tidprnas needed for cramps", "1 tablet, oral, 3/1d, prn, for cramps"},
		{"1 tabs po q8hr intprnfor gas", "1 tablet, oral, 1/8h, prn, for gas"},
		{"1 caps po dailyinstrdo not chew", "1 capsule, oral, 1/1d"},
		{"take 2 two tablets 3 three times daily", "2 tablet, 3/1d"},
		{"Tkae 1 tabelt 2 tiems a day", "1 tablet, 2/1d"},
		{"one puff(s) 2 times per day", "1 puff, 2/1d"},
		{"2 x 5 ml twice daily", "10 mL, 2/1d"},
		{"10 ml = 200 mg, take 10 ml tid", "10 mL, 3/1d"},
		{"1,000 mg daily", "1000 mg, 1/1d"},
		{"6 hourly 1 tab", "1 tablet, 1/6h"},
		{"take 1 tablet 1 hour before procedure once", "1 tablet, count 1"},
		{"500 mg tablet by mouth twice daily", "oral, 2/1d"},
		{"500 mg tablets, take 2 tablets twice daily", "2 tablet, 2/1d"},
		{"Take 1 tablet by mouth at 8 am and 8:30 pm", "1 tablet, oral, 08:00+20:30"},
		{"1 tab every morning at 9am", "1 tablet, 1/1d, 09:00"},
		{"1 tab in the morning and at 14:00", "text"},
		{"Take 1 tablet (25 mg total) by mouth 2 (two) times daily with meals.", "1 tablet, oral, 2/1d, C"},
		{"Take 2 tablets by mouth every 8 (eight) hours as needed for mild pain (pain score 1-3).", "2 tablet, oral, 1/8h, prn, for mild pain"},
		{"Inject 0.4 mL (40 mg total) into the skin daily", "0.4 mL, subcutaneous, 1/1d"},
		{"1 tab q6h PRN for temp > 101 F", "1 tablet, 1/6h, prn, for temp"},
		{"1 tablet within 1 hour of waking", "1 tablet"},
		{"1 tab twice a day for 3 days, once a day for 4 days, then stop", "1 tablet, 2/1d, x 3d | 1 tablet, 1/1d, x 4d"},
		{"2.5mg PO Mon-Fri and 5mg PO Sat-Sun", "2.5 mg, oral, mon+tue+wed+thu+fri | 5 mg, oral, sat+sun"},
		{"1 tab MWF after dialysis", "text"},
		{"ii caps po q8", "2 capsule, oral, 1/8h"},
		{"1 g IV x1", "1 g, intravenous, count 1"},
		{"10 mg/kg every 6 hours", "text"},
		{"for blood sugar 150-200 give 2 units", "text"},
		{"day 1: 2 tablets, day 2-5: 1 tablet", "text"},
		{"decrease by 10 mg every 3 days", "text"},
		{"17 g daily, mix with 8 oz of water", "17 g, 1/1d"},
		{"take a 150 mg tablet daily", "1 tablet, 1/1d"},
		{"", ""},
		{"keep out of reach of children", "text"},
	} {
		t.Run(tt.sig, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range Parse(tt.sig) {
				got = append(got, short(d))
			}
			if s := strings.Join(got, " | "); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
		})
	}
}

func TestDoubts(t *testing.T) {
	t.Parallel()
	for sig, want := range map[string]string{
		"1 tab qod":                              "QOD is mistaken for QD and QID",
		"10 u sc daily":                          "U is mistaken for 0",
		"1 tab twice a day every 4 hours":        "says how often in two ways",
		"1 tab biweekly and daily":               "two meanings: twice a week and every two weeks",
		"1 tab daily max 4 tablets mdd 6":        "two greatest amounts",
		"1 tab daily instr 3 tabs for 3 days":    "more amounts are written behind the dose",
		"1 tab po bid (every 12 hours) for gout": "",
	} {
		d := Parse(sig)
		if len(d) == 0 || strings.Join(d[0].Doubts, ";") != want {
			t.Errorf("%q: %+v, want doubt %q", sig, d, want)
		}
	}
}

// TestPublishedCases reads the instructions that two other projects publish with their
// readings, where those say a dose, how often and how long.
func TestPublishedCases(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(sharedtest.Path(t, "clinical/sig/sig-cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases struct {
		Whole []struct {
			Source, Sig string
			Expected    []struct {
				Amount       *float64 `json:"singleDosageAmount"`
				Min          *float64 `json:"dosageMin"`
				Form         string
				Times        *float64
				Type         string  `json:"frequencyType"`
				Interval     float64 `json:"interval"`
				PeriodAmount float64 `json:"periodAmount"`
				AsNeeded     bool    `json:"takeAsNeeded"`
			}
		}
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	right, of := 0, 0
	for _, c := range cases.Whole {
		if c.Source != "parsigs" {
			continue
		}
		got := Parse(c.Sig)
		ok := len(got) == len(c.Expected)
		for i, w := range c.Expected {
			if !ok {
				break
			}
			g := got[i]
			times, unit := 1.0, map[string]string{"Hour": "h", "Day": "d", "Week": "wk", "Month": "mo"}[w.Type]
			if w.Times != nil {
				times = *w.Times
			}
			ok = w.Amount != nil && value(g.Dose) == *w.Amount && g.Unit == w.Form && g.AsNeeded == w.AsNeeded && value(g.Duration) == w.PeriodAmount
			if w.Type != "" {
				ok = ok && g.PeriodUnit == unit && value(g.Period) == w.Interval && value(g.Frequency) == times
			}
		}
		of++
		if ok {
			right++
		} else {
			t.Logf("%q: %+v", c.Sig, got)
		}
	}
	t.Logf("%d of %d as published", right, of)
	if float64(right) < 0.95*float64(of) {
		t.Errorf("%d of %d", right, of)
	}
}

func TestLongTextIsTextOnly(t *testing.T) {
	t.Parallel()
	if d := Parse(strings.Repeat("1 tab daily then ", 500)); len(d) != 1 || !d[0].TextOnly {
		t.Errorf("%d steps", len(d))
	}
	if d := Parse(strings.Repeat("1 tab daily then ", 50)); len(d) != 1 || !d[0].TextOnly {
		t.Errorf("%d steps", len(d))
	}
}

// Any text is answered; the words of a step stand in the text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "1 tab po bid", "½-1 tab q4-6h prn", "\x00\xff", "then then then", "1/2/3/4", "q.4.d", "max max 3", "İ 1,0.5 mg", "bidinstr", "for up to a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, d := range Parse(s) {
			if !strings.Contains(s, d.Text) {
				t.Fatalf("%q is not in the text", d.Text)
			}
			if utf8.ValidString(s) && !utf8.ValidString(d.Reason) {
				t.Fatalf("reason %q", d.Reason)
			}
		}
	})
}
