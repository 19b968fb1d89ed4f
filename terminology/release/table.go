package release

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"chartlake/fault"
	"chartlake/terminology"
)

// The tables of a release: text, sorted by bytes, one row a line, so that a row is found by halving
// the file. concepts.tsv has code, display, flags (a active, b billable), parents by blanks and
// synonyms by U+001F; names.tsv has the normal form of a name (terminology.Normal) and a code, of
// active concepts alone.
const (
	conceptsFile = "concepts.tsv"
	namesFile    = "names.tsv"
	unit         = "\x1f"
)

// rowMax is how long a row may be: a concept with a thousand names.
const rowMax = 8 << 20

// writeRows writes a table and gives its checksum.
func writeRows(folder, name string, rows iter.Seq[string]) (string, error) {
	f, err := os.OpenFile(filepath.Join(folder, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(f, h), 1<<20)
	for row := range rows {
		w.WriteString(row)
		w.WriteByte('\n')
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), f.Sync()
}

func (c *Concept) row() string {
	flags := ""
	if c.Active {
		flags = "a"
	}
	if c.Billable {
		flags += "b"
	}
	clean := strings.NewReplacer("\t", " ", "\n", " ", unit, " ")
	names := make([]string, len(c.Synonyms))
	for i, s := range c.Synonyms {
		names[i] = clean.Replace(s)
	}
	return strings.Join([]string{c.Code, clean.Replace(c.Display), flags, strings.Join(c.Parents, " "), strings.Join(names, unit)}, "\t")
}

func parseRow(row string) (Concept, error) {
	f := strings.Split(row, "\t")
	if len(f) != 5 {
		return Concept{}, fault.New(fault.Corrupt, "table_damaged", "a table of an imported release is damaged; import it again")
	}
	c := Concept{Code: f[0], Display: f[1], Active: strings.Contains(f[2], "a"), Billable: strings.Contains(f[2], "b"), Parents: strings.Fields(f[3])}
	if f[4] != "" {
		c.Synonyms = strings.Split(f[4], unit)
	}
	return c, nil
}

// names lists the normal names of active concepts with their codes, sorted.
func names(concepts []*Concept) []string {
	var out []string
	for _, c := range concepts {
		if !c.Active {
			continue
		}
		for _, s := range append([]string{c.Display}, c.Synonyms...) {
			if n := terminology.Normal(s); n != "" {
				out = append(out, n+"\t"+c.Code)
			}
		}
	}
	return distinctSorted(out)
}

func distinctSorted(list []string) []string {
	sort.Strings(list)
	kept := list[:0]
	for i, s := range list {
		if i == 0 || s != list[i-1] {
			kept = append(kept, s)
		}
	}
	return kept
}

// table is a sorted file of rows.
type table struct {
	f    *os.File
	size int64
}

func openTable(name string) (*table, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &table{f, info.Size()}, nil
}

// seek gives where the first row begins whose key is not before the one sought. A key ends with a tab.
func (t *table) seek(key string) (int64, error) {
	lo, hi := int64(0), t.size // rows that begin before lo are before the key; that at hi is not
	for lo < hi {
		middle := (lo + hi) / 2
		begin, row, err := t.rowAt(middle, lo)
		if err != nil {
			return 0, err
		}
		k, _, _ := strings.Cut(row, "\t")
		if k < key {
			lo = begin + int64(len(row)) + 1
		} else {
			hi = begin
		}
	}
	return lo, nil
}

// rowAt gives the row that a byte is in; from is where some row at or before it begins.
func (t *table) rowAt(at, from int64) (begin int64, row string, err error) {
	begin = from
	buf := make([]byte, 512)
	for end := at; end > from; { // back to the end of the row before
		start := max(from, end-int64(len(buf)))
		part := buf[:end-start]
		if _, err := t.f.ReadAt(part, start); err != nil {
			return 0, "", err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			begin = start + int64(i) + 1
			break
		}
		end = start
	}
	row, err = t.row(begin)
	return begin, row, err
}

// row reads the row that begins at a byte.
func (t *table) row(begin int64) (string, error) {
	var line []byte
	buf := make([]byte, 512)
	for at := begin; at < t.size && len(line) <= rowMax; {
		n, err := t.f.ReadAt(buf, at)
		if err != nil && err != io.EOF {
			return "", err
		}
		if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
			return string(append(line, buf[:i]...)), nil
		}
		line = append(line, buf[:n]...)
		at += int64(n)
	}
	return "", fault.New(fault.Corrupt, "table_damaged", "a table of an imported release is damaged; import it again")
}

// from gives the rows from that with a key on.
func (t *table) from(key string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		at, err := t.seek(key)
		if err != nil {
			yield("", err)
			return
		}
		s := bufio.NewScanner(bufio.NewReaderSize(io.NewSectionReader(t.f, at, t.size-at), 4<<10))
		s.Buffer(make([]byte, 4<<10), rowMax)
		for s.Scan() {
			if !yield(s.Text(), nil) {
				return
			}
		}
		if s.Err() != nil {
			yield("", s.Err())
		}
	}
}
