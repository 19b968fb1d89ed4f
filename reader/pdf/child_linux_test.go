package pdf

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestConfined lets a worker try what the layers must refuse. The code in the cache is what it
// may read.
func TestConfined(t *testing.T) {
	t.Parallel()
	_, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if _, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0); errno != 0 || err != nil {
		t.Skip("this host has no Landlock or no seccomp")
	}
	dir := filepath.Join(t.TempDir(), hostile)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "code"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := command(childName, dir, "536870912").Output()
	if err != nil || string(out) != "cache" {
		t.Errorf("the child could reach: %q, %v", out, err)
	}
}
