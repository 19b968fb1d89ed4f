package folder

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
)

// Put is blob.Store's.
func (s *Store) Put(ctx context.Context, r io.Reader, limit int64, check blob.Check) (blob.Info, error) {
	if s.broken.Load() {
		return blob.Info{}, brokenFault()
	}
	if err := s.room(); err != nil {
		return blob.Info{}, err
	}
	tmp := s.path("tmp", rand.Text())
	f, err := s.disk.Create(tmp)
	if err != nil {
		return blob.Info{}, s.fault("make a temporary file", err)
	}
	info, stream, err := s.fill(ctx, f, r, limit, check)
	if err == nil {
		err = s.finish(f, stream, tmp, info.Hash)
	}
	if e := f.Close(); err == nil && e != nil {
		err = s.fault("close a temporary file", e)
	}
	if err != nil {
		s.disk.Remove(tmp) // what cannot be removed now is removed by Clean
		return blob.Info{}, err
	}
	return info, nil
}

// finish seals the head of a stream (nil: the file is plain), syncs the file and gives it its
// name; once more where the blob was erased in between, and its key with it.
func (s *Store) finish(f file, stream *envelope.StreamWriter, tmp, hash string) error {
	for {
		key := int64(0)
		if stream != nil {
			var err error
			if key, err = s.seal(f, stream, hash); err != nil {
				return err
			}
		}
		if err := s.sync("sync a temporary file", f.Sync); err != nil {
			return err
		}
		if err := s.publish(s.kind(), tmp, hash, key); !errors.Is(err, errKeyGone) {
			return err
		}
	}
}

// fill streams r into the file and has the complete bytes checked.
func (s *Store) fill(ctx context.Context, f file, r io.Reader, limit int64, check blob.Check) (info blob.Info, stream *envelope.StreamWriter, err error) {
	sum := sha256.New()
	out := bufio.NewWriterSize(&writeErrors{w: f}, 1<<18)
	var to io.Writer = out
	if s.vault != nil {
		if stream, err = envelope.NewStream(out); err != nil {
			return info, nil, s.fault("write a temporary file", err)
		}
		to = stream
	}
	n, err := io.Copy(io.MultiWriter(to, sum), blob.Until(ctx, io.LimitReader(r, limit+1)))
	if err == nil && stream != nil {
		err = stream.Close()
	}
	if err == nil {
		err = out.Flush()
	}
	var failed *writeError
	switch {
	case errors.As(err, &failed):
		return info, nil, s.fault("write a temporary file", failed.err)
	case err != nil:
		return info, nil, err
	case n > limit:
		return info, nil, fault.New(fault.TooLarge, "too_large", "the file has more than %d bytes", limit)
	}
	if err := s.room(); err != nil {
		return info, nil, err
	}
	info = blob.Info{Hash: hex.EncodeToString(sum.Sum(nil)), Size: n, At: time.Now().UTC(), Key: s.kind()}
	if check == nil {
		return info, stream, nil
	}
	var bytes io.ReaderAt = f
	if stream != nil {
		bytes = stream.Reader(f)
	}
	return info, stream, check(info, bytes)
}

// publish gives the synced temporary file its name. It holds the shared lock so that Delete
// and Erase see either no new blob or a young one, and that its key (0: plain) still lives.
func (s *Store) publish(kind, tmp, hash string, key int64) error {
	if err := s.makeFolder(s.folderOf(kind, hash)); err != nil {
		return s.fault("make a blob folder", err)
	}
	unlock, err := s.disk.Lock(s.path("lock"), false)
	if err != nil {
		return s.fault("lock the blob folder", err)
	}
	lives := true
	if key != 0 {
		lives, err = s.vault.Lives(key)
	}
	if err == nil && lives {
		err = s.disk.Rename(tmp, s.file(kind, hash))
	}
	if e := unlock(); err == nil {
		err = e
	}
	switch {
	case err != nil:
		return s.fault("name a blob", err)
	case !lives:
		return errKeyGone
	}
	return s.sync("sync a blob folder", func() error { return s.disk.SyncFolder(s.folderOf(kind, hash)) })
}

// makeFolder makes a folder and its missing parents, and syncs the parent of each one so
// that the name outlives a power cut. A folder that is there may be another writer's, not
// yet synced, so its parent is synced as well unless this process did it before.
func (s *Store) makeFolder(dir string) error {
	if _, ok := s.made.Load(dir); ok {
		return nil
	}
	parent := filepath.Dir(dir)
	err := s.disk.Mkdir(dir)
	switch {
	case err == nil, errors.Is(err, fs.ErrExist):
	case errors.Is(err, fs.ErrNotExist) && parent != dir:
		if err := s.makeFolder(parent); err != nil {
			return err
		}
		return s.makeFolder(dir)
	default:
		return err
	}
	if err := s.sync("sync a new folder", func() error { return s.disk.SyncFolder(parent) }); err != nil {
		return err
	}
	s.made.Store(dir, true)
	return nil
}

// sync runs a sync and, when it fails, closes the door for good.
func (s *Store) sync(what string, f func() error) error {
	if s.unsynced {
		return nil
	}
	if s.broken.Load() {
		return brokenFault()
	}
	err := f()
	if err == nil {
		return nil
	}
	if !s.broken.Swap(true) && s.onBroken != nil {
		s.onBroken(fault.New(fault.Unavailable, blob.SyncFailed, "%s: %w", what, cause(err)))
	}
	return brokenFault()
}

// Healthy tells whether blobs can be taken; the error is the one that Put would give.
func (s *Store) Healthy() error {
	if s.broken.Load() {
		return brokenFault()
	}
	return s.room()
}

// room refuses when fewer than reserve bytes are free.
func (s *Store) room() error {
	if s.reserve < 0 {
		return nil
	}
	free, err := s.disk.Free(s.root)
	if err != nil {
		return s.fault("ask for free space", err)
	}
	if free < s.reserve {
		return full()
	}
	return nil
}

// writeErrors marks errors of the disk so that they can be told from errors of the sender.
type writeErrors struct{ w io.Writer }

type writeError struct{ err error }

func (e *writeError) Error() string { return cause(e.err).Error() }
func (e *writeError) Unwrap() error { return e.err }

func (w *writeErrors) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil {
		err = &writeError{err}
	}
	return n, err
}
