package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
)

// erasable fills a store with two patients: resources of each in every form, one of both, a
// document of each and one of both.
func erasable(t testing.TB, s store.Store) (mine, shared, others store.Document) {
	t.Helper()
	mine, shared, others = document("a1"), document("a2"), document("a3")
	for _, who := range []string{"a", "b"} {
		do(t, s,
			later(t, `{"resourceType":"Binary","id":"l%s","contentType":"text/plain","data":"Q2FuYXJ5"}`, who),
			later(t, `{"resourceType":"Provenance","id":"w%s","target":[{"reference":"DocumentReference/e%s"}],"recorded":"2026-01-02T03:04:05Z","agent":[{"who":{"display":"x"}}]}`, who, who),
			later(t, `{"resourceType":"DocumentReference","id":"e%s","status":"current","subject":{"reference":"Patient/%s"},"content":[{"attachment":{"url":"Binary/l%s"}}]}`, who, who, who),
			store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"%s","name":[{"family":"Canary%s"}],"birthDate":"1931-07-09"}`, who, who)},
			store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"o%s","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/%s"}}`, who, who)},
			store.Update{Resource: parse(t, `{"resourceType":"Condition","id":"c%s","subject":{"reference":"Patient/%s"}}`, who, who)},
			store.Update{Resource: parse(t, `{"resourceType":"Provenance","id":"v%s","target":[{"reference":"Observation/o%s"}],"recorded":"2026-01-02T03:04:05Z","agent":[{"who":{"display":"x"}}]}`, who, who)},
			store.Update{Resource: parse(t, `{"resourceType":"Binary","id":"y%s","contentType":"text/plain","data":"Q2FuYXJ5"}`, who)},
			store.Update{Resource: parse(t, `{"resourceType":"DocumentReference","id":"d%s","status":"current","subject":{"reference":"Patient/%s"},"content":[{"attachment":{"url":"Binary/y%s"}}]}`, who, who, who)})
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"o%s","status":"amended","code":{"text":"x"},"subject":{"reference":"Patient/%s"}}`, who, who)},
			store.Delete{Key: store.Key{Type: "Condition", ID: "c" + who}})
	}
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"both","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"performer":[{"reference":"Patient/b"}]}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Practitioner","id":"dr","name":[{"family":"Doctor"}]}`)})
	for _, d := range []struct {
		row      store.Document
		patients []string
	}{{mine, []string{"a"}}, {shared, []string{"a", "b"}}, {others, []string{"b"}}} {
		id := d.row.ID
		do(t, s, store.Receive{Document: d.row, Arrival: store.Arrival{Source: "http", Name: "canary.pdf"}, Key: "key " + id},
			store.PutStage{Key: store.StageKey{Input: id, Stage: "read", Version: "1", Part: "1"}, Output: []byte(`{"text":"canary"}`)},
			store.PutRecord{Document: id, Action: "machine", Body: []byte(`{"canary":true}`)},
			store.Move{ID: id, From: []store.State{store.Received}, To: store.Reading},
			store.Move{ID: id, From: []store.State{store.Reading}, To: store.Understood},
			store.Move{ID: id, From: []store.State{store.Understood}, To: store.Filed, Set: func(row *store.Document) {
				for _, p := range d.patients {
					row.Segments = append(row.Segments, store.DocumentSegment{Type: "lab", Pages: [2]int{1, 1}, Patient: "Patient/" + p})
				}
			}})
	}
	return mine, shared, others
}

// later writes a resource whose content is made when its turn in the transaction comes.
func later(t testing.TB, format string, args ...any) store.Command {
	res := parse(t, format, args...)
	return store.Update{Resource: fhir.NewObject("resourceType", res.Type(), "id", res.Str("id")),
		Modify: func(*fhir.Node) (*fhir.Node, error) { return res, nil }}
}

