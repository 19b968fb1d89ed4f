// Package bucket keeps originals (blob.Originals) and tables (tables.go) in Amazon S3 and servers that speak
// as it does, and fetches files that others put there.
//
// A blob is the object <prefix>sealed/<first two digits>/<hash>, a stream of package envelope
// (plain/… where there are no keys, or as an older version left it): the layout of blob/folder, so
// that a folder becomes a bucket by copying. <prefix>chartlake-originals names the store that they
// belong to; a prefix of another store is refused, because each store deletes what is of no document
// of its own.
//
// A blob is written to a temporary file first, sealed on the way, checked, and sent in one request
// with its SHA-256, which the server holds against what came: S3 keeps all of an object, on several
// disks, or nothing. No lock spans processes. What takes its place:
//
//   - The first Put of a blob is made only where no other was first, so that a blob has one key.
//   - A Put looks after it was sent whether its key lives still, and is made again where an Erase
//     came between.
//   - Delete, Erase and SetAside take away the object that they looked at, and no later one.
//
// A bucket with versions keeps what is overwritten or deleted. Erase takes all versions away, and
// says so where it may not: what is sealed stays unreadable, because its key is destroyed first.
//
// It refuses a bucket or prefix that it cannot list, read and write when it is claimed.
//
// Source: Amazon S3 API reference. It has not been run against AWS.
package bucket

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"chartlake/aws"
	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
)

// Config says where blobs lie. AWS and Bucket are required.
type Config struct {
	AWS    sdk.Config
	Bucket string
	Prefix string          // before every name, with a slash at its end where that is wanted
	Vault  *envelope.Vault // seals blobs; nil: they lie as they are
	Temp   string          // folder of temporary files; empty: the system's
	// Kept, where set, is called when versions of what was erased could not be deleted: they stay,
	// unreadable, until the bucket's own rules end them.
	Kept func(error)
}

// Store keeps blobs in S3. It is safe for many goroutines and processes and passes blobtest.
type Store struct {
	Config
	client *service.Client
}

var _ blob.Originals = (*Store)(nil)

// New makes a store; nothing is called yet.
func New(c Config) *Store { return &Store{c, client(c.AWS)} }

// client calls an address that is not Amazon's by path, not by a name for each bucket.
func client(c sdk.Config) *service.Client {
	return service.NewFromConfig(c, func(o *service.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
}

// Parse takes s3://bucket/prefix apart. The prefix ends in a slash, or is empty.
func Parse(address string) (bucket, prefix string, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.Port() != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", "", fault.New(fault.Invalid, "bucket_address", "a bucket is given as s3://BUCKET/PREFIX")
	}
	if prefix = strings.Trim(u.Path, "/"); prefix != "" {
		prefix += "/"
	}
	return u.Host, prefix, nil
}

// kinds are where a blob is looked for, in this order.
var kinds = []string{blob.Sealed, blob.Plain}

// kind is where new blobs go.
func (s *Store) kind() string {
	if s.Vault != nil {
		return blob.Sealed
	}
	return blob.Plain
}

// key names the object of a blob, whose hash is valid.
func (s *Store) key(kind, hash string) *string {
	return sdk.String(s.Prefix + kind + "/" + hash[:2] + "/" + hash)
}

// failed is the fault of a call about a blob. What is wrong with the bucket, or with what we may do
// there, says nothing about the blob or its reader: it is Unavailable.
func failed(ctx context.Context, err error) error {
	out := aws.Fault(ctx, "S3", err)
	f := fault.As(out)
	switch {
	case f == nil:
		return out
	case answered(err, "NoSuchBucket"):
		return fault.New(fault.Unavailable, "bucket_missing", "the bucket of the originals does not exist")
	case f.Kind == fault.NotFound:
		return notFound()
	case f.Kind == fault.Forbidden:
		return fault.New(fault.Unavailable, f.Code, "%s", f.Message)
	}
	return out
}

func notFound() error { return fault.New(fault.NotFound, "blob_not_found", "there is no such blob") }

// answered reports whether the server's error has one of these codes.
func answered(err error, codes ...string) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		for _, code := range codes {
			if api.ErrorCode() == code {
				return true
			}
		}
	}
	return false
}

