package rest

import (
	"strings"
	"testing"
)

func TestViewDefinitionRun(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	a.want(201, "PUT", "/Patient/p1", `{"resourceType":"Patient","id":"p1","name":[{"family":"Fair"},{"family":"Fine"}]}`)
	a.want(201, "PUT", "/Patient/p2", `{"resourceType":"Patient","id":"p2"}`)
	const view = `{"resourceType":"ViewDefinition","resource":"Patient","status":"active","select":[{"column":[{"name":"id","path":"getResourceKey()"}]},{"forEachOrNull":"name","column":[{"name":"family","path":"family"}]}]}`
	run := func(more string) string {
		return `{"resourceType":"Parameters","parameter":[{"name":"viewResource","resource":` + view + `}` + more + `]}`
	}
	for _, path := range []string{"/$viewdefinition-run", "/ViewDefinition/$viewdefinition-run"} {
		got := string(a.want(200, "POST", path, run("")).raw)
		want := `{"id":"p1","family":"Fair"}` + "\n" + `{"id":"p1","family":"Fine"}` + "\n" + `{"id":"p2","family":null}` + "\n"
		if got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := string(a.want(200, "POST", "/$viewdefinition-run?_format=text/csv&_limit=1", run("")).raw); got != "id,family\np1,Fair\n" {
		t.Errorf("csv: %q", got)
	}
	if got := string(a.want(200, "POST", "/$viewdefinition-run", run(`,{"name":"resource","resource":{"resourceType":"Patient","id":"x"}}`)).raw); got != `{"id":"x","family":null}`+"\n" {
		t.Errorf("of the request: %q", got)
	}
	for name, body := range map[string]string{
		"no_view":           `{"resourceType":"Parameters"}`,
		"view_invalid":      strings.Replace(run(""), `"resource":"Patient"`, `"resource":"Nothing"`, 1),
		"view_value":        strings.Replace(run(""), `"forEachOrNull":"name","column":[{"name":"family","path":"family"`, `"column":[{"name":"family","path":"name.family"`, 1),
		"no_such_format":    run(`,{"name":"_format","valueCode":"xlsx"}`),
		"bad_limit":         run(`,{"name":"_limit","valueInteger":0}`),
		"unknown_parameter": run(`,{"name":"source","valueString":"s3://x"}`),
	} {
		if got := a.do("POST", "/$viewdefinition-run", body); got.StatusCode != 400 || !strings.Contains(string(got.raw), name) {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.raw)
		}
	}
}
