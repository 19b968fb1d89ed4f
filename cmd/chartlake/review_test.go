package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"chartlake/reader/readertest"
	"chartlake/record"
)

// TestReviewAtTheCommandLine: the queue, what waits in a document, and acts on it.
func TestReviewAtTheCommandLine(t *testing.T) {
	t.Parallel()
	r := serveForTest(t)
	pdf := readertest.PDF("", readertest.Letter(readertest.Line(72, 720, 12, "LAKESIDE LABORATORY REPORT")+readertest.Line(72, 700, 12, "Notes on nothing that has a kind")))
	_, _, id := r.post(bytes.NewReader(pdf), 0)
	if row := r.settled(id); row.State == "filed" || row.State == "failed" {
		t.Fatalf("the document is %s (%s) and waits for nobody", row.State, row.Code)
	}
	call := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(append(append([]string{"review"}, args...), "--server", r.URL), &out, &errs); code != want {
			t.Fatalf("review %v: exit %d, want %d: %s", args, code, want, errs.String())
		}
		return out.String()
	}
	if got := call(0); !strings.Contains(got, id) {
		t.Errorf("the queue: %q", got)
	}
	if got := call(0, id); !strings.HasPrefix(got, id) || strings.Count(got, "\n") < 2 {
		t.Errorf("what waits: %q", got)
	}
	call(5, id, "hold") // for no reason
	if got := call(0, id, "hold", "--reason", "the sender was asked"); !strings.Contains(got, "held") {
		t.Errorf("held: %q", got)
	}
	var shown struct {
		Document struct{ State, Code, Question string }
		Open     []waiting
	}
	if err := json.Unmarshal([]byte(call(0, id, "--json")), &shown); err != nil || shown.Document.Code != "person" || shown.Document.Question != "the sender was asked" || len(shown.Open) == 0 {
		t.Errorf("shown %+v, %v", shown, err)
	}
	call(0, id, "undo")
	call(3, id, "suggest", "field:none")
	call(0, id, "correct", "field:mrn", "778-1")
	var open struct{ Open []waiting }
	if err := json.Unmarshal([]byte(call(0, id, "--json")), &open); err != nil {
		t.Fatal(err)
	}
	for _, w := range open.Open {
		if w.Target == "field:mrn" {
			t.Errorf("corrected, and waits: %+v", w)
		}
	}
	call(0, id, "reject", "document")
	if got := call(0); strings.Contains(got, id) {
		t.Errorf("the queue has what was rejected: %q", got)
	}
	call(2, id, "nonsense")
}

// TestReviewShowsLinesInOrder: what waits in a line stands in the same order each time.
func TestReviewShowsLinesInOrder(t *testing.T) {
	t.Parallel()
	line := map[string]record.Field{}
	for _, name := range strings.Split("hgfedcba", "") {
		line[name] = record.Field{State: record.Review}
	}
	var got string
	for _, w := range openIn(&record.Segment{Lines: []map[string]record.Field{line}}, 0) {
		got += strings.TrimPrefix(w.Target, "line:0:")
	}
	if got != "abcdefgh" {
		t.Errorf("in the order %q", got)
	}
}
