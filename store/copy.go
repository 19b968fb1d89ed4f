package store

import "context"

// Copier is a store whose database can be copied while it is written to.
type Copier interface {
	// Copy writes one consistent copy of the database into a new file, synced, and calls
	// document with the hash of each document that is in it, in ascending order. Rows of the
	// search index are left out (docs/design/sealing.md), so is everything else that keys are
	// made of or that Rebuild makes again. Neither readers nor writers wait for it.
	Copy(ctx context.Context, file string, document func(hash string) error) error
	// CopyKeys writes the wrapped data keys into a file, synced, over one that is there. Called
	// after Copy, it has every key that the copy needs; see docs/design/sealing.md for where it
	// may be kept.
	CopyKeys(ctx context.Context, file string) error
	// Rebuild makes the search index of every current resource anew, after a restore and
	// before the store is served: nobody else may write meanwhile.
	Rebuild(ctx context.Context) error
	// Engine names the database and its schema, as "sqlite 2": what a copy can be restored into.
	Engine() string
	// KeyCheck is 16 bytes that tell whether two stores have the same keys.
	KeyCheck() []byte
}
