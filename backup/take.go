package backup

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"chartlake/blob"
	"chartlake/fault"
	"chartlake/store"
)

// Source is what is backed up.
type Source struct {
	Store   store.Copier
	Blobs   blob.Keeper
	Program string // version of the program, for the manifest
	Now     func() time.Time
	Temp    string // folder for what is on its way into a bucket; "": the system's
	// Progress, where set, is called after each original, with how many were looked at so far.
	Progress func(originals int)
}

// Report is what a backup or a restore did.
type Report struct {
	Snapshot  string    `json:"snapshot"`
	At        time.Time `json:"at"` // the state that it has is no older
	Database  int64     `json:"database_bytes"`
	Originals int       `json:"originals"`
	Copied    int       `json:"originals_copied"`  // the others were there already
	Bytes     int64     `json:"bytes"`             // copied, with the database
	Missing   []string  `json:"missing,omitempty"` // originals that were not there
	Seconds   float64   `json:"seconds"`
}

// Take adds a snapshot to the backup in a folder, or in a bucket (s3://bucket/prefix), making it
// where it is missing. The store goes on being used. Faults: Conflict (the folder has something
// else in it, or another backup runs), Full, Unavailable.
func Take(ctx context.Context, src Source, dest string) (*Report, error) {
	started := time.Now()
	p, err := openPlace(ctx, dest, src.Temp, true)
	if err != nil {
		return nil, err
	}
	defer p.close()
	unlock, err := p.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := p.clear(ctx); err != nil {
		return nil, err
	}
	t := &taking{place: p, src: src, r: &Report{}, earlier: &earlier{}}
	defer t.earlier.close()
	if err := t.begin(ctx); err != nil {
		return nil, err
	}
	if err := t.take(ctx); err != nil {
		return nil, errors.Join(err, p.forget(t.head.ID, t.dir))
	}
	t.r.Seconds = time.Since(started).Seconds()
	return t.r, nil
}

// taking is one snapshot being made.
type taking struct {
	place
	src     Source
	head    Head
	r       *Report
	earlier *earlier
	dir     string // of this machine, for the manifest and the database
	file    *os.File
	text    *bufio.Writer
	list    *manifestWriter
}

func (t *taking) begin(ctx context.Context) error {
	ids, err := t.snapshots(ctx)
	if err != nil {
		return err
	}
	now := t.src.Now().UTC().Truncate(time.Millisecond)
	if len(ids) > 0 {
		last, err := time.Parse(idForm, ids[len(ids)-1])
		if err == nil && !now.After(last) { // a clock that went back: names still sort
			now = last.Add(time.Millisecond)
		}
		if t.earlier, err = openEarlier(ctx, t.place, ids[len(ids)-1]); err != nil {
			return err
		}
	}
	t.head = Head{Format: strings.TrimSpace(markText), ID: now.Format(idForm), At: now, Program: t.src.Program,
		Engine: t.src.Store.Engine(), Key: hex.EncodeToString(t.src.Store.KeyCheck())}
	t.r.Snapshot, t.r.At = t.head.ID, now
	if t.dir, err = t.place.begin(t.head.ID); err != nil {
		return err
	}
	if t.file, err = os.OpenFile(filepath.Join(t.dir, manifestName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
		return ioFault("write the manifest", err)
	}
	t.text = bufio.NewWriter(t.file)
	t.list, err = newManifestWriter(t.text, t.head)
	return ioFault("write the manifest", err)
}

func (t *taking) take(ctx context.Context) error {
	defer t.file.Close()
	if err := t.src.Store.Copy(ctx, filepath.Join(t.dir, databaseName), func(hash string) error { return t.original(ctx, hash) }); err != nil {
		return err
	}
	sum, size, err := sumFile(ctx, folderPlace{t.dir}, databaseName)
	if err != nil {
		return ioFault("read the copy of the database", err)
	}
	t.r.Database = size
	t.r.Bytes += size
	err = t.list.file(File{Path: snapshots + "/" + t.head.ID + "/" + databaseName, Size: size, SHA256: sum})
	if err == nil {
		err = t.list.close()
	}
	if err == nil {
		err = t.text.Flush()
	}
	if err == nil {
		err = t.file.Sync()
	}
	if err != nil {
		return ioFault("write the manifest", err)
	}
	return t.commit(ctx, t.head.ID, t.dir)
}

// original sees that one original is in the backup.
func (t *taking) original(ctx context.Context, hash string) error {
	if !blob.ValidHash(hash) {
		return nil
	}
	f := File{Path: blobPath(hash)}
	known := t.earlier.find(f.Path)
	size, err := t.size(ctx, f.Path)
	switch {
	case err == nil && known != nil && size == known.Size:
		f = *known
	case err == nil && known == nil: // of a backup that was cut off
		f.SHA256, f.Size, err = sumFile(ctx, t.place, f.Path)
		if err != nil || f.SHA256 != hash { // sealed, or damaged: what lies there tells nothing
			err = t.fetch(ctx, hash, &f)
		}
	case err == nil, errors.Is(err, fs.ErrNotExist):
		err = t.fetch(ctx, hash, &f)
	}
	if err != nil {
		return err
	}
	t.r.Originals++
	if f.Missing {
		t.r.Missing = append(t.r.Missing, hash)
	}
	if t.src.Progress != nil {
		t.src.Progress(t.r.Originals)
	}
	return ioFault("write the manifest", t.list.file(f))
}

// fetch copies an original as it lies in the blob store.
func (t *taking) fetch(ctx context.Context, hash string, f *File) error {
	r, err := t.src.Blobs.OpenStored(ctx, hash)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		*f = File{Path: f.Path, Missing: true}
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	s := newSumming(ctx, io.NewSectionReader(r, 0, r.Size()))
	err = t.write(ctx, f.Path, func(w io.Writer) error {
		_, err := io.Copy(w, s)
		return err
	})
	f.SHA256, f.Size = s.hex(), s.size
	t.r.Copied++
	t.r.Bytes += s.size
	return err
}

// earlier reads the manifest of the snapshot before beside the new one: both are in the order
// of their paths, so a line of each is enough.
type earlier struct {
	next func() (File, bool)
	stop func()
	at   *File
}

func openEarlier(ctx context.Context, p place, id string) (*earlier, error) {
	f, err := openManifest(ctx, p, id)
	if err != nil {
		return nil, err
	}
	e := &earlier{}
	files := func(yield func(File) bool) {
		_, _ = readManifest(f, func(f File) error {
			if !yield(f) {
				return io.EOF
			}
			return nil
		})
	}
	next, stop := iter.Pull(files)
	e.next, e.stop = next, func() {
		stop()
		f.Close()
	}
	return e, nil
}

// find gives the line of a path, nil where there is none. Paths must be asked in their order. A
// manifest that turns out damaged is of no use from then on: what it does not tell is read.
func (e *earlier) find(path string) *File {
	for e.next != nil && (e.at == nil || e.at.Path < path) {
		f, ok := e.next()
		if !ok {
			e.next, e.at = nil, nil
			break
		}
		e.at = &f
	}
	if e.at != nil && e.at.Path == path && !e.at.Missing {
		return e.at
	}
	return nil
}

func (e *earlier) close() {
	if e.stop != nil {
		e.stop()
	}
}
