package rest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestOperationsAreDeclared: what the statement declares is routed at each level that the
// table says, and an operation that only reads takes GET.
func TestOperationsAreDeclared(t *testing.T) {
	t.Parallel()
	a := serveBulk(t)
	declared := map[string][]string{}
	for _, r := range a.want(200, "GET", "/metadata", "").body.Get("rest").Item(0).Get("resource").Items() {
		for _, o := range r.Get("operation").Items() {
			declared[r.Str("type")] = append(declared[r.Str("type")], "$"+o.Str("name"))
		}
	}
	for _, o := range operations() {
		for _, typ := range []string{"Patient", "Encounter", "Observation", "Device"} {
			has := o.types == nil || slices.Contains(o.types, typ)
			if has && (o.onType || o.onInstance || o.onVersion) && !slices.Contains(declared[typ], o.name) {
				t.Errorf("%s of %s is not declared", o.name, typ)
			}
			for path, at := range map[string]func(operation) bool{
				"/" + typ + "/" + o.name:              func(o operation) bool { return o.onType },
				"/" + typ + "/x/" + o.name:            func(o operation) bool { return o.onInstance },
				"/" + typ + "/x/_history/1/" + o.name: func(o operation) bool { return o.onVersion },
			} {
				got := string(a.do("POST", path, `{"resourceType":"Parameters"}`).raw)
				want := slices.ContainsFunc(operations(), func(other operation) bool {
					return other.name == o.name && at(other) && (other.types == nil || slices.Contains(other.types, typ))
				})
				if known := !strings.Contains(got, `"unknown_operation"`); known != want {
					t.Errorf("%s is known: %v, by the table: %v: %s", path, known, want, got)
				}
			}
		}
	}
	a.want(404, "POST", "/Patient/$nonsense", "{}")
	a.want(404, "POST", "/$validate", "{}")
}

func TestMeta(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	id := a.create("Patient", patient)
	at := "/Patient/" + id
	meta := func(content string) string {
		return `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{` + content + `}}]}`
	}
	added := a.want(200, "POST", at+"/$meta-add", meta(`"profile":["http://p/1"],"tag":[{"system":"http://t","code":"a"},{"system":"http://t","code":"b"}],"security":[{"system":"http://s","code":"R"}]`))
	got := added.body.Get("parameter").Item(0).Get("valueMeta")
	if added.Header.Get("ETag") != `W/"2"` || len(got.Get("tag").Items()) != 2 || got.Str("profile") != "http://p/1" || got.Str("security", "code") != "R" {
		t.Fatalf("%s %s", added.Header.Get("ETag"), added.raw)
	}
	if again := a.want(200, "POST", at+"/$meta-add", meta(`"tag":[{"system":"http://t","code":"a","display":"other"}]`)); again.Header.Get("ETag") != `W/"2"` {
		t.Error("a tag that was there made a version")
	}
	if got := a.want(200, "GET", "/Patient?_tag=http://t|b", "").body; len(got.Get("entry").Items()) != 1 {
		t.Error("the tag is not found")
	}
	a.want(412, "POST", at+"/$meta-delete", meta(`"tag":[{"system":"http://t","code":"a"}]`), `If-Match: W/"1"`)
	a.want(200, "POST", at+"/$meta-delete", meta(`"profile":["http://p/1","http://p/none"],"tag":[{"system":"http://t","code":"a"},{"code":"b"}]`), `If-Match: W/"2"`)
	now := a.want(200, "GET", at, "").body
	if tags := now.Get("meta").Get("tag").Items(); len(tags) != 1 || tags[0].Str("code") != "b" || now.Get("meta").Get("profile") != nil || now.Str("name", "family") != "Tester" {
		t.Errorf("left is %s", now.AppendJSON(nil))
	}
	for path, want := range map[string]string{at + "/$meta": `"versionId":"3"`, at + "/_history/2/$meta": `"http://p/1"`} {
		if got := a.want(200, "GET", path, ""); !strings.Contains(string(got.raw), want) {
			t.Errorf("%s: %s", path, got.raw)
		}
	}
	a.want(404, "GET", "/Patient/none/$meta", "")
	a.want(404, "GET", at+"/_history/9/$meta", "")
	a.want(404, "GET", at+"/_history/x/$meta", "")
	a.want(404, "POST", "/Patient/none/$meta-add", meta(`"profile":["http://p/1"]`))
	a.want(405, "GET", at+"/$meta-add", "")
	for _, bad := range []string{"", "{}", patient, `{"resourceType":"Parameters"}`, meta(`"tag":"a"`), meta(`"nonsense":1`)} {
		a.want(400, "POST", at+"/$meta-add", bad)
	}
	a.deny["write Patient"] = true
	a.want(403, "POST", at+"/$meta-add", meta(`"profile":["http://p/1"]`))
}

