// Package store is the one database of Chartlake: versioned FHIR resources with their search
// index, document rows and their states, records, stage outputs, jobs and audit rows. There
// is one write door, Transact, and one way to read, View; both take the actor, and both are
// audited. Drivers live in sqlite and postgres and pass the suite in storetest.
//
// The package itself holds the vocabulary of the door and the driver-independent parts
// (bundles to commands, legal moves of a document). See DESIGN.md beside it.
package store

import (
	"context"
	"time"

	"chartlake/audit"
	"chartlake/envelope"
	"chartlake/fhir"
	"chartlake/queue"
	"chartlake/search"
)

// Store is one database. All methods are safe for many goroutines and processes.
type Store interface {
	// Transact applies the commands in order inside one serialisable transaction, with one
	// audit row, and returns one result per command once they are durable (full sync).
	// Either all happen or none; the error is a fault whose Path names the command as
	// Bundle.entry[i]. References of the form urn:uuid:… between commands and conditional
	// references (Patient?identifier=…) are resolved inside the transaction.
	Transact(ctx context.Context, actor Actor, commands []Command) ([]Result, error)
	// View calls f with one consistent snapshot that includes every acknowledged Transact. What
	// f was given is in the audit trail when View returns, also when f fails.
	View(ctx context.Context, actor Actor, f func(View) error) error
	// Jobs leases work that Enqueue commands left.
	Jobs() queue.Runner
	// Changed is closed and replaced whenever this process commits; for live pages.
	Changed() <-chan struct{}
	// Catalogue is the search parameters as this process last saw them, R4's own and those of
	// SearchParameter resources; View.Parameters is exact.
	Catalogue() *search.Catalogue
	// ReindexSome does the next batch of a Reindexing and reports whether there is more; a job
	// that is complete or not there is no error.
	ReindexSome(ctx context.Context, job int64) (more bool, err error)
	// Check looks for damage and gives the first as a Corrupt fault; see Inspect.
	Check(ctx context.Context) error
	// Inspect looks for damage, within one snapshot, and calls found for each: the database's
	// own check, dense versions, bodies that can be read, and an index that has exactly the
	// rows that the bodies say. With repair, what can be made good from what is sound is, in
	// transactions of their own; nothing that a client wrote is changed or taken away.
	Inspect(ctx context.Context, repair bool, found func(Damage)) error
	// Trail is the audit trail: every Transact and View is in it, with what was touched.
	Trail() Trail
	// Vault has the data keys, so that what belongs to the store but lies outside of it (originals)
	// is sealed like it.
	Vault() *envelope.Vault
	// Erasures says how the original of a document is erased, without which nothing is, and
	// finishes erasures that a crash cut.
	Erasures(ctx context.Context, original func(ctx context.Context, document string) error) error
	Close() error
}

// Trail is the audit trail of a store. See docs/design/audit.md for what it promises.
type Trail interface {
	// Note takes in an access that did not get as far as Transact or View: a refusal, an
	// operation that needed nothing of the store. Time, actor and request id are filled in.
	Note(ctx context.Context, actor Actor, e audit.Event) error
	// Flush waits until the store has every event that this process took in before, so that
	// the next View shows them.
	Flush(ctx context.Context) error
	// Verify walks along the whole trail and holds signed marks against it: those that the
	// processes wrote, and those of the files named. What is broken is in the report; an error
	// says that it could not be looked at.
	Verify(ctx context.Context, marks []string) (*audit.Report, error)
}

// Audit says how a store keeps its audit trail; the zero Audit is how it should be.
type Audit struct {
	Marks string // file that signed marks are added to; "": in the data folder
	// Wait makes every access wait until its row is on the disk. Without it the rows of what
	// only reads are safe from a crash of the process at once, from a power cut soon after.
	Wait bool
	// Off leaves the trail out, to measure what it costs. No command sets it but in a build for
	// the lab.
	Off bool
}

// Unhealthy is the code of the Unavailable fault that every call gets once a sync has failed:
// what the disk holds is not known, and the process must end and start again.
const Unhealthy = "store_unhealthy"

// Actor is who acts. Every call has one; the zero Actor is refused.
type Actor struct {
	ID        string   // "user:anna", "token:ehr", "system:pipeline"
	Name      string   // display
	RequestID string   // joins request log and audit
	Patients  []string // patient ids that the actor is confined to; nil: not confined
	// Permit narrows a query to what the actor may read, or refuses it; nil: they may read every
	// type. Transact asks it of each query that a write is decided by (criteria, conditional
	// references), maybe more than once, and while others wait: it must not.
	Permit func(*search.Query) error
}

