package relational

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
)

// What is sealed under which data key (docs/design/sealing.md): bodies of a resource under the key
// of its one patient; of one in the compartments of several under a key of its own; what a
// document brought (name, record, stage outputs) under the document's; all else under
// envelope.Common. Key 0 is not sealed: an older store, or a bench.

// Kinds of subject in the table sealing.
const (
	allSealed        int64 = iota // one row: nothing is left that an older store wrote in clear
	ofPatient                     // subject: rid
	ofDocument                    // subject: the document's id
	ofOneOfMany                   // subject: rid of a resource in several compartments
	ofErasedDocument              // subject: the id of a document that was erased; no key
)

// subject names a data key's owner.
type subject struct {
	kind int64
	id   string
}

// keyOf gives the data key of a subject, making one where it has none; durable before anything
// that is sealed with it is committed.
func (w *Writer) keyOf(s subject) (int64, error) {
	if w.s.Keys.Unsealed {
		return 0, nil
	}
	if id := w.keys[s]; id != 0 {
		return id, nil
	}
	id, found, err := keyIn(w.c, s)
	if err != nil {
		return 0, err
	}
	if !found {
		if id, err = w.s.Keys.Vault.New(); err != nil {
			return 0, err
		}
		if err := w.c.Exec(`INSERT INTO sealing VALUES (?,?,?)`, s.kind, s.id, id); err != nil {
			return 0, err
		}
	}
	w.keys[s] = id
	return id, nil
}

// keyIn looks a subject's data key up.
func keyIn(c db.Conn, s subject) (int64, bool, error) {
	return db.One(c, `SELECT key_id FROM sealing WHERE kind=? AND subject=?`, s.kind, s.id)
}

// keyFor gives the data key of a resource's next version.
func (t *turn) keyFor(next *row, rd *ready) (int64, error) {
	if t.s.Keys.Unsealed {
		return 0, nil
	}
	patients, err := t.s.patientsOf(t.ridOf, next, rd.values)
	if err != nil {
		return 0, err
	}
	key, err := t.keyOfPatients(next.rid, patients)
	if key != 0 || err != nil {
		return key, err
	}
	switch next.key.Type {
	case "Provenance":
		key, err = t.keyOfTarget(rd.values)
	case "Binary":
		key, err = t.keyOfBinary(next.key, rd.resource)
	}
	if key != 0 || err != nil {
		return key, err
	}
	if next.version == 1 {
		return envelope.Common, nil
	}
	// What nobody claims now stays whose it was.
	key, _, err = db.One(t.c, `SELECT v.key_id FROM resource r CROSS JOIN version v ON v.seq=r.seq WHERE r.rid=?`, next.rid)
	if key == 0 {
		key = envelope.Common
	}
	return key, err
}

// keyOfPatients is the key of a resource in these compartments; 0: in none.
func (w *Writer) keyOfPatients(rid int64, patients []int64) (int64, error) {
	switch len(patients) {
	case 0:
		return 0, nil
	case 1:
		return w.keyOf(subject{ofPatient, itoa(patients[0])})
	}
	return w.keyOf(subject{ofOneOfMany, itoa(rid)})
}

// keyOfTarget: a Provenance quotes what it is about, so it is sealed like that. 0: nothing here.
func (t *turn) keyOfTarget(values []search.IndexValue) (int64, error) {
	for i := range values {
		v := &values[i]
		if v.Param.Code != "target" || v.Ref.Type == "" || v.Ref.URL != "" {
			continue
		}
		typ, err := t.add.Type(v.Ref.Type)
		if err != nil {
			return 0, err
		}
		key, ok, err := db.One(t.c, `SELECT v.key_id FROM resource r CROSS JOIN version v ON v.seq=r.seq WHERE r.type=? AND r.id=?`, typ, t.c.ID(v.Ref.ID))
		if err != nil || ok && key != 0 {
			return key, err
		}
	}
	return 0, nil
}

// keyOfBinary: bytes belong to whom a resource of the same transaction attaches them to, or to
// the patient of their securityContext.
func (t *turn) keyOfBinary(key store.Key, res *fhir.Node) (int64, error) {
	if id := t.claims[key.ID]; id != 0 {
		return id, nil
	}
	typ, id, ok := strings.Cut(res.Str("securityContext", "reference"), "/")
	if !ok || typ != "Patient" || strings.Contains(id, "/") {
		return 0, nil
	}
	rid, err := t.ridOf(typ, id)
	if err != nil {
		return 0, err
	}
	return t.keyOf(subject{ofPatient, itoa(rid)})
}

// claim notes which Binary resources a resource attaches, for transactions that write some.
func (t *turn) claim(res *fhir.Node, key int64) {
	if t.claims == nil || key == envelope.Common || key == 0 {
		return
	}
	for _, id := range attached(res) {
		t.claims[id] = key
	}
}

