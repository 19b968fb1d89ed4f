package audit

import (
	"encoding/binary"
	"encoding/hex"

	"chartlake/fault"
)

// The form of an event's steps in a row, form 1. Everything is a uvarint or a word. A word is
// a uvarint: 0 and the 16 bytes of a UUID, 1 and the 32 bytes of a SHA-256, 2 and a length and
// text, or 3+i for the i-th word of this row, where the words of seed come first.
//
//	form  via  count patients…  count steps…
//	step:   action  of  count names…  asked (8 bytes, little endian)  count targets…
//	target: type  id  version
//
// Form 0 is how the rows before the chain were packed; it begins with the zstd magic.
const form1 = 1

// seed are words that many rows have: never change a place, add at the end with a new form.
var seed = []string{"", "Patient", "Observation", "Encounter", "Condition", "Procedure", "MedicationRequest", "DocumentReference",
	"DiagnosticReport", "Claim", "ExplanationOfBenefit", "Immunization", "CareTeam", "CarePlan", "Provenance", "Binary",
	"Practitioner", "Organization", "AllergyIntolerance", "Device", "ImagingStudy", "Goal", "MedicationAdministration", "Coverage",
	"document", "record", "stage", "patient", "code", "category", "date", "subject", "_count", "_sort", "_include", "_id"}

// Limits of what is read back: a row that claims more is damaged.
const (
	wordMax  = 4 << 10
	listMax  = 1 << 20
	stepsMax = 64 << 20
)

type encoder struct {
	b     []byte
	words map[string]uint64
	next  uint64
}

// place is where a word stands that this row has had; the seed needs no map of its own.
func (e *encoder) place(s string) (uint64, bool) {
	for i, w := range seed {
		if len(w) == len(s) && w == s {
			return uint64(i), true
		}
	}
	i, ok := e.words[s]
	return i, ok
}

func (e *encoder) word(s string) {
	if i, ok := e.place(s); ok {
		e.b = binary.AppendUvarint(e.b, 3+i)
		return
	}
	if e.words == nil {
		e.words, e.next = map[string]uint64{}, uint64(len(seed))
	}
	e.words[s] = e.next
	e.next++
	if u, ok := unhex(s, true); ok {
		e.b = append(append(e.b, 0), u...)
		return
	}
	if u, ok := unhex(s, false); ok {
		e.b = append(append(e.b, 1), u...)
		return
	}
	s = s[:min(len(s), wordMax)]
	e.b = binary.AppendUvarint(append(e.b, 2), uint64(len(s)))
	e.b = append(e.b, s...)
}

// unhex gives the bytes of a UUID or of a SHA-256, both in lower case as they are written here.
func unhex(s string, uuid bool) ([]byte, bool) {
	size := 64
	if uuid {
		if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
			return nil, false
		}
		size = 36
	}
	if len(s) != size {
		return nil, false
	}
	out := make([]byte, 0, 32)
	high, half := byte(0), false
	for i := range len(s) {
		c := s[i]
		switch {
		case uuid && (i == 8 || i == 13 || i == 18 || i == 23):
			continue
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return nil, false
		}
		if half {
			out = append(out, high<<4|c)
		}
		high, half = c, !half
	}
	return out, true
}

func (e *encoder) count(n int) { e.b = binary.AppendUvarint(e.b, uint64(n)) }

// Pack gives the form of an event's steps, patients and operation.
func Pack(ev *Event) []byte {
	e := encoder{b: append(make([]byte, 0, 64), form1)}
	e.word(ev.Via)
	e.count(len(ev.Patients))
	for _, p := range ev.Patients {
		e.word(p)
	}
	e.count(len(ev.Steps))
	for i := range ev.Steps {
		s := &ev.Steps[i]
		e.count(numberOf(s.Action))
		e.word(s.Of)
		e.count(len(s.Names))
		for _, n := range s.Names {
			e.word(n)
		}
		if len(s.Names) > 0 {
			e.b = binary.LittleEndian.AppendUint64(e.b, uint64(s.Asked))
		}
		e.count(len(s.Targets))
		for _, t := range s.Targets {
			e.word(t.Type)
			e.word(t.ID)
			e.count(t.Version)
		}
	}
	return e.b
}

func numberOf(a Action) int {
	for i, x := range actions {
		if x == a {
			return i
		}
	}
	return 0
}

type decoder struct {
	b     []byte
	words []string
	bad   bool
}

func (d *decoder) number(most uint64) uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > most {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count reads a length; every item takes at least least bytes, so no lie makes much room.
func (d *decoder) count(least int) int {
	n := int(d.number(listMax))
	if n*least > len(d.b) {
		d.bad, d.b = true, nil
		return 0
	}
	return n
}

func (d *decoder) take(n int) []byte {
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return make([]byte, min(n, 32))
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *decoder) word() string {
	kind := d.number(1 << 40)
	var s string
	switch kind {
	case 0:
		h := hex.EncodeToString(d.take(16))
		s = h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	case 1:
		s = hex.EncodeToString(d.take(32))
	case 2:
		s = string(d.take(int(d.number(wordMax))))
	default:
		i := kind - 3
		switch {
		case i < uint64(len(seed)):
			return seed[i]
		case i-uint64(len(seed)) < uint64(len(d.words)):
			return d.words[i-uint64(len(seed))]
		}
		d.bad = true
		return ""
	}
	d.words = append(d.words, s)
	return s
}

// Unpack reads into an event what Pack wrote. Anything else is Corrupt.
func Unpack(b []byte, ev *Event) error {
	damaged := fault.New(fault.Corrupt, "audit_damaged", "an audit row cannot be read")
	if len(b) == 0 || len(b) > stepsMax || b[0] != form1 {
		return damaged
	}
	d := decoder{b: b[1:]}
	ev.Via = d.word()
	ev.Patients, ev.Steps = nil, nil
	for range d.count(1) {
		ev.Patients = append(ev.Patients, d.word())
	}
	for range d.count(4) {
		s := Step{}
		if n := d.number(uint64(len(actions) - 1)); !d.bad {
			s.Action = actions[n]
		}
		s.Of = d.word()
		for range d.count(1) {
			s.Names = append(s.Names, d.word())
		}
		if len(s.Names) > 0 {
			s.Asked = int64(binary.LittleEndian.Uint64(d.take(8)))
		}
		for range d.count(3) {
			s.Targets = append(s.Targets, Target{Type: d.word(), ID: d.word(), Version: int(d.number(1 << 40))})
		}
		ev.Steps = append(ev.Steps, s)
	}
	if d.bad || len(d.b) > 0 {
		return damaged
	}
	return nil
}
