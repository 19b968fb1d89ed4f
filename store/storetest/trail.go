package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/search"
	"chartlake/store"
)

// events gives the trail, oldest first, as one line each: who, what, how it ended.
func events(t testing.TB, s store.Store, q audit.Query) (lines []string) {
	t.Helper()
	if err := s.Trail().Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	view(t, s, store.Actor{ID: "user:auditor"}, func(v store.View) error {
		page, err := v.Events(q)
		if err != nil {
			return err
		}
		for _, e := range page.Events {
			lines = append([]string{line(e)}, lines...)
		}
		return nil
	})
	return lines
}

func line(e audit.Event) string {
	text := e.Actor + " " + string(e.Outcome)
	for _, s := range e.Steps {
		text += " " + string(s.Action) + " " + s.Of
		if len(s.Names) > 0 {
			text += "?" + strings.Join(s.Names, "&")
		}
		for _, t := range s.Targets {
			text += " " + t.String()
			if t.Version > 0 {
				text += fmt.Sprint("@", t.Version)
			}
		}
	}
	for _, v := range []string{e.Code, e.Via} {
		if v != "" {
			text += " [" + v + "]"
		}
	}
	if len(e.Patients) > 0 {
		text += " of " + strings.Join(e.Patients, ",")
	}
	return text
}

