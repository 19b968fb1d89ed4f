package rest

import (
	"strings"
	"testing"

	"chartlake/fhir"
	"chartlake/fhir/validate"
)

// found lists the issues of an outcome as "severity code expression".
func found(n *fhir.Node) string {
	var out []string
	for _, i := range n.Get("issue").Items() {
		if i.Str("severity") != "warning" {
			out = append(out, strings.TrimSpace(i.Str("severity")+" "+i.Str("code")+" "+i.Str("expression")))
		}
	}
	return strings.Join(out, ", ")
}

func TestValidate(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	const fine = "information informational"
	const narrated = `"text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>a</div>"}`
	good := `{"resourceType":"Patient",` + narrated + `,"gender":"male"}`
	bad := `{"resourceType":"Patient",` + narrated + `,"gender":"man","contact":[{"gender":"male"}]}`
	badList := "error code-invalid Patient.gender, error invariant Patient.contact[0]"
	id := a.create("Patient", good)
	for name, c := range map[string]struct{ path, body, want string }{
		"a resource":                {"/Patient/$validate", good, fine},
		"a bad resource":            {"/Patient/$validate", bad, badList},
		"in Parameters":             {"/Patient/$validate", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":` + bad + `},{"name":"mode","valueCode":"create"}]}`, badList},
		"mode update":               {"/Patient/" + id + "/$validate?mode=update", strings.Replace(good, `"text"`, `"id":"`+id+`","text"`, 1), fine},
		"mode delete":               {"/Patient/" + id + "/$validate?mode=delete", good, fine},
		"Parameters itself":         {"/Parameters/$validate", `{"resourceType":"Parameters","parameter":[{"name":"a","valueString":"b"}]}`, fine},
		"a profile of R4":           {"/Patient/$validate?profile=http://hl7.org/fhir/StructureDefinition/Patient", good, fine},
		"another type":              {"/Patient/$validate?profile=http://hl7.org/fhir/StructureDefinition/Group", good, "error structure Patient"},
		"an unknown profile":        {"/Patient/$validate?profile=http://nowhere/p", good, "error not-found Patient"},
		"a profile as Uri":          {"/Patient/$validate", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":` + good + `},{"name":"profile","valueUri":"http://nowhere/p"}]}`, "error not-found Patient"},
		"a claim that nobody knows": {"/Patient/$validate", strings.Replace(good, `"text"`, `"meta":{"profile":["http://nowhere/p"]},"text"`, 1), ""},
	} {
		if got := found(a.want(200, "POST", c.path, c.body).body); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := found(a.want(200, "GET", "/Patient/"+id+"/$validate", "").body); got != fine {
		t.Errorf("what is stored: %q", got)
	}
	if n := a.want(200, "GET", "/Patient?_summary=count", "").body.Str("total"); n != "1" {
		t.Errorf("validation wrote: %s patients", n)
	}
	for name, c := range map[string]struct {
		status       int
		method, path string
		body         string
	}{
		"no resource":       {400, "POST", "/Patient/$validate", ""},
		"other type":        {400, "POST", "/Patient/$validate", `{"resourceType":"Group"}`},
		"other id":          {400, "POST", "/Patient/x/$validate", good},
		"mode":              {400, "POST", "/Patient/$validate?mode=guess", good},
		"mode without":      {400, "POST", "/Patient/$validate?mode=profile", good},
		"unknown parameter": {400, "POST", "/Patient/$validate?_id=1", good},
		"nothing there":     {404, "GET", "/Patient/none/$validate", ""},
		"delete nothing":    {404, "POST", "/Patient/none/$validate?mode=delete", good},
		"unknown type":      {404, "POST", "/Nothing/$validate", good},
		"method":            {405, "GET", "/Patient/$validate", ""},
		"syntax":            {400, "POST", "/Patient/$validate", "{"},
	} {
		a.want(c.status, c.method, c.path, c.body)
		_ = name
	}
	for _, r := range a.want(200, "GET", "/metadata", "").body.Get("rest").Item(0).Get("resource").Items() {
		for _, o := range r.Get("operation").Items() {
			if o.Str("name") != "validate" {
				continue
			}
			if got := a.do("POST", "/"+r.Str("type")+"/$"+o.Str("name"), `{"resourceType":"`+r.Str("type")+`"}`); got.StatusCode != 200 {
				t.Errorf("%s of %s is declared: %d", o.Str("name"), r.Str("type"), got.StatusCode)
			}
		}
	}
	a.deny["read Patient"] = true
	a.want(403, "POST", "/Patient/$validate", good)
}

// TestValidateByStoredProfile uses a profile, value set and questionnaire that are resources of the store.
func TestValidateByStoredProfile(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	a.create("StructureDefinition", `{"resourceType":"StructureDefinition","url":"http://p/base","name":"B","status":"active","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",
		"differential":{"element":[{"id":"Patient","path":"Patient"},{"id":"Patient.name","path":"Patient.name","min":1}]}}`)
	a.create("StructureDefinition", `{"resourceType":"StructureDefinition","url":"http://p/derived","version":"2","name":"D","status":"active","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://p/base","derivation":"constraint",
		"differential":{"element":[{"id":"Patient","path":"Patient"},{"id":"Patient.maritalStatus","path":"Patient.maritalStatus","binding":{"strength":"required","valueSet":"http://v/s"}}]}}`)
	a.create("ValueSet", `{"resourceType":"ValueSet","url":"http://v/s","status":"active","compose":{"include":[{"system":"http://s","concept":[{"code":"a"}]}]}}`)
	a.create("Questionnaire", `{"resourceType":"Questionnaire","url":"http://q","status":"active","item":[{"linkId":"1","type":"boolean","required":true}]}`)
	patient := `{"resourceType":"Patient","maritalStatus":{"coding":[{"system":"http://s","code":"b"}]}}`
	for _, url := range []string{"http://p/derived", "http://p/derived|2"} {
		got := found(a.want(200, "POST", "/Patient/$validate?profile="+url, patient).body)
		if got != "error code-invalid Patient.maritalStatus, error required Patient.name" && got != "error required Patient.name, error code-invalid Patient.maritalStatus" {
			t.Errorf("%s: %q", url, got)
		}
	}
	response := `{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"http://q","item":[{"linkId":"1","answer":[{"valueString":"a"}]}]}`
	if got := found(a.want(200, "POST", "/QuestionnaireResponse/$validate", response).body); got != "error invariant QuestionnaireResponse.item[0].answer[0].value.ofType(string)" {
		t.Errorf("%q", got)
	}
	a.deny["read StructureDefinition"] = true
	if got := found(a.want(200, "POST", "/Patient/$validate?profile=http://p/base", patient).body); got != "error not-found Patient" {
		t.Errorf("a profile that may not be read: %q", got)
	}
}

func TestValidateByLibrary(t *testing.T) {
	t.Parallel()
	profile, err := fhir.Parse([]byte(`{"resourceType":"StructureDefinition","url":"http://p/x","type":"Patient","derivation":"constraint","differential":{"element":[{"path":"Patient.gender","min":1}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	a := serve(t, func(c *Config) { c.Library = validate.Core().With(profile) })
	if got := found(a.want(200, "POST", "/Patient/$validate", `{"resourceType":"Patient","meta":{"profile":["http://p/x"]}}`).body); got != "error required Patient.gender" {
		t.Errorf("%q", got)
	}
}
