package function

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"chartlake/fault"
)

// Handler handles one event.
type Handler func(ctx context.Context, event []byte) ([]byte, error)

// spare is what is left of an invocation's time to tell that it was not enough.
const spare = 2 * time.Second

// eventMax bounds what the runtime gives: Lambda's own limit is 6 MB.
const eventMax = 16 << 20

// Run is the loop of a function: it asks Lambda's runtime API at an address (HOST:PORT) for the next
// event and answers it, until ctx ends or the API is not there any more.
func Run(ctx context.Context, address string, handle Handler) error {
	base := "http://" + address + "/2018-06-01/runtime/invocation/"
	client := &http.Client{Transport: &http.Transport{}} // no proxy, and no end of waiting for an event
	for {
		if err := one(ctx, client, base, handle); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
	}
}

func one(ctx context.Context, client *http.Client, base string, handle Handler) error {
	resp, err := ask(ctx, client, http.MethodGet, base+"next", nil)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, eventMax))
	resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, "lambda_runtime", "the runtime API gave no event")
	}
	limited, cancel := ctx, context.CancelFunc(func() {})
	if ms, err := strconv.ParseInt(resp.Header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64); err == nil {
		limited, cancel = context.WithDeadline(ctx, time.UnixMilli(ms).Add(-spare))
	}
	out, err := handle(limited, data)
	cancel()
	path := "/response"
	if err != nil {
		path, out = "/error", told(err)
	}
	resp, err = ask(ctx, client, http.MethodPost, base+resp.Header.Get("Lambda-Runtime-Aws-Request-Id")+path, out)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, eventMax))
	return resp.Body.Close()
}

func ask(ctx context.Context, client *http.Client, method, address string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
		var resp *http.Response
		if resp, err = client.Do(req); err == nil {
			return resp, nil
		}
	}
	return nil, fault.New(fault.Unavailable, "lambda_runtime", "the runtime API cannot be reached")
}

// told is an error as the runtime API takes it: with its code, and a bland text where it is none of
// ours.
func told(err error) []byte {
	kind, text := "internal", "the event could not be handled"
	if f := fault.As(err); f != nil {
		kind, text = f.Code, f.Error()
	} else if err == context.DeadlineExceeded {
		kind, text = "deadline", "the time of the invocation was not enough"
	}
	out, _ := json.Marshal(map[string]string{"errorType": kind, "errorMessage": text})
	return out
}
