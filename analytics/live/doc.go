// Package live keeps the tables of package analytics as Parquet files in step with a store: it
// follows the store's change numbers, writes the rows of what was changed as new files, takes the
// rows that they replace out of older ones, and says in one file, tables.json, which files are the
// tables after which change. A reader who goes by it sees one moment of the store.
//
// The files are in clear: whoever can read the folder can read the tables. What is erased in the
// store is gone from them with the next round.
package live
