package backup

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/s3blob" // opens s3:// addresses
	"gocloud.dev/gcerrors"

	"chartlake/fault"
)

const bucketScheme = "s3://"

// bucketPlace is a backup below a prefix of a bucket. An object is there whole or not at all, so
// nothing is renamed: a snapshot's database goes first and its manifest last. Region, endpoint
// and credentials come from the environment, as AWS defines it.
//
// There is no lock. Two backups at once copy what is missing twice, to the same bytes, and make two
// snapshots.
type bucketPlace struct {
	*blob.Bucket
	temp string
	// originals are the objects under blobs/, in order, as far as they were asked for.
	originals *blob.ListIterator
	at        *blob.ListObject
}

// openBucket opens s3://bucket/prefix.
func openBucket(ctx context.Context, root, temp string) (place, error) {
	u, err := url.Parse(root)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, fault.New(fault.Invalid, "backup_address", "a backup in a bucket is at s3://bucket/prefix")
	}
	b, err := blob.OpenBucket(ctx, bucketScheme+u.Host+"?use_path_style=true")
	if err != nil {
		return nil, fault.New(fault.Unavailable, "backup_bucket", "the bucket cannot be opened: %s", plainCloud(err))
	}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		b = blob.PrefixedBucket(b, prefix+"/")
	}
	return &bucketPlace{Bucket: b, temp: temp}, nil
}

// plainCloud says what kind of error a bucket gives, without its addresses.
func plainCloud(err error) string { return gcerrors.Code(err).String() }

func cloudFault(what string, err error) error {
	if f := fault.As(err); err == nil || f != nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return fs.ErrNotExist
	case gcerrors.PermissionDenied:
		return fault.New(fault.Forbidden, "backup_bucket", "%s: the bucket refuses this", what)
	}
	return fault.New(fault.Unavailable, "backup_io", "%s: the bucket says %s", what, plainCloud(err))
}

func (p *bucketPlace) open(ctx context.Context, name string) (io.ReadCloser, error) {
	r, err := p.NewReader(ctx, name, nil)
	if err != nil {
		return nil, cloudFault("read "+name, err)
	}
	return r, nil
}

// size of an original comes from the listing, which is in the order in which originals are asked
// for: a request for a thousand, not one for each.
func (p *bucketPlace) size(ctx context.Context, name string) (int64, error) {
	if p.originals == nil {
		p.originals = p.List(&blob.ListOptions{Prefix: "blobs/"})
	}
	for p.at == nil || p.at.Key < name {
		o, err := p.originals.Next(ctx)
		if errors.Is(err, io.EOF) {
			p.at = &blob.ListObject{Key: "\xff"} // behind every name
			break
		}
		if err != nil {
			return 0, cloudFault("list the originals", err)
		}
		p.at = o
	}
	if p.at.Key != name {
		return 0, fs.ErrNotExist
	}
	return p.at.Size, nil
}

// write sends a file; one that cannot be filled is not there.
func (p *bucketPlace) write(ctx context.Context, name string, fill func(io.Writer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := p.NewWriter(ctx, name, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return cloudFault("write "+name, err)
	}
	if err := fill(w); err != nil {
		cancel() // before Close: the object is given up
		_ = w.Close()
		return cloudFault("write "+name, err)
	}
	return cloudFault("write "+name, w.Close())
}

func (p *bucketPlace) empty(ctx context.Context) (bool, error) {
	_, err := p.List(nil).Next(ctx)
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, cloudFault("list the bucket", err)
}

func (p *bucketPlace) close() error { return p.Bucket.Close() }

func (p *bucketPlace) lock() (func(), error) { return func() {}, nil }

// eachSnapshot calls f with the objects of snapshots.
func (p *bucketPlace) eachSnapshot(ctx context.Context, f func(id, file string, o *blob.ListObject) error) error {
	for list := p.List(&blob.ListOptions{Prefix: snapshots + "/"}); ; {
		o, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return cloudFault("list the snapshots", err)
		}
		if id, file, ok := strings.Cut(strings.TrimPrefix(o.Key, snapshots+"/"), "/"); ok && validID(id) {
			if err := f(id, file, o); err != nil {
				return err
			}
		}
	}
}

func (p *bucketPlace) snapshots(ctx context.Context) (ids []string, err error) {
	err = p.eachSnapshot(ctx, func(id, file string, _ *blob.ListObject) error {
		if file == manifestName {
			ids = append(ids, id)
		}
		return nil
	})
	slices.Sort(ids)
	return ids, err
}

// unfinishedAge is for how long a database without a manifest may belong to a backup that runs.
const unfinishedAge = 7 * 24 * time.Hour

func (p *bucketPlace) clear(ctx context.Context) error {
	whole, err := p.snapshots(ctx)
	if err != nil {
		return err
	}
	return p.eachSnapshot(ctx, func(id, _ string, o *blob.ListObject) error {
		if slices.Contains(whole, id) || time.Since(o.ModTime) < unfinishedAge {
			return nil
		}
		return cloudFault("remove an unfinished snapshot", p.Delete(ctx, o.Key))
	})
}

func (p *bucketPlace) begin(string) (dir string, err error) {
	dir, err = os.MkdirTemp(p.temp, "backup-*")
	return dir, ioFault("make a temporary folder", err)
}

func (p *bucketPlace) commit(ctx context.Context, id, dir string) error {
	for _, name := range []string{databaseName, manifestName} {
		err := p.write(ctx, snapshots+"/"+id+"/"+name, func(w io.Writer) error { return copyFile(w, filepath.Join(dir, name)) })
		if err != nil {
			return err
		}
	}
	return ioFault("remove a temporary folder", os.RemoveAll(dir))
}

func (p *bucketPlace) forget(_, dir string) error { return os.RemoveAll(dir) }
