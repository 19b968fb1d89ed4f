package bucket

import (
	"context"
	"fmt"
	"io"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/s3"

	"chartlake/aws"
	"chartlake/fault"
)

// The object that names whose originals lie below the prefix.
const (
	markName = "chartlake-originals"
	markHead = "chartlake originals 1\n"
	markMax  = 1 << 10
)

// Claim looks whether the originals below the prefix are those of a store, which owner names (any
// bytes that no other store has), and makes them so where they are nobody's yet. Faults: Conflict with
// code originals_of_another, Forbidden, NotFound (no such bucket), Unavailable.
func (s *Store) Claim(ctx context.Context, owner []byte) error {
	want := markHead + fmt.Sprintf("%x\n", owner)
	in := &service.PutObjectInput{Bucket: &s.Bucket, Key: sdk.String(s.Prefix + markName), IfNoneMatch: sdk.String("*")}
	for {
		text, err := s.mark(ctx)
		switch {
		case answered(err, "NoSuchKey"):
		case err != nil:
			return aws.Fault(ctx, "S3", err)
		case text != want:
			return fault.New(fault.Conflict, "originals_of_another", "the originals in this bucket, below this prefix, are those of another store; give each store a prefix of its own")
		default:
			_, err := s.Empty(ctx) // what is of no document is found by listing
			return err
		}
		in.Body = strings.NewReader(want)
		if _, err := s.putObject(ctx, in); err != nil && !replaced(err) {
			return aws.Fault(ctx, "S3", err)
		}
	}
}

// mark reads the object that names the owner.
func (s *Store) mark(ctx context.Context) (string, error) {
	out, err := s.client.GetObject(ctx, &service.GetObjectInput{Bucket: &s.Bucket, Key: sdk.String(s.Prefix + markName), Range: pieceRange(0, markMax)})
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	text, err := io.ReadAll(io.LimitReader(out.Body, markMax))
	return string(text), err
}

// Empty reports whether nothing lies below the prefix.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	out, err := s.client.ListObjectsV2(ctx, &service.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: &s.Prefix, MaxKeys: sdk.Int32(1)})
	if err != nil {
		return false, aws.Fault(ctx, "S3", err)
	}
	return len(out.Contents) == 0, nil
}
