package bucket

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/s3"

	"chartlake/aws"
	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
)

// Delete is blob.Store's. It does not destroy the key, which would take with it what another process
// puts under it in this moment; a key that seals nothing harms nobody.
func (s *Store) Delete(ctx context.Context, hash string, before time.Time) error {
	return s.withdraw(ctx, hash, before, func(seen) error { return nil })
}

// SetAside is blob.Keeper's. Each one gets a name of its own, so that nothing kept is written over.
func (s *Store) SetAside(ctx context.Context, hash string, before time.Time) error {
	return s.withdraw(ctx, hash, before, func(o seen) error {
		_, err := s.client.CopyObject(ctx, &service.CopyObjectInput{Bucket: &s.Bucket,
			Key:               sdk.String(s.Prefix + blob.LostFound + "/" + hash + "." + rand.Text()),
			CopySource:        sdk.String(copySource(s.Bucket, o.key)),
			CopySourceIfMatch: &o.tag})
		switch {
		case replaced(err):
			return young()
		case err != nil:
			return failed(ctx, err)
		}
		return nil
	})
}

// copySource names an object as the header of a copy wants it: escaped but for its slashes.
func copySource(bucket, key string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(bucket + "/" + key))
}

// withdraw takes a blob that was last put before a time away, after first has done with it; in each
// kind that it is there.
func (s *Store) withdraw(ctx context.Context, hash string, before time.Time, first func(seen) error) error {
	for {
		o, err := s.look(ctx, hash)
		switch {
		case fault.Is(err, fault.NotFound):
			return nil
		case err != nil:
			return err
		case !o.at.Before(before):
			return young()
		}
		if err := first(o); err != nil {
			return err
		}
		if _, err := s.take(ctx, o); err != nil {
			return err
		}
	}
}

func young() error { return fault.New(fault.Conflict, "blob_young", "the blob was put again") }

// take takes away an object that was looked at; one that was written since stays, and gives a
// Conflict. It reports whether the bucket keeps it as an older version.
func (s *Store) take(ctx context.Context, o seen) (kept bool, err error) {
	in := &service.DeleteObjectInput{Bucket: &s.Bucket, Key: &o.key, IfMatch: &o.tag}
	out, err := s.client.DeleteObject(ctx, in)
	if unable(err) { // no conditions here: what is left is that it was looked at just now
		in.IfMatch = nil
		out, err = s.client.DeleteObject(ctx, in)
	}
	switch {
	case err == nil:
		return sdk.ToBool(out.DeleteMarker), nil
	case replaced(err):
		return false, young()
	}
	if err = failed(ctx, err); fault.Is(err, fault.NotFound) {
		err = nil
	}
	return false, err
}

// Erase is blob.Store's. The versions that are to go are listed before the key is destroyed: what is
// put after that is a later blob under another key, and stays.
func (s *Store) Erase(ctx context.Context, hash string) error {
	if !blob.ValidHash(hash) {
		return nil
	}
	for _, kind := range kinds {
		if err := s.erase(ctx, kind, hash); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) erase(ctx context.Context, kind, hash string) error {
	old, unlisted := s.versions(ctx, *s.key(kind, hash))
	if fault.Is(unlisted, fault.Unavailable) || ctx.Err() != nil {
		return unlisted
	}
	o, err := s.lookAt(ctx, kind, hash)
	there := !fault.Is(err, fault.NotFound)
	if err != nil && there {
		return err
	}
	if key := o.dataKey(); key > envelope.Common && s.Vault != nil {
		if err := s.Vault.Destroy([]int64{key}); err != nil {
			return err
		}
	}
	kept := false
	if there && !old.newest { // else it is among them
		kept, err = s.take(ctx, o)
		if err != nil && !fault.Is(err, fault.Conflict) { // a later one stays
			return err
		}
	}
	if unlisted != nil && kept {
		return s.keeps(kind, unlisted)
	}
	for _, id := range old.ids {
		_, err := s.client.DeleteObject(ctx, &service.DeleteObjectInput{Bucket: &s.Bucket, Key: s.key(kind, hash), VersionId: &id})
		switch f := fault.As(aws.Fault(ctx, "S3", err)); {
		case err == nil, f != nil && f.Kind == fault.NotFound:
		case f != nil && f.Kind == fault.Forbidden:
			if there && old.newest {
				_, _ = s.take(ctx, o) // at least it is the newest no more
			}
			return s.keeps(kind, f)
		default:
			return failed(ctx, err)
		}
	}
	return nil
}

// keeps says that the bucket keeps versions of what was erased. What is sealed nobody can read, so
// the erasure stands; what is plain can be read, and it does not.
func (s *Store) keeps(kind string, why error) error {
	err := fault.New(fault.Unavailable, "versions_kept", "older versions of what was erased stay in the bucket until its own rules end them: %w", why)
	if kind == blob.Plain {
		return err
	}
	if s.Kept != nil {
		s.Kept(err)
	}
	return nil
}

// versions are those of an object that have a number of their own, with the marks of deletions.
type versions struct {
	ids    []string
	newest bool // the newest is among them
}

// versions lists the versions of an object. In a bucket without versions the object has no number,
// and a server without versions has no list. The error is Unavailable where it may pass.
func (s *Store) versions(ctx context.Context, key string) (v versions, err error) {
	in := &service.ListObjectVersionsInput{Bucket: &s.Bucket, Prefix: &key}
	for {
		out, err := s.client.ListObjectVersions(ctx, in)
		if unable(err) {
			return versions{}, nil
		}
		if err != nil {
			return versions{}, aws.Fault(ctx, "S3", err)
		}
		for _, o := range out.Versions {
			v.add(key, o.Key, o.VersionId, o.IsLatest)
		}
		for _, o := range out.DeleteMarkers {
			v.add(key, o.Key, o.VersionId, o.IsLatest)
		}
		if !sdk.ToBool(out.IsTruncated) || sdk.ToString(out.NextKeyMarker) == "" {
			return v, nil
		}
		in.KeyMarker, in.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker
	}
}

// add adds a version, but for a newest one without a number, which may not be taken away unseen.
func (v *versions) add(want string, key, id *string, latest *bool) {
	n, newest := sdk.ToString(id), sdk.ToBool(latest)
	if sdk.ToString(key) != want || n == "" || n == "null" && newest {
		return
	}
	v.ids = append(v.ids, n)
	v.newest = v.newest || newest
}
