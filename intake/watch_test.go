package intake

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chartlake/fault"
)

type watchBench struct {
	*bench
	*watcher
	now time.Time
	log bytes.Buffer
}

func newWatch(t *testing.T, change func(*Config)) *watchBench {
	t.Helper()
	w := &watchBench{bench: newBench(t, change), now: time.Now()}
	var err error
	w.watcher, err = w.Desk.watcher(t.TempDir(), WatchOptions{Log: slog.New(slog.NewTextHandler(&w.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// pass scans after a time.
func (w *watchBench) pass(d time.Duration) time.Duration {
	w.t.Helper()
	w.now = w.now.Add(d)
	wait, err := w.scan(w.t.Context(), w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	return wait
}

func (w *watchBench) write(name, body string) {
	w.t.Helper()
	path := filepath.Join(w.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// files lists what lies in the folder, relative.
func (w *watchBench) files() string {
	w.t.Helper()
	var out []string
	err := filepath.WalkDir(w.folder, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(w.folder, path)
			out = append(out, name)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestAFileIsTakenWhenItHasComeToRest(t *testing.T) {
	t.Parallel()
	w := newWatch(t, nil)
	w.write("scan.pdf", "%PDF part")
	if wait := w.pass(0); wait != defaultSettle {
		t.Errorf("first look: wait %v", wait)
	}
	w.write("scan.pdf", "%PDF part and more")
	w.pass(defaultSettle)
	if len(w.documents()) != 0 {
		t.Fatal("taken while it was still written")
	}
	w.pass(defaultSettle)
	docs := w.documents()
	if len(docs) != 1 || docs[0].Bytes != int64(len("%PDF part and more")) || docs[0].Arrivals[0].Name != "scan.pdf" || docs[0].Arrivals[0].Source != "watch" {
		t.Fatalf("documents %+v", docs)
	}
	if got := w.files(); got != "done/scan.pdf" {
		t.Errorf("files: %s", got)
	}
	if strings.Contains(w.log.String(), "scan.pdf") {
		t.Errorf("the name is in the log: %s", &w.log)
	}
}

func TestFilesAreMovedBesideThemselvesAndReplaceNothing(t *testing.T) {
	t.Parallel()
	w := newWatch(t, nil)
	w.write("ward 3/a.pdf", "%PDF one")
	w.write("ward 3/done/a.pdf", "%PDF from before")
	w.write("text.pdf", "not a PDF at all")
	w.write(".hidden", "%PDF two")
	w.write("empty.pdf", "")
	if err := os.Symlink("/etc/passwd", filepath.Join(w.folder, "link.pdf")); err != nil {
		t.Fatal(err)
	}
	w.pass(0)
	w.pass(defaultSettle)
	want := ".hidden empty.pdf link.pdf refused/text.pdf refused/text.pdf.reason.txt ward 3/done/a (2).pdf ward 3/done/a.pdf"
	if got := w.files(); got != want {
		t.Errorf("files:\n%s\nwant\n%s", got, want)
	}
	reason, err := os.ReadFile(filepath.Join(w.folder, "refused", "text.pdf"+reasonSuffix))
	if err != nil || !strings.HasPrefix(string(reason), "unsupported_type: ") {
		t.Errorf("reason %q, %v", reason, err)
	}
	if len(w.documents()) != 1 {
		t.Errorf("%d documents", len(w.documents()))
	}
}

func TestAShutDoorLeavesTheFileWithGrowingPauses(t *testing.T) {
	t.Parallel()
	w := newWatch(t, func(c *Config) {
		c.Blobs = &brokenBlobs{c.Blobs, fault.New(fault.Full, "disk_full", "no space")}
	})
	w.write("a.pdf", "%PDF one")
	w.pass(0)
	var pauses []time.Duration
	wait := w.pass(defaultSettle)
	for range 8 {
		pauses = append(pauses, wait)
		wait = w.pass(w.seen[filepath.Join(w.folder, "a.pdf")].pause)
	}
	for i, f := 0, w.seen[filepath.Join(w.folder, "a.pdf")]; i < 1; i++ {
		if f.pause != pauseMax || f.taken {
			t.Errorf("pause %v after %v", f.pause, pauses)
		}
	}
	if got := w.files(); got != "a.pdf" {
		t.Errorf("files: %s", got)
	}
	w.Desk.Blobs = w.blobs
	w.pass(pauseMax)
	if got := w.files(); got != "done/a.pdf" {
		t.Errorf("after the disk had space: %s", got)
	}
}

func TestAFileThatCannotBeMovedIsOneArrival(t *testing.T) {
	t.Parallel()
	w := newWatch(t, nil)
	w.write("a.pdf", "%PDF one")
	w.write("done", "a file stands where the folder would be")
	for range 3 { // as after a restart: nothing is remembered
		w.seen = map[string]*seenFile{}
		w.pass(0)
		w.pass(defaultSettle)
		w.pass(defaultSettle)
	}
	docs := w.documents()
	if len(docs) != 1 || len(docs[0].Arrivals) != 1 {
		t.Errorf("%d documents, %d arrivals", len(docs), len(docs[0].Arrivals))
	}
	if !strings.Contains(w.files(), "a.pdf") {
		t.Errorf("files: %s", w.files())
	}
}

func TestOtherBytesAtTheSameTimeAreAnotherDocument(t *testing.T) {
	t.Parallel()
	w := newWatch(t, nil)
	at := time.Now().Add(-time.Hour)
	for _, body := range []string{"%PDF one", "%PDF two"} {
		w.write("a.pdf", body)
		if err := os.Chtimes(filepath.Join(w.folder, "a.pdf"), at, at); err != nil {
			t.Fatal(err)
		}
		w.pass(0)
		w.pass(defaultSettle)
	}
	if n := len(w.documents()); n != 2 {
		t.Errorf("%d documents", n)
	}
	if got := w.files(); got != "done/a (2).pdf done/a.pdf" {
		t.Errorf("files: %s", got)
	}
}

func TestWatchTakesAFileAndStops(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	changed := b.Store.Changed()
	go func() {
		done <- b.Watch(ctx, dir, WatchOptions{Settle: time.Millisecond, Rescan: 5 * time.Millisecond})
	}()
	if err := os.WriteFile(filepath.Join(dir, "a.pdf"), []byte("%PDF one"), 0o600); err != nil {
		t.Fatal(err)
	}
	<-changed
	cancel()
	if err := <-done; err != nil {
		t.Errorf("watch: %v", err)
	}
	if len(b.documents()) != 1 {
		t.Errorf("%d documents", len(b.documents()))
	}
	if err := b.Watch(t.Context(), filepath.Join(dir, "nowhere"), WatchOptions{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("a folder that is not there: %v", err)
	}
}
