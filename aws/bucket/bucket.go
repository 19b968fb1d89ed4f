// Package bucket keeps originals in Amazon S3 and servers that speak as it does (blob.Store), and
// fetches files that others put there.
//
// A blob is one object under its hash. It is written to a temporary file first, sealed on the way
// where there is a vault, checked, sent in one request and then asked for: a Put that came back is
// in S3, whole. S3 keeps either all of an object or nothing, so a Put that was cut leaves nothing;
// sent again it writes the same. Deletion asks for the age first, and is not one step with it: a
// blob that is put in the same moment by another process may go, which the sweeper of documents
// finds. A bucket with versions keeps what was overwritten or deleted until its lifecycle ends;
// what is sealed stays unreadable once its key is destroyed.
//
// Source: Amazon S3 API reference. It has not been run against AWS.
package bucket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/s3"

	"chartlake/aws"
	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
)

// Config says where blobs lie. AWS and Bucket are required.
type Config struct {
	AWS    sdk.Config
	Bucket string
	Prefix string          // before every hash, with a slash at its end where that is wanted
	Vault  *envelope.Vault // seals blobs; nil: they lie as they are
	Temp   string          // folder of temporary files; empty: the system's
}

// Store keeps blobs in S3. It is safe for many goroutines and processes and passes blobtest.
type Store struct {
	Config
	client *service.Client
}

// New makes a store; nothing is called yet.
func New(c Config) *Store { return &Store{c, client(c.AWS)} }

// client calls an address that is not Amazon's by path, not by a name for each bucket.
func client(c sdk.Config) *service.Client {
	return service.NewFromConfig(c, func(o *service.Options) { o.UsePathStyle = c.BaseEndpoint != nil })
}

func (s *Store) key(hash string) *string { return sdk.String(s.Prefix + hash) }

func (s *Store) kind() string {
	if s.Vault != nil {
		return blob.Sealed
	}
	return blob.Plain
}

// failed is the fault of a call about a blob.
func failed(ctx context.Context, err error) error {
	if f := fault.As(aws.Fault(ctx, "S3", err)); f != nil && f.Kind == fault.NotFound {
		return notFound()
	}
	return aws.Fault(ctx, "S3", err)
}

