// Package awstest has local servers that speak the wire formats of Amazon's services, and a proxy
// that lets their answers fail as a network and a busy service do.
package awstest

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"chartlake/aws"
)

// Ill is what happens to one request.
type Ill int

const (
	Well     Ill = iota
	Throttle     // refused: too many requests
	Fail         // refused with 500
	Busy         // refused with 503
	Stall        // no answer, for as long as the caller waits
	Half         // done, and half of the answer comes
	Lost         // done, and the connection breaks before the answer
	Twice        // done twice, as when a network repeats it
)

// All are the ills.
var All = map[string]Ill{"throttled": Throttle, "500": Fail, "503": Busy, "slow": Stall, "half an answer": Half, "lost answer": Lost, "twice": Twice}

// Style is the form of a service's errors.
type Style int

const (
	JSON Style = iota // Amazon's JSON protocols
	XML               // S3
	FHIR              // HealthLake
)

// Proxy stands before a service.
type Proxy struct {
	*httptest.Server
	backend http.Handler
	style   Style
	plan    func(n int) Ill

	mu    sync.Mutex
	count int
	ills  map[Ill]int
}

// New starts a proxy; plan says what happens to request n, from 1. nil: all is well.
func New(t testing.TB, backend http.Handler, style Style, plan func(n int) Ill) *Proxy {
	t.Helper()
	p := &Proxy{backend: backend, style: style, plan: plan, ills: map[Ill]int{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(func() { p.CloseClientConnections(); p.Close() })
	return p
}

// First lets the first n requests fall ill.
func First(n int, ill Ill) func(int) Ill {
	return func(i int) Ill {
		if i <= n {
			return ill
		}
		return Well
	}
}

// Every lets every nth request fall ill.
func Every(n int, ill Ill) func(int) Ill {
	return func(i int) Ill {
		if i%n == 0 {
			return ill
		}
		return Well
	}
}

// Mixed lets one of n requests fall ill of something, by a seed; never of Stall, which takes
// the caller's time.
func Mixed(n int, seed uint64) func(int) Ill {
	ills := []Ill{Throttle, Fail, Busy, Half, Lost, Twice}
	return func(i int) Ill {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		if rng.IntN(n) > 0 {
			return Well
		}
		return ills[rng.IntN(len(ills))]
	}
}

// Count is how many requests came.
func (p *Proxy) Count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Had is how many requests had an ill.
func (p *Proxy) Had(ill Ill) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ills[ill]
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	p.count++
	ill := Well
	if p.plan != nil {
		ill = p.plan(p.count)
	}
	p.ills[ill]++
	p.mu.Unlock()
	switch ill {
	case Throttle:
		p.refuse(w, http.StatusTooManyRequests, "ThrottlingException")
		return
	case Fail:
		p.refuse(w, http.StatusInternalServerError, "InternalServerError")
		return
	case Busy:
		p.refuse(w, http.StatusServiceUnavailable, "ServiceUnavailableException")
		return
	case Stall:
		<-r.Context().Done()
		return
	}
	answer := p.ask(r, body)
	if ill == Twice {
		answer = p.ask(r, body)
	}
	data := answer.Body.Bytes()
	if ill == Lost || ill == Half && len(data) < 2 {
		p.hangUp(w)
		return
	}
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(answer.Code)
	if ill != Half {
		_, _ = w.Write(data)
		return
	}
	_, _ = w.Write(data[:len(data)/2])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// ask gives a request to the service.
func (p *Proxy) ask(r *http.Request, body []byte) *httptest.ResponseRecorder {
	again := r.Clone(context.WithoutCancel(r.Context()))
	again.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	p.backend.ServeHTTP(rec, again)
	return rec
}

func (p *Proxy) hangUp(w http.ResponseWriter) {
	if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
		c.Close()
	}
}

func (p *Proxy) refuse(w http.ResponseWriter, status int, name string) {
	switch p.style {
	case JSON:
		if status == http.StatusTooManyRequests {
			status = http.StatusBadRequest // as the JSON protocols have it
		}
		Refuse(w, status, name)
	case XML:
		if status == http.StatusTooManyRequests {
			status, name = http.StatusServiceUnavailable, "SlowDown"
		}
		RefuseXML(w, status, name)
	case FHIR:
		w.Header().Set("Content-Type", "application/fhir+json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"throttled"}]}`)
	}
}

// Refuse writes an error of a JSON protocol.
func Refuse(w http.ResponseWriter, status int, name string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"__type":"`+name+`","message":"patient-canary"}`)
}

// RefuseXML writes an error of S3.
func RefuseXML(w http.ResponseWriter, status int, name string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+name+`</Code><Message>patient-canary</Message></Error>`)
}

// Tries is how often a call of Config is tried.
const Tries = 5

// Config calls services at an address: with made-up credentials, and without waiting long.
func Config(t testing.TB, address string) sdk.Config {
	t.Helper()
	return within(t, address, 20*time.Second)
}

// Hasty is Config for services that stall: a try ends soon.
func Hasty(t testing.TB, address string) sdk.Config {
	t.Helper()
	return within(t, address, 700*time.Millisecond)
}

func within(t testing.TB, address string, patience time.Duration) sdk.Config {
	t.Helper()
	c, err := aws.Load(t.Context(), aws.Config{Endpoint: address, Region: "us-east-1", Tries: Tries, Time: patience, Pause: 2 * time.Millisecond,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret-canary", "")})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
