package deidentify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"

	"chartlake/fault"
)

// Version names these rules.
const Version = "deidentify/1"

// KeyBytes is the least length of a key.
const KeyBytes = 32

// Dates says what becomes of days.
type Dates int

const (
	Shift Dates = iota // moved by as many days for all of one person
	Years              // the year alone
)

// Key makes surrogates.
type Key struct {
	secret []byte
	dates  Dates
	files  map[string]bool // documents of which there is a new file
}

// NewKey takes a secret of at least KeyBytes random bytes.
func NewKey(secret []byte, dates Dates) (*Key, error) {
	if len(secret) < KeyBytes {
		return nil, fault.New(fault.Invalid, "key_short", "the key of the surrogates has fewer than %d bytes", KeyBytes)
	}
	return &Key{append([]byte(nil), secret...), dates, map[string]bool{}}, nil
}

// File gives the name of the new file of a document, and notes that there is one: what refers to the
// original refers to it then.
func (k *Key) File(document string) string {
	k.files[document] = true
	return k.file(document)
}

func (k *Key) file(document string) string { return "documents/" + k.ID(document) + ".pdf" }

// mac is HMAC-SHA-256 over parts, each with its length before it so that no two lists collide.
func (k *Key) mac(parts ...string) [sha256.Size]byte {
	h := hmac.New(sha256.New, k.secret)
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	var out [sha256.Size]byte
	h.Sum(out[:0])
	return out
}

var letters = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// ID is the surrogate of an id: 26 letters and digits of 130 bits, the same wherever it is named.
func (k *Key) ID(id string) string {
	m := k.mac("id", id)
	return letters.EncodeToString(m[:])[:26]
}

// number is a short surrogate of what identifies within one person or place.
func (k *Key) number(kind, subject, value string) string {
	m := k.mac(kind, subject, plain(value))
	return strings.ToUpper(letters.EncodeToString(m[:])[:10])
}

// index chooses one of n.
func (k *Key) index(n int, parts ...string) int {
	m := k.mac(parts...)
	return int(binary.BigEndian.Uint64(m[:]) % uint64(n))
}

// plain is a value as it is compared: letters and digits alone, small.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127:
			return r
		}
		return -1
	}, s)
}
