package main

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// cacheDir is where the PDF engine's compiled code is kept. The zip brings it for the architecture that it
// was built on (scripts/lambda.sh); Lambda's copy of the zip can be read by others and not be written, so
// it is copied to a folder of our own, which takes a hundredth of the time of compiling. A copy that fails
// is no error: the engine compiles then.
func cacheDir(get func(string) string) string {
	dir := get("CHARTLAKE_CACHE_DIR")
	if root := get("LAMBDA_TASK_ROOT"); dir == "" && root != "" {
		dir = filepath.Join(os.TempDir(), "chartlake-pdfium")
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
		if copyFolder(filepath.Join(root, "pdfium"), dir) != nil {
			_ = os.RemoveAll(dir)
		}
	}
	return dir
}

// copyFolder copies a folder of small depth to one that is there only once it is whole.
func copyFolder(from, to string) error {
	part, err := os.MkdirTemp(filepath.Dir(to), "part-") // mode 0700
	if err != nil {
		return err
	}
	err = filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(part, name)
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		return copyFile(path, target)
	})
	if err == nil {
		err = os.Rename(part, to)
	}
	if err != nil {
		_ = os.RemoveAll(part)
	}
	return err
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if e := out.Close(); err == nil {
		err = e
	}
	return err
}
