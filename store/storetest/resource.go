package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
)

func testVersions(t *testing.T, open Open) {
	s := open(t)
	key := store.Key{Type: "Patient", ID: "a"}
	for i := 1; i <= 5; i++ {
		r := do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a","gender":"other","multipleBirthInteger":%d}`, i)})[0]
		wantOp := store.OpUpdate
		if i == 1 {
			wantOp = store.OpCreate
		}
		if r.Version.Version != i || r.Op != wantOp || r.Version.Resource.Str("meta", "versionId") != fmt.Sprint(i) {
			t.Fatalf("write %d gave version %d, op %s, %s", i, r.Version.Version, r.Op, r.Version.Resource.AppendJSON(nil))
		}
	}
	view(t, s, anna, func(v store.View) error {
		for i := 1; i <= 5; i++ {
			got, err := v.VersionRead(key, i)
			if err != nil {
				return err
			}
			if got.Resource.Str("multipleBirthInteger") != fmt.Sprint(i) {
				t.Errorf("version %d has the content of another", i)
			}
		}
		if _, err := v.VersionRead(key, 6); !fault.Is(err, fault.NotFound) {
			t.Errorf("version 6: %v, want NotFound", err)
		}
		if _, err := v.Read(store.Key{Type: "Patient", ID: "none"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("unknown id: %v, want NotFound", err)
		}
		return nil
	})
	if ids := all(t, s, anna, "Patient?gender=other"); len(ids) != 1 {
		t.Errorf("search finds %v: old versions must not be found", ids)
	}
	// Nothing but meta changed, and SkipSame: no version.
	r := do(t, s, store.Update{SkipSame: true, Resource: parse(t, `{"resourceType":"Patient","id":"a","meta":{"versionId":"9"},"gender":"other","multipleBirthInteger":5}`)})[0]
	if r.Op != "" || r.Version.Version != 5 {
		t.Errorf("the same content made version %d, op %q", r.Version.Version, r.Op)
	}
}

func testDeleted(t *testing.T, open Open) {
	s := open(t)
	key := store.Key{Type: "Patient", ID: "a"}
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a","active":true}`)})
	if r := do(t, s, store.Delete{Key: key})[0]; r.Op != store.OpDelete || r.Version.Version != 2 {
		t.Errorf("deletion gave %+v", r)
	}
	if r := do(t, s, store.Delete{Key: key})[0]; r.Op != "" {
		t.Errorf("the second deletion did something")
	}
	do(t, s, store.Delete{Key: store.Key{Type: "Patient", ID: "never"}})
	view(t, s, anna, func(v store.View) error {
		if _, err := v.Read(key); !fault.Is(err, fault.Gone) {
			t.Errorf("read of a deleted resource: %v, want Gone", err)
		}
		if _, err := v.VersionRead(key, 2); !fault.Is(err, fault.Gone) {
			t.Errorf("read of the deletion: %v, want Gone", err)
		}
		_, err := v.VersionRead(key, 1)
		return err
	})
	if n := total(t, s, anna, "Patient?active=true"); n != 0 {
		t.Errorf("%d matches after deletion", n)
	}
	if r := do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a","active":true}`)})[0]; r.Version.Version != 3 {
		t.Errorf("revived as version %d, want 3", r.Version.Version)
	}
	if n := total(t, s, anna, "Patient?active=true"); n != 1 {
		t.Errorf("%d matches after revival", n)
	}
}

