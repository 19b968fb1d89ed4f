// Package readertest makes and finds files for the tests of the reader. It is not for production.
package readertest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// File is a member of an archive.
type File struct {
	Name string
	Data []byte
}

// Shared gives the path of a development file, or skips the test with one line.
func Shared(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("CHARTLAKE_SHARED")
	if root == "" {
		_, self, _, _ := runtime.Caller(0)
		root = filepath.Join(filepath.Dir(self), "..", "..", "..", "shared")
	}
	path := filepath.Join(root, "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("development data %s is not here (CHARTLAKE_SHARED)", name)
	}
	return path
}

// Archive reads a .tgz of the development data, or skips the test.
func Archive(t testing.TB, name string) []File {
	t.Helper()
	f, err := os.Open(Shared(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var files []File
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
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
		files = append(files, File{h.Name, data})
	}
}

// Sample gives n of the files, always the same ones; all where CHARTLAKE_ALL is set.
func Sample(files []File, n int) []File {
	if os.Getenv("CHARTLAKE_ALL") != "" || len(files) <= n {
		return files
	}
	order := rand.New(rand.NewPCG(7, 11)).Perm(len(files))[:n]
	slices.Sort(order)
	out := make([]File, n)
	for i, k := range order {
		out[i] = files[k]
	}
	return out
}

// Cache is a folder in which tests keep PDFium compiled: four CPU seconds for each of them else.
func Cache() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("chartlake-test-pdfium-%d", os.Getuid()))
}

// Reader gives bytes as a file.
func Reader(data []byte) (io.ReaderAt, int64) { return bytes.NewReader(data), int64(len(data)) }
