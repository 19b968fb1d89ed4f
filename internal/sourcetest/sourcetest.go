// Package sourcetest is for tests that run the go command on this module: that build the
// program, or ask what imports what. go test keeps a result by what the test itself imports
// and opens, so without Touch such a test would be told as passed although the code that it
// is about has changed.
package sourcetest

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Touch looks at every file that a build of the module can depend on.
func Touch(t testing.TB) {
	t.Helper()
	_, self, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(self), "..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", "node_modules", "bin", "docs":
				return filepath.SkipDir
			}
			return nil
		}
		_, err = os.Stat(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
