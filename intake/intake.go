// Package intake is the door: whatever way a file comes in (HTTP, a watched folder, the
// command line), Accept takes it, and what Accept has acknowledged is never lost. It writes
// the bytes durably, then one store transaction with the document's row, the job and the
// audit row, and only then answers; docs/design/life-of-a-document.md has the order.
//
// It refuses at the door, with nothing stored: empty files, unsupported types, too many
// bytes, pixels or pages, files encrypted with an unknown password, an Idempotency-Key that
// was used for other bytes, and everything when too much waits, when the disk is full or
// when a sync has failed. File names are patient data: stored with the arrival, never logged.
package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"chartlake/blob"
	"chartlake/fault"
	"chartlake/internal/phi"
	"chartlake/pipeline"
	"chartlake/queue"
	"chartlake/reader"
	"chartlake/store"
)

const (
	defaultBytesMax   = 500_000_000 // Textract's limit of an asynchronous document
	defaultWaitingMax = 10_000      // documents that wait for a worker
	defaultUploadsMax = 16          // uploads at the same time
	keyMax            = 255         // bytes of an Idempotency-Key
	nameMax           = 1024        // bytes of a file name that are kept
	statedMax         = 128         // bytes of a stated type or patient
	passwordMax       = 127         // bytes of a PDF's password, ISO 32000-2 section 7.6.4
	depthAge          = time.Second // how old the count of waiting jobs may be
	retryAfter        = 5 * time.Second
)

// Config is what the door needs. Store, Blobs and Sniff are required.
type Config struct {
	Store store.Store
	Blobs blob.Store
	// Sniff is reader.Reader's: it looks at complete bytes before they are taken and tells
	// what they are, or the fault to refuse them with. It decodes nothing that the limits
	// have not allowed.
	Sniff func(file io.ReaderAt, size int64, password string) (reader.Media, error)
	// BytesMax is the largest file; 0: 500 MB. WaitingMax is how many jobs may wait before
	// the door answers 429; 0: 10,000. UploadsMax is how many uploads run at once; 0: 16.
	BytesMax   int64
	WaitingMax int
	UploadsMax int
	// Halt is called once when a write may not have reached the disk: the process must end
	// and start again. The door is shut from then on.
	Halt    func(error)
	Metrics *Metrics
}

// Offer is what comes with a file. Type and Patient are what the sender states, may be empty,
// and are not believed, only kept.
type Offer struct {
	Source  string   // http, watch, ingest, s3, demo
	Name    phi.Text // the sender's file name
	Key     string   // Idempotency-Key, belongs to the actor
	Type    string
	Patient string
	// Password opens an encrypted file. It is kept with the document, where the file needs it.
	Password phi.Text
}

// Receipt says that a file is durable. DuplicateOf is the id of the document where the bytes
// were known already.
type Receipt struct {
	ID          string      `json:"id"`
	SHA256      string      `json:"sha256"`
	State       store.State `json:"state"`
	DuplicateOf *string     `json:"duplicate_of"`
}

// Desk is the door. It is safe for many goroutines.
type Desk struct {
	Config
	uploads chan struct{}
	halted  atomic.Bool
	passed  atomic.Int64 // the change up to which resources were read, see Follow
	depth   depth
}

// New makes a door.
func New(c Config) *Desk {
	if c.BytesMax == 0 {
		c.BytesMax = defaultBytesMax
	}
	if c.WaitingMax == 0 {
		c.WaitingMax = defaultWaitingMax
	}
	if c.UploadsMax == 0 {
		c.UploadsMax = defaultUploadsMax
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics(nil)
	}
	return &Desk{Config: c, uploads: make(chan struct{}, c.UploadsMax)}
}

