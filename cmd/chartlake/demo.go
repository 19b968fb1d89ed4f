package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"chartlake/eval/specimen"
	"chartlake/fault"
	"chartlake/intake"
	"chartlake/internal/phi"
	"chartlake/store"
)

// demoCommand is `chartlake demo`.
type demoCommand struct {
	Addr      string `help:"Address to listen on (127.0.0.1:8080); the next free port is taken where it is in use." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Data      string `help:"Folder of the demo; empty: a new one here." placeholder:"DIR"`
	Documents int    `help:"How many fictional documents arrive." default:"30"`
	Seed      uint64 `help:"Which documents they are." default:"1"`
	NoBrowser bool   `help:"Do not open a browser."`
}

func (demoCommand) Help() string { return "Example: chartlake demo" }

// portsTried is how many ports from the wished one on are tried.
const portsTried = 50

func (c demoCommand) Run(e *env) error {
	addr, err := freePort(c.Addr)
	if err != nil {
		return err
	}
	data := c.Data
	if data == "" {
		data = "chartlake-demo-" + time.Now().Format("20060102-150405")
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fault.New(fault.Forbidden, "demo_folder", "the demo's folder cannot be made here")
	}
	if !e.cli.Verbose { // a line for each document would push the address out of sight
		e.log = slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	serve := serveCommand{setting: setting{dataFolder: dataFolder{Data: data}, Mode: "commit"}, Addr: addr, Workers: -1}
	err = e.serve(serve, func(address string, s *server) {
		c.tell(e, address, data)
		go c.arrive(e.ctx, e, s)
	})
	if err == nil {
		fmt.Fprintf(e.stdout, "\nStopped. To go on where it was:\n  %s\n", resume(data))
	}
	return err
}

// resume is the command line that goes on with a demo's folder.
func resume(data string) string {
	return shellWord(program()) + " serve --data " + shellWord(absolute(data))
}

// shellWord quotes a path for a shell, where it needs that.
func shellWord(s string) string {
	if !strings.ContainsAny(s, " \t\n'\"\\$`&;|<>()*?[]{}~#!") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// tell prints the address and how to go on.
func (c demoCommand) tell(e *env, address, data string) {
	fmt.Fprintf(e.stdout, "\nChartlake is at %s\n", address)
	_, port, _ := strings.Cut(strings.TrimPrefix(address, "http://"), ":")
	if os.Getenv("SSH_CONNECTION") != "" {
		fmt.Fprintf(e.stdout, "From your own machine: ssh -L %s:127.0.0.1:%s %s\n", port, port, sshTarget())
	} else if !c.NoBrowser {
		open(address)
	}
	fmt.Fprintf(e.stdout, "Drop a PDF, TIFF, JPEG or PNG on the page, or: curl --data-binary @FILE %s/documents\n", address)
	fmt.Fprintf(e.stdout, "Fictional documents are arriving. Everything stays in %s (for you only).\n"+
		"Ctrl-C stops; to go on later:\n  %s\n\n", absolute(data), resume(data))
}

// program is how this binary was called.
func program() string {
	if p, err := os.Executable(); err == nil {
		if wd, err := os.Getwd(); err == nil {
			if rel, err := filepath.Rel(wd, p); err == nil && !strings.HasPrefix(rel, "..") {
				return rel
			}
		}
		return p
	}
	return "chartlake"
}

func sshTarget() string {
	host, err := os.Hostname()
	if err != nil {
		host = "HOST"
	}
	if user := os.Getenv("USER"); user != "" {
		return user + "@" + host
	}
	return host
}

// open shows an address in a browser where there is a desktop.
func open(address string) {
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return
	}
	if p, err := exec.LookPath("xdg-open"); err == nil {
		_ = exec.Command(p, address).Start()
	}
}

// freePort gives the wished address, or one with the next port that is free.
func freePort(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", usage("--addr is not HOST:PORT")
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return "", usage("the port of --addr is not a number")
	}
	for p := first; p < first+portsTried && p < 65536; p++ {
		try := net.JoinHostPort(host, strconv.Itoa(p))
		if l, err := net.Listen("tcp", try); err == nil {
			_ = l.Close()
			return try, nil
		}
	}
	return "", fault.New(fault.Unavailable, "address", "no port from %d on is free", first)
}

// demoActor is who brings the demo's documents.
var demoActor = store.Actor{ID: "system:demo", Name: "Demo"}

// arrive brings the documents in, one after the other, as a fax line would.
func (c demoCommand) arrive(ctx context.Context, e *env, s *server) {
	for n := range c.Documents {
		doc, err := specimen.Demo(c.Seed, n)
		if err != nil {
			e.log.Error("a demo document could not be made", "code", faultCode(err))
			return
		}
		_, err = s.door.Accept(ctx, demoActor, bytes.NewReader(doc.Bytes), intake.Offer{Source: "demo", Name: phi.Text(doc.Name)})
		if err != nil && ctx.Err() == nil {
			e.log.Error("a demo document was refused", "code", faultCode(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(700 * time.Millisecond):
		}
	}
}
