// Command chartlake-lab kills a real Chartlake server again and again while documents are
// uploaded, and then looks whether everything that it acknowledged is there:
//
//	chartlake-lab --server bin/chartlake-lab-server --fault kill --cycles 100
//	chartlake-lab --server bin/chartlake-lab-server --fault power --fs ext4 --cycles 100
//
// With --fault kill the process dies (SIGKILL) and the page cache lives on. With --fault power
// the whole file system stops as at a power cut: everything that was not synced is gone. That
// needs root, loop mounts and a file system that knows the shutdown ioctl (ext4, XFS); it runs
// in a mount namespace of its own. --control takes a safety away (the server must be built
// with the tag lab) and then the lab MUST find losses: with a control, exit code 0 means that
// they were found.
//
// With --fault eio and --fault point the k-th sync of the k-th life fails, or kills the server
// in the middle of it (strace injects both): the points are enumerated, not hit by chance.
// After a sync that failed the server must end by itself.
//
// Checked are the invariants of docs/design/life-of-a-document.md: acknowledged is readable
// with the right hash, every document comes to rest once, blobs and database are sound, and a
// retry with the same Idempotency-Key gives the same document.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// options is what a run of the lab is asked for.
type options struct {
	Server    string
	Fault     string // kill, power, eio, point
	FS        string // ext4, xfs
	Control   string // "", store, blob
	Cycles    int
	Uploaders int
	Seed      uint64
	Settle    time.Duration // how long the last server may take to settle everything
	Folder    string        // where images and data are made
	JSON      bool
	Args      []string // of serve, beside data folder and address
	inside    bool
}

func main() {
	var o options
	flag.StringVar(&o.Server, "server", "bin/chartlake-lab-server", "the chartlake program to run")
	flag.StringVar(&o.Fault, "fault", "kill", "kill (SIGKILL), power (the file system stops), eio (the k-th sync fails), point (killed at the k-th sync)")
	flag.StringVar(&o.FS, "fs", "ext4", "file system of a power cut: ext4 or xfs")
	flag.StringVar(&o.Control, "control", "", "negative control: store (commits unsynced) or blob (blobs unsynced)")
	flag.IntVar(&o.Cycles, "cycles", 10, "how often the server dies")
	flag.IntVar(&o.Uploaders, "uploaders", 8, "clients that upload at the same time")
	flag.Uint64Var(&o.Seed, "seed", uint64(time.Now().UnixNano()), "seed of documents and moments")
	flag.DurationVar(&o.Settle, "settle", 5*time.Minute, "how long the last server may take to settle everything")
	flag.StringVar(&o.Folder, "folder", "", "folder for images and data (default: a temporary one)")
	flag.BoolVar(&o.JSON, "json", false, "print the result as JSON")
	flag.BoolVar(&o.inside, "inside", false, "already in a mount namespace of its own (used by the lab itself)")
	flag.Parse()
	if o.Fault == "power" && !o.inside {
		os.Exit(inNamespace())
	}
	result, err := run(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chartlake-lab:", err)
		os.Exit(1)
	}
	if o.JSON {
		json.NewEncoder(os.Stdout).Encode(result)
	} else {
		fmt.Println(result)
	}
	if !result.Passed() {
		os.Exit(5)
	}
}

// inNamespace runs this program again in a mount namespace that nobody shares: a file system
// that was shut down stays alive for as long as any process holds a mount of it.
func inNamespace() int {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "chartlake-lab: a power cut needs root (loop mounts); nothing was tested")
		return 9
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chartlake-lab:", err)
		return 1
	}
	cmd := exec.Command(self, append([]string{"--inside"}, os.Args[1:]...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err = cmd.Run()
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chartlake-lab:", err)
		return 1
	}
	return 0
}
