package bulk

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob" // opens s3:// addresses
	"gocloud.dev/gcerrors"

	"chartlake/fault"
)

// bucketSource is an object of S3, or all below a prefix. Region, endpoint and credentials come
// from the environment of the process as AWS defines it (AWS_REGION, AWS_ENDPOINT_URL_S3, roles),
// never from a request.
type bucketSource struct{ bucket, key string }

func (s *bucketSource) bucketOpen(ctx context.Context) (*blob.Bucket, error) {
	b, err := blob.OpenBucket(ctx, "s3://"+s.bucket+"?use_path_style=true")
	if err != nil {
		return nil, fault.New(fault.Unavailable, sourceAway, "the bucket of an input cannot be opened")
	}
	return b, nil
}

func (s *bucketSource) address(key string) string {
	return (&url.URL{Scheme: "s3", Host: s.bucket, Path: "/" + key}).String()
}

func (s *bucketSource) list(ctx context.Context, most int) (list []string, err error) {
	if s.key != "" && !strings.HasSuffix(s.key, "/") {
		return []string{s.address(s.key)}, nil
	}
	b, err := s.bucketOpen(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	for objects := b.List(&blob.ListOptions{Prefix: s.key}); ; {
		o, err := objects.Next(ctx)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, bucketFault(err)
		}
		if o.IsDir || !resourceFile(o.Key) {
			continue
		}
		if len(list) == most {
			return nil, tooManyFiles()
		}
		list = append(list, s.address(o.Key))
	}
}

func (s *bucketSource) open(ctx context.Context) (io.ReadCloser, string, error) {
	b, err := s.bucketOpen(ctx)
	if err != nil {
		return nil, "", err
	}
	at, err := b.Attributes(ctx, s.key)
	if err == nil {
		var r *blob.Reader
		if r, err = b.NewReader(ctx, s.key, nil); err == nil {
			return &object{r, b}, at.ETag + " " + at.ModTime.UTC().String(), nil
		}
	}
	b.Close()
	return nil, "", bucketFault(err)
}

// object is an open object with its bucket.
type object struct {
	*blob.Reader
	bucket *blob.Bucket
}

func (o *object) Close() error { return errors.Join(o.Reader.Close(), o.bucket.Close()) }

// bucketFault makes a fault of an error of a bucket, whose text has its address in it.
func bucketFault(err error) error {
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return sourceMissing()
	case gcerrors.PermissionDenied:
		return fault.New(fault.Forbidden, "source_forbidden", "the bucket of an input refuses this server")
	}
	return fault.New(fault.Unavailable, sourceAway, "the bucket of an input does not answer")
}
