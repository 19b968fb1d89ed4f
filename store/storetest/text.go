package storetest

import (
	"slices"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
)

// testText searches labels of codes, narrative and content, which are read; within the actor's
// compartments, through chains, and beside other parameters.
func testText(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	do(t, s,
		store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a","name":[{"family":"Abel"}]}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"b","name":[{"family":"Bond"}]}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Condition","id":"h","subject":{"reference":"Patient/a"},"code":{"text":"Chronic tension-type headache","coding":[{"system":"http://s","code":"25064002","display":"Headache (finding)"}]},
			"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Patient has had <b>migr&#228;ne</b> &amp; nausea</p></div>"}}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Condition","id":"n","subject":{"reference":"Patient/b"},"code":{"coding":[{"system":"http://s","code":"x","display":"Neck pain"}]},
			"note":[{"text":"no headache today"}],"recordedDate":"2020-01-02"}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Condition","id":"z","subject":{"reference":"Patient/b"},"code":{"text":"ÄRGER"}}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Condition","id":"gone","subject":{"reference":"Patient/b"},"code":{"text":"headache"}}`)})
	do(t, s, store.Delete{Key: store.Key{Type: "Condition", ID: "gone"}})
	textCases(t, s)
	// The same with the words in an index: while it is made, when it is there, and gone again.
	for _, code := range []string{"_text", "_content"} {
		do(t, s, store.Update{Resource: wordIndex(t, code, "Condition", "Patient")})
	}
	textCases(t, s)
	reindexAll(t, s)
	textCases(t, s)
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Condition","id":"gone","subject":{"reference":"Patient/b"},"code":{"text":"headache"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">nausea</div>"}}`)})
	if got, _ := asks(t, s, "Condition?_content=headache%20nausea"); !slices.Equal(got, []string{"gone", "h"}) {
		t.Errorf("with a new one: %q", got)
	}
	do(t, s, store.Delete{Key: store.Key{Type: "Condition", ID: "gone"}})
	textCases(t, s)
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	do(t, s, store.Delete{Key: store.Key{Type: "SearchParameter", ID: "words-content"}}, store.Delete{Key: store.Key{Type: "SearchParameter", ID: "words-text"}})
	reindexAll(t, s)
	textCases(t, s)
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// wordIndex is a SearchParameter that has the words of _text or _content indexed.
func wordIndex(t testing.TB, code string, types ...string) *fhir.Node {
	t.Helper()
	return parse(t, `{"resourceType":"SearchParameter","id":"words-%s","url":"http://x/%s","name":"Words","status":"active","description":"words","code":%q,"base":["%s"],"type":"string"}`,
		code[1:], code[1:], code, strings.Join(types, `","`))
}

func textCases(t *testing.T, s store.Store) {
	t.Helper()
	only := store.Actor{ID: "app", Patients: []string{"b"}}
	for _, c := range []struct {
		actor   store.Actor
		q, want string
	}{
		{anna, "Condition?code:text=headache", "h"}, {anna, "Condition?code:text=HEAD", "h"}, {anna, "Condition?code:text=tension-type", "h"}, {anna, "Condition?code:text=ache", ""},
		{anna, "Condition?code:text=pain", "n"}, {anna, "Condition?code:text=neck%20p", "n"}, {anna, "Condition?code:text=arger", "z"}, {anna, "Condition?code:text=pain,headache", "hn"},
		{anna, "Condition?code:text=25064002", ""}, {anna, "Condition?code:text=headache&subject=Patient/b", ""}, {anna, "Condition?code:text=pain&recorded-date=2020", "n"},
		{anna, "Condition?_text=migrane", "h"}, {anna, "Condition?_text=migrane%20nausea", "h"}, {anna, "Condition?_text=migr", ""}, {anna, "Condition?_text=generated", ""}, {anna, "Condition?_text=headache", ""},
		{anna, "Condition?_text=(bone%20OR%20nausea)%20and%20patient", "h"}, {anna, "Condition?_text=bone%20or%20liver", ""}, {anna, "Condition?_text=xhtml", ""},
		{anna, "Condition?_content=headache", "hn"}, {anna, "Condition?_content=25064002", "h"}, {anna, "Condition?_content=headache%20today", "n"}, {anna, "Condition?_content=arger,today", "nz"},
		{anna, "Condition?_content=headache&_sort=-recorded-date&_count=1", "hn"}, {anna, "Condition?_content=Condition", ""},
		{anna, "Condition?_content=headache&code:text=neck", "n"}, {anna, "Condition?_content=headache&code:not=x", "h"},
		{anna, "Patient?_has:Condition:patient:code:text=headache", "a"}, {anna, "Condition?subject:Patient._content=bond", "nz"}, {anna, "Patient?_has:Condition:patient:_content=today", "b"},
		{only, "Condition?code:text=headache", ""}, {only, "Condition?_content=headache", "n"}, {only, "Patient?_has:Condition:patient:code:text=headache", ""},
		{only, "Condition?subject:Patient._content=abel", ""}, {only, "Condition?_text=nausea", ""},
	} {
		if got, code := asksAs(t, s, c.actor, c.q); letters(got) != c.want || code != "" {
			t.Errorf("%s (%s): %q, %s, want %q", c.q, c.actor.ID, got, code, c.want)
		}
	}
}

