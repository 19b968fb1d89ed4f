package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chartlake/fault"
)

// liar is a local server whose answers the test writes; it counts questions and keeps the last.
type liar struct {
	*httptest.Server
	asked atomic.Int32
	mu    sync.Mutex
	last  request
	raw   []byte
}

// answer writes one answer; n counts from 1.
type answer func(w http.ResponseWriter, r *http.Request, n int)

func newLiar(t testing.TB, say answer) *liar {
	t.Helper()
	l := &liar{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		l.raw = body
		_ = json.Unmarshal(body, &l.last)
		l.mu.Unlock()
		say(w, r, int(l.asked.Add(1)))
	}))
	t.Cleanup(func() { l.CloseClientConnections(); l.Close() })
	return l
}

// log keeps log lines.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func endpoint(t testing.TB, l *liar, limits Limits) (*Endpoint, *log) {
	t.Helper()
	lines := &log{}
	e, err := Open(Config{URL: l.URL + "/v1/", Model: "model-1", Key: "key-canary", Limits: limits, Log: slog.New(slog.NewTextHandler(lines, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return e, lines
}

// content is a whole answer with this text.
func content(text string) string {
	data, _ := json.Marshal(text)
	return fmt.Sprintf(`{"choices":[{"message":{"role":"assistant","content":%s},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":10}}`, data)
}

func says(text string) answer {
	return func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = io.WriteString(w, content(text)) }
}

const secretText = "patient-canary has fever"

func (e *Endpoint) question(t testing.TB, p *purse) (string, error) {
	return e.ask(t.Context(), []message{{Role: "user", Content: secretText}}, p)
}

func full() *purse { return &purse{left: 1 << 30} }

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "host", "ftp://host/v1", "http://example.org/v1", "http://10.0.0.3/v1", "https://user:secret@host/v1", "https://host/v1?key=secret", "https:///v1", "http://localhost.example.org"} {
		_, err := Open(Config{URL: url, Model: "m"})
		if f := fault.As(err); f == nil || f.Kind != fault.Invalid || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := Open(Config{URL: "https://host/v1"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("no model: %v", err)
	}
	for _, url := range []string{"https://example.org/v1", "http://127.0.0.1:11434/v1", "http://[::1]:8000/v1", "http://localhost:11434/v1/"} {
		if _, err := Open(Config{URL: url, Model: "m"}); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	l := newLiar(t, says("hello"))
	e, _ := endpoint(t, l, Limits{Tokens: 77})
	got, err := e.question(t, full())
	if err != nil || got != "hello" {
		t.Fatalf("%q, %v", got, err)
	}
	if l.last.Model != "model-1" || l.last.MaxTokens != 77 || l.last.Temperature != 0 || l.last.Stream || l.last.Format.Type != "json_object" {
		t.Errorf("asked %+v", l.last)
	}
}

// TestBadServers is every way in which an answer does not come: each ends with its code, within
// the budget, after the number of tries that it is worth, and with nothing told of the question.
func TestBadServers(t *testing.T) {
	t.Parallel()
	status := func(code int) answer {
		return func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, secretText)
		}
	}
	stall := func(head string) answer {
		return func(w http.ResponseWriter, r *http.Request, _ int) {
			_, _ = io.WriteString(w, head)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}
	raw := func(text string) answer {
		return func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = io.WriteString(w, text) }
	}
	for name, c := range map[string]struct {
		say    answer
		limits Limits
		code   string
		asked  int32
	}{
		"500":                {status(500), Limits{}, "llm_status_500", triesMax},
		"429":                {status(429), Limits{}, "llm_status_429", triesMax},
		"400":                {status(400), Limits{}, "llm_status_400", 1},
		"401":                {status(401), Limits{}, "llm_status_401", 1},
		"204":                {status(204), Limits{}, "llm_status_204", 1},
		"stalls":             {stall(""), Limits{Time: 50 * time.Millisecond}, "llm_timeout", 1},
		"stalls in the body": {stall(`{"choices":[`), Limits{Time: 50 * time.Millisecond}, "llm_timeout", 1},
		"half a body": {func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Content-Length", "5000")
			_, _ = io.WriteString(w, content(secretText)[:60])
		}, Limits{}, "llm_unreachable", triesMax},
		"hangs up": {func(w http.ResponseWriter, _ *http.Request, _ int) {
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Close()
		}, Limits{}, "llm_unreachable", triesMax},
		"100 MB": {func(w http.ResponseWriter, _ *http.Request, _ int) {
			for piece := bytes.Repeat([]byte("x"), 1<<20); ; {
				if _, err := w.Write(piece); err != nil {
					return // the reader has gone, long before 100 MB
				}
			}
		}, Limits{}, "llm_answer_too_large", 1},
		"not JSON":        {raw("<html>" + secretText), Limits{}, "llm_answer_invalid", 1},
		"no choices":      {raw(`{"choices":[]}`), Limits{}, "llm_answer_invalid", 1},
		"another shape":   {raw(`{"choices":"` + secretText + `"}`), Limits{}, "llm_answer_invalid", 1},
		"deep":            {raw(strings.Repeat("[", 100_000)), Limits{}, "llm_answer_invalid", 1},
		"cut by tokens":   {raw(`{"choices":[{"message":{"content":"{"},"finish_reason":"length"}]}`), Limits{}, "llm_answer_cut", 1},
		"too many tokens": {raw(`{"choices":[{"message":{"content":"{}"},"finish_reason":"stop"}],"usage":{"completion_tokens":99999}}`), Limits{}, "llm_answer_cut", 1},
		"a long wait": {func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(503)
		}, Limits{}, "llm_status_503", 1},
		"redirects": {func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusTemporaryRedirect)
		}, Limits{}, "llm_status_307", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLiar(t, c.say)
			e, lines := endpoint(t, l, c.limits)
			text, err := e.question(t, full())
			f := fault.As(err)
			if text != "" || f == nil || f.Kind != fault.Unavailable || f.Code != c.code {
				t.Errorf("%q, %v; want %s", text, err, c.code)
			}
			if got := l.asked.Load(); got != c.asked {
				t.Errorf("asked %d times, want %d", got, c.asked)
			}
			told := fmt.Sprint(err) + lines.String()
			if strings.Contains(told, "canary") || strings.Contains(told, l.URL) || !strings.Contains(told, c.code) {
				t.Errorf("told: %s", told)
			}
		})
	}
}

