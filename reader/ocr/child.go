package ocr

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
)

// childName is argv[0] of the re-executed process: it tells ChildMain that this process is the child.
const childName = "chartlake-ocr-child"

// The child's first argument.
const (
	probeJob = "probe"     // apply every layer, test them, print the names of those that hold
	execJob  = "recognise" // apply the layers named in the second argument, then become the recogniser
)

// ChildMain must be the first call of main, and of TestMain in tests that recognise pages; args
// is os.Args. Where this process was started as the confined child it shuts itself in and
// becomes the recogniser: then the call does not return. Otherwise it does nothing.
func ChildMain(args []string) {
	if len(args) < 2 || args[0] != childName {
		return
	}
	runtime.LockOSThread() // the layers are put around one thread, the one that execs
	switch {
	case args[1] == probeJob && len(args) == 4:
		fmt.Println(strings.Join(probe(readable(args[2], args[3])), ","))
		exit(0)
	case args[1] == execJob && len(args) >= 6:
		become(args[2], readable(args[3], args[4]), args[5], args[6:])
	}
	exit(childFailed)
}

// childFailed is the child's exit status when it could not shut itself in or start the
// recogniser: sysexits.h EX_OSERR, which tesseract itself does not use.
const childFailed = 71

// exit ends the child at once. It is not os.Exit: the child is the command itself, which has
// nothing to flush or close.
func exit(code int) { syscall.Exit(code) }

// readable lists the places that the recogniser needs: its libraries, the command, the models.
func readable(command, models string) []string {
	places := []string{"/usr", "/lib", "/lib64"}
	if i := strings.LastIndexByte(command, '/'); i > 0 {
		places = append(places, command[:i])
	}
	if models != "" {
		places = append(places, models)
	}
	return places
}

// become applies the layers and replaces this process by the command. It returns only on failure.
func become(layers string, places []string, command string, args []string) {
	argv := append([]string{command}, args...)
	env := []string{"OMP_THREAD_LIMIT=1"} // without it OpenMP threads cost up to six times the wall time
	for _, layer := range strings.Split(layers, ",") {
		if err := apply(layer, places); err != nil {
			fmt.Fprintln(os.Stderr, "confine:", layer)
			return
		}
	}
	if err := syscall.Exec(command, argv, env); err != nil {
		fmt.Fprintln(os.Stderr, "confine: exec")
	}
}