// testSortAll sorts by what the index has no order of, over pages, in both directions.
func testSortAll(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	for _, o := range []struct{ id, code, subject, day string }{
		{"a", "m", "Patient/2", "2020-01-03"}, {"b", "K", "Patient/1", "2020-01-03"}, {"c", "", "", "2020-01-01"}, {"d", "z", "http://else/Patient/0", ""},
		{"e", "k", "Patient/1", "2020-01-02"}, {"f", "", "Patient/3", "2020-01-02"},
	} {
		text := `{"resourceType":"Observation","id":"` + o.id + `","status":"final"`
		if o.code != "" {
			text += `,"code":{"coding":[{"system":"http://s","code":"` + o.code + `"}]}`
		}
		if o.subject != "" {
			text += `,"subject":{"reference":"` + o.subject + `"}`
		}
		if o.day != "" {
			text += `,"effectiveDateTime":"` + o.day + `"`
		}
		do(t, s, store.Update{Resource: parse(t, "%s", text+"}")})
	}
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"1","name":[{"family":"x"}]}`)})
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"ValueSet","id":"v","status":"draft","url":"http://b"}`)}, store.Update{Resource: parse(t, `{"resourceType":"ValueSet","id":"u","status":"draft","url":"http://a"}`)},
		store.Update{Resource: parse(t, `{"resourceType":"ValueSet","id":"w","status":"draft"}`)})
	for q, want := range map[string]string{
		"Observation?_sort=code": "beadcf", "Observation?_sort=-code": "dabecf", "Observation?_sort=subject": "beafdc", "Observation?_sort=-subject": "dfabec",
		"Observation?_sort=code,-date": "beadfc", "Observation?_sort=-code,date": "daebcf", "Observation?_sort=subject,-code,_id": "beafdc",
		"Observation?_sort=date,code": "cefbad", "Observation?_sort=-date,subject": "baefcd", "Observation?code=k,m&_sort=-code": "abe", "Observation?status=final&_sort=status,-_id": "fedcba",
		"ValueSet?_sort=url": "uvw", "ValueSet?_sort=-url": "vuw",
	} {
		for _, count := range []string{"1", "2", "4", "10"} {
			if got := strings.Join(all(t, s, anna, q+"&_count="+count), ""); got != want {
				t.Errorf("%s, pages of %s: %q, want %q", q, count, got, want)
			}
		}
	}
}

// testTooCostly refuses to read thousands of resources, and reads them where another parameter
// leaves few. By codes of which there are few it sorts any number.
func testTooCostly(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	var commands []store.Command
	for i := range 5_001 {
		status := "final"
		if i == 7 {
			status = "amended"
		}
		commands = append(commands, store.Create{Resource: parse(t, `{"resourceType":"Observation","status":%q,"code":{"text":"word"},"identifier":[{"value":"n%d"}],
			"subject":{"reference":"Patient/%d"},"method":{"coding":[{"code":"z"},{"code":"%c"}]}}`, status, i, i%10, 'a'+i%7)})
	}
	do(t, s, commands...)
	for _, q := range []string{"Observation?_sort=-status", "Observation?_sort=subject,method"} {
		inOrder(t, s, q)
	}
	for _, q := range []string{"Observation?code:text=word", "Observation?_content=word", "Observation?_sort=identifier", "Observation?status=final,amended&_content=word"} {
		err := s.View(t.Context(), anna, func(v store.View) error {
			_, err := v.Search(query(t, q))
			return err
		})
		if f := fault.As(err); f == nil || f.Code != "too_costly" {
			t.Errorf("%s: %v", q, err)
		}
	}
	for _, q := range []string{"Observation?status=amended&code:text=word", "Observation?status=amended&_sort=identifier"} {
		if n := len(all(t, s, anna, q)); n != 1 {
			t.Errorf("%s: %d", q, n)
		}
	}
	do(t, s, store.Update{Resource: wordIndex(t, "_content", "Observation")})
	if _, code := asks(t, s, "Observation?_content=word"); code != "too_costly" {
		t.Errorf("before the index is whole: %q", code)
	}
	reindexAll(t, s)
	for q, want := range map[string]int{"Observation?_content=word": 5_001, "Observation?_content=word%20amended": 1, "Observation?_content=none%20word": 0, "Observation?_content=(none%20or%20amended)%20and%20word": 1} {
		if got, code := asks(t, s, q); len(got) != want || code != "" {
			t.Errorf("%s by the index: %d, %s, want %d", q, len(got), code, want)
		}
	}
}

// inOrder reads all pages of what testTooCostly made and holds them against what the resources say.
func inOrder(t *testing.T, s store.Store, q string) {
	t.Helper()
	parsed := query(t, q+"&_count=2000")
	var list []string
	seen := map[string]bool{}
	for {
		page, err := askedFor(s, anna, parsed)
		if err != nil {
			t.Errorf("%s: %v", q, err)
			return
		}
		for _, m := range page.Matches {
			seen[m.Key.ID] = true
			rank := ""
			for _, k := range parsed.Sort {
				var values []string
				switch k.Code {
				case "status":
					values = []string{m.Resource.Str("status")}
				case "subject":
					values = []string{m.Resource.Str("subject", "reference")}
				case "method":
					for _, c := range m.Resource.Get("method").Get("coding").Items() {
						values = append(values, c.Str("code"))
					}
				}
				slices.Sort(values)
				switch {
				case values == nil:
				case k.Desc: // letters in the order of their distance from the end
					rank += strings.Map(func(r rune) rune { return 0xffff - r }, values[len(values)-1]) + " "
				default:
					rank += values[0] + " "
				}
			}
			list = append(list, rank)
		}
		if parsed.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	if len(list) != 5_001 || len(seen) != 5_001 || !slices.IsSorted(list) {
		t.Errorf("%s: %d matches, %d different, in order %v", q, len(list), len(seen), slices.IsSorted(list))
	}
}
