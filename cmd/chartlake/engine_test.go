package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/record"
)

// TestModels: a model is asked only where one is named, and what it proposes is a question.
func TestModels(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		fmt.Fprintf(w, `{"choices":[{"message":{"content":%q}}]}`, `{"spans":[{"quote":"zorbinol","type":"medication"},{"quote":"not there","type":"problem"}]}`)
	}))
	defer model.Close()
	text := file(t, "note.txt", []byte("Takes zorbinol."))
	if code, out, _ := command("annotate", text); code != 0 || strings.Contains(out, `"rule": "model"`) || asked.Load() != 0 {
		t.Errorf("without a setting: code %d, asked %d times, %s", code, asked.Load(), out)
	}
	code, out, errs := command("annotate", text, "--llm", model.URL+"/v1", "--llm-text", "m")
	if code != 0 || asked.Load() != 1 || !strings.Contains(out, "zorbinol") || !strings.Contains(out, `"review"`) || strings.Contains(out, "not there") {
		t.Errorf("code %d, asked %d times, %s %s", code, asked.Load(), out, errs)
	}
}

// Findings are written a mention at a time, and are the bytes of the whole written at once.
func TestFindingsAreWrittenAsOne(t *testing.T) {
	t.Parallel()
	for _, f := range []findings{
		{TextSHA256: "ab", Entities: []record.Entity{}, Sections: []record.Section{}, Versions: map[string]string{}},
		{TextSHA256: "ab", Versions: map[string]string{"clinical": "1"}, Sections: []record.Section{{Name: "hpi", End: 3}}, Entities: []record.Entity{
			{Text: "a<b", Type: record.Problem, Attributes: map[string]string{"x": "y"}, Codes: []record.Code{{Code: "1", Score: 0.5}}}, {Text: "c", Cue: &record.Cue{Text: "no"}}}},
	} {
		var one, parts bytes.Buffer
		if err := (&env{stdout: &one}).writeJSON(f); err != nil {
			t.Fatal(err)
		}
		if err := (&env{stdout: &parts}).writeFindings(f); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(one.String(), parts.String()); diff != "" {
			t.Error(diff)
		}
	}
}
