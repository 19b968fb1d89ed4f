// Package function is Chartlake as an AWS Lambda function: an event of S3 comes in, however it
// comes (package event), each object that it names is fetched, read, understood and filed in a FHIR
// server (package healthlake), and what failed is told so that the event source brings it again:
// of a batch of SQS, those messages alone.
//
// It keeps nothing of its own between events. The same event again files nothing double, since a
// document is known by its bytes. A message about a document that can never be read is set aside
// with its code (package deadletter); without a queue for that it fails each time, with its code in
// the log, until its own queue sets it aside. Whose patient it is, is asked of the FHIR server;
// where that is a question the DocumentReference alone is filed.
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
	"chartlake/aws/deadletter"
	"chartlake/aws/event"
	"chartlake/aws/healthlake"
	"chartlake/fault"
	"chartlake/pipeline"
	"chartlake/reader"
)

// Function handles events. All fields are required but those that say what nil or 0 means.
type Function struct {
	AWS    sdk.Config
	Stages *pipeline.Stages
	// In gives the reader of a file that lies in S3; nil: that of Stages.
	In func(bucket, key, version string) pipeline.Reader
	// Dead takes messages of SQS that can never be handled; nil: they fail each time.
	Dead *deadletter.Queue
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
		err := f.item(ctx, item)
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

// item files the objects of an item. Where one of them failed and trying again may help, the item
// fails; where it cannot help any of them, its message is set aside, if there is a place for it.
func (f *Function) item(ctx context.Context, item event.Item) error {
	err, document := item.Err, ""
	for _, o := range item.Objects {
		id, e := f.object(ctx, o)
		if e != nil && (err == nil || permanent(err)) {
			err, document = e, id
		}
	}
	if err == nil || f.Dead == nil || item.Message == "" || !permanent(err) {
		return err
	}
	code := fault.As(err).Code
	if err := f.Dead.Put(ctx, item.Body, code, document); err != nil {
		f.Log.Warn("a message could not be set aside", "code", codeOf(err))
		return err
	}
	f.Log.Info("a message was set aside", "document", document, "code", code)
	return nil
}

// gone is the code of an object that is not in its bucket any more.
const gone = "object_gone"

// permanent reports an error that trying again cannot help.
func permanent(err error) bool {
	switch fault.KindOf(err) {
	case fault.Corrupt, fault.Unsupported, fault.TooLarge, fault.Invalid:
		return true
	}
	return codeOf(err) == gone
}

func codeOf(err error) string {
	if f := fault.As(err); f != nil {
		return f.Code
	}
	return "internal"
}

// object files one object, and tells what became of it. A panic is an error that holds nothing of
// what was processed.
// id is the document's hash, once it is known.
func (f *Function) object(ctx context.Context, o event.Object) (id string, err error) {
	start := time.Now()
	defer func() {
		if recover() != nil {
			err = fault.New(fault.Internal, "panic", "a document stopped its run")
		}
		if err != nil {
			f.Log.Warn("a document was not filed", "document", id, "code", codeOf(err))
		}
	}()
	file, size, key, err := f.fetch(ctx, o)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, gone, "the object is not in its bucket any more")
	}
	if err != nil {
		return "", err
	}
	defer file.Close()
	if size == 0 {
		return "", fault.New(fault.Invalid, "empty", "the file is empty")
	}
	if _, err := f.Sniff(file, size, ""); err != nil {
		return "", err
	}
	stages := *f.Stages
	if f.In != nil {
		stages.Reader = f.In(o.Bucket, key, o.Version)
	}
	rec, err := stages.Make(ctx, file, size, reader.Options{}, f.Sink.Known(ctx), start)
	if err != nil {
		return "", err
	}
	id = rec.Document.SHA256
	original := url.URL{Scheme: "s3", Host: o.Bucket, Path: "/" + key}
	filed, err := f.Sink.File(ctx, healthlake.Document{Bundle: rec.Bundle, Original: original.String()})
	if err != nil {
		return id, err
	}
	settled := stages.Settle(rec)
	f.Log.Info("a document was filed", "document", id, "known", filed.Known, "resources", filed.Resources, "state", settled.State,
		"code", settled.Code, "open", settled.Open, "pages", rec.Document.Pages, "ms", time.Since(start).Milliseconds())
	return id, nil
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
