package rest

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// told is an answer without what differs from request to request: times, new ids, versions of
// what the caller made before, and the id that was asked about.
func told(r answer, id string) string {
	text := fmt.Sprint(r.StatusCode, " ", r.Header.Get("Location"), " ", r.Header.Get("ETag"), " ", string(r.raw))
	for _, one := range variable {
		text = one.ReplaceAllString(text, "X")
	}
	return strings.NewReplacer("/"+id, "/ID", "%7C"+id, "ID", "|"+id, "ID", "="+id, "=ID", `"`+id+`"`, "ID", "%2F"+id, "ID").Replace(text)
}

var variable = []*regexp.Regexp{
	regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
	regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`),
}

// TestOutside asks whatever can be asked about what belongs to another patient, and about what is
// nowhere. Who is confined to one patient gets the same answer.
func TestOutside(t *testing.T) { onBoth(t, tryOutside) }

func tryOutside(t *testing.T, a *api) {
	all := `{"resourceType":"Bundle","type":"transaction","entry":[`
	put := func(key, rest string) {
		typ, id, _ := strings.Cut(key, "/")
		all += `{"resource":{"resourceType":"` + typ + `","id":"` + id + `"` + rest + `},"request":{"method":"PUT","url":"` + key + `"}},`
	}
	for _, id := range []string{"mine", "theirs"} {
		subject := `,"subject":{"reference":"Patient/` + id + `"}`
		number := `,"identifier":[{"system":"http://h","value":"` + id + `"}]`
		put("Patient/"+id, number+`,"name":[{"family":"Fox","given":["Ada"]}],"birthDate":"1961-11-02"`)
		put("Observation/"+id, `,"status":"final","code":{"coding":[{"system":"http://l","code":"`+id+`"}]},"encounter":{"reference":"Encounter/`+id+`"}`+subject+number)
		put("Encounter/"+id, `,"status":"finished","class":{"code":"AMB"}`+subject)
		put("Composition/"+id, `,"status":"final","type":{"text":"x"},"date":"2020","title":"x","author":[{"reference":"Patient/`+id+`"}],"section":[{"title":"x","entry":[{"reference":"Observation/`+id+`"}]}]`+subject)
		put("Group/"+id, `,"type":"person","actual":true,"member":[{"entity":{"reference":"Patient/`+id+`"}}]`)
	}
	a.want(200, "POST", "", strings.TrimSuffix(all, ",")+"]}")
	a.want(201, "PUT", "/Observation/moved", `{"resourceType":"Observation","id":"moved","status":"final","code":{"text":"secret"},"subject":{"reference":"Patient/theirs"}}`)
	a.want(200, "PUT", "/Observation/moved", `{"resourceType":"Observation","id":"moved","status":"final","code":{"text":"open"},"subject":{"reference":"Patient/mine"}}`)

	const observation = `{"resourceType":"Observation","id":"#","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/mine"}}`
	const unnamed = `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/mine"}}`
	const merge = `[{"op":"test","path":"/status","value":"final"}]`
	const jsonPatch = "Content-Type: application/json-patch+json"
	const fhirpath = `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Observation.status"},{"name":"value","valueCode":"final"}]}]}`
	entry := func(kind, resource, request string) string {
		if resource != "" {
			resource = `"resource":` + resource + `,`
		}
		return `{"resourceType":"Bundle","type":"` + kind + `","entry":[{` + resource + `"request":{` + request + `}}]}`
	}
	asks := []string{ // method, path, body, headers; # is the id
		"GET /Observation/#", "HEAD /Observation/#", "GET /Observation/#/_history", "GET /Observation/#/_history/1", "GET /Observation/#/_history?_since=2000", "GET /Observation/#/_history?_at=2100",
		"GET /Patient/#", "GET /Patient/#/_history", "GET /Patient/#/Observation", "GET /Patient/#/*", "POST /Patient/#/Observation/_search", "GET /Encounter/#/Observation",
		"GET /Observation?_id=#", "GET /Observation?_id=#&_summary=count", "GET /Observation?identifier=http://h|#", "GET /Observation?subject=Patient/#", "GET /Observation?subject:Patient.identifier=http://h|#",
		"GET /Observation?encounter.subject:Patient._id=#", "GET /Patient?_has:Observation:patient:identifier=http://h|#", "GET /Patient?_has:Observation:patient:_id=#&_total=accurate", "GET /Observation?code=http://l|#&_sort=-date",
		"GET /Observation?_id=#&_include=*", "GET /Patient?_id=#&_revinclude=*", "GET ?_id=#&_type=Observation,Patient", "GET /Observation?_id=#&_explain=true", "GET /Observation?subject=Patient/#&_lastUpdated=gt2000&_elements=id",
		"GET /Patient/#/$everything", "GET /Encounter/#/$everything", "GET /Observation/$lastn?patient=Patient/#", "GET /Composition/#/$document", "GET /Observation/#/$validate", "GET /Observation/#/$meta", "GET /Observation/#/_history/1/$meta", "GET /Group/#/$export",
		"POST /Observation/#/$reindex", "POST /Observation/#/$erase", "POST /Patient/#/$purge",
		"PUT /Observation/# " + observation, "PUT /Observation/# " + observation + " If-Match: W/\"1\"", "PUT /Observation/# " + observation + " If-Match: W/\"2\"", "PUT /Observation/# " + observation + " If-None-Match: *",
		"PUT /Observation?identifier=http://h|# " + unnamed, "PUT /Observation?_id=# " + observation, "POST /Observation " + unnamed + " If-None-Exist: identifier=http://h|#",
		"PUT /Patient/# " + `{"resourceType":"Patient","id":"#"}`,
		"PATCH /Observation/# [] " + jsonPatch, "PATCH /Observation/# " + merge + " " + jsonPatch, "PATCH /Observation?identifier=http://h|# " + merge + " " + jsonPatch, "PATCH /Observation/# " + fhirpath, "PATCH /Observation?_id=# " + fhirpath,
		"DELETE /Observation/#", "DELETE /Observation/# If-Match: W/\"1\"", "DELETE /Observation?identifier=http://h|#", "DELETE /Patient/#",
		"POST /Observation/#/$meta-add " + `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"x"}]}}]}`,
		"POST /Patient/$match " + `{"resourceType":"Patient","identifier":[{"system":"http://h","value":"#"}]}`,
		"POST /Observation " + strings.Replace(unnamed, "{", `{"hasMember":[{"reference":"Observation?identifier=http://h|#"}],`, 1),
		"POST /Observation " + strings.Replace(unnamed, "Patient/mine", "Patient?identifier=http://h|#", 1), "POST /Observation " + strings.Replace(unnamed, "Patient/mine", "Patient/#", 1),
		"POST /Observation " + strings.Replace(unnamed, "{", `{"hasMember":[{"reference":"Observation/#","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/resolve-as-version-specific","valueBoolean":true}]}],`, 1),
		"GET /Observation?_id=# Prefer: respond-async", "GET /Patient/#/$everything Prefer: respond-async",
	}
	for _, kind := range []string{"transaction", "batch"} {
		for _, e := range []string{
			entry(kind, "", `"method":"GET","url":"Observation/#"`), entry(kind, "", `"method":"DELETE","url":"Observation/#"`), entry(kind, "", `"method":"DELETE","url":"Observation?identifier=http://h|#"`),
			entry(kind, observation, `"method":"PUT","url":"Observation/#"`), entry(kind, unnamed, `"method":"PUT","url":"Observation?identifier=http://h|#"`), entry(kind, unnamed, `"method":"POST","url":"Observation","ifNoneExist":"identifier=http://h|#"`),
			entry(kind, fhirpath, `"method":"PATCH","url":"Observation/#"`), entry(kind, fhirpath, `"method":"PATCH","url":"Observation?_id=#"`), entry(kind, "", `"method":"GET","url":"Patient/#/$everything"`),
		} {
			asks = append(asks, "POST / "+e)
		}
	}
	ask := func(text, id string) string {
		words := strings.SplitN(strings.ReplaceAll(text, "#", id), " ", 3)
		body, headers := "", []string{"X-Patient: mine", "X-Who: app"}
		if len(words) == 3 {
			body = words[2]
			for _, name := range []string{"If-Match", "If-None-Match", "If-None-Exist", "Content-Type", "Prefer"} {
				if at := strings.LastIndex(body, name+": "); at >= 0 {
					headers = append(headers, body[at:])
					body = strings.TrimSpace(body[:at])
				}
			}
		}
		path := strings.ReplaceAll(strings.TrimSuffix(words[1], "/"), "|", "%7C")
		if strings.Contains(text, "respond-async") {
			text := ""
			for key, n := range a.lines(a.manifest(a.do(words[0], path, "", headers...), headers...).Output, headers...) {
				text += told(answer{Response: &http.Response{}, raw: n.AppendJSON([]byte(key))}, id)
			}
			return text
		}
		return told(a.do(words[0], path, body, headers...), id)
	}
	for _, one := range asks {
		none := ask(one, "none")
		if got := ask(one, "theirs"); got != none {
			t.Errorf("%s:\n theirs %s\n none   %s", one, got, none)
		}
	}
	for _, path := range []string{"/Observation/moved/_history", "/Observation/_history?_count=100", "/_history?_count=100", "/Observation?_id=moved", "/Patient/mine/$everything", "?_type=Patient,Observation,Encounter,Composition,Group"} {
		if text := string(a.want(200, "GET", path, "", "X-Patient: mine").raw); strings.Contains(text, "secret") || strings.Contains(text, "Patient/theirs") || !strings.Contains(text, "open") {
			t.Errorf("%s: %s", path, text)
		}
	}
	a.want(404, "GET", "/Observation/moved/_history/1", "", "X-Patient: mine")
	a.want(200, "GET", "/Observation/moved/_history/2", "", "X-Patient: mine")
	const once = "Idempotency-Key: k1"
	made := a.want(201, "POST", "/Observation", unnamed, "X-Patient: mine", "X-Who: app", once)
	if again := a.want(201, "POST", "/Observation", unnamed, "X-Patient: mine", "X-Who: app", once); again.body.ID() != made.body.ID() {
		t.Errorf("done twice: %s and %s", made.body.ID(), again.body.ID())
	}
	a.want(404, "POST", "/Observation", unnamed, "X-Patient: theirs", "X-Who: app", once)
	app := []string{"X-Patient: mine", "X-Who: app"}
	exported := a.lines(a.manifest(a.do("GET", "/$export", "", app...), app...).Output, app...)
	for key, n := range exported {
		if text := string(n.AppendJSON(nil)); strings.Contains(text, "Patient/theirs") || strings.Contains(text, "secret") {
			t.Errorf("exported: %s %s", key, text)
		}
	}
	if exported["Observation/moved"] == nil {
		t.Error("what is the caller's is not exported")
	}
	var reports []string
	for _, id := range []string{"none", "theirs"} { // an import is refused line by line
		sent := strings.ReplaceAll(observation, "#", id) + "\n" + strings.Replace(strings.ReplaceAll(observation, "#", "mine"), "Patient/mine", "Patient?identifier=http://h|"+id, 1) + "\n"
		m := a.manifest(a.do("POST", "/$import", sent, append(app, "Content-Type: application/fhir+ndjson")...), app...)
		report := fmt.Sprint(len(m.Output), " ")
		lines := a.lines(m.Error, app...)
		for _, key := range keys(lines) {
			report += told(answer{Response: &http.Response{}, raw: lines[key].AppendJSON(nil)}, id)
		}
		reports = append(reports, report)
	}
	if reports[0] != reports[1] || !strings.Contains(reports[0], "outside_compartment") {
		t.Errorf("imported: %q", reports)
	}
	if got := a.want(200, "GET", "/Observation/theirs", "").Header.Get("ETag"); got != `W/"1"` {
		t.Errorf("the other patient's resource is at %s", got)
	}
}

// TestBlind: who may not read a type learns nothing of it by what decides a write.
func TestBlind(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	a.want(201, "PUT", "/Practitioner/d", `{"resourceType":"Practitioner","id":"d","name":[{"family":"Doc"}]}`)
	a.want(201, "PUT", "/Patient/p", `{"resourceType":"Patient","id":"p","generalPractitioner":[{"reference":"Practitioner/d"}]}`)
	a.deny["read Practitioner"] = true
	const chain = "general-practitioner:Practitioner.family=doc"
	const add = `[{"op":"add","path":"/generalPractitioner/-","value":{"reference":"Practitioner?family=doc"}}]`
	const conditional = `{"resourceType":"Patient","generalPractitioner":[{"reference":"Practitioner?family=doc"}]}`
	const patched = "Content-Type: application/json-patch+json"
	transaction := func(resource, request string) string {
		return `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` + resource + `,"request":{` + request + `}}]}`
	}
	none := `{"resourceType":"Patient"}`
	for _, r := range [][]string{
		{"PUT", "/Patient?" + chain, none}, {"DELETE", "/Patient?" + chain, ""}, {"PATCH", "/Patient?" + chain, `[]`, patched}, {"POST", "/Patient", none, "If-None-Exist: " + chain},
		{"POST", "/Patient", conditional}, {"PUT", "/Patient/p", strings.Replace(conditional, ",", `,"id":"p",`, 1)}, {"PATCH", "/Patient/p", add, patched},
		{"POST", "", transaction(none, `"method":"PUT","url":"Patient?`+chain+`"`)}, {"POST", "", transaction(none, `"method":"POST","url":"Patient","ifNoneExist":"`+chain+`"`)},
		{"POST", "", transaction(conditional, `"method":"POST","url":"Patient"`)}, {"POST", "", transaction(none, `"method":"DELETE","url":"Patient?`+chain+`"`)},
		{"PATCH", "/Practitioner/d", `[]`, patched}, {"POST", "/Practitioner/d/$meta-add", `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"x"}]}}]}`},
		{"PUT", "/Practitioner?family=doc", `{"resourceType":"Practitioner"}`}, {"DELETE", "/Practitioner?family=doc", ""}, {"POST", "/Practitioner", `{"resourceType":"Practitioner"}`, "If-None-Exist: family=doc"},
		{"POST", "", transaction(`{"resourceType":"Binary","contentType":"application/json-patch+json","data":"W10="}`, `"method":"PATCH","url":"Practitioner/d"`)},
	} {
		if got := a.do(r[0], r[1], r[2], r[3:]...); got.StatusCode != 403 {
			t.Errorf("%v: %d %s", r, got.StatusCode, got.raw)
		}
	}
	batch := a.want(200, "POST", "", strings.Replace(transaction(none, `"method":"PUT","url":"Patient?`+chain+`"`), "transaction", "batch", 1))
	if status := batch.body.Get("entry").Item(0).Str("response", "status"); !strings.HasPrefix(status, "403") {
		t.Errorf("in a batch: %s", status)
	}
	a.want(201, "PUT", "/Practitioner/e", `{"resourceType":"Practitioner","id":"e"}`)
}
