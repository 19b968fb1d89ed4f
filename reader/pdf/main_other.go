//go:build !linux

package pdf

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
)

const (
	compileName = "chartlake-pdf-compile"
	childName   = "chartlake-pdf-worker"
)

// ChildMain must be the first call of main, and of TestMain in tests that read PDF files; args
// is os.Args. Outside Linux there are no layers around the child but PDFium's WebAssembly.
func ChildMain(args []string) {
	switch {
	case len(args) == 2 && args[0] == compileName:
		l, err := load(args[1], defaultMemory)
		if err != nil {
			os.Exit(1)
		}
		_ = l.close()
		os.Exit(0)
	case len(args) == 3 && args[0] == childName:
		memory, _ := strconv.ParseInt(args[2], 10, 64)
		l, err := load(args[1], memory)
		if err != nil {
			os.Exit(1)
		}
		w := &worker{library: l, in: bufio.NewReader(os.Stdin), out: os.Stdout}
		_ = w.work()
		os.Exit(0)
	}
	hooked.Store(true)
}

func command(args ...string) *exec.Cmd {
	path, _ := os.Executable()
	return &exec.Cmd{Path: path, Args: args, Env: []string{"GOMAXPROCS=1"}}
}

func (c *child) large() bool { return false }
