package live

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"chartlake/envelope"
	"chartlake/fault"
)

// Place is where the files lie. Names are paths with slashes.
type Place interface {
	// Manifest gives what Commit was given last; nil: nothing yet.
	Manifest(ctx context.Context) ([]byte, error)
	// Open opens a file that was committed.
	Open(ctx context.Context, name string) (Opened, error)
	// Create begins a file that no manifest names yet.
	Create(ctx context.Context, name string) (Made, error)
	// Commit makes the manifest the one that holds, and takes all files away that are Ours and not in keep.
	// After a crash the one before or this one holds, and Commit with its keep mends the rest.
	Commit(ctx context.Context, manifest []byte, keep []string) error
	// URI is how others name a file.
	URI(name string) string
}

// Made is a file that is written. It is durable once Close says so; Abort gives it up, after Close it does nothing.
type Made interface {
	io.Writer
	Close() error
	Abort()
}

// Opened is a file that is read.
type Opened interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

const (
	manifestName = "tables.json"
	fresh        = ".new" // the ending of files that no manifest names yet
)

// Folder is a folder of this machine, for one process at a time.
type Folder struct {
	path string
	lock *os.File
}

// OpenFolder takes a folder, made where it is missing. Conflict with code tables_in_use: another process keeps it.
func OpenFolder(path string) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		err = os.MkdirAll(path, 0o700)
	}
	if err != nil {
		return nil, unusable(err)
	}
	f, err := os.OpenFile(filepath.Join(path, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unusable(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fault.New(fault.Conflict, "tables_in_use", "another process keeps the tables in this folder")
	}
	return &Folder{path, f}, nil
}

func unusable(err error) error {
	if errors.Is(err, unix.ENOSPC) {
		return fault.New(fault.Full, "tables_full", "there is no space left for the tables")
	}
	return fault.New(fault.Unavailable, "tables_unusable", "the folder of the tables cannot be used")
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.lock.Close() }

// URI is Place's.
func (f *Folder) URI(name string) string { return "file://" + f.at(name) }

func (f *Folder) at(name string) string { return filepath.Join(f.path, filepath.FromSlash(name)) }

// Manifest is Place's.
func (f *Folder) Manifest(context.Context) ([]byte, error) {
	file, err := os.Open(f.at(manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unusable(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, manifestMax+1))
	if err != nil || len(data) > manifestMax {
		return nil, errDamaged()
	}
	return data, nil
}

type openFile struct {
	*os.File
	size int64
}

func (o openFile) Size() int64 { return o.size }

// Open is Place's; a file that a crash left under its new name is found, too.
func (f *Folder) Open(_ context.Context, name string) (Opened, error) {
	file, err := os.Open(f.at(name))
	if errors.Is(err, fs.ErrNotExist) {
		file, err = os.Open(f.at(name + fresh))
	}
	if err != nil {
		return nil, fault.New(fault.Corrupt, "table_damaged", "a file of a table is not there")
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, unusable(err)
	}
	return openFile{file, info.Size()}, nil
}

// Create is Place's. The file is not to be seen under its name before Commit.
func (f *Folder) Create(_ context.Context, name string) (Made, error) {
	if err := os.MkdirAll(filepath.Dir(f.at(name)), 0o700); err != nil {
		return nil, unusable(err)
	}
	file, err := os.OpenFile(f.at(name+fresh), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, unusable(err)
	}
	return &made{file: file}, nil
}

type made struct {
	file *os.File
	over bool
}

func (m *made) Write(p []byte) (int, error) {
	n, err := m.file.Write(p)
	if err != nil {
		err = unusable(err)
	}
	return n, err
}

func (m *made) Close() error {
	m.over = true
	err := m.file.Sync()
	if e := m.file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return unusable(err)
	}
	return nil
}

func (m *made) Abort() {
	if !m.over {
		m.over = true
		m.file.Close()
		os.Remove(m.file.Name())
	}
}

// Commit is Place's. New files get their names and old ones go in one pass right after the
// manifest, so that a reader who lists the folder seldom meets both.
func (f *Folder) Commit(ctx context.Context, manifest []byte, keep []string) error {
	m, err := f.Create(ctx, manifestName)
	if err != nil {
		return err
	}
	defer m.Abort()
	if _, err := m.Write(manifest); err != nil {
		return err
	}
	if err := m.Close(); err != nil {
		return err
	}
	if err := f.syncFolders(); err != nil {
		return err
	}
	if err := os.Rename(f.at(manifestName+fresh), f.at(manifestName)); err != nil {
		return unusable(err)
	}
	if err := syncFolder(f.path); err != nil {
		return err
	}
	return f.tidy(keep)
}

// tidy gives new files that are to be kept their names and takes all others of ours away.
func (f *Folder) tidy(keep []string) error {
	var fresher, gone []string
	if err := filepath.WalkDir(f.path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(f.path, path)
		name := filepath.ToSlash(rel)
		base, isNew := strings.CutSuffix(name, fresh)
		switch {
		case name == ".lock" || name == manifestName:
		case isNew && slices.Contains(keep, base):
			fresher = append(fresher, base)
		case isNew && (base == manifestName || Ours(base)), Ours(name) && !slices.Contains(keep, name):
			gone = append(gone, name)
		}
		return nil
	}); err != nil {
		return unusable(err)
	}
	for _, name := range fresher {
		if err := os.Rename(f.at(name+fresh), f.at(name)); err != nil {
			return unusable(err)
		}
	}
	for _, name := range gone {
		if err := os.Remove(f.at(name)); err != nil {
			return unusable(err)
		}
	}
	return nil
}

// names are the names that sources and describe give.
var names = regexp.MustCompile(`^[a-z_]+/([A-Za-z]+-\d{12,}-[A-Z2-7]{8}\.parquet|metadata/\d{12,}-[A-Z2-7]{8}(` +
	regexp.QuoteMeta(icebergTable) + `|` + icebergList + `|` + icebergData + `))$`)

// Ours reports the name of a file as a Follower makes them, tables.json apart: what a Place may take away. Other
// files beside the tables are somebody's.
func Ours(name string) bool { return names.MatchString(name) }

// syncFolders makes the entries of new files durable.
func (f *Folder) syncFolders() error {
	return filepath.WalkDir(f.path, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return unusable(err)
		}
		if !d.IsDir() {
			return nil
		}
		return syncFolder(path)
	})
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	if err := envelope.SyncFolder(path); err != nil {
		return unusable(err)
	}
	return nil
}
