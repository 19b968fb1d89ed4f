package intake

import (
	"bytes"
	"io"
	"testing"

	"chartlake/blob"
	"chartlake/blob/folder"
	"chartlake/fault"
	"chartlake/reader"
	"chartlake/store"
	"chartlake/store/sqlite"
)

var ehr = store.Actor{ID: "token:ehr"}

type bench struct {
	*Desk
	t      *testing.T
	blobs  *folder.Store
	halted []error
}

// newBench is a door on a real store; files that begin with %PDF are taken.
func newBench(t *testing.T, change func(*Config)) *bench {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	blobs, err := folder.Open(dir+"/blobs", folder.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, blobs: blobs}
	c := Config{Store: db, Blobs: blobs, BytesMax: 1000, Sniff: sniff, Halt: func(err error) { b.halted = append(b.halted, err) }}
	if change != nil {
		change(&c)
	}
	b.Desk = New(c)
	return b
}

// key opens what is locked.
const key = "schlüssel"

func sniff(file io.ReaderAt, size int64, password string) (reader.Media, error) {
	b, err := io.ReadAll(io.NewSectionReader(file, 0, size))
	if err != nil {
		return reader.Media{}, err
	}
	switch {
	case bytes.HasPrefix(b, []byte("%PDF locked")) && password != key:
		return reader.Media{}, fault.New(fault.Corrupt, "encrypted", "the file is encrypted")
	case bytes.HasPrefix(b, []byte("%PDF")):
		return reader.Media{Type: "application/pdf", Pages: 2}, nil
	}
	return reader.Media{}, fault.New(fault.Unsupported, "unsupported_type", "the file is not a PDF, TIFF, JPEG or PNG")
}

func (b *bench) documents() []store.Document {
	b.t.Helper()
	var docs []store.Document
	err := b.Store.View(b.t.Context(), ehr, func(v store.View) (err error) {
		docs, _, err = v.Documents(store.DocumentQuery{})
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return docs
}

func (b *bench) blobCount() (n int) {
	b.t.Helper()
	if err := b.blobs.List(b.t.Context(), "", func(blob.Info) error { n++; return nil }); err != nil {
		b.t.Fatal(err)
	}
	return n
}

// empty expects that nothing is stored.
func (b *bench) empty() {
	b.t.Helper()
	if docs, blobs := len(b.documents()), b.blobCount(); docs+blobs > 0 {
		b.t.Errorf("%d documents and %d blobs are stored", docs, blobs)
	}
}
