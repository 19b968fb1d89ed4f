package cage

import (
	"syscall"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// NoNewPrivileges makes that no execve gives more rights. Landlock and Filter need it first.
func NoNewPrivileges() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }

// Bound is the most that the process may have of a resource, by RLIMIT_ number.
type Bound struct {
	Resource int
	Most     uint64
}

// Limit sets bounds in their order. A bound on the address space is best the last: a Go
// process gets no memory after it.
func Limit(bounds ...Bound) error {
	for _, b := range bounds {
		if err := unix.Setrlimit(b.Resource, &unix.Rlimit{Cur: b.Most, Max: b.Most}); err != nil {
			return err
		}
	}
	return nil
}

// Filter allows these system calls, and clone for threads: for a process or a namespace it is refused.
// clone3, whose flags a filter cannot see, is said not to exist: then libraries take clone. All
// others fail with EPERM. Names that this architecture does not have are passed over.
func Filter(allowed []string) error {
	info, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	names := []string{}
	for _, n := range allowed {
		if _, ok := info.SyscallNames[n]; ok && n != "clone" && n != "clone3" {
			names = append(names, n)
		}
	}
	const namespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUSER |
		syscall.CLONE_NEWPID | syscall.CLONE_NEWNET
	return seccomp.LoadFilter(seccomp.Filter{
		NoNewPrivs: true,
		Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionErrno,
			Syscalls: []seccomp.SyscallGroup{
				{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}},
				{Action: seccomp.ActionAllow, Names: names},
				{Action: seccomp.ActionAllow, NamesWithCondtions: []seccomp.NameWithConditions{{
					Name: "clone",
					Conditions: seccomp.ArgumentConditions{
						{Argument: 0, Operation: seccomp.BitsSet, Value: syscall.CLONE_THREAD},
						{Argument: 0, Operation: seccomp.BitsNotSet, Value: namespaces},
					},
				}}},
			},
		},
	})
}
