package store

import "time"

// State is where a document is on its way.
type State string

const (
	Received    State = "received"
	Reading     State = "reading"
	Understood  State = "understood"
	NeedsReview State = "needs_review"
	Filed       State = "filed"
	Held        State = "held"
	Failed      State = "failed"
	Rejected    State = "rejected"
)

// Settled reports whether a document in this state waits for nobody but perhaps a person.
func (s State) Settled() bool {
	switch s {
	case NeedsReview, Filed, Held, Failed, Rejected:
		return true
	}
	return false
}

// Document is the row of one document. Its id is the SHA-256 of its bytes.
type Document struct {
	ID         string            `json:"id"`
	SHA256     string            `json:"sha256"`
	State      State             `json:"state"`
	Code       string            `json:"code,omitempty"`
	Question   string            `json:"question,omitempty"`
	MediaType  string            `json:"media_type"`
	Pages      int               `json:"pages"`
	Bytes      int64             `json:"bytes"`
	Arrivals   []Arrival         `json:"arrivals"`
	Segments   []DocumentSegment `json:"segments"`
	ReceivedAt time.Time         `json:"received_at"`
	SettledAt  *time.Time        `json:"settled_at,omitempty"`
	History    []StateChange     `json:"history,omitempty"`
	// Type and Patient are what the sender said (ingest --type, --patient); may be empty.
	Type    string `json:"stated_type,omitempty"`
	Patient string `json:"stated_patient,omitempty"`
	// Resources are the resources that the last run of the pipeline made, so that a re-run
	// can delete what it no longer makes.
	Resources []Key `json:"-"`
}

// Arrival is one time that the bytes came in. Name is the sender's file name: patient data.
type Arrival struct {
	At     time.Time `json:"at"`
	Source string    `json:"source"` // http, watch, ingest, s3, demo
	Name   string    `json:"-"`
	Actor  string    `json:"-"`
}

// DocumentSegment is one document within the stack.
type DocumentSegment struct {
	Type    string `json:"type"`
	Pages   [2]int `json:"pages"`
	Patient string `json:"patient,omitempty"` // Patient/id once settled
}

// StateChange is one step of a document's history.
type StateChange struct {
	At    time.Time `json:"at"`
	From  State     `json:"from,omitempty"`
	To    State     `json:"to"`
	Code  string    `json:"code,omitempty"`
	Actor string    `json:"actor"`
}

// Tally is how many documents are in a state for a reason, and when the oldest came in.
type Tally struct {
	State  State
	Code   string
	Count  int
	Oldest time.Time
}

// DocumentQuery selects documents, newest first. Its cursors belong to its order.
type DocumentQuery struct {
	SHA256 string
	States []State
	Since  time.Time // received at or after
	Before time.Time // received before; zero: no matter
	Type   string    // stated by the sender, or of a segment
	Code   string    // of the state
	Oldest bool      // oldest first
	Limit  int       // 0: 50, at most 500
	Cursor string    // from the page before
}

// RecordVersion is one version of a document's record.
type RecordVersion struct {
	Version int
	At      time.Time
	Actor   string
	Action  string
	Body    []byte
}
