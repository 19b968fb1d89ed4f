package store

import (
	"time"
)

// Task is long work that somebody asked for and comes back for: an export, an import, a search
// that is answered later. Its row outlives the process; a queue job with its id does the work.
// Request and Progress stand sealed.
type Task struct {
	ID    string
	Kind  string
	Owner Actor // who asked; what is done is done as them
	State TaskState
	Code  string    // of a task that failed: why
	Began time.Time // when it was asked for
	Ends  time.Time // when it may be forgotten; zero: not yet
	// Request is what was asked for. It never changes.
	Request []byte
	// Progress is how far it is, in the words of the one who does it.
	Progress []byte
}

// TaskState is how far a Task is.
type TaskState string

const (
	TaskWaiting  TaskState = "waiting"
	TaskRunning  TaskState = "running"
	TaskComplete TaskState = "complete"
	TaskFailed   TaskState = "failed"
	TaskCanceled TaskState = "canceled"
)

// Over reports whether nothing more will happen to the task by itself.
func (s TaskState) Over() bool {
	return s == TaskComplete || s == TaskFailed || s == TaskCanceled
}

// Moment is a point in the life of the store: the last change before it, and a time that every
// change up to it has or is before, and every later one is after.
type Moment struct {
	Seq int64
	At  time.Time
	// Done is what the commands before did, for a change that counts it.
	Done []Result
}

// PutTask adds a task; its Began is set by the store.
type PutTask struct{ Task Task }

// ChangeTask changes a task inside the transaction, so that what is written beside it and how far
// the task is are one. NotFound where the task is not there.
type ChangeTask struct {
	ID string
	// Modify gets the task as it is; an error undoes the whole transaction. State, Code, Ends and
	// Progress are kept of what it changes. It may be called more than once and must change
	// nothing else.
	Modify func(t *Task, now Moment) error
	// Fence makes now a Moment that no later change shares its time with.
	Fence bool
	// Turn lines the transaction up behind others; nil: it goes when it is ready.
	Turn *Turn
}

// Turn puts transactions that are prepared side by side into one order: one waits until Before
// is closed, and calls Sent once it stands in the store's own line, where nothing overtakes it.
type Turn struct {
	Before <-chan struct{}
	Sent   func()
}

// DropTask forgets a task. One that is not there is no error.
type DropTask struct{ ID string }

func (PutTask) command()    {}
func (ChangeTask) command() {}
func (DropTask) command()   {}

// Tasks is the tasks of a snapshot. They are shown to whoever asks: who may see one is for the
// caller to decide by its Owner.
type Tasks interface {
	// Task gives one; NotFound where it is not there.
	Task(id string) (*Task, error)
	// Tasks lists all without Request and Progress, oldest first.
	Tasks() ([]Task, error)
	// Seq is the number of the last change.
	Seq() (int64, error)
	// Touched gives what was changed after a change beside versions; nothing to who is confined.
	Touched(after int64) (*Touched, error)
}

// ExportQuery selects the versions that were current after one change, whatever was written
// since. What an actor is confined to holds here, too.
type ExportQuery struct {
	Type  string
	Top   int64     // the change: versions that were current after it
	After int64     // only versions made by later changes: where the page before ended
	Since time.Time // only what was changed after
	Limit int       // versions of a page; 0 or more than ExportMax: ExportMax
	// Patients leaves only what is in the compartment of one of these; nil: no matter.
	Patients map[string]bool
	// AnyPatient leaves only what is in the compartment of some patient.
	AnyPatient bool
	// Deleted gives the deletions instead. Whose a deleted resource was is what its last content says.
	Deleted bool
	// Only are change numbers: of these alone, whatever After says. At most ExportMax.
	Only []int64
}

// ExportMax is how many versions a page of an export has at most.
const ExportMax = 1000

// ExportPage is one page, in the order of the changes.
type ExportPage struct {
	Versions []Version
	Last     int64 // where the next page begins: ExportQuery.After
	More     bool
}

// TouchedMax is how many documents and erased resources Touched gives at once at most.
const TouchedMax = 10_000

// Touched is what was changed after a change beside the versions of resources that an export
// gives, up to the change Last, each once: documents whose row, arrivals or record changed, or that
// were erased (they are Gone), and resources that were erased. More: there is more after Last.
type Touched struct {
	Documents []string
	Erased    []Key
	Last      int64
	More      bool
}
