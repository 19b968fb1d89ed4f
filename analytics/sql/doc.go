// Package sql answers questions in SQL over flat tables. The tables that a question names are
// filled from one snapshot into a database in memory, which the question alone uses: nothing lies
// on disk, and what the asker may not see is not there to be found. The engine is SQLite, or DuckDB
// in a program built with the tag duckdb.
//
// A question is one statement that reads. It has bounds: rows and bytes of the answer, memory,
// time; beyond them it ends with an error, never with a part of the answer.
package sql
