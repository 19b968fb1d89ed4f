package storetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"chartlake/fhir"
	"chartlake/store"
)

// thing is a resource as the oracle knows it: nothing but its JSON.
type thing struct {
	typ, id string
	body    map[string]any
	updated int64 // milliseconds; set when it is stored
}

func (r *thing) key() string { return r.typ + "/" + r.id }

func (r *thing) node(t testing.TB) *fhir.Node {
	t.Helper()
	text, err := json.Marshal(r.body)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, "%s", text)
}

// world is what there is, or what of it an actor sees.
type world struct {
	things []*thing
	by     map[string]*thing
}

func worldOf(things []*thing) *world {
	w := &world{things: things, by: map[string]*thing{}}
	for _, r := range things {
		w.by[r.key()] = r
	}
	return w
}

// kinds are the types of the world with how many there are of each, of 100.
var kindsOfThings = []struct {
	typ   string
	share int
}{{"Patient", 10}, {"Practitioner", 5}, {"Organization", 8}, {"Location", 10}, {"Encounter", 12}, {"Observation", 25}, {"Condition", 12}, {"DiagnosticReport", 6}, {"RiskAssessment", 6}, {"ValueSet", 4}, {"QuestionnaireResponse", 2}}

// Values that meet each other at their edges.
var (
	someNames = []string{"Müller", "muller", "MULLER-LÜDENSCHEIDT", "Ng", "O'Brien", "Łuk", "Ångström", "a b", "von der Tann, Dr.", "Straße", "STRASSE", `x|y$z\w`,
		strings.Repeat("Wolfeschlegel", 6) + " ä", strings.Repeat("wolfeschlegel", 6) + " b"}
	someSystems = []string{"", "http://a", "http://b", ucumURL}
	someCodes   = []string{"x", "X", "y", "1", "a|b", "a,b", `$d\e`, "mg", "Mg", strings.Repeat("long", 50)}
	someDates   = []string{"2019", "2020", "2020-02", "2020-02-03", "2020-02-29", "2020-02-03T10:11:12Z", "2020-02-03T10:11:12.345Z", "2020-02-03T23:30:00-05:00", "2020-02-04T04:30:00Z", "1969-12-31T23:59:59Z", "1970-01-01", "2021-01-01", "2021-01-01T00:00:00+14:00"}
	someNumbers = []string{"-3", "0", "0.5", "0.50", "5.35", "5.4", "5.40", "5.44", "5.45", "7", "37", "98.6", "99.5", "100", "100.4", "100.5", "1e2", "53.5", "54", "0.054", "310.15"}
	someURIs    = []string{"http://x", "http://x/a", "http://x/a/", "http://x/a/b", "http://x/a/b/c", "http://x/ab", "http://X/a", "urn:oid:1.2.3", "urn:oid:1.2.3.4", "http://x/" + strings.Repeat("p/", 1100)}
	someWords   = []string{"Headache", "migräne", "kidney", "stone", "left", "PAIN", "tension-type", "2020"}
)

const ucumURL = "http://unitsofmeasure.org"

// maker makes resources at random.
type maker struct {
	*rand.Rand
	count   map[string]int // ids of a type are t0 … ; some above are not there
	moments []string       // at which something was written
}

func one[T any](g *maker, list []T) T { return list[g.IntN(len(list))] }

// often is true in n of 100 cases.
func (g *maker) often(n int) bool { return g.IntN(100) < n }

func (g *maker) id(typ string) string {
	return fmt.Sprintf("%c%d", typ[0]|0x20, g.IntN(g.count[typ]+1+g.count[typ]/10))
}

// ref refers to one of the types, mostly to what is there.
func (g *maker) ref(types ...string) map[string]any {
	typ := one(g, types)
	local := typ + "/" + g.id(typ)
	switch g.IntN(20) {
	case 0:
		return map[string]any{"reference": local + "/_history/1"}
	case 1:
		return map[string]any{"reference": "http://else/" + local}
	case 2:
		return map[string]any{"display": "nobody"}
	case 3:
		return map[string]any{"type": typ, "identifier": g.identifier()}
	case 4:
		return map[string]any{"reference": local, "identifier": g.identifier()}
	}
	return map[string]any{"reference": local}
}

func (g *maker) coding() map[string]any {
	c := map[string]any{}
	if s := one(g, someSystems); s != "" {
		c["system"] = s
	}
	if g.often(95) {
		c["code"] = one(g, someCodes)
	}
	if g.often(30) {
		c["display"] = g.words(2)
	}
	return c
}

func (g *maker) concept() map[string]any {
	c := map[string]any{}
	if list := several(g, 2, g.coding); list != nil {
		c["coding"] = list
	}
	if g.often(30) || len(c) == 0 {
		c["text"] = g.words(2)
	}
	return c
}

