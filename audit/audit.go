// Package audit is the vocabulary of the audit trail: who did what to whose data, when, and
// how it ended; the form in which an event is kept, the chain that binds the rows together,
// and the signed marks by which a trail that was cut short is known.
//
// An event holds ids, names of parameters and codes only. It never holds patient data, query
// values or file names: what was asked stands as a keyed hash, an id that names nothing here
// too. So a patient can be erased without touching the trail. Actions and outcomes follow the
// value sets of AuditEvent (http://hl7.org/fhir/R4/auditevent.html), the patient in each event
// is what IHE BALP asks for (https://profiles.ihe.net/ITI/BALP). Reasons and limits:
// docs/design/audit.md.
package audit

import (
	"slices"
	"time"

	"chartlake/fault"
)

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
	Operate Action = "operate" // an operation that read and wrote nothing of the store
	Refuse  Action = "refuse"  // nothing was done
	Erase   Action = "erase"   // taken out for good, with its keys
)

// actions has each action at the number that stands for it in a row: never change a place.
var actions = []Action{"", Create, Update, Delete, Read, VRead, History, Search, Receive, Move, Record, Operate, Refuse, Erase}

// Code is the AuditEvent.action of an action: C, R, U, D or E (R4 audit-event-action). A
// search is an execution (R4 §6.1.3, BALP Query).
func (a Action) Code() string {
	switch a {
	case Create, Receive:
		return "C"
	case Update, Move, Record:
		return "U"
	case Delete:
		return "D"
	case Read, VRead, History:
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

// OutcomeOf is the outcome and the code of an error; nil is a success.
func OutcomeOf(err error) (Outcome, string) {
	f := fault.As(err)
	switch {
	case err == nil:
		return Success, ""
	case f == nil:
		return Serious, "internal"
	}
	switch f.Kind {
	case fault.Internal, fault.Unavailable, fault.Corrupt, fault.Full:
		return Serious, f.Code
	}
	return Minor, f.Code
}

// Target is one thing that was touched: a version of a resource ("Observation", id, 3), a
// document ("document", SHA-256), a record or stage of one.
type Target struct {
	Type, ID string
	Version  int // 0: not said
}

func (t Target) String() string {
	if t.ID == "" {
		return t.Type
	}
	return t.Type + "/" + t.ID
}

// Step is one thing done within an event: an interaction and everything it touched or gave.
type Step struct {
	Action  Action
	Of      string   // resource type or part of the service; "": all of it
	Names   []string // search, history: the parameters' names
	Asked   int64    // search, history: keyed hash of all names and values; 0: nothing was asked
	Targets []Target
}

// Event is one access: all steps of one transaction or one view, or a refusal.
type Event struct {
	Seq       int64 // 0: not in the trail yet
	At        time.Time
	Actor     string
	RequestID string
	Via       string // the operation that it was done through: "$everything", "pages/3"
	Outcome   Outcome
	Code      string   // fault code where it did not end well
	Patients  []string // ids of the patients whose data it touched
	Steps     []Step
}

// Documents are the ids of the documents that the event touched, or their records and stages,
// each once.
func (e *Event) Documents() (ids []string) {
	seen := map[string]bool{}
	for _, s := range e.Steps {
		for _, t := range s.Targets {
			if (t.Type == "document" || t.Type == "record" || t.Type == "stage") && !seen[t.ID] {
				seen[t.ID] = true
				ids = append(ids, t.ID)
			}
		}
	}
	return ids
}

// Touches reports whether the event touched a resource, or the data of a patient.
func (e *Event) Touches(typ, id string) bool {
	if typ == "Patient" && slices.Contains(e.Patients, id) {
		return true
	}
	for i := range e.Steps {
		for _, t := range e.Steps[i].Targets {
			if t.Type == typ && t.ID == id {
				return true
			}
		}
	}
	return false
}

// Query selects events, newest first. Zero fields select all.
type Query struct {
	Seq          int64  // this event
	Patient      string // id
	Document     string // id
	Target       Target // touched in whatever version; has no index, so other conditions should leave few
	Actor        string
	RequestID    string
	Codes        []string // AuditEvent.action codes of the first step
	Outcomes     []Outcome
	Since, Until time.Time // at or after, before
	Before       int64     // events before this one; 0: from the newest
	Limit        int       // 0: DefaultLimit; at most MaxLimit
}

// Limits of a page of events.
const (
	DefaultLimit = 50
	MaxLimit     = 1_000
)

// Page is one page of events. Next is the Before of the next page, 0 on the last.
type Page struct {
	Events []Event
	Next   int64
}
