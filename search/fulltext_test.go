package search_test

import (
	"testing"

	"chartlake/search"
)

func TestParseWords(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"bone": true, "(bone OR liver) and metastases": true, "a b c": true, "(a)": true, "((a or b) c) or d": true, "tension-type": true, "ÄRGER": true,
		"": false, "and": false, "a or": false, "or a": false, "(a": false, "a)": false, "()": false, "a and and b": false, "a and or b": false, "--": false, "a and": false,
	} {
		if _, err := search.ParseWords(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseWords(f *testing.F) {
	for _, s := range []string{"(bone OR liver) and metastases", "((((", "a or b and c", "))", "Ä\x00\xff("} {
		f.Add(s)
	}
	resource := definition(f, `{"resourceType":"Basic","code":{"text":"bone liver"},"text":{"div":"<div>bone</div>"}}`)
	f.Fuzz(func(t *testing.T, s string) {
		w, err := search.ParseWords(s)
		if err != nil {
			return
		}
		for _, code := range []string{search.NarrativeText, search.ContentText} {
			if _, err := search.R4().Matches(&search.Filter{Code: code, Values: []search.Value{{Words: w}}}, resource); err != nil {
				t.Fatal(err)
			}
		}
	})
}
