package relational

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/ident"
)

// chainKey is the number of the key of the chain, of which there is one so far.
const chainKey = 1

// What the trail hashes, each for itself: seal.Keys.Hash.
const (
	domainAbout = 'P' // a patient or document that a row is about
	domainAsked = 'Q' // names and values of a query
	domainNoID  = 'N' // an id that names nothing here
)

// rowOf gives an event as a row that has no place in the chain yet, and what it is about.
func (s *Store) rowOf(e *audit.Event) (audit.Row, []int64) {
	row := audit.Row{At: e.At.UnixMilli(), Actor: e.Actor, Request: e.RequestID, Outcome: string(e.Outcome), Code: e.Code,
		Steps: audit.Pack(e), Key: chainKey}
	return row, s.aboutOf(e)
}

// aboutOf hashes the patients and documents of an event, each once, in order.
func (s *Store) aboutOf(e *audit.Event) (about []int64) {
	for _, id := range e.Patients {
		about = append(about, s.aboutHash("Patient", id))
	}
	for _, id := range e.Documents() {
		about = append(about, s.aboutHash("document", id))
	}
	slices.Sort(about)
	return slices.Compact(about)
}

func (s *Store) aboutHash(kind, id string) int64 { return s.Keys.Hash(domainAbout, kind, id) }

// unnamed is what stands in the trail for an id that names nothing here: a client may have
// written anything into it. A UUID and a SHA-256 say nothing of anybody and stay.
func (s *Store) unnamed(id string) string {
	if _, ok := ident.UUID(id); ok || id == "" || len(id) == 64 && strings.Trim(id, hexDigits) == "" {
		return id
	}
	h := uint64(s.Keys.Hash(domainNoID, id))
	b := []byte("~0000000000000000")
	for i := 16; i > 0; i-- {
		b[i] = hexDigits[h&15]
		h >>= 4
	}
	return string(b)
}

const hexDigits = "0123456789abcdef"

// addRow gives a row its place behind the newest and writes it.
func (w *Writer) addRow(row *audit.Row, about []int64) error {
	w.n.Audit++
	row.Seq = w.n.Audit
	row.Hash = w.chain.Link(w.head.hash, row)
	w.head = link{row.Seq, row.Hash}
	err := w.c.Exec(`INSERT INTO audit VALUES (?,?,?,?,?,?,?,?,?,?)`, row.Seq, row.At, row.Actor, row.Request, row.Outcome, row.Code,
		row.Dict, row.Steps, row.Hash, row.Key)
	for _, h := range about {
		if err == nil {
			err = w.c.Exec(`INSERT INTO audit_about VALUES (?,?)`, h, row.Seq)
		}
	}
	return err
}

// findHead reads the newest link, unless it is known from this process's own last commit.
func (w *Writer) findHead() error {
	if w.head.seq == w.n.Audit {
		return nil
	}
	w.head = link{seq: w.n.Audit}
	return w.c.Query(`SELECT hash FROM audit WHERE seq=?`, []any{w.n.Audit}, func(r db.Row) bool {
		w.head.hash = r.Bytes(0)
		return false
	})
}

// audit writes the row of a transaction of the store's own.
func (w *Writer) audit(actor store.Actor, steps []audit.Step) error {
	return w.auditEvent(&audit.Event{At: w.now, Actor: actor.ID, RequestID: actor.RequestID, Outcome: audit.Success, Steps: steps})
}

// auditEvent writes the row of something that was done in this transaction.
func (w *Writer) auditEvent(e *audit.Event) error {
	if len(e.Steps) == 0 || w.s.trail.keeping.Off {
		return nil
	}
	row, about := w.s.rowOf(e)
	return w.addRow(&row, about)
}

// packRow writes a row for the journal; the link comes when it gets its place.
func packRow(r *audit.Row, about []int64) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 64+len(r.Steps)), uint64(r.At))
	for _, s := range []string{r.Actor, r.Request, r.Outcome, r.Code, string(r.Steps)} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, h := range about {
		b = binary.BigEndian.AppendUint64(b, uint64(h))
	}
	return b
}

// unpackRow reads what packRow wrote.
func unpackRow(b []byte) (r audit.Row, about []int64, err error) {
	damaged := fault.New(fault.Corrupt, "audit_journal", "an entry of the audit journal cannot be read")
	if len(b) < 8 {
		return r, nil, damaged
	}
	r.At, r.Key = int64(binary.BigEndian.Uint64(b)), chainKey
	b = b[8:]
	var parts [5]string
	for i := range parts {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return r, nil, damaged
		}
		parts[i] = string(b[size : size+int(n)])
		b = b[size+int(n):]
	}
	r.Actor, r.Request, r.Outcome, r.Code, r.Steps = parts[0], parts[1], parts[2], parts[3], []byte(parts[4])
	for ; len(b) >= 8; b = b[8:] {
		about = append(about, int64(binary.BigEndian.Uint64(b)))
	}
	if len(b) > 0 {
		return r, nil, damaged
	}
	return r, about, nil
}

const rowColumns = `a.seq, a.at, a.actor, a.request, a.outcome, a.code, a.dict, a.steps, a.hash, a.key_id`

func scanRow(s db.Row) audit.Row {
	return audit.Row{Seq: s.Int(0), At: s.Int(1), Actor: s.Text(2), Request: s.Text(3), Outcome: s.Text(4), Code: s.Text(5),
		Dict: s.Int(6), Steps: s.Bytes(7), Hash: s.Bytes(8), Key: s.Int(9)}
}

// eventOf reads a row. c finds the dictionary of one that is packed as rows were before the chain.
func (s *Store) eventOf(c db.Conn, r *audit.Row) (audit.Event, error) {
	e := audit.Event{Seq: r.Seq, At: time.UnixMilli(r.At).UTC(), Actor: r.Actor, RequestID: r.Request, Outcome: audit.Outcome(r.Outcome), Code: r.Code}
	if len(r.Steps) < 4 || binary.LittleEndian.Uint32(r.Steps) != zstdMagic {
		return e, audit.Unpack(r.Steps, &e)
	}
	text, err := s.Pack.Unpack(c, r.Dict, r.Steps)
	if err != nil {
		return e, err
	}
	var old []struct {
		Action audit.Action `json:"a"`
		Target string       `json:"t"`
	}
	if err := json.Unmarshal(text, &old); err != nil {
		return e, fault.New(fault.Corrupt, "audit_damaged", "an audit row cannot be read")
	}
	for _, o := range old {
		t := audit.Target{}
		t.Type, t.ID, _ = strings.Cut(o.Target, "/")
		id, version, _ := strings.Cut(t.ID, "/_history/")
		for _, c := range version {
			t.Version = 10*t.Version + int(c-'0')
		}
		t.ID, _, _ = strings.Cut(id, "/")
		if t.Type == "Patient" && !slices.Contains(e.Patients, t.ID) {
			e.Patients = append(e.Patients, t.ID)
		}
		e.Steps = append(e.Steps, audit.Step{Action: o.Action, Of: t.Type, Targets: []audit.Target{t}})
	}
	return e, nil
}

// zstdMagic is how every frame of zstd begins (RFC 8878 §3.1.1).
const zstdMagic = 0xFD2FB528
