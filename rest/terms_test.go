package rest

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"chartlake/fhir"
)

const (
	animals = `{"resourceType":"CodeSystem","id":"animals","url":"http://x/animals","status":"active","content":"complete","caseSensitive":true,"name":"Animals","version":"2","concept":[
		{"code":"mammal","display":"Mammal","concept":[{"code":"dog","display":"Dog","designation":[{"language":"de","value":"Hund"}],"property":[{"code":"legs","valueInteger":4}]},{"code":"cat","display":"House cat"}]},
		{"code":"bird","display":"Bird","concept":[{"code":"owl","display":"Owl"}]}]}`
	furry = `{"resourceType":"ValueSet","id":"furry","url":"http://x/furry","status":"active","compose":{"include":[{"system":"http://x/animals","filter":[{"property":"concept","op":"is-a","value":"mammal"}]}]}}`
	tame  = `{"resourceType":"ValueSet","id":"tame","url":"http://x/tame","status":"active","compose":{"include":[{"valueSet":["http://x/furry"]},{"system":"http://x/animals","concept":[{"code":"owl"}]}],
		"exclude":[{"system":"http://x/animals","concept":[{"code":"mammal"}]}]}}`
	open = `{"resourceType":"ValueSet","id":"open","url":"http://x/open","status":"active","compose":{"include":[{"system":"http://x/nowhere"}]}}`
)

func zoo(t testing.TB) *api {
	a := serve(t, nil)
	for _, r := range []struct{ path, body string }{{"CodeSystem/animals", animals}, {"ValueSet/furry", furry}, {"ValueSet/tame", tame}, {"ValueSet/open", open}} {
		a.want(201, "PUT", "/"+r.path, r.body)
	}
	return a
}

func codesOf(n *fhir.Node) string {
	var list []string
	for _, c := range n.Path("expansion", "contains").Items() {
		list = append(list, c.Str("code"))
	}
	return strings.Join(list, " ")
}

func TestExpand(t *testing.T) {
	t.Parallel()
	a := zoo(t)
	for q, want := range map[string]string{
		"/ValueSet/furry/$expand": "mammal dog cat", "/ValueSet/$expand?url=http://x/tame": "dog cat owl", "/ValueSet/$expand?url=http://x/tame&filter=CAT": "cat", "/ValueSet/$expand?url=http://x/tame&filter=hou": "cat",
		"/ValueSet/$expand?url=http://x/tame&filter=use": "", "/ValueSet/$expand?url=http://x/tame&offset=1&count=1": "cat", "/ValueSet/$expand?url=http://x/tame&offset=7": "", "/ValueSet/$expand?url=http://x/tame&count=0": "",
		"/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender": "male female other unknown",
	} {
		n := a.want(200, "GET", q, "").body
		if got := codesOf(n); got != want || n.Type() != "ValueSet" || n.Get("compose") != nil || n.Str("expansion", "timestamp") == "" {
			t.Errorf("%s: %q, want %q", q, got, want)
		}
	}
	n := a.want(200, "GET", "/ValueSet/$expand?url=http://x/tame&offset=1&count=1", "").body
	if n.Get("expansion").Str("total") != "3" && n.Path("expansion", "total").Text() != "3" {
		t.Errorf("the total is that of the page: %s", n.AppendJSON(nil))
	}
	if d := n.Path("expansion", "contains").Items()[0].Str("display"); d != "House cat" {
		t.Errorf("display %q", d)
	}
	inline := `{"resourceType":"Parameters","parameter":[{"name":"valueSet","resource":` + strings.Replace(tame, "x/tame", "x/other", 1) + `},{"name":"filter","valueString":"owl"}]}`
	if got := codesOf(a.want(200, "POST", "/ValueSet/$expand", inline).body); got != "owl" {
		t.Errorf("inline: %q", got)
	}
	if got := codesOf(a.want(200, "POST", "/ValueSet/$expand", tame).body); got != "dog cat owl" {
		t.Errorf("by itself: %q", got)
	}
	for q, status := range map[string]int{
		"/ValueSet/$expand": 400, "/ValueSet/$expand?url=http://x/none": 404, "/ValueSet/none/$expand": 404, "/ValueSet/open/$expand": 400, "/ValueSet/$expand?url=http://x/tame&count=x": 400,
		"/ValueSet/$expand?url=http://x/tame&colour=red": 400, "/Patient/$expand?url=http://x/tame": 404,
	} {
		a.want(status, "GET", q, "")
	}
	// More codes than are shown at once, sets that include each other, and a set in a set in a set.
	var big strings.Builder
	for i := range 1_500 {
		fmt.Fprintf(&big, `,{"code":"c%d"}`, i)
	}
	a.want(201, "PUT", "/ValueSet/big", `{"resourceType":"ValueSet","id":"big","url":"http://x/big","status":"active","compose":{"include":[{"system":"http://x/y","concept":[`+big.String()[1:]+`]}]}}`)
	a.want(413, "GET", "/ValueSet/big/$expand", "")
	if n := len(a.want(200, "GET", "/ValueSet/big/$expand?count=5000", "").body.Path("expansion", "contains").Items()); n != maxListed {
		t.Errorf("%d codes at once", n)
	}
	loop := `{"resourceType":"ValueSet","id":"%","url":"http://x/%","status":"active","compose":{"include":[{"valueSet":["http://x/other"]}]}}`
	a.want(201, "PUT", "/ValueSet/one", strings.Replace(strings.ReplaceAll(loop, "%", "one"), "other", "two", 1))
	a.want(201, "PUT", "/ValueSet/two", strings.Replace(strings.ReplaceAll(loop, "%", "two"), "other", "one", 1))
	a.want(413, "GET", "/ValueSet/one/$expand", "")
	a.deny["read ValueSet"] = true
	a.want(403, "GET", "/ValueSet/furry/$expand", "")
}

