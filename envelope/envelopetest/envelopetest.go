// Package envelopetest is what every Wrapper and every Shelf of package envelope must do.
package envelopetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"chartlake/envelope"
	"chartlake/fault"
)

// Wrapper runs the suite. open gives a wrapper on the same master keys each time it is called
// within one test; the first call makes them.
func Wrapper(t *testing.T, open func(t *testing.T, place string) envelope.Wrapper) {
	key, about := envelope.Key{1, 2, 3}, []byte("place 7")
	wrap := func(t *testing.T, w envelope.Wrapper) envelope.Wrapped {
		t.Helper()
		out, err := w.Wrap(&key, about)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	t.Run("wraps", func(t *testing.T) {
		t.Parallel()
		place := t.TempDir()
		a, again := open(t, place), open(t, place)
		wrapped, other := wrap(t, a), wrap(t, a)
		if wrapped.Bytes == other.Bytes {
			t.Error("the same key is wrapped to the same bytes twice")
		}
		if got, err := again.Unwrap(&wrapped, about); err != nil || got != key {
			t.Errorf("another opening gives %v, %v", got, err)
		}
		strange := wrap(t, open(t, t.TempDir()))
		changed, moved := wrapped, wrapped
		changed.Bytes[20]++
		moved.Master = wrapped.Master + 100
		for what, try := range map[string]struct {
			code  string
			w     envelope.Wrapped
			about string
		}{
			"changed":        {"key_damaged", changed, "place 7"},
			"another place":  {"key_damaged", wrapped, "place 8"},
			"another store":  {"key_damaged", strange, "place 7"},
			"unknown master": {"master_key_missing", moved, "place 7"},
			"nothing":        {"master_key_missing", envelope.Wrapped{}, "place 7"},
		} {
			_, err := a.Unwrap(&try.w, []byte(try.about))
			if f := fault.As(err); try.code == "" && err != nil || try.code != "" && (f == nil || f.Code != try.code) {
				t.Errorf("%s: %v, want %s", what, err, try.code)
			}
		}
	})
	t.Run("rotates", func(t *testing.T) {
		t.Parallel()
		place := t.TempDir()
		a, b := open(t, place), open(t, place)
		old := wrap(t, a)
		if err := a.Retire(old.Master); err == nil {
			t.Error("the current master key was retired")
		}
		id, err := a.Rotate(time.Unix(1_800_000_000, 0))
		if err != nil {
			t.Fatal(err)
		}
		masters, err := b.Masters()
		if err != nil || len(masters) != 2 || masters[0].ID != old.Master || masters[1].ID != id {
			t.Fatalf("masters %v, %v", masters, err)
		}
		// Another process sees the new key, and the old one until it is retired.
		if w := wrap(t, b); w.Master != id {
			t.Errorf("wrapped under %d, want %d", w.Master, id)
		}
		fresh := wrap(t, a)
		for _, w := range []envelope.Wrapped{old, fresh} {
			if got, err := b.Unwrap(&w, about); err != nil || got != key {
				t.Errorf("master %d: %v", w.Master, err)
			}
		}
		for range 2 { // again is no error
			if err := a.Retire(old.Master); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := open(t, place).Unwrap(&old, about); fault.As(err) == nil || fault.As(err).Code != "master_key_missing" {
			t.Errorf("a retired master key: %v", err)
		}
		if got, err := open(t, place).Unwrap(&fresh, about); err != nil || got != key {
			t.Errorf("after retiring the old: %v", err)
		}
	})
}

// Shelf runs the suite. open gives a shelf on the same keys each time it is called with a place.
func Shelf(t *testing.T, open func(t *testing.T, place string) envelope.Shelf) {
	make := func(id int64) (envelope.Wrapped, error) {
		w := envelope.Wrapped{Master: 1}
		w.Bytes[0], w.Bytes[59] = byte(id), byte(id>>8)
		return w, nil
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Run("keeps", func(t *testing.T) {
		t.Parallel()
		place := t.TempDir()
		s, other := open(t, place), open(t, place)
		if string(s.About()) != string(other.About()) || len(s.About()) != 16 || string(s.About()) == string(open(t, t.TempDir()).About()) {
			t.Error("About does not tell shelves apart")
		}
		if _, err := s.Get(1); !fault.Is(err, fault.NotFound) {
			t.Errorf("an empty shelf: %v", err)
		}
		first, err := s.Add(3, make)
		must(t, err)
		next, err := other.Add(2, make)
		if must(t, err); first != 1 || next != 4 {
			t.Fatalf("numbers %d and %d", first, next)
		}
		if _, err := s.Add(2, func(int64) (envelope.Wrapped, error) { return envelope.Wrapped{}, errors.New("no") }); err == nil {
			t.Error("the error of make is lost")
		}
		for id := int64(1); id <= 5; id++ {
			want, _ := make(id)
			if got, err := s.Get(id); err != nil || got != want {
				t.Errorf("key %d: %v, %v", id, got, err)
			}
		}
		for range 2 {
			must(t, other.Destroy([]int64{2, 99}))
		}
		if _, err := s.Get(2); !fault.Is(err, fault.Gone) {
			t.Errorf("a destroyed key: %v", err)
		}
		for _, id := range []int64{0, -1, 6} {
			if _, err := s.Get(id); !fault.Is(err, fault.NotFound) {
				t.Errorf("key %d: %v", id, err)
			}
		}
		again, err := s.Add(1, make)
		if must(t, err); again != 6 {
			t.Errorf("a number is used twice: %d", again)
		}
	})
	t.Run("goes through", func(t *testing.T) {
		t.Parallel()
		s := open(t, t.TempDir())
		_, err := s.Add(5, make)
		must(t, err)
		must(t, s.Destroy([]int64{3}))
		var seen []int64
		ended := 0
		for from := int64(1); from != 0; {
			from, err = s.Through(from, 2, func(id int64, w *envelope.Wrapped) error {
				seen = append(seen, id)
				w.Master = 9
				return nil
			}, func() error { ended++; return nil })
			must(t, err)
		}
		if len(seen) != 4 || ended != 1 {
			t.Errorf("saw %v, ended %d times", seen, ended)
		}
		if w, err := s.Get(5); err != nil || w.Master != 9 {
			t.Errorf("what visit changed: %v, %v", w, err)
		}
		if _, err := s.Get(3); !fault.Is(err, fault.Gone) {
			t.Errorf("a destroyed key came back: %v", err)
		}
	})
	t.Run("many at once", func(t *testing.T) {
		t.Parallel()
		place := t.TempDir()
		shelves := []envelope.Shelf{open(t, place), open(t, place)}
		var mu sync.Mutex
		taken := map[int64]bool{}
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				first, err := shelves[i%2].Add(4, make)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for n := range int64(4) {
					if taken[first+n] {
						t.Errorf("number %d is given twice", first+n)
					}
					taken[first+n] = true
				}
			})
		}
		group.Wait()
	})
}
