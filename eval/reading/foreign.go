package reading

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // sizes of pictures
	_ "image/png"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	_ "golang.org/x/image/tiff"

	"chartlake/document"
	"chartlake/fault"
)

// archive is the members of a tar.gz by name.
type archive map[string][]byte

// archiveMax bounds an archive's content in bytes.
const archiveMax = 256 << 20

// Foreign lists the cases of archives that lie in a folder under the names tesstest.tgz (page
// images with text, of the Tesseract project), img2table.tgz and tabula.tgz (tables, of those
// projects) and pdfplumber.tgz (text of PDF pages). Other files of the folder are left alone.
func Foreign(dir string) ([]Case, error) {
	var out []Case
	for _, known := range []struct {
		name  string
		cases func(archive) ([]*Truth, error)
	}{{"tesstest", tesstest}, {"img2table", img2table}, {"tabula", tabula}, {"pdfplumber", pdfplumber}} {
		f, err := os.Open(filepath.Join(dir, known.name+".tgz"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		a, err := unpack(f)
		f.Close()
		if err != nil {
			return nil, fault.New(fault.Corrupt, "truth_archive", "%s.tgz cannot be unpacked", known.name)
		}
		truths, err := known.cases(a)
		if err != nil {
			return nil, fault.New(fault.Corrupt, "truth_archive", "%s.tgz does not hold what it should", known.name)
		}
		for _, t := range truths {
			t.Kind = known.name
			data, ok := a[t.File]
			if !ok {
				return nil, fault.New(fault.Corrupt, "truth_archive", "%s.tgz lacks a file that it names", known.name)
			}
			for i := range t.Pages {
				if err := t.Pages[i].check(); err != nil {
					return nil, err
				}
			}
			out = append(out, Case{t, func() (io.ReaderAt, int64, func() error, error) {
				return bytes.NewReader(data), int64(len(data)), func() error { return nil }, nil
			}})
		}
	}
	return out, nil
}

func unpack(r io.Reader) (archive, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	out, total := archive{}, int64(0)
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if total += h.Size; h.Typeflag != tar.TypeReg || total > archiveMax {
			return nil, errors.New("not an archive of plain files")
		}
		data, err := io.ReadAll(t)
		if err != nil {
			return nil, err
		}
		out[h.Name] = data
	}
}

func textOf(data []byte) []Word {
	words := []Word{}
	for _, w := range strings.Fields(string(data)) {
		words = append(words, Word{Text: w})
	}
	return words
}

func id(file string) string { return strings.TrimSuffix(path.Base(file), path.Ext(file)) }

// tesstest pairs pictures with their text; zones are left, top, width and height in pixels.
func tesstest(a archive) (out []*Truth, err error) {
	var pairs []struct{ Image, Text, Zones string }
	if err := json.Unmarshal(a["tesstest/pairs.json"], &pairs); err != nil {
		return nil, err
	}
	for _, p := range pairs {
		t := &Truth{ID: id(p.Image), File: "tesstest/" + p.Image, Pages: []Page{{Page: 1, Words: textOf(a["tesstest/"+p.Text])}}}
		if p.Zones != "" {
			if t.Pages[0].Zones, err = zones(a["tesstest/"+p.Zones], a[t.File]); err != nil {
				return nil, err
			}
		}
		out = append(out, t)
	}
	return out, nil
}

func zones(list, picture []byte) (out []document.Box, err error) {
	c, _, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil || c.Width == 0 || c.Height == 0 {
		return nil, errors.New("no picture")
	}
	for _, line := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		var x, y, w, h float64
		if _, err := fmt.Sscan(line, &x, &y, &w, &h); err != nil {
			return nil, err
		}
		out = append(out, pixels(x, y, x+w, y+h, c))
	}
	return out, nil
}

func pixels(x0, y0, x1, y1 float64, c image.Config) document.Box {
	w, h := float64(c.Width), float64(c.Height)
	return document.Box{X: x0 / w, Y: y0 / h, W: (x1 - x0) / w, H: (y1 - y0) / h}
}

// img2table lists pictures with tables as rows of cells; a merged cell is listed at each of
// its positions.
func img2table(a archive) (out []*Truth, err error) {
	type cell struct {
		X1, Y1, X2, Y2 float64
		Content        string
	}
	var list []struct {
		File, Unit string
		Cells      [][][]cell
	}
	if err := json.Unmarshal(a["img2table/expected.json"], &list); err != nil {
		return nil, err
	}
	for _, e := range list {
		if len(e.Cells) == 0 {
			continue
		}
		t := &Truth{ID: id(e.File), File: "img2table/" + e.File, Pages: []Page{{Page: 1, Tables: []Table{}}}}
		size, _, err := image.DecodeConfig(bytes.NewReader(a[t.File]))
		if err != nil {
			return nil, err
		}
		for _, rows := range e.Cells {
			table, seen := Table{Rows: len(rows)}, map[[4]float64]int{}
			for y, row := range rows {
				table.Columns = max(table.Columns, len(row))
				for x, c := range row {
					at := [4]float64{c.X1, c.Y1, c.X2, c.Y2}
					i, known := seen[at]
					table.Box = table.Box.Union(pixels(c.X1, c.Y1, c.X2, c.Y2, size))
					if !known {
						seen[at] = len(table.Cells)
						table.Cells = append(table.Cells, Cell{y, x, 1, 1, c.Content, document.Box{}})
						continue
					}
					m := &table.Cells[i]
					m.RowSpan, m.ColumnSpan = max(m.RowSpan, y-m.Row+1), max(m.ColumnSpan, x-m.Column+1)
				}
			}
			t.Pages[0].Tables = append(t.Pages[0].Tables, table)
		}
		out = append(out, t)
	}
	return out, nil
}

// tabula lists PDFs with a table as comma-separated values; spans are not known.
func tabula(a archive) (out []*Truth, err error) {
	var list struct {
		Cases []struct {
			PDF, Mode, Password string
			Page                int
			Expected            []string
		}
	}
	if err := json.Unmarshal(a["tabula/cases.json"], &list); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, c := range list.Cases {
		for _, name := range c.Expected {
			if path.Ext(name) != ".csv" || seen[name] {
				continue
			}
			seen[name] = true
			r := csv.NewReader(bytes.NewReader(a["tabula/expected/"+name]))
			r.FieldsPerRecord = -1
			rows, err := r.ReadAll()
			if err != nil {
				return nil, err
			}
			table := Table{Rows: len(rows), Rules: map[string]Rules{"lattice": Ruled, "stream": Borderless}[c.Mode]}
			for y, row := range rows {
				table.Columns = max(table.Columns, len(row))
				for x, text := range row {
					table.Cells = append(table.Cells, Cell{y, x, 1, 1, text, document.Box{}})
				}
			}
			out = append(out, &Truth{ID: id(name), File: "tabula/" + c.PDF, Password: c.Password,
				Pages: []Page{{Page: cmp.Or(c.Page, 1), Tables: []Table{table}, Partial: true}}})
		}
	}
	return out, nil
}

// pdfplumber has the text of one whole page.
func pdfplumber(a archive) ([]*Truth, error) {
	const name = "scotus-transcript-p1"
	return []*Truth{{ID: name, File: "pdfplumber/" + name + ".pdf", Pages: []Page{{Page: 1, Words: textOf(a["pdfplumber/expected/"+name+".txt"])}}}}, nil
}