func testPreconditions(t *testing.T, open Open) {
	s := open(t)
	res := parse(t, `{"resourceType":"Patient","id":"a"}`)
	fails(t, s, "version_conflict", store.Update{Resource: res, IfMatch: 1})
	do(t, s, store.Update{Resource: res})
	fails(t, s, "version_conflict", store.Update{Resource: res, IfMatch: 2})
	do(t, s, store.Update{Resource: res, IfMatch: 1})
	f := fails(t, s, "version_conflict", store.Create{Resource: parse(t, `{"resourceType":"Patient"}`)}, store.Delete{Key: store.Key{Type: "Patient", ID: "a"}, IfMatch: 1})
	if f.Path != "Bundle.entry[1]" {
		t.Errorf("the fault is about %q", f.Path)
	}
	fails(t, s, "bad_id", store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"not an id"}`)})
	fails(t, s, "unknown_type", store.Create{Resource: parse(t, `{"resourceType":"Spaceship"}`)})
	if _, err := s.Transact(context.Background(), store.Actor{}, nil); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("the zero actor: %v", err)
	}
	if err := s.View(context.Background(), store.Actor{}, func(store.View) error { return nil }); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("the zero actor reads: %v", err)
	}
}

func testModify(t *testing.T, open Open) {
	s := open(t)
	name := parse(t, `{"resourceType":"Patient","id":"a"}`)
	count := func(cur *fhir.Node) (*fhir.Node, error) {
		n := 1
		if cur != nil {
			fmt.Sscan(cur.Str("multipleBirthInteger"), &n)
			n++
		}
		return parse(t, `{"resourceType":"Patient","id":"a","multipleBirthInteger":%d}`, n), nil
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if _, err := s.Transact(context.Background(), anna, []store.Command{store.Update{Resource: name, Modify: count}}); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	view(t, s, anna, func(v store.View) error {
		got, err := v.Read(store.Key{Type: "Patient", ID: "a"})
		if err == nil && got.Resource.Str("multipleBirthInteger") != "20" {
			t.Errorf("20 increments made %s", got.Resource.Str("multipleBirthInteger"))
		}
		return err
	})
	r := do(t, s, store.Update{Resource: name, Keep: func(*fhir.Node) bool { return true }})[0]
	if r.Op != "" || r.Version.Version != 20 {
		t.Errorf("Keep did not keep: %+v", r)
	}
}

func testAllOrNothing(t *testing.T, open Open) {
	s := open(t)
	fails(t, s, "several_matches",
		store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a","active":true}`)},
		store.Receive{Document: document("01")},
		func() store.Command {
			do(t, s, store.Create{Resource: parse(t, `{"resourceType":"Group","type":"person","actual":true}`)}, store.Create{Resource: parse(t, `{"resourceType":"Group","type":"person","actual":true}`)})
			return store.Create{Resource: parse(t, `{"resourceType":"Group"}`), IfNoneExist: query(t, "Group?actual=true")}
		}())
	view(t, s, anna, func(v store.View) error {
		if _, err := v.Read(store.Key{Type: "Patient", ID: "a"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("part of a refused transaction is there: %v", err)
		}
		if _, err := v.Document(document("01").ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("the document of a refused transaction is there: %v", err)
		}
		return nil
	})
	if n := total(t, s, anna, "Patient?active=true"); n != 0 {
		t.Errorf("the index has %d rows of a refused transaction", n)
	}
	// What the refused transaction numbered is numbered again.
	if r := do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a","active":true}`)})[0]; r.Version.Version != 1 {
		t.Errorf("version %d after a refused write, want 1", r.Version.Version)
	}
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
}

func testLinks(t *testing.T, open Open) {
	s := open(t)
	const u = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
	res := do(t, s,
		store.Create{FullURL: "urn:uuid:second", Resource: parse(t, `{"resourceType":"DocumentReference","status":"current",
			"text":{"status":"generated","div":"<div><a href=\"`+u+`\">x</a></div>"},
			"identifier":[{"system":"urn:ietf:rfc:3986","value":"`+u+`"}],
			"subject":{"reference":"`+u+`"},"content":[{"attachment":{"url":"`+u+`"}}],
			"extension":[{"url":"http://e","valueUri":"`+u+`"}]}`)},
		store.Create{FullURL: u, Resource: parse(t, `{"resourceType":"Patient","id":"ignored","link":[{"other":{"reference":"`+u+`"},"type":"seealso"}]}`)})
	patient := res[1].Version.Key
	if patient.ID == "ignored" {
		t.Error("a create took the client's id")
	}
	doc := res[0].Version.Resource
	for what, got := range map[string]string{
		"subject":   doc.Str("subject", "reference"),
		"url":       doc.Str("content", "attachment", "url"),
		"extension": doc.Str("extension", "valueUri"),
		"self":      res[1].Version.Resource.Str("link", "other", "reference"),
	} {
		if got != patient.String() {
			t.Errorf("%s refers to %s, want %s", what, got, patient)
		}
	}
	if got := doc.Str("identifier", "value"); got != u {
		t.Errorf("the identifier was changed to %s", got)
	}
	if !strings.Contains(doc.Str("text", "div"), `href="`+patient.String()+`"`) {
		t.Errorf("narrative: %s", doc.Str("text", "div"))
	}
	if n := total(t, s, anna, "DocumentReference?patient="+patient.ID); n != 1 {
		t.Errorf("the resolved reference is found %d times", n)
	}
}

