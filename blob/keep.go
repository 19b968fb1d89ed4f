package blob

import (
	"context"
	"io"
	"time"
)

// Keeper is a store whose blobs can be taken to another place and back as they lie there, sealed
// or plain: a backup needs no key, and what is erased stays so in it.
type Keeper interface {
	// OpenStored gives the bytes of a blob as they are stored. NotFound where there is none.
	OpenStored(ctx context.Context, hash string) (Reader, error)
	// PutStored puts a blob back as OpenStored gave it, durably. check is called with nothing
	// once all bytes are written and before anybody sees them; its error is returned and
	// nothing is stored.
	PutStored(ctx context.Context, hash string, r io.Reader, check func() error) error
}

// Aside is a store that can set a blob aside: it is there no more, and its bytes are kept where
// a person finds them.
type Aside interface {
	// SetAside keeps a blob's bytes under lost+found if it was last put before that time; a
	// younger one stays and gives a Conflict. A blob that is not there is no error.
	SetAside(ctx context.Context, hash string, before time.Time) error
}
