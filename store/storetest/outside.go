package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/patch"
	"chartlake/search"
	"chartlake/store"
)

// testOutside asks the same of what belongs to another patient and of what is nowhere. Who is
// confined to patients must get the same answer, whichever way they write.
func testOutside(t *testing.T, open Open) {
	s := open(t)
	const observation = `{"resourceType":"Observation","id":"%s","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/%s"},"identifier":[{"system":"http://h","value":"%[1]s"}]}`
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p"}`)}, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"q","identifier":[{"system":"http://h","value":"q"}]}`)},
		store.Update{Resource: parse(t, observation, "mine", "p")}, store.Update{Resource: parse(t, observation, "theirs", "q")}, store.Update{Resource: parse(t, observation, "gone", "q")})
	do(t, s, store.Update{Resource: parse(t, observation, "theirs", "q")}, store.Delete{Key: store.Key{Type: "Observation", ID: "gone"}})
	own := store.Actor{ID: "app:p", Patients: []string{"p"}}
	patched := func(id, text string) store.Command {
		p, err := patch.ParseJSON(parse(t, `{"l":%s}`, text).Get("l"))
		if err != nil {
			t.Fatal(err)
		}
		return store.Patched(store.Key{Type: "Observation", ID: id}, p)
	}
	pinned := `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"},"hasMember":[{"reference":"Observation/%s","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/resolve-as-version-specific","valueBoolean":true}]}]}`
	for name, ask := range map[string]func(id string) store.Command{
		"update":           func(id string) store.Command { return store.Update{Resource: parse(t, observation, id, "p")} },
		"update as theirs": func(id string) store.Command { return store.Update{Resource: parse(t, observation, id, "q")} },
		"update, If-Match 1": func(id string) store.Command {
			return store.Update{Resource: parse(t, observation, id, "p"), IfMatch: 1}
		},
		"update, If-Match 2": func(id string) store.Command {
			return store.Update{Resource: parse(t, observation, id, "p"), IfMatch: 2}
		},
		"update, if not same": func(id string) store.Command {
			return store.Update{Resource: parse(t, observation, id, "q"), SkipSame: true}
		},
		"update, if not there": func(id string) store.Command {
			return store.Update{Resource: parse(t, observation, id, "p"), Keep: func(*fhir.Node) bool { return true }}
		},
		"patch that changes nothing": func(id string) store.Command { return patched(id, `[]`) },
		"patch that tests":           func(id string) store.Command { return patched(id, `[{"op":"test","path":"/status","value":"final"}]`) },
		"patch that tests wrongly": func(id string) store.Command {
			return patched(id, `[{"op":"test","path":"/status","value":"amended"}]`)
		},
		"delete": func(id string) store.Command { return store.Delete{Key: store.Key{Type: "Observation", ID: id}} },
		"delete, If-Match 2": func(id string) store.Command {
			return store.Delete{Key: store.Key{Type: "Observation", ID: id}, IfMatch: 2}
		},
		"delete by criteria": func(id string) store.Command {
			return store.Delete{Key: store.Key{Type: "Observation"}, Where: query(t, "Observation?identifier=http://h|"+id)}
		},
		"delete many": func(id string) store.Command {
			return store.Delete{Key: store.Key{Type: "Observation"}, Where: query(t, "Observation?_id="+id), Many: true}
		},
		"create if none exists": func(id string) store.Command {
			return store.Create{Resource: parse(t, observation, "new", "p"), IfNoneExist: query(t, "Observation?identifier=http://h|"+id)}
		},
		"update by criteria": func(id string) store.Command {
			res := parse(t, observation, "made", "p")
			res.Delete("id")
			return store.Update{Resource: res, Where: query(t, "Observation?_id="+id)}
		},
		"update by criteria, with the id": func(id string) store.Command {
			return store.Update{Resource: parse(t, observation, id, "p"), Where: query(t, "Observation?_id="+id)}
		},
		"conditional reference": func(id string) store.Command {
			return store.Create{Resource: parse(t, `{"resourceType":"Observation","status":"final","subject":{"reference":"Patient/p"},"hasMember":[{"reference":"Observation?identifier=http://h|%s"}]}`, id)}
		},
		"reference to the version": func(id string) store.Command { return store.Create{Resource: parse(t, pinned, id)} },
	} {
		none := learned(s, own, ask("none"), "none")
		for _, id := range []string{"theirs", "gone"} {
			if got := learned(s, own, ask(id), id); got != none {
				t.Errorf("%s: of %s %q, of nothing %q", name, id, got, none)
			}
		}
	}
	view(t, s, anna, func(v store.View) error {
		got, err := v.Read(store.Key{Type: "Observation", ID: "theirs"})
		if err == nil && got.Version != 2 {
			t.Errorf("the other patient's resource is at version %d", got.Version)
		}
		return err
	})
}

