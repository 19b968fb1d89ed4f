package intake

import (
	"context"
	"io"
	"strings"
	"testing"

	"chartlake/blob"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
)

// erasedMeanwhile erases a patient with a document once its bytes were put again.
type erasedMeanwhile struct {
	blob.Store
	then func()
}

func (e *erasedMeanwhile) Put(ctx context.Context, r io.Reader, limit int64, check blob.Check) (blob.Info, error) {
	info, err := e.Store.Put(ctx, r, limit, check)
	if then := e.then; then != nil {
		e.then = nil
		then()
	}
	return info, err
}

// What another machine erases between the bytes and the row of a document is not acknowledged: its
// bytes are gone. The sender brings it again.
func TestErasedMeanwhile(t *testing.T) {
	t.Parallel()
	var between *erasedMeanwhile
	b := newBench(t, func(c *Config) {
		between = &erasedMeanwhile{Store: c.Blobs}
		c.Blobs = between
	})
	ctx := t.Context()
	if err := b.Store.Erasures(ctx, b.blobs.Erase); err != nil {
		t.Fatal(err)
	}
	accept := func() (Receipt, error) {
		return b.Accept(ctx, ehr, strings.NewReader("%PDF of one patient"), Offer{Source: "http"})
	}
	first, err := accept()
	if err != nil {
		t.Fatal(err)
	}
	between.then = func() {
		file := func(commands ...store.Command) {
			t.Helper()
			if _, err := b.Store.Transact(ctx, ehr, commands); err != nil {
				t.Fatal(err)
			}
		}
		file(store.Update{Resource: fhir.NewObject("resourceType", "Patient", "id", "p")},
			store.Move{ID: first.ID, From: []store.State{store.Received}, To: store.Reading},
			store.Move{ID: first.ID, From: []store.State{store.Reading}, To: store.Understood},
			store.Move{ID: first.ID, From: []store.State{store.Understood}, To: store.Filed, Set: func(d *store.Document) {
				d.Segments = []store.DocumentSegment{{Type: "lab", Pages: [2]int{1, 1}, Patient: "Patient/p"}}
			}})
		file(store.Erase{Key: store.Key{Type: "Patient", ID: "p"}})
	}
	if _, err := accept(); fault.As(err) == nil || fault.As(err).Code != "erased_meanwhile" || fault.As(err).RetryAfter == 0 {
		t.Fatalf("acknowledged without bytes: %v", err)
	}
	again, err := accept()
	if err != nil || again.DuplicateOf != nil {
		t.Fatalf("%+v, %v", again, err)
	}
	if err := blob.Verify(ctx, b.blobs, again.SHA256); err != nil {
		t.Error(err)
	}
}
