package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"chartlake/smart"
	"chartlake/store"
)

// ward is two patients with encounters, observations and what these refer to.
type ward struct{ ann, bob, visit, site, doctor, hers, his, byHer, chain string }

func (a *api) ward() ward {
	w := ward{ann: a.create("Patient", patient), bob: a.create("Patient", patient)}
	w.chain = a.create("Organization", `{"resourceType":"Organization","name":"owner"}`)
	w.site = a.create("Organization", `{"resourceType":"Organization","name":"site","partOf":{"reference":"Organization/`+w.chain+`"}}`)
	w.doctor = a.create("Practitioner", `{"resourceType":"Practitioner","active":true}`)
	w.visit = a.create("Encounter", fmt.Sprintf(`{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/%s"},"serviceProvider":{"reference":"Organization/%s"}}`, w.ann, w.site))
	observation := func(subject, performer, rest string) string {
		return a.create("Observation", fmt.Sprintf(`{"resourceType":"Observation","status":"final","code":{"text":"a"},"subject":{"reference":"Patient/%s"},"performer":[{"reference":"%s"}]%s}`, subject, performer, rest))
	}
	w.hers = observation(w.ann, "Practitioner/"+w.doctor, `,"encounter":{"reference":"Encounter/`+w.visit+`"},"effectiveDateTime":"2020-02-02"`)
	w.his = observation(w.bob, "Practitioner/"+w.doctor, "")
	w.byHer = observation(w.bob, "Patient/"+w.ann, `,"effectiveDateTime":"2021-02-02"`)
	return w
}

// listed gives the resources of all pages in order of their names, by search mode.
func (a *api) listed(path string, headers ...string) (match, include []string) {
	a.t.Helper()
	for pages := 0; path != "" && pages < 50; pages++ {
		body := a.want(200, "GET", path, "", headers...).body
		for _, e := range body.Get("entry").Items() {
			name := e.Str("resource", "resourceType") + "/" + e.Str("resource", "id")
			if e.Str("search", "mode") == "match" {
				match = append(match, name)
			} else {
				include = append(include, name)
			}
		}
		path = ""
		for _, l := range body.Get("link").Items() {
			if l.Str("relation") == "next" {
				path = l.Str("url")
			}
		}
	}
	slices.Sort(match)
	slices.Sort(include)
	return match, slices.Compact(include)
}

func names(typ string, ids ...string) []string {
	var list []string
	for _, id := range ids {
		list = append(list, typ+"/"+id)
	}
	slices.Sort(list)
	return list
}

