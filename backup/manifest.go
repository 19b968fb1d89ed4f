package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"path"
	"strings"
	"time"

	"chartlake/blob"
	"chartlake/fault"
)

// A manifest is lines of JSON: a head, one line per file in the order of their paths (the
// database last), and an end with the hash of all bytes before it. One that ends early or was
// changed is known by that.

// Head is what a snapshot is.
type Head struct {
	Format  string    `json:"format"` // markText without its end
	ID      string    `json:"id"`
	At      time.Time `json:"at"` // the state of the store that the snapshot has is no older
	Program string    `json:"program"`
	Engine  string    `json:"engine"` // of store.Copier
	Key     string    `json:"key"`    // hex of store.Copier's KeyCheck
}

// File is one file of a snapshot. Missing says that the original was not there when the backup
// was made: nothing can bring it back.
type File struct {
	Path    string `json:"path"` // within the backup
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256,omitempty"` // of the bytes as they lie here
	Missing bool   `json:"missing,omitempty"`
}

type end struct {
	End    bool   `json:"end"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// lineMax bounds a line of a manifest, which somebody may have changed.
const lineMax = 4096

// manifestWriter writes a manifest.
type manifestWriter struct {
	w   io.Writer
	sum hash.Hash
	end end
}

func newManifestWriter(w io.Writer, h Head) (*manifestWriter, error) {
	m := &manifestWriter{w: w, sum: sha256.New()}
	return m, m.line(h)
}

func (m *manifestWriter) line(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	b = append(b, '\n')
	m.sum.Write(b)
	_, err = m.w.Write(b)
	return err
}

func (m *manifestWriter) file(f File) error {
	m.end.Files++
	m.end.Bytes += f.Size
	return m.line(f)
}

func (m *manifestWriter) close() error {
	m.end.End, m.end.SHA256 = true, hex.EncodeToString(m.sum.Sum(nil))
	return m.line(m.end)
}

// readManifest calls file for each file of a manifest and gives its head. Corrupt with code
// backup_damaged where it ends early, was changed, or names what is no file of a backup.
func readManifest(r io.Reader, file func(File) error) (h Head, err error) {
	lines := bufio.NewReaderSize(r, lineMax)
	sum := sha256.New()
	var sums end
	for n := 0; ; n++ {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull) {
			return h, damagedManifest("it ends early")
		}
		if err != nil {
			return h, ioFault("read the manifest", err)
		}
		switch {
		case n == 0:
			if strict(line, &h) != nil || h.Format != strings.TrimSpace(markText) {
				return h, damagedManifest("its head cannot be read")
			}
		case bytes.HasPrefix(line, []byte(`{"end":`)):
			var e end
			sums.End, sums.SHA256 = true, hex.EncodeToString(sum.Sum(nil))
			if strict(line, &e) != nil || e != sums {
				return h, damagedManifest("its bytes were changed")
			}
			if _, err := lines.ReadByte(); err == nil {
				return h, damagedManifest("it goes on behind its end")
			}
			return h, nil
		default:
			var f File
			if strict(line, &f) != nil || !f.valid() {
				return h, damagedManifest("a line cannot be read")
			}
			sums.Files++
			sums.Bytes += f.Size
			if err := file(f); err != nil {
				return h, err
			}
		}
		sum.Write(line)
	}
}

func strict(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func damagedManifest(why string) error {
	return fault.New(fault.Corrupt, "backup_damaged", "the manifest is damaged: %s", why)
}

// valid reports whether a line names a file that a backup has, and no other of this machine.
func (f *File) valid() bool {
	if f.Size < 0 || !f.Missing && !blob.ValidHash(f.SHA256) {
		return false
	}
	_, isBlob := f.blob()
	dir, name := path.Split(f.Path)
	return isBlob || name == databaseName && dir == snapshots+"/"+path.Base(dir)+"/" && validID(path.Base(dir))
}

// blob gives the hash of the original that a file is.
func (f *File) blob() (hash string, ok bool) {
	hash = path.Base(f.Path)
	return hash, blob.ValidHash(hash) && f.Path == blobPath(hash)
}

func blobPath(hash string) string { return "blobs/" + hash[:2] + "/" + hash }

// idForm is how a snapshot is called: the moment, so that names sort by time.
const idForm = "20060102T150405.000Z"

func validID(id string) bool {
	_, err := time.Parse(idForm, id)
	return err == nil
}
