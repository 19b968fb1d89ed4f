// Package fault is the closed set of kinds of error that Chartlake's parts tell each other,
// and the one table that turns a kind into an HTTP status, an exit code and an
// OperationOutcome issue code. Everything else is an internal error and is shown blandly.
//
// A fault's text and code go to logs and to clients: they never hold patient data, file
// names or query values. Ids, hashes, page numbers, element paths and limits are fine.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind is what sort of thing went wrong.
type Kind int

const (
	Internal Kind = iota
	NotFound
	Conflict        // another write won, a precondition failed, a duplicate key with other content
	Gone            // was there, is deleted
	Invalid         // the request or the resource is wrong
	Unauthenticated // who are you
	Forbidden       // not for you
	TooLarge        // over a limit: bytes, pages, pixels, entries
	Unsupported     // a media type, parameter or feature that is not known
	Unavailable     // try again later
	Corrupt         // bytes that cannot be read as what they claim to be; a failed checksum
	Full            // no space left
	Precondition    // If-Match, If-None-Exist with several matches
)

// Error is a fault. Path is an element path or a bundle entry (Bundle.entry[3]), or empty.
type Error struct {
	Kind       Kind
	Code       string // stable, lower case with underscores: encrypted, too_many_pixels, unknown_parameter
	Message    string
	Path       string
	RetryAfter time.Duration
	Issues     []Issue // several findings of one validation; Message sums them up
	Err        error
}

// Issue is one finding within a fault, as in OperationOutcome.issue.
type Issue struct {
	Severity string // fatal, error, warning, information
	Code     string // IssueType: structure, required, value, invariant, code-invalid ...
	Message  string
	Path     string // FHIRPath of the element
}

func (e *Error) Error() string {
	if e.Path != "" {
		return e.Path + ": " + e.Message
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// New makes a fault; the message is formatted like fmt.Errorf and may wrap with %w.
func New(kind Kind, code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// At gives a copy of the fault with the path that it is about.
func (e *Error) At(path string) *Error {
	c := *e
	c.Path = path
	return &c
}

// As finds the fault in an error chain; nil when there is none.
func As(err error) *Error {
	var f *Error
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// Is reports whether err is a fault of this kind.
func Is(err error, kind Kind) bool {
	f := As(err)
	return f != nil && f.Kind == kind
}

// KindOf is the kind of an error; Internal for everything that is not a fault.
func KindOf(err error) Kind {
	if f := As(err); f != nil {
		return f.Kind
	}
	return Internal
}
