package bucket

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/s3"

	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
)

// seen is an object as it was when it was looked at.
type seen struct {
	kind  string
	key   string
	size  int64 // as it lies there
	at    time.Time
	tag   string
	start []byte // its first bytes, as many as a stream's head has
}

// dataKey is the number of the data key that a sealed blob is under; 0 where it is not sealed.
func (o seen) dataKey() int64 {
	id, _ := envelope.StreamKey(o.start)
	return id
}

// look asks after a blob, in one request where it is sealed. NotFound where there is none.
func (s *Store) look(ctx context.Context, hash string) (o seen, err error) {
	if !blob.ValidHash(hash) {
		return o, notFound()
	}
	for _, kind := range kinds {
		if o, err = s.lookAt(ctx, kind, hash); !fault.Is(err, fault.NotFound) {
			break
		}
	}
	return o, err
}

// lookAt asks after a blob of a kind. It gets the first bytes, not only the head of the answer: that
// alone tells an object that is not there from a bucket that is not.
func (s *Store) lookAt(ctx context.Context, kind, hash string) (seen, error) {
	key := *s.key(kind, hash)
	out, err := s.client.GetObject(ctx, &service.GetObjectInput{Bucket: &s.Bucket, Key: &key, Range: pieceRange(0, envelope.StreamHead)})
	if answered(err, "InvalidRange") { // it is empty
		o, err := s.head(ctx, key)
		o.kind = kind
		return o, err
	}
	if err != nil {
		return seen{}, failed(ctx, err)
	}
	defer out.Body.Close()
	start, err := io.ReadAll(io.LimitReader(out.Body, envelope.StreamHead))
	size, ok := wholeSize(out)
	switch {
	case ctx.Err() != nil:
		return seen{}, ctx.Err()
	case err != nil || !ok:
		return seen{}, otherPiece()
	}
	return seen{kind, key, size, sdk.ToTime(out.LastModified).UTC(), sdk.ToString(out.ETag), start}, nil
}

// wholeSize is how long an object is of which a piece came.
func wholeSize(out *service.GetObjectOutput) (int64, bool) {
	_, total, ok := strings.Cut(sdk.ToString(out.ContentRange), "/")
	size, err := strconv.ParseInt(total, 10, 64)
	return size, ok && err == nil
}

// head asks after an object by its name.
func (s *Store) head(ctx context.Context, key string) (seen, error) {
	out, err := s.client.HeadObject(ctx, &service.HeadObjectInput{Bucket: &s.Bucket, Key: &key})
	if err != nil {
		return seen{}, failed(ctx, err)
	}
	return seen{key: key, size: sdk.ToInt64(out.ContentLength), at: sdk.ToTime(out.LastModified).UTC(), tag: sdk.ToString(out.ETag)}, nil
}

// pieceRange asks for bytes [from, from+n).
func pieceRange(from, n int64) *string {
	return sdk.String("bytes=" + strconv.FormatInt(from, 10) + "-" + strconv.FormatInt(from+n-1, 10))
}

func otherPiece() error {
	return fault.New(fault.Unavailable, "aws_unreachable", "S3 gave another piece than was asked for")
}

// replacedCode says that an object is not any more the one that was looked at.
const replacedCode = "blob_replaced"

func writtenAgain(err error) bool {
	f := fault.As(err)
	return f != nil && f.Code == replacedCode
}

// get gets one answer of exactly n bytes, or fewer where the object ends.
func get(ctx context.Context, c *service.Client, in *service.GetObjectInput, n int64) ([]byte, error) {
	out, err := c.GetObject(ctx, in)
	switch {
	case replaced(err):
		return nil, fault.New(fault.Conflict, replacedCode, "the object was written again")
	case answered(err, "InvalidRange"):
		return nil, nil // at the end, or an empty object
	case err != nil:
		return nil, failed(ctx, err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(io.LimitReader(out.Body, n+1))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil || int64(len(data)) > n:
		return nil, otherPiece()
	}
	return data, nil
}

// part says what is asked of an object.
type part struct{ bucket, key, version, tag string }

// copyTo copies an object of a size to w, in pieces, each of which is tried for itself.
func (p part) copyTo(ctx context.Context, c *service.Client, size int64, w io.Writer) error {
	for at := int64(0); at < size; at += fetchPiece {
		n := min(fetchPiece, size-at)
		in := &service.GetObjectInput{Bucket: &p.bucket, Key: &p.key, Range: pieceRange(at, n)}
		if p.version != "" {
			in.VersionId = &p.version
		}
		if p.tag != "" {
			in.IfMatch = &p.tag
		}
		data, err := get(ctx, c, in, n)
		if err == nil && int64(len(data)) != n {
			err = otherPiece()
		}
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return disk(err)
		}
	}
	return nil
}

// fetchPiece is how much of a file is fetched at once.
const fetchPiece = 16 << 20
