package sqlite

import (
	_ "embed"
	"strconv"

	"chartlake/fault"
	"chartlake/store/db"
)

//go:embed schema.sql
var schema string

// steps bring an older schema up to date: steps[i] makes version i+2 of version i+1. The
// schema as it is now is schema.sql; a test proves that old + steps = new.
var steps = []string{
	`CREATE TABLE reindex (job INTEGER PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL, state INTEGER NOT NULL, last INTEGER NOT NULL,
                      top INTEGER NOT NULL, done INTEGER NOT NULL, at INTEGER NOT NULL)`,
	`ALTER TABLE audit DROP COLUMN previous;
	CREATE INDEX audit_at ON audit (at);
	CREATE INDEX audit_actor ON audit (actor);
	CREATE TABLE audit_about (h INTEGER, seq INTEGER, PRIMARY KEY (h, seq)) WITHOUT ROWID;
	CREATE TABLE audit_journal (id TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID`,
	`CREATE TABLE sealing (kind INTEGER, subject TEXT, key_id INTEGER NOT NULL, PRIMARY KEY (kind, subject)) WITHOUT ROWID;
	CREATE TABLE document_patient (patient INTEGER, document TEXT, PRIMARY KEY (patient, document)) WITHOUT ROWID;
	CREATE INDEX document_patient_document ON document_patient (document);
	CREATE TABLE erasure (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, target TEXT NOT NULL, state INTEGER NOT NULL, key_ids TEXT NOT NULL, documents TEXT NOT NULL)`,
	`CREATE TABLE task (id TEXT PRIMARY KEY, kind TEXT NOT NULL, owner TEXT NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL, at INTEGER NOT NULL,
                   ends INTEGER NOT NULL, key_id INTEGER NOT NULL, request BLOB NOT NULL, progress BLOB NOT NULL)`,
	`CREATE TABLE touched (seq INTEGER PRIMARY KEY, what TEXT NOT NULL UNIQUE)`,
	`CREATE INDEX document_code ON document (state, code, received, id);
	CREATE TABLE document_kind (document TEXT, type TEXT, state TEXT NOT NULL, received INTEGER NOT NULL, PRIMARY KEY (document, type)) WITHOUT ROWID;
	CREATE INDEX document_kind_list ON document_kind (type, state, received, document);
	INSERT INTO document_kind SELECT id, stated_type, state, received FROM document WHERE stated_type<>'';
	INSERT OR IGNORE INTO document_kind SELECT d.id, json_extract(s.value, '$.type'), d.state, d.received FROM document AS d, json_each(d.segments) AS s
	  WHERE s.type='object'`,
	// Contained resources are indexed from now on: the resources that are there are read again.
	`INSERT INTO reindex SELECT -1000000000000000, '', '{}', 0, 0, max(rid), 0, CAST(strftime('%s','now') AS INTEGER)*1000 FROM resource HAVING count(*)>0`,
	// Binary and Provenance of filings were sealed under the common key: Reseal looks at them again.
	`DELETE FROM sealing WHERE kind=0`,
}

// migrate makes a new database or brings an older one up to date, in one transaction.
func migrate(c *conn) error {
	newest := int64(len(steps) + 1)
	have, _, err := db.One(c, `PRAGMA user_version`)
	if err != nil || have == newest {
		return err
	}
	if have > newest {
		return fault.New(fault.Unsupported, "store_newer", "the database has schema %d, this program knows %d: a newer Chartlake wrote it", have, newest)
	}
	if err := c.db.Exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	defer c.db.Exec(`ROLLBACK`)
	// Another process may have done it while this one waited for the lock.
	if have, _, err = db.One(c, `PRAGMA user_version`); err != nil || have == newest {
		return err
	}
	if have == 0 {
		if err := c.db.Exec(schema); err != nil {
			return err
		}
	} else {
		for _, step := range steps[have-1:] {
			if err := c.db.Exec(step); err != nil {
				return err
			}
		}
	}
	if err := c.db.Exec(`PRAGMA user_version=` + strconv.FormatInt(newest, 10)); err != nil {
		return err
	}
	return c.db.Exec(`COMMIT`)
}