func testErase(t *testing.T, open Open) {
	ctx := context.Background()
	s := open(t)
	mine, shared, others := erasable(t, s)
	patient := store.Key{Type: "Patient", ID: "a"}
	fails(t, s, "erase_not_ready", store.Erase{Key: patient})
	var originals []string
	broken := true
	newest := func() (n int64) {
		view(t, s, anna, func(v store.View) (err error) {
			n, err = v.Seq()
			return err
		})
		return n
	}
	before, during := newest(), int64(0)
	err := s.Erasures(ctx, func(_ context.Context, document string) error {
		if broken {
			return errors.New("the disk is away")
		}
		originals, during = append(originals, document), newest()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Transact(ctx, store.Actor{ID: "user:a", Patients: []string{"a"}}, []store.Command{store.Erase{Key: patient}})
	if !fault.Is(err, fault.Forbidden) {
		t.Errorf("a confined actor erases: %v", err)
	}
	fails(t, s, "not_found", store.Erase{Key: store.Key{Type: "Patient", ID: "nobody"}})
	fails(t, s, "shared_with_others", store.Erase{Key: patient})
	hold := func(tag string) {
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"oa"%s,"status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}`, tag)})
	}
	hold(`,"meta":{"tag":[{"system":"` + store.HoldSystem + `","code":"` + store.HoldCode + `"}]}`)
	fails(t, s, "legal_hold", store.Erase{Key: patient, Shared: store.SharedKeep})
	hold("")
	view(t, s, anna, func(v store.View) error {
		_, err := v.Document(mine.ID)
		if err == nil {
			_, err = v.Read(patient)
		}
		return err // what was refused changed nothing
	})

	// The rows go at once; what follows is gone on with after a failure.
	fails(t, s, "erasure_unfinished", store.Erase{Key: patient, Shared: store.SharedKeep})
	fails(t, s, "erasure_unfinished", store.Receive{Document: mine, Arrival: store.Arrival{Source: "http"}})
	broken = false
	got := do(t, s, store.Erase{Key: patient, Shared: store.SharedKeep})[0].Erased
	if got == nil || *got != (store.Erased{}) {
		t.Errorf("again: %+v", got)
	}
	if !slices.Equal(originals, []string{mine.ID}) {
		t.Errorf("originals erased: %v", originals)
	}
	isErased(t, s, mine)
	stays(t, s, shared, others)
	if err := s.Check(ctx); err != nil {
		t.Errorf("the store is damaged: %v", err)
	}

	// A worker that still reads the document leaves nothing; the sender may bring it again.
	fails(t, s, "erased", store.PutStage{Key: store.StageKey{Input: mine.ID, Stage: "read", Version: "1", Part: "2"}, Output: []byte("canary")})
	for _, after := range []int64{before, during} { // the erasure has taken bytes that were put then
		fails(t, s, "erased_meanwhile", store.Receive{Document: mine, Arrival: store.Arrival{Source: "http"}, After: after})
	}
	do(t, s, store.Receive{Document: document("a9"), Arrival: store.Arrival{Source: "http"}, After: before})
	do(t, s, store.Receive{Document: mine, Arrival: store.Arrival{Source: "http"}, After: newest()},
		store.PutStage{Key: store.StageKey{Input: mine.ID, Stage: "read", Version: "1", Part: "2"}, Output: []byte("new")})
	v := do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a"}`)})[0].Version
	if v.Version != 1 {
		t.Errorf("a patient of the same id begins at version %d", v.Version)
	}

	got = do(t, s, store.Erase{Key: store.Key{Type: "Patient", ID: "b"}, Shared: store.SharedErase})[0].Erased
	if got.Documents != 2 || got.Kept != 0 || got.Resources < 7 {
		t.Errorf("with what is shared: %+v", got)
	}
	view(t, s, anna, func(v store.View) error {
		for _, d := range []string{shared.ID, others.ID} {
			if _, err := v.Document(d); !fault.Is(err, fault.NotFound) {
				t.Errorf("document: %v", err)
			}
		}
		if _, err := v.Read(store.Key{Type: "Observation", ID: "both"}); fault.As(err) == nil || fault.As(err).Code != "erased" {
			t.Errorf("a shared resource: %v", err)
		}
		_, err := v.Read(store.Key{Type: "Practitioner", ID: "dr"})
		return err
	})
	if err := s.Check(ctx); err != nil {
		t.Errorf("the store is damaged: %v", err)
	}
}

// isErased holds that nothing of patient a is answered, by any way.
func isErased(t *testing.T, s store.Store, d store.Document) {
	t.Helper()
	view(t, s, anna, func(v store.View) error {
		for _, key := range []store.Key{{Type: "Patient", ID: "a"}, {Type: "Observation", ID: "oa"}, {Type: "Condition", ID: "ca"},
			{Type: "Provenance", ID: "va"}, {Type: "Binary", ID: "ya"}, {Type: "DocumentReference", ID: "da"},
			{Type: "Provenance", ID: "wa"}, {Type: "Binary", ID: "la"}, {Type: "DocumentReference", ID: "ea"}} {
			_, read := v.Read(key)
			_, vread := v.VersionRead(key, 1)
			_, history := v.History(store.HistoryQuery{Type: key.Type, ID: key.ID})
			for _, err := range []error{read, vread, history} {
				if f := fault.As(err); f == nil || f.Kind != fault.Gone || f.Code != "erased" {
					t.Errorf("%s: %v", key, err)
				}
			}
		}
		for q, want := range map[string]int{"Patient?family=canarya": 0, "Patient?family=canaryb": 1, "Observation?subject=Patient/a": 1, // the one that is kept for b
			"Observation?subject:Patient.family=canarya": 0, "Provenance?target=Observation/oa": 0, "DocumentReference?patient=a": 0, "Patient?birthdate=1931-07-09": 1} {
			page, err := v.Search(query(t, q))
			if err != nil || len(page.Matches) != want {
				t.Errorf("%s: %v, %v", q, page, err)
			}
		}
		page, err := v.History(store.HistoryQuery{Count: 500})
		if err != nil {
			return err
		}
		for _, version := range page.Versions {
			if id := version.Key.ID; slices.Contains([]string{"a", "oa", "ca", "va", "ya", "da", "la", "wa", "ea"}, id) {
				t.Errorf("the history has %s", version.Key)
			}
		}
		_, document := v.Document(d.ID)
		_, record := v.Record(d.ID, 0)
		if !fault.Is(document, fault.NotFound) || !fault.Is(record, fault.NotFound) {
			t.Errorf("document %v, record %v", document, record)
		}
		if _, there, err := v.Stage(store.StageKey{Input: d.ID, Stage: "read", Version: "1", Part: "1"}); there || err != nil {
			t.Errorf("a stage output: %v, %v", there, err)
		}
		if _, there, err := v.Idempotent("key " + d.ID); there || err != nil {
			t.Errorf("an idempotency key: %v, %v", there, err)
		}
		return nil
	})
}

// stays holds that everything of patient b is there.
func stays(t *testing.T, s store.Store, documents ...store.Document) {
	t.Helper()
	view(t, s, anna, func(v store.View) error {
		for _, key := range []store.Key{{Type: "Patient", ID: "b"}, {Type: "Observation", ID: "ob"}, {Type: "Observation", ID: "both"},
			{Type: "Provenance", ID: "vb"}, {Type: "Binary", ID: "yb"}, {Type: "DocumentReference", ID: "db"}} {
			if _, err := v.Read(key); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
		for _, d := range documents {
			row, err := v.Document(d.ID)
			if err != nil || row.Arrivals[0].Name != "canary.pdf" {
				t.Errorf("document: %+v, %v", row, err)
			}
			if _, err := v.Record(d.ID, 0); err != nil {
				t.Errorf("record: %v", err)
			}
			if _, there, err := v.Stage(store.StageKey{Input: d.ID, Stage: "read", Version: "1", Part: "1"}); !there || err != nil {
				t.Errorf("stage output: %v, %v", there, err)
			}
		}
		return nil
	})
}

// One resource is erased with its versions, and nothing else.
func testEraseOne(t *testing.T, open Open) {
	s := open(t)
	erasable(t, s)
	if err := s.Erasures(context.Background(), func(context.Context, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	key := store.Key{Type: "Observation", ID: "oa"}
	if got := do(t, s, store.Erase{Key: key})[0].Erased; got.Resources != 1 || got.Documents != 0 {
		t.Errorf("%+v", got)
	}
	view(t, s, anna, func(v store.View) error {
		if _, err := v.VersionRead(key, 1); fault.As(err) == nil || fault.As(err).Code != "erased" {
			t.Errorf("%v", err)
		}
		_, err := v.Read(store.Key{Type: "Patient", ID: "a"})
		return err
	})
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
}

// What was filed for the wrong patient and moved is the right patient's, with bytes that did
// not change; erasing the wrong one leaves it.
func testEraseMoved(t *testing.T, open Open) {
	s := open(t)
	for _, who := range []string{"a", "b"} {
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"%s"}`, who)})
	}
	for _, who := range []string{"a", "b"} {
		do(t, s, store.Update{SkipSame: true, Resource: parse(t, `{"resourceType":"Binary","id":"y","contentType":"text/plain","data":"Q2FuYXJ5"}`)},
			store.Update{SkipSame: true, Resource: parse(t, `{"resourceType":"DocumentReference","id":"d","status":"current","subject":{"reference":"Patient/%s"},"content":[{"attachment":{"url":"Binary/y"}}]}`, who)})
	}
	if err := s.Erasures(context.Background(), func(context.Context, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if got := do(t, s, store.Erase{Key: store.Key{Type: "Patient", ID: "a"}})[0].Erased; got.Resources != 1 || got.Kept != 0 {
		t.Errorf("%+v", got)
	}
	view(t, s, anna, func(v store.View) error {
		for _, key := range []store.Key{{Type: "Binary", ID: "y"}, {Type: "DocumentReference", ID: "d"}} {
			if _, err := v.Read(key); err != nil {
				t.Errorf("%s: %v", key, err)
			}
			if _, err := v.VersionRead(key, 1); !fault.Is(err, fault.Gone) {
				t.Errorf("%s as it was filed for the other: %v", key, err)
			}
		}
		return nil
	})
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
	if got := do(t, s, store.Erase{Key: store.Key{Type: "Patient", ID: "b"}})[0].Erased; got.Resources != 3 {
		t.Errorf("%+v", got)
	}
}
