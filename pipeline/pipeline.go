// Package pipeline takes a document the whole way: read → understand → identify → map →
// file. It is the only package that knows all stages.
//
// Each stage is a function from an immutable input to an output that is stored under (input
// hash, stage, version), so doing it again changes nothing and a run goes on where a crash
// cut it off, at the page. A document is filed in one store transaction: resources, record,
// state and audit together. Every document settles in exactly one state with a code; nothing
// here loses a page without saying so. docs/design/life-of-a-document.md has the rules.
//
// Log lines hold the document's hash, stage and code; never text of a document.
package pipeline

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"chartlake/blob"
	"chartlake/clinical"
	"chartlake/document"
	"chartlake/form"
	"chartlake/reader"
	"chartlake/record"
	"chartlake/store"
	"chartlake/terminology/release"
)

// Mode says what is filed without a person.
type Mode string

const (
	Commit   Mode = "commit"   // accepted facts at once
	Draft    Mode = "draft"    // nothing before a person approved the document
	Annotate Mode = "annotate" // the DocumentReference only
)

// Reader reads pages: reader.Reader, or an engine reached over a network.
type Reader interface {
	// Version names the reader with everything that changes what it reads.
	Version() string
	// Read gives every page of the file in order; a page that could not be read is there
	// with its failure. The error is a fault: Corrupt, Unsupported or TooLarge when the file
	// as a whole can never be read, anything else when trying again may help.
	Read(ctx context.Context, file io.ReaderAt, size int64, o reader.Options) (*document.Document, error)
}

// Annotator finds the clinical mentions of a text: Own, or an engine reached over a network. It
// is safe for many goroutines.
type Annotator interface {
	// Version names the annotator with everything that changes what it finds.
	Version() string
	// Annotate finds the mentions of a text; offsets count characters (runes) of it. The error
	// is a fault, and says that trying again may help.
	Annotate(ctx context.Context, text string) (clinical.Findings, error)
}

// Own is our own engine, which needs no network and answers any text.
type Own struct{ *clinical.Engine }

// Version names the rules of the engine.
func (Own) Version() string { return clinical.Version }

// Annotate never fails, but for a context that has ended.
func (o Own) Annotate(ctx context.Context, text string) (clinical.Findings, error) {
	if err := ctx.Err(); err != nil {
		return clinical.Findings{}, err
	}
	return o.Engine.Annotate(text), nil
}

// Stages are the functions of the way, without a store.
type Stages struct {
	Reader   Reader
	Clinical Annotator // nil: no clinical mentions
	// Form finds the segments of a document; nil: form.Understand.
	Form func(*document.Document, form.Us) []record.Segment
	Us   form.Us // who receives the documents
	// Releases are the imported releases, by system URL, against which codes are held.
	Releases map[string]*release.Release
	Mode     Mode   // "": Commit
	Program  string // version of the program, for the Device resource
}

// Config is what the pipeline needs. Store, Blobs and Stages are required.
type Config struct {
	Stages
	Store   store.Store
	Blobs   blob.Store
	Log     *slog.Logger
	Metrics *Metrics
	// Deadline is how long one run may take, plus DeadlinePage for each page; 0: 5 minutes
	// and 1 minute.
	Deadline     time.Duration
	DeadlinePage time.Duration
	// StartsMax is how many runs in a row may take the process with them, without one more
	// page read, before the document is set aside; 0: 10.
	StartsMax int
	// Halt, where set, is called when the store says that a sync has failed: the process must
	// end and start again.
	Halt func(error)
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Adjust, where set, changes what the machine understood before it is filed, by what people
	// taught and ask for; what a person settled in this document comes on top of it.
	Adjust func(v store.View, read *document.Document, rec *record.Record) error
}

// Actor is who the pipeline is in audit and history.
var Actor = store.Actor{ID: "system:pipeline", Name: "Chartlake"}

// Pipeline runs documents. It is safe for many goroutines and is the queue's handler of
// queue.Document jobs.
type Pipeline struct {
	Config
	// Filing lets the documents of this process be filed one after the other. What makes two
	// documents of one unknown person one patient is Filing.Asked, which holds between
	// processes, too; this spares them the second try.
	Filing   sync.Mutex
	progress progress
}

// New makes a pipeline.
func New(c Config) *Pipeline {
	if c.Mode == "" {
		c.Mode = Commit
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics(nil)
	}
	if c.Deadline == 0 {
		c.Deadline = 5 * time.Minute
	}
	if c.DeadlinePage == 0 {
		c.DeadlinePage = time.Minute
	}
	if c.StartsMax == 0 {
		c.StartsMax = 10
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Pipeline{Config: c}
}