// Accept takes a file. The error is a fault, or the error of r itself where the sender broke
// off; with any error nothing is acknowledged, and at most an orphaned blob is left.
func (d *Desk) Accept(ctx context.Context, actor store.Actor, r io.Reader, offer Offer) (Receipt, error) {
	started := time.Now()
	receipt, size, err := d.accept(ctx, actor, r, offer)
	d.Metrics.observe(offer.Source, receipt, size, time.Since(started), err)
	return receipt, err
}

func (d *Desk) accept(ctx context.Context, actor store.Actor, r io.Reader, offer Offer) (Receipt, int64, error) {
	offer, err := offer.checked()
	if err != nil {
		return Receipt{}, 0, err
	}
	if err := d.enter(ctx); err != nil {
		return Receipt{}, 0, err
	}
	defer d.leave()
	var before int64
	err = d.Store.View(ctx, actor, func(v store.View) (err error) {
		before, err = v.Seq()
		return err
	})
	if err != nil {
		return Receipt{}, 0, d.storing(err)
	}
	var kind reader.Media
	locked := false
	info, err := d.Blobs.Put(ctx, r, d.BytesMax, func(info blob.Info, bytes io.ReaderAt) (err error) {
		if kind, err = d.inspect(ctx, actor, info, bytes, offer.Key, ""); encrypted(err) && offer.Password != "" {
			locked = true
			kind, err = d.inspect(ctx, actor, info, bytes, offer.Key, offer.Password)
		}
		return err
	})
	if err != nil {
		return Receipt{}, 0, d.storing(err)
	}
	commands := []store.Command{
		store.Receive{
			Document: store.Document{
				ID: info.Hash, SHA256: info.Hash, State: store.Received, MediaType: kind.Type,
				Pages: kind.Pages, Bytes: info.Size, Type: offer.Type, Patient: offer.Patient,
			},
			Arrival: store.Arrival{At: time.Now().UTC(), Source: offer.Source, Name: offer.Name.Reveal(), Actor: actor.ID},
			Key:     offer.Key,
			After:   before,
		},
		store.Enqueue{Job: queue.Job{Kind: queue.Document, Subject: info.Hash}},
	}
	if locked {
		password, err := json.Marshal(offer.Password.Reveal())
		if err != nil {
			return Receipt{}, 0, err
		}
		commands = append(commands, store.PutStage{Key: pipeline.PasswordKey(info.Hash), Output: password})
	}
	results, err := d.Store.Transact(ctx, actor, commands)
	if err != nil {
		return Receipt{}, 0, d.storing(err)
	}
	receipt := Receipt{ID: info.Hash, SHA256: info.Hash, State: store.Received}
	if doc := results[0].Document; doc != nil {
		receipt.State = doc.State
	}
	if results[0].Duplicate && results[0].Op != "" { // not when the key repeats an earlier arrival
		receipt.DuplicateOf = &info.Hash
	}
	return receipt, info.Size, nil
}

// checked cuts the name to what is kept and refuses what cannot be meant.
func (o Offer) checked() (Offer, error) {
	o.Name = phi.Text(cleanName(o.Name.Reveal()))
	if !printable(o.Key, keyMax) {
		return o, fault.New(fault.Invalid, "bad_idempotency_key", "an Idempotency-Key has at most %d printable ASCII characters", keyMax)
	}
	if len(o.Password) > passwordMax {
		return o, fault.New(fault.Invalid, "bad_password", "a password has at most %d bytes", passwordMax)
	}
	if !printable(o.Type, statedMax) || !printable(o.Patient, statedMax) {
		return o, fault.New(fault.Invalid, "bad_stated", "a stated type or patient has at most %d printable ASCII characters", statedMax)
	}
	return o, nil
}

func printable(s string, most int) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= most
}

