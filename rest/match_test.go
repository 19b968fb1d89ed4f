package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"chartlake/smart"
	"chartlake/store"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	person := func(family, given, birth, system, number string) string {
		return fmt.Sprintf(`{"resourceType":"Patient","name":[{"family":"%s","given":["%s"]}],"birthDate":"%s","gender":"female","identifier":[{"system":"%s","value":"%s"}]}`,
			family, given, birth, system, number)
	}
	ada := a.create("Patient", person("Fairweather", "Ada", "1961-11-02", "http://h", "778-1"))
	twin := a.create("Patient", person("Fairweather", "Bea", "1961-11-02", "http://h", "778-2"))
	elsewhere := a.create("Patient", person("Okoro", "Ben", "1980-01-01", "http://other", "778-1"))
	a.create("Patient", person("Brook", "Cay", "1990-01-01", "http://h", "1"))
	parameters := func(patient string, more ...string) string {
		return `{"resourceType":"Parameters","parameter":[` + strings.Join(append(more, `{"name":"resource","resource":`+patient+`}`), ",") + `]}`
	}
	const certain = `{"name":"onlyCertainMatches","valueBoolean":true}`
	match := func(body string) (got []string) {
		t.Helper()
		bundle := a.want(200, "POST", "/Patient/$match", body).body
		last := 1.0
		for _, e := range bundle.Get("entry").Items() {
			if e.Str("search", "mode") == "outcome" {
				got = append(got, "outcome")
				continue
			}
			score, err := strconv.ParseFloat(e.Str("search", "score"), 64)
			if err != nil || score < 0 || score > last {
				t.Errorf("score %s after %g", e.Str("search", "score"), last)
			}
			last = score
			reasons := 0
			grade := ""
			for _, x := range e.Get("search").Get("extension").Items() {
				if strings.HasSuffix(x.Str("url"), "/match-grade") {
					grade = x.Str("valueCode")
				} else if x.Str("valueString") != "" {
					reasons++
				}
			}
			if reasons == 0 {
				t.Errorf("a match without reasons: %s", e.Get("search").AppendJSON(nil))
			}
			got = append(got, e.Str("resource", "id")+" "+grade)
		}
		if bundle.Str("type") != "searchset" {
			t.Errorf("a Bundle of type %s", bundle.Str("type"))
		}
		return got
	}
	same := person("FAIRWEATHER", "Ada", "1961-11-02", "http://h", "778-1")
	for name, tt := range map[string]struct {
		body string
		want []string
	}{
		"all agrees":             {parameters(same), []string{ada + " certain", twin + " possible"}},
		"a Patient by itself":    {same, []string{ada + " certain", twin + " possible"}},
		"only certain":           {parameters(same, certain), []string{ada + " certain"}},
		"count":                  {parameters(same, `{"name":"count","valueInteger":1}`), []string{ada + " certain"}},
		"nobody":                 {parameters(person("Nobody", "Else", "1900-01-01", "http://h", "0")), nil},
		"number of two systems":  {parameters(`{"resourceType":"Patient","identifier":[{"system":"http://other","value":"778-1"}]}`), []string{elsewhere + " possible"}},
		"only certain, in doubt": {parameters(person("Fairweather", "Cleo", "1961-11-02", "http://h", "9"), certain), nil},
		"nothing to go by":       {parameters(`{"resourceType":"Patient","gender":"female"}`), []string{"outcome"}},
		"no value to search by":  {parameters(`{"resourceType":"Patient","birthDate":"1961-99-99"}`), nil},
	} {
		if got := match(tt.body); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	for _, bad := range []string{"", "{}", `{"resourceType":"Observation"}`, parameters(`{"resourceType":"Observation"}`), `{"resourceType":"Parameters"}`,
		parameters(same, `{"name":"count","valueInteger":0}`), parameters(same, `{"name":"count","valueInteger":1001}`), parameters(same, `{"name":"other","valueInteger":1}`),
		parameters(same, `{"name":"onlyCertainMatches","valueString":"yes"}`), parameters(same, `{"name":"resource","resource":`+same+`}`)} {
		a.want(400, "POST", "/Patient/$match", bad)
	}
	a.want(405, "GET", "/Patient/$match", "")
	a.want(404, "POST", "/Observation/$match", parameters(same))
	other := a.create("Patient", person("Fairweather", "Ada", "1961-11-02", "http://h", "778-1"))
	if got, want := match(parameters(same)), []string{ada + " probable", other + " probable", twin + " possible"}; !slices.Equal(got, want) {
		t.Errorf("two of one: %q, want %q", got, want)
	}
	a.deny["read Patient"] = true
	a.want(403, "POST", "/Patient/$match", parameters(same))
}

// A caller who is confined to one patient learns nothing of any other.
func TestMatchConfined(t *testing.T) {
	t.Parallel()
	var confined []string
	a := serve(t, func(c *Config) {
		old := c.Actor
		c.Actor = func(r *http.Request, do smart.Action, typ string) (store.Actor, error) {
			actor, err := old(r, do, typ)
			actor.Patients = confined
			return actor, err
		}
	})
	const ada = `{"resourceType":"Patient","name":[{"family":"Fairweather","given":["Ada"]}],"birthDate":"1961-11-02","identifier":[{"system":"http://h","value":"1"}]}`
	own, other := a.create("Patient", ada), a.create("Patient", ada)
	confined = []string{own}
	answer := string(a.want(200, "POST", "/Patient/$match", ada).raw)
	if !strings.Contains(answer, own) || strings.Contains(answer, other) || !strings.Contains(answer, `"certain"`) {
		t.Errorf("confined to %s: %s", own, answer)
	}
	confined = []string{"nobody"}
	if answer := string(a.want(200, "POST", "/Patient/$match", ada).raw); strings.Contains(answer, "Fairweather") {
		t.Errorf("confined to nobody here: %s", answer)
	}
}
