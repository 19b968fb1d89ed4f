package sqlite

import (
	"context"
	"sync"
	"testing"
	"time"

	"chartlake/store"
	"chartlake/store/storetest"
)

// Master keys change, three times, while two processes write and read: no request fails.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	folder := t.TempDir()
	var stores []*Store
	for range 2 {
		s, err := Open(ctx, Config{Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		stores = append(stores, s)
	}
	stop := make(chan struct{})
	var group sync.WaitGroup
	for n, s := range stores {
		group.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				key := store.Key{Type: "Patient", ID: string(rune('a'+n)) + string(rune('a'+i%26)) + string(rune('a'+i/26%26))}
				_, err := s.Transact(ctx, tester, []store.Command{store.Update{Resource: storetest.Parse(t, `{"resourceType":"Patient","id":"%s"}`, key.ID)}})
				if err == nil {
					err = stores[1-n].View(ctx, tester, func(v store.View) error { _, err := v.Read(key); return err })
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 3 {
		if _, err := stores[0].Vault().Rotate(ctx, time.Now(), nil); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	group.Wait()
	if masters, err := stores[1].Vault().Masters(); err != nil || len(masters) != 1 || masters[0].ID != 4 {
		t.Errorf("%v, %v", masters, err)
	}
}

func FuzzPage(f *testing.F) {
	c, err := newPageCipher(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	sealed := make([]byte, pageSize)
	if err := c.seal(sealed, make([]byte, pageSize), place(false, 1)); err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add([]byte("SQLite format 3\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		page := append(b, make([]byte, pageSize)...)[:pageSize]
		clearGap(append([]byte(nil), page...), int64(len(b)))
		if c.open(page, place(true, 9)) == nil {
			t.Error("a page was opened that was not sealed for this place")
		}
	})
}
