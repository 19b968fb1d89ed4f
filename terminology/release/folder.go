package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"chartlake/fault"
)

// Manifest is release.json, in the folder of a release.
type Manifest struct {
	System   string            `json:"system"`
	URL      string            `json:"url"`
	Version  string            `json:"version"`
	From     string            `json:"effective_from,omitempty"` // first day, of a system whose codes hold for a time
	To       string            `json:"effective_to,omitempty"`   // last day
	Imported string            `json:"imported"`
	Sources  []string          `json:"source_sha256"` // of the files, in the order given
	Concepts int               `json:"concepts"`
	Active   int               `json:"active"`
	Names    int               `json:"names"`
	Tables   map[string]string `json:"tables"` // SHA-256 by name
	Current  bool              `json:"current"`
}

// Input is a file of a release.
type Input struct {
	File io.ReaderAt
	Size int64
	Name string // as its publisher named it; tells the version where nothing else does
}

// Options of an import. Version is needed where neither the files nor their names say it. Read is told
// how many bytes are read of files of how many; unpacked they are more. It may be nil.
type Options struct {
	Version string
	Now     time.Time
	Read    func(n, of int64)
}

const pointer = "current"

var versionRE = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$`)

// Import reads the files of one release into the folder and switches over to it. The same files
// again change nothing but which release is in use.
func Import(folder string, s *System, files []Input, o Options) (*Manifest, error) {
	m := &Manifest{System: s.Name, URL: s.URL, Imported: o.Now.UTC().Format(time.RFC3339), Tables: map[string]string{}}
	d := newDraft()
	of, read, packed := int64(0), int64(0), ""
	for _, f := range files {
		of += f.Size
	}
	tell := func(n int64) {
		if read += n; o.Read != nil {
			o.Read(read, of)
		}
	}
	for _, f := range files {
		sum, err := checksum(f)
		if err != nil {
			return nil, err
		}
		m.Sources = append(m.Sources, sum)
		version, err := s.members(f.File, f.Size, f.Name, func(name string, in io.Reader) error {
			return s.parse(name, &counted{in: in, tell: tell}, d)
		})
		if err != nil {
			return nil, err
		}
		if packed == "" {
			packed = version
		}
	}
	concepts := d.sorted()
	if len(concepts) == 0 {
		return nil, fault.New(fault.Corrupt, "release_empty", "the files have no codes with names")
	}
	for _, version := range []string{o.Version, d.version, s.versionOf(files), packed} {
		if m.Version = version; version != "" {
			break
		}
	}
	if !versionRE.MatchString(m.Version) {
		return nil, fault.New(fault.Invalid, "version_missing", "neither the files nor their names say which release this is: give its version")
	}
	m.From, m.To = s.period(m.Version)
	return write(folder, m, concepts)
}

func checksum(f Input) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f.File, 0, f.Size)); err != nil {
		return "", fault.New(fault.Corrupt, "file_unreadable", "the file cannot be read")
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (s *System) versionOf(files []Input) string {
	for _, f := range files {
		if m := s.version.FindStringSubmatch(filepath.Base(f.Name)); m != nil {
			return m[1]
		}
	}
	return ""
}

// period is when the codes of a release hold: of ICD-10-CM the fiscal year of its number, October to
// September (45 CFR 162.1002; the files' own guidelines). Others have no last day.
func (s *System) period(version string) (from, to string) {
	if s.Name != "icd-10-cm" {
		return "", ""
	}
	end, err := time.Parse("2006", version)
	if err != nil {
		return "", ""
	}
	return end.AddDate(-1, 9, 0).Format(time.DateOnly), end.AddDate(0, 9, -1).Format(time.DateOnly)
}

type counted struct {
	in   io.Reader
	tell func(int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.tell(int64(n))
	return n, err
}

// write puts the tables into a new folder, gives it its name, and points to it.
func write(folder string, m *Manifest, concepts []*Concept) (*Manifest, error) {
	home := filepath.Join(folder, m.System)
	name := m.Version + "-" + hash(m.Sources)
	if old, err := readManifest(filepath.Join(home, name)); err == nil && slices.Equal(old.Sources, m.Sources) {
		old.Current = true
		return old, point(home, name)
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, unwritable(err)
	}
	work, err := os.MkdirTemp(home, ".import-")
	if err != nil {
		return nil, unwritable(err)
	}
	defer os.RemoveAll(work) // what is left of an import that failed
	for _, c := range concepts {
		if m.Concepts++; c.Active {
			m.Active++
		}
	}
	if m.Tables[conceptsFile], err = writeRows(work, conceptsFile, func(yield func(string) bool) {
		for _, c := range concepts {
			if !yield(c.row()) {
				return
			}
		}
	}); err != nil {
		return nil, unwritable(err)
	}
	list := names(concepts)
	m.Names = len(list)
	if m.Tables[namesFile], err = writeRows(work, namesFile, slices.Values(list)); err != nil {
		return nil, unwritable(err)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = writeSynced(filepath.Join(work, "release.json"), append(text, '\n'))
	}
	if err == nil {
		err = syncFolder(work)
	}
	if err == nil {
		_ = os.RemoveAll(filepath.Join(home, name)) // of an import that a crash cut before its pointer
		err = os.Rename(work, filepath.Join(home, name))
	}
	if err == nil {
		err = point(home, name)
	}
	if err != nil {
		return nil, unwritable(err)
	}
	m.Current = true
	return m, nil
}

func hash(sums []string) string {
	h := sha256.Sum256([]byte(strings.Join(sums, " ")))
	return hex.EncodeToString(h[:4])
}

// point makes a release the one in use, by one rename.
func point(home, name string) error {
	next := filepath.Join(home, "."+pointer)
	_ = os.Remove(next)
	if err := writeSynced(next, []byte(name+"\n")); err != nil {
		return err
	}
	if err := os.Rename(next, filepath.Join(home, pointer)); err != nil {
		return err
	}
	return syncFolder(home)
}

func writeSynced(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

func syncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func unwritable(err error) error {
	if fault.As(err) != nil {
		return err
	}
	return fault.New(fault.Full, "terminology_unwritable", "the tables of the release cannot be written")
}

func readManifest(folder string) (*Manifest, error) {
	text, err := os.ReadFile(filepath.Join(folder, "release.json"))
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fault.New(fault.Corrupt, "release_damaged", "release.json of an imported release is damaged; import it again")
	}
	return m, nil
}

// List gives the releases of a folder, by system and version; none where there is no folder.
func List(folder string) ([]Manifest, error) {
	var out []Manifest
	for _, s := range Systems() {
		home := filepath.Join(folder, s.Name)
		entries, err := os.ReadDir(home)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fault.New(fault.Forbidden, "terminology_unreadable", "the folder of imported releases cannot be read")
		}
		now := current(home)
		for _, e := range entries {
			if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			m, err := readManifest(filepath.Join(home, e.Name()))
			if err != nil {
				continue // begun and not finished
			}
			m.Current = e.Name() == now
			out = append(out, *m)
		}
	}
	return out, nil
}

// current is the folder name that the pointer has.
func current(home string) string {
	text, err := os.ReadFile(filepath.Join(home, pointer))
	name := strings.TrimSpace(string(text))
	if err != nil || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return ""
	}
	return name
}

// Release is an imported release that is in use. It is safe for many goroutines.
type Release struct {
	Manifest
	concepts, names *table
}

// Open opens the releases in use, by system URL, after holding the tables against their checksums.
func Open(folder string) (map[string]*Release, error) {
	out := map[string]*Release{}
	for _, s := range Systems() {
		home := filepath.Join(folder, s.Name)
		name := current(home)
		if name == "" {
			continue
		}
		r, err := open(filepath.Join(home, name))
		if err != nil {
			for _, other := range out {
				other.Close()
			}
			return nil, err
		}
		out[s.URL] = r
	}
	return out, nil
}

func open(folder string) (*Release, error) {
	damaged := fault.New(fault.Corrupt, "release_damaged", "an imported release is not as it was written; import it again")
	m, err := readManifest(folder)
	if err != nil {
		return nil, damaged
	}
	r := &Release{Manifest: *m}
	r.Current = true
	for name, sum := range m.Tables {
		t, err := openTable(filepath.Join(folder, filepath.Base(name)))
		if err != nil {
			r.Close()
			return nil, damaged
		}
		if name == conceptsFile {
			r.concepts = t
		} else {
			r.names = t
		}
		if is, err := checksum(Input{File: t.f, Size: t.size}); err != nil || is != sum {
			r.Close()
			return nil, damaged
		}
	}
	if r.concepts == nil || r.names == nil {
		r.Close()
		return nil, damaged
	}
	return r, nil
}

// Close closes the tables.
func (r *Release) Close() {
	for _, t := range []*table{r.concepts, r.names} {
		if t != nil {
			_ = t.f.Close()
		}
	}
}

// Lookup gives the concept of a code.
func (r *Release) Lookup(code string) (c Concept, ok bool, err error) {
	at, err := r.concepts.seek(code)
	if err != nil || at >= r.concepts.size {
		return Concept{}, false, err
	}
	row, err := r.concepts.row(at)
	if err != nil || !strings.HasPrefix(row, code+"\t") {
		return Concept{}, false, err
	}
	c, err = parseRow(row)
	return c, err == nil, err
}

// namedMost is how many codes of one name are given: a name that means more tells nothing.
const namedMost = 8

// Named gives the codes of active concepts with a name, in its normal form.
func (r *Release) Named(normal string) (codes []string, err error) {
	for row, err := range r.names.from(normal) {
		if err != nil {
			return nil, err
		}
		name, code, _ := strings.Cut(row, "\t")
		if name != normal || len(codes) == namedMost {
			break
		}
		codes = append(codes, code)
	}
	return codes, nil
}

// Beginning goes over the normal forms of names of active concepts that begin with a text.
func (r *Release) Beginning(prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for row, err := range r.names.from(prefix) {
			name, _, _ := strings.Cut(row, "\t")
			if err == nil && !strings.HasPrefix(name, prefix) || !yield(name, err) || err != nil {
				return
			}
		}
	}
}

// All goes over the concepts by code.
func (r *Release) All() iter.Seq2[Concept, error] {
	return func(yield func(Concept, error) bool) {
		for row, err := range r.concepts.from("") {
			var c Concept
			if err == nil {
				c, err = parseRow(row)
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}
