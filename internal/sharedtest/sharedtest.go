// Package sharedtest finds the development data for tests: CHARTLAKE_SHARED, or the folder
// shared beside the repository. Where it is absent a test skips with one line that says what
// it wanted. It is not for production, and nothing of the data is ever written.
package sharedtest

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Path gives the path of a file or folder of the data, as fhir/us-core-6.1.0.tgz, or skips.
func Path(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("CHARTLAKE_SHARED")
	if root == "" {
		_, self, _, _ := runtime.Caller(0)
		root = filepath.Join(filepath.Dir(self), "..", "..", "..", "shared")
	}
	path := filepath.Join(root, "data", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("development data %s is not here (CHARTLAKE_SHARED)", name)
	}
	return path
}

// Archive calls each for every regular file of a .tgz of the data, or skips.
func Archive(t testing.TB, name string, each func(member string, data []byte)) {
	t.Helper()
	f, err := os.Open(Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		each(h.Name, data)
	}
}