// testTrail does everything that a store can do, and finds it in the trail with what was given.
func testTrail(t *testing.T, open Open) {
	s := open(t)
	ctx := context.Background()
	uuid := "0190b8a2-7c3e-7abc-8def-0123456789ab"
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p","name":[{"family":"Secret"}]}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"o","status":"final","subject":{"reference":"Patient/p"},"code":{"coding":[{"code":"c"}]}}`)})
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"o","status":"amended","subject":{"reference":"Patient/q"}}`)})
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"o","status":"amended","subject":{"reference":"Patient/q"}}`), SkipSame: true})
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Basic","id":"b","subject":{"reference":"Patient/p"}}`)})
	do(t, s, store.Delete{Key: store.Key{Type: "Basic", ID: "b"}})
	do(t, s, store.Delete{Key: store.Key{Type: "Basic", ID: uuid}})
	d := document("ab")
	do(t, s, store.Receive{Document: d, Arrival: store.Arrival{Name: "Secret.pdf"}, Key: "Secret"})
	do(t, s, store.Move{ID: d.ID, From: []store.State{store.Received}, To: store.Reading})
	do(t, s, store.PutRecord{Document: d.ID, Action: "machine", Body: []byte(`{"secret":1}`)})
	do(t, s, store.PutStage{Key: store.StageKey{Input: d.ID, Stage: "read", Version: "1"}, Output: []byte("secret")})
	look := func(ctx context.Context, f func(store.View) error) {
		t.Helper()
		if err := s.View(ctx, anna, f); err != nil && fault.As(err) == nil {
			t.Fatal(err)
		}
	}
	read := func(typ, id string) func(store.View) error {
		return func(v store.View) error { _, err := v.Read(store.Key{Type: typ, ID: id}); return err }
	}
	look(ctx, read("Patient", "p"))
	look(ctx, read("Patient", uuid))
	look(ctx, read("Patient", "Secret"))
	look(ctx, read("Basic", "b"))
	look(ctx, func(v store.View) error {
		_, err := v.VersionRead(store.Key{Type: "Observation", ID: "o"}, 1)
		return err
	})
	look(ctx, func(v store.View) error {
		_, err := v.History(store.HistoryQuery{Type: "Observation", ID: "o", Since: time.Unix(0, 0)})
		return err
	})
	look(audit.Within(ctx, "$everything"), func(v store.View) error {
		if err := read("Patient", "p")(v); err != nil {
			return err
		}
		_, err := v.Search(query(t, "Observation?subject=Patient/q&_include=Observation:subject&status=amended"))
		return err
	})
	look(ctx, func(v store.View) error {
		_, err := v.Search(query(t, "Patient?family=Secret&_summary=count"))
		return err
	})
	look(ctx, func(v store.View) error { _, err := v.Search(query(t, "Patient?family=nobody")); return err })
	look(ctx, func(v store.View) error { _, err := v.Document(d.ID); return err })
	look(ctx, func(v store.View) error {
		_, _, err := v.Documents(store.DocumentQuery{States: []store.State{store.Reading}})
		return err
	})
	look(ctx, func(v store.View) error { _, err := v.Record(d.ID, 0); return err })
	look(ctx, func(v store.View) error {
		_, _, err := v.Stage(store.StageKey{Input: d.ID, Stage: "read", Version: "1"})
		return err
	})
	look(ctx, func(store.View) error { return fault.New(fault.Invalid, "unknown_parameter", "no") })
	look(ctx, func(store.View) error { return nil }) // nothing was asked: nothing to note
	fails(t, s, "version_conflict", store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p"}`), IfMatch: 9})
	fails(t, s, "unknown_type", store.Create{Resource: parse(t, `{"resourceType":"Secret"}`)})
	if err := s.Trail().Note(ctx, store.Actor{}, audit.Event{Outcome: audit.Minor, Code: "token_required", Steps: []audit.Step{{Action: audit.Refuse, Of: "/fhir"}}}); err != nil {
		t.Fatal(err)
	}
	unnamed := func(text string) string { // what stands in the place of an id that names nothing is not for us to know
		i := strings.Index(text, "/~")
		if i < 0 {
			return text
		}
		return text[:i+2] + text[i+18:]
	}
	// Rows of writes have their place before those of reads that came earlier and waited: order
	// by who did what is asked for, not by number.
	var writes, reads []string
	for _, l := range events(t, s, audit.Query{Limit: 100}) {
		if strings.Contains(l, " 0 create ") || strings.Contains(l, " 0 update ") || strings.Contains(l, " 0 delete ") || strings.Contains(l, " 0 receive ") ||
			strings.Contains(l, " 0 move ") || strings.Contains(l, " 0 record ") || strings.Contains(l, " 0 read Observation") {
			writes = append(writes, unnamed(l))
		} else {
			reads = append(reads, unnamed(l))
		}
	}
	if diff := cmp.Diff([]string{
		"user:anna 0 create Patient Patient/p@1 create Observation Observation/o@1 of p",
		"user:anna 0 update Observation Observation/o@2 of p,q",
		"user:anna 0 read Observation Observation/o@2 of q",
		"user:anna 0 create Basic Basic/b@1 of p",
		"user:anna 0 delete Basic Basic/b@2 of p",
		"user:anna 0 delete Basic Basic/" + uuid,
		"user:anna 0 receive document document/" + d.ID,
		"user:anna 0 move reading document/" + d.ID,
		"user:anna 0 record record record/" + d.ID + "@1",
		"user:anna 0 create read stage/" + d.ID,
	}, writes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"user:anna 0 read Patient Patient/p@1 of p",
		"user:anna 4 read Patient Patient/" + uuid + " [not_found]",
		"user:anna 4 read Patient Patient/~ [not_found]",
		"user:anna 4 read Basic Basic/b [deleted]",
		"user:anna 0 vread Observation Observation/o@1 of p",
		"user:anna 0 history Observation?_since&_id Observation/o@2 Observation/o@1 of q,p",
		"user:anna 0 read Patient Patient/p@1 search Observation?subject&_include&status Observation/o@2 [$everything] of p,q",
		"user:anna 0 search Patient?family&_summary",
		"user:anna 0 search Patient?family",
		"user:anna 0 read document document/" + d.ID,
		"user:anna 0 search document?state document/" + d.ID,
		"user:anna 0 read record record/" + d.ID + "@1",
		"user:anna 0 read read stage/" + d.ID,
		"user:anna 4 refuse  [unknown_parameter]",
		"user:anna 4 update Patient Patient/~ [version_conflict]",
		"user:anna 4 create  [unknown_type]",
		"anonymous 4 refuse /fhir [token_required]",
	}, reads); diff != "" {
		t.Error(diff)
	}
	whole(t, s)
}

// whole verifies the trail and gives the report.
func whole(t testing.TB, s store.Store, marks ...string) *audit.Report {
	t.Helper()
	r, err := s.Trail().Verify(context.Background(), marks)
	if err != nil {
		t.Fatal(err)
	}
	if r.Broken > 0 {
		t.Errorf("the trail is broken: %+v", r.Breaks)
	}
	return r
}

// Verified fails a test whose store has a broken trail.
func Verified(t testing.TB, s store.Store) { t.Helper(); whole(t, s) }

