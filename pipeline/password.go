package pipeline

import (
	"context"

	"chartlake/store"
)

// PasswordKey is where the door keeps the password that an encrypted file came with, as a JSON
// string: it is needed again for page pictures and for every re-run. Outputs of stages are
// sealed as what the pages say is.
func PasswordKey(id string) store.StageKey {
	return store.StageKey{Input: id, Stage: "password", Version: "1"}
}

// Password gives the password of a document's file, "" where it needs none.
func (p *Pipeline) Password(ctx context.Context, id string) (password string, err error) {
	err = p.Store.View(ctx, Actor, func(v store.View) error {
		_, err := load(v, PasswordKey(id), &password)
		return err
	})
	return password, err
}
