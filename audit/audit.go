// Package audit is the vocabulary of audit events: who did what to whose data, when, and how
// it ended. The store writes one row per access in the transaction of that access.
//
// An event holds ids and codes only. It never holds patient data, query values or file names,
// so that a patient can be erased without touching the trail. Actions and outcomes follow the
// value sets of AuditEvent (http://hl7.org/fhir/R4/auditevent.html). Each row has a place for
// the link of the hash chain (Previous, Hash) and the id of the key that made it.
package audit

import "time"

// Action is what was done.
type Action string

const (
	Create  Action = "create"
	Update  Action = "update"
	Delete  Action = "delete"
	Read    Action = "read"
	VRead   Action = "vread"
	History Action = "history"
	Search  Action = "search"
	Receive Action = "receive" // a document arrived
	Move    Action = "move"    // a document changed its state
	Record  Action = "record"  // a document's record got a version
	Refuse  Action = "refuse"  // nothing was done
)

// Code is the AuditEvent.action of an action: C, R, U, D or E (R4 audit-event-action).
func (a Action) Code() string {
	switch a {
	case Create, Receive:
		return "C"
	case Update, Move, Record:
		return "U"
	case Delete:
		return "D"
	case Read, VRead, History, Search:
		return "R"
	}
	return "E"
}

// Outcome is how it ended, as AuditEvent.outcome says it.
type Outcome string

const (
	Success Outcome = "0"
	Minor   Outcome = "4" // refused: the caller's mistake or not allowed
	Serious Outcome = "8" // failed: ours
)

// Step is one thing done within an event.
type Step struct {
	Action Action `json:"a"`
	Target string `json:"t,omitempty"` // Type/id/_history/n or document/id; never a query value
}

// Event is one access: all steps of one transaction or one view.
type Event struct {
	Seq       int64
	At        time.Time
	Actor     string
	RequestID string
	Outcome   Outcome
	Code      string // fault code where it was refused
	Steps     []Step
	Previous  []byte // hash of the event before
	Hash      []byte
	KeyID     int64
}