func TestLastN(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	ann, bob := a.create("Patient", patient), a.create("Patient", patient)
	observe := func(subject, status, coding, day string) string {
		return a.create("Observation", fmt.Sprintf(`{"resourceType":"Observation","status":"%s","category":[{"coding":[{"code":"lab"}]}],"code":%s,"subject":{"reference":"Patient/%s"},"effectiveDateTime":"%s"}`, status, coding, subject, day))
	}
	const one, both, two, text = `{"coding":[{"system":"http://c","code":"1"}]}`, `{"coding":[{"system":"http://d","code":"x"},{"system":"http://c","code":"1"}]}`, `{"coding":[{"system":"http://c","code":"2"}]}`, `{"text":"free"}`
	old := observe(ann, "final", one, "2020-01-01")
	newest := observe(ann, "final", both, "2020-01-03")
	middle := observe(ann, "final", one, "2020-01-02")
	other := observe(ann, "final", two, "2019-01-01")
	free := observe(ann, "final", text, "2018-01-01")
	wrong := observe(ann, "entered-in-error", two, "2021-01-01")
	observe(bob, "final", one, "2022-01-01")
	for query, want := range map[string][]string{
		"patient=" + ann + "&category=lab":                                  {newest, other, free},
		"subject=Patient/" + ann + "&category=lab&max=2":                    {newest, middle, other, free},
		"patient=" + ann + "&category=lab&max=3":                            {newest, middle, old, other, free},
		"patient=" + ann + "&code=http://c|1&max=1000":                      {newest, middle, old},
		"patient=" + ann + "&code=http://c|1&date=lt2020-01-03":             {middle},
		"patient=" + ann + "&category=lab&status=entered-in-error":          {wrong},
		"patient=" + ann + "&category=lab&code=http://c|3":                  nil,
		"patient=" + ann + "&category=lab&status=final,entered-in-error":    {wrong, newest, free},
		"subject:Patient.birthdate=1970-01-02&category=lab&code=http://c|2": {other},
	} {
		body := a.want(200, "GET", "/Observation/$lastn?"+query, "").body
		var got []string
		for _, e := range body.Get("entry").Items() {
			got = append(got, e.Str("resource", "id"))
		}
		if !slices.Equal(got, want) || body.Str("total") != fmt.Sprint(len(want)) {
			t.Errorf("%s: %v of %s, want %v", query, got, body.Str("total"), want)
		}
	}
	posted := a.want(200, "POST", "/Observation/$lastn", `{"resourceType":"Parameters","parameter":[{"name":"patient","valueString":"`+ann+`"},{"name":"category","valueString":"lab"},{"name":"max","valuePositiveInt":2}]}`).body
	if n := len(posted.Get("entry").Items()); n != 4 {
		t.Errorf("POST gives %d", n)
	}
	for _, bad := range []string{"", "patient=" + ann, "category=lab", "patient=" + ann + "&category=lab&max=0", "patient=" + ann + "&category=lab&max=x", "patient=" + ann + "&category=lab&nonsense=1"} {
		a.want(400, "GET", "/Observation/$lastn?"+bad, "")
	}
	a.want(400, "GET", "/Observation/$lastn?patient="+ann+"&category=lab&_sort=code", "")
	a.want(404, "GET", "/Patient/$lastn?patient="+ann+"&category=lab", "")
	a.deny["read Observation"] = true
	a.want(403, "GET", "/Observation/$lastn?patient="+ann+"&category=lab", "")
}

func TestHistoryTotal(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	a.create("Patient", patient)
	for query, want := range map[string]string{"": "1", "?_total=none": "", "?_total=accurate": "1"} {
		if got := a.want(200, "GET", "/Patient/_history"+query, "").body.Str("total"); got != want {
			t.Errorf("%q: %q", query, got)
		}
	}
	a.want(400, "GET", "/_history?_total=some", "")
}
