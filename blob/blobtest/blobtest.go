// Package blobtest is the conformance suite of blob.Store and blob.Keeper: each driver's tests run it.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"chartlake/blob"
	"chartlake/fault"
)

// Run checks a driver. open gives a new, empty store.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	for name, test := range map[string]func(*testing.T, blob.Store){
		"put and open":         putAndOpen,
		"sizes":                sizes,
		"limit":                limit,
		"check":                check,
		"sender fails":         senderFails,
		"again":                again,
		"delete":               deletes,
		"erase":                erases,
		"list":                 list,
		"hostile hashes":       hostileHashes,
		"many writers":         manyWriters,
		"verify finds nothing": verifies,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func hashOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func put(t *testing.T, s blob.Store, b []byte) blob.Info {
	t.Helper()
	info, err := s.Put(t.Context(), bytes.NewReader(b), 1<<30, nil)
	if err != nil {
		t.Fatalf("put: %v", err)
	}
	return info
}

func get(t *testing.T, s blob.Store, hash string) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), hash)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer r.Close()
	b := make([]byte, r.Size())
	if _, err := r.ReadAt(b, 0); err != nil && err != io.EOF {
		t.Fatalf("read: %v", err)
	}
	return b
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Fatalf("got %v, want a fault of kind %d", err, kind)
	}
}

