package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestS3Address: what is put at --s3-addr goes to the door of the same server, and what cannot be
// listened on is refused before anything starts.
func TestS3Address(t *testing.T) {
	t.Parallel()
	r := serveForTest(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	r.s.serveS3(ctx, l, "", &group)
	t.Cleanup(func() { cancel(); group.Wait() })
	put, err := http.NewRequestWithContext(ctx, "PUT", "http://"+l.Addr().String()+"/intake/scan.pdf", strings.NewReader("no document"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(put)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != 400 || !strings.Contains(string(body), "unsupported_type") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	for addr, want := range map[string]string{"": "", "9000": "HOST:PORT", "0.0.0.0:0": "token_needed", l.Addr().String(): "in use"} {
		got, err := serveCommand{S3Addr: addr}.listenS3("")
		if got != nil || (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", addr, err, want)
		}
	}
}
