package bucket

import (
	"context"
	"io"
	"os"

	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
)

// OpenStored is blob.Keeper's. The blob is brought to this machine first: another one may be put in
// its place, sealed anew, while it is copied.
func (s *Store) OpenStored(ctx context.Context, hash string) (blob.Reader, error) {
	o, f, err := s.fetch(ctx, hash)
	if err != nil {
		return nil, err
	}
	return &stored{f, o.size}, nil
}

// stored is a blob as it lies in S3.
type stored struct {
	*os.File
	size int64
}

func (r *stored) Size() int64 { return r.size }

// PutStored is blob.Keeper's.
func (s *Store) PutStored(ctx context.Context, hash string, r io.Reader, check func() error) error {
	if !blob.ValidHash(hash) {
		return fault.New(fault.Invalid, "blob_hash", "this is no hash of a blob")
	}
	f, err := temporary(s.Temp)
	if err != nil {
		return err
	}
	defer f.Close()
	to := &writer{w: f}
	_, err = io.Copy(to, blob.Until(ctx, r))
	switch {
	case to.err != nil:
		return disk(to.err)
	case err != nil:
		return err
	}
	if err := check(); err != nil {
		return err
	}
	_, err = s.send(ctx, *s.key(storedKind(f), hash), f, false)
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

// SealPlain is blob.Keeper's.
func (s *Store) SealPlain(ctx context.Context) (n int, err error) {
	if s.Vault == nil {
		return 0, nil
	}
	l := s.list(blob.Plain, "")
	for {
		if err := l.next(ctx); err != nil || l.end {
			return n, err
		}
		switch err := s.sealPlain(ctx, l.at); {
		case fault.Is(err, fault.Corrupt): // a damaged one stays as it is: Scrub tells
		case err != nil:
			return n, err
		default:
			n++
		}
	}
}

// sealPlain puts a blob that lies there in clear once more, sealed, and takes every version in clear
// away.
func (s *Store) sealPlain(ctx context.Context, info blob.Info) error {
	if _, err := s.lookAt(ctx, blob.Sealed, info.Hash); fault.Is(err, fault.NotFound) {
		err = s.putPlain(ctx, info)
		if err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	return s.erase(ctx, blob.Plain, info.Hash)
}

func (s *Store) putPlain(ctx context.Context, info blob.Info) error {
	o, err := s.lookAt(ctx, blob.Plain, info.Hash)
	if err != nil {
		return err
	}
	r := &object{ctx: ctx, s: s, seen: o}
	_, err = s.Put(ctx, io.NewSectionReader(r, 0, o.size), o.size, func(got blob.Info, _ io.ReaderAt) error {
		if got.Hash != info.Hash {
			return fault.New(fault.Corrupt, "blob_damaged", "blob %s does not have the bytes of its name", info.Hash)
		}
		return nil
	})
	return err
}
