package sheet

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"chartlake/analytics/view"
	"chartlake/fault"
)

// Part is a Parquet file that New wrote for the same columns.
type Part struct {
	From io.ReaderAt
	Size int64
	// Drop says which rows are left out, by the text in their first column; nil: none.
	Drop func(first string) bool
}

// Merge writes the rows of some parts as one Parquet file, in their order, and gives how many it has.
func Merge(columns []view.Column, parts []Part, out io.Writer) (count int64, err error) {
	made, err := newParquet(columns, out)
	if err != nil {
		return 0, err
	}
	w := made.(*parquetWriter)
	for _, p := range parts {
		if err := p.each(func(rows []parquet.Row) error {
			kept := rows[:0]
			for _, r := range rows {
				if p.Drop == nil || !p.Drop(first(r)) {
					kept = append(kept, r)
				}
			}
			if count%rowsOfGroup+int64(len(kept)) > rowsOfGroup {
				if err := w.to.Flush(); err != nil {
					return err
				}
			}
			count += int64(len(kept))
			_, err := w.to.WriteRows(kept)
			return err
		}); err != nil {
			return 0, err
		}
	}
	return count, w.to.Close()
}

// Firsts visits the text in the first column of every row.
func (p Part) Firsts(visit func(first string)) (err error) {
	defer survive(&err)
	f, err := p.open()
	if err != nil {
		return err
	}
	for _, group := range f.RowGroups() {
		pages := group.ColumnChunks()[0].Pages()
		err := eachValue(pages, visit)
		pages.Close()
		if err != nil {
			return damaged(err)
		}
	}
	return nil
}

func eachValue(pages parquet.Pages, visit func(string)) error {
	var values [rowsAtOnce]parquet.Value
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		in := page.Values()
		for err == nil {
			var n int
			n, err = in.ReadValues(values[:])
			for _, v := range values[:n] {
				visit(string(v.ByteArray()))
			}
		}
		parquet.Release(page)
		if !errors.Is(err, io.EOF) {
			return err
		}
	}
}

func (p Part) open() (*parquet.File, error) {
	f, err := parquet.OpenFile(p.From, p.Size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, damaged(err)
	}
	return f, nil
}

// each visits the rows, some at a time; they are not to be kept.
func (p Part) each(visit func(rows []parquet.Row) error) (err error) {
	defer survive(&err)
	f, err := p.open()
	if err != nil {
		return err
	}
	buffer := make([]parquet.Row, rowsAtOnce)
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		for err = nil; err == nil; {
			var n int
			n, err = rows.ReadRows(buffer)
			if err != nil && !errors.Is(err, io.EOF) {
				err = damaged(err)
				break
			}
			if failed := visit(buffer[:n]); failed != nil {
				err = failed
			}
		}
		rows.Close()
		if !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}

func first(r parquet.Row) string { return string(r[0].ByteArray()) }

// survive makes an error of the panic with which the library meets some damage.
func survive(err *error) {
	if p := recover(); p != nil {
		*err = damaged(fmt.Errorf("%v", p))
	}
}

func damaged(err error) error {
	return fault.New(fault.Corrupt, "table_damaged", "a Parquet file of a table cannot be read: %w", err)
}