func TestCompartmentSearch(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	w := a.ward()
	for path, want := range map[string][]string{
		"/Patient/" + w.ann + "/Observation":                                        names("Observation", w.hers, w.byHer),
		"/Patient/" + w.ann + "/Observation?_count=1":                               names("Observation", w.hers, w.byHer),
		"/Patient/" + w.ann + "/Observation?_sort=-date&_count=1":                   names("Observation", w.hers, w.byHer),
		"/Patient/" + w.ann + "/Observation?date=ge2021":                            names("Observation", w.byHer),
		"/Patient/" + w.ann + "/Observation?performer:Practitioner.active=true":     names("Observation", w.hers),
		"/Patient/" + w.bob + "/Observation":                                        names("Observation", w.his, w.byHer),
		"/Patient/" + w.ann + "/Patient":                                            names("Patient", w.ann),
		"/Patient/" + w.bob + "/Encounter":                                          nil,
		"/Encounter/" + w.visit + "/Observation":                                    names("Observation", w.hers),
		"/Encounter/" + w.visit + "/Encounter":                                      names("Encounter", w.visit),
		"/Practitioner/" + w.doctor + "/Observation":                                names("Observation", w.hers, w.his),
		"/Patient/" + w.ann + "/*?_type=Observation&date=ge2021":                    names("Observation", w.byHer),
		"/Patient/none/Observation":                                                 nil,
		"/Patient/" + w.ann + "/Observation?subject=Patient/" + w.bob + "&_count=5": names("Observation", w.byHer),
	} {
		if got, _ := a.listed(path); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if _, got := a.listed("/Patient/" + w.ann + "/Observation?_include=Observation:performer&_count=1"); !slices.Equal(got, names("Practitioner", w.doctor)) && !slices.Equal(got, append(names("Patient", w.ann), names("Practitioner", w.doctor)...)) {
		t.Errorf("included are %v", got)
	}
	body := a.want(200, "POST", "/Patient/"+w.ann+"/Observation/_search", "date=ge2021&_total=accurate", "Content-Type: application/x-www-form-urlencoded").body
	if body.Str("total") != "1" || !strings.Contains(body.Str("link", "url"), "/Patient/"+w.ann+"/Observation?") {
		t.Errorf("POST gives %s at %s", body.Str("total"), body.Str("link", "url"))
	}
	if all, _ := a.listed("/Patient/" + w.ann + "/*?_count=2"); !slices.Contains(all, "Patient/"+w.ann) || !slices.Contains(all, "Observation/"+w.hers) || slices.Contains(all, "Observation/"+w.his) || slices.Contains(all, "Patient/"+w.bob) {
		t.Errorf("the whole compartment is %v", all)
	}
	a.want(404, "GET", "/Organization/"+w.site+"/*", "")
	a.want(404, "GET", "/Patient/"+w.ann+"/Organization", "")
	a.want(404, "GET", "/Organization/"+w.site+"/Observation", "")
	a.want(404, "GET", "/Patient/"+w.ann+","+w.bob+"/Observation", "")
	a.want(400, "GET", "/Patient/"+w.ann+"/Observation?nonsense=1", "")
	a.want(405, "PUT", "/Patient/"+w.ann+"/Observation", "{}")
	a.deny["read Patient"] = true
	a.want(403, "GET", "/Patient/"+w.ann+"/Observation", "")
}

func TestEverything(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	w := a.ward()
	ofAnn := slices.Concat(names("Encounter", w.visit), names("Observation", w.hers, w.byHer), names("Patient", w.ann))
	around := slices.Concat(names("Organization", w.site, w.chain), names("Practitioner", w.doctor))
	for path, want := range map[string][2][]string{
		"/Patient/" + w.ann + "/$everything":                         {ofAnn, around},
		"/Patient/" + w.ann + "/$everything?_count=1":                {ofAnn, around},
		"/Patient/" + w.ann + "/$everything?_type=Observation":       {names("Observation", w.hers, w.byHer), nil},
		"/Patient/" + w.ann + "/$everything?_type=Organization":      {nil, names("Organization", w.site, w.chain)},
		"/Patient/" + w.ann + "/$everything?_since=2100-01-01":       {nil, nil},
		"/Patient/" + w.bob + "/$everything?_type=Patient,Encounter": {names("Patient", w.bob), nil},
		"/Encounter/" + w.visit + "/$everything":                     {slices.Concat(names("Encounter", w.visit), names("Observation", w.hers)), around},
	} {
		match, include := a.listed(path)
		if !slices.Equal(match, want[0]) || !slices.Equal(include, want[1]) {
			t.Errorf("%s:\n%v and %v, want\n%v and %v", path, match, include, want[0], want[1])
		}
	}
	body := a.want(200, "POST", "/Patient/"+w.ann+"/$everything", `{"resourceType":"Parameters","parameter":[{"name":"_type","valueCode":"Observation"},{"name":"_count","valueInteger":1}]}`).body
	if n := len(body.Get("entry").Items()); n != 1 {
		t.Errorf("POST gives %d entries", n)
	}
	a.want(404, "GET", "/Patient/none/$everything", "")
	a.want(404, "GET", "/Observation/"+w.hers+"/$everything", "")
	a.want(404, "GET", "/Patient/$everything", "")
	a.want(400, "GET", "/Patient/"+w.ann+"/$everything?start=2020-01-01", "")
	a.want(400, "GET", "/Patient/"+w.ann+"/$everything?_type=Nothing", "")
	a.want(400, "GET", "/Patient/"+w.ann+"/$everything?_since=yesterday", "")
	a.want(405, "DELETE", "/Patient/"+w.ann+"/$everything", "")
	a.want(204, "DELETE", "/Observation/"+w.hers, "")
	a.deny["read Encounter"] = true
	if match, include := a.listed("/Patient/" + w.ann + "/$everything?_type=Encounter"); match != nil || include != nil {
		t.Errorf("encounters alone: %v and %v", match, include)
	}
	match, include := a.listed("/Patient/" + w.ann + "/$everything")
	if !slices.Equal(match, append(names("Observation", w.byHer), "Patient/"+w.ann)) || include != nil {
		t.Errorf("without encounters %v and %v", match, include)
	}
}

// TestEverythingConfined: what a caller who is confined to one patient gets through the
// operation is what the store lets them see.
func TestEverythingConfined(t *testing.T) {
	t.Parallel()
	var confined []string
	a := serve(t, func(c *Config) {
		free := c.Actor
		c.Actor = func(r *http.Request, do smart.Action, typ string) (store.Actor, error) {
			actor, err := free(r, do, typ)
			actor.Patients = confined
			return actor, err
		}
	})
	w := a.ward()
	confined = []string{w.bob}
	a.want(404, "GET", "/Patient/"+w.ann+"/$everything", "")
	a.want(404, "GET", "/Encounter/"+w.visit+"/$everything", "")
	for path, want := range map[string][]string{
		"/Patient/" + w.ann + "/Observation": names("Observation", w.byHer), // it is bob's too
		"/Patient/" + w.bob + "/Observation": names("Observation", w.his, w.byHer),
		"/Patient/" + w.bob + "/$everything": append(names("Observation", w.his, w.byHer), "Patient/"+w.bob),
	} {
		if got, _ := a.listed(path); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}
