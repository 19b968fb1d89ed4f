// Package roster reads lists of people that other systems keep, as CSV, and writes them as FHIR R4
// resources, one a line: patients, so that there are patients to match documents with, and the
// providers of an NPPES file (the monthly or weekly "npidata_pfile" of the CMS Data Dissemination),
// told apart by their columns.
//
// It refuses a file with a column that it does not know, since that is a file that somebody meant
// otherwise, and a row without what makes its id: then the same row would become another patient
// with every import. Errors name rows and columns by number, never their texts.
package roster

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
)

const (
	rowMax    = 1 << 20 // bytes of a row; an NPPES row has about 3 KB
	columnMax = 1000    // columns; an NPPES file has 330
	utf8Mark  = "\ufeff"
)

// Convert writes a resource a line for each row of a CSV file (comma, semicolon or tab) that becomes
// one. A row that does not is told with its line and a fault, and the others go on; the error is
// that of the file as a whole, or of w.
func Convert(r io.Reader, w io.Writer, refused func(line int, err error)) error {
	in := &bounded{r: r, left: rowMax}
	rows := csv.NewReader(in)
	rows.ReuseRecord, rows.FieldsPerRecord, rows.LazyQuotes = true, -1, true
	first, err := firstLine(in)
	if err != nil {
		return err
	}
	rows.Comma = separator(first)
	head, err := rows.Read()
	if err != nil {
		return damaged(err)
	}
	if len(head) > columnMax {
		return fault.New(fault.TooLarge, "roster_columns", "a roster has at most %d columns", columnMax)
	}
	resource, err := maker(append([]string(nil), head...))
	if err != nil {
		return err
	}
	width := len(head)
	for {
		in.left = rowMax
		row, err := rows.Read()
		if err == io.EOF {
			return nil
		}
		line, _ := rows.FieldPos(0)
		var parse *csv.ParseError
		switch {
		case errors.As(err, &parse) && !errors.Is(err, errRow):
			refused(parse.Line, fault.New(fault.Invalid, "roster_row", "the row is no CSV"))
			continue
		case err != nil:
			return damaged(err)
		case len(row) != width:
			refused(line, fault.New(fault.Invalid, "roster_width", "the row has %d cells, the head %d", len(row), width))
			continue
		}
		made, err := resource(row)
		if err != nil {
			refused(line, err)
			continue
		}
		if made == nil {
			continue // an empty row
		}
		if _, err := w.Write(append(made.AppendJSON(nil), '\n')); err != nil {
			return err
		}
	}
}

// row makes a resource of a row's cells; nil of an empty one.
type row func(cells []string) (*fhir.Node, error)

// maker chooses by the head what the rows are.
func maker(head []string) (row, error) {
	at := map[string]int{}
	for i, name := range head {
		name = folded(strings.TrimPrefix(name, utf8Mark))
		if _, again := at[name]; again && name != "" {
			return nil, fault.New(fault.Invalid, "roster_column", "column %d has the name of another", i+1)
		}
		at[name] = i
	}
	if _, ok := at[folded(npi)]; ok {
		if _, ok := at[folded(entity)]; ok {
			return providers(at), nil
		}
	}
	return patients(head)
}

// folded is a column's name without case, blanks and punctuation.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, name)
}

// separator is what stands most often between the names of the head.
func separator(head string) rune {
	best, most := ',', strings.Count(head, ",")
	for _, c := range ";\t" {
		if n := strings.Count(head, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

var errRow = errors.New("a row is too long")

func damaged(err error) error {
	if errors.Is(err, errRow) {
		return fault.New(fault.TooLarge, "roster_row", "a row of a roster has at most %d bytes", rowMax)
	}
	if err == io.EOF {
		return fault.New(fault.Invalid, "roster_empty", "the roster has no head")
	}
	if f := fault.As(err); f != nil {
		return f
	}
	return fault.New(fault.Invalid, "roster_damaged", "the roster cannot be read as CSV")
}

// bounded gives an error once more is read than one row may have: a quote that is never closed
// would take the rest of the file for one cell. begin is what was looked at and not read yet.
type bounded struct {
	r     io.Reader
	left  int
	begin []byte
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errRow
	}
	if len(b.begin) > 0 {
		n := copy(p, b.begin)
		b.begin = b.begin[n:]
		return n, nil
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}

// firstLine looks at the head without taking it away.
func firstLine(b *bounded) (string, error) {
	buffer := make([]byte, 64<<10)
	n, err := io.ReadFull(b.r, buffer)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return "", err
	}
	b.begin = buffer[:n]
	line, _, _ := strings.Cut(string(b.begin), "\n")
	return line, nil
}
