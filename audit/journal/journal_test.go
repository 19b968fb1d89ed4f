package journal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"chartlake/fault"
)

const first, second = "00000000000000000000000000000001", "00000000000000000000000000000002"

func opened(t testing.TB, folder, fresh string) (*Journal, []*Journal) {
	t.Helper()
	j, others, err := Open(folder, fresh)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j, others
}

func left(t testing.TB, j *Journal, done int64) []Entry {
	t.Helper()
	list, err := j.Left(done)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func appended(t testing.TB, j *Journal, payload string) int64 {
	t.Helper()
	n, err := j.Append([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A process ends without a word; the next one finds what the store has not taken, once.
func TestLeft(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	j, _ := opened(t, folder, first)
	if list := left(t, j, 0); len(list) != 0 {
		t.Fatalf("a new journal holds %d entries", len(list))
	}
	for i := range 10 {
		if n := appended(t, j, fmt.Sprint("entry ", i)); n != int64(i+1) {
			t.Fatalf("entry %d has number %d", i, n)
		}
	}
	other, _ := opened(t, folder, second)
	if other.ID != second {
		t.Fatal("a journal that is held was taken over")
	}
	j.Close()
	j, _ = opened(t, folder, "unused")
	if j.ID != first {
		t.Fatal("the journal of a dead process was not taken over")
	}
	list := left(t, j, 4)
	if len(list) != 6 || list[0].N != 5 || string(list[5].Payload) != "entry 9" {
		t.Fatalf("left: %v", list)
	}
	if n := appended(t, j, "more"); n != 11 {
		t.Errorf("numbers go on with %d", n)
	}
	j.Close()
	j, _ = opened(t, folder, "unused")
	if list := left(t, j, 4); len(list) != 7 || string(list[6].Payload) != "more" || list[0].N != 5 {
		t.Errorf("after another process: %v", list)
	}
	// All is done: an older number than that of the store is not given again.
	j.Close()
	j, _ = opened(t, folder, "unused")
	if list := left(t, j, 11); len(list) != 0 {
		t.Errorf("done and still left: %v", list)
	}
}

// Several processes died: the next one sees to all of their journals.
func TestOthers(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var held []*Journal
	for _, id := range []string{first, second} {
		j, _ := opened(t, folder, id)
		left(t, j, 0)
		appended(t, j, id)
		held = append(held, j)
	}
	closeAll(held)
	mine, others := opened(t, folder, "unused")
	if mine.ID != first || len(others) != 1 || others[0].ID != second {
		t.Fatal("not both were found")
	}
	if list := left(t, others[0], 0); len(list) != 1 || string(list[0].Payload) != second {
		t.Errorf("left: %v", list)
	}
	closeAll(others)
}

// The two halves are written in turn for ever while the store keeps up; when it does not, the
// journal is full, and goes on once the store has caught up. Nothing is overwritten before.
func TestTurns(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	j, _ := opened(t, folder, first)
	left(t, j, 0)
	payload := string(bytes.Repeat([]byte{'x'}, 100_000))
	for range 100 {
		j.Done(appended(t, j, payload) - 3)
	}
	var last int64
	for {
		n, err := j.Append([]byte(payload))
		if f := fault.As(err); f != nil {
			if f.Code != Full {
				t.Fatal(err)
			}
			break
		}
		last = n
	}
	again, err := open(folder, first)
	if again != nil || err != nil {
		t.Fatal("a held journal was opened again")
	}
	j.Close()
	j, _ = opened(t, folder, "unused")
	list := left(t, j, 97)
	if int64(len(list)) != last-97 || list[0].N != 98 {
		t.Fatalf("%d entries left, the last is %d", len(list), last)
	}
	if _, err := j.Append([]byte("x")); err == nil {
		t.Fatal("room where both halves are full of what is not done")
	}
	j.Done(last)
	if n := appended(t, j, "x"); n != last+1 {
		t.Error(n)
	}
	if _, err := j.Append(make([]byte, EntryMax+1)); fault.As(err) == nil || fault.As(err).Kind != fault.TooLarge {
		t.Errorf("an entry without end: %v", err)
	}
}

// A torn or damaged entry and what follows it are not read, and never anything else.
func TestTorn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	j, _ := opened(t, folder, first)
	left(t, j, 0)
	for i := range 5 {
		appended(t, j, fmt.Sprint("entry ", i))
	}
	j.Close()
	path := filepath.Join(folder, first+"-b.journal")
	whole, err := os.ReadFile(path)
	if err != nil || len(whole) != 5*(headSize+7) {
		t.Fatal(len(whole), err)
	}
	check := func(data []byte, want int) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		j, _ := opened(t, folder, "unused")
		defer j.Close()
		list := left(t, j, 0)
		if len(list) != want {
			t.Errorf("%d entries, want %d", len(list), want)
		}
		for i, e := range list {
			if string(e.Payload) != fmt.Sprint("entry ", i) {
				t.Errorf("entry %d is %q", i, e.Payload)
			}
		}
	}
	for n := range whole {
		check(whole[:n], n/(headSize+7))
		spoilt := bytes.Clone(whole)
		spoilt[n] ^= 0x10
		check(spoilt, n/(headSize+7))
	}
}

func TestMany(t *testing.T) {
	t.Parallel()
	j, _ := opened(t, t.TempDir(), first)
	left(t, j, 0)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if _, err := j.Append([]byte("an access")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := appended(t, j, "x"); n != 801 {
		t.Errorf("%d", n)
	}
}

// FuzzRead reads anything as a half of a journal.
func FuzzRead(f *testing.F) {
	folder := f.TempDir()
	j, _ := opened(f, folder, first)
	left(f, j, 0)
	appended(f, j, "an entry")
	data, err := os.ReadFile(filepath.Join(folder, first+"-b.journal"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(append(data, 0xff, 0xff, 0xff, 0x7f))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.Write(b); err != nil {
			t.Fatal(err)
		}
		list, err := (&half{f: file}).read()
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, e := range list {
			size += headSize + len(e.Payload)
		}
		if size > len(b) {
			t.Errorf("%d bytes read of %d", size, len(b))
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	j, _ := opened(b, b.TempDir(), first)
	left(b, j, 0)
	payload := make([]byte, 120)
	for b.Loop() {
		n, err := j.Append(payload)
		if err != nil {
			b.Fatal(err)
		}
		j.Done(n)
	}
}
