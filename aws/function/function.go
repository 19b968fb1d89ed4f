// Package function is Chartlake as an AWS Lambda function: an event of S3 comes in, however it
// comes (package event), each object that it names is fetched, read, understood and filed in a FHIR
// server (package healthlake), and what failed is told so that the event source brings it again:
// of a batch of SQS, those messages alone.
//
// It keeps nothing of its own between events. The same event again files nothing double, since a
// document is known by its bytes. A document that can never be read fails each time, with its code
// in the log, until its queue sets it aside as a dead letter. Whose patient it is, is asked of the
// FHIR server; where that is a question the DocumentReference alone is filed.
//
// Source: AWS Lambda Developer Guide, "Custom runtimes", "Reporting batch item failures". It has not
// been run against AWS.
package function

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/url"
	"os"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"chartlake/aws/bucket"
	"chartlake/aws/event"
	"chartlake/aws/healthlake"
	"chartlake/fault"
	"chartlake/pipeline"
	"chartlake/reader"
)

// Function handles events. All fields are required but Bytes.
type Function struct {
	AWS    sdk.Config
	Stages *pipeline.Stages
	// Sniff refuses what is no document; see reader.Reader.
	Sniff func(file io.ReaderAt, size int64, password string) (reader.Media, error)
	Sink  *healthlake.Sink
	Log   *slog.Logger
	Bytes int64 // largest file; 0: 500 MB
}

// answer names the messages of SQS that failed.
type answer struct {
	Failures []failure `json:"batchItemFailures"`
}

type failure struct {
	Item string `json:"itemIdentifier"`
}

// Handle handles one event. An error means that the event as a whole must come again.
func (f *Function) Handle(ctx context.Context, data []byte) ([]byte, error) {
	items, err := event.Decode(data)
	if err != nil {
		return nil, err
	}
	out := answer{Failures: []failure{}}
	for _, item := range items {
		err := item.Err
		for _, o := range item.Objects {
			if e := f.object(ctx, o); e != nil {
				err = e
			}
		}
		switch {
		case err == nil:
		case item.Message == "":
			return nil, err
		default:
			out.Failures = append(out.Failures, failure{item.Message})
		}
	}
	return json.Marshal(out)
}

// object files one object, and tells what became of it. A panic is an error that holds nothing of
// what was processed.
func (f *Function) object(ctx context.Context, o event.Object) (err error) {
	start := time.Now()
	var id string
	defer func() {
		if recover() != nil {
			err = fault.New(fault.Internal, "panic", "a document stopped its run")
		}
		if err != nil {
			code := "internal"
			if e := fault.As(err); e != nil {
				code = e.Code
			}
			f.Log.Warn("a document was not filed", "document", id, "code", code)
		}
	}()
	file, size, key, err := f.fetch(ctx, o)
	if err != nil {
		return err
	}
	defer file.Close()
	if size == 0 {
		return fault.New(fault.Invalid, "empty", "the file is empty")
	}
	if _, err := f.Sniff(file, size, ""); err != nil {
		return err
	}
	rec, err := f.Stages.Make(ctx, file, size, reader.Options{}, f.Sink.Known(ctx), start)
	if err != nil {
		return err
	}
	id = rec.Document.SHA256
	original := url.URL{Scheme: "s3", Host: o.Bucket, Path: "/" + key}
	filed, err := f.Sink.File(ctx, healthlake.Document{Bundle: rec.Bundle, Original: original.String()})
	if err != nil {
		return err
	}
	settled := f.Stages.Settle(rec)
	f.Log.Info("a document was filed", "document", id, "known", filed.Known, "resources", filed.Resources, "state", settled.State,
		"code", settled.Code, "open", settled.Open, "pages", rec.Document.Pages, "ms", time.Since(start).Milliseconds())
	return nil
}

// fetch gets an object by the likely reading of its key, or by the other one.
func (f *Function) fetch(ctx context.Context, o event.Object) (file *os.File, size int64, key string, err error) {
	limit := f.Bytes
	if limit <= 0 {
		limit = 500 << 20
	}
	file, size, err = bucket.Fetch(ctx, f.AWS, o.Bucket, o.Key, o.Version, limit)
	if fault.Is(err, fault.NotFound) && o.Raw != "" {
		file, size, err = bucket.Fetch(ctx, f.AWS, o.Bucket, o.Raw, o.Version, limit)
		return file, size, o.Raw, err
	}
	return file, size, o.Key, err
}