// testVersionSpecific: a reference marked so names the version that the transaction leaves.
func testVersionSpecific(t *testing.T, open Open) {
	s := open(t)
	const mark = `"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/resolve-as-version-specific","valueBoolean":true}],`
	provenance := func(id, target string) store.Command {
		return store.Update{Resource: parse(t, `{"resourceType":"Provenance","id":"%s","target":[{`+mark+`"reference":"%s"}]}`, id, target)}
	}
	patient := func(family string) store.Command {
		return store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p","name":[{"family":"%s"}]}`, family)}
	}
	const u = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
	do(t, s, patient("One"))
	res := do(t, s, patient("Two"), provenance("a", "Patient/p"), store.Create{FullURL: u, Resource: parse(t, `{"resourceType":"Patient"}`)},
		provenance("b", u), provenance("c", "Patient/nobody"))
	for i, want := range map[int]string{1: "Patient/p/_history/2", 3: res[2].Version.Key.String() + "/_history/1", 4: "Patient/nobody"} {
		if got := res[i].Version.Resource.Str("target", "reference"); got != want {
			t.Errorf("command %d refers to %s, want %s", i, got, want)
		}
	}
	if res[1].Version.Resource.Get("target").Item(0).Get("extension") != nil {
		t.Error("the mark was kept")
	}
	if n := total(t, s, anna, "Provenance?target=Patient/p"); n != 1 {
		t.Errorf("the version's resource is found %d times", n)
	}
	if got := do(t, s, provenance("d", "Patient/p"))[0].Version.Resource.Str("target", "reference"); got != "Patient/p/_history/2" {
		t.Errorf("a stored target: %s", got)
	}
}

func testConditionalReference(t *testing.T, open Open) {
	s := open(t)
	obs := parse(t, `{"resourceType":"Observation","status":"final","subject":{"reference":"Patient?identifier=http://h|7"}}`)
	fails(t, s, "conditional_reference", store.Create{Resource: obs})
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p","identifier":[{"system":"http://h","value":"7"}]}`)})
	r := do(t, s, store.Create{Resource: obs})[0]
	if got := r.Version.Resource.Str("subject", "reference"); got != "Patient/p" {
		t.Errorf("resolved to %s", got)
	}
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"q","identifier":[{"system":"http://h","value":"7"}]}`)})
	f := fails(t, s, "conditional_reference", store.Create{Resource: parse(t, `{"resourceType":"Patient"}`)}, store.Create{Resource: obs})
	if f.Path != "Bundle.entry[1]" || f.Kind != fault.Precondition {
		t.Errorf("fault %v at %q", f.Kind, f.Path)
	}
}

func testDuplicateTarget(t *testing.T, open Open) {
	s := open(t)
	p := parse(t, `{"resourceType":"Patient","id":"p","identifier":[{"value":"7"}]}`)
	fails(t, s, "duplicate_target", store.Update{Resource: p}, store.Update{Resource: p})
	do(t, s, store.Update{Resource: p})
	fails(t, s, "duplicate_target", store.Update{Resource: p, Where: query(t, "Patient?identifier=7")}, store.Update{Resource: p})
	// Two conditional creates with the same criteria in one bundle are one resource.
	c := store.Create{Resource: parse(t, `{"resourceType":"Patient","identifier":[{"value":"8"}]}`), IfNoneExist: query(t, "Patient?identifier=8")}
	res := do(t, s, c, c)
	if res[0].Version.Key != res[1].Version.Key || res[1].Op != "" {
		t.Errorf("two resources: %v %v", res[0].Version.Key, res[1].Version.Key)
	}
}

func testConcurrentConditionalCreate(t *testing.T, open Open) {
	s := open(t)
	const n = 1_000
	ids := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			res, err := s.Transact(context.Background(), anna, []store.Command{store.Create{
				Resource:    parse(t, `{"resourceType":"Patient","identifier":[{"system":"http://h","value":"1"}]}`),
				IfNoneExist: query(t, "Patient?identifier=http://h|1")}})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = res[0].Version.Key.ID
		}()
	}
	wg.Wait()
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 1 {
		t.Errorf("%d resources", len(slices.Compact(ids)))
	}
	if n := total(t, s, anna, "Patient?identifier=1"); n != 1 {
		t.Errorf("%d matches", n)
	}
}

func testConcurrentUpdates(t *testing.T, open Open) {
	s := open(t)
	const writers, each = 8, 10
	var mu sync.Mutex
	var versions []int
	var wg sync.WaitGroup
	for w := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range each {
				res, err := s.Transact(context.Background(), anna, []store.Command{store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a","multipleBirthInteger":%d}`, w*each+i)}})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				versions = append(versions, res[0].Version.Version)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	slices.Sort(versions)
	for i, v := range versions {
		if v != i+1 {
			t.Fatalf("versions are not dense: %v", versions)
		}
	}
}