func (g *maker) identifier() map[string]any {
	i := map[string]any{"value": one(g, someCodes)}
	if s := one(g, someSystems[:3]); s != "" {
		i["system"] = s
	}
	if g.often(40) {
		i["type"] = g.concept()
	}
	return i
}

func (g *maker) words(n int) string {
	var list []string
	for range 1 + g.IntN(n) {
		list = append(list, one(g, someWords))
	}
	return strings.Join(list, one(g, []string{" ", ", ", "/"}))
}

// several makes up to n, mostly one.
func several[T any](g *maker, n int, f func() T) []any {
	var list []any
	for range [...]int{0, 1, 1, 1, n}[g.IntN(5)] {
		list = append(list, f())
	}
	return list
}

func (g *maker) quantity() map[string]any {
	q := map[string]any{"value": json.Number(one(g, someNumbers))}
	switch g.IntN(6) {
	case 0:
		q["unit"] = "mg printed"
	case 1:
		q["system"], q["code"] = "http://u", "mg"
	default:
		q["system"], q["code"], q["unit"] = ucumURL, one(g, ucumCodes), "printed"
	}
	if g.often(10) {
		q["comparator"] = one(g, []string{"<", "<=", ">", ">="})
	}
	return q
}

func (g *maker) period() map[string]any {
	p := map[string]any{}
	if g.often(80) {
		p["start"] = one(g, someDates)
	}
	if g.often(60) || len(p) == 0 {
		p["end"] = one(g, someDates)
	}
	return p
}

func (g *maker) name() map[string]any {
	n := map[string]any{"family": one(g, someNames)}
	if g.often(50) {
		n["given"] = []any{one(g, someNames), one(g, someNames)}
	}
	return n
}

func (g *maker) address() map[string]any {
	return map[string]any{"line": []any{one(g, someNames), one(g, someNames)}, "city": one(g, someNames)}
}

// make makes a resource of a type.
func (g *maker) make(typ, id string) *thing {
	b := map[string]any{"resourceType": typ, "id": id}
	set := func(chance int, name string, v any) {
		if list, ok := v.([]any); g.often(chance) && (!ok || list != nil) {
			b[name] = v
		}
	}
	meta := map[string]any{}
	if g.often(20) {
		meta["tag"] = []any{g.coding()}
	}
	if g.often(20) {
		meta["profile"] = []any{one(g, someURIs)}
	}
	if len(meta) > 0 {
		b["meta"] = meta
	}
	set(30, "text", map[string]any{"status": "generated", "div": `<div xmlns="http://www.w3.org/1999/xhtml"><p>` + g.words(2) + `</p>` + g.words(1) + `</div>`})
	set(60, "identifier", several(g, 2, g.identifier))
	person := []string{"Patient", "Practitioner", "Organization"}
	switch typ {
	case "Patient":
		set(90, "name", several(g, 2, g.name))
		set(70, "gender", one(g, []string{"male", "female"}))
		set(70, "birthDate", one(g, []string{"1970", "1970-03", "1970-03-30", "2000-02-29"}))
		set(50, "active", g.often(50))
		set(40, "managingOrganization", g.ref("Organization"))
		set(40, "generalPractitioner", several(g, 2, func() any { return g.ref("Practitioner", "Organization") }))
		set(15, "link", []any{map[string]any{"other": g.ref("Patient"), "type": "seealso"}})
		if g.often(40) {
			set(50, "deceasedBoolean", g.often(50))
		} else {
			set(50, "deceasedDateTime", one(g, someDates))
		}
		set(60, "address", several(g, 2, g.address))
		set(30, "telecom", []any{map[string]any{"system": one(g, []string{"phone", "email"}), "value": one(g, someCodes)}})
	case "Practitioner":
		set(90, "name", several(g, 2, g.name))
		set(70, "gender", one(g, []string{"male", "female"}))
	case "Organization", "Location":
		set(80, "name", one(g, someNames))
		set(20, "alias", []any{one(g, someNames)})
		set(70, "partOf", g.ref(typ))
		if typ == "Location" {
			set(50, "managingOrganization", g.ref("Organization"))
			set(50, "status", one(g, []string{"active", "suspended"}))
		}
	case "Encounter":
		set(90, "status", one(g, []string{"planned", "finished"}))
		set(80, "class", g.coding())
		set(80, "subject", g.ref("Patient"))
		set(80, "period", g.period())
		set(40, "length", g.quantity())
		set(30, "partOf", g.ref("Encounter"))
		set(50, "serviceProvider", g.ref("Organization"))
		set(50, "location", several(g, 3, func() any { return map[string]any{"location": g.ref("Location"), "period": g.period()} }))
		set(50, "participant", several(g, 2, func() any { return map[string]any{"individual": g.ref("Practitioner")} }))
	case "Observation":
		set(95, "status", one(g, []string{"final", "preliminary"}))
		set(90, "code", g.concept())
		set(40, "category", several(g, 2, g.concept))
		set(85, "subject", g.ref("Patient", "Patient", "Patient", "Location"))
		set(40, "encounter", g.ref("Encounter"))
		set(40, "performer", several(g, 2, func() any { return g.ref(person...) }))
		set(30, "hasMember", several(g, 2, func() any { return g.ref("Observation") }))
		set(75, one(g, []string{"effectiveDateTime"}), one(g, someDates))
		if b["effectiveDateTime"] == nil {
			set(60, "effectivePeriod", g.period())
		}
		switch g.IntN(6) {
		case 0, 1, 2:
			b["valueQuantity"] = g.quantity()
		case 3:
			b["valueCodeableConcept"] = g.concept()
		case 4:
			b["valueString"] = one(g, someNames)
		default:
			b["valueDateTime"] = one(g, someDates)
		}
		set(30, "component", several(g, 2, func() any {
			c := map[string]any{"code": g.concept()}
			if g.often(70) {
				c["valueQuantity"] = g.quantity()
			}
			return c
		}))
	case "Condition":
		set(90, "code", g.concept())
		set(90, "subject", g.ref("Patient"))
		set(30, "asserter", g.ref("Patient", "Practitioner"))
		set(40, "encounter", g.ref("Encounter"))
		set(60, "recordedDate", one(g, someDates))
		switch g.IntN(5) {
		case 0:
			b["onsetDateTime"] = one(g, someDates)
		case 1:
			b["onsetPeriod"] = g.period()
		case 2:
			b["onsetAge"] = g.quantity()
		case 3:
			low, high := one(g, someNumbers), one(g, someNumbers)
			b["onsetRange"] = map[string]any{"low": map[string]any{"value": json.Number(low), "system": ucumURL, "code": "min"}, "high": map[string]any{"value": json.Number(high), "system": ucumURL, "code": "min"}}
		}
	case "DiagnosticReport":
		set(90, "status", one(g, []string{"final", "preliminary"}))
		set(90, "subject", g.ref("Patient", "Patient", "Location"))
		set(80, "result", several(g, 3, func() any { return g.ref("Observation") }))
		set(50, "performer", several(g, 2, func() any { return g.ref("Practitioner", "Organization") }))
		set(60, "issued", "2020-02-03T10:11:12.345Z")
	case "RiskAssessment":
		set(90, "subject", g.ref("Patient"))
		set(50, "condition", g.ref("Condition"))
		set(80, "prediction", several(g, 2, func() any { return map[string]any{"probabilityDecimal": json.Number(one(g, someNumbers))} }))
		set(60, "occurrenceDateTime", one(g, someDates))
	case "ValueSet":
		set(90, "url", one(g, someURIs))
		set(60, "name", one(g, someNames))
		set(60, "date", one(g, someDates[:5]))
	case "QuestionnaireResponse":
		set(80, "subject", g.ref("Patient"))
		set(60, "author", g.ref(person...))
		set(80, "questionnaire", one(g, someURIs[:6])+one(g, []string{"", "|1", "|2"}))
	}
	return &thing{typ: typ, id: id, body: b}
}

