package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"chartlake/fault"
)

// remote is a running server and how to reach it.
type remote struct {
	Server string `help:"Address of a running server (http://127.0.0.1:8080)." default:"http://127.0.0.1:8080" env:"CHARTLAKE_SERVER" placeholder:"URL"`
	Token  string `help:"The server's token, or file:NAME." env:"CHARTLAKE_TOKEN" placeholder:"TOKEN"`
}

// answerMax bounds what is read of an answer.
const answerMax = 64 << 20

// do sends a request and decodes the JSON answer into out (nil: ignored). An error answer
// becomes a fault of the same code; no answer is Unavailable.
func (c remote) do(ctx context.Context, method, path string, header http.Header, body io.Reader, length int64, out any) error {
	token, err := secret(c.Token)
	if err != nil {
		return err
	}
	u, err := url.JoinPath(c.Server, "/")
	if err != nil || !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
		return usage("--server is not an http:// or https:// address")
	}
	r, err := http.NewRequestWithContext(ctx, method, u[:len(u)-1]+path, body)
	if err != nil {
		return usage("--server is not an http:// or https:// address")
	}
	if length > 0 {
		r.ContentLength = length
	}
	for k, v := range header {
		r.Header[k] = v
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := (&http.Client{Timeout: 30 * time.Minute}).Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fault.New(fault.Unavailable, "no_server", "no server answers at %s; start one with chartlake serve", c.Server)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, answerMax))
	if err != nil {
		return fault.New(fault.Unavailable, "answer_cut", "the server's answer was cut")
	}
	if resp.StatusCode >= 300 {
		return answered(resp.StatusCode, data)
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(out); err != nil {
		return fault.New(fault.Unavailable, "not_chartlake", "the answer is not what a Chartlake server sends")
	}
	return nil
}

// answered makes the fault of an error answer.
func answered(status int, data []byte) error {
	var problem struct{ Code, Message string }
	if json.Unmarshal(data, &problem) != nil || problem.Code == "" {
		problem.Code, problem.Message = "http_error", http.StatusText(status)
	}
	kind := fault.Internal
	switch status {
	case 400:
		kind = fault.Invalid
	case 401:
		kind = fault.Unauthenticated
	case 403:
		kind = fault.Forbidden
	case 404:
		kind = fault.NotFound
	case 409:
		kind = fault.Conflict
	case 413:
		kind = fault.TooLarge
	case 415:
		kind = fault.Unsupported
	case 422:
		kind = fault.Corrupt
	case 429, 503:
		kind = fault.Unavailable
	case 507:
		kind = fault.Full
	}
	return fault.New(kind, problem.Code, "%w", errors.New(problem.Message))
}