// testTrailQueries asks for events by each of their sides, and page by page.
func testTrailQueries(t *testing.T, open Open) {
	s := open(t)
	ctx := context.Background()
	for _, id := range []string{"a", "b"} {
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"%s"}`, id)})
	}
	for i := range 30 {
		who := store.Actor{ID: []string{"user:carl", "user:dora", "user:eve"}[i%3], RequestID: fmt.Sprint("request-", i)}
		err := s.View(ctx, who, func(v store.View) error {
			_, err := v.Read(store.Key{Type: "Patient", ID: []string{"a", "b", "c"}[i%2+i/29]})
			return err
		})
		if err != nil && i < 29 {
			t.Fatal(err)
		}
	}
	d := document("cd")
	do(t, s, store.Receive{Document: d})
	now := time.Now()
	for name, test := range map[string]struct {
		q    audit.Query
		want int
	}{
		"patient":               {audit.Query{Patient: "a"}, 1 + 15},
		"patient and actor":     {audit.Query{Patient: "a", Actor: "user:carl"}, 5},
		"patient and outcome":   {audit.Query{Patient: "b", Outcomes: []audit.Outcome{audit.Minor}}, 0},
		"document":              {audit.Query{Document: d.ID}, 1},
		"actor":                 {audit.Query{Actor: "user:dora"}, 10},
		"actor and time":        {audit.Query{Actor: "user:dora", Since: now.Add(-time.Hour), Until: now.Add(time.Hour)}, 10},
		"before it happened":    {audit.Query{Until: now.Add(-time.Hour)}, 0},
		"after it happened":     {audit.Query{Since: now.Add(time.Hour)}, 0},
		"request":               {audit.Query{RequestID: "request-7"}, 1},
		"failed":                {audit.Query{Outcomes: []audit.Outcome{audit.Minor, audit.Serious}}, 1},
		"written":               {audit.Query{Codes: []string{"C"}}, 3},
		"one":                   {audit.Query{Seq: 1}, 1},
		"nobody":                {audit.Query{Actor: "user:nobody"}, 0},
		"patient that has none": {audit.Query{Patient: "zz"}, 0},
	} {
		for _, limit := range []int{1000, 3} {
			n, last, q := 0, int64(0), test.q
			q.Limit = limit
			if err := s.Trail().Flush(ctx); err != nil {
				t.Fatal(err)
			}
			for more := true; more; {
				view(t, s, store.Actor{ID: "user:auditor"}, func(v store.View) error {
					page, err := v.Events(q)
					if err != nil {
						return err
					}
					for _, e := range page.Events {
						if e.Actor == "user:auditor" {
							continue // of the pages before
						}
						n++
						if e.Seq == last {
							t.Errorf("%s: event %d twice", name, e.Seq)
						}
						last = e.Seq
					}
					q.Before, more = page.Next, page.Next != 0
					return nil
				})
			}
			if n != test.want {
				t.Errorf("%s, pages of %d: %d events, want %d", name, limit, n, test.want)
			}
		}
	}
	err := s.View(ctx, store.Actor{ID: "user:confined", Patients: []string{"a"}}, func(v store.View) error { _, err := v.Events(audit.Query{}); return err })
	if !fault.Is(err, fault.Forbidden) {
		t.Errorf("a confined actor reads the trail: %v", err)
	}
}

// testTrailHoldsNoData plants what must not be in the trail wherever a client can put it.
func testTrailHoldsNoData(t *testing.T, open Open) {
	s := open(t)
	ctx := context.Background()
	const canary = "Kanarienvogel"
	who := store.Actor{ID: "user:anna", Name: canary}
	try := func(err error) {
		t.Helper()
		if err != nil && fault.As(err) == nil {
			t.Fatal(err)
		}
	}
	write := func(commands ...store.Command) {
		t.Helper()
		_, err := s.Transact(ctx, who, commands)
		try(err)
	}
	write(store.Create{Resource: parse(t, `{"resourceType":"Patient","identifier":[{"system":"http://%[1]s","value":"%[1]s"}],"name":[{"family":"%[1]s"}],"address":[{"city":"%[1]s"}]}`, canary)})
	write(store.Create{Resource: parse(t, `{"resourceType":"Observation","status":"final","subject":{"identifier":{"value":"%[1]s"},"display":"%[1]s"},"note":[{"text":"%[1]s"}]}`, canary)})
	write(store.Create{Resource: parse(t, `{"resourceType":"%s"}`, canary)})
	write(store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"%s"}`, canary), IfMatch: 7})
	write(store.Delete{Key: store.Key{Type: "Patient", ID: canary}, IfMatch: 7})
	write(store.Create{Resource: parse(t, `{"resourceType":"Patient"}`), IfNoneExist: query(t, "Patient?name="+canary)})
	d := document("ef")
	d.Patient, d.Type = canary, canary
	write(store.Receive{Document: d, Arrival: store.Arrival{Name: canary + ".pdf", Source: "http"}, Key: canary})
	write(store.PutRecord{Document: d.ID, Action: "machine", Body: []byte(canary)})
	write(store.PutRecord{Document: canary, Action: "machine", Body: []byte(canary)})
	write(store.PutStage{Key: store.StageKey{Input: canary, Stage: "read", Version: "1", Part: canary}, Output: []byte(canary)})
	for _, f := range []func(v store.View) error{
		func(v store.View) error { _, err := v.Read(store.Key{Type: "Patient", ID: canary}); return err },
		func(v store.View) error {
			_, err := v.VersionRead(store.Key{Type: "Patient", ID: canary}, 3)
			return err
		},
		func(v store.View) error {
			_, err := v.History(store.HistoryQuery{Type: "Patient", ID: canary})
			return err
		},
		func(v store.View) error { _, err := v.Search(query(t, "Patient?name="+canary)); return err },
		func(v store.View) error {
			_, err := v.Search(query(t, "Patient?identifier=http://"+canary+"|"+canary))
			return err
		},
		func(v store.View) error {
			_, err := v.Search(query(t, "Observation?subject:Patient.name="+canary))
			return err
		},
		func(v store.View) error { _, err := v.Search(query(t, "Patient?_cursor="+canary)); return err },
		func(v store.View) error { _, err := v.Document(canary); return err },
		func(v store.View) error {
			_, _, err := v.Documents(store.DocumentQuery{SHA256: canary, Type: canary})
			return err
		},
		func(v store.View) error { _, err := v.Record(canary, 1); return err },
		func(v store.View) error { _, err := v.Records(canary); return err },
		func(v store.View) error {
			_, _, err := v.Stage(store.StageKey{Input: canary, Stage: "read", Version: "1", Part: canary})
			return err
		},
		func(v store.View) error {
			_, err := v.Events(audit.Query{Patient: canary, Actor: canary, RequestID: canary})
			return err
		},
		func(store.View) error { return errors.New(canary) },
		func(store.View) error { return fault.New(fault.Invalid, "bad_value", "%s", canary) },
	} {
		err := s.View(ctx, who, f)
		if err != nil && err.Error() != canary {
			try(err)
		}
	}
	if err := s.Trail().Flush(ctx); err != nil {
		t.Fatal(err)
	}
	view(t, s, who, func(v store.View) error {
		page, err := v.Events(audit.Query{Limit: 1000})
		if err != nil {
			return err
		}
		if len(page.Events) < 22 {
			t.Errorf("only %d events", len(page.Events))
		}
		for _, e := range page.Events {
			text, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if all := string(text) + string(audit.Pack(&e)); strings.Contains(strings.ToLower(all), strings.ToLower(canary)) {
				t.Errorf("the trail says %s", text)
			}
		}
		return nil
	})
}

