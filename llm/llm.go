// Package llm asks a language model behind an OpenAI-compatible endpoint (Ollama, vLLM) two
// things: what a page's picture says (Reader, beside a first reader), and where a clinical text
// mentions something that our own engine did not see (Proposer). Both are off unless a model is
// named, and neither is believed: a reading only confirms or doubts words that the first reader
// put in a box, and a proposal only becomes a question to a person, under an assertion and codes
// of our own. What a document says to the model ("ignore your instructions") can therefore do
// no more than that.
//
// An answer has budgets of time, bytes and tokens, a document one of tokens; a model that fails
// is left alone for a while and costs no document. Errors and log lines have codes, never words
// of a text, a picture, an answer or a key. It refuses addresses that would carry pages in the
// clear to another machine, and follows no redirect.
//
// Source: OpenAI API reference, "Create chat completion", as Ollama and vLLM speak it.
package llm

import (
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"chartlake/fault"
)

// Config says where a model is. URL and Model are required.
type Config struct {
	URL   string // base address of the API: https://host/v1, or http:// on this machine
	Model string // as the endpoint names it
	Key   string // bearer token; empty: none is sent
	Limits
	Log *slog.Logger // nil: silent
}

// Limits are the budgets. A zero field takes its default.
type Limits struct {
	Time           time.Duration // for one question with all its tries; 45 s, below the minute that the pipeline adds for a page
	Bytes          int64         // of one answer; 1 MiB
	Tokens         int           // of one answer; 8,192, a dense page in the most wasteful tokens
	DocumentTokens int           // of all questions and answers about one document; 500,000
}

func (l Limits) defaults() Limits {
	if l.Time <= 0 {
		l.Time = 45 * time.Second
	}
	if l.Bytes <= 0 {
		l.Bytes = 1 << 20
	}
	if l.Tokens <= 0 {
		l.Tokens = 8192
	}
	if l.DocumentTokens <= 0 {
		l.DocumentTokens = 500_000
	}
	return l
}

// Endpoint is a model that can be asked. It is safe for many goroutines.
type Endpoint struct {
	url    string
	model  string
	key    string
	limits Limits
	log    *slog.Logger
	client *http.Client

	mu       sync.Mutex
	failures int       // in a row
	rest     time.Time // until then nothing is asked
	now      func() time.Time
}

// Open checks a configuration; nothing is asked yet. Faults: Invalid.
func Open(c Config) (*Endpoint, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fault.New(fault.Invalid, "llm_url", "the address of the model is not https://HOST/PATH")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fault.New(fault.Invalid, "llm_url", "the address of the model must be https:// unless it is on this machine: pages of patients would go over the network in the clear")
	case c.Model == "":
		return nil, fault.New(fault.Invalid, "llm_model", "no model is named")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // only the address that was given sees a page
	transport.MaxResponseHeaderBytes = 64 << 10
	return &Endpoint{
		url:    strings.TrimRight(c.URL, "/") + "/chat/completions",
		model:  c.Model,
		key:    c.Key,
		limits: c.Limits.defaults(),
		log:    c.Log,
		client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		now:    time.Now,
	}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// A model that failed this often in a row is left alone for this long.
const (
	failuresMax = 4
	restTime    = time.Minute
)

// resting reports whether the model is left alone.
func (e *Endpoint) resting() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now().Before(e.rest)
}

// noted counts failures in a row.
func (e *Endpoint) noted(failed bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !failed {
		e.failures = 0
		return
	}
	if e.failures++; e.failures >= failuresMax {
		e.failures, e.rest = 0, e.now().Add(restTime)
	}
}

// purse is what is left of a document's tokens.
type purse struct {
	mu   sync.Mutex
	left int
}

func (p *purse) empty() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left <= 0
}

func (p *purse) spend(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left -= n
}
