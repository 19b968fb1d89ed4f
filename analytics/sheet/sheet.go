package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"chartlake/analytics/view"
	"chartlake/fault"
)

// Writer takes the rows of one table. Close ends the file; without it the file is not whole.
type Writer interface {
	Write(row []any) error
	Close() error
}

// Formats are the names that New knows.
var Formats = []string{"parquet", "csv", "ndjson"}

// New writes a table in a format to out.
func New(format string, columns []view.Column, out io.Writer) (Writer, error) {
	switch format {
	case "csv":
		w, err := newCSV(columns, out)
		return checked{w, columns}, err
	case "ndjson":
		return checked{newLines(columns, out), columns}, nil
	case "parquet":
		return newParquet(columns, out)
	}
	return nil, fault.New(fault.Invalid, "no_such_format", "formats are %s", strings.Join(Formats, ", "))
}

// checked refuses a value that is none of its column's type, so that a format without types has the same
// rows as one with them.
type checked struct {
	Writer
	columns []view.Column
}

func (w checked) Write(row []any) error {
	for i, c := range w.columns {
		list, ok := row[i].([]any)
		if !c.Collection || !ok {
			list = []any{row[i]}
		}
		for _, v := range list {
			if c.Type != "" && !fits(kindOf(c), v) {
				return noValue(c)
			}
		}
	}
	return w.Writer.Write(row)
}

// fits reports whether a value is one of a kind: words are all, a whole number is a decimal, too.
func fits(k kind, v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case bool:
		return k == truth || k == words
	case int64:
		return k != truth
	case view.Number:
		_, err := strconv.ParseFloat(string(x), 64)
		return k == words || k == decimal && err == nil
	case string:
		return k == words
	}
	return false
}

func noValue(c view.Column) error {
	return fault.New(fault.Invalid, "view_value", "column %s: a value is no %s", c.Name, c.Type)
}

// MediaType is what a format is served as.
func MediaType(format string) string {
	switch format {
	case "csv":
		return "text/csv; charset=utf-8"
	case "ndjson":
		return "application/x-ndjson"
	case "parquet":
		return "application/vnd.apache.parquet"
	}
	return "application/octet-stream"
}

type csvWriter struct {
	to  *csv.Writer
	row []string
}

func newCSV(columns []view.Column, out io.Writer) (Writer, error) {
	w := &csvWriter{csv.NewWriter(out), make([]string, len(columns))}
	for i, c := range columns {
		w.row[i] = c.Name
	}
	return w, w.to.Write(w.row)
}

func (w *csvWriter) Write(row []any) error {
	for i, v := range row {
		switch x := v.(type) {
		case nil:
			w.row[i] = ""
		case string:
			w.row[i] = x
		case bool:
			w.row[i] = strconv.FormatBool(x)
		case int64:
			w.row[i] = strconv.FormatInt(x, 10)
		case view.Number:
			w.row[i] = string(x)
		default:
			data, err := json.Marshal(x)
			if err != nil {
				return err
			}
			w.row[i] = string(data)
		}
	}
	return w.to.Write(w.row)
}

func (w *csvWriter) Close() error {
	w.to.Flush()
	return w.to.Error()
}

// lineWriter writes objects with the columns in their order.
type lineWriter struct {
	to    *bufio.Writer
	names [][]byte
	buf   bytes.Buffer
	enc   *json.Encoder
}

func newLines(columns []view.Column, out io.Writer) Writer {
	w := &lineWriter{to: bufio.NewWriterSize(out, 64<<10)}
	for _, c := range columns {
		w.names = append(w.names, []byte(strconv.Quote(c.Name)+":")) // names are letters, digits, underscores
	}
	w.enc = json.NewEncoder(&w.buf)
	w.enc.SetEscapeHTML(false)
	return w
}

func (w *lineWriter) Write(row []any) error {
	w.buf.Reset()
	w.buf.WriteByte('{')
	for i, v := range row {
		if i > 0 {
			w.buf.WriteByte(',')
		}
		w.buf.Write(w.names[i])
		if err := w.enc.Encode(v); err != nil {
			return err
		}
		w.buf.Truncate(w.buf.Len() - 1) // the encoder's line end
	}
	w.buf.WriteString("}\n")
	_, err := w.to.Write(w.buf.Bytes())
	return err
}

func (w *lineWriter) Close() error { return w.to.Flush() }

// kind is the physical type of a column.
type kind uint8

const (
	words kind = iota
	truth
	whole
	decimal
)

func kindOf(c view.Column) kind {
	switch {
	case c.Type == "boolean":
		return truth
	case c.Type == "decimal":
		return decimal
	case slices.Contains([]string{"integer", "integer64", "positiveInt", "unsignedInt"}, c.Type):
		return whole
	}
	return words
}
