// Package readertest makes and finds files for the tests of the reader. It is not for production.
package readertest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"chartlake/internal/sharedtest"
)

// File is a member of an archive.
type File struct {
	Name string
	Data []byte
}

// Archive reads a .tgz of the development data, or skips the test.
func Archive(t testing.TB, name string) []File {
	t.Helper()
	var files []File
	sharedtest.Archive(t, name, func(member string, data []byte) { files = append(files, File{member, data}) })
	return files
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
