package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	readyMax  = 60 * time.Second // a first start may compile the PDF engine
	freezeMax = 5 * time.Second
)

// server is one life of the program under test.
type server struct {
	cmd    *exec.Cmd
	base   string
	client *http.Client
	dead   chan struct{}
	err    error
	stderr tail
}

// start runs the server on a folder and waits until it is ready.
func start(o options, data string, r *Result) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	s := &server{base: "http://" + addr, dead: make(chan struct{}),
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	s.cmd = exec.Command(o.Server, append([]string{"serve", "--data", data, "--addr", addr}, o.Args...)...)
	s.cmd.Env = append(os.Environ(),
		"CHARTLAKE_LAB_STORE_UNSYNCED="+onOff(o.Control == "store"),
		"CHARTLAKE_LAB_BLOB_UNSYNCED="+onOff(o.Control == "blob"))
	s.cmd.Stderr = &s.stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.cmd.WaitDelay = 10 * time.Second // a child that outlives the server must not keep the lab
	started := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.dead)
	}()
	for time.Since(started) < readyMax {
		select {
		case <-s.dead:
			return nil, fmt.Errorf("it ended with %v: %s", s.err, s.stderr.String())
		default:
		}
		if status, _, err := s.get("/readyz"); err == nil && status == http.StatusOK {
			if r != nil {
				r.ReadyMS = max(r.ReadyMS, time.Since(started).Milliseconds())
			}
			return s, nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.kill()
	return nil, fmt.Errorf("it was not ready after %v: %s", readyMax, s.stderr.String())
}

func onOff(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (s *server) kill() {
	s.cmd.Process.Kill()
	<-s.dead
	s.client.CloseIdleConnections()
}

// freeze stops the server where it is. When it returns, no thread of the server runs outside
// the kernel, so every answer that it will ever give has been given.
func (s *server) freeze() error {
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	for since := time.Now(); time.Since(since) < freezeMax; {
		running, err := s.running()
		if err != nil {
			return err
		}
		if !running {
			return nil
		}
	}
	return fmt.Errorf("the server still ran %v after it was stopped", freezeMax)
}

// running reports whether a thread of the server is neither stopped nor inside an
// uninterruptible call (proc_pid_stat(5), field 3).
func (s *server) running() (bool, error) {
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", s.cmd.Process.Pid))
	if err != nil {
		return false, err
	}
	for _, path := range stats {
		line, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return false, err
		}
		_, after, _ := bytes.Cut(line, []byte(") ")) // the program's name has no parenthesis
		if len(after) > 0 && after[0] != 'T' && after[0] != 'D' && after[0] != 'Z' {
			return true, nil
		}
	}
	return false, nil
}

// stop asks the server to end and waits for it.
func (s *server) stop() error {
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.dead:
		return nil
	case <-time.After(30 * time.Second):
		s.kill()
		return fmt.Errorf("it was killed after 30 s")
	}
}

func (s *server) get(path string) (int, []byte, error) {
	resp, err := s.client.Get(s.base + path)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// receipt is the answer to an upload.
type receipt struct {
	ID          string `json:"id"`
	SHA256      string `json:"sha256"`
	DuplicateOf string `json:"duplicate_of"`
}

// post uploads a file. status 0 means that no whole answer came.
func (s *server) post(ctx context.Context, body []byte, name, key string) (status int, r receipt) {
	req, err := http.NewRequestWithContext(ctx, "POST", s.base+"/documents", bytes.NewReader(body))
	if err != nil {
		return 0, r
	}
	req.Header.Set("Content-Type", "application/pdf")
	req.Header.Set("X-Filename", name)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, r
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, r
	}
	if resp.StatusCode == http.StatusAccepted && json.Unmarshal(answer, &r) != nil {
		return 0, r
	}
	return resp.StatusCode, r
}

// tail keeps the last of what a server said, for the report of a failed start.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if n := len(t.text); n > 4096 {
		t.text = t.text[n-4096:]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
