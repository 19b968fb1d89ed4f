package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
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
