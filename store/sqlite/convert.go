package sqlite

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/ncruces/go-sqlite3"
	"golang.org/x/sys/unix"

	"chartlake/envelope"
	"chartlake/fault"
)

// sealFile seals the pages of a database that an older version wrote in clear: a sealed copy is
// made beside it, synced, and takes its place; then the old bytes are written over. A crash leaves
// the old database or the new one; a copy that was begun is made anew. No other process may
// have the database open.
func (s *Store) sealFile(ctx context.Context) error {
	if s.disk.pages == nil {
		return nil
	}
	old, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer old.Close()
	// The lock goes with the file: who waited for it finds another file under the name.
	if clear, err := plain(old); err != nil || !clear {
		return err
	}
	if err := unix.Flock(int(old.Fd()), unix.LOCK_EX); err != nil {
		return err
	}
	if now, err := os.Stat(s.path); err != nil {
		return err
	} else if was, err := old.Stat(); err != nil || !os.SameFile(now, was) {
		return err
	}
	if s.cfg.Logger != nil {
		s.cfg.Logger.Info("the pages of the database are being sealed, once")
	}
	copy := s.path + ".sealing"
	if err := s.sealedCopy(copy); err != nil {
		os.Remove(copy)
		return err
	}
	if err := os.Rename(copy, s.path); err != nil {
		return err
	}
	if err := envelope.SyncFolder(s.cfg.Folder); err != nil {
		return err
	}
	return overwrite(old)
}

// sealedCopy brings the WAL into the database and writes all of it to a new file.
func (s *Store) sealedCopy(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	from := newDisk(func(error) {}, nil)
	defer from.release()
	u := url.URL{Scheme: "file", Path: s.path, RawQuery: "vfs=" + from.name}
	db, err := sqlite3.OpenFlags(u.String(), sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.FileControl("", sqlite3.FCNTL_RESERVE_BYTES, pageReserve); err != nil {
		return err
	}
	to := url.URL{Scheme: "file", Path: path, RawQuery: "vfs=" + s.disk.name}
	err = db.Exec(`PRAGMA temp_store=memory; PRAGMA locking_mode=exclusive; PRAGMA wal_checkpoint(TRUNCATE);
		VACUUM INTO '` + strings.ReplaceAll(to.String(), "'", "''") + `'`)
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(s.path + "-wal"); err == nil {
		return fault.New(fault.Unavailable, "store_busy", "another process has the database open, which is to be sealed; stop it first")
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if clear, err := plain(f); err != nil || clear {
		return errors.Join(err, fault.New(fault.Internal, "store", "the copy of the database is not sealed"))
	}
	if err := f.Chmod(0o600); err != nil {
		return err
	}
	return f.Sync()
}

// overwrite puts zeros over a file that has no name any more. What the disk did with older
// versions of its blocks is beyond reach.
func overwrite(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := io.CopyN(io.NewOffsetWriter(f, 0), zeros{}, info.Size()); err != nil {
		return err
	}
	return f.Sync()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
