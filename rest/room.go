package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"chartlake/fault"
)

// Memory that bodies take. One that is parsed, checked, indexed and answered takes about 22 times its
// bytes (docs/performance/fhir.md), so large ones are worked on within a room, and wait for it
// outside.
const (
	smallBody = 256 << 10 // needs no room
	roomBytes = 32 << 20  // bodies that are worked on at once; a larger one is alone
	waitBytes = 512 << 20 // bodies that were read and wait, or are being read; more are refused
)

// room bounds the memory of large bodies.
type room struct {
	work *semaphore.Weighted
	held atomic.Int64
	most int64
}

func newRoom() *room { return &room{work: semaphore.NewWeighted(roomBytes), most: waitBytes} }

// stay is what a request has of a room.
type stay struct{ held, work int64 }

func busy() error {
	f := fault.New(fault.Unavailable, "busy", "too many large requests at once; try again soon")
	f.RetryAfter = time.Second
	return f
}

// read reads a body to its end. What it holds is given back by leave, also after an error.
func (r *room) read(in io.Reader, s *stay) ([]byte, error) {
	var b bytes.Buffer
	for {
		_, err := io.CopyN(&b, in, smallBody)
		if n := int64(b.Len()); n > smallBody && n > s.held {
			if r.held.Add(n-s.held) > r.most {
				s.held = n
				return nil, busy()
			}
			s.held = n
		}
		if errors.Is(err, io.EOF) {
			return b.Bytes(), nil
		}
		if err != nil {
			return b.Bytes(), err
		}
	}
}

// enter waits until there is room to work on a body of n bytes.
func (r *room) enter(ctx context.Context, n int, s *stay) error {
	if n <= smallBody {
		return nil
	}
	weight := min(int64(n), roomBytes)
	if err := r.work.Acquire(ctx, weight); err != nil {
		return busy()
	}
	s.work = weight
	return nil
}

// leave gives back what a request has. It may be called again.
func (r *room) leave(s *stay) {
	r.held.Add(-s.held)
	if s.work > 0 {
		r.work.Release(s.work)
	}
	*s = stay{}
}