// reclaimed reports whether a Binary is now attached by a resource of another patient than the
// one it is sealed for: it needs a new version then, though its content is the same.
func (t *turn) reclaimed(key store.Key, cur *row) (bool, error) {
	id := t.claims[key.ID]
	if key.Type != "Binary" || id == 0 {
		return false, nil
	}
	has, _, err := db.One(t.c, `SELECT key_id FROM version WHERE seq=?`, cur.seq)
	return has != id, err
}

// attached lists the ids of the Binary resources that a resource's attachments name.
func attached(res *fhir.Node) (ids []string) {
	res.Walk(func(n *fhir.Node) bool {
		if n.Kind() == fhir.Object {
			if id, ok := strings.CutPrefix(n.Str("url"), "Binary/"); ok && !strings.Contains(id, "/") {
				ids = append(ids, id)
			}
		}
		return true
	})
	return ids
}

// rank orders the writes of a transaction: a Provenance or Binary after what it belongs to, a
// receipt of results and how far a task is at the end. It is 0 for all else.
func rank(c store.Command) int {
	if p, ok := c.(store.PutStage); ok && p.Make != nil {
		return 2
	}
	if _, ok := c.(store.ChangeTask); ok {
		return 3
	}
	if typ := writtenType(c); typ == "Provenance" || typ == "Binary" {
		return 1
	}
	return 0
}

// About what a ciphertext is. A body is bound to its rid and version; it has its type and id in
// itself, which decode compares.
func aboutVersion(rid, version int64) []byte {
	return binary.AppendVarint(binary.AppendVarint(append(make([]byte, 0, 24), "v\x00"...), rid), version)
}

func aboutRecord(document string, version int64) []byte {
	return binary.AppendVarint([]byte("r\x00"+document+"\x00"), version)
}

func aboutStage(k store.StageKey) []byte {
	return []byte("s\x00" + strings.Join([]string{k.Input, k.Stage, k.Version, k.Part}, "\x00"))
}

func aboutText(document, column string) []byte { return []byte("t\x00" + document + "\x00" + column) }

// sealBody seals a packed body.
func (s *Store) sealBody(key int64, packed, about []byte) ([]byte, error) {
	if key == 0 || packed == nil {
		return packed, nil
	}
	return s.Keys.Vault.Seal(make([]byte, 0, len(packed)+envelope.Overhead), key, packed, about)
}

// openBody opens and unpacks a body. What was sealed under a key that was destroyed is Gone with
// code erased.
func (s *Store) openBody(c db.Conn, key, dict int64, body, about []byte) ([]byte, error) {
	packed, err := s.unseal(key, body, about)
	if err != nil {
		return nil, err
	}
	return s.Pack.Unpack(c, dict, packed)
}

// unseal opens a body and leaves it packed.
func (s *Store) unseal(key int64, body, about []byte) ([]byte, error) {
	if key == 0 {
		return body, nil
	}
	packed, err := s.Keys.Vault.Open(body[:0:0], key, body, about)
	if err != nil {
		return nil, s.unopened(err)
	}
	return packed, nil
}

func (s *Store) unopened(err error) error {
	switch f := fault.As(err); {
	case f == nil:
		return err
	case f.Code == "key_destroyed":
		return erased()
	case f.Code == "sealed_damaged":
		return fault.New(fault.Corrupt, "body_damaged", "a stored body does not open: it is damaged, or was put in another's place")
	}
	return err
}

func erased() error {
	return fault.New(fault.Gone, "erased", "this was erased for good")
}

// sealedMark begins a text column that is sealed; no text of a sender begins so (intake and
// people write no control characters), and one that does is sealed like every other.
const sealedMark = "\x01"

// sealText seals a short text of a document's row. Nothing stays nothing.
func (w *Writer) sealText(document, column, text string) (string, error) {
	key, err := w.keyOf(subject{ofDocument, document})
	if err != nil || key == 0 || text == "" {
		return text, err
	}
	b, err := w.s.Keys.Vault.Seal(binary.AppendUvarint(nil, uint64(key)), key, []byte(text), aboutText(document, column))
	if err != nil {
		return "", err
	}
	return sealedMark + base64.RawStdEncoding.EncodeToString(b), nil
}

// openText opens what sealText gave; a text of an older store is given as it is.
func (s *Store) openText(document, column, text string) (string, error) {
	code, sealed := strings.CutPrefix(text, sealedMark)
	if !sealed {
		return text, nil
	}
	b, err := base64.RawStdEncoding.DecodeString(code)
	if err == nil {
		key, n := binary.Uvarint(b)
		if n > 0 {
			if b, err = s.Keys.Vault.Open(nil, int64(key), b[n:], aboutText(document, column)); err == nil {
				return string(b), nil
			}
			return "", s.unopened(err)
		}
	}
	return "", fault.New(fault.Corrupt, "document_damaged", "a sealed text of a document row is not readable")
}
