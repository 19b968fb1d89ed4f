package main

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"chartlake/aws"
	"chartlake/aws/bucket"
	"chartlake/blob"
	"chartlake/blob/folder"
	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/store"
)

// originals opens the place of a store's originals: a bucket, or a folder in the data folder. A bucket
// must be there, and must not be another store's.
func (e *env) originals(ctx context.Context, d database, data string, s store.Store, o folder.Options) (blob.Originals, error) {
	if d.Blobs == "" {
		return folder.Open(filepath.Join(data, "blobs"), o)
	}
	b, err := d.bucket(ctx, data, o.Vault)
	if err != nil {
		return nil, err
	}
	b.Kept = func(err error) { e.log.Warn(err.Error(), "code", faultCode(err)) }
	c, ok := s.(store.Copier)
	if !ok {
		return nil, fault.New(fault.Unsupported, "originals_store", "originals of this store cannot be in a bucket")
	}
	return b, b.Claim(ctx, c.KeyCheck())
}

// emptyBucket gives the bucket that originals are restored to.
func (d database) emptyBucket(ctx context.Context, data string) (*bucket.Store, error) {
	b, err := d.bucket(ctx, data, nil)
	if err != nil {
		return nil, err
	}
	empty, err := b.Empty(ctx)
	if err == nil && !empty {
		err = fault.New(fault.Conflict, "originals_not_empty", "there is something in the bucket below this prefix; restore to a prefix of its own")
	}
	return b, err
}

// bucket is where --blobs points. Files on their way lie in the data folder, sealed and without a name.
func (d database) bucket(ctx context.Context, data string, vault *envelope.Vault) (*bucket.Store, error) {
	if !strings.HasPrefix(d.Blobs, "s3://") {
		return nil, usage("--blobs is not s3://BUCKET/PREFIX")
	}
	name, prefix, err := bucket.Parse(d.Blobs)
	if err != nil {
		return nil, usage("--blobs is not s3://BUCKET/PREFIX")
	}
	c, err := aws.Load(ctx, aws.Config{})
	if err != nil {
		return nil, err
	}
	return bucket.New(bucket.Config{AWS: c, Bucket: name, Prefix: prefix, Vault: vault, Temp: data}), nil
}

// eraseEvery is how often erasures are gone on with that could not be finished.
const eraseEvery = time.Minute

// finishErasures goes on with erasures that were cut, or that the place of the originals did not let
// be finished, until ctx ends.
func (s *server) finishErasures(ctx context.Context) {
	every := time.NewTicker(eraseEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if err := s.store.Erasures(ctx, s.blobs.Erase); err != nil && ctx.Err() == nil {
			s.log.Warn("an erasure waits", "code", faultCode(err))
		}
	}
}
