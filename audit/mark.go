package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"chartlake/fault"
)

// Mark says of a trail how many rows it has and which link the last of them; signed, and kept
// where nobody who can change the trail can change it, it shows a trail that was cut short or
// written anew. Its text is a checkpoint of https://c2sp.org/tlog-checkpoint (origin, size,
// hash, with the time as one extension line) signed as https://c2sp.org/signed-note with
// Ed25519; the hash is the last link of the chain, not the root of a tree.
type Mark struct {
	Seq  int64
	Head []byte
	At   time.Time
}

// Signer signs the marks of one store.
type Signer struct {
	origin string
	key    ed25519.PrivateKey
}

// NewSigner makes a signer of 32 secret bytes; store tells stores apart and is no secret.
func NewSigner(seed []byte, store []byte) *Signer {
	return &Signer{origin: "chartlake.dev/audit/" + hex.EncodeToString(store), key: ed25519.NewKeyFromSeed(seed)}
}

const algEd25519 = 1 // signed-note, signature type

func (s *Signer) public() []byte {
	return append([]byte{algEd25519}, s.key.Public().(ed25519.PublicKey)...)
}

// id is the key id of a signed note.
func (s *Signer) id() uint32 {
	sum := sha256.Sum256(append([]byte(s.origin+"\n"), s.public()...))
	return binary.BigEndian.Uint32(sum[:4])
}

// Verifier is the verifier key of a signed note: whoever has it can check marks, not make them.
func (s *Signer) Verifier() string {
	var id [4]byte
	binary.BigEndian.PutUint32(id[:], s.id())
	return s.origin + "+" + hex.EncodeToString(id[:]) + "+" + base64.StdEncoding.EncodeToString(s.public())
}

// Sign writes a mark as a signed note.
func (s *Signer) Sign(m Mark) string {
	text := s.origin + "\n" + strconv.FormatInt(m.Seq, 10) + "\n" + base64.StdEncoding.EncodeToString(m.Head) + "\n" +
		m.At.UTC().Format(time.RFC3339) + "\n"
	sig := binary.BigEndian.AppendUint32(nil, s.id())
	sig = append(sig, ed25519.Sign(s.key, []byte(text))...)
	return text + "\n— " + s.origin + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
}

// marksMax bounds the bytes of a file of marks that are looked at.
const marksMax = 64 << 20

// Marks reads the marks of a file: signed notes with an empty line between them. A note that
// is not of this store, or whose signature does not hold, is counted as foreign. A note that
// is cut off at the end of the file is left out: the machine stopped while it was written.
func (s *Signer) Marks(file []byte) (marks []Mark, foreign int, err error) {
	if len(file) > marksMax {
		return nil, 0, fault.New(fault.TooLarge, "marks_too_large", "a file of audit marks has more than %d bytes", marksMax)
	}
	for len(file) > 0 {
		file = bytes.TrimLeft(file, "\n")
		text, rest, ok := bytes.Cut(file, []byte("\n\n— "))
		if !ok {
			return marks, foreign, nil
		}
		line, rest, ended := bytes.Cut(rest, []byte("\n"))
		file = rest
		if !ended {
			return marks, foreign, nil
		}
		if m, ok := s.open(string(text)+"\n", string(line)); ok {
			marks = append(marks, m)
		} else {
			foreign++
		}
	}
	return marks, foreign, nil
}

func (s *Signer) open(text, line string) (m Mark, ok bool) {
	encoded, named := strings.CutPrefix(line, s.origin+" ")
	sig, err := base64.StdEncoding.DecodeString(encoded)
	if !named || err != nil || len(sig) != 4+ed25519.SignatureSize || binary.BigEndian.Uint32(sig) != s.id() ||
		!ed25519.Verify(s.key.Public().(ed25519.PublicKey), []byte(text), sig[4:]) {
		return m, false
	}
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] != s.origin {
		return m, false
	}
	if m.Seq, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return m, false
	}
	if m.Head, err = base64.StdEncoding.DecodeString(lines[2]); err != nil {
		return m, false
	}
	m.At, err = time.Parse(time.RFC3339, lines[3])
	return m, err == nil
}
