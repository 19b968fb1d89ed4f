package pdf

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[0] == workerName && filepath.Base(os.Args[1]) == hostile {
		fmt.Print(escapes(os.Args[1]))
		syscall.Exit(0)
	}
	ChildMain(os.Args)
	code := m.Run()
	shared().Close()
	os.Exit(code)
}

// hostile names a cache folder; the worker that gets it tries what the layers must refuse.
const hostile = "hostile"

// escapes lists what a process can reach.
func escapes(dir string) string {
	var out []string
	try := func(what string, work func() error) {
		if work() == nil {
			out = append(out, what)
		}
	}
	try("cache", func() error { _, err := os.ReadFile(filepath.Join(dir, "code")); return err })
	try("passwd", func() error { _, err := os.ReadFile("/etc/passwd"); return err })
	try("write to cache", func() error { return os.WriteFile(filepath.Join(dir, "more"), []byte("x"), 0o600) })
	try("write", func() error { return os.WriteFile("/tmp/chartlake-escaped", []byte("x"), 0o600) })
	try("network", func() error { _, err := net.Listen("tcp", "127.0.0.1:0"); return err })
	try("process", func() error {
		_, err := syscall.ForkExec("/proc/self/exe", []string{"true"}, nil)
		return err
	})
	if len(os.Environ()) > 2 {
		out = append(out, "environment")
	}
	return strings.Join(out, ", ")
}
