package folder

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
)

// attempt opens a store on d and puts two blobs, the second of them twice. It returns the
// hashes that were acknowledged.
func attempt(t *testing.T, d *modelDisk, v *envelope.Vault, unsynced bool) (acked []string, s *Store) {
	t.Helper()
	s, err := open("/data/blobs", d, Options{Reserve: -1, Vault: v})
	if err != nil {
		return nil, nil
	}
	s.unsynced = s.unsynced || unsynced
	for _, b := range bodies() {
		info, err := s.Put(t.Context(), bytes.NewReader(b), 1<<20, nil)
		if err == nil {
			acked = append(acked, info.Hash)
		}
	}
	return acked, s
}

func bodies() [][]byte {
	return [][]byte{
		bytes.Repeat([]byte("first page "), 50_000), // several writes
		[]byte("second page"),
		[]byte("second page"),
	}
}

// checkAfterCrash opens what a power cut left: acknowledged blobs are whole, all others are
// whole or absent, and the store takes new ones.
func checkAfterCrash(t *testing.T, d *modelDisk, v *envelope.Vault, acked []string) (lost int) {
	t.Helper()
	s, err := open("/data/blobs", d, Options{Reserve: -1, Vault: v})
	if err != nil {
		t.Fatalf("after the crash: %v", err)
	}
	for _, h := range acked {
		if blob.Verify(t.Context(), s, h) != nil {
			lost++
		}
	}
	if _, err := s.Put(t.Context(), strings.NewReader("after the crash"), 100, nil); err != nil {
		t.Errorf("no new blob after the crash: %v", err)
	}
	return lost
}

func TestEveryPointKilled(t *testing.T) { bothKinds(t, everyPointKilled) }

// bothKinds runs a test with blobs as they come and with sealed ones.
func bothKinds(t *testing.T, f func(*testing.T, *envelope.Vault)) {
	t.Parallel()
	t.Run("plain", func(t *testing.T) { t.Parallel(); f(t, nil) })
	t.Run("sealed", func(t *testing.T) { t.Parallel(); f(t, testVault(t)) })
}

func everyPointKilled(t *testing.T, v *envelope.Vault) {
	for k := 1; ; k++ {
		d := newModelDisk()
		d.fault = func(n int, op string) error {
			if n >= k {
				return errKilled
			}
			return nil
		}
		acked, _ := attempt(t, d, v, false)
		for seed := range uint64(20) {
			after := d.crash(rand.New(rand.NewPCG(uint64(k), seed)))
			if lost := checkAfterCrash(t, after, v, acked); lost > 0 {
				t.Errorf("killed before operation %d (seed %d): %d acknowledged blobs lost", k, seed, lost)
			}
			mustBeWholeOrAbsent(t, after, v, fmt.Sprintf("killed before operation %d, seed %d", k, seed))
		}
		if d.ops < k {
			if len(acked) != 3 {
				t.Fatalf("without a fault %d of 3 were acknowledged", len(acked))
			}
			t.Logf("%d points", k-1)
			return
		}
	}
}

// mustBeWholeOrAbsent scrubs. A blob may be damaged after a crash only if it was not yet
// synced under its name, which publish rules out.
func mustBeWholeOrAbsent(t *testing.T, d *modelDisk, v *envelope.Vault, when string) {
	t.Helper()
	s, err := open("/data/blobs", d, Options{Reserve: -1, Vault: v})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blob.Scrub(t.Context(), s, func(i blob.Info, err error) { t.Errorf("%s: %v", when, err) }); err != nil {
		t.Errorf("%s: %v", when, err)
	}
}

func TestEveryPointFails(t *testing.T) { bothKinds(t, everyPointFails) }

func everyPointFails(t *testing.T, v *envelope.Vault) {
	for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
		for k := 1; ; k++ {
			d := newModelDisk()
			failed := ""
			d.fault = func(n int, op string) error {
				if n == k {
					failed = op
					return errno
				}
				return nil
			}
			acked, s := attempt(t, d, v, false)
			if failed == "" {
				break
			}
			when := fmt.Sprintf("%v at operation %d (%s)", errno, k, failed)
			if s != nil && strings.HasPrefix(failed, "sync") {
				_, err := s.Put(t.Context(), strings.NewReader("more"), 10, nil)
				if f := fault.As(err); f == nil || f.Code != blob.SyncFailed || s.Healthy() == nil {
					t.Errorf("%s: the store goes on after a failed sync: %v", when, err)
				}
			} else if s != nil && len(acked) < 2 {
				t.Errorf("%s: only %d acknowledged, the store does not recover", when, len(acked))
			}
			after := d.crash(rand.New(rand.NewPCG(uint64(k), 7)))
			if lost := checkAfterCrash(t, after, v, acked); lost > 0 {
				t.Errorf("%s: %d acknowledged blobs lost", when, lost)
			}
			mustBeWholeOrAbsent(t, after, v, when)
		}
	}
}

func TestDiskFullIsSaid(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"create", "write", "mkdir", "rename"} {
		d := newModelDisk()
		s, err := open("/data/blobs", d, Options{Reserve: -1})
		if err != nil {
			t.Fatal(err)
		}
		d.fault = func(_ int, o string) error {
			if o == op {
				return syscall.ENOSPC
			}
			return nil
		}
		if _, err := s.Put(t.Context(), strings.NewReader("x"), 10, nil); !fault.Is(err, fault.Full) {
			t.Errorf("no space at %s: %v", op, err)
		}
		d.fault = nil
		if _, err := s.Put(t.Context(), strings.NewReader("x"), 10, nil); err != nil {
			t.Errorf("space came back after %s: %v", op, err)
		}
	}
}

func TestBrokenIsToldOnce(t *testing.T) {
	t.Parallel()
	d := newModelDisk()
	var told []error
	s, err := open("/data/blobs", d, Options{Reserve: -1, Broken: func(err error) { told = append(told, err) }})
	if err != nil {
		t.Fatal(err)
	}
	d.fault = func(_ int, op string) error {
		if op == "sync" {
			return syscall.EIO
		}
		return nil
	}
	for range 3 {
		if _, err := s.Put(t.Context(), strings.NewReader("x"), 10, nil); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v", err)
		}
	}
	if len(told) != 1 {
		t.Errorf("told %d times", len(told))
	}
}

// TestUnsyncedIsNoticed is the negative control: without syncs the model must lose blobs.
func TestUnsyncedIsNoticed(t *testing.T) { bothKinds(t, unsyncedIsNoticed) }

func unsyncedIsNoticed(t *testing.T, v *envelope.Vault) {
	lost := 0
	for seed := range uint64(10) {
		d := newModelDisk()
		acked, _ := attempt(t, d, v, true)
		if len(acked) != 3 {
			t.Fatalf("acknowledged %d of 3", len(acked))
		}
		lost += checkAfterCrash(t, d.crash(rand.New(rand.NewPCG(seed, 1))), v, acked)
	}
	if lost == 0 {
		t.Error("nothing was lost without syncs: the tests above prove nothing")
	}
}

func TestOrderOfOperations(t *testing.T) {
	t.Parallel()
	d := newModelDisk()
	s, err := open("/data/blobs", d, Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	d.log = nil
	if _, err := s.Put(t.Context(), strings.NewReader("x"), 10, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{"create", "write", "sync", "mkdir", "sync folder", "rename", "sync folder"}
	if diff := cmp.Diff(want, d.log); diff != "" {
		t.Error(diff)
	}
}
