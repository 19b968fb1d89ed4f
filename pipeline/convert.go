package pipeline

import (
	"context"
	"io"
	"time"

	"chartlake/document"
	"chartlake/fhirmap"
	"chartlake/reader"
	"chartlake/record"
)

// Convert takes a file the whole way without a store: nobody is known, nothing is kept. The
// record has its Bundle; a file of which no page could be read is a Corrupt fault.
func (s *Stages) Convert(ctx context.Context, file io.ReaderAt, size int64, o reader.Options) (*record.Record, error) {
	doc, rec, err := s.identified(ctx, file, size, o, Nobody)
	if err != nil {
		return nil, err
	}
	cameOn(rec, time.Now())
	// Two conversions of one file give the same bytes, so the times are the epoch.
	propose(rec)
	rec.Bundle = s.Map(doc, rec, size, time.Unix(0, 0).UTC(), time.Unix(0, 0).UTC()).AppendJSON(nil)
	return rec, nil
}

// Make takes a file the whole way without a store, for one that keeps what is made elsewhere: known
// is asked for patients there, and at is when the document came in. Where whose it is is a question
// the Bundle has the DocumentReference alone.
func (s *Stages) Make(ctx context.Context, file io.ReaderAt, size int64, o reader.Options, known Known, at time.Time) (*record.Record, error) {
	doc, rec, err := s.identified(ctx, file, size, o, known)
	if err != nil {
		return nil, err
	}
	cameOn(rec, at)
	rec.Bundle = s.Map(doc, rec, size, at.UTC(), at.UTC()).AppendJSON(nil)
	return rec, nil
}

// identified reads and understands a file and says whose it is.
func (s *Stages) identified(ctx context.Context, file io.ReaderAt, size int64, o reader.Options, known Known) (*document.Document, *record.Record, error) {
	doc, err := s.Reader.Read(ctx, file, size, o)
	if err != nil {
		return nil, nil, err
	}
	if err := unreadable(doc); err != nil {
		return nil, nil, err
	}
	rec, err := s.Understand(ctx, doc)
	if err != nil {
		return nil, nil, err
	}
	return doc, rec, s.Identify(rec, known)
}

// propose gives each segment whose patient is a question the patient that it would make: there
// is no store that knows anybody, and the Bundle shows what would be filed once a person said
// that it is somebody new. The question stays in the record.
func propose(rec *record.Record) {
	for i := range rec.Segments {
		if s := rec.Segments[i].Subject; s != nil && s.Patient == "" && s.Code != "identity_absent" {
			s.Patient, s.New = fhirmap.NewPatientID(rec.Document.SHA256, i), true
		}
	}
}
