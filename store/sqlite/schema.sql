-- The schema of Chartlake's store in SQLite, as it is now. steps.go has the way from older ones.
-- Layout and reasons: ../DESIGN.md. Times are milliseconds since 1970 UTC.

CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter VALUES ('rid', 0), ('seq', 0), ('time', 0), ('audit', 0);

-- Small numbers for what repeats in index rows. Never changed, never reused.
CREATE TABLE type   (t INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
-- multi: some resource has had several values, so a value need not be the one that sorts it.
CREATE TABLE param  (p INTEGER PRIMARY KEY, type TEXT NOT NULL, code TEXT NOT NULL, multi INTEGER NOT NULL DEFAULT 0, UNIQUE (type, code));
CREATE TABLE system (s INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE);
CREATE TABLE unit   (u INTEGER PRIMARY KEY, system TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL,
                     UNIQUE (system, code, text));

-- Current state. version 0: only referred to so far, never written.
CREATE TABLE resource (
  rid INTEGER PRIMARY KEY, type INTEGER NOT NULL, id NOT NULL, version INTEGER NOT NULL,
  seq INTEGER NOT NULL, deleted INTEGER NOT NULL, updated INTEGER NOT NULL);
CREATE UNIQUE INDEX resource_id ON resource (type, id);
CREATE INDEX resource_updated ON resource (type, updated) WHERE version > 0 AND deleted = 0;
CREATE INDEX resource_type ON resource (type) WHERE version > 0 AND deleted = 0;

-- Every version. seq is the store-wide change number. dict and key_id say how body is packed
-- and sealed; body is NULL for a deletion.
CREATE TABLE version (
  seq INTEGER PRIMARY KEY, rid INTEGER NOT NULL, version INTEGER NOT NULL, type INTEGER NOT NULL, op INTEGER NOT NULL,
  time INTEGER NOT NULL, dict INTEGER NOT NULL, key_id INTEGER NOT NULL, body BLOB);
CREATE UNIQUE INDEX version_rid ON version (rid, version);
CREATE INDEX version_type ON version (type, seq);
CREATE TABLE dictionary (dict INTEGER PRIMARY KEY, body BLOB NOT NULL);

-- Search index: current versions only, one table per search type, the key is the row.
CREATE TABLE token (p INTEGER, c INTEGER, s INTEGER, rid INTEGER, PRIMARY KEY (p, c, s, rid)) WITHOUT ROWID;
CREATE TABLE reference (p INTEGER, target INTEGER, rid INTEGER, PRIMARY KEY (p, target, rid)) WITHOUT ROWID;
CREATE TABLE date (p INTEGER, class INTEGER, lo INTEGER, len INTEGER, rid INTEGER, PRIMARY KEY (p, class, lo, len, rid)) WITHOUT ROWID;
CREATE TABLE number (p INTEGER, class INTEGER, lo REAL, hi REAL, rid INTEGER, PRIMARY KEY (p, class, lo, hi, rid)) WITHOUT ROWID;
CREATE TABLE quantity (p INTEGER, u INTEGER, class INTEGER, lo REAL, hi REAL, rid INTEGER, PRIMARY KEY (p, u, class, lo, hi, rid)) WITHOUT ROWID;
CREATE TABLE string (p INTEGER, v TEXT, h INTEGER, rid INTEGER, PRIMARY KEY (p, v, h, rid)) WITHOUT ROWID;
CREATE TABLE string_long (p INTEGER, rid INTEGER, v TEXT, PRIMARY KEY (p, rid, v)) WITHOUT ROWID;
CREATE TABLE uri (p INTEGER, v TEXT, rid INTEGER, PRIMARY KEY (p, v, rid)) WITHOUT ROWID;
CREATE TABLE composite (p INTEGER, a INTEGER, b INTEGER, k INTEGER, class INTEGER, lo, hi, rid INTEGER, rest BLOB,
                        PRIMARY KEY (p, a, b, k, class, lo, hi, rid, rest)) WITHOUT ROWID;
CREATE TABLE compartment (patient INTEGER, type INTEGER, rid INTEGER, PRIMARY KEY (patient, type, rid)) WITHOUT ROWID;
-- Values by resource: the second filter of a query and sorting.
CREATE TABLE forward (rid INTEGER, p INTEGER, lo, hi, PRIMARY KEY (rid, p, lo, hi)) WITHOUT ROWID;

-- Resources that are read again to index them: under a SearchParameter (job is the change number
-- of its version, body the definition), or anew (job is below zero, body says which types). top
-- is the largest resource that was there when the job began, last how far it has come, done how
-- many it has read.
CREATE TABLE reindex (job INTEGER PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL, state INTEGER NOT NULL, last INTEGER NOT NULL,
                      top INTEGER NOT NULL, done INTEGER NOT NULL, at INTEGER NOT NULL);

-- Documents.
CREATE TABLE document (
  id TEXT PRIMARY KEY, state TEXT NOT NULL, code TEXT NOT NULL, question TEXT NOT NULL, media_type TEXT NOT NULL,
  pages INTEGER NOT NULL, bytes INTEGER NOT NULL, received INTEGER NOT NULL, settled INTEGER,
  stated_type TEXT NOT NULL, stated_patient TEXT NOT NULL, segments TEXT NOT NULL, resources TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX document_received ON document (received, id);
CREATE INDEX document_state ON document (state, received, id);
CREATE INDEX document_code ON document (state, code, received, id);
CREATE TABLE arrival (n INTEGER PRIMARY KEY, document TEXT NOT NULL, at INTEGER NOT NULL, source TEXT NOT NULL, name TEXT NOT NULL, actor TEXT NOT NULL);
CREATE INDEX arrival_document ON arrival (document);
CREATE TABLE history (n INTEGER PRIMARY KEY, document TEXT NOT NULL, at INTEGER NOT NULL, "from" TEXT NOT NULL, "to" TEXT NOT NULL,
                      code TEXT NOT NULL, actor TEXT NOT NULL);
CREATE INDEX history_document ON history (document);
CREATE TABLE record (document TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
                     dict INTEGER NOT NULL, key_id INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (document, version));
CREATE TABLE stage (input TEXT NOT NULL, stage TEXT NOT NULL, version TEXT NOT NULL, part TEXT NOT NULL, dict INTEGER NOT NULL,
                    key_id INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (input, stage, version, part));
CREATE TABLE idempotency (actor TEXT, key TEXT, document TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (actor, key)) WITHOUT ROWID;

-- The audit trail: one row per access. hash is the link to the row before, key_id the key it was
-- made with; steps as package audit packs them. Rows from before there was a chain have steps
-- packed with dict, and no link until the store is opened.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, request TEXT NOT NULL, outcome TEXT NOT NULL, code TEXT NOT NULL,
  dict INTEGER NOT NULL, steps BLOB NOT NULL, hash BLOB, key_id INTEGER NOT NULL);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_actor ON audit (actor);
-- Which rows are about a patient or a document (keyed hash), and up to which entry the trail has
-- the journals of the processes.
CREATE TABLE audit_about (h INTEGER, seq INTEGER, PRIMARY KEY (h, seq)) WITHOUT ROWID;
CREATE TABLE audit_journal (id TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;

-- Which data key seals what (../relational/sealed.go). Kind 0 has one row: nothing is left that
-- an older version wrote in clear.
CREATE TABLE sealing (kind INTEGER, subject TEXT, key_id INTEGER NOT NULL, PRIMARY KEY (kind, subject)) WITHOUT ROWID;
INSERT INTO sealing VALUES (0, '', 0);
-- Under which kinds a document is listed.
CREATE TABLE document_kind (document TEXT, type TEXT, state TEXT NOT NULL, received INTEGER NOT NULL, PRIMARY KEY (document, type)) WITHOUT ROWID;
CREATE INDEX document_kind_list ON document_kind (type, state, received, document);
-- Whose a document's segments are.
CREATE TABLE document_patient (patient INTEGER, document TEXT, PRIMARY KEY (patient, document)) WITHOUT ROWID;
CREATE INDEX document_patient_document ON document_patient (document);
-- What was erased: the tombstones, and what is still to do after the rows are gone (state 0; 1: done).
CREATE TABLE erasure (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, target TEXT NOT NULL, state INTEGER NOT NULL, key_ids TEXT NOT NULL, documents TEXT NOT NULL);

-- What was changed beside versions, by the newest change of each: "document/ID" (an erased one, too) and "Type/ID" of
-- what was erased.
CREATE TABLE touched (seq INTEGER PRIMARY KEY, what TEXT NOT NULL UNIQUE);

-- Long work that somebody asked for and comes back for; request and progress are sealed.
CREATE TABLE task (id TEXT PRIMARY KEY, kind TEXT NOT NULL, owner TEXT NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL, at INTEGER NOT NULL,
                   ends INTEGER NOT NULL, key_id INTEGER NOT NULL, request BLOB NOT NULL, progress BLOB NOT NULL);
