package bucket

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	service "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/sys/unix"

	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
)

// Put is blob.Store's.
func (s *Store) Put(ctx context.Context, r io.Reader, limit int64, check blob.Check) (blob.Info, error) {
	f, err := temporary(s.Temp)
	if err != nil {
		return blob.Info{}, err
	}
	defer f.Close()
	info, stream, err := s.fill(ctx, f, r, limit, check)
	if err != nil {
		return blob.Info{}, err
	}
	if stream == nil {
		info.At, err = s.send(ctx, *s.key(blob.Plain, info.Hash), f, false)
	} else {
		info.At, err = s.putSealed(ctx, f, stream, info.Hash)
	}
	return info, err
}

// putSealed writes the head of a finished stream and sends the file: under the key that the blob has
// already, so that all copies of it live and die together, or as the first one under a new key; once
// more where another was first, or where the blob was erased meanwhile and its key with it.
func (s *Store) putSealed(ctx context.Context, f *os.File, stream *envelope.StreamWriter, hash string) (time.Time, error) {
	for {
		there, err := s.lookAt(ctx, blob.Sealed, hash)
		first := fault.Is(err, fault.NotFound)
		if err != nil && !first {
			return time.Time{}, err
		}
		key, err := s.seal(f, stream, hash, there)
		if err != nil {
			return time.Time{}, err
		}
		at, err := s.send(ctx, *s.key(blob.Sealed, hash), f, first)
		if first && another(err) {
			continue
		}
		if err != nil {
			return time.Time{}, err
		}
		if lives, err := s.Vault.Lives(key); err != nil || lives {
			return at, err
		}
	}
}

// seal writes the head of a finished stream, under the key of what is there or a new one.
func (s *Store) seal(f *os.File, stream *envelope.StreamWriter, hash string, there seen) (key int64, err error) {
	lives := false
	if there.dataKey() != 0 {
		key = there.dataKey()
		if lives, err = s.Vault.Lives(key); err != nil {
			return 0, err
		}
	}
	if !lives {
		if key, err = s.Vault.New(); err != nil {
			return 0, err
		}
	}
	head, err := stream.Head(s.Vault, key, []byte(hash))
	if err != nil {
		return 0, err
	}
	if _, err := f.WriteAt(head, 0); err != nil {
		return 0, disk(err)
	}
	return key, nil
}

// send makes a file an object, durably, and gives the time at which the server has it. With first it
// gives a fault for which another holds where there is such an object already.
func (s *Store) send(ctx context.Context, key string, f *os.File, first bool) (at time.Time, err error) {
	sum := sha256.New()
	size, err := f.Seek(0, io.SeekStart)
	if err == nil {
		size, err = io.Copy(sum, blob.Until(ctx, f))
	}
	if err != nil {
		return at, disk(err)
	}
	digest := base64.StdEncoding.EncodeToString(sum.Sum(nil))
	in := &service.PutObjectInput{Bucket: &s.Bucket, Key: &key, Body: f, ContentLength: &size, ChecksumSHA256: &digest}
	if first {
		in.IfNoneMatch = sdk.String("*")
	}
	out, err := s.putObject(ctx, in)
	switch {
	case first && replaced(err):
		return at, anotherFirst()
	case err != nil:
		return at, failed(ctx, err)
	case out.ChecksumSHA256 != nil && *out.ChecksumSHA256 != digest:
		return at, notStored()
	}
	at, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
	if !ok {
		at = time.Now()
	}
	if out.ChecksumSHA256 == nil { // a server that says nothing of checksums
		there, err := s.head(ctx, key)
		if err != nil {
			return at, err
		}
		if there.size != size {
			return at, notStored()
		}
	}
	return at.UTC(), nil
}

// putObject sends with a signature over the body, also through TLS, so that a server without
// checksums holds it against a hash, too. A server that knows no conditions is asked without.
func (s *Store) putObject(ctx context.Context, in *service.PutObjectInput) (*service.PutObjectOutput, error) {
	for {
		if _, err := in.Body.(io.Seeker).Seek(0, io.SeekStart); err != nil {
			return nil, disk(err)
		}
		out, err := s.client.PutObject(ctx, in, service.WithAPIOptions(signBody))
		if in.IfNoneMatch == nil || !unable(err) {
			return out, err
		}
		in.IfNoneMatch = nil
	}
}

func signBody(stack *middleware.Stack) error {
	whole := &v4.ComputePayloadSHA256{}
	_, err := stack.Finalize.Swap(whole.ID(), whole)
	return err
}

func notStored() error {
	return fault.New(fault.Unavailable, "blob_not_stored", "S3 has other bytes than were sent")
}

const anotherCode = "blob_another_first"

func anotherFirst() error {
	return fault.New(fault.Conflict, anotherCode, "there is such an object already")
}

// another reports that an object was there before ours.
func another(err error) bool {
	f := fault.As(err)
	return f != nil && f.Code == anotherCode
}

// temporary makes a file of mode 0600 that is gone once it is closed.
func temporary(folder string) (*os.File, error) {
	f, err := os.CreateTemp(folder, "chartlake-")
	if err != nil {
		return nil, disk(err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, disk(err)
	}
	return f, nil
}

// disk is the fault of a temporary file; the context's own error stays as it is.
func disk(err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return fault.New(fault.Full, "disk_full", "no space left for temporary files; what is stored can still be read")
	}
	return fault.New(fault.Unavailable, "temporary_file", "a temporary file cannot be written: %w", pathless(err))
}

func pathless(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// fill streams r into the file and has the complete bytes checked.
func (s *Store) fill(ctx context.Context, f *os.File, r io.Reader, limit int64, check blob.Check) (info blob.Info, stream *envelope.StreamWriter, err error) {
	to := &writer{w: f}
	var out io.Writer = to
	if s.Vault != nil {
		if stream, err = envelope.NewStream(to); err != nil {
			return info, nil, disk(err)
		}
		out = stream
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), blob.Until(ctx, io.LimitReader(r, limit+1)))
	if err == nil && stream != nil {
		err = stream.Close()
	}
	switch {
	case to.err != nil:
		return info, nil, disk(to.err)
	case err != nil:
		return info, nil, err
	case n > limit:
		return info, nil, fault.New(fault.TooLarge, "too_large", "the file has more than %d bytes", limit)
	}
	info = blob.Info{Hash: hex.EncodeToString(sum.Sum(nil)), Size: n, Key: s.kind()}
	if check == nil {
		return info, stream, nil
	}
	var bytes io.ReaderAt = f
	if stream != nil {
		bytes = stream.Reader(f)
	}
	return info, stream, check(info, bytes)
}

// writer remembers that it was the file that failed, not the sender.
type writer struct {
	w   io.Writer
	err error
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil {
		w.err = err
	}
	return n, err
}
