package ocr

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"chartlake/reader/cage"

	"golang.org/x/sys/unix"
)

// The layers in the order in which the child applies them.
const (
	layerLimits     = "rlimits"
	layerPrivileges = "no_new_privs"
	layerLandlock   = "landlock"
	layerSeccomp    = "seccomp"
	layerNamespaces = "namespaces"
	layerUser       = "user"
)

// Limits of the child. A dense page takes about 150 MiB and 3 s; the deadline of the call is
// tighter than cpuSeconds and comes first.
const (
	memoryLimit = 2 << 30  // RLIMIT_AS
	fileLimit   = 64 << 20 // RLIMIT_FSIZE
	cpuSeconds  = 300      // RLIMIT_CPU
	openFiles   = 256      // RLIMIT_NOFILE
	nobody      = 65534    // user and group of the child when we are root
)

// apply puts one layer around the calling thread, which the caller has locked.
func apply(layer string, places []string) error {
	switch layer {
	case layerLimits:
		return cage.Limit(cage.Bound{Resource: unix.RLIMIT_CPU, Most: cpuSeconds}, cage.Bound{Resource: unix.RLIMIT_FSIZE, Most: fileLimit},
			cage.Bound{Resource: unix.RLIMIT_CORE}, cage.Bound{Resource: unix.RLIMIT_NOFILE, Most: openFiles},
			cage.Bound{Resource: unix.RLIMIT_AS, Most: memoryLimit})
	case layerPrivileges:
		return cage.NoNewPrivileges()
	case layerLandlock:
		return cage.Landlock(places)
	case layerSeccomp:
		return cage.Filter(allowed)
	case "":
		return nil
	}
	return errors.New("unknown layer")
}

// allowed are the system calls of a recogniser that reads its model, standard input and memory,
// observed with strace on tesseract 5.3.0, their older and newer forms in glibc, and what the
// Go runtime needs between the filter and execve. All others fail with EPERM.
var allowed = []string{
	"read", "pread64", "readv", "write", "pwrite64", "writev", "lseek", "close", "fcntl", "dup", "dup2", "dup3",
	"open", "openat", "access", "faccessat", "faccessat2", "stat", "fstat", "lstat", "newfstatat", "statx", "fstatfs", "statfs",
	"readlink", "readlinkat", "getdents64", "getcwd", "ioctl",
	"mmap", "mprotect", "munmap", "mremap", "madvise", "brk", "membarrier",
	"execve", "exit", "exit_group", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "getrlimit",
	"futex", "sched_yield", "sched_getaffinity", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time", "times",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "tgkill", "gettid", "getpid", "getppid",
	"getuid", "geteuid", "getgid", "getegid", "getrusage", "sysinfo", "uname", "getrandom", "restart_syscall",
	"epoll_pwait", "epoll_wait", "epoll_ctl", "poll", "ppoll", "clone", "clone3",
}

// probe applies the layers to this thread one after the other and names those that hold when tried.
func probe(places []string) []string {
	holds := []string{layerLimits} // not applied here: this Go process is larger than they allow
	if os.Getpid() == 1 {          // the first process of its own namespace
		holds = append(holds, layerNamespaces)
	}
	if os.Geteuid() != 0 {
		holds = append(holds, layerUser)
	}
	if apply(layerPrivileges, nil) == nil {
		if v, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err == nil && v == 1 {
			holds = append(holds, layerPrivileges)
		}
	}
	if apply(layerLandlock, places) == nil && refused("/etc/passwd") {
		holds = append(holds, layerLandlock)
	}
	if apply(layerSeccomp, nil) == nil {
		if _, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0); errors.Is(err, unix.EPERM) {
			holds = append(holds, layerSeccomp)
		}
	}
	return holds
}

func refused(path string) bool {
	f, err := os.Open(path)
	if err == nil {
		f.Close()
	}
	return errors.Is(err, os.ErrPermission)
}

// wall is how much the parent puts around a child when it starts it.
type wall int

const (
	wallFull  wall = iota // own user, network, process, mount and IPC namespaces
	wallSpace             // the same without a user namespace: where root may not make one
	wallUser              // another user only
	wallNone
)

// attributes are the process attributes of a wall.
func (w wall) attributes() *syscall.SysProcAttr {
	const spaces = syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC
	a := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	root := os.Geteuid() == 0
	if root && w != wallNone {
		a.Credential = &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: w == wallFull}
	}
	switch w {
	case wallFull:
		a.Cloneflags = syscall.CLONE_NEWUSER | spaces
		uid, gid := os.Geteuid(), os.Getegid()
		if root {
			uid, gid = nobody, nobody
		}
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
	case wallSpace:
		a.Cloneflags = spaces
	}
	return a
}

// command prepares a child of our own binary behind a wall, with no environment.
func command(ctx context.Context, w wall, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "/proc/self/exe")
	c.Args = append([]string{childName}, args...)
	c.Env = []string{}
	c.Dir = "/"
	c.SysProcAttr = w.attributes()
	return c
}

// run starts c and waits for it on one locked thread: the parent-death signal belongs to the
// thread that made the child, and would come when the runtime retires it.
func run(c *exec.Cmd) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		done <- c.Run()
	}()
	return <-done
}

// confinement finds the strongest wall that this host allows and the layers that hold behind it.
func confinement(tesseract, models string) (w wall, layers []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for w = wallFull; w <= wallNone; w++ {
		c := command(ctx, w, probeJob, tesseract, models)
		var out strings.Builder
		c.Stdout = &out
		if run(c) != nil {
			continue
		}
		for _, l := range strings.Split(strings.TrimSpace(out.String()), ",") {
			if l != "" {
				layers = append(layers, l)
			}
		}
		return w, layers
	}
	return wallNone, nil
}

// inner are the layers among the given that the child applies itself. The memory limit comes
// last: after it a Go process may not ask for memory.
func inner(layers []string) string {
	order := []string{layerPrivileges, layerLandlock, layerSeccomp, layerLimits}
	have := map[string]bool{}
	for _, l := range layers {
		have[l] = true
	}
	out := []string{}
	for _, l := range order {
		if have[l] {
			out = append(out, l)
		}
	}
	return strings.Join(out, ",")
}
