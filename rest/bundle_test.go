package rest

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"chartlake/internal/sharedtest"
)

func bundleOf(kind string, entries ...string) string {
	return `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + `]}`
}

func entry(fullURL, method, url, resource string, more ...string) string {
	parts := []string{`"request":{"method":"` + method + `","url":"` + url + `"` + strings.Join(more, "") + `}`}
	if fullURL != "" {
		parts = append(parts, `"fullUrl":"`+fullURL+`"`)
	}
	if resource != "" {
		parts = append(parts, `"resource":`+resource)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

const (
	urnA = "urn:uuid:6a1b2c3d-0000-4000-8000-00000000000a"
	urnB = "urn:uuid:6a1b2c3d-0000-4000-8000-00000000000b"
)

func TestTransactionLinks(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	doc := `{"resourceType":"DocumentReference","id":"client","status":"current","identifier":[{"system":"urn:ietf:rfc:3986","value":"` + urnA + `"}],
		"extension":[{"url":"http://e","valueReference":{"reference":"` + urnA + `"}},{"url":"http://u","valueUri":"` + urnA + `"}],
		"text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'><a href=\"` + urnA + `\">a</a></div>"},
		"subject":{"reference":"` + urnA + `"},"content":[{"attachment":{"url":"` + urnB + `"}}]}`
	got := a.want(200, "POST", "", bundleOf("transaction",
		entry("", "POST", "DocumentReference", doc),
		entry(urnA, "POST", "Patient", `{"resourceType":"Patient","id":"client"}`),
		entry(urnB, "POST", "Binary", `{"resourceType":"Binary","contentType":"text/plain","data":"YQ=="}`)), "Prefer: return=representation").body
	if got.Str("type") != "transaction-response" || len(got.Get("entry").Items()) != 3 {
		t.Fatalf("%s", got.AppendJSON(nil))
	}
	made := got.Get("entry").Item(0).Get("resource")
	p := "Patient/" + got.Get("entry").Item(1).Get("resource").ID()
	b := "Binary/" + got.Get("entry").Item(2).Get("resource").ID()
	if p == "Patient/client" {
		t.Error("the client's id was taken")
	}
	for path, want := range map[string]string{
		made.Str("subject", "reference"):                                      p,
		made.Get("extension").Item(0).Str("valueReference", "reference"):      p + "",
		made.Get("extension").Item(1).Str("valueUri"):                         p + "",
		made.Get("content").Item(0).Str("attachment", "url"):                  b,
		made.Get("identifier").Item(0).Str("value"):                           urnA,
		fmt.Sprint(strings.Contains(made.Str("text", "div"), `href="`+p+`"`)): "true",
	} {
		if path != want {
			t.Errorf("%s, want %s in %s", path, want, made.AppendJSON(nil))
		}
	}
	for i, e := range got.Get("entry").Items() {
		if e.Str("response", "status") != "201 Created" || e.Str("response", "etag") != `W/"1"` || !strings.HasPrefix(e.Str("response", "location"), a.base+"/") {
			t.Errorf("entry %d: %s", i, e.Get("response").AppendJSON(nil))
		}
	}
}

func TestTransactionIsAllOrNothing(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	id := a.create("Patient", `{"resourceType":"Patient","identifier":[{"system":"http://h","value":"1"}]}`)
	a.create("Patient", `{"resourceType":"Patient","identifier":[{"system":"http://h","value":"2"}]}`)
	a.create("Patient", `{"resourceType":"Patient","identifier":[{"system":"http://h","value":"2"}]}`)
	good := entry("", "POST", "Patient", patient)
	observation := func(ref string) string {
		return `{"resourceType":"Observation","status":"final","code":{"text":"a"},"subject":{"reference":"` + ref + `"}}`
	}
	for name, c := range map[string]struct {
		status int
		where  string
		entry  string
	}{
		"invalid resource":        {400, "Bundle.entry[1].resource.birthDate", entry("", "POST", "Patient", `{"resourceType":"Patient","birthDate":"x"}`)},
		"no request":              {400, "Bundle.entry[1]", `{"resource":` + patient + `}`},
		"type of the url":         {400, "Bundle.entry[1]", entry("", "POST", "Group", patient)},
		"id of the url":           {400, "Bundle.entry[1]", entry("", "PUT", "Patient/a", patient)},
		"url":                     {400, "Bundle.entry[1]", entry("", "DELETE", "Patient/a/b", "")},
		"version":                 {412, "Bundle.entry[1]", entry("", "PUT", "Patient/"+id, `{"resourceType":"Patient","id":"`+id+`"}`, `,"ifMatch":"W/\"9\""`)},
		"several for create":      {412, "Bundle.entry[1]", entry("", "POST", "Patient", patient, `,"ifNoneExist":"identifier=http://h|2"`)},
		"several for update":      {412, "Bundle.entry[1]", entry("", "PUT", "Patient?identifier=http://h|2", patient)},
		"reference without match": {412, "Bundle.entry[1]", entry("", "POST", "Observation", observation("Patient?identifier=http://h|none"))},
		"reference with several":  {412, "Bundle.entry[1]", entry("", "POST", "Observation", observation("Patient?identifier=http://h|2"))},
		"patch":                   {400, "Bundle.entry[1]", entry("", "PATCH", "Patient/"+id, "")},
		"twice":                   {400, "Bundle.entry[2]", entry("", "PUT", "Patient/same", `{"resourceType":"Patient","id":"same"}`) + "," + entry("", "PUT", "Patient/same", `{"resourceType":"Patient","id":"same"}`)},
		"one fullUrl":             {400, "Bundle.entry[2]", entry(urnA, "POST", "Patient", patient) + "," + entry(urnA, "POST", "Patient", patient)},
	} {
		got := a.want(c.status, "POST", "", bundleOf("transaction", good, c.entry))
		if where := got.body.Get("issue").Item(0).Str("expression"); where != c.where {
			t.Errorf("%s: at %s, want %s: %s", name, where, c.where, got.raw)
		}
	}
	// A reading entry before the one that fails must not shift its number.
	got := a.want(412, "POST", "", bundleOf("transaction", entry("", "GET", "Patient", ""), entry("", "PUT", "Patient/"+id, `{"resourceType":"Patient","id":"`+id+`"}`, `,"ifMatch":"W/\"9\""`)))
	if where := got.body.Get("issue").Item(0).Str("expression"); where != "Bundle.entry[1]" {
		t.Errorf("at %s", where)
	}
	if n := a.want(200, "GET", "/Patient?_summary=count", "").body.Str("total"); n != "3" {
		t.Errorf("%s patients, 3 were there before", n)
	}
}

func TestTransactionOrder(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	a.want(201, "PUT", "/Patient/old", `{"resourceType":"Patient","id":"old","identifier":[{"system":"http://h","value":"1"}]}`)
	got := a.want(200, "POST", "", bundleOf("transaction",
		entry("", "GET", "Patient?identifier=http://h|1", ""),
		entry("", "PUT", "Patient/new", `{"resourceType":"Patient","id":"new","identifier":[{"system":"http://h","value":"2"}]}`),
		entry("", "POST", "Observation", `{"resourceType":"Observation","status":"final","code":{"text":"a"},"subject":{"reference":"Patient/new"}}`),
		entry("", "DELETE", "Patient/old", ""),
		entry("", "GET", "Patient/new", ""))).body
	var status []string
	for _, e := range got.Get("entry").Items() {
		status = append(status, e.Str("response", "status"))
	}
	if s := strings.Join(status, ", "); s != "200 OK, 201 Created, 201 Created, 204 No Content, 200 OK" {
		t.Errorf("%s", s)
	}
	if n := got.Get("entry").Item(0).Get("resource").Get("entry"); n != nil {
		t.Error("the search saw what the transaction deleted")
	}
	if got.Get("entry").Item(4).Get("resource").ID() != "new" {
		t.Error("the read did not see what the transaction wrote")
	}
}

func TestRepeatedTransactionChangesNothing(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	bundle := bundleOf("transaction",
		entry(urnA, "POST", "Patient", `{"resourceType":"Patient","identifier":[{"system":"http://h","value":"1"}]}`, `,"ifNoneExist":"identifier=http://h|1"`),
		entry(urnB, "POST", "Observation", `{"resourceType":"Observation","identifier":[{"system":"http://h","value":"o"}],"status":"final","code":{"text":"a"},"subject":{"reference":"`+urnA+`"}}`, `,"ifNoneExist":"identifier=http://h|o"`))
	first := a.want(200, "POST", "", bundle).body
	second := a.want(200, "POST", "", bundle).body
	for i := range 2 {
		x, y := first.Get("entry").Item(i), second.Get("entry").Item(i)
		if x.Str("response", "location") != y.Str("response", "location") || y.Str("response", "status") != "200 OK" {
			t.Errorf("entry %d: %s then %s", i, x.AppendJSON(nil), y.AppendJSON(nil))
		}
	}
	if n := a.want(200, "GET", "/_history", "").body.Str("total"); n != "2" {
		t.Errorf("%s versions", n)
	}
}

func TestBatchEntriesAreIsolated(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	got := a.want(200, "POST", "", bundleOf("batch",
		entry("", "POST", "Patient", `{"resourceType":"Patient","birthDate":"x"}`),
		entry("", "POST", "Patient", patient),
		entry("", "GET", "Patient/none", ""),
		entry("", "GET", "Patient?nothing=1", ""),
		entry("", "PATCH", "Patient/none", ""),
		entry("", "DELETE", "Patient/none", ""),
		entry("", "GET", "metadata", ""),
		entry("", "POST", "", `{"resourceType":"Bundle","type":"batch"}`),
		`{"resource":`+patient+`}`)).body
	var status []string
	for _, e := range got.Get("entry").Items() {
		status = append(status, e.Str("response", "status")[:3])
	}
	if s := strings.Join(status, " "); s != "400 201 404 400 400 204 200 400 400" {
		t.Errorf("%s", s)
	}
	if got.Get("entry").Item(0).Get("response").Get("outcome").Type() != "OperationOutcome" {
		t.Error("a failed entry has no outcome")
	}
}

func TestLargeTransaction(t *testing.T) {
	t.Parallel()
	a := serve(t, func(c *Config) { c.MaxEntries = 1244 })
	entries := []string{entry(urnA, "POST", "Patient", patient)}
	for i := range 1243 {
		entries = append(entries, entry("", "POST", "Observation", fmt.Sprintf(`{"resourceType":"Observation","status":"final","code":{"text":"a %d"},"subject":{"reference":"%s"}}`, i, urnA)))
	}
	got := a.want(200, "POST", "", bundleOf("transaction", entries...)).body
	if n := len(got.Get("entry").Items()); n != 1244 {
		t.Errorf("%d entries", n)
	}
	a.want(413, "POST", "", bundleOf("transaction", append(entries, entries[1])...))
}

// TestSynthea posts a seeded sample of the bundles as they are.
func TestSynthea(t *testing.T) {
	t.Parallel()
	f, err := os.Open(sharedtest.Path(t, "fhir/synthea-r4-bundles.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a := serve(t, nil)
	random := rand.New(rand.NewPCG(5, 6))
	all := os.Getenv("CHARTLAKE_ALL") != ""
	bundles, resources := 0, 0
	for tr := tar.NewReader(f); ; {
		_, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !all && random.IntN(248) >= 8 {
			continue
		}
		zr, err := gzip.NewReader(tr)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(zr)
		if err != nil {
			t.Fatal(err)
		}
		got := a.want(200, "POST", "", string(data)).body
		bundles++
		for _, e := range got.Get("entry").Items() {
			resources++
			if e.Str("response", "status") != "201 Created" {
				t.Fatalf("%s", e.AppendJSON(nil))
			}
		}
	}
	if n := a.want(200, "GET", "?_summary=count", "").body.Str("total"); n != fmt.Sprint(resources) {
		t.Errorf("%s resources are there, %d were posted", n, resources)
	}
	t.Logf("%d bundles with %d resources", bundles, resources)
}
