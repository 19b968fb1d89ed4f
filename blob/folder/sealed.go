package folder

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
)

// kind is the folder that new blobs go to.
func (s *Store) kind() string {
	if s.vault != nil {
		return blob.Sealed
	}
	return blob.Plain
}

// where finds a blob: sealed, or plain as an older version left it.
func (s *Store) where(hash string) (kind string, st fs.FileInfo, err error) {
	for _, kind = range []string{blob.Sealed, blob.Plain} {
		if st, err = s.disk.Stat(s.file(kind, hash)); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return kind, st, err
}

// openFile opens a file of the store as it lies.
func (s *Store) openFile(kind, hash string) (*reader, error) {
	f, err := s.disk.Open(s.file(kind, hash))
	if err != nil {
		return nil, s.readFault(err)
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, s.fault("look at a blob", err)
	}
	return &reader{f, st.Size()}, nil
}

// openKind opens a file of the store as the bytes that were put.
func (s *Store) openKind(kind, hash string) (blob.Reader, error) {
	f, err := s.openFile(kind, hash)
	if err != nil || kind == blob.Plain {
		return f, err
	}
	text, err := s.vault.OpenStream(f, []byte(hash))
	if err != nil {
		f.Close()
		return nil, s.sealedFault(hash, err)
	}
	return &sealedReader{text, f}, nil
}

// sealedFault says of a blob that does not open why.
func (s *Store) sealedFault(hash string, err error) error {
	switch f := fault.As(err); {
	case f == nil:
		return s.fault("read a blob", err)
	case f.Code == "sealed_damaged":
		return fault.New(fault.Corrupt, "blob_damaged", "blob %s does not open: its bytes are damaged", hash)
	case f.Code == "key_destroyed":
		return fault.New(fault.Gone, "erased", "blob %s was erased for good", hash)
	}
	return err
}

// sealedReader is a stream with its file.
type sealedReader struct {
	*envelope.StreamReader
	f io.Closer
}

func (r *sealedReader) Close() error { return r.f.Close() }

// keyOf gives the data key of the sealed blob that is there, 0 where there is none.
func (s *Store) keyOf(hash string) (int64, error) {
	f, err := s.disk.Open(s.file(blob.Sealed, hash))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, s.readFault(err)
	}
	defer f.Close()
	head := make([]byte, envelope.StreamHead)
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return 0, s.readFault(err)
	}
	id, _ := envelope.StreamKey(head)
	return id, nil
}

// seal writes the head of a finished stream, under the key that the blob has already, so that
// backups of it live and die together, or under a new one.
func (s *Store) seal(f file, stream *envelope.StreamWriter, hash string) (key int64, err error) {
	key, err = s.keyOf(hash)
	if err != nil {
		return 0, err
	}
	lives := false
	if key != 0 {
		if lives, err = s.vault.Lives(key); err != nil {
			return 0, err
		}
	}
	if !lives {
		if key, err = s.vault.New(); err != nil {
			return 0, err
		}
	}
	head, err := stream.Head(s.vault, key, []byte(hash))
	if err != nil {
		return 0, err
	}
	if _, err := f.WriteAt(head, 0); err != nil {
		return 0, s.fault("write a temporary file", err)
	}
	return key, nil
}

// errKeyGone says that the key of a blob was destroyed while it was put.
var errKeyGone = errors.New("the key was destroyed")

// Erase is blob.Store's.
func (s *Store) Erase(ctx context.Context, hash string) error {
	if !blob.ValidHash(hash) {
		return nil
	}
	unlock, err := s.disk.Lock(s.path("lock"), true)
	if err != nil {
		return s.fault("lock the blob folder", err)
	}
	defer unlock()
	return s.remove(hash)
}

// remove takes a blob away in all its forms. The caller has the lock.
func (s *Store) remove(hash string) error {
	if s.vault != nil {
		key, err := s.keyOf(hash)
		if err != nil {
			return err
		}
		if key > envelope.Common {
			if err := s.vault.Destroy([]int64{key}); err != nil {
				return err
			}
		}
	}
	for _, kind := range []string{blob.Sealed, blob.Plain} {
		err := s.disk.Remove(s.file(kind, hash))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return s.fault("delete a blob", err)
		}
		if err := s.sync("sync a blob folder", func() error { return s.disk.SyncFolder(s.folderOf(kind, hash)) }); err != nil {
			return err
		}
	}
	return nil
}

// SealPlain is blob.Keeper's.
func (s *Store) SealPlain(ctx context.Context) (n int, err error) {
	if s.vault == nil {
		return 0, nil
	}
	err = s.list(ctx, []string{blob.Plain}, "", func(info blob.Info) error {
		if err := s.sealPlain(ctx, info); err != nil {
			return err
		}
		n++
		return nil
	})
	return n, err
}

func (s *Store) sealPlain(ctx context.Context, info blob.Info) error {
	_, err := s.disk.Stat(s.file(blob.Sealed, info.Hash))
	if errors.Is(err, fs.ErrNotExist) {
		err = s.putPlain(ctx, info)
	}
	if fault.Is(err, fault.Corrupt) {
		return nil // a damaged one stays as it is: Scrub tells
	}
	if err != nil {
		return s.fault("seal a blob", err)
	}
	if err := s.disk.Remove(s.file(blob.Plain, info.Hash)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.fault("delete a blob", err)
	}
	return s.sync("sync a blob folder", func() error { return s.disk.SyncFolder(s.folderOf(blob.Plain, info.Hash)) })
}

func (s *Store) putPlain(ctx context.Context, info blob.Info) error {
	r, err := s.openKind(blob.Plain, info.Hash)
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = s.Put(ctx, io.NewSectionReader(r, 0, r.Size()), r.Size(), func(got blob.Info, _ io.ReaderAt) error {
		if got.Hash != info.Hash {
			return fault.New(fault.Corrupt, "blob_damaged", "blob %s does not have the bytes of its name", info.Hash)
		}
		return nil
	})
	return err
}