// newWorld makes n resources, or more where there are to be so many Observations, and stores
// them: some in several versions, so that old rows of the index must go, and some that are
// deleted afterwards.
func newWorld(t testing.TB, s store.Store, seed uint64, n, observations int) (*world, *maker) {
	t.Helper()
	g := &maker{Rand: rand.New(rand.NewPCG(seed, 0)), count: map[string]int{}}
	for _, k := range kindsOfThings {
		g.count[k.typ] = max(n*k.share/100, 2)
	}
	g.count["Observation"] = max(g.count["Observation"], observations)
	var things []*thing
	var gone []store.Command
	var first []store.Command
	for _, k := range kindsOfThings {
		for i := range g.count[k.typ] {
			r := g.make(k.typ, fmt.Sprintf("%c%d", k.typ[0]|0x20, i))
			switch {
			case g.often(4):
				first = append(first, store.Update{Resource: r.node(t)})
				gone = append(gone, store.Delete{Key: store.Key{Type: r.typ, ID: r.id}})
				continue
			case g.often(20):
				first = append(first, store.Update{Resource: g.make(r.typ, r.id).node(t)})
			}
			things = append(things, r)
		}
	}
	do(t, s, first...)
	g.Shuffle(len(things), func(i, j int) { things[i], things[j] = things[j], things[i] })
	const batches = 10
	for i := range batches {
		var batch []store.Command
		part := things[len(things)*i/batches : len(things)*(i+1)/batches]
		for _, r := range part {
			batch = append(batch, store.Update{Resource: r.node(t)})
		}
		for j, res := range do(t, s, batch...) {
			part[j].updated = res.Version.At.UnixMilli()
			if j == 0 {
				g.moments = append(g.moments, res.Version.At.UTC().Format("2006-01-02T15:04:05.000Z"))
			}
		}
	}
	do(t, s, gone...)
	return worldOf(things), g
}
