package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"time"

	"chartlake/record"
)

// Convert takes a file the whole way without a store: nobody is known, nothing is kept. The
// record has its Bundle; a file of which no page could be read is a Corrupt fault.
func (s *Stages) Convert(ctx context.Context, file io.ReaderAt, size int64, pages Pages) (*record.Record, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(file, 0, size)); err != nil {
		return nil, err
	}
	doc, err := s.Reader.Read(ctx, file, size, pages)
	if err != nil {
		return nil, err
	}
	doc.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if err := unreadable(doc); err != nil {
		return nil, err
	}
	rec := s.Understand(doc)
	if err := s.Identify(rec, Nobody); err != nil {
		return nil, err
	}
	// Two conversions of one file give the same bytes, so the times are the epoch.
	rec.Bundle = s.Map(doc, rec, size, time.Unix(0, 0).UTC(), time.Unix(0, 0).UTC()).AppendJSON(nil)
	return rec, nil
}