func TestAskTriesAgain(t *testing.T) {
	t.Parallel()
	l := newLiar(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n < triesMax {
			w.WriteHeader(503)
			return
		}
		says("late")(w, r, n)
	})
	e, _ := endpoint(t, l, Limits{})
	if got, err := e.question(t, full()); err != nil || got != "late" || l.asked.Load() != triesMax {
		t.Errorf("%q, %v after %d", got, err, l.asked.Load())
	}
}

// TestRests: a model that fails again and again is left alone, and asked again later.
func TestRests(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	down.Store(true)
	l := newLiar(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if down.Load() {
			w.WriteHeader(400)
			return
		}
		says("up")(w, r, n)
	})
	e, _ := endpoint(t, l, Limits{})
	var clock atomic.Int64
	e.now = func() time.Time { return time.Unix(clock.Load(), 0) }
	for range 20 {
		if _, err := e.question(t, full()); err == nil {
			t.Fatal("answered")
		}
	}
	if got := l.asked.Load(); got != failuresMax {
		t.Errorf("a broken model was asked %d times, want %d", got, failuresMax)
	}
	down.Store(false)
	clock.Add(int64(restTime/time.Second) + 1)
	if got, err := e.question(t, full()); err != nil || got != "up" {
		t.Errorf("after the rest: %q, %v", got, err)
	}
}

// TestPurse: a document's tokens end, whatever the server says that it spent.
func TestPurse(t *testing.T) {
	t.Parallel()
	for name, usage := range map[string]string{"nothing": "0", "less than nothing": "-1000000", "honest": "250"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLiar(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				fmt.Fprintf(w, `{"choices":[{"message":{"content":%q},"finish_reason":"stop"}],"usage":{"completion_tokens":%s}}`, strings.Repeat("word", 250), usage)
			})
			e, _ := endpoint(t, l, Limits{})
			p := &purse{left: 1000}
			for range 20 {
				if _, err := e.question(t, p); err != nil && fault.As(err).Code != "llm_tokens" {
					t.Fatal(err)
				}
			}
			if got := l.asked.Load(); got != 4 {
				t.Errorf("asked %d times, want 4", got)
			}
		})
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"plain":                {`{"a":1}`, true},
		"fenced":               {"```json\n{\"a\":1}\n```", true},
		"thought":              {"<think>well {a} and\n{b}</think>\n{\"a\":1}", true},
		"words before":         {`Here you are: {"a":1}`, true},
		"words behind":         {`{"a":1} I hope that helps.`, false},
		"two":                  {`{"a":2}{"a":1}`, false},
		"cut":                  {`{"a":1`, false},
		"nothing":              {"", false},
		"an array":             {`[1]`, false},
		"many starts":          {strings.Repeat("\n{", 200_000), false},
		"another type":         {`{"a":"one"}`, false},
		"deep":                 {`{"a":` + strings.Repeat("[", 200_000), false},
		"a comment in another": {"\n// {\n{\"a\":1}", true},
	} {
		var into struct{ A int }
		if err := object(c.text, &into); (err == nil) != c.ok || c.ok && into.A != 1 {
			t.Errorf("%s: %v, %+v", name, err, into)
		}
	}
}
