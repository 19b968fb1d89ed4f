package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"chartlake/aws/bucket"
	"chartlake/bulk"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/rest"
	"chartlake/smart"
)

// openBulk opens the desk of exports and imports. Its files are where the originals are, so that every
// process that has those can do a job and give its files.
func (s *server) openBulk(data string, from []string) {
	var shelf bulk.Shelf = bulk.Folder(filepath.Join(data, "bulk"))
	if b, ok := s.blobs.(*bucket.Store); ok {
		shelf = b.Shelf()
	}
	s.bulk = bulk.New(bulk.Config{Store: s.store, Shelf: shelf, Library: s.library, From: from, Elements: rest.Elements, Log: s.log})
}

// fhirClient asks a FHIR API for jobs.
type fhirClient struct {
	base  string // without a slash at its end
	token string
	http  *http.Client
	// served is this process's own server, where the place is a data folder.
	served *server
}

// place is a running server, or a data folder that is served for as long as the command runs.
type place struct {
	Data string `help:"Work on this data folder instead of a server." placeholder:"DIR"`
	database
	remote
}

// reach gives a client of the place, and what ends it.
func (p place) reach(e *env) (*fhirClient, func(), error) {
	if p.Data != "" {
		return p.folder(e)
	}
	token, err := secret(p.Token)
	if err != nil {
		return nil, nil, err
	}
	if !strings.HasPrefix(p.Server, "http://") && !strings.HasPrefix(p.Server, "https://") {
		return nil, nil, usage("--server is not an http:// or https:// address")
	}
	return &fhirClient{base: strings.TrimSuffix(p.Server, "/") + "/fhir", token: token, http: &http.Client{}}, func() {}, nil
}

// folder serves a data folder on a port of its own to this process alone.
func (p place) folder(e *env) (*fhirClient, func(), error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	base := "http://" + l.Addr().String() + "/fhir"
	workers := runtime.GOMAXPROCS(0)
	s, err := e.newServer(e.ctx, setting{dataFolder: dataFolder{Data: p.Data, database: p.database}, Mode: "commit"}, workers, base)
	if err != nil {
		l.Close()
		return nil, nil, err
	}
	s.bearer = smart.Operator() // nobody else learns the token
	token := make([]byte, 24)
	_, _ = rand.Read(token)
	c := &fhirClient{base: base, token: hex.EncodeToString(token), http: &http.Client{}, served: s}
	handler := s.handler(c.token, base)
	ctx, cancel := context.WithCancel(e.ctx)
	var group sync.WaitGroup
	s.work(ctx, workers, &group)
	group.Go(func() { _ = s.listen(ctx, l, handler) })
	return c, func() {
		cancel()
		group.Wait()
		s.close()
	}, nil
}

// send sends a request; an answer of 400 or more becomes a fault.
func (c *fhirClient) send(ctx context.Context, method, address, media string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, usage("--server is not an http:// or https:// address")
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	req.Header.Set("Prefer", "respond-async")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fault.New(fault.Unavailable, "no_server", "no server answers at the address; start one with chartlake serve")
	}
	if resp.StatusCode < 400 {
		return resp, nil
	}
	defer resp.Body.Close()
	data, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if n, err := fhir.Parse(data); err == nil {
		issue := n.Get("issue").Item(0)
		if code := issue.Get("details").Get("coding").Item(0).Str("code"); code != "" {
			return nil, fault.New(kindOf(resp.StatusCode), code, "%w", errors.New(issue.Str("diagnostics")))
		}
	}
	return nil, answered(resp.StatusCode, data)
}

// kindOf is the kind of fault that a status stands for.
func kindOf(status int) fault.Kind {
	var f *fault.Error
	if errors.As(answered(status, nil), &f) {
		return f.Kind
	}
	return fault.Internal
}

// here is an address of the server as this client reaches it: behind a proxy the server may
// give itself another name.
func (c *fhirClient) here(address string) (string, error) {
	u, err := url.Parse(address)
	if err == nil {
		if _, path, ok := strings.Cut(u.Path, "/fhir/"); ok {
			return c.base + "/" + path, nil
		}
	}
	return "", fault.New(fault.Unavailable, "not_chartlake", "the answer is not what a Chartlake server sends")
}

// pollEvery bounds how often a job is asked after, however short the server says.
const pollEvery = 200 * time.Millisecond

// job begins a job and waits until it is over. tell is told how many resources are done. When the
// command is interrupted the job is given up.
func (c *fhirClient) job(ctx context.Context, method, path, media string, body io.Reader, tell func(n int)) (*bulk.Manifest, error) {
	resp, err := c.send(ctx, method, c.base+path, media, body)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	at, err := c.here(resp.Header.Get("Content-Location"))
	if err != nil {
		return nil, err
	}
	for {
		resp, err := c.send(ctx, http.MethodGet, at, "", nil)
		if err == nil && resp.StatusCode == http.StatusOK {
			defer resp.Body.Close()
			m := &bulk.Manifest{}
			if err := json.NewDecoder(resp.Body).Decode(m); err != nil {
				return nil, fault.New(fault.Unavailable, "not_chartlake", "the answer is not what a Chartlake server sends")
			}
			return m, nil
		}
		if err == nil {
			resp.Body.Close()
			count, _, _ := strings.Cut(resp.Header.Get("X-Progress"), " ")
			if n, err := strconv.Atoi(count); err == nil {
				tell(n)
			}
		} else if ctx.Err() == nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if resp, err := c.send(stop, http.MethodDelete, at, "", nil); err == nil {
				resp.Body.Close()
			}
			return nil, ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

// file gives the text of a file of a job.
func (c *fhirClient) file(ctx context.Context, address string) (io.ReadCloser, error) {
	at, err := c.here(address)
	if err != nil {
		return nil, err
	}
	resp, err := c.send(ctx, http.MethodGet, at, "", nil)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}
