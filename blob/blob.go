// Package blob keeps files by the SHA-256 of their bytes: originals, page pictures and
// whatever else is too large for the database. A blob is immutable; it is there whole and
// durable, or it is not there.
//
// Drivers (folder, aws/bucket) pass the suite in blobtest. Info.Key says whether a blob is sealed
// (package envelope); its hash and size are those of the bytes that came in.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"chartlake/fault"
)

// Kinds of blobs in Info.Key: as they came, or sealed under a data key of their own.
const (
	Plain  = "plain"
	Sealed = "sealed"
)

// SyncFailed is the code of the fault that says that bytes may not have reached the disk:
// after it the process must stop acknowledging and start again (see
// docs/design/life-of-a-document.md). A driver that gave it once gives it on every Put.
const SyncFailed = "sync_failed"

// DiskFailed is the code of the fault that says that a disk did not give what lies on it: of all that
// is Unavailable this alone may be damage.
const DiskFailed = "blob_disk"

// Store keeps blobs. All methods are safe for many goroutines and processes.
type Store interface {
	// Put streams r into the store and returns once the blob is durable under its hash.
	// More than limit bytes is a TooLarge fault with code too_large; no space is Full. check,
	// where given, sees the complete bytes before anybody else can; its error is returned as
	// it is and nothing is stored. Bytes that are stored already are written once more, so
	// that Put never trusts another writer's unfinished work and renews Info.At.
	Put(ctx context.Context, r io.Reader, limit int64, check Check) (Info, error)
	// Open gives random access to a blob's bytes, without looking at their hash (see Verify).
	// NotFound where there is none.
	Open(ctx context.Context, hash string) (Reader, error)
	// Stat describes a blob. NotFound where there is none.
	Stat(ctx context.Context, hash string) (Info, error)
	// Delete takes a blob away if it was last put before that time; a younger one stays and
	// gives a Conflict. A blob that is not there is no error.
	Delete(ctx context.Context, hash string, before time.Time) error
	// Erase destroys a blob's key and takes the blob away for good, whenever it was put. One
	// that is not there is no error, so that an erasure that was cut can be done again. A Put
	// of the same bytes that comes back later left them under a key that lives.
	Erase(ctx context.Context, hash string) error
	// List calls f for each blob in ascending order of hash, after the hash given ("" from
	// the start). An error of f ends it and is returned.
	List(ctx context.Context, after string, f func(Info) error) error
}

// Check looks at complete bytes before they are stored. The reader is valid during the call.
type Check func(Info, io.ReaderAt) error

// Info describes a blob. Hash is lower-case hex of SHA-256 of the bytes as they came in;
// Size counts those bytes; At is when it was last put.
type Info struct {
	Hash string
	Size int64
	At   time.Time
	Key  string
}

// Reader reads a blob at any offset.
type Reader interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// ValidHash reports whether s is a hash as this package writes it: 64 lower-case hex digits.
// Drivers make file names of it, so they refuse everything else.
func ValidHash(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Verify reads a whole blob and compares its hash. Bytes that differ are a Corrupt fault
// with code blob_damaged that names the blob and nothing else.
func Verify(ctx context.Context, s Store, hash string) error {
	r, err := s.Open(ctx, hash)
	if err != nil {
		return err
	}
	defer r.Close()
	return verify(ctx, r, hash)
}

func verify(ctx context.Context, r Reader, hash string) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, Until(ctx, io.NewSectionReader(r, 0, r.Size()))); err != nil {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case fault.Is(err, fault.Unavailable), fault.Is(err, fault.Gone):
			return err // it says nothing about the bytes
		}
		return fault.New(fault.Corrupt, "blob_damaged", "blob %s cannot be read", hash)
	}
	if hex.EncodeToString(sum.Sum(nil)) != hash {
		return fault.New(fault.Corrupt, "blob_damaged", "blob %s does not have the bytes of its name", hash)
	}
	return nil
}

// OpenVerified opens a blob after reading it once and comparing its hash. What lies elsewhere is
// brought to this machine for that, and read there.
func OpenVerified(ctx context.Context, s Store, hash string) (Reader, error) {
	r, err := s.Open(ctx, hash)
	if err != nil {
		return nil, err
	}
	if l, ok := r.(localizer); ok {
		err = l.Localize(ctx)
	}
	if err == nil {
		err = verify(ctx, r, hash)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// localizer is a Reader over a network that can bring its blob to this machine: whole, once, and
// before anybody takes a broken connection for a damaged file.
type localizer interface {
	Localize(ctx context.Context) error
}

// Scrub verifies every blob and calls bad for each one that is damaged or cannot be read.
// It returns how many blobs it looked at.
func Scrub(ctx context.Context, s Store, bad func(Info, error)) (int, error) {
	n := 0
	err := s.List(ctx, "", func(info Info) error {
		n++
		err := Verify(ctx, s, info.Hash)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil, fault.Is(err, fault.NotFound): // deleted meanwhile
			return nil
		}
		bad(info, err)
		return nil
	})
	return n, err
}

// Until reads r until ctx ends: a long copy ends with the context's error soon after.
func Until(ctx context.Context, r io.Reader) io.Reader { return &until{ctx, r} }

type until struct {
	ctx context.Context
	r   io.Reader
}

func (u *until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
