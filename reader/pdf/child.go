package pdf

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// child is the server's side of a child process that holds PDFium.
type child struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	ended   chan struct{}
	used    bool        // it has served a file before
	idle    *time.Timer // ends it when it has had nothing to do for long

	mu     sync.Mutex
	killed bool
}

// errGone: the child ended, or what it says has no sense.
var errGone = errors.New("the PDF engine's process ended")

// hooked: main calls ChildMain. Without it a child would be this whole program over again.
var hooked atomic.Bool

// start makes a child and waits until it has PDFium.
func start(cacheDir string, memory int64) (*child, error) {
	c := &child{process: command(childName, cacheDir, strconv.FormatInt(memory, 10)), ended: make(chan struct{})}
	var err error
	if c.in, err = c.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReaderSize(out, 64<<10)
	started := make(chan error)
	go keep(c.process, started, c.ended)
	if err := <-started; err != nil {
		return nil, err
	}
	late := time.AfterFunc(startTime, c.kill)
	kind, _, err := receive(c.out, messageMost)
	late.Stop()
	if err != nil || kind != fromReady {
		c.kill()
		return nil, errGone
	}
	return c, nil
}

// keep starts a process and waits for it on one locked thread: the parent-death signal belongs to
// the thread that made the child, and would come when the runtime retires it.
func keep(process *exec.Cmd, started chan<- error, ended chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(ended)
	err := process.Start()
	started <- err
	if err == nil {
		_ = process.Wait()
	}
}

// startTime bounds the start of a child, which may have to compile PDFium first: 4 s of CPU.
const startTime = time.Minute

// kill ends the process at once, whatever it is doing.
func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.killed {
		c.killed = true
		_ = c.process.Process.Kill()
		_ = c.in.Close()
	}
}

// gone reports whether the process was killed or has ended.
func (c *child) gone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.ended:
		return true
	default:
		return c.killed
	}
}

// ask sends a request and gives the answer, of at most so many bytes; meanwhile it gives the
// child the parts of the file that it wants. failed is why a part could not be read.
func (c *child) ask(request byte, body []byte, most int, file io.ReaderAt, size int64) (
	kind byte, answer []byte, failed, err error) {
	if err := send(c.in, request, body); err != nil {
		return 0, nil, nil, err
	}
	var part []byte
	for {
		kind, answer, err = receive(c.out, most)
		if err != nil || kind != fromNeed {
			return kind, answer, failed, err
		}
		d := &decoder{b: answer}
		offset, n := int64(d.int()), d.int()
		if d.bad || n < 1 || n > blockSize || offset < 0 || offset > size-int64(n) {
			return 0, nil, failed, errWire
		}
		if part == nil {
			part = make([]byte, blockSize)
		}
		read, err := file.ReadAt(part[:n], offset)
		if read < n {
			if err != io.EOF {
				failed = err
			}
			read = 0
		}
		if err := send(c.in, toBlock, part[:read]); err != nil {
			return 0, nil, failed, err
		}
	}
}

// settle closes the open file and reports whether the child can serve another.
func (c *child) settle() bool {
	if c.gone() {
		return false
	}
	late := time.AfterFunc(closeTime, c.kill)
	defer late.Stop()
	if send(c.in, toClose, nil) != nil {
		return false
	}
	kind, _, err := receive(c.out, messageMost)
	return err == nil && (kind == fromClosed || kind == fromRefusal) && !c.gone()
}

// closeTime bounds the orderly end of a document; after it the child is killed.
const closeTime = 2 * time.Second
