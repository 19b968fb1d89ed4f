package blob

import (
	"context"
	"io"
	"time"
)

// Originals is what a program needs of the place where its originals lie: a folder or a bucket.
type Originals interface {
	Store
	Keeper
}

// Keeper looks after blobs as they lie there, sealed or plain: a backup needs no key, and what is
// erased stays so in it. All methods are safe for many goroutines and processes.
type Keeper interface {
	// OpenStored gives the bytes of a blob as they are stored. NotFound where there is none.
	OpenStored(ctx context.Context, hash string) (Reader, error)
	// PutStored puts a blob back as OpenStored gave it, durably. check is called with nothing
	// once all bytes are written and before anybody sees them; its error is returned and
	// nothing is stored.
	PutStored(ctx context.Context, hash string, r io.Reader, check func() error) error
	// SetAside keeps a blob's bytes under lost+found, where a person finds them and no method
	// does, if it was last put before that time; a younger one stays and gives a Conflict. A
	// blob that is not there is no error.
	SetAside(ctx context.Context, hash string, before time.Time) error
	// SealPlain seals what lies there in clear, one blob after the other; it may be cut at any
	// point and called again. It returns how many it sealed.
	SealPlain(ctx context.Context) (int, error)
}

// LostFound is where SetAside keeps what was set aside, beside the blobs.
const LostFound = "lost+found"
