package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"

	"chartlake/fault"
	"chartlake/internal/phi"
	"chartlake/store"
)

const (
	doneFolder    = "done"
	refusedFolder = "refused"
	reasonSuffix  = ".reason.txt"

	defaultSettle = 2 * time.Second
	defaultRescan = 10 * time.Second
	pauseMax      = 5 * time.Minute // between attempts on a file while the door is shut
	filesMax      = 100_000         // files of one folder that are remembered
)

// WatchOptions are the settings of a watched folder. The zero value works.
type WatchOptions struct {
	Settle time.Duration // how long size and time of change must stay the same; 0: 2 s
	Rescan time.Duration // how often the folder is looked through without a notice; 0: 10 s
	Log    *slog.Logger
}

// WatchActor is who acts for a watched folder.
var WatchActor = store.Actor{ID: "system:watch", Name: "Watched folder"}

// Watch takes every file that comes to rest in a folder or below it, until ctx ends. A file
// that was taken is moved to done/ in its own folder, one that the door refuses to refused/
// with a text that says why; nothing is ever deleted, and nothing is moved before it is
// durable. Names that begin with a dot, links, and empty files (somebody is still writing)
// are left alone. The error is a fault: the folder cannot be read.
func (d *Desk) Watch(ctx context.Context, folder string, o WatchOptions) error {
	w, err := d.watcher(folder, o)
	if err != nil {
		return err
	}
	notices, stop := notify(w.folder)
	defer stop()
	for {
		wait, err := w.scan(ctx, time.Now())
		if err != nil {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-notices:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// notify gives a channel that has a value when something happened in the folder. Without
// notices from the kernel the channel stays silent and the rescan does the work.
func notify(folder string) (<-chan struct{}, func()) {
	out := make(chan struct{}, 1)
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return out, func() {}
	}
	if err := w.Add(folder); err != nil {
		w.Close()
		return out, func() {}
	}
	go func() {
		for range w.Events {
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}()
	go func() {
		for range w.Errors { // an overflow; the next rescan sees what was missed
		}
	}()
	return out, func() { w.Close() }
}

// watcher remembers what it has seen in one folder.
type watcher struct {
	desk   *Desk
	folder string
	WatchOptions
	seen map[string]*seenFile // by path
}

type seenFile struct {
	size    int64
	changed time.Time // time of change as the file system has it
	since   time.Time // when this size and time were first seen
	taken   bool      // durable or refused, but could not be moved away
	moved   bool      // not here any more
	pause   time.Duration
	after   time.Time // no attempt before
}

func (d *Desk) watcher(folder string, o WatchOptions) (*watcher, error) {
	abs, err := filepath.Abs(folder)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	var st fs.FileInfo
	if err == nil {
		st, err = os.Stat(abs)
	}
	if err != nil || !st.IsDir() {
		return nil, fault.New(fault.NotFound, "watch_folder", "a folder to watch is not there or cannot be read")
	}
	if o.Settle <= 0 {
		o.Settle = defaultSettle
	}
	if o.Rescan <= 0 {
		o.Rescan = defaultRescan
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &watcher{desk: d, folder: abs, WatchOptions: o, seen: map[string]*seenFile{}}, nil
}

// scan looks through the folder once, takes what has come to rest, and says how long it may
// wait until there is something to do.
func (w *watcher) scan(ctx context.Context, now time.Time) (time.Duration, error) {
	found := map[string]*seenFile{}
	wait := w.Rescan
	err := filepath.WalkDir(w.folder, func(path string, e fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return fs.SkipAll
		}
		if err != nil {
			if path == w.folder {
				return fault.New(fault.Unavailable, "watch_folder", "the watched folder cannot be read: %w", bare(err))
			}
			return nil // a sub-folder that went away or may not be read
		}
		name := e.Name()
		if e.IsDir() {
			if path != w.folder && (strings.HasPrefix(name, ".") || name == doneFolder || name == refusedFolder) {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasPrefix(name, ".") || !e.Type().IsRegular() || len(found) >= filesMax {
			return nil
		}
		info, err := e.Info()
		if err != nil || info.Size() == 0 {
			return nil
		}
		f := w.note(path, info, now)
		wait = min(wait, w.consider(ctx, path, f, now))
		if !f.moved {
			found[path] = f
		}
		return nil
	})
	if ctx.Err() == nil {
		w.seen = found
	}
	return max(wait, 10*time.Millisecond), err
}

// note remembers a file's size and time, from the moment that they last changed.
func (w *watcher) note(path string, info fs.FileInfo, now time.Time) *seenFile {
	f := w.seen[path]
	if f == nil || f.size != info.Size() || !f.changed.Equal(info.ModTime()) {
		f = &seenFile{size: info.Size(), changed: info.ModTime(), since: now}
	}
	return f
}

// consider takes a file if it is time, and says when to look at it again.
func (w *watcher) consider(ctx context.Context, path string, f *seenFile, now time.Time) time.Duration {
	if f.taken {
		return w.Rescan
	}
	ready := f.since.Add(w.Settle)
	if f.after.After(ready) {
		ready = f.after
	}
	if now.Before(ready) {
		return ready.Sub(now)
	}
	err := w.take(ctx, path, f)
	if err == nil || ctx.Err() != nil {
		return w.Rescan
	}
	f.pause = min(max(2*f.pause, retryAfter), pauseMax)
	f.after = now.Add(f.pause)
	w.Log.Warn("a file of a watched folder waits", "code", code(err), "again_in", f.pause)
	return f.pause
}

// take offers a file to the door and moves it where it belongs. An error means: try later.
func (w *watcher) take(ctx context.Context, path string, f *seenFile) error {
	file, err := openRegular(path)
	if err != nil {
		return err
	}
	defer file.Close()
	offer := Offer{Source: "watch", Name: phi.Text(filepath.Base(path)), Key: w.key(path, f)}
	receipt, err := w.desk.Accept(ctx, WatchActor, file, offer)
	if code(err) == KeyReused { // other bytes of the same size at the same coarse time
		if _, err = file.Seek(0, io.SeekStart); err == nil {
			offer.Key = ""
			receipt, err = w.desk.Accept(ctx, WatchActor, file, offer)
		}
	}
	if now, e := file.Stat(); e == nil && (now.Size() != f.size || !now.ModTime().Equal(f.changed)) {
		return nil // it went on changing while it was read; the next scan sees it as new
	}
	switch {
	case err == nil:
		w.Log.Info("a file of a watched folder was taken", "document", receipt.ID, "duplicate", receipt.DuplicateOf != nil)
		f.taken, f.moved = true, w.move(path, doneFolder, "")
		return nil
	case refused(err):
		w.Log.Warn("a file of a watched folder was refused", "code", code(err))
		f.taken, f.moved = true, w.move(path, refusedFolder, fmt.Sprintf("%s: %s\n", code(err), err))
		return nil
	}
	return err
}

// key is the Idempotency-Key of a file as it lies there: path, size and time of change. So
// a file that was taken and could not be moved is the same arrival after a restart.
func (w *watcher) key(path string, f *seenFile) string {
	sum := sha256.Sum256([]byte(path + "\x00" + strconv.FormatInt(f.size, 10) + "\x00" + strconv.FormatInt(f.changed.UnixNano(), 10)))
	return "watch-" + hex.EncodeToString(sum[:])
}

// openRegular opens a file without following a link or waiting for a pipe.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "watch_file", "a file cannot be opened: %w", bare(err))
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		f.Close()
		return nil, fault.New(fault.Unavailable, "watch_file", "a file is none any more")
	}
	return f, nil
}

// refused reports that the door will never take this file as it is.
func refused(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.TooLarge, fault.Unsupported, fault.Corrupt:
		return true
	}
	return false
}

// move puts a file into a sub-folder beside it, under its own name or, where that is taken,
// with a number. What cannot be moved stays, and is remembered as taken.
func (w *watcher) move(path, sub, reason string) bool {
	dir := filepath.Join(filepath.Dir(path), sub)
	err := os.Mkdir(dir, 0o700)
	var target string
	if err == nil || errors.Is(err, fs.ErrExist) {
		target, err = moveFree(path, dir)
	}
	if err != nil {
		w.Log.Warn("a file of a watched folder stays where it is", "cause", bare(err).Error())
		return false
	}
	if reason != "" {
		if err := os.WriteFile(target+reasonSuffix, []byte(reason), 0o600); err != nil {
			w.Log.Warn("the reason of a refusal could not be written", "cause", bare(err).Error())
		}
	}
	return true
}

// moveFree moves without replacing anything: the kernel refuses a name that is taken, and
// where it does not know how to, a hard link does the same.
func moveFree(path, dir string) (string, error) {
	base := filepath.Base(path)
	ext := filepath.Ext(base)
	for n := 1; n <= 10_000; n++ {
		name := base
		if n > 1 {
			name = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(base, ext), n, ext)
		}
		target := filepath.Join(dir, name)
		err := rename(path, target)
		if !errors.Is(err, fs.ErrExist) {
			return target, err
		}
	}
	return "", fs.ErrExist
}

// bare is an error without the path in it.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}

func code(err error) string {
	if f := fault.As(err); f != nil {
		return f.Code
	}
	return "internal"
}