func notFound() error { return fault.New(fault.NotFound, "blob_not_found", "there is no such blob") }

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
	if stream != nil {
		if err := s.seal(ctx, f, stream, info.Hash); err != nil {
			return blob.Info{}, err
		}
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return blob.Info{}, disk(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return blob.Info{}, disk(err)
	}
	if _, err := s.client.PutObject(ctx, &service.PutObjectInput{Bucket: &s.Bucket, Key: s.key(info.Hash), Body: f, ContentLength: &size}); err != nil {
		return blob.Info{}, failed(ctx, err)
	}
	there, err := s.Stat(ctx, info.Hash)
	if err == nil && there.Size != info.Size {
		err = fault.New(fault.Unavailable, "blob_not_stored", "S3 has other bytes than were sent")
	}
	return there, err
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

func disk(err error) error {
	return fault.New(fault.Full, "temporary_file", "a temporary file cannot be written: %w", pathless(err))
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
	n, err := io.Copy(io.MultiWriter(out, sum), &canceling{ctx, io.LimitReader(r, limit+1)})
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

// canceling ends a long read when its context does.
type canceling struct {
	ctx context.Context
	r   io.Reader
}

func (c *canceling) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// seal writes the head of a finished stream, under the key that the blob has already, so that all
// copies of it live and die together, or under a new one.
func (s *Store) seal(ctx context.Context, f *os.File, stream *envelope.StreamWriter, hash string) error {
	key, err := s.keyOf(ctx, hash)
	if err != nil {
		return err
	}
	lives := false
	if key != 0 {
		if lives, err = s.Vault.Lives(key); err != nil {
			return err
		}
	}
	if !lives {
		if key, err = s.Vault.New(); err != nil {
			return err
		}
	}
	head, err := stream.Head(s.Vault, key, []byte(hash))
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(head, 0); err != nil {
		return disk(err)
	}
	return nil
}

// keyOf gives the data key of the blob that is there, 0 where there is none.
func (s *Store) keyOf(ctx context.Context, hash string) (int64, error) {
	head, err := s.piece(ctx, hash, 0, envelope.StreamHead, "")
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	id, _ := envelope.StreamKey(head)
	return id, nil
}

// Stat is blob.Store's.
func (s *Store) Stat(ctx context.Context, hash string) (blob.Info, error) {
	out, err := s.head(ctx, hash)
	if err != nil {
		return blob.Info{}, err
	}
	return s.info(hash, out.ContentLength, out.LastModified), nil
}

func (s *Store) head(ctx context.Context, hash string) (*service.HeadObjectOutput, error) {
	if !blob.ValidHash(hash) {
		return nil, notFound()
	}
	out, err := s.client.HeadObject(ctx, &service.HeadObjectInput{Bucket: &s.Bucket, Key: s.key(hash)})
	if err != nil {
		return nil, failed(ctx, err)
	}
	return out, nil
}

func (s *Store) info(hash string, size *int64, at *time.Time) blob.Info {
	i := blob.Info{Hash: hash, Size: sdk.ToInt64(size), Key: s.kind()}
	if s.Vault != nil {
		i.Size = envelope.StreamText(i.Size)
	}
	if at != nil {
		i.At = at.UTC()
	}
	return i
}

// Delete is blob.Store's.
func (s *Store) Delete(ctx context.Context, hash string, before time.Time) error {
	info, err := s.Stat(ctx, hash)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil
	case err != nil:
		return err
	case !info.At.Before(before):
		return fault.New(fault.Conflict, "blob_young", "the blob was put again since")
	}
	return s.Erase(ctx, hash)
}

// Erase destroys a blob's key and takes the blob away, whenever it was put. One that is not there
// is no error, so that an erasure that was cut can be done again.
func (s *Store) Erase(ctx context.Context, hash string) error {
	if !blob.ValidHash(hash) {
		return nil
	}
	if s.Vault != nil {
		key, err := s.keyOf(ctx, hash)
		if err != nil {
			return err
		}
		if key > envelope.Common {
			if err := s.Vault.Destroy([]int64{key}); err != nil {
				return err
			}
		}
	}
	if _, err := s.client.DeleteObject(ctx, &service.DeleteObjectInput{Bucket: &s.Bucket, Key: s.key(hash)}); err != nil {
		if err = failed(ctx, err); !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// List is blob.Store's.
func (s *Store) List(ctx context.Context, after string, f func(blob.Info) error) error {
	in := &service.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: &s.Prefix}
	if after != "" {
		in.StartAfter = s.key(after)
	}
	for {
		out, err := s.client.ListObjectsV2(ctx, in)
		if err != nil {
			return failed(ctx, err)
		}
		for _, o := range out.Contents {
			hash := strings.TrimPrefix(sdk.ToString(o.Key), s.Prefix)
			if !blob.ValidHash(hash) || hash <= after {
				continue // not ours
			}
			if err := f(s.info(hash, o.Size, o.LastModified)); err != nil {
				return err
			}
			after = hash
		}
		if !sdk.ToBool(out.IsTruncated) || sdk.ToString(out.NextContinuationToken) == "" {
			return nil
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// piece gets bytes [from, from+n) of an object, fewer at its end. With a tag it must still be the
// same object; else Conflict with code blob_replaced.
func (s *Store) piece(ctx context.Context, hash string, from, n int64, tag string) ([]byte, error) {
	in := &service.GetObjectInput{Bucket: &s.Bucket, Key: s.key(hash),
		Range: sdk.String("bytes=" + strconv.FormatInt(from, 10) + "-" + strconv.FormatInt(from+n-1, 10))}
	if tag != "" {
		in.IfMatch = &tag
	}
	return get(ctx, s.client, in, n)
}