func TestValidateCode(t *testing.T) {
	t.Parallel()
	a := zoo(t)
	result := func(n *fhir.Node) string {
		out := ""
		for _, p := range n.Get("parameter").Items() {
			switch p.Str("name") {
			case "result":
				out = p.Get("valueBoolean").Text() + out
			case "display":
				out += " " + p.Str("valueString")
			}
		}
		return out
	}
	for q, want := range map[string]string{
		"/ValueSet/furry/$validate-code?code=dog&system=http://x/animals": "true Dog", "/ValueSet/furry/$validate-code?code=owl&system=http://x/animals": "false",
		"/ValueSet/$validate-code?url=http://x/tame&code=owl&system=http://x/animals": "true Owl", "/ValueSet/$validate-code?url=http://x/tame&code=mammal&system=http://x/animals": "false",
		"/ValueSet/$validate-code?url=http://x/tame&code=owl&system=http://x/animals&display=Uhu": "false Owl", "/ValueSet/$validate-code?url=http://x/tame&code=dog&system=http://x/animals&display=hund": "true Dog",
		"/CodeSystem/$validate-code?url=http://x/animals&code=bird": "true Bird", "/CodeSystem/$validate-code?url=http://x/animals&code=fish": "false", "/CodeSystem/animals/$validate-code?code=owl": "true Owl",
		"/ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/administrative-gender&code=male&system=http://hl7.org/fhir/administrative-gender": "true Male",
	} {
		if got := result(a.want(200, "GET", q, "").body); got != want {
			t.Errorf("%s: %q, want %q", q, got, want)
		}
	}
	body := `{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"http://x/tame"},{"name":"codeableConcept","valueCodeableConcept":{"coding":[{"system":"http://y","code":"dog"},{"system":"http://x/animals","code":"cat"}]}}]}`
	if got := result(a.want(200, "POST", "/ValueSet/$validate-code", body).body); got != "true House cat" {
		t.Errorf("concept: %q", got)
	}
	for q, status := range map[string]int{
		"/ValueSet/$validate-code?url=http://x/none&code=a": 404, "/ValueSet/$validate-code?url=http://x/tame": 400, "/ValueSet/open/$validate-code?code=a&system=http://x/nowhere": 400,
		"/CodeSystem/$validate-code?url=http://x/none&code=a": 404, "/CodeSystem/$validate-code?code=a": 400, "/CodeSystem/$lookup?system=http://x/animals&code=fish": 404, "/CodeSystem/$lookup?code=fish": 400,
	} {
		a.want(status, "GET", q, "")
	}
	text := string(a.want(200, "GET", "/CodeSystem/$lookup?system=http://x/animals&code=dog", "").body.AppendJSON(nil))
	for _, want := range []string{"Animals", "Dog", "Hund", "legs"} {
		if !strings.Contains(text, want) {
			t.Errorf("$lookup lacks %s: %s", want, text)
		}
	}
}

// Searches by value sets and hierarchies, of the store and of R4.
func TestSearchTerms(t *testing.T) {
	t.Parallel()
	a := zoo(t)
	for _, code := range []string{"mammal", "dog", "cat", "owl", "fish"} {
		a.want(201, "PUT", "/Observation/"+code, `{"resourceType":"Observation","id":"`+code+`","status":"`+map[bool]string{true: "final", false: "amended"}[code == "dog"]+`","code":{"coding":[{"system":"http://x/animals","code":"`+code+`"}]}}`)
	}
	a.want(201, "PUT", "/Observation/none", `{"resourceType":"Observation","id":"none","status":"final","code":{"text":"dog"}}`)
	for q, want := range map[string]string{
		"code:in=http://x/furry": "cat dog mammal", "code:in=http://x/tame": "cat dog owl", "code:in=ValueSet/tame": "cat dog owl", "code:not-in=http://x/tame": "fish mammal none",
		"code:in=http://x/furry,http://x/tame": "cat dog mammal owl", "code:below=http://x/animals|mammal": "cat dog mammal", "code:below=http://x/animals|cat": "cat", "code:above=http://x/animals|dog": "dog mammal",
		"code:below=http://x/animals|mammal,http://x/animals|bird": "cat dog mammal owl", "code:in=http://x/furry&status=final": "dog", "status:in=http://hl7.org/fhir/ValueSet/observation-status": "cat dog fish mammal none owl",
		"status:not-in=http://hl7.org/fhir/ValueSet/observation-status": "",
	} {
		var got []string
		name, value, _ := strings.Cut(q, "=")
		rest := ""
		if i := strings.IndexByte(value, '&'); i >= 0 {
			value, rest = value[:i], value[i:]
		}
		for _, id := range ids(a.want(200, "GET", "/Observation?_sort=_id&"+name+"="+url.QueryEscape(value)+rest, "").body, "match") {
			got = append(got, strings.TrimPrefix(id, "Observation/"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", q, got, want)
		}
	}
	for q, status := range map[string]int{
		"code:in=http://x/none": 400, "code:in=http://x/open": 400, "code:below=mammal": 400, "code:below=http://x/nowhere|a": 400, "code:above=http://hl7.org/fhir/administrative-gender|male": 400, "code:in=ValueSet/none": 400,
	} {
		r := a.want(status, "GET", "/Observation?"+q, "")
		if strings.Contains(string(r.raw), "mammal") {
			t.Errorf("%s: the answer tells the value", q)
		}
	}
	a.deny["read ValueSet"] = true
	a.want(400, "GET", "/Observation?code:in=http://x/furry", "")
	a.want(403, "GET", "/Observation?code:in=ValueSet/furry", "")
}
