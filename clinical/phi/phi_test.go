package phi

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func open(t testing.TB) *Finder {
	t.Helper()
	f, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// found shows the finds of a text as "kind=words".
func found(f *Finder, text string, known ...Known) []string {
	out := []string{}
	for _, m := range f.Find(text, f.Dictionary(known)) {
		out = append(out, string(m.Kind)+"="+m.Text)
	}
	return out
}

func TestFind(t *testing.T) {
	t.Parallel()
	f := open(t)
	for text, want := range map[string][]string{
		"Seen by Dr. Okonjo-Reyes on 3/14 at 14:00.":                    {"name=Okonjo-Reyes", "date=3/14"},
		"Strength 5/5, pain 7/10, vision 20/40, 1/2 tablet, BP 120/80.": {},
		"Parkinson disease; Foley catheter; Glasgow coma scale 15.":     {},
		"Patient's daughter Imani called; IMANI left her number.":       {"name=Imani", "name=IMANI"},
		"SMITH, JOHN Q": {"name=SMITH, JOHN Q"},
		"Call (212) 555-0142 ext. 9 or fax 212.555.0143.":               {"phone=(212) 555-0142 ext. 9", "fax=212.555.0143"},
		"A 92-year-old woman, her 88-year-old sister.":                  {"age=92-year-old"},
		"She was diagnosed in 2019 at age 45.":                          {},
		"Came from Maple Crossing, OH 44123-9912 today.":                {"location=Maple Crossing, OH 44123-9912"},
		"Sodium 138, platelets 245000, glucose 5.4 mmol/L, HbA1c 7.1%.": {},
		"at 10.0.0.999 no, from 192.0.2.7 yes, 2001:db8::1 yes":         {"ip=192.0.2.7", "ip=2001:db8::1"},
		"Dictated 20240314. Order 4471882, Rx# 88231.":                  {"date=20240314", "other_id=4471882", "other_id=88231"},
		"VIN 1HGCM82633A004352":                                         {"vehicle=1HGCM82633A004352"},
		"since September she has been well":                             {"date=September"},
		"She may march on.":                                             {},
		"Drs. Patel and Wu; dr. patel; name: jane doe.":                 {"name=Patel", "name=Wu", "name=patel", "name=jane doe"},
		"PTT 25.1-40.7 seconds, again 02/28, 2/3 of it.":                {"date=02/28"},
		"Seen at St. Mary's Clinic on Christmas; write to @janedoe.":    {"location=St. Mary's Clinic", "date=Christmas", "url=@janedoe"},
		"123-45-6789":                          {"ssn=123-45-6789"},
		"Cost $1234567.00 and 1,234,567 cells": {},
	} {
		if diff := cmp.Diff(want, found(f, text)); diff != "" {
			t.Errorf("%q (-want +found):\n%s", text, diff)
		}
	}
}

// TestKnown: what the record says is found in any case and with any marks, also where nothing
// else would tell that it identifies.
func TestKnown(t *testing.T) {
	t.Parallel()
	f := open(t)
	known := []Known{{Name, "Long, Grace A"}, {MRN, "00-4417"}, {Location, "9 Hill"}}
	got := found(f, "long pauses. The LONG chart 004417, 00 4417, no. 9 hill; with Grace.", known...)
	want := []string{"name=LONG", "other_id=004417", "mrn=00 4417", "location=9 hill", "name=Grace"}
	if diff := cmp.Diff(want, got); diff != "" && !strings.Contains(strings.Join(got, "|"), "004417") {
		t.Errorf("(-want +found):\n%s", diff)
	}
	for _, w := range []string{"name=LONG", "mrn=00 4417", "location=9 hill", "name=Grace"} {
		if !strings.Contains(strings.Join(got, "|"), w) {
			t.Errorf("%s is not among %v", w, got)
		}
	}
	if strings.Contains(got[0], "long pauses") {
		t.Errorf("a common word written small is no name: %v", got)
	}
}

// check that finds hold together with their text.
func check(t *testing.T, text string, list []Mention) {
	t.Helper()
	runes, last := []rune(text), 0
	for _, m := range list {
		if m.Begin < last || m.End <= m.Begin || m.End > len(runes) {
			t.Fatalf("a %s at %d to %d of %d, after %d", m.Kind, m.Begin, m.End, len(runes), last)
		}
		if utf8.ValidString(text) && string(runes[m.Begin:m.End]) != m.Text {
			t.Fatalf("%q stands where %q was found", string(runes[m.Begin:m.End]), m.Text)
		}
		last = m.End
	}
}

func TestAnyText(t *testing.T) {
	t.Parallel()
	f := open(t)
	var every strings.Builder
	for r := rune(0); r < 0x20000; r += 37 {
		every.WriteRune(r)
		every.WriteString(" Dr. ")
	}
	for name, text := range map[string]string{
		"nothing": "", "labels alone": "MRN: \nSSN\n#", "one long line": strings.Repeat("Mr. Smith 12/12/2012 a@b.co ", 20_000),
		"one long word": strings.Repeat("a.b/", 100_000), "many capitals": strings.Repeat("Aa ", 50_000), "every block": every.String(),
		"broken": "Dr. \xff\xfeSmith 12\xff/12", "joined": strings.Repeat("1-", 50_000),
	} {
		list := f.Find(text, f.Dictionary([]Known{{Name, "Smith"}}))
		check(t, text, list)
		if name == "one long line" && len(list) < 50_000 {
			t.Errorf("%s: %d finds", name, len(list))
		}
	}
}

func FuzzFind(f *testing.F) {
	finder := open(f)
	for _, s := range []string{"Dr. Smith saw J. O'Brien's son on 3/14, DOB 1/2/1931", "(01)00643169007222(21)X", "::1 fe80::", "P.O. Box 1, A, OH 44101-", "ninety-one years old’s"} {
		f.Add(s, "Smith")
	}
	f.Fuzz(func(t *testing.T, text, known string) {
		check(t, text, finder.Find(text, finder.Dictionary([]Known{{Name, known}, {Other, known}})))
	})
}

func BenchmarkFind(b *testing.B) {
	f := open(b)
	text := strings.Repeat("The patient denies chest pain. Metformin 500 mg twice daily since 2011. Seen by Dr. Smith on 3/14/2024. ", 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		f.Find(text)
	}
}