func testConditionalUpdateAndDelete(t *testing.T, open Open) {
	s := open(t)
	where := query(t, "Patient?identifier=7")
	body := parse(t, `{"resourceType":"Patient","identifier":[{"value":"7"}]}`)
	first := do(t, s, store.Update{Resource: body, Where: where})[0]
	if first.Op != store.OpCreate {
		t.Errorf("no match: op %s", first.Op)
	}
	second := do(t, s, store.Update{Resource: body, Where: where})[0]
	if second.Op != store.OpUpdate || second.Version.Key != first.Version.Key || second.Version.Version != 2 {
		t.Errorf("one match: %+v", second)
	}
	fails(t, s, "id_mismatch", store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"other"}`), Where: where})
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"b","identifier":[{"value":"7"}]}`)})
	fails(t, s, "several_matches", store.Update{Resource: body, Where: where})
	fails(t, s, "several_matches", store.Delete{Key: store.Key{Type: "Patient"}, Where: where})
	do(t, s, store.Delete{Key: store.Key{Type: "Patient"}, Where: where, Many: true})
	if n := total(t, s, anna, "Patient?identifier=7"); n != 0 {
		t.Errorf("%d left", n)
	}
}

func testSnapshot(t *testing.T, open Open) {
	s := open(t)
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a","active":true}`)})
	changed := s.Changed()
	view(t, s, anna, func(v store.View) error {
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a","active":false}`)}, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"b","active":true}`)})
		got, err := v.Read(store.Key{Type: "Patient", ID: "a"})
		if err != nil {
			return err
		}
		if got.Version != 1 {
			t.Errorf("the snapshot sees version %d", got.Version)
		}
		page, err := v.Search(query(t, "Patient?active=true"))
		if err == nil && (len(page.Matches) != 1 || page.Matches[0].Key.ID != "a") {
			t.Errorf("the snapshot finds %d matches", len(page.Matches))
		}
		return err
	})
	select {
	case <-changed:
	default:
		t.Error("Changed was not closed by a commit")
	}
	if ids := all(t, s, anna, "Patient?active=true"); !slices.Equal(ids, []string{"b"}) {
		t.Errorf("after the snapshot: %v", ids)
	}
}

func testHistory(t *testing.T, open Open) {
	s := open(t)
	for i := range 7 {
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a","multipleBirthInteger":%d}`, i)},
			store.Create{Resource: parse(t, `{"resourceType":"Basic","code":{"text":"x"}}`)})
	}
	do(t, s, store.Delete{Key: store.Key{Type: "Patient", ID: "a"}})
	for _, q := range []store.HistoryQuery{{Type: "Patient", ID: "a", Count: 3}, {Type: "Patient", Count: 3}, {Count: 4}} {
		want := 8
		if q.Type == "" {
			want = 15
		}
		var seqs []int64
		for {
			var page *store.HistoryPage
			view(t, s, anna, func(v store.View) (err error) {
				page, err = v.History(q)
				return err
			})
			if page.Total == nil || *page.Total != want {
				t.Errorf("%+v: total %v, want %d", q, page.Total, want)
			}
			for _, v := range page.Versions {
				if (v.Op == store.OpDelete) != (v.Resource == nil) {
					t.Errorf("%s version %d: op %s, resource %v", v.Key, v.Version, v.Op, v.Resource != nil)
				}
				seqs = append(seqs, v.Seq)
			}
			if page.Next == "" {
				break
			}
			q.Cursor = page.Next
		}
		if len(seqs) != want || !slices.IsSortedFunc(seqs, func(a, b int64) int { return int(b - a) }) {
			t.Errorf("%+v: %d versions, %v", q, len(seqs), seqs)
		}
	}
}

