package ocr

import (
	"bytes"
	"context"
	"errors"
	"os/exec"

	"chartlake/fault"
)

// outputLimit is the most that a child may answer: a dense page gives about 100 KiB of TSV.
const outputLimit = 32 << 20

// child runs the recogniser once, confined, with in as its standard input, and gives its
// standard output. It is killed when ctx ends or the deadline passes. What the command writes
// to standard error is not kept: it may repeat what it read.
func (e *Engine) child(ctx context.Context, in []byte, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, e.config.Deadline)
	defer cancel()
	argv := append([]string{execJob, inner(e.layers), e.config.Tesseract, e.config.Models, e.config.Tesseract}, args...)
	c := command(ctx, e.wall, argv...)
	out := limited{stop: cancel} // a first process of a namespace does not die of a closed pipe
	c.Stdin = bytes.NewReader(in)
	c.Stdout = &out
	err := run(c)
	switch {
	case out.over:
		return nil, fault.New(fault.TooLarge, "ocr_output", "the recogniser gave more than %d bytes", outputLimit)
	case ctx.Err() != nil:
		return nil, fault.New(fault.Unavailable, "ocr_timeout", "recognition took longer than allowed: %w", ctx.Err())
	case err != nil:
		return nil, fault.New(fault.Unavailable, "ocr_failed", "the recogniser ended with an error: %s", status(err))
	}
	return out.kept.Bytes(), nil
}

// status is how a child ended, in words that hold nothing of the page.
func status(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ProcessState.String()
	}
	return "it could not be started"
}

// limited keeps up to outputLimit bytes and refuses more. The buffer is a field: embedded, its
// ReadFrom would let io.Copy past the limit.
type limited struct {
	kept bytes.Buffer
	over bool
	stop func()
}

func (l *limited) Write(p []byte) (int, error) {
	if l.kept.Len()+len(p) > outputLimit {
		l.over = true
		l.stop()
		return 0, errors.New("output limit")
	}
	return l.kept.Write(p)
}
