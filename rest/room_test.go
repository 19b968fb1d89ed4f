package rest

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"chartlake/fault"
)

// Large bodies are worked on one after the other where there is not room for both; small ones pass by.
func TestRoom(t *testing.T) {
	t.Parallel()
	r := newRoom()
	var first, second, small stay
	ctx, cancel := context.WithCancel(t.Context())
	if err := r.enter(ctx, roomBytes-smallBody, &first); err != nil {
		t.Fatal(err)
	}
	if err := r.enter(ctx, smallBody, &small); err != nil {
		t.Errorf("a small body waits: %v", err)
	}
	entered := make(chan error)
	go func() { entered <- r.enter(ctx, 2*roomBytes, &second) }()
	select {
	case err := <-entered:
		t.Fatalf("there was no room: %v", err)
	default:
	}
	r.leave(&first)
	if err := <-entered; err != nil {
		t.Fatal(err)
	}
	cancel()
	if f := fault.As(r.enter(ctx, roomBytes, &first)); f == nil || f.Code != "busy" || f.RetryAfter == 0 {
		t.Errorf("who went away while waiting: %v", f)
	}
	r.leave(&second)
	r.leave(&second)
	if !r.work.TryAcquire(roomBytes) {
		t.Error("what was left is still taken")
	}
}

// Bodies that are read are counted, and given back whatever becomes of them.
func TestRoomReads(t *testing.T) {
	t.Parallel()
	r := newRoom()
	r.most = 3 * smallBody
	data := bytes.Repeat([]byte("x"), 2*smallBody)
	var one, other, small stay
	got, err := r.read(bytes.NewReader(data), &one)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if _, err := r.read(strings.NewReader("small"), &small); err != nil {
		t.Error(err)
	}
	if _, err := r.read(bytes.NewReader(data), &other); fault.As(err) == nil {
		t.Error("more than may wait was read")
	}
	for _, s := range []*stay{&one, &other, &small} {
		r.leave(s)
	}
	if n := r.held.Load(); n != 0 {
		t.Errorf("%d bytes are still held", n)
	}
	a := serve(t, func(c *Config) { c.MaxBody = 2 * smallBody })
	for _, body := range []string{strings.Repeat("x", smallBody+9), strings.Repeat("x", 3*smallBody)} {
		if got := a.do("POST", "/Patient", body); got.StatusCode/100 != 4 {
			t.Errorf("%d", got.StatusCode)
		}
	}
	a.want(201, "POST", "/Basic", `{"resourceType":"Basic","code":{"text":"`+strings.Repeat("a", smallBody+9)+`"}}`)
}