func testCursor(t *testing.T, open Open) {
	s := open(t)
	for i := range 5 {
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p%d","name":[{"family":"Secretname%d"}]}`, i, i)})
	}
	q := query(t, "Patient?_sort=family&_count=2")
	var page *store.SearchPage
	view(t, s, anna, func(v store.View) (err error) {
		page, err = v.Search(q)
		return err
	})
	if page.Next == "" || strings.Contains(strings.ToLower(page.Next), "secret") {
		t.Fatalf("cursor %q", page.Next)
	}
	for what, try := range map[string]func(*search.Query) store.Actor{
		"changed": func(q *search.Query) store.Actor {
			q.Cursor = string(unlike(page.Next[0])) + page.Next[1:]
			return anna
		},
		"cut":     func(q *search.Query) store.Actor { q.Cursor = page.Next[:len(page.Next)/2]; return anna },
		"foreign": func(q *search.Query) store.Actor { q.Cursor = page.Next; return store.Actor{ID: "user:bob"} },
		"other query": func(q *search.Query) store.Actor {
			*q = *query(t, "Patient?_sort=-family&_count=2")
			q.Cursor = page.Next
			return anna
		},
	} {
		c := *q
		actor := try(&c)
		err := s.View(context.Background(), actor, func(v store.View) error {
			_, err := v.Search(&c)
			return err
		})
		if f := fault.As(err); f == nil || f.Code != "bad_cursor" {
			t.Errorf("%s: %v, want bad_cursor", what, err)
		}
	}
}

// unlike gives a letter of a cursor's alphabet that is not c.
func unlike(c byte) byte {
	if c == 'A' {
		return 'B'
	}
	return 'A'
}

func testIncludes(t *testing.T, open Open) {
	s := open(t)
	do(t, s,
		store.Update{Resource: parse(t, `{"resourceType":"Organization","id":"o","name":"Clinic"}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p","managingOrganization":{"reference":"Organization/o"}}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"Patient/p"}}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"b","status":"final","subject":{"reference":"Patient/p"},"hasMember":[{"reference":"Observation/a"},{"reference":"Observation/nowhere"}]}`)})
	for q, want := range map[string]string{
		"Observation?_id=a&_include=Observation:subject":                                               "Patient/p",
		"Observation?_id=a&_include=Observation:subject:Group":                                         "",
		"Observation?_include=Observation:subject":                                                     "Patient/p",
		"Observation?_id=b&_include=*":                                                                 "Observation/a Patient/p",
		"Observation?_id=a&_include=Observation:subject&_include:iterate=Patient:organization":         "Organization/o Patient/p",
		"Patient?_revinclude=Observation:subject":                                                      "Observation/a Observation/b",
		"Organization?_revinclude=Patient:organization&_revinclude:iterate=Observation:patient":        "Observation/a Observation/b Patient/p",
		"Observation?_id=a&_revinclude=Observation:has-member&_include:iterate=Observation:has-member": "Observation/b",
	} {
		view(t, s, anna, func(v store.View) error {
			page, err := v.Search(query(t, q))
			if err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
			var got []string
			for _, i := range page.Included {
				got = append(got, i.Key.String())
			}
			slices.Sort(got)
			if strings.Join(got, " ") != want {
				t.Errorf("%s brings %v, want %s", q, got, want)
			}
			return nil
		})
	}
}

