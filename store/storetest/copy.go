package storetest

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"chartlake/store"
)

// Copy copies a store while it is written to, and holds what restore makes of the file to being
// one state of it: transactions whole, the documents that were told, and, once rebuilt, an
// index that is sound.
func Copy(t *testing.T, open Open, restore func(t testing.TB, from store.Store, file string) store.Store) {
	s := open(t)
	fill(t, s)
	before := everything(t, s)
	ctx, stop := context.WithCancel(context.Background())
	var writer sync.WaitGroup
	wrote := make(chan int)
	writer.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			id, commands := CrashStep(i)
			if _, err := s.Transact(context.Background(), anna, commands); err != nil {
				t.Errorf("step %s: %v", id, err)
				return
			}
			select {
			case wrote <- i:
			case <-ctx.Done():
			default:
			}
		}
	})
	defer func() {
		stop()
		writer.Wait()
	}()
	for range 2 {
		<-wrote // something new each time
		file := filepath.Join(t.TempDir(), "copy")
		var told []string
		err := s.(store.Copier).Copy(ctx, file, func(hash string) error {
			told = append(told, hash)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got := restore(t, s, file)
		if err := got.(store.Copier).Rebuild(ctx); err != nil {
			t.Fatal(err)
		}
		if err := got.Check(ctx); err != nil {
			t.Error(err)
		}
		if after := everything(t, got); !slices.Equal(before, after) {
			t.Errorf("%d found in the copy, %d before", len(after), len(before))
		}
		if len(told) == 0 || !slices.IsSorted(told) {
			t.Errorf("told of %d documents, sorted %v", len(told), slices.IsSorted(told))
		}
		for _, id := range told {
			view(t, got, anna, func(v store.View) error { _, err := v.Document(id); return err })
			if n := total(t, got, anna, "Observation?identifier="+id); n != 1 {
				t.Errorf("document %s has %d observations", id, n)
			}
		}
		if n := total(t, got, anna, "Observation?date=2020-01-01&identifier:missing=false"); n != len(told) {
			t.Errorf("%d documents and %d observations", len(told), n)
		}
		depth, err := got.Jobs().Depth(ctx)
		if err != nil || depth["document"].Waiting != len(told) {
			t.Errorf("%d documents, jobs %v, %v", len(told), depth, err)
		}
		// The copy is a store of its own.
		_, commands := CrashStep(1 << 40)
		do(t, got, commands...)
		if err := got.Check(ctx); err != nil {
			t.Error(err)
		}
		fmt.Fprintf(t.Output(), "%d documents\n", len(told))
	}
}
