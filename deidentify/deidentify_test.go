package deidentify

import (
	"bytes"
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/clinical/phi"
	"chartlake/document"
	"chartlake/fhir"
	"chartlake/fhir/validate"
	"chartlake/record"
)

var finder = func() *phi.Finder {
	f, err := phi.Open()
	if err != nil {
		panic(err)
	}
	return f
}()

func key(t *testing.T, seed byte, dates Dates) *Key {
	t.Helper()
	k, err := NewKey(bytes.Repeat([]byte{seed}, KeyBytes), dates)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSurrogatesHangOnTheKeyAndThePerson(t *testing.T) {
	t.Parallel()
	a, b := key(t, 1, Shift), key(t, 2, Shift)
	one, again, other := a.Person(finder, "p1", true, nil), a.Person(finder, "p1", true, nil), a.Person(finder, "p2", true, nil)
	keyed := b.Person(finder, "p1", true, nil)
	if got := one.Name("John Q. Abernathy"); got != again.Name("John Q. Abernathy") || got == other.Name("John Q. Abernathy") || got == keyed.Name("John Q. Abernathy") ||
		strings.Contains(got, "Abernathy") {
		t.Errorf("the name is %q", got)
	}
	if got := one.Name("Quark682, Zeb9"); strings.ContainsAny(got, "0123456789") {
		t.Errorf("the figures of a name stay: %q", got)
	}
	if one.Name("ABERNATHY, JOHN") != strings.ToUpper(one.Name("Abernathy, John")) {
		t.Error("another case is another name")
	}
	if a.ID("x") != key(t, 1, Years).ID("x") || a.ID("x") == b.ID("x") || len(a.ID("x")) != 26 {
		t.Error("ids do not hang on the key alone")
	}
	if _, err := NewKey(make([]byte, 31), Shift); err == nil {
		t.Error("a short key is taken")
	}
}

// TestIntervalsStay: what lies between two days of one person is the same after the shift, in
// resources and in text alike.
func TestIntervalsStay(t *testing.T) {
	t.Parallel()
	p := key(t, 3, Shift).Person(finder, "p", true, nil)
	day := func(s string) time.Time {
		d, err := time.Parse("2006-01-02", s[:10])
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	from, to := p.date("2023-12-20"), p.date("2024-03-05T10:11:12+02:00")
	if got := day(to).Sub(day(from)); got != 76*24*time.Hour || from == "2023-12-20" || !strings.HasSuffix(to, "T10:11:12+02:00") {
		t.Errorf("%s to %s", from, to)
	}
	written, err := time.Parse("January 2, 2006", p.day("December 20th, 2023"))
	if err != nil || !written.Equal(day(from)) {
		t.Errorf("%v %v, want %s", written, err, from)
	}
	years := key(t, 3, Years).Person(finder, "p", true, nil)
	for in, want := range map[string]string{"2023-12-20": "2023", "2023-12": "2023", "2023": "2023", "x": ""} {
		if got := years.date(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	if got := years.day("12/20/2023"); got != "2023" {
		t.Errorf("a year alone: %q", got)
	}
	if got := years.day("12/20/23"); got != "[date]" {
		t.Errorf("no year: %q", got)
	}
}

func TestZIP(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"44123-9912": "441", "03601": "000", "20512": "000", "90210": "902", "902": "000", "": "000"} {
		if got := ZIP(code); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
}

const patient = `{"resourceType":"Patient","id":"secret1","meta":{"lastUpdated":"2024-01-02T03:04:05Z","source":"urn:x:1","versionId":"2"},
"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Zebulon Quark</div>"},
"identifier":[{"system":"urn:oid:1.2.3","value":"MRN-778899","assigner":{"display":"Quark Hospital"}}],
"name":[{"use":"official","family":"Quark","given":["Zebulon","Q"],"text":"Zebulon Quark"}],"telecom":[{"system":"phone","value":"212-555-0111"}],
"gender":"male","birthDate":"1931-05-06","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1931-05-06T01:02:03Z"}]},
"deceasedDateTime":"2024-02-03","address":[{"line":["9 Elm St"],"city":"Toledo","state":"OH","postalCode":"43604"}],
"photo":[{"contentType":"image/png","data":"aGk="}],"contact":[{"name":{"family":"Zorn","given":["Ada"]},"gender":"female"}],
"extension":[{"url":"http://example.org/mother","valueString":"Agnes Quark"},{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex","valueCode":"M"}],
"generalPractitioner":[{"reference":"Practitioner/doc9","display":"Dr. Nerys Vole"}]}`

const observation = `{"resourceType":"Observation","id":"secret2","status":"final","subject":{"reference":"Patient/secret1/_history/3","display":"Quark"},
"code":{"coding":[{"system":"http://loinc.org","code":"718-7","display":"Hemoglobin"}],"text":"Hgb of Zebulon"},
"effectiveDateTime":"2024-01-09T08:00:00Z","valueQuantity":{"value":13.20,"unit":"g/dL","system":"http://unitsofmeasure.org","code":"g/dL"},
"note":[{"text":"Mr. Quark called 212-555-0111; MRN 778899. Stable since 3/4/2020.","time":"2024-01-10"}],"issued":"2024-01-09T09:00:00.000Z"}`

func parse(t *testing.T, s string) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestResources(t *testing.T) {
	t.Parallel()
	people := NewPeople()
	prov := parse(t, `{"resourceType":"Provenance","id":"pr","target":[{"reference":"Observation/secret2"}],"recorded":"2024-01-09T09:00:00Z","agent":[{"who":{"display":"Chartlake"}}],
"entity":[{"role":"source","what":{"reference":"DocumentReference/d1"},"extension":[{"url":"https://chartlake.dev/fhir/StructureDefinition/evidence","extension":[{"url":"quote","valueString":"Zebulon"},{"url":"page","valueInteger":2},{"url":"box","valueString":"0.1 0.2 0.3 0.4"}]}]}]}`)
	all := []*fhir.Node{parse(t, patient), parse(t, observation), prov}
	for _, r := range all {
		people.Note(r)
	}
	k := key(t, 4, Shift)
	for _, r := range all {
		if owner := people.Owner(r.Type() + "/" + r.ID()); owner != "secret1" {
			t.Errorf("%s is of %q", r.Type(), owner)
		}
		p := k.Person(finder, "secret1", true, people.Known("secret1"))
		out := p.Resource(r, time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
		text := string(out.AppendJSON(nil))
		for _, secret := range []string{"secret1", "secret2", "Quark", "Zebulon", "778899", "555-0111", "Elm", "Toledo", "Zorn", "Agnes", "Vole", "1931", "2024-01-09", "2020-03-04", "3/4/2020", "43604", "aGk", "urn:", "lastUpdated\":\"2024"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s has %q: %s", r.Type(), secret, text)
			}
		}
		if p.Leaks(text) {
			t.Errorf("%s leaks", r.Type())
		}
		for _, i := range (validate.Validator{}).Resource(out) {
			if i.Severity == "error" {
				t.Errorf("%s: %+v\n%s", r.Type(), i, text)
			}
		}
	}
	p := k.Person(finder, "secret1", true, people.Known("secret1"))
	got := p.Resource(all[0], time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	if got.Str("address") != "" || got.Get("address").Item(0).Str("postalCode") != "436" || got.Get("address").Item(0).Str("state") != "OH" || got.Str("gender") != "male" {
		t.Errorf("what may stay is gone: %s", got.AppendJSON(nil))
	}
	obs := p.Resource(all[1], time.Now())
	if obs.Get("valueQuantity").Get("value").Text() != "13.20" || obs.Get("subject").Str("reference") != "Patient/"+got.ID() {
		t.Errorf("the observation: %s", obs.AppendJSON(nil))
	}
	if young := p.Resource(all[0], time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)); young.Str("birthDate") == "" {
		t.Error("the birth date of somebody of 88 years is gone")
	}
	drug := p.Resource(parse(t, `{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{"reference":"Patient/secret1"},"medicationCodeableConcept":{
"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"1","display":"Natazia 28 Day Pack Dr. Vole"}],"text":"Natazia 28 Day Pack Dr. Vole"},"reasonCode":[{"text":"Seen by Dr. Vole"}]}`), time.Now())
	if got := drug.Path("medicationCodeableConcept").Str("text"); got != "Natazia 28 Day Pack Dr. Vole" || strings.Contains(drug.Get("reasonCode").Item(0).Str("text"), "Vole") {
		t.Errorf("the drug: %s", drug.AppendJSON(nil))
	}
	if n := p.Resource(parse(t, `{"resourceType":"Binary","id":"b","contentType":"image/png","data":"aGk="}`), time.Now()); n != nil {
		t.Error("an original is exported")
	}
}

// TestPages: the pixels and the words of what identifies are gone, and what may stay is there.
func TestPages(t *testing.T) {
	t.Parallel()
	word := func(s string, x, y float64) document.Word {
		return document.Word{Text: s, Box: document.Box{X: x, Y: y, W: 0.1, H: 0.02}, Confidence: 0.95}
	}
	page := document.Page{Number: 1, Width: 1000, Height: 1000, Words: []document.Word{word("Dr.", 0.1, 0.1), word("Vole", 0.25, 0.1), word("fever", 0.1, 0.2), word("S0m3", 0.25, 0.2), word("QX-9", 0.4, 0.3)},
		Lines: []document.Line{{Words: []int{0, 1}}, {Words: []int{2, 3}}, {Words: []int{4}}}, Barcodes: []document.Code{{Box: document.Box{X: 0.7, Y: 0.7, W: 0.1, H: 0.1}}}}
	page.Words[3].Confidence = 0.2
	value := "QX-9"
	doc := &document.Document{Pages: []document.Page{page}}
	p := key(t, 5, Shift).Person(finder, "p", true, nil)
	sheets, text, found := p.Pages(doc, 1, 1, nil, []record.Field{{Kind: record.KindID, Page: 1, Box: page.Words[4].Box, Value: &value}})
	if len(sheets) != 1 || len(found) != 1 || strings.Contains(text, "Vole") || !strings.HasSuffix(text, "fever [unread]\n[unread]") {
		t.Fatalf("%d sheets, %q", len(sheets), text)
	}
	var left []string
	for _, l := range sheets[0].Page.Lines {
		for _, w := range l.Words {
			left = append(left, sheets[0].Page.Words[w].Text)
		}
	}
	if diff := cmp.Diff([]string{"Dr.", "fever"}, left); diff != "" {
		t.Errorf("the words that stay (-want +got):\n%s", diff)
	}
	picture := image.NewGray(image.Rect(0, 0, 1000, 1000))
	for i := range picture.Pix {
		picture.Pix[i] = 250
	}
	black := sheets[0].Blacken(picture)
	for place, want := range map[image.Point]uint8{{300, 110}: 0, {300, 210}: 0, {450, 310}: 0, {750, 750}: 0, {150, 210}: 250, {150, 110}: 250, {900, 900}: 250} {
		if got := black.RGBAAt(place.X, place.Y).R; got != want {
			t.Errorf("at %v it is %d, want %d", place, got, want)
		}
	}
}

func TestPhotographs(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	img := image.NewRGBA(image.Rect(0, 0, 1200, 1600))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for y := 300; y < 520; y++ { // tones
		for x := 100; x < 280; x++ {
			v := uint8(90 + 40*((x/20+y/30)%3) + rnd.IntN(24))
			img.SetRGBA(x, y, color.RGBA{v, v, v, 255})
		}
	}
	for y := 900; y < 1150; y++ { // a screen
		for x := 700; x < 900; x++ {
			if (x+y)%2 == 0 {
				img.SetRGBA(x, y, color.RGBA{0, 0, 0, 255})
			}
		}
	}
	for line := range 20 { // print
		for x := 100; x < 1000; x++ {
			if x%9 < 2 {
				for y := range 14 {
					img.SetRGBA(x, 1250+line*16+y%10, color.RGBA{0, 0, 0, 255})
				}
			}
		}
	}
	got := Photographs(img)
	if len(got) != 2 {
		t.Fatalf("%d photographs: %v", len(got), got)
	}
	for i, want := range []document.Box{{X: 100 / 1200., Y: 300 / 1600., W: 180 / 1200., H: 220 / 1600.}, {X: 700 / 1200., Y: 900 / 1600., W: 200 / 1200., H: 250 / 1600.}} {
		if in := got[i].Intersect(want); in.Area() < 0.999*want.Area() || got[i].Area() > 1.7*want.Area() {
			t.Errorf("%v, want %v", got[i], want)
		}
	}
}

func FuzzResource(f *testing.F) {
	f.Add(patient)
	f.Add(observation)
	f.Add(`{"resourceType":"List","id":1,"contained":[{"resourceType":"Patient","name":"x"}],"entry":[[]],"_status":null}`)
	k, err := NewKey(make([]byte, KeyBytes), Shift)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := fhir.Parse([]byte(s))
		if err != nil {
			return
		}
		people := NewPeople()
		people.Note(n)
		if out := k.Person(finder, "p", true, people.Known(people.Owner(n.Type()+"/"+n.ID()))).Resource(n, time.Unix(0, 0)); out != nil {
			if _, err := fhir.Parse(out.AppendJSON(nil)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