// testTrailTogether has many do many things at once: each is in the trail once, and the chain holds.
func testTrailTogether(t *testing.T, open Open) {
	s := open(t)
	ctx := context.Background()
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p"}`)})
	var wg sync.WaitGroup
	const each = 40
	for worker := range 6 {
		wg.Go(func() {
			for i := range each {
				who := store.Actor{ID: fmt.Sprint("user:", worker), RequestID: fmt.Sprint(worker, "-", i)}
				var err error
				switch i % 3 {
				case 0:
					err = s.View(ctx, who, func(v store.View) error { _, err := v.Read(store.Key{Type: "Patient", ID: "p"}); return err })
				case 1:
					_, err = s.Transact(ctx, who, []store.Command{store.Create{Resource: must(`{"resourceType":"Basic"}`)}})
				default:
					_, err = s.Transact(ctx, who, []store.Command{store.Update{Resource: must(`{"resourceType":"Patient","id":"p"}`), IfMatch: 99}})
					if fault.Is(err, fault.Precondition) {
						err = nil
					}
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := s.Trail().Flush(ctx); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	q := audit.Query{Limit: 1000}
	view(t, s, anna, func(v store.View) error {
		page, err := v.Events(q)
		for _, e := range page.Events {
			seen[e.RequestID]++
		}
		return err
	})
	for worker := range 6 {
		for i := range each {
			if n := seen[fmt.Sprint(worker, "-", i)]; n != 1 {
				t.Errorf("request %d-%d is %d times in the trail", worker, i, n)
			}
		}
	}
	if r := whole(t, s); r.Rows < 6*each+1 {
		t.Errorf("%d rows", r.Rows)
	}
}

// testTrailLarge gives more in one view than one event names: several do, and none is left out.
func testTrailLarge(t *testing.T, open Open) {
	s := open(t)
	ctx := context.Background()
	var commands []store.Command
	for i := range 1_000 {
		commands = append(commands, store.Update{Resource: parse(t, `{"resourceType":"Basic","id":"b%d","subject":{"reference":"Patient/p%d"}}`, i, i)})
	}
	do(t, s, commands...)
	view(t, s, store.Actor{ID: "user:exports"}, func(v store.View) error {
		for range 25 {
			if _, err := v.Search(query(t, "Basic?_count=1000")); err != nil {
				return err
			}
		}
		return nil
	})
	if err := s.Trail().Flush(ctx); err != nil {
		t.Fatal(err)
	}
	given, most := 0, 0
	view(t, s, anna, func(v store.View) error {
		page, err := v.Events(audit.Query{Actor: "user:exports"})
		for _, e := range page.Events {
			n := 0
			for _, s := range e.Steps {
				n += len(s.Targets)
			}
			given, most = given+n, max(most, n)
			if len(e.Patients) != 1_000 {
				t.Errorf("%d patients", len(e.Patients))
			}
		}
		return err
	})
	if given != 25_000 || most > 10_000 {
		t.Errorf("%d resources were given, at most %d in an event", given, most)
	}
}

// Place is where a store is: it can be opened again, and changed behind its back.
type Place struct {
	Open   func(t testing.TB, a store.Audit) store.Store // the caller closes it
	Harm   func(sql string, args ...any)
	Count  func(rows int64)      // sets the store's own count of audit rows
	Bytes  func(b []byte) string // writes bytes in the database's SQL
	Folder string                // of the store's key, marks and journals
}

// Tamper changes the trail of a store in every way behind its back: each is found, and the
// first broken row is named.
func Tamper(t *testing.T, place func(t testing.TB) Place) {
	swap := `UPDATE audit SET at=(SELECT at FROM audit WHERE seq=%d), actor=(SELECT actor FROM audit WHERE seq=%[1]d), request=(SELECT request FROM audit WHERE seq=%[1]d),
		steps=(SELECT steps FROM audit WHERE seq=%[1]d), hash=(SELECT hash FROM audit WHERE seq=%[1]d) WHERE seq=%[2]d`
	insert := `INSERT INTO audit SELECT seq%s, at, actor, request, outcome, code, dict, steps, hash, key_id FROM audit WHERE seq=%d`
	for _, test := range []struct {
		name  string
		sql   []string
		want  audit.Break
		count int64 // what the store's own count is set to, too
	}{
		{name: "nothing", sql: []string{`UPDATE audit SET at=at`}},
		{name: "actor changed", sql: []string{`UPDATE audit SET actor='user:bob' WHERE seq=5`}, want: audit.Break{Seq: 5, What: audit.Changed}},
		{name: "time changed", sql: []string{`UPDATE audit SET at=at+1 WHERE seq=5`}, want: audit.Break{Seq: 5, What: audit.Changed}},
		{name: "outcome changed", sql: []string{`UPDATE audit SET outcome='4' WHERE seq=7`}, want: audit.Break{Seq: 7, What: audit.Changed}},
		{name: "what was seen changed", sql: []string{`UPDATE audit SET steps=(SELECT steps FROM audit WHERE seq=1) WHERE seq=6`}, want: audit.Break{Seq: 6, What: audit.Changed}},
		{name: "link taken away", sql: []string{`UPDATE audit SET hash=NULL WHERE seq=6`}, want: audit.Break{Seq: 6, What: audit.Changed}},
		{name: "every link taken away", sql: []string{`UPDATE audit SET hash=NULL`}, want: audit.Break{Seq: 1, What: audit.Changed}},
		{name: "removed", sql: []string{`DELETE FROM audit WHERE seq=5`}, want: audit.Break{Seq: 5, What: audit.Missing}},
		{name: "first removed", sql: []string{`DELETE FROM audit WHERE seq=1`}, want: audit.Break{Seq: 1, What: audit.Missing}},
		{name: "many removed", sql: []string{`DELETE FROM audit WHERE seq BETWEEN 3 AND 9`}, want: audit.Break{Seq: 3, What: audit.Missing}},
		{name: "removed and closed up", sql: []string{`DELETE FROM audit WHERE seq=5`, `UPDATE audit SET seq=-seq WHERE seq>5`, `UPDATE audit SET seq=-seq-1 WHERE seq<0`},
			want: audit.Break{Seq: 5, What: audit.Changed}},
		{name: "inserted", sql: []string{`UPDATE audit SET seq=-seq WHERE seq>5`, `UPDATE audit SET seq=-seq+1 WHERE seq<0`, fmt.Sprintf(insert, "+1", 5)},
			want: audit.Break{Seq: 6, What: audit.Changed}},
		{name: "inserted before the first", sql: []string{fmt.Sprintf(insert, "-1", 1)}, want: audit.Break{Seq: 0, What: audit.Changed}},
		{name: "appended", sql: []string{fmt.Sprintf(insert, "+10000", 5)}, want: audit.Break{Seq: 0, What: audit.Missing}},
		{name: "reordered", sql: []string{fmt.Sprintf(insert, "+10000", 5), fmt.Sprintf(swap, 6, 5), fmt.Sprintf(swap, 10005, 6), `DELETE FROM audit WHERE seq=10005`},
			want: audit.Break{Seq: 5, What: audit.Changed}},
		{name: "truncated", sql: []string{`DELETE FROM audit WHERE seq>8`}, want: audit.Break{Seq: 9, What: audit.Truncated}},
		{name: "emptied", sql: []string{`DELETE FROM audit`}, want: audit.Break{Seq: 1, What: audit.Truncated}},
		{name: "truncated with its count", sql: []string{`DELETE FROM audit WHERE seq>8`, `DELETE FROM audit_about WHERE seq>8`}, count: 8, want: audit.Break{Seq: 9, What: audit.Truncated}},
		{name: "hidden from a patient's list", sql: []string{`DELETE FROM audit_about WHERE seq=5`}, want: audit.Break{What: audit.Unlisted}},
		{name: "in another's list", sql: []string{`UPDATE audit_about SET h=h+1 WHERE seq=5`}, want: audit.Break{What: audit.Unlisted}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := place(t)
			s := p.Open(t, store.Audit{})
			for i := range 12 {
				do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p%d"}`, i)})
			}
			if r := whole(t, s); r.Rows != 12 || r.Last != 12 {
				t.Fatalf("%+v", r)
			}
			if err := s.Close(); err != nil { // which signs a mark
				t.Fatal(err)
			}
			for _, sql := range test.sql {
				p.Harm(sql)
			}
			if test.count > 0 {
				p.Count(test.count)
			}
			s = p.Open(t, store.Audit{})
			defer s.Close()
			r, err := s.Trail().Verify(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Marks == 0 {
				t.Error("no mark was held against the trail")
			}
			switch {
			case test.want == audit.Break{}:
				if r.Broken != 0 || r.Mark == "" {
					t.Errorf("whole, and found broken: %+v", r.Breaks)
				}
			case test.name == "appended":
				if len(r.Breaks) == 0 || r.Breaks[0].What != audit.Missing {
					t.Errorf("%+v", r.Breaks)
				}
			case len(r.Breaks) == 0 || r.Breaks[0] != test.want:
				t.Errorf("%+v, want first %+v", r.Breaks, test.want)
			}
		})
	}
}

// Trails holds what outlives a process to its promise: what is left in a journal, marks kept
// elsewhere, rows from before the chain.
func Trails(t *testing.T, place func(t testing.TB) Place) {
	t.Run("Marks", func(t *testing.T) {
		t.Parallel()
		p := place(t)
		elsewhere := filepath.Join(t.TempDir(), "marks")
		s := p.Open(t, store.Audit{Marks: elsewhere})
		for range 5 {
			do(t, s, store.Create{Resource: parse(t, `{"resourceType":"Basic"}`)})
		}
		r := whole(t, s)
		kept := filepath.Join(t.TempDir(), "kept") // a mark that somebody wrote down
		if err := os.WriteFile(kept, []byte(r.Mark), 0o600); err != nil {
			t.Fatal(err)
		}
		do(t, s, store.Create{Resource: parse(t, `{"resourceType":"Basic"}`)})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(elsewhere); err != nil || !strings.HasPrefix(string(text), "chartlake.dev/audit/") {
			t.Errorf("no mark was written where it was asked for: %v", err)
		}
		s = p.Open(t, store.Audit{Marks: elsewhere})
		if r := whole(t, s, kept); r.Marks != 2 || r.Newest != 6 {
			t.Errorf("%+v", r)
		}
		if _, err := s.Trail().Verify(context.Background(), []string{filepath.Join(t.TempDir(), "none")}); !fault.Is(err, fault.NotFound) {
			t.Errorf("a file of marks that is not there: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		// Cut the trail, its count and the marks beside it: the mark kept elsewhere shows it.
		p.Harm(`DELETE FROM audit WHERE seq>3`)
		p.Harm(`DELETE FROM audit_about WHERE seq>3`)
		p.Count(3)
		if err := os.Remove(elsewhere); err != nil {
			t.Fatal(err)
		}
		s = p.Open(t, store.Audit{Marks: elsewhere})
		defer s.Close()
		whole(t, s)
		r, err := s.Trail().Verify(context.Background(), []string{kept})
		if err != nil || len(r.Breaks) == 0 || r.Breaks[0] != (audit.Break{Seq: 4, What: audit.Truncated}) {
			t.Errorf("%+v %v", r, err)
		}
	})
	t.Run("BeforeTheChain", func(t *testing.T) {
		t.Parallel()
		p := place(t)
		s := p.Open(t, store.Audit{})
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p"}`)})
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Basic","id":"b"}`)})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		z, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		old := z.EncodeAll([]byte(`[{"a":"create","t":"Patient/p/_history/12"},{"a":"move","t":"document/abc/filed"}]`), nil)
		p.Harm(fmt.Sprintf(`UPDATE audit SET hash=NULL, key_id=0, steps=%s`, p.Bytes(old)))
		p.Harm(`DELETE FROM audit_about`)
		p.Harm(`DELETE FROM audit_journal`)
		if err := os.RemoveAll(filepath.Join(p.Folder, "audit")); err != nil {
			t.Fatal(err)
		}
		s = p.Open(t, store.Audit{})
		defer s.Close()
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Basic","id":"b"}`)})
		if r := whole(t, s); r.Rows != 3 {
			t.Errorf("%+v", r)
		}
		if got := events(t, s, audit.Query{Patient: "p"}); len(got) != 2 || got[0] != "user:anna 0 create Patient Patient/p@12 move document document/abc of p" {
			t.Errorf("%q", got)
		}
		if got := events(t, s, audit.Query{Document: "abc"}); len(got) != 2 {
			t.Errorf("%q", got)
		}
	})
	t.Run("Wait", func(t *testing.T) {
		t.Parallel()
		p := place(t)
		s := p.Open(t, store.Audit{Wait: true})
		defer s.Close()
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p"}`)})
		for n := 1; n < 4; n++ {
			found := 0
			view(t, s, store.Actor{ID: "user:auditor"}, func(v store.View) error {
				page, err := v.Events(audit.Query{Actor: anna.ID})
				found = len(page.Events)
				return err
			})
			if found != n { // without a Flush
				t.Errorf("%d events, want %d", found, n)
			}
			view(t, s, anna, func(v store.View) error { _, err := v.Read(store.Key{Type: "Patient", ID: "p"}); return err })
		}
	})
	t.Run("Off", func(t *testing.T) {
		t.Parallel()
		s := place(t).Open(t, store.Audit{Off: true})
		defer s.Close()
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p"}`)})
		view(t, s, anna, func(v store.View) error { _, err := v.Search(&search.Query{Type: "Patient"}); return err })
		if got := events(t, s, audit.Query{}); len(got) != 0 {
			t.Errorf("%q", got)
		}
	})
}
