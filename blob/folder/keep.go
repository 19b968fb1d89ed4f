package folder

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"time"

	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
)

var _ blob.Originals = (*Store)(nil)

// OpenStored is blob.Keeper's.
func (s *Store) OpenStored(ctx context.Context, hash string) (blob.Reader, error) {
	if !blob.ValidHash(hash) {
		return nil, notFound()
	}
	kind, _, err := s.where(hash)
	if err != nil {
		return nil, s.readFault(err)
	}
	return s.openFile(kind, hash)
}

// PutStored is blob.Keeper's.
func (s *Store) PutStored(ctx context.Context, hash string, r io.Reader, check func() error) error {
	if !blob.ValidHash(hash) {
		return fault.New(fault.Invalid, "blob_hash", "this is no hash of a blob")
	}
	if s.broken.Load() {
		return brokenFault()
	}
	tmp := s.path("tmp", rand.Text())
	f, err := s.disk.Create(tmp)
	if err != nil {
		return s.fault("make a temporary file", err)
	}
	out := bufio.NewWriterSize(&writeErrors{w: f}, 1<<18)
	_, err = io.Copy(out, blob.Until(ctx, r))
	if err == nil {
		err = out.Flush()
	}
	var failed *writeError
	if errors.As(err, &failed) {
		err = s.fault("write a temporary file", failed.err)
	}
	if err == nil {
		err = check()
	}
	if err == nil {
		err = s.sync("sync a temporary file", f.Sync)
	}
	if err == nil {
		err = s.publish(storedKind(f), tmp, hash, 0)
	}
	if e := f.Close(); err == nil && e != nil {
		err = s.fault("close a temporary file", e)
	}
	if err != nil {
		s.disk.Remove(tmp) // what cannot be removed now is removed by Clean
	}
	return err
}

// storedKind tells how the bytes of a file are kept.
func storedKind(f io.ReaderAt) string {
	head := make([]byte, envelope.StreamHead)
	_, _ = f.ReadAt(head, 0)
	if _, sealed := envelope.StreamKey(head); sealed {
		return blob.Sealed
	}
	return blob.Plain
}

// SetAside is blob.Keeper's. Each one gets a name of its own, so that nothing kept is written over.
func (s *Store) SetAside(ctx context.Context, hash string, before time.Time) error {
	if !blob.ValidHash(hash) {
		return nil
	}
	if err := s.makeFolder(s.path(blob.LostFound)); err != nil {
		return s.fault("make a blob folder", err)
	}
	unlock, err := s.disk.Lock(s.path("lock"), true)
	if err != nil {
		return s.fault("lock the blob folder", err)
	}
	defer unlock()
	kind, st, err := s.where(hash)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return s.fault("look at a blob", err)
	case !modTime(st).Before(before):
		return fault.New(fault.Conflict, "blob_young", "the blob was put again")
	}
	if err := s.disk.Rename(s.file(kind, hash), s.path(blob.LostFound, hash+"."+rand.Text())); err != nil {
		return s.fault("set a blob aside", err)
	}
	err = s.sync("sync a blob folder", func() error { return s.disk.SyncFolder(s.path(blob.LostFound)) })
	if err == nil {
		err = s.sync("sync a blob folder", func() error { return s.disk.SyncFolder(s.folderOf(kind, hash)) })
	}
	return err
}