func testConfined(t *testing.T, open Open) {
	s := open(t)
	for _, p := range []string{"p", "q"} {
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"%s","name":[{"family":"F%s"}],"generalPractitioner":[{"reference":"Practitioner/d"}]}`, p, p)},
			store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"o%s","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/%s"}}`, p, p)})
	}
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Practitioner","id":"d"}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"both","status":"final","hasMember":[{"reference":"Observation/oq"}],"subject":{"reference":"Patient/p"}}`)})
	own := store.Actor{ID: "app:p", Patients: []string{"p"}}
	view(t, s, own, func(v store.View) error {
		for _, key := range []store.Key{{Type: "Patient", ID: "q"}, {Type: "Observation", ID: "oq"}, {Type: "Practitioner", ID: "d"}} {
			if _, err := v.Read(key); !fault.Is(err, fault.NotFound) {
				t.Errorf("read %s: %v, want NotFound", key, err)
			}
			if _, err := v.VersionRead(key, 1); !fault.Is(err, fault.NotFound) {
				t.Errorf("version read %s: %v, want NotFound", key, err)
			}
			if _, err := v.History(store.HistoryQuery{Type: key.Type, ID: key.ID}); !fault.Is(err, fault.NotFound) {
				t.Errorf("history %s: %v, want NotFound", key, err)
			}
		}
		h, err := v.History(store.HistoryQuery{})
		if err == nil && len(h.Versions) != 3 {
			t.Errorf("system history has %d versions, want 3", len(h.Versions))
		}
		if err != nil {
			return err
		}
		page, err := v.Search(query(t, "Observation?_id=both&_include=Observation:has-member&_revinclude=Observation:has-member"))
		if err == nil && len(page.Included) != 0 {
			t.Errorf("_include leaks %s", page.Included[0].Key)
		}
		return err
	})
	for q, want := range map[string]int{
		"Patient": 1, "Observation": 2, "Patient?family=F": 1, "Patient?family=Fq": 0, "Observation?subject:Patient.family=F": 2,
		"Observation?subject=Patient/q": 0, "Patient?_has:Observation:patient:status=final": 1, "Observation?has-member.status=final": 0,
		"Patient?_id=q": 0, "Patient?family:missing=false": 1, "Patient?gender:not=male": 1, "Observation?_lastUpdated=gt2000": 2, "Practitioner": 0,
		"?_type=Patient,Observation": 3, "?_lastUpdated=gt2000": 3,
	} {
		if n := total(t, s, own, q); n != want {
			t.Errorf("%s: total %d, want %d", q, n, want)
		}
		if n := len(all(t, s, own, q)); n != want {
			t.Errorf("%s: %d matches, want %d", q, n, want)
		}
	}
	nobody := store.Actor{ID: "app:none", Patients: []string{}}
	if n := total(t, s, nobody, "Patient"); n != 0 {
		t.Errorf("an actor of no patient sees %d", n)
	}
	for _, c := range []store.Command{
		store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"oq","status":"amended","subject":{"reference":"Patient/p"}}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"op","status":"amended","subject":{"reference":"Patient/q"}}`)},
		store.Create{Resource: parse(t, `{"resourceType":"Observation","status":"final","subject":{"reference":"Patient/q"}}`)},
	} {
		if _, err := s.Transact(context.Background(), own, []store.Command{c}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a write outside of the compartment: %v, want Forbidden", err)
		}
	}
	// A conditional create must not tell that another patient's resource matches.
	res, err := s.Transact(context.Background(), own, []store.Command{store.Create{
		Resource: parse(t, `{"resourceType":"Observation","status":"final","subject":{"reference":"Patient/p"}}`), IfNoneExist: query(t, "Observation?_id=oq")}})
	if err != nil || res[0].Op != store.OpCreate {
		t.Errorf("conditional create: %v", err)
	}
}

// testLargeQueries asks for as much as the parser lets through: an answer or a clear refusal.
func testLargeQueries(t *testing.T, open Open) {
	s := open(t)
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p","name":[{"family":"A"}],"birthDate":"1970-01-01","identifier":[{"system":"http://h","value":"7"}]}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"o","status":"final","subject":{"reference":"Patient/p"},"effectiveDateTime":"1970-01-01","valueQuantity":{"value":7},"code":{"coding":[{"code":"c"}]}}`)})
	repeat := func(n int, value string) string {
		list := make([]string, n)
		for i := range list {
			list[i] = strings.ReplaceAll(value, "#", fmt.Sprint(1000+i))
		}
		return strings.Join(list, ",")
	}
	for _, q := range []string{
		"Patient?_id=" + repeat(998, "x#") + ",p", "Patient?identifier=" + repeat(998, "http://h|#") + ",7", "Patient?name=" + repeat(998, "x#") + ",a",
		"Patient?birthdate=" + repeat(998, "#") + ",1970-01", "Observation?subject=" + repeat(998, "Patient/x#") + ",Patient/p", "Observation?value-quantity=" + repeat(998, "#") + ",7",
		"Observation?date=" + repeat(998, "eb#") + ",le1971", "Observation?code-value-quantity=" + repeat(998, "c$gt#") + ",c$7", "Observation?_lastUpdated=" + repeat(998, "lt#") + ",gt2000",
		"Observation?code=" + repeat(998, "x#") + ",c&date=" + repeat(998, "eb#") + ",le1971",
		"Patient?" + strings.Repeat("name=a&", 50) + strings.Repeat("birthdate=1970&", 49) + "_count=3",
		"Patient?_has:Observation:patient:code=" + repeat(998, "x#") + ",c",
	} {
		if ids := all(t, s, anna, q); len(ids) != 1 {
			t.Errorf("%.60s…: %d matches, want 1", q, len(ids))
		}
		if n := total(t, s, anna, q); n != 1 {
			t.Errorf("%.60s…: total %d, want 1", q, n)
		}
	}
}
