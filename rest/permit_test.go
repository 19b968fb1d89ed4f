package rest

import (
	"strings"
	"testing"

	"chartlake/fhir"
)

func ids(n *fhir.Node, mode string) (list []string) {
	for _, e := range n.Get("entry").Items() {
		if e.Str("search", "mode") == mode {
			list = append(list, e.Str("resource", "resourceType")+"/"+e.Str("resource", "id"))
		}
	}
	return list
}

// A caller who may not read a type learns nothing of it through another: not by chains, _has,
// includes, named or by *, nor by the criteria of a conditional create.
func TestNarrow(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	a.want(201, "PUT", "/Practitioner/d", `{"resourceType":"Practitioner","id":"d","name":[{"family":"Doc"}]}`)
	a.want(201, "PUT", "/Organization/h", `{"resourceType":"Organization","id":"h","name":"Doc"}`)
	a.want(201, "PUT", "/Patient/p", `{"resourceType":"Patient","id":"p","name":[{"family":"Fox"}],"generalPractitioner":[{"reference":"Practitioner/d"},{"reference":"Organization/h"}]}`)
	a.want(201, "PUT", "/Observation/o", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"},"performer":[{"reference":"Practitioner/d"}]}`)

	count := func(q string) int { return len(ids(a.want(200, "GET", q, "").body, "match")) }
	included := func(q string) string { return strings.Join(ids(a.want(200, "GET", q, "").body, "include"), " ") }
	for _, q := range []string{"/Patient?general-practitioner:Practitioner.family=doc", "/Patient?_has:Observation:patient:status=final", "/Observation?subject:Patient.general-practitioner:Practitioner.family=doc"} {
		if count(q) != 1 {
			t.Errorf("%s: %d", q, count(q))
		}
	}
	if got := included("/Observation?_id=o&_include=*"); got != "Patient/p Practitioner/d" && got != "Practitioner/d Patient/p" {
		t.Errorf("_include=*: %s", got)
	}
	if got := included("/Patient?_id=p&_revinclude=*"); got != "Observation/o" {
		t.Errorf("_revinclude=*: %s", got)
	}
	if got := included("/Practitioner?_id=d&_revinclude=*"); got != "Patient/p Observation/o" && got != "Observation/o Patient/p" {
		t.Errorf("_revinclude=*: %s", got)
	}

	a.deny["read Practitioner"] = true
	for _, q := range []string{"/Patient?general-practitioner:Practitioner.family=doc", "/Observation?subject:Patient.general-practitioner:Practitioner.family=doc",
		"/Observation?_include=Observation:performer:Practitioner", "/Patient?_revinclude=Practitioner:*", "/Organization?_has:Practitioner:_id:family=doc&_id=h"} {
		if r := a.do("GET", q, ""); r.StatusCode != 403 && r.StatusCode != 400 {
			t.Errorf("%s: %d", q, r.StatusCode)
		}
	}
	if got := included("/Observation?_id=o&_include=*"); got != "Patient/p" {
		t.Errorf("_include=* hides: %s", got)
	}
	if got := included("/Observation?_id=o&_include=Observation:performer"); got != "" {
		t.Errorf("_include hides: %s", got)
	}
	// A chain to several types goes to those that may be read.
	if n := count("/Patient?general-practitioner.name=doc"); n != 1 {
		t.Errorf("chain to an organization: %d", n)
	}
	if n := count("/Observation?performer.name=doc"); n != 0 {
		t.Errorf("chain that only a practitioner fulfils: %d", n)
	}
	r := a.do("POST", "/Patient", `{"resourceType":"Patient"}`, "If-None-Exist: general-practitioner:Practitioner.family=doc")
	if r.StatusCode != 403 {
		t.Errorf("criteria: %d", r.StatusCode)
	}
	a.deny["read Observation"] = true
	if r := a.do("GET", "/Patient?_has:Observation:patient:status=final", ""); r.StatusCode != 403 {
		t.Errorf("_has: %d", r.StatusCode)
	}
	if got := included("/Patient?_id=p&_revinclude=*"); got != "" {
		t.Errorf("_revinclude=* hides: %s", got)
	}
}

// A plan names parameters and sizes, no values, and only for who may read everything.
func TestExplain(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	a.create("Patient", `{"resourceType":"Patient","name":[{"family":"Zzyzx"}],"birthDate":"1971-02-03"}`)
	body := a.want(200, "GET", "/Patient?family=zzyzx&birthdate=1971-02-03&_sort=-birthdate&_explain=true", "").body
	plan := ""
	for _, e := range body.Get("entry").Items() {
		if e.Str("search", "mode") == "outcome" {
			for _, i := range e.Get("resource").Get("issue").Items() {
				plan += i.Str("diagnostics") + "\n"
			}
		}
	}
	for _, want := range []string{"family (1)", "birthdate (1)", "gathered and sorted"} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan lacks %q:\n%s", want, plan)
		}
	}
	if strings.Contains(strings.ToLower(plan), "zzyzx") || strings.Contains(plan, "1971") {
		t.Errorf("the plan has values:\n%s", plan)
	}
	if n := len(ids(body, "match")); n != 1 {
		t.Errorf("%d matches", n)
	}
	if body := a.want(200, "GET", "/Patient?family=zzyzx", "").body; len(ids(body, "outcome")) != 0 {
		t.Error("a plan that nobody asked for")
	}
	a.deny["read "] = true
	a.want(403, "GET", "/Patient?family=zzyzx&_explain=true", "")
}
