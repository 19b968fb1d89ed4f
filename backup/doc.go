// Package backup copies a store and its originals to another folder, or to a bucket of S3, while
// both are in use, and makes a data folder of such a copy again.
//
// A backup is a folder or a prefix of a bucket that many snapshots share:
//
//	chartlake-backup              says what the folder is
//	snapshots/<id>/manifest       what belongs to the snapshot: path, size and SHA-256 of every file
//	snapshots/<id>/database       the database, without the rows of the search index
//	blobs/<aa>/<hash>             the originals as they lie in the blob store, sealed or plain
//
// An original that an earlier snapshot brought is not copied again. A snapshot is there once
// its manifest is; what a crash leaves is called <id>.partial, in a bucket it has no manifest, and
// counts for nothing.
//
// What is not in it: keys, the search index, the journal and marks of the audit trail (its rows
// are), and the files of bulk jobs, which are copies that end with their day. A restored job
// whose files are missing fails or answers that they are gone.
//
// Keys never go into the folder (docs/design/sealing.md): who has it can read nothing of what
// is sealed. Restore checks every file against the manifest before anything uses it, names the
// one that is damaged or missing, and refuses a folder that is not empty.
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"chartlake/fault"
)

const (
	markFile     = "chartlake-backup"
	markText     = "chartlake backup 1\n"
	snapshots    = "snapshots"
	manifestName = "manifest"
	databaseName = "database"
	partial      = ".partial"
)

// place is where a backup lies. A name is a path within it, with slashes. What is not there is an
// fs.ErrNotExist; every other error is a fault.
type place interface {
	open(ctx context.Context, name string) (io.ReadCloser, error)
	size(ctx context.Context, name string) (int64, error)
	// write makes a file durable under its name, or leaves none.
	write(ctx context.Context, name string, fill func(io.Writer) error) error
	// snapshots lists the ids of the whole snapshots, oldest first.
	snapshots(ctx context.Context) ([]string, error)
	// empty reports whether nothing at all is there.
	empty(ctx context.Context) (bool, error)
	// lock keeps other backups out, where that can be done, until unlock is called or the process
	// ends; clear removes what backups that were cut off left.
	lock() (unlock func(), err error)
	clear(ctx context.Context) error
	// begin gives a folder of this machine for the database and the manifest of a new snapshot;
	// commit makes them the snapshot, durably; forget removes what is not committed.
	begin(id string) (dir string, err error)
	commit(ctx context.Context, id, dir string) error
	forget(id, dir string) error
	close() error
}

// openPlace opens a backup in a folder, or in a bucket: s3://bucket/prefix. With create one that is
// empty or missing becomes one. temp is a folder for what is on its way into a bucket.
func openPlace(ctx context.Context, root, temp string, create bool) (p place, err error) {
	if strings.HasPrefix(root, bucketScheme) {
		p, err = openBucket(ctx, root, temp)
	} else {
		p = folderPlace{root}
	}
	if err != nil {
		return nil, err
	}
	if err = mark(ctx, p, create); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// mark looks for the file that says that this is a backup, and makes it where that is asked for.
func mark(ctx context.Context, p place, create bool) error {
	f, err := p.open(ctx, markFile)
	if err == nil {
		defer f.Close()
		text, err := io.ReadAll(io.LimitReader(f, int64(len(markText))+1))
		if err == nil && string(text) != markText {
			err = fault.New(fault.Unsupported, "backup_newer", "the backup was made by a newer Chartlake")
		}
		return ioFault("read the backup", err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !create {
		return fault.New(fault.NotFound, "no_backup", "this is no backup of Chartlake (no %s)", markFile)
	}
	empty, err := p.empty(ctx)
	if err == nil && !empty {
		err = fault.New(fault.Conflict, "backup_folder", "the folder has something else in it; give an empty one, or one that has a backup")
	}
	if err != nil {
		return err
	}
	return p.write(ctx, markFile, func(w io.Writer) error {
		_, err := io.WriteString(w, markText)
		return err
	})
}

// openManifest opens the manifest of a snapshot.
func openManifest(ctx context.Context, p place, id string) (io.ReadCloser, error) {
	f, err := p.open(ctx, snapshots+"/"+id+"/"+manifestName)
	if errors.Is(err, fs.ErrNotExist) {
		err = fault.New(fault.NotFound, "no_snapshot", "the backup has no snapshot %s that is whole", id)
	}
	return f, err
}

// ioFault makes a fault of an error of the file system; a fault stays as it is.
func ioFault(what string, err error) error {
	if err == nil {
		return nil
	}
	if f := fault.As(err); f != nil {
		return f
	}
	if path := new(fs.PathError); errors.As(err, &path) {
		err = path.Err
	}
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return fault.New(fault.Full, "disk_full", "%s: there is no space left", what)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return fault.New(fault.Unavailable, "backup_io", "%s: %w", what, err)
}

// summing hashes and counts what is read through it, and ends when its context does.
type summing struct {
	ctx  context.Context
	r    io.Reader
	sum  hash.Hash
	size int64
}

func newSumming(ctx context.Context, r io.Reader) *summing {
	return &summing{ctx: ctx, r: r, sum: sha256.New()}
}

func (s *summing) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	s.sum.Write(p[:n])
	s.size += int64(n)
	return n, err
}

func (s *summing) hex() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// sumFile hashes a file of a place.
func sumFile(ctx context.Context, p place, name string) (sum string, size int64, err error) {
	f, err := p.open(ctx, name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	s := newSumming(ctx, f)
	_, err = io.Copy(io.Discard, s)
	return s.hex(), s.size, err
}
