package bulk

import (
	"context"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"chartlake/fault"
)

// source is where a file, or a folder of files, is read from.
type source interface {
	// list gives the addresses of the files, at most so many.
	list(ctx context.Context, most int) ([]string, error)
	// open gives the bytes, and a stamp that another content does not have.
	open(ctx context.Context) (body io.ReadCloser, stamp string, err error)
}

func refusedSource() error {
	return fault.New(fault.Forbidden, "source_forbidden", "the server does not read from this place; whoever runs it allows places with --import-from")
}

// source finds out what an address is and whether it may be read.
func (d *Desk) source(address string) (source, error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > 4096 || u.User != nil || u.Fragment != "" {
		return nil, fault.New(fault.Invalid, "bad_source", "an input is a file://, http://, https:// or s3:// address")
	}
	switch u.Scheme {
	case "http", "https":
		if u.Host == "" {
			break
		}
		return &webSource{address: u.String(), allowed: d.allowed(u)}, nil
	case "s3":
		if u.Host == "" || u.RawQuery != "" {
			break
		}
		if !d.allowed(u) {
			return nil, refusedSource()
		}
		return &bucketSource{bucket: u.Host, key: strings.TrimPrefix(u.Path, "/")}, nil
	case "file":
		if u.Host != "" && u.Host != "localhost" || !filepath.IsAbs(u.Path) {
			break
		}
		name := filepath.Clean(u.Path)
		for _, from := range d.From {
			if strings.Contains(from, "://") {
				continue
			}
			folder, err := filepath.Abs(from)
			if err != nil {
				continue
			}
			if rel, err := filepath.Rel(folder, name); err == nil && filepath.IsLocal(rel) {
				return &folderSource{folder: folder, name: rel}, nil
			}
		}
		return nil, refusedSource()
	}
	return nil, fault.New(fault.Invalid, "bad_source", "an input is a file://, http://, https:// or s3:// address")
}

// allowed reports whether an address lies under one that the operator named. Scheme and host are
// compared whole, the path by its parts, so that …/a does not allow …/ab nor …/a/../b.
func (d *Desk) allowed(u *url.URL) bool {
	return slices.ContainsFunc(d.From, func(from string) bool {
		f, err := url.Parse(from)
		if err != nil || f.Scheme != u.Scheme || !strings.EqualFold(f.Host, u.Host) {
			return false
		}
		under, at := path.Clean("/"+f.Path), path.Clean("/"+u.Path)
		return under == "/" || at == under || strings.HasPrefix(at, under+"/")
	})
}

// folderSource is a file or folder below one that the operator named. Links that lead out of it
// are not followed.
type folderSource struct{ folder, name string }

// resourceFile reports whether a name in a folder or bucket is that of resources.
func resourceFile(name string) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(path.Base(name)), ".gz"), ".zst")
	return !strings.HasPrefix(name, ".") && (strings.HasSuffix(name, ".ndjson") || strings.HasSuffix(name, ".jsonl"))
}

func tooManyFiles() error {
	return fault.New(fault.TooLarge, "too_many_files", "an import has at most %d files", listMax)
}

func fileURL(name string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(name)}).String()
}

func (s *folderSource) list(_ context.Context, most int) (list []string, err error) {
	root, err := os.OpenRoot(s.folder)
	if err != nil {
		return nil, sourceMissing()
	}
	defer root.Close()
	info, err := root.Stat(s.name)
	if err != nil {
		return nil, sourceMissing()
	}
	if !info.IsDir() {
		return []string{fileURL(filepath.Join(s.folder, s.name))}, nil
	}
	err = fs.WalkDir(root.FS(), filepath.ToSlash(s.name), func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return sourceMissing()
		case e.IsDir() && strings.HasPrefix(e.Name(), ".") && len(e.Name()) > 1:
			return fs.SkipDir
		case !e.Type().IsRegular() || !resourceFile(name):
			return nil
		case len(list) == most:
			return tooManyFiles()
		}
		list = append(list, fileURL(filepath.Join(s.folder, name)))
		return nil
	})
	return list, err
}

func sourceMissing() error {
	return fault.New(fault.NotFound, "source_not_found", "the input is not there or may not be read")
}

func (s *folderSource) open(context.Context) (io.ReadCloser, string, error) {
	root, err := os.OpenRoot(s.folder)
	if err != nil {
		return nil, "", sourceMissing()
	}
	defer root.Close()
	f, err := root.Open(s.name)
	if err != nil {
		return nil, "", sourceMissing()
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, "", sourceMissing()
	}
	return f, info.ModTime().UTC().String() + " " + itoa(int(info.Size())), nil
}