// View is a snapshot. Errors: NotFound (never existed or not visible to the actor), Gone
// (deleted; for VersionRead of a deletion too). Of a resource that an actor may see, the versions
// in which it belonged to other patients alone are not there for them.
type View interface {
	Resources
	Documents
	Tokens
	Tasks
	Events
}

// Events is the audit trail in a snapshot.
type Events interface {
	// Events gives events, newest first; Forbidden for an actor who is confined to patients.
	Events(q audit.Query) (*audit.Page, error)
}

// Tokens seals what a client carries from one answer to its next request: the token shows
// nothing, and fits only this actor and what it is about.
type Tokens interface {
	Seal(plain []byte, about string) string
	// Unseal gives back what Seal was given; any other token is Invalid with code bad_cursor.
	Unseal(token, about string) ([]byte, error)
}

// Resources is the FHIR half of a snapshot.
type Resources interface {
	Read(key Key) (*Version, error)
	VersionRead(key Key, version int) (*Version, error)
	History(q HistoryQuery) (*HistoryPage, error)
	// Export gives a page of what was current at a change.
	Export(q ExportQuery) (*ExportPage, error)
	Search(q *search.Query) (*SearchPage, error)
	// Parameters are the search parameters of this snapshot: what a query is parsed with.
	Parameters() (*search.Catalogue, error)
	// Reindexing lists the work on the index, newest first; an actor that is confined to
	// patients sees none.
	Reindexing() ([]Reindexing, error)
}

// Documents is the document half of a snapshot.
type Documents interface {
	Document(id string) (*Document, error)
	Documents(q DocumentQuery) (docs []Document, next string, err error)
	// Hashes lists the hashes of all documents, in ascending order, after one ("": from the start).
	// Forbidden for who is confined to patients.
	Hashes(after string, limit int) ([]string, error)
	// Tallies counts the documents of each state and code.
	Tallies() ([]Tally, error)
	// Record gives a version of a document's record; 0: the newest. NotFound when there is none.
	Record(document string, version int) (*RecordVersion, error)
	// Records lists the versions without their bodies, oldest first.
	Records(document string) ([]RecordVersion, error)
	// Stage gives a stored stage output, ok false when there is none.
	Stage(key StageKey) (output []byte, ok bool, err error)
	// Idempotent gives the document that an Idempotency-Key of this actor was used for.
	Idempotent(key string) (document string, ok bool, err error)
}

// Key names a resource.
type Key struct{ Type, ID string }

func (k Key) String() string { return k.Type + "/" + k.ID }

// Op is what made a version.
type Op string

const (
	OpCreate Op = "create"
	OpUpdate Op = "update"
	OpDelete Op = "delete"
)

// Version is one version of a resource. Resource has meta.versionId and meta.lastUpdated;
// it is nil where the version is a deletion.
type Version struct {
	Key      Key
	Version  int   // dense from 1
	Seq      int64 // store-wide change number
	Op       Op
	At       time.Time // UTC, milliseconds
	Resource *fhir.Node
}

// HistoryQuery selects versions, newest first. Empty Type: the whole system; empty ID: the type.
type HistoryQuery struct {
	Type, ID string
	Since    time.Time // versions at or after
	At       time.Time // versions current at this time
	Count    int
	Cursor   string // opaque, from HistoryPage.Next
}

// HistoryPage is one page of versions.
type HistoryPage struct {
	Versions []Version
	Total    *int // nil: not told to an actor who is confined to patients
	Next     string
}

// SearchPage is one page of a search.
type SearchPage struct {
	Matches  []Version
	Included []Version
	Total    *int     // nil when not asked for
	Next     string   // opaque sealed cursor, "" on the last page
	Plan     []string // with Query.Explain: how the matches were found; names and sizes, no values
}

// Command is one step of a transaction: Create, Update, Delete, or one of the document commands.
type Command interface{ command() }

// Create makes a resource with an id of the store's choice. With IfNoneExist, one match is
// returned as it is (Result.Op empty) and several are a Precondition fault.
type Create struct {
	Resource    *fhir.Node
	FullURL     string        // urn:uuid:… by which other commands refer to it
	IfNoneExist *search.Query //
}

// Update writes a resource under its own id, making it where it does not exist.
type Update struct {
	Resource *fhir.Node
	FullURL  string
	IfMatch  int           // version that must be current; 0: any
	Where    *search.Query // conditional update: the id comes from the one match, or is made
	// Modify, where set, makes the new content from the current one inside the
	// transaction (patch, compare); Resource then holds type and id only. Returning the
	// same node means no change. current is nil where the resource does not exist.
	Modify func(current *fhir.Node) (*fhir.Node, error)
	// Keep, where set, is asked with the current content; true leaves it as it is.
	Keep func(current *fhir.Node) bool
	// SkipSame leaves out a write that would change nothing but meta.
	SkipSame bool
	// Brief asks for no content: the Result's Version has no Resource. A transaction of a
	// hundred thousand writes would hold them all to its end.
	Brief bool
}

