package console

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"chartlake/record"
	"chartlake/smart"
	"chartlake/store"
)

func (s *stand) get(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	r, err := http.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, string(body)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	id := p.row.ID
	for _, c := range []struct {
		name, path string
		status     int
		holds      string
	}{
		{"list", "/documents", 200, `"look":4`},
		{"by hash", "/documents?sha256=" + id, 200, id},
		{"by another hash", "/documents?sha256=" + strings.Repeat("0", 64), 200, `{"documents":[]}`},
		{"by state", "/documents?state=filed,held", 200, `{"documents":[]}`},
		{"by a state that is none", "/documents?state=lost", 400, `"code":"bad_state"`},
		{"by type", "/documents?type=lab_report", 200, id},
		{"by words in a line", "/documents?q=creatinine", 200, id},
		{"by words in a finding", "/documents?q=CHEST+pain", 200, id},
		{"by words that are not there", "/documents?q=zebra", 200, `"documents":[]`},
		{"by words that are too many", "/documents?q=" + strings.Repeat("a", 300), 413, `"code":"text_too_long"`},
		{"since later", "/documents?since=2999-01-01T00:00:00Z", 200, `"documents":[]`},
		{"since nonsense", "/documents?since=yesterday", 400, `"code":"bad_since"`},
		{"counts", "/documents?counts=1", 200, `"counts":{"needs_review":1}`},
		{"unknown parameter", "/documents?colour=red", 400, `"code":"unknown_parameter"`},
		{"repeated parameter", "/documents?type=a&type=b", 400, `"code":"repeated_parameter"`},
		{"one", "/documents/" + id, 200, `"records":[{"version":1`},
		{"none", "/documents/" + strings.Repeat("0", 64), 404, `"code":`},
		{"record", "/documents/" + id + "/record", 200, `"lab_report"`},
		{"record of a version", "/documents/" + id + "/record?version=1", 200, `"lab_report"`},
		{"record of no version", "/documents/" + id + "/record?version=9", 404, `"code":`},
		{"record of nonsense", "/documents/" + id + "/record?version=x", 400, `"code":"bad_version"`},
		{"words", "/documents/" + id + "/words/1", 200, `"text":"LAKESIDE"`},
		{"words of no page", "/documents/" + id + "/words/9", 404, `"code":"no_such_page"`},
		{"words of page nought", "/documents/" + id + "/words/0", 400, `"code":"bad_page"`},
		{"picture", "/documents/" + id + "/pages/1.png", 200, "PNG"},
		{"picture of no page", "/documents/" + id + "/pages/3.png", 404, `"code":"no_such_page"`},
		{"picture too wide", "/documents/" + id + "/pages/1.png?width=99999", 400, `"code":"bad_width"`},
		{"picture of another kind", "/documents/" + id + "/pages/1.svg", 404, `"code":"not_found"`},
		{"resources", "/documents/" + id + "/resources", 200, `"resourceType":"Patient"`},
		{"queue", "/review/queue", 200, id},
		{"suggestions", "/review/" + id + "/suggestions?segment=0&target=field:dob", 200, `{"suggestions":[`},
		{"suggestions of no field", "/review/" + id + "/suggestions?target=field:none", 404, `"code":"no_such_target"`},
		{"suggestions of nonsense", "/review/" + id + "/suggestions?segment=x&target=field:patient", 400, `"code":"bad_segment"`},
		{"oldest first", "/documents?order=oldest", 200, id},
		{"an order that is none", "/documents?order=upwards", 400, `"code":"bad_order"`},
		{"before it came", "/documents?before=2001-01-01T00:00:00Z", 200, `"documents":[]`},
		{"by code", "/documents?code=corrupt", 200, `"documents":[]`},
		{"claimed by me", "/documents?claimed=mine", 200, `"documents":[]`},
		{"claimed by others", "/documents?claimed=yours", 400, `"code":"bad_claimed"`},
		{"found", "/documents/" + id + "/find?q=regional+LAB", 200, `"text":"REGIONAL LABORATORY"`},
		{"found within a word", "/documents/" + id + "/find?q=reatin", 200, `"text":"Creatinine"`},
		{"found on later pages", "/documents/" + id + "/find?q=lakeside&page=2", 200, `"hits":`},
		{"not found over a line", "/documents/" + id + "/find?q=laboratory+1", 200, `{"hits":[]}`},
		{"nothing sought", "/documents/" + id + "/find?q=+", 400, `"code":"no_text"`},
		{"too much sought", "/documents/" + id + "/find?q=" + strings.Repeat("a", 300), 413, `"code":"text_too_long"`},
		{"a sample of what was filed alone", "/review/sample", 200, `{"sample":null}`},
		{"quality", "/review/quality", 200, `"values":{"checked":0,"wrong":0}`},
		{"lessons", "/review/lessons", 200, `{"lessons":[]}`},
		{"operations", "/console/operations", 200, `{"tallies":[{"state":"needs_review","count":1,"oldest":`},
		{"events of nothing", "/documents/none/events", 404, `"code":`},
		{"the pages", "/", 200, "<div id=\"root\">"},
		{"a place in the pages", "/d/" + id, 200, "<div id=\"root\">"},
		{"no part of a document", "/documents/" + id + "/colour", 404, `"code":"not_found"`},
		{"no screen", "/nosuch", 404, `"code":"not_found"`},
		{"below a screen", "/search/nosuch", 404, `"code":"not_found"`},
		{"a document of no id", "/d", 404, `"code":"not_found"`},
		{"a patient whose id looks like a file", "/p/a.js", 200, "<!doctype html>"},
		{"a script that is not there", "/assets/old.js", 404, `"code":"not_found"`},
		{"the manifest stays inside", "/manifest.json", 404, `"code":"not_found"`},
		{"out of the bundle", "/../console.go", 404, `"code":"not_found"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, body := s.get(t, c.path)
			if r.StatusCode != c.status || !strings.Contains(body, c.holds) {
				t.Errorf("%d %.300s\nwant %d with %s", r.StatusCode, body, c.status, c.holds)
			}
			if r.Header.Get("Content-Security-Policy") != policy || r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", r.Header)
			}
			if r.StatusCode >= 400 && strings.Contains(body, id) {
				t.Error("an error repeats what was asked")
			}
		})
	}
}

func TestWidthsAreFew(t *testing.T) {
	t.Parallel()
	for asked, drawn := range map[int]int{1: 160, 160: 160, 161: 480, 999: 1000, 1001: 1600, 2400: 2400} {
		if got := roundUp(asked); got != drawn {
			t.Errorf("%d is drawn %d wide, want %d", asked, got, drawn)
		}
	}
}

func TestActionsAtTheDoor(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	url := s.URL + "/review/" + p.row.ID + "/actions"
	for _, c := range []struct {
		name, media, body string
		status            int
		code              string
	}{
		{"a form of another site", "text/plain", `{"after":1,"kind":"approve"}`, 415, "not_json"},
		{"no JSON", "application/json", `after`, 400, "bad_action"},
		{"no kind", "application/json", `{"after":1}`, 400, "bad_kind"},
		{"negative", "application/json", `{"after":1,"kind":"accept","segment":-1}`, 400, "bad_action"},
		{"large", "application/json", `{"reason":"` + strings.Repeat("a", actionBytesMax) + `"}`, 413, "action_too_large"},
		{"no target", "application/json", `{"after":1,"kind":"accept","target":"field:none"}`, 404, "no_such_target"},
		{"old version", "application/json", `{"after":7,"kind":"accept","target":"field:dob"}`, 409, "record_changed"},
		{"good", "application/json; charset=utf-8", `{"after":1,"kind":"accept","target":"field:dob"}`, 200, `{"state":"needs_review","version":2}`},
	} {
		r, err := http.Post(url, c.media, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != c.status || !strings.Contains(string(body), c.code) {
			t.Errorf("%s: %d %s, want %d %s", c.name, r.StatusCode, body, c.status, c.code)
		}
	}
	s.refuse = smart.Review
	for _, path := range []string{"/review/queue"} {
		if r, _ := s.get(t, path); r.StatusCode != 403 {
			t.Errorf("%s: %d for one who may not review", path, r.StatusCode)
		}
	}
	if _, body := s.get(t, "/console/settings"); !strings.Contains(body, `"may_review":false`) {
		t.Errorf("settings %s", body)
	}
}

func TestWhoMayNotReadSeesNothing(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	s.refuse = smart.Read
	id := p.row.ID
	for _, path := range []string{"/documents", "/documents/" + id, "/documents/" + id + "/record", "/documents/" + id + "/words/1",
		"/documents/" + id + "/pages/1.png", "/documents/" + id + "/resources", "/documents/" + id + "/events", "/events", "/console/settings"} {
		if r, body := s.get(t, path); r.StatusCode != 403 || strings.Contains(body, "Merriweather") {
			t.Errorf("%s: %d %.80s", path, r.StatusCode, body)
		}
	}
}

// counted counts the snapshots that the hub takes.
type counted struct {
	store.Store
	mu    sync.Mutex
	views int
}

func (c *counted) View(ctx context.Context, actor store.Actor, f func(store.View) error) error {
	if actor.ID == system.ID {
		c.mu.Lock()
		c.views++
		c.mu.Unlock()
	}
	return c.Store.View(ctx, actor, f)
}

// TestManyPagesCostOneRead opens fifty streams: a commit reaches all of them by one snapshot.
func TestManyPagesCostOneRead(t *testing.T) {
	t.Parallel()
	const pages = 50
	s := newStand(t)
	db := &counted{Store: s.db}
	hub := &server{Config: Config{Store: db, Progress: nothingRuns, Moved: neverMoves}, summaries: newSummaries()}
	hub.live = newLive(hub)
	streams := make([]*stream, pages)
	for i := range streams {
		st, err := hub.live.join("")
		if err != nil {
			t.Fatal(err)
		}
		streams[i] = st
	}
	p := labReport(t, "Tarn")
	s.arrive(t, p, "")
	for i, st := range streams {
		select {
		case e := <-st.events:
			var it item
			if err := json.Unmarshal(e.data, &it); err != nil || it.ID != p.row.ID || it.State != store.Received {
				t.Fatalf("stream %d: %s %v", i, e.data, err)
			}
		case <-time.After(patience):
			t.Fatalf("stream %d heard nothing", i)
		}
	}
	db.mu.Lock()
	if db.views > 3 { // when the first page opened, and for the commit (its burst may be cut in two)
		t.Errorf("%d snapshots for %d pages", db.views, pages)
	}
	db.mu.Unlock()
	for _, st := range streams {
		hub.live.leave(st)
	}
	if hub.live.stop != nil {
		t.Error("the hub runs on when nobody listens")
	}
}

// TestEventsOfOneDocument streams what happens to one document and nothing of another.
func TestEventsOfOneDocument(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, "GET", s.URL+"/documents/"+p.row.ID+"/events", nil)
	r, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	lines := bufio.NewScanner(r.Body)
	next := func() string {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return data
			}
		}
		t.Fatal("the stream ended", lines.Err())
		return ""
	}
	if r.Header.Get("Content-Type") != "text/event-stream" || next() != "{}" {
		t.Fatal("no stream")
	}
	other := labReport(t, "Beck")
	s.arrive(t, other, "")
	body := `{"after":1,"kind":"accept","target":"field:dob"}`
	if r, err := http.Post(s.URL+"/review/"+p.row.ID+"/actions", "application/json", strings.NewReader(body)); err != nil || r.StatusCode != 200 {
		t.Fatal(r, err)
	}
	var it item
	if err := json.Unmarshal([]byte(next()), &it); err != nil || it.ID != p.row.ID || it.Record != 2 {
		t.Errorf("event %+v %v", it, err)
	}
}

func TestStreamsAreLimited(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	l := newLive(&server{Config: Config{Store: s.db, Progress: nothingRuns, Moved: neverMoves}, summaries: newSummaries()})
	for i := range streamsMax + 1 {
		st, err := l.join("")
		if (err != nil) != (i == streamsMax) {
			t.Fatalf("stream %d: %v", i, err)
		}
		if st != nil {
			defer l.leave(st)
		}
	}
}

// TestSlowPageIsLetGo fills a stream that nobody reads: it is closed, the others go on.
func TestSlowPageIsLetGo(t *testing.T) {
	t.Parallel()
	l := &live{open: map[*stream]struct{}{}}
	slow, quick := &stream{events: make(chan event, 1)}, &stream{events: make(chan event, 9)}
	l.open[slow], l.open[quick] = struct{}{}, struct{}{}
	l.tell([]event{{document: "a"}, {document: "b"}, {document: "c"}})
	if len(quick.events) != 3 || len(l.open) != 1 {
		t.Errorf("%d events, %d streams", len(quick.events), len(l.open))
	}
	<-slow.events
	if _, ok := <-slow.events; ok {
		t.Error("the slow stream is still open")
	}
}

func FuzzParseAction(f *testing.F) {
	f.Add([]byte(`{"after":1,"kind":"correct","segment":0,"target":"field:dob","value":"1961-11-02","page":1,"words":[1,2],"box":[0.1,0.2,0.3,0.4]}`))
	f.Add([]byte(`{"box":[1]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parseAction(body)
		if err == nil && (a.Kind == "" || a.After < 0 || a.Segment < 0 || a.Page < 0 || a.Document != "") {
			t.Errorf("let through %+v", a)
		}
	})
}

// TestSummaryIsOfTheNewestRecord follows a record through a change: a kept summary is not used
// for a newer version.
func TestSummaryIsOfTheNewestRecord(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	c := newSummaries()
	read := func() (version int, sum *summary) {
		err := s.db.View(t.Context(), system, func(v store.View) (err error) {
			version, sum, err = c.of(v, p.row.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return version, sum
	}
	if version, sum := read(); version != 1 || sum.Look != 4 || sum.Patient == "" || sum.BirthDate != "1961-11-02" || sum.Errors != 1 {
		t.Errorf("version %d: %+v", version, sum)
	}
	p.record.Segments[0].Flags = []record.Flag{}
	body, _ := json.Marshal(p.record)
	s.transact(t, store.PutRecord{Document: p.row.ID, After: 1, Action: "machine", Body: body})
	if version, sum := read(); version != 2 || sum.Look != 3 || sum.Errors != 0 {
		t.Errorf("version %d: %+v", version, sum)
	}
	if len(c.kept) != 1 {
		t.Error("one document, one summary")
	}
}

// TestClaimedByAnother: who comes second is told, until they take the document over.
func TestClaimedByAnother(t *testing.T) {
	t.Parallel()
	s, p := reviewing(t, "Tarn")
	send := func(method, path, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text)
	}
	claim, act := "/review/"+p.row.ID+"/claim", "/review/"+p.row.ID+"/actions"
	if _, err := s.desk.Claim(t.Context(), store.Actor{ID: "user:boris"}, p.row.ID, false); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		holds                    string
	}{
		{"the list says so", "GET", "/documents", "", 200, `"claim":{"who":"user:boris"`},
		{"a second claim", "POST", claim, "{}", 409, `"code":"claimed"`},
		{"an act", "POST", act, `{"after":1,"kind":"accept","target":"field:dob"}`, 409, `"code":"claimed"`},
		{"taken over", "POST", claim + "?take=true", "{}", 200, `"who":"user:anna"`},
		{"now it is mine", "GET", "/documents?claimed=mine", "", 200, p.row.ID},
		{"an act now", "POST", act, `{"after":1,"kind":"accept","target":"field:dob"}`, 200, `"version":2`},
		{"given back", "DELETE", claim, "", 204, ""},
		{"no longer mine", "GET", "/documents?claimed=mine", "", 200, `"documents":[]`},
	} {
		if status, body := send(c.method, c.path, c.body); status != c.status || !strings.Contains(body, c.holds) {
			t.Errorf("%s: %d %.300s\nwant %d with %s", c.name, status, body, c.status, c.holds)
		}
	}
}

// TestRetryByCause runs what failed for one reason again, and leaves the rest.
func TestRetryByCause(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for i, code := range []string{"corrupt", "deadline", "deadline"} {
		p := labReport(t, strings.Repeat("x", i+1))
		s.arrive(t, p, "")
		s.transact(t, store.Move{ID: p.row.ID, From: []store.State{store.Received}, To: store.Failed, Code: code})
	}
	post := func(body string) (int, string) {
		r, err := http.Post(s.URL+"/console/operations/retry", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body)
		return r.StatusCode, string(text)
	}
	if status, body := post(`{}`); status != 400 || !strings.Contains(body, "bad_retry") {
		t.Errorf("no code: %d %s", status, body)
	}
	var done struct{ Again, Left int }
	for again := 0; again == 0 || done.Left > 0; again += done.Again { // a slow machine does one at a time
		status, body := post(`{"code":"deadline"}`)
		if err := json.Unmarshal([]byte(body), &done); status != 200 || err != nil || done.Again == 0 || again+done.Again+done.Left != 2 {
			t.Fatalf("retry: %d %s", status, body)
		}
	}
	if _, body := s.get(t, "/console/operations"); !strings.Contains(body, `"code":"corrupt","count":1`) || strings.Contains(body, "deadline") || !strings.Contains(body, `"document":{"waiting":2`) {
		t.Errorf("after it: %s", body)
	}
}
