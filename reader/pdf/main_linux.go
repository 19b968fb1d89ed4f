package pdf

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"chartlake/reader/cage"

	"golang.org/x/sys/unix"
)

// argv[0] of the re-executed process: it tells ChildMain what this process is.
const (
	compileName = "chartlake-pdf-compile" // fills the cache folder and ends; sees no document
	childName   = "chartlake-pdf-child"   // shuts itself in and goes on as the worker
	workerName  = "chartlake-pdf-worker"  // serves files
)

// ChildMain must be the first call of main, and of TestMain in tests that read PDF files; args
// is os.Args. Where this process was started to hold PDFium the call does not return. Otherwise
// it only notes that children can be started.
func ChildMain(args []string) {
	switch {
	case len(args) == 2 && args[0] == compileName:
		exit(compileMain(args[1]))
	case len(args) == 3 && args[0] == childName:
		runtime.LockOSThread() // the layers are put around one thread, the one that execs
		become(args)
		exit(failed)
	case len(args) == 3 && args[0] == workerName:
		exit(workerMain(args[1], args[2]))
	}
	hooked.Store(true)
}

// failed is the exit status of a child that could not do its work: sysexits.h EX_OSERR.
const failed = 71

// exit ends the child at once. It is not os.Exit: nothing is to be flushed.
func exit(code int) { syscall.Exit(code) }

// become puts the layers that this host knows around the thread and starts this binary anew
// behind them: threads of the first start would stay outside. A layer that the host refuses is
// left out; that the host has them is what the reader's strict mode asks of OCR, whose layers
// they are too. It returns only on failure.
func become(args []string) {
	memory, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return
	}
	_ = cage.NoNewPrivileges()
	if os.Geteuid() == 0 && owned(args[1]) {
		_ = unix.Prctl(unix.PR_SET_SECUREBITS, securebits, 0, 0, 0)
	}
	_ = cage.Landlock([]string{"/lib", "/lib64", "/usr/lib", "/proc/self/exe", args[1]})
	_ = cage.Filter(calls)
	_ = cage.Limit(
		cage.Bound{Resource: unix.RLIMIT_FSIZE}, cage.Bound{Resource: unix.RLIMIT_CORE},
		cage.Bound{Resource: unix.RLIMIT_NOFILE, Most: 64},
		cage.Bound{Resource: unix.RLIMIT_DATA, Most: uint64(memory) + besides})
	env := []string{"GOMAXPROCS=1", "GOMEMLIMIT=" + strconv.Itoa(besides/2)}
	_ = syscall.Exec("/proc/self/exe", append([]string{workerName}, args[1:]...), env)
}

// owned reports whether all of a folder belongs to user 0, who can read it without capabilities.
func owned(dir string) bool {
	return filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if s, ok := info.Sys().(*syscall.Stat_t); !ok || s.Uid != 0 {
			return os.ErrPermission
		}
		return nil
	}) == nil
}

const (
	besides    = 512 << 20 // bytes of writable memory beside PDFium's own: Go, compiled code
	securebits = 0b11      // SECBIT_NOROOT and its lock: user 0 gets no capabilities by execve
)

// calls are the system calls of a Go process that reads files and talks through pipes.
var calls = []string{
	"read", "pread64", "write", "lseek", "close", "fcntl", "openat", "fstat", "newfstatat", "statx", "readlinkat", "getdents64",
	"access", "faccessat", "faccessat2", "getcwd", "ioctl",
	"mmap", "mprotect", "munmap", "mremap", "madvise", "mincore", "brk", "membarrier",
	"execve", "exit", "exit_group", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "getrlimit", "setrlimit",
	"futex", "sched_yield", "sched_getaffinity", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "tgkill", "gettid", "getpid", "getppid",
	"timer_create", "timer_settime", "timer_delete", "setitimer",
	"getuid", "geteuid", "getgid", "getegid", "getrusage", "uname", "getrandom", "restart_syscall",
	"epoll_create1", "epoll_pwait", "epoll_ctl", "eventfd2", "pipe2", "clone",
}

func compileMain(dir string) int {
	l, err := load(dir, defaultMemory)
	if err != nil {
		return failed
	}
	_ = l.close()
	return 0
}

func workerMain(dir, memory string) int {
	n, err := strconv.ParseInt(memory, 10, 64)
	if err != nil {
		return failed
	}
	_, _ = unix.FcntlInt(1, unix.F_SETPIPE_SZ, pipeSize)
	l, err := load(dir, n)
	if err != nil {
		return failed
	}
	w := &worker{library: l, in: bufio.NewReaderSize(os.Stdin, 64<<10), out: os.Stdout}
	if !errors.Is(w.work(), io.EOF) {
		return failed
	}
	return 0
}

// command prepares a child of our own binary with no environment.
func command(args ...string) *exec.Cmd {
	return &exec.Cmd{Path: "/proc/self/exe", Args: args, Env: []string{}, Dir: "/",
		SysProcAttr: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}}
}

// largeChild is the resident memory from which a child is not kept: large pages leave much behind.
const largeChild = 192 << 20

// large reports whether the child has taken so much memory that a fresh one is better.
func (c *child) large() bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(c.process.Process.Pid) + "/statm")
	if err != nil {
		return true
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return true
	}
	pages, err := strconv.Atoi(f[1])
	return err != nil || pages*os.Getpagesize() > largeChild
}