// Delete makes a deletion version. Deleting what is not there is no error.
type Delete struct {
	Key     Key
	IfMatch int
	Where   *search.Query // conditional delete of Type; several matches need Many
	Many    bool
	Keep    func(current *fhir.Node) bool
}

// Receive notes that a file arrived: a new document, or a further arrival of one that is
// known (Result.Duplicate). The blob must be durable before. Key is the Idempotency-Key.
type Receive struct {
	Document Document
	Arrival  Arrival
	Key      string
	// After is the last change (View.Seq) before the blob was put. Where the document was erased
	// since, or the erasure took originals away since, the blob may be gone: that is Unavailable with
	// code erased_meanwhile, and the bytes are to be put again. 0: nobody can have erased it.
	After int64
}

// Move takes a document from one state to another by the table in state.go; a document that
// is not in From, or a move that the table does not have, is a Conflict. Set changes other
// columns in the same step and may be nil. Moving a settled document to the state that it is
// in changes columns only: the history gets no line.
type Move struct {
	ID       string
	From     []State
	To       State
	Code     string // for failed and held: the reason code
	Question string // for held: what a person is asked
	Set      func(*Document)
}

// PutRecord stores a new version of a document's record. After is the version it was made
// from (0: the first); another one being newest is a Conflict.
type PutRecord struct {
	Document string
	After    int
	Action   string // machine, accept, correct, reject, answer, undo, approve
	Body     []byte // record JSON
}

// PutStage stores a stage's output. The same key again is no change.
type PutStage struct {
	Key    StageKey
	Output []byte
	// Make, where set, makes the output from the results of the commands before this one; the
	// key must then be new, else the transaction is a Conflict with code stage_exists.
	Make func(before []Result) ([]byte, error)
}

// StageKey is (input hash, stage, version); Part tells pages of one input apart.
type StageKey struct{ Input, Stage, Version, Part string }

// Expect makes the transaction a Conflict with code matches_changed, unless Query matches
// exactly these resources inside the transaction: what was decided by looking at a snapshot still holds
// when it is written, whoever else writes. Of Query, type, conditions and Count (how many
// matches are compared, in the order in which they were made) are regarded. It is asked before
// anything is written, and before the deletions that stand behind it.
type Expect struct {
	Query *search.Query
	Keys  []Key
}

// Reindex indexes resources anew in the background: one resource, or of a SearchParameter all
// under it (Key), some types, or everything. The Result has its job.
type Reindex struct {
	Key   Key
	Types []string
}

// Enqueue offers a job. A job of this kind and subject that already waits is kept.
type Enqueue struct{ Job queue.Job }

// Erase takes a resource out for good: every version, index row and, where it has one, its own
// data key. A Patient is erased with all that is in its compartment, what is sealed under its key,
// and its documents with records, stage outputs, file names and originals; the keys are
// destroyed, so that no backup has them readable. What stays is the audit trail, and that
// there was something under this id (Gone, code erased). Conflict: legal_hold, shared_with_others.
type Erase struct {
	Key    Key
	Shared Shared // of a Patient: what to do with what belongs to other patients, too
}

// Shared says what becomes of resources and documents of several patients when one is erased.
type Shared string

const (
	SharedRefuse Shared = "" // nothing is erased where there are such
	SharedKeep   Shared = "keep"
	SharedErase  Shared = "erase"
)

// The tag in meta that puts a legal hold on a resource: it, and the patient in whose compartment
// it is, is not erased.
const (
	HoldSystem = "https://chartlake.dev/fhir/CodeSystem/hold"
	HoldCode   = "legal"
)

// Erased counts what an Erase took out, and what it kept for others.
type Erased struct{ Resources, Documents, Kept int }

func (Create) command()    {}
func (Erase) command()     {}
func (Update) command()    {}
func (Delete) command()    {}
func (Receive) command()   {}
func (Move) command()      {}
func (PutRecord) command() {}
func (PutStage) command()  {}
func (Expect) command()    {}
func (Reindex) command()   {}
func (Enqueue) command()   {}

// Result is what one command did.
type Result struct {
	Version   *Version // Create, Update, Delete
	Op        Op       // "" when nothing was written
	Document  *Document
	Duplicate bool // Receive: the document was known
	Record    int  // PutRecord: the new version
	Erased    *Erased
	Job       int64 // Reindex
}
