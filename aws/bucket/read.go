package bucket

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"sync"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"chartlake/blob"
	"chartlake/fault"
)

// get gets one answer of at most n bytes.
func get(ctx context.Context, c *service.Client, in *service.GetObjectInput, n int64) ([]byte, error) {
	out, err := c.GetObject(ctx, in)
	if err != nil {
		var api smithy.APIError
		if errors.As(err, &api) {
			switch api.ErrorCode() {
			case "PreconditionFailed":
				return nil, fault.New(fault.Conflict, "blob_replaced", "the object was written again")
			case "InvalidRange":
				return nil, nil // at the end, or an empty object
			}
		}
		return nil, failed(ctx, err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(io.LimitReader(out.Body, n+1))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil || int64(len(data)) > n:
		return nil, fault.New(fault.Unavailable, "aws_unreachable", "S3 gave another piece than was asked for")
	}
	return data, nil
}

// Objects are fetched in pieces, of which a reader keeps some: PDFs are read at their end, then
// here and there.
const (
	pieceSize = 1 << 20
	pieceKept = 8
)

// object reads an object in pieces.
type object struct {
	ctx  context.Context
	s    *Store
	hash string
	tag  string
	size int64

	mu   sync.Mutex
	have map[int64][]byte
	used []int64 // numbers of pieces, least lately used first
}

func (o *object) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fault.New(fault.Invalid, "bad_offset", "a place before the beginning")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(p) > 0 && off < o.size {
		piece, err := o.load(off / pieceSize)
		if err != nil {
			return n, err
		}
		c := copy(p, piece[off%pieceSize:])
		p, n, off = p[c:], n+c, off+int64(c)
	}
	if len(p) > 0 {
		return n, io.EOF
	}
	return n, nil
}

func (o *object) load(i int64) ([]byte, error) {
	if piece, ok := o.have[i]; ok {
		for k, u := range o.used {
			if u == i {
				o.used = append(append(o.used[:k:k], o.used[k+1:]...), i)
				break
			}
		}
		return piece, nil
	}
	want := min(pieceSize, o.size-i*pieceSize)
	piece, err := o.s.piece(o.ctx, o.hash, i*pieceSize, want, o.tag)
	if err != nil {
		return nil, err
	}
	if int64(len(piece)) != want {
		return nil, fault.New(fault.Unavailable, "aws_unreachable", "S3 gave less than the object has")
	}
	if o.have == nil {
		o.have = map[int64][]byte{}
	}
	if len(o.used) == pieceKept {
		delete(o.have, o.used[0])
		o.used = o.used[1:]
	}
	o.have[i], o.used = piece, append(o.used, i)
	return piece, nil
}

// reader is an open blob. One that is written again meanwhile, sealed anew, is opened anew.
type reader struct {
	s    *Store
	ctx  context.Context
	hash string
	size int64

	mu   sync.Mutex
	text io.ReaderAt
}

// Open is blob.Store's. ctx must live as long as the reader is used.
func (s *Store) Open(ctx context.Context, hash string) (blob.Reader, error) {
	r := &reader{s: s, ctx: ctx, hash: hash}
	return r, r.open()
}

// open opens the blob as it is now.
func (r *reader) open() (err error) {
	for range replacedMax {
		if err = r.openOnce(); !replaced(err) {
			break
		}
	}
	return err
}

// replaced reports an object that was written again while it was read.
func replaced(err error) bool {
	f := fault.As(err)
	return f != nil && f.Code == "blob_replaced"
}

func (r *reader) openOnce() error {
	out, err := r.s.head(r.ctx, r.hash)
	if err != nil {
		return err
	}
	o := &object{ctx: r.ctx, s: r.s, hash: r.hash, tag: sdk.ToString(out.ETag), size: sdk.ToInt64(out.ContentLength)}
	if r.s.Vault == nil {
		o.tag = "" // the same name has the same bytes
		r.text, r.size = o, o.size
		return nil
	}
	text, err := r.s.Vault.OpenStream(o, []byte(r.hash))
	if err != nil {
		return sealedFault(r.hash, err)
	}
	r.text, r.size = text, text.Size()
	return nil
}

// sealedFault says of a blob that does not open why.
func sealedFault(hash string, err error) error {
	switch f := fault.As(err); {
	case f == nil:
		return err
	case f.Code == "sealed_damaged":
		return fault.New(fault.Corrupt, "blob_damaged", "blob %s does not open: its bytes are damaged", hash)
	case f.Code == "key_destroyed":
		return fault.New(fault.Gone, "erased", "blob %s was erased for good", hash)
	}
	return err
}

// replacedMax is how often a blob is opened anew within one read: many may put it at once.
const replacedMax = 20

func (r *reader) ReadAt(p []byte, off int64) (n int, err error) {
	for range replacedMax {
		r.mu.Lock()
		text := r.text
		r.mu.Unlock()
		n, err = text.ReadAt(p, off)
		if !replaced(err) {
			return n, err
		}
		r.mu.Lock()
		var again error
		if r.text == text { // else another goroutine did it
			again = r.open()
		}
		r.mu.Unlock()
		if again != nil {
			return 0, again
		}
	}
	return n, err
}

func (r *reader) Size() int64  { return r.size }
func (r *reader) Close() error { return nil }

// Fetch copies an object that others put into S3 to a temporary file, which is gone once it is
// closed. version is empty for the newest. Faults: NotFound, Forbidden, TooLarge above limit, Full,
// Unavailable.
func Fetch(ctx context.Context, c sdk.Config, bucket, key, version string, limit int64) (*os.File, int64, error) {
	client := client(c)
	head := &service.HeadObjectInput{Bucket: &bucket, Key: &key}
	if version != "" {
		head.VersionId = &version
	}
	out, err := client.HeadObject(ctx, head)
	if err != nil {
		return nil, 0, failed(ctx, err)
	}
	size := sdk.ToInt64(out.ContentLength)
	if size > limit {
		return nil, 0, fault.New(fault.TooLarge, "too_large", "the file has more than %d bytes", limit)
	}
	f, err := temporary("")
	if err != nil {
		return nil, 0, err
	}
	for at := int64(0); at < size; at += fetchPiece {
		n := min(fetchPiece, size-at)
		in := &service.GetObjectInput{Bucket: &bucket, Key: &key, VersionId: head.VersionId, IfMatch: out.ETag,
			Range: sdk.String("bytes=" + strconv.FormatInt(at, 10) + "-" + strconv.FormatInt(at+n-1, 10))}
		data, err := get(ctx, client, in, n)
		if err == nil && int64(len(data)) != n {
			err = fault.New(fault.Unavailable, "aws_unreachable", "S3 gave less than the object has")
		}
		if err == nil {
			if _, e := f.Write(data); e != nil {
				err = disk(e)
			}
		}
		if err != nil {
			f.Close()
			return nil, 0, err
		}
	}
	return f, size, nil
}

// fetchPiece is how much of a file is fetched at once; tries are for each piece.
const fetchPiece = 16 << 20
