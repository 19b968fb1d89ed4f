package backup

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/store"
)

// Unfinished is a file in a data folder whose restore is not done: nothing may use the folder.
const Unfinished = "restore.unfinished"

// Target is where a backup is brought back to.
type Target struct {
	Data string // folder; made where it is missing, else it must be empty
	// Keys are the files of keys, which are copied into the data folder before anything else.
	Keys []string
	// Database brings the copy of a database into place, with the data keys that belong to it, and
	// opens the store; engine is the manifest's. It may move the file.
	Database func(ctx context.Context, engine, file string) (store.Store, error)
	// Blobs opens the empty blob store of the data folder.
	Blobs func() (blob.Keeper, error)
	// Progress, where set, is called after each original.
	Progress func(originals int)
}

// Restore makes a data folder of a snapshot of a backup; snapshot "": the newest. Every file is
// held against the manifest before it is used, the index is made anew, and at the end the
// store is checked as a whole. Faults: NotFound (no such snapshot), Conflict (the folder is not
// empty; the keys are other ones), Corrupt with code backup_damaged, naming the file.
func Restore(ctx context.Context, from, snapshot string, to Target) (*Report, error) {
	started := time.Now()
	p, err := openPlace(ctx, from, "", false)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if snapshot, err = choose(ctx, p, snapshot); err != nil {
		return nil, err
	}
	if err := to.begin(ctx); err != nil {
		return nil, err
	}
	r := &restoring{place: p, to: to, r: &Report{Snapshot: snapshot}}
	if err := r.restore(ctx, snapshot); err != nil {
		return nil, err
	}
	r.r.Seconds = time.Since(started).Seconds()
	return r.r, nil
}

func choose(ctx context.Context, p place, snapshot string) (string, error) {
	if snapshot != "" {
		if !validID(snapshot) {
			return "", fault.New(fault.Invalid, "snapshot_id", "this is no name of a snapshot")
		}
		return snapshot, nil
	}
	ids, err := p.snapshots(ctx)
	if err == nil && len(ids) == 0 {
		err = fault.New(fault.NotFound, "no_snapshot", "the backup has no snapshot that is whole")
	}
	if err != nil {
		return "", err
	}
	return ids[len(ids)-1], nil
}

// begin makes the data folder, marks it as unfinished, and brings the keys.
func (t *Target) begin(ctx context.Context) error {
	entries, err := os.ReadDir(t.Data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ioFault("read the data folder", err)
	}
	if len(entries) > 0 {
		return fault.New(fault.Conflict, "data_folder", "the data folder is not empty; restore into a new one")
	}
	if err := os.MkdirAll(t.Data, 0o700); err != nil {
		return ioFault("make the data folder", err)
	}
	folder := folderPlace{t.Data}
	err = folder.write(ctx, Unfinished, func(w io.Writer) error {
		_, err := io.WriteString(w, "A restore into this folder was begun and not finished. Delete the folder and restore again.\n")
		return err
	})
	for _, key := range t.Keys {
		if err == nil {
			err = folder.write(ctx, filepath.Base(key), func(w io.Writer) error { return copyFile(w, key) })
		}
	}
	return err
}

func copyFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// restoring is one restore.
type restoring struct {
	place
	to    Target
	blobs blob.Keeper
	r     *Report
	file  string // the database's copy, within the backup
}

func (r *restoring) restore(ctx context.Context, snapshot string) error {
	// The whole manifest is held against its own end before a line of it is believed.
	head, err := r.manifest(ctx, snapshot, func(File) error { return nil })
	if err != nil {
		return err
	}
	r.r.At = head.At
	if r.blobs, err = r.to.Blobs(); err != nil {
		return err
	}
	if _, err := r.manifest(ctx, snapshot, func(f File) error { return r.bring(ctx, f) }); err != nil {
		return err
	}
	if r.file == "" {
		return damagedManifest("it names no database")
	}
	if err := r.database(ctx, head); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(r.to.Data, Unfinished)); err != nil {
		return ioFault("finish the restore", err)
	}
	return ioFault("finish the restore", envelope.SyncFolder(r.to.Data))
}

func (r *restoring) manifest(ctx context.Context, snapshot string, file func(File) error) (Head, error) {
	f, err := openManifest(ctx, r.place, snapshot)
	if err != nil {
		return Head{}, err
	}
	defer f.Close()
	return readManifest(f, file)
}

// bring copies one file, if its bytes are those of the manifest.
func (r *restoring) bring(ctx context.Context, f File) error {
	hash, original := f.blob()
	if f.Missing {
		r.r.Missing = append(r.r.Missing, hash)
		r.r.Originals++
		return nil
	}
	in, err := r.open(ctx, f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.Corrupt, "backup_damaged", "the backup lacks %s", f.Path)
	}
	if err != nil {
		return err
	}
	defer in.Close()
	s := newSumming(ctx, in)
	check := func() error {
		if s.size != f.Size || s.hex() != f.SHA256 {
			return fault.New(fault.Corrupt, "backup_damaged", "%s of the backup does not have the bytes that were written", f.Path)
		}
		return nil
	}
	if original {
		err = r.blobs.PutStored(ctx, hash, s, check)
		r.r.Originals++
		r.r.Copied++
		if r.to.Progress != nil {
			r.to.Progress(r.r.Originals)
		}
	} else {
		r.file = "." + databaseName
		err = folderPlace{r.to.Data}.write(ctx, r.file, func(w io.Writer) error {
			if _, err := io.Copy(w, s); err != nil {
				return err
			}
			return check()
		})
		r.r.Database = f.Size
	}
	r.r.Bytes += f.Size
	if err == nil || fault.As(err) != nil {
		return err
	}
	return ioFault("copy "+f.Path, err)
}

// database opens the store, makes its index, and has it checked.
func (r *restoring) database(ctx context.Context, head Head) (err error) {
	file := filepath.Join(r.to.Data, r.file)
	s, err := r.to.Database(ctx, head.Engine, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ioFault("remove a temporary file", err)
	}
	c, ok := s.(store.Copier)
	if !ok {
		return fault.New(fault.Unsupported, "backup_engine", "a backup cannot be restored into this store")
	}
	if hex.EncodeToString(c.KeyCheck()) != head.Key {
		return fault.New(fault.Conflict, "store_key_other", "the keys are not those of the store that was backed up")
	}
	if err := c.Rebuild(ctx); err != nil {
		return err
	}
	return s.Check(ctx)
}