// cleanName makes a file name safe to keep and show: valid UTF-8, no control or direction
// characters, a bounded length. It is never used as a path.
func cleanName(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	for len(s) > nameMax {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// enter waits for a place at the door and refuses while the door is shut or too much waits.
func (d *Desk) enter(ctx context.Context) error {
	if err := d.Healthy(); err != nil {
		return err
	}
	waiting, err := d.depth.of(ctx, d.Store.Jobs())
	if err != nil {
		return d.storing(err)
	}
	if waiting >= d.WaitingMax {
		return busy("%d documents wait to be read", waiting)
	}
	timer := time.NewTimer(retryAfter)
	defer timer.Stop()
	select {
	case d.uploads <- struct{}{}:
		return nil
	case <-timer.C:
		return busy("%d uploads are running", d.UploadsMax)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *Desk) leave() { <-d.uploads }

// KeyReused is the code of a refusal because the Idempotency-Key was used for other bytes.
const KeyReused = "idempotency_conflict"

// Busy is the code of a refusal because of too much work; HTTP answers it with 429.
const Busy = "busy"

func busy(format string, args ...any) error {
	f := fault.New(fault.Unavailable, Busy, "too much work at the moment: %s; send it again later", fmt.Sprintf(format, args...))
	f.RetryAfter = retryAfter
	return f
}

// inspect is the check at the door on complete bytes that nobody else can see yet.
func (d *Desk) inspect(ctx context.Context, actor store.Actor, info blob.Info, bytes io.ReaderAt, key string, password phi.Text) (reader.Media, error) {
	if info.Size == 0 {
		return reader.Media{}, fault.New(fault.Invalid, "empty", "the file is empty")
	}
	if key != "" {
		err := d.Store.View(ctx, actor, func(v store.View) error {
			used, ok, err := v.Idempotent(key)
			if err == nil && ok && used != info.Hash {
				err = fault.New(fault.Conflict, KeyReused, "the Idempotency-Key was used for other bytes")
			}
			return err
		})
		if err != nil {
			return reader.Media{}, err
		}
	}
	return d.Sniff(bytes, info.Size, password.Reveal())
}

// encrypted reports the refusal of a file that a password may open.
func encrypted(err error) bool {
	f := fault.As(err)
	return f != nil && f.Code == "encrypted"
}

// storing turns an error of the stores into the answer of the door: a write that may be lost
// shuts it, what will pass says when to come back, and everything else is as it is.
func (d *Desk) storing(err error) error {
	f := fault.As(err)
	if f != nil && (f.Code == blob.SyncFailed || f.Code == store.Unhealthy) {
		if !d.halted.Swap(true) && d.Halt != nil {
			d.Halt(err)
		}
		return d.Healthy()
	}
	return retry(err)
}

// retry gives a fault that will pass the time after which to come back.
func retry(err error) error {
	f := fault.As(err)
	if f == nil || f.RetryAfter > 0 || f.Kind != fault.Unavailable && f.Kind != fault.Full {
		return err
	}
	c := *f
	c.RetryAfter = retryAfter
	return &c
}

// Healthy tells whether the door is open; the error is the one that Accept would give.
func (d *Desk) Healthy() error {
	if d.halted.Load() {
		f := fault.New(fault.Unavailable, blob.SyncFailed, "a write may not have reached the disk; nothing is taken until the process has started again")
		f.RetryAfter = retryAfter
		return f
	}
	if h, ok := d.Blobs.(interface{ Healthy() error }); ok {
		if err := h.Healthy(); err != nil {
			return retry(err)
		}
	}
	return nil
}

// depth remembers for a moment how many jobs wait.
type depth struct {
	mu    sync.Mutex
	at    time.Time
	count int
}

func (c *depth) of(ctx context.Context, jobs queue.Runner) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() && time.Since(c.at) < depthAge {
		return c.count, nil
	}
	all, err := jobs.Depth(ctx)
	if err != nil {
		return 0, err
	}
	c.at, c.count = time.Now(), all[queue.Document].Waiting
	return c.count, nil
}

// SenderGone reports whether an error of Accept is the sender's broken connection or stop.
func SenderGone(err error) bool {
	return fault.As(err) == nil && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled))
}
