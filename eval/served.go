package eval

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"time"

	"chartlake/fault"
)

// served is a running `chartlake serve` on a fresh folder.
type served struct {
	cmd   *exec.Cmd
	base  string
	ready time.Duration // from start until /readyz answered
}

// address finds where the server listens in what it says at start.
var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// startWithin bounds how long a server may take to be ready; the first start compiles PDFium.
const startWithin = 60 * time.Second

// start runs the program on a folder and waits until it is ready.
func start(ctx context.Context, program, folder string) (*served, error) {
	cmd := exec.Command(program, "serve", "--data", folder, "--addr", "127.0.0.1:0")
	out, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fault.New(fault.NotFound, "bench_program", "the program to measure does not start: %w", err)
	}
	s := &served{cmd: cmd}
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if at := address.FindString(lines.Text()); at != "" && len(found) == 0 {
				found <- at
			}
		}
		close(found)
	}()
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	select {
	case at, ok := <-found:
		if !ok {
			s.stop()
			return nil, fault.New(fault.Unavailable, "bench_server", "the server ended before it listened")
		}
		s.base = at
	case <-ctx.Done():
		s.stop()
		return nil, fault.New(fault.Unavailable, "bench_server", "the server did not say where it listens")
	}
	err = s.until(ctx, 5*time.Millisecond, func() (bool, error) {
		resp, err := http.Get(s.base + "/readyz")
		if err != nil {
			return false, nil
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK, nil
	})
	s.ready = time.Since(began)
	if err != nil {
		s.stop()
	}
	return s, err
}

// stop asks the server to end, and makes it end after ten seconds.
func (s *served) stop() {
	if s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(10*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer timer.Stop()
	_ = s.cmd.Wait()
}

// until asks again and again, with a pause between, until the answer is yes.
func (s *served) until(ctx context.Context, pause time.Duration, yes func() (bool, error)) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		ok, err := yes()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "bench_time", "the server did not get done in time: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// settledStates are the states in which a document rests (docs/design/life-of-a-document.md).
var settledStates = map[string]bool{"needs_review": true, "filed": true, "held": true, "failed": true, "rejected": true}

// ingest posts documents and waits until all are settled. It gives how many failed.
func (s *served) ingest(ctx context.Context, files [][]byte) (failed int, err error) {
	var ids []string
	for _, data := range files {
		var accepted struct {
			ID string `json:"id"`
		}
		if err := s.ask(ctx, http.MethodPost, "/documents", data, http.StatusAccepted, &accepted); err != nil {
			return 0, err
		}
		ids = append(ids, accepted.ID)
	}
	for _, id := range ids {
		state := ""
		// A quarter of a second is short beside a page of OCR, and asking costs well under a millisecond.
		err := s.until(ctx, 250*time.Millisecond, func() (bool, error) {
			var d struct {
				State string `json:"state"`
			}
			err := s.ask(ctx, http.MethodGet, "/documents/"+id, nil, http.StatusOK, &d)
			state = d.State
			return settledStates[d.State], err
		})
		if err != nil {
			return failed, err
		}
		if state == "failed" || state == "rejected" {
			failed++
		}
	}
	return failed, nil
}

// answerBytes bounds an answer that is read.
const answerBytes = 8 << 20

func (s *served) ask(ctx context.Context, method, path string, body []byte, want int, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", http.DetectContentType(body))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fault.New(fault.Unavailable, "bench_server", "the server does not answer: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	if err != nil {
		return err
	}
	if resp.StatusCode != want {
		return fault.New(fault.Unavailable, "bench_answer", "%s answered %d where %d was due", method, resp.StatusCode, want)
	}
	return json.Unmarshal(data, into)
}

// self is this program, to be started again as the server that is measured.
func self() (string, error) {
	p, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	return p, nil
}
