// Package db is what a driver of the store brings: one connection of a relational database
// with rows to read. Above it stand pieces of SQL with their arguments and the small numbers
// that names have in a database.
//
// The SQL that is shared between drivers has ? for arguments and few words that not every
// database knows as they are; Words lists them, and a driver puts its own in their place.
package db

import (
	"chartlake/search"
)

// Conn is one connection within one transaction or snapshot. One goroutine uses it at a time.
// Its errors are faults.
type Conn interface {
	// Exec runs a statement that gives no rows. A driver may put it off until the next Query
	// or the end of the transaction; its error comes then.
	Exec(sql string, args ...any) error
	// Query calls row for each row until it returns false. row must not use the connection.
	// args are int64, int, float64, string, []byte and nil.
	Query(sql string, args []any, row func(Row) bool) error
	// Merge runs queries that each give three whole numbers in ascending order (descending
	// with desc), and calls row for the first limit of all in that order.
	Merge(queries []Frag, desc bool, limit int, row func(a, b, c int64)) error
	// ID is how a resource id stands as an argument; Row.ID reads it back.
	ID(id string) any
	// Table is where the values of parameters of a kind stand: base is forward or composite.
	Table(base string, kind search.Kind) string
	// SealsPages says that all that is written is sealed by the driver itself. Where it is not,
	// private values (search.Param.Private) stand in the index as hashes, and sealed one by one.
	SealsPages() bool
	// List is a sub-query that gives these numbers, of any count, as rid.
	List(rids []int64) Frag
}

// Row is one row of a result; columns count from 0.
type Row interface {
	Int(i int) int64
	Float(i int) float64
	Text(i int) string
	Bytes(i int) []byte // a copy; nil for NULL
	Null(i int) bool
	Value(i int) any // int64, float64, string, []byte or nil
	ID(i int) string // of a resource
}

// Words of the shared SQL that a driver may have to replace:
//
//	CROSS JOIN … ON   a join in the order that is written
//	INDEXED BY name   by this index
//	instr(a, b)       the place of text b in text a, from 1; 0: not there
//	x IS ?            equality that holds for NULL, too
//
// and two marks that tell a planner with a will of its own what is meant:
const (
	// Seek ends the sub-query of an EXISTS that is to be answered by a seek per row.
	Seek = ` /*seek*/`
	// Once follows an IN with a sub-query that is to be made once.
	Once = ` /*once*/`
)

// One gives the first column of the first row as an integer; ok false when there is no row or
// it is NULL.
func One(c Conn, sql string, args ...any) (v int64, ok bool, err error) {
	err = c.Query(sql, args, func(r Row) bool {
		if ok = !r.Null(0); ok {
			v = r.Int(0)
		}
		return false
	})
	return v, ok, err
}

// Texts collects the first column of a query as text.
func Texts(c Conn, sql string, args ...any) (list []string, err error) {
	err = c.Query(sql, args, func(r Row) bool {
		list = append(list, r.Text(0))
		return true
	})
	return list, err
}
