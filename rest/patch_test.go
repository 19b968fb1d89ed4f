package rest

import (
	"encoding/base64"
	"strings"
	"testing"
)

const jsonPatch = "Content-Type: application/json-patch+json"

func pathPatch(op, path, more string) string {
	return `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"` + op +
		`"},{"name":"path","valueString":"` + path + `"}` + more + `]}]}`
}

func TestPatch(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	id := a.create("Observation", `{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueQuantity":{"value":1.50}}`)
	at := "/Observation/" + id
	got := a.want(200, "PATCH", at, `[{"op":"test","path":"/valueQuantity/value","value":1.5},{"op":"replace","path":"/status","value":"amended"}]`, jsonPatch, `If-Match: W/"1"`)
	if got.Header.Get("ETag") != `W/"2"` || got.body.Str("status") != "amended" || got.body.Str("valueQuantity", "value") != "1.50" {
		t.Errorf("%v %s", got.Header, got.raw)
	}
	got = a.want(200, "PATCH", at, pathPatch("replace", "Observation.value", `,{"name":"value","valueString":"none"}`))
	if got.Header.Get("ETag") != `W/"3"` || got.body.Str("valueString") != "none" || got.body.Get("valueQuantity") != nil {
		t.Errorf("%v %s", got.Header, got.raw)
	}
	// A patch that changes nothing makes no version.
	if got = a.want(200, "PATCH", at, `[]`, jsonPatch); got.Header.Get("ETag") != `W/"3"` {
		t.Errorf("%v", got.Header)
	}
	for name, c := range map[string]struct {
		status       int
		patch        string
		headers      []string
		issue, where string
	}{
		"old version":     {412, `[{"op":"remove","path":"/status"}]`, []string{jsonPatch, `If-Match: W/"1"`}, "conflict", ""},
		"failed test":     {422, `[{"op":"test","path":"/status","value":"final"}]`, []string{jsonPatch}, "conflict", ""},
		"no target":       {422, `[{"op":"remove","path":"/none"}]`, []string{jsonPatch}, "invalid", ""},
		"other id":        {422, `[{"op":"replace","path":"/id","value":"b"}]`, []string{jsonPatch}, "invalid", ""},
		"other type":      {422, `[{"op":"replace","path":"/resourceType","value":"Patient"}]`, []string{jsonPatch}, "invalid", ""},
		"invalid result":  {400, `[{"op":"remove","path":"/status"}]`, []string{jsonPatch}, "required", "Observation.status"},
		"no patch":        {400, `{}`, []string{jsonPatch}, "invalid", ""},
		"no operation":    {400, pathPatch("frob", "Observation", ""), nil, "invalid", ""},
		"bad path":        {400, pathPatch("delete", "Observation.(", ""), nil, "invalid", ""},
		"unknown format":  {415, `[]`, []string{"Content-Type: application/merge-patch+json"}, "not-supported", ""},
		"duplicate names": {400, `[{"op":"remove","op":"add","path":"/status"}]`, []string{jsonPatch}, "structure", ""},
	} {
		got := a.want(c.status, "PATCH", at, c.patch, c.headers...)
		if i := got.body.Get("issue").Item(0); i.Str("code") != c.issue || i.Str("expression") != c.where {
			t.Errorf("%s: %s", name, got.raw)
		}
	}
	if v := a.want(200, "GET", at, "").Header.Get("ETag"); v != `W/"3"` {
		t.Errorf("a refused patch wrote %s", v)
	}
	a.deny["write Observation"] = true
	a.want(403, "PATCH", at, `[]`, jsonPatch)
	a.deny["write Observation"] = false
	a.want(204, "DELETE", at, "")
	a.want(404, "PATCH", at, `[]`, jsonPatch)
}

func TestConditionalPatch(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	made := func(value string) string {
		return a.create("Patient", `{"resourceType":"Patient","identifier":[{"system":"http://h","value":"`+value+`"}]}`)
	}
	id := made("1")
	made("2")
	made("2")
	const activate = `[{"op":"add","path":"/active","value":true}]`
	if got := a.want(200, "PATCH", "/Patient?identifier=http://h|1", activate, jsonPatch).body; got.ID() != id || !got.Get("active").True() {
		t.Errorf("%s", got.AppendJSON(nil))
	}
	a.want(412, "PATCH", "/Patient?identifier=http://h|2", activate, jsonPatch)
	a.want(404, "PATCH", "/Patient?identifier=http://h|3", activate, jsonPatch)
	a.want(400, "PATCH", "/Patient", activate, jsonPatch)
	if n := a.want(200, "GET", "/Patient?_summary=count", "").body.Str("total"); n != "3" {
		t.Errorf("%s patients", n)
	}
}

func TestPatchInBundles(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	id, other := a.create("Patient", patient), a.create("Patient", patient)
	binary := `{"resourceType":"Binary","contentType":"application/json-patch+json","data":"` +
		base64.StdEncoding.EncodeToString([]byte(`[{"op":"add","path":"/active","value":true}]`)) + `"}`
	for _, kind := range []string{"transaction", "batch"} {
		got := a.want(200, "POST", "", bundleOf(kind,
			entry("", "PATCH", "Patient/"+id, binary),
			entry("", "PATCH", "Patient?_id="+other, pathPatch("add", "Patient", `,{"name":"name","valueString":"address"},{"name":"value","valueAddress":{"city":"`+kind+`"}}`)))).body
		for i, e := range got.Get("entry").Items() {
			if !strings.HasPrefix(e.Str("response", "status"), "200") {
				t.Errorf("%s entry %d: %s", kind, i, e.AppendJSON(nil))
			}
		}
	}
	p := a.want(200, "GET", "/Patient/"+id, "").body
	if q := a.want(200, "GET", "/Patient/"+other, "").body; !p.Get("active").True() || len(q.Get("address").Items()) != 2 {
		t.Errorf("%s %s", p.AppendJSON(nil), q.AppendJSON(nil))
	}
	a.want(412, "POST", "", bundleOf("transaction", entry("", "PATCH", "Patient/"+id, binary, `,"ifMatch":"W/\"7\""`)))
	a.want(404, "POST", "", bundleOf("transaction", entry("", "PATCH", "Patient/none", binary)))
}
