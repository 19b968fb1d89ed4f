package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"chartlake/store"
)

// testCanonical follows references that name a url, and perhaps a version, by chains and _has.
func testCanonical(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	put := func(typ, id, rest string) {
		t.Helper()
		do(t, s, store.Update{Resource: parse(t, "%s", `{"resourceType":"`+typ+`","id":"`+id+`",`+rest+`}`)})
	}
	put("Questionnaire", "q1", `"status":"active","url":"http://q/u","version":"1","title":"Mood","publisher":"North"`)
	put("Questionnaire", "q2", `"status":"draft","url":"http://q/u","version":"2","title":"Mood, revised","publisher":"North"`)
	put("Questionnaire", "q3", `"status":"active","url":"http://q/v","title":"Sleep"`)
	for id, to := range map[string]string{"a": "http://q/u", "b": "http://q/u|1", "c": "http://q/u|2", "d": "http://q/v", "e": "http://q/v|9", "f": "http://q/none"} {
		put("QuestionnaireResponse", id, `"status":"completed","subject":{"reference":"Patient/p"},"questionnaire":"`+to+`"`)
	}
	put("Patient", "p", `"active":true`)
	for i := range 80 {
		put("QuestionnaireResponse", fmt.Sprintf("m%d", i), `"status":"amended","questionnaire":"http://q/u|2"`)
	}
	for q, want := range map[string]string{
		"QuestionnaireResponse?status=completed&questionnaire.version=1":                                                                           "ab",
		"QuestionnaireResponse?status=completed&questionnaire.version=2":                                                                           "ac",
		"QuestionnaireResponse?subject=Patient/p&questionnaire:Questionnaire.title=mood":                                                           "abc",
		"QuestionnaireResponse?questionnaire.title=sleep":                                                                                          "d",
		"QuestionnaireResponse?questionnaire.url=http://q/v,http://q/none":                                                                         "d",
		"QuestionnaireResponse?questionnaire.title=none":                                                                                           "",
		"QuestionnaireResponse?status=completed&questionnaire.publisher=north&questionnaire.status=draft":                                          "ac",
		"Patient?_has:QuestionnaireResponse:subject:questionnaire.title=sleep":                                                                     "p",
		"Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=a":                                                                             "q1q2",
		"Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=b":                                                                             "q1",
		"Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=d,f":                                                                           "q3",
		"Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=e":                                                                             "",
		"Questionnaire?_has:QuestionnaireResponse:questionnaire:status=amended":                                                                    "q2",
		"Questionnaire?status=active&_has:QuestionnaireResponse:questionnaire:patient=p&_has:QuestionnaireResponse:questionnaire:status=completed": "q1q3",
	} {
		for _, more := range []string{"", "&_count=1"} {
			got := all(t, s, anna, q+more)
			slices.Sort(got)
			if text := strings.Join(got, ""); text != want {
				t.Errorf("%s: %q, want %q", q+more, text, want)
			}
		}
	}
	if n := len(all(t, s, anna, "QuestionnaireResponse?questionnaire.version=2&_count=100")); n != 82 {
		t.Errorf("%d answers to version 2, want 82", n)
	}
	if got := all(t, s, store.Actor{ID: "app", Patients: []string{"p"}}, "QuestionnaireResponse?questionnaire.title=sleep"); len(got) > 0 {
		t.Errorf("a confined actor follows a chain out of the compartment: %v", got)
	}
}