// learned is what an actor learns of a write: its code, or what it did, without the id.
func learned(s store.Store, actor store.Actor, c store.Command, id string) string {
	res, err := s.Transact(context.Background(), actor, []store.Command{c})
	if f := fault.As(err); f != nil {
		return f.Code + ": " + f.Message
	}
	if err != nil {
		return "error"
	}
	text := string(res[0].Op)
	if v := res[0].Version; v != nil {
		text += fmt.Sprint(" version ", v.Version)
		if v.Resource != nil {
			plain := v.Resource.Shallow()
			plain.Delete("id")
			plain.Delete("meta")
			text += strings.ReplaceAll(string(plain.AppendJSON(nil)), id, "ID")
		}
	}
	return text
}

// testInto tries to write into the record of another patient, who may be there or not.
func testInto(t *testing.T, open Open) {
	s := open(t)
	const shared = `{"resourceType":"Observation","id":"%s","status":"%s","code":{"text":"x"},"subject":{"reference":"Patient/p"},"performer":[{"reference":"Patient/%s"}]}`
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p"}`)}, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"q"}`)},
		store.Update{Resource: parse(t, shared, "shared", "final", "q")})
	own := store.Actor{ID: "app:p", Patients: []string{"p"}}
	for _, other := range []string{"q", "nobody"} {
		for _, c := range []store.Command{
			store.Create{Resource: parse(t, shared, "new", "final", other)},
			store.Create{Resource: parse(t, `{"resourceType":"Observation","status":"final","subject":{"reference":"Patient/%s"}}`, other)},
			store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p","link":[{"other":{"reference":"Patient/%s"},"type":"seealso"}]}`, other)},
			store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"%s"}`, other)},
			store.Create{Resource: parse(t, `{"resourceType":"Observation","status":"final","subject":{"reference":"Patient?_id=%s"}}`, other), IfNoneExist: query(t, "Observation?code=y")},
		} {
			if _, err := s.Transact(context.Background(), own, []store.Command{c}); !fault.Is(err, fault.Forbidden) && !fault.Is(err, fault.Precondition) {
				t.Errorf("written into the record of %s: %v", other, err)
			}
		}
	}
	if _, err := s.Transact(context.Background(), own, []store.Command{store.Update{Resource: parse(t, shared, "shared", "amended", "q")}}); err != nil {
		t.Errorf("what two patients share is changed by one of them: %v", err)
	}
	if _, err := s.Transact(context.Background(), own, []store.Command{store.Update{Resource: parse(t, shared, "shared", "amended", "nobody")}}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("what two patients share goes to a third: %v", err)
	}
	fresh := store.Actor{ID: "app:new", Patients: []string{"new"}}
	if _, err := s.Transact(context.Background(), fresh, []store.Command{store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"new"}`)}}); err != nil {
		t.Errorf("a patient makes their own resource: %v", err)
	}
}

