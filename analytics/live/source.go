package live

import (
	"context"
	"crypto/rand"
	"fmt"
	"hash/maphash"
	"io"

	"chartlake/analytics"
	"chartlake/analytics/sheet"
	"chartlake/fault"
)

// partMax is how many rows a file has at most. To change one row of a file is to write it again.
const partMax = 250_000

// source is a source of rows with the files that have them. All rows of one resource or document
// are in one file.
type source struct {
	*analytics.Source
	seed  maphash.Seed
	parts []*part
	// where leads from the digest of an id to the number of its part; number to the part that has
	// taken the rows of that number over. 64 bits do not collide among what a store holds.
	where  map[uint64]int32
	number []int32
}

// part is a file.
type part struct {
	File
	number int32
}

func newSource(of *analytics.Source) *source {
	return &source{Source: of, seed: maphash.MakeSeed(), where: map[uint64]int32{}}
}

// prefix begins the paths of the source's files.
func (s *source) prefix() string {
	if s.Type == "" {
		return s.Table.Name + "/part-"
	}
	return s.Table.Name + "/" + s.Type + "-"
}

// add takes a file up as the newest part.
func (s *source) add(f File) *part {
	p := &part{f, int32(len(s.number))}
	s.number = append(s.number, p.number)
	s.parts = append(s.parts, p)
	return p
}

// holder is the number of the part that has the rows of an id now.
func (s *source) holder(digest uint64) (int32, bool) {
	n, ok := s.where[digest]
	if !ok {
		return 0, false
	}
	for s.number[n] != n {
		s.number[n] = s.number[s.number[n]]
		n = s.number[n]
	}
	return n, true
}

// load reads the ids in a file that is there already.
func (s *source) load(ctx context.Context, place Place, f File) error {
	in, err := place.Open(ctx, f.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	p := s.add(f)
	rows := int64(0)
	err = sheet.Part{From: in, Size: in.Size()}.Firsts(func(id string) {
		rows++
		s.where[maphash.String(s.seed, id)] = p.number
	})
	if err == nil && rows != f.Rows {
		err = fault.New(fault.Corrupt, "table_damaged", "a file of a table has %d rows, not %d", rows, f.Rows)
	}
	return err
}

// writing is the file that a round adds to a source.
type writing struct {
	*source
	made  Made
	count *counted
	sheet sheet.Writer
	file  File
	ids   []uint64
}

// emit gives where rows go. The file begins with the first.
func (w *writing) emit(ctx context.Context, place Place, change int64) func(row []any) error {
	return func(row []any) error {
		if w.made == nil {
			if err := w.begin(ctx, place, change); err != nil {
				return err
			}
		}
		id, _ := row[0].(string)
		if d := maphash.String(w.seed, id); len(w.ids) == 0 || w.ids[len(w.ids)-1] != d {
			w.ids = append(w.ids, d)
		}
		w.file.Rows++
		return w.sheet.Write(row)
	}
}

func (w *writing) begin(ctx context.Context, place Place, change int64) (err error) {
	w.file.Path = w.fileName(change)
	if w.made, err = place.Create(ctx, w.file.Path); err != nil {
		return err
	}
	w.count = &counted{to: w.made}
	w.sheet, err = sheet.New("parquet", w.Table.Columns, w.count)
	return err
}

// counted counts what is written.
type counted struct {
	to io.Writer
	n  int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

func (s *source) fileName(change int64) string {
	return fmt.Sprintf("%s%012d-%s.parquet", s.prefix(), change, rand.Text()[:8])
}

// end makes the file durable and a part of the source.
func (w *writing) end() error {
	if w.made == nil {
		return nil
	}
	if err := w.sheet.Close(); err != nil {
		return err
	}
	if err := w.made.Close(); err != nil {
		return err
	}
	w.file.Bytes = w.count.n
	p := w.add(w.file)
	for _, d := range w.ids {
		w.where[d] = p.number
	}
	return nil
}

// remove takes the rows of ids out of the files that have them.
func (s *source) remove(ctx context.Context, place Place, change int64, ids map[string]bool) error {
	dirty := map[int32]bool{}
	for id := range ids {
		d := maphash.String(s.seed, id)
		if n, ok := s.holder(d); ok {
			dirty[n] = true
			delete(s.where, d)
		}
	}
	kept := s.parts[:0:0]
	for _, p := range s.parts {
		if dirty[p.number] {
			f, err := s.merge(ctx, place, change, func(id string) bool { return ids[id] }, p)
			if err != nil {
				return err
			}
			if f.Rows == 0 {
				continue
			}
			p = &part{f, p.number}
		}
		kept = append(kept, p)
	}
	s.parts = kept
	return nil
}

// compact makes one file of the last ones for as long as they are of like size, so that a source
// has few files and a row is written again few times.
func (s *source) compact(ctx context.Context, place Place, change int64) error {
	for len(s.parts) >= 2 {
		a, b := s.parts[len(s.parts)-2], s.parts[len(s.parts)-1]
		if a.Rows > 2*b.Rows || a.Rows+b.Rows > partMax {
			return nil
		}
		f, err := s.merge(ctx, place, change, nil, a, b)
		if err != nil {
			return err
		}
		s.number[b.number] = a.number
		s.parts = append(s.parts[:len(s.parts)-2:len(s.parts)-2], &part{f, a.number})
	}
	return nil
}

// merge writes the rows of parts as one new file; it has no row where all are dropped, and is then not made.
func (s *source) merge(ctx context.Context, place Place, change int64, drop func(id string) bool, parts ...*part) (f File, err error) {
	var from []sheet.Part
	for _, p := range parts {
		in, err := place.Open(ctx, p.Path)
		if err != nil {
			return f, err
		}
		defer in.Close()
		from = append(from, sheet.Part{From: in, Size: in.Size(), Drop: drop})
	}
	f.Path = s.fileName(change)
	m, err := place.Create(ctx, f.Path)
	if err != nil {
		return f, err
	}
	defer m.Abort()
	to := &counted{to: m}
	if f.Rows, err = sheet.Merge(s.Table.Columns, from, to); err != nil || f.Rows == 0 {
		return f, err
	}
	f.Bytes = to.n
	return f, m.Close()
}
