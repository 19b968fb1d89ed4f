package bucket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/s3"

	"chartlake/fault"
)

// Shelf keeps the files of jobs (bulk.Shelf) beside the originals: a piece is the object
// <prefix>jobs/<job>/<name>. It seals nothing: who puts pieces there has sealed them. A bucket with
// versions keeps what is dropped, until its own rules end it.
type Shelf struct{ s *Store }

// pieceMost bounds in bytes what is read as one piece.
const pieceMost = 16 << 20

// Shelf gives the shelf of the prefix.
func (s *Store) Shelf() Shelf { return Shelf{s} }

func (h Shelf) prefix(job string) string { return h.s.Prefix + "jobs/" + job }

// Put is bulk.Shelf's.
func (h Shelf) Put(ctx context.Context, job, name string, piece []byte) error {
	sum := sha256.Sum256(piece)
	digest := base64.StdEncoding.EncodeToString(sum[:])
	key := h.prefix(job) + "/" + name
	out, err := h.s.putObject(ctx, &service.PutObjectInput{Bucket: &h.s.Bucket, Key: &key, Body: bytes.NewReader(piece),
		ContentLength: sdk.Int64(int64(len(piece))), ChecksumSHA256: &digest})
	switch {
	case err != nil:
		return failed(ctx, err)
	case out.ChecksumSHA256 != nil && *out.ChecksumSHA256 != digest:
		return notStored()
	}
	return nil
}

// Get is bulk.Shelf's.
func (h Shelf) Get(ctx context.Context, job, name string) ([]byte, error) {
	return get(ctx, h.s.client, &service.GetObjectInput{Bucket: &h.s.Bucket, Key: sdk.String(h.prefix(job) + "/" + name)}, pieceMost)
}

// Drop is bulk.Shelf's.
func (h Shelf) Drop(ctx context.Context, job string, but ...string) error {
	prefix := h.prefix(job) + "/"
	return h.s.each(ctx, prefix, func(key string, _ time.Time) error {
		if slices.Contains(but, strings.TrimPrefix(key, prefix)) {
			return nil
		}
		_, err := h.s.client.DeleteObject(ctx, &service.DeleteObjectInput{Bucket: &h.s.Bucket, Key: &key})
		if err = failed(ctx, err); fault.Is(err, fault.NotFound) {
			err = nil
		}
		return err
	})
}

// Jobs is bulk.Shelf's.
func (h Shelf) Jobs(ctx context.Context) (map[string]time.Time, error) {
	jobs, prefix := map[string]time.Time{}, h.prefix("")
	err := h.s.each(ctx, prefix, func(key string, at time.Time) error {
		job, _, ok := strings.Cut(strings.TrimPrefix(key, prefix), "/")
		if ok && at.After(jobs[job]) {
			jobs[job] = at
		}
		return nil
	})
	return jobs, err
}