// testMoved shows who is confined the versions that were theirs, and no others.
func testMoved(t *testing.T, open Open) {
	s := open(t)
	const observation = `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"%s"},"subject":{"reference":"Patient/%[1]s"}}`
	var at []store.Version
	write := func(c store.Command) { at = append(at, *do(t, s, c)[0].Version) }
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p"}`)}, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"q"}`)})
	for _, whose := range []string{"q", "p", "", "q", "", "p"} { // 3 deletes p's, 5 deletes q's
		if whose == "" {
			write(store.Delete{Key: store.Key{Type: "Observation", ID: "o"}})
		} else {
			write(store.Update{Resource: parse(t, observation, whose)})
		}
	}
	own := store.Actor{ID: "app:p", Patients: []string{"p"}}
	key := store.Key{Type: "Observation", ID: "o"}
	view(t, s, own, func(v store.View) error {
		for n, want := range []string{"version_not_found", "", "deleted", "version_not_found", "version_not_found", ""} {
			got, err := v.VersionRead(key, n+1)
			code := ""
			if f := fault.As(err); f != nil {
				code = f.Code
			}
			if code != want {
				t.Errorf("version %d: %v, want %q", n+1, err, want)
			}
			if err == nil && got.Resource.Str("code", "text") != "p" {
				t.Errorf("version %d is another patient's", n+1)
			}
		}
		for _, q := range []store.HistoryQuery{{}, {Type: "Observation"}, {Type: "Observation", ID: "o"}, {Type: "Observation", Count: 1}, {Type: "Observation", Since: at[0].At}} {
			var got []int
			for {
				page, err := v.History(q)
				if err != nil {
					return err
				}
				for _, one := range page.Versions {
					if one.Key == key {
						got = append(got, one.Version)
					}
				}
				if page.Total != nil {
					t.Errorf("%+v tells that there are %d versions", q, *page.Total)
				}
				if q.Cursor = page.Next; q.Cursor == "" {
					break
				}
			}
			if fmt.Sprint(got) != "[6 3 2]" {
				t.Errorf("history %+v has versions %v", q, got)
			}
		}
		for i, version := range at {
			page, err := v.Export(store.ExportQuery{Type: "Observation", Top: version.Seq})
			if err != nil {
				return err
			}
			if want := map[int]int{1: 1, 5: 1}[i]; len(page.Versions) != want {
				t.Errorf("exported as of version %d: %d, want %d", i+1, len(page.Versions), want)
			}
		}
		return nil
	})
}

// testPermit refuses every way to ask what the actor may not read.
func testPermit(t *testing.T, open Open) {
	s := open(t)
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Practitioner","id":"d","name":[{"family":"Doc"}]}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p","generalPractitioner":[{"reference":"Practitioner/d"}]}`)})
	refused := fault.New(fault.Forbidden, "not_to_be_read", "not for you")
	blind := store.Actor{ID: "app", Permit: func(q *search.Query) error {
		if q.Type == "Practitioner" || len(q.Filters) > 0 && q.Filters[0].Chain != nil {
			return refused
		}
		return nil
	}}
	const chained = "Patient?general-practitioner:Practitioner.family=doc"
	for name, c := range map[string]store.Command{
		"create if none exists": store.Create{Resource: parse(t, `{"resourceType":"Patient"}`), IfNoneExist: query(t, chained)},
		"update by criteria":    store.Update{Resource: parse(t, `{"resourceType":"Patient"}`), Where: query(t, chained)},
		"delete by criteria":    store.Delete{Key: store.Key{Type: "Patient"}, Where: query(t, chained)},
		"conditional reference": store.Create{Resource: parse(t, `{"resourceType":"Patient","generalPractitioner":[{"reference":"Practitioner?family=doc"}]}`)},
		"within a patch": store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p"}`), Modify: func(now *fhir.Node) (*fhir.Node, error) {
			return parse(t, `{"resourceType":"Patient","id":"p","generalPractitioner":[{"reference":"Practitioner?family=other"}]}`), nil
		}},
	} {
		if got := learned(s, blind, c, "p"); !strings.HasPrefix(got, "not_to_be_read") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := learned(s, blind, store.Create{Resource: parse(t, `{"resourceType":"Patient"}`), IfNoneExist: query(t, "Patient?_id=p")}, "p"); !strings.HasPrefix(got, " version 1") {
		t.Errorf("what may be read: %s", got)
	}
}