// replaced reports that a condition does not hold: the object is another one than was looked at.
func replaced(err error) bool {
	return answered(err, "PreconditionFailed", "ConditionalRequestConflict")
}

// unable reports a server that does not know what it is asked to do.
func unable(err error) bool {
	var r *smithyhttp.ResponseError
	return errors.As(err, &r) && (r.HTTPStatusCode() == http.StatusNotImplemented || r.HTTPStatusCode() == http.StatusMethodNotAllowed)
}

// Stat is blob.Store's.
func (s *Store) Stat(ctx context.Context, hash string) (blob.Info, error) {
	o, err := s.look(ctx, hash)
	if err != nil {
		return blob.Info{}, err
	}
	return info(o.kind, hash, o.size, o.at), nil
}

// info describes a blob by what lies there.
func info(kind, hash string, size int64, at time.Time) blob.Info {
	if kind == blob.Sealed {
		size = envelope.StreamText(size)
	}
	return blob.Info{Hash: hash, Size: size, At: at.UTC(), Key: kind}
}

// List is blob.Store's. Objects that are no blobs are passed over.
func (s *Store) List(ctx context.Context, after string, f func(blob.Info) error) error {
	var lists []*listing
	for _, kind := range kinds {
		l := s.list(kind, after)
		if err := l.next(ctx); err != nil {
			return err
		}
		lists = append(lists, l)
	}
	for {
		var first *listing
		for _, l := range lists {
			if !l.end && (first == nil || l.at.Hash < first.at.Hash) {
				first = l
			}
		}
		if first == nil {
			return nil
		}
		if err := f(first.at); err != nil {
			return err
		}
		hash := first.at.Hash
		for _, l := range lists { // one that is there in two kinds is told as the first
			for !l.end && l.at.Hash <= hash {
				if err := l.next(ctx); err != nil {
					return err
				}
			}
		}
	}
}

// each calls f for every object below a prefix.
func (s *Store) each(ctx context.Context, prefix string, f func(key string, at time.Time) error) error {
	in := &service.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: &prefix}
	for {
		out, err := s.client.ListObjectsV2(ctx, in)
		if err != nil {
			return failed(ctx, err)
		}
		for _, o := range out.Contents {
			if err := f(sdk.ToString(o.Key), sdk.ToTime(o.LastModified)); err != nil {
				return err
			}
		}
		if in.ContinuationToken = out.NextContinuationToken; !sdk.ToBool(out.IsTruncated) || sdk.ToString(out.NextContinuationToken) == "" {
			return nil
		}
	}
}

// listing goes through the blobs of one kind, a page of the server's at a time.
type listing struct {
	s    *Store
	kind string
	in   *service.ListObjectsV2Input
	page []blob.Info
	at   blob.Info
	last bool // there is no page after this one
	end  bool
}

func (s *Store) list(kind, after string) *listing {
	in := &service.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: sdk.String(s.Prefix + kind + "/")}
	if len(after) > 2 {
		in.StartAfter = sdk.String(*in.Prefix + after[:2] + "/" + after)
	} else if after != "" {
		in.StartAfter = sdk.String(*in.Prefix + after)
	}
	return &listing{s: s, kind: kind, in: in}
}

// next goes to the next blob.
func (l *listing) next(ctx context.Context) error {
	for len(l.page) == 0 {
		if l.last {
			l.end = true
			return nil
		}
		if err := l.turn(ctx); err != nil {
			return err
		}
	}
	l.at, l.page = l.page[0], l.page[1:]
	return nil
}

// turn gets the next page.
func (l *listing) turn(ctx context.Context) error {
	out, err := l.s.client.ListObjectsV2(ctx, l.in)
	if err != nil {
		return failed(ctx, err)
	}
	for _, o := range out.Contents {
		key := sdk.ToString(o.Key)
		hash := key[strings.LastIndexByte(key, '/')+1:]
		if blob.ValidHash(hash) && key == *l.s.key(l.kind, hash) {
			l.page = append(l.page, info(l.kind, hash, sdk.ToInt64(o.Size), sdk.ToTime(o.LastModified)))
		}
	}
	l.in.ContinuationToken = out.NextContinuationToken
	l.last = !sdk.ToBool(out.IsTruncated) || sdk.ToString(out.NextContinuationToken) == ""
	return nil
}