func putAndOpen(t *testing.T, s blob.Store) {
	b := []byte("a page of nothing")
	info := put(t, s, b)
	if info.Hash != hashOf(b) || info.Size != int64(len(b)) || info.Key == "" || time.Since(info.At).Abs() > time.Hour {
		t.Errorf("info %+v", info)
	}
	if !bytes.Equal(get(t, s, info.Hash), b) {
		t.Error("other bytes came back")
	}
	st, err := s.Stat(t.Context(), info.Hash)
	if err != nil || st.Size != info.Size || st.Hash != info.Hash {
		t.Errorf("stat %+v, %v", st, err)
	}
	r, err := s.Open(t.Context(), info.Hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	part := make([]byte, 4)
	if _, err := r.ReadAt(part, 2); err != nil || string(part) != "page" {
		t.Errorf("read in the middle: %q, %v", part, err)
	}
}

func sizes(t *testing.T, s blob.Store) {
	rng := rand.NewChaCha8([32]byte{1})
	for _, n := range []int{0, 1, 4095, 4096, 4097, 1<<18 - 1, 1<<18 + 1, 3 << 20} {
		b := make([]byte, n)
		rng.Read(b)
		if got := get(t, s, put(t, s, b).Hash); !bytes.Equal(got, b) {
			t.Errorf("%d bytes came back as %d others", n, len(got))
		}
	}
}

func limit(t *testing.T, s blob.Store) {
	b := bytes.Repeat([]byte("x"), 1000)
	if _, err := s.Put(t.Context(), bytes.NewReader(b), 1000, nil); err != nil {
		t.Errorf("exactly at the limit: %v", err)
	}
	over := append(b, 'y')
	_, err := s.Put(t.Context(), bytes.NewReader(over), 1000, nil)
	wantKind(t, err, fault.TooLarge)
	endless := io.MultiReader(bytes.NewReader(over), iotest.ErrReader(errors.New("read past the limit")))
	_, err = s.Put(t.Context(), endless, 1000, nil)
	wantKind(t, err, fault.TooLarge)
	_, err = s.Stat(t.Context(), hashOf(over))
	wantKind(t, err, fault.NotFound)
}

func check(t *testing.T, s blob.Store) {
	b := []byte("to be refused")
	refuse := fault.New(fault.Unsupported, "no", "no")
	_, err := s.Put(t.Context(), bytes.NewReader(b), 100, func(info blob.Info, r io.ReaderAt) error {
		got, err := io.ReadAll(io.NewSectionReader(r, 0, info.Size))
		if err != nil || !bytes.Equal(got, b) || info.Hash != hashOf(b) {
			t.Errorf("check saw %q of %+v, %v", got, info, err)
		}
		if _, err := s.Stat(t.Context(), info.Hash); !fault.Is(err, fault.NotFound) {
			t.Errorf("the blob is visible before it was checked: %v", err)
		}
		return refuse
	})
	if !errors.Is(err, refuse) {
		t.Errorf("got %v, want the error of the check", err)
	}
	_, err = s.Stat(t.Context(), hashOf(b))
	wantKind(t, err, fault.NotFound)
}

func senderFails(t *testing.T, s blob.Store) {
	gone := errors.New("connection lost")
	b := []byte("ninety-nine percent")
	_, err := s.Put(t.Context(), io.MultiReader(bytes.NewReader(b), iotest.ErrReader(gone)), 100, nil)
	if !errors.Is(err, gone) {
		t.Errorf("got %v, want the sender's error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(ctx, bytes.NewReader(b), 100, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	_, err = s.Stat(t.Context(), hashOf(b))
	wantKind(t, err, fault.NotFound)
}

func again(t *testing.T, s blob.Store) {
	b := []byte("twice")
	first := put(t, s, b)
	r, err := s.Open(t.Context(), first.Hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	second := put(t, s, b)
	if second.Hash != first.Hash || second.At.Before(first.At) {
		t.Errorf("first %+v, second %+v", first, second)
	}
	got := make([]byte, len(b))
	if _, err := r.ReadAt(got, 0); err != nil && err != io.EOF || !bytes.Equal(got, b) {
		t.Errorf("a reader that was open meanwhile got %q, %v", got, err)
	}
}

func deletes(t *testing.T, s blob.Store) {
	b := []byte("short life")
	info := put(t, s, b)
	err := s.Delete(t.Context(), info.Hash, info.At.Add(-time.Hour))
	wantKind(t, err, fault.Conflict)
	get(t, s, info.Hash)
	if err := s.Delete(t.Context(), info.Hash, info.At.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	_, err = s.Open(t.Context(), info.Hash)
	wantKind(t, err, fault.NotFound)
	if err := s.Delete(t.Context(), info.Hash, info.At.Add(time.Hour)); err != nil {
		t.Errorf("deleting what is not there: %v", err)
	}
	put(t, s, b)
	get(t, s, info.Hash)
}

func erases(t *testing.T, s blob.Store) {
	b := []byte("never was")
	for range 2 { // it may come again
		info := put(t, s, b)
		put(t, s, b)
		for range 2 {
			if err := s.Erase(t.Context(), info.Hash); err != nil {
				t.Fatal(err)
			}
			_, err := s.Open(t.Context(), info.Hash)
			wantKind(t, err, fault.NotFound)
		}
	}
	if !bytes.Equal(get(t, s, put(t, s, b).Hash), b) {
		t.Error("other bytes came back")
	}
	if err := s.Erase(t.Context(), "../x"); err != nil {
		t.Error(err)
	}
}

func list(t *testing.T, s blob.Store) {
	want := map[string]int64{}
	for i := range 40 {
		info := put(t, s, fmt.Appendf(nil, "blob %d", i))
		want[info.Hash] = info.Size
	}
	var order []string
	err := s.List(t.Context(), "", func(info blob.Info) error {
		if want[info.Hash] != info.Size {
			t.Errorf("listed %+v", info)
		}
		order = append(order, info.Hash)
		return nil
	})
	if err != nil || len(order) != len(want) {
		t.Fatalf("listed %d of %d, %v", len(order), len(want), err)
	}
	for i := 1; i < len(order); i++ {
		if order[i] <= order[i-1] {
			t.Fatal("not in ascending order")
		}
	}
	stop := errors.New("enough")
	n := 0
	err = s.List(t.Context(), order[17], func(info blob.Info) error {
		if info.Hash != order[18] {
			t.Errorf("after %s came %s", order[17], info.Hash)
		}
		n++
		return stop
	})
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("stopped with %v after %d", err, n)
	}
}

func hostileHashes(t *testing.T, s blob.Store) {
	for _, h := range []string{"", "a", "../../etc/passwd", strings.Repeat("g", 64), strings.Repeat("A", 64), strings.Repeat("a", 63) + "/", strings.Repeat("a", 65), "\x00" + strings.Repeat("a", 63)} {
		_, err := s.Open(t.Context(), h)
		wantKind(t, err, fault.NotFound)
		_, err = s.Stat(t.Context(), h)
		wantKind(t, err, fault.NotFound)
		if err := s.Delete(t.Context(), h, time.Now().Add(time.Hour)); err != nil {
			t.Errorf("delete %q: %v", h, err)
		}
	}
}

func manyWriters(t *testing.T, s blob.Store) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 8 {
				b := bytes.Repeat(fmt.Appendf(nil, "%d ", (i+j)%5), 5000)
				info, err := s.Put(t.Context(), bytes.NewReader(b), 1<<20, nil)
				if err != nil {
					t.Errorf("put: %v", err)
					continue
				}
				if err := blob.Verify(t.Context(), s, info.Hash); err != nil {
					t.Errorf("verify: %v", err)
				}
			}
		})
	}
	wg.Wait()
	n, err := blob.Scrub(t.Context(), s, func(i blob.Info, err error) { t.Errorf("%s: %v", i.Hash, err) })
	if err != nil || n != 5 {
		t.Errorf("scrubbed %d blobs, %v; want 5", n, err)
	}
}

func verifies(t *testing.T, s blob.Store) {
	info := put(t, s, []byte("sound"))
	if err := blob.Verify(t.Context(), s, info.Hash); err != nil {
		t.Error(err)
	}
	r, err := blob.OpenVerified(t.Context(), s, info.Hash)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	wantKind(t, blob.Verify(t.Context(), s, strings.Repeat("0", 64)), fault.NotFound)
}
