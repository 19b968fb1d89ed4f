// Package ident makes and checks resource ids, and turns UUIDs into the 16 bytes that stand
// for them in a database.
package ident

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// New makes a resource id: a UUID of version 7 (RFC 9562 §5.7), whose leading time keeps
// neighbours in time together in the index.
func New(now time.Time) string {
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], uint64(now.UnixMilli())<<16)
	rand.Read(u[6:])
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return FormatUUID(u[:])
}

// FormatUUID writes 16 bytes as a UUID in lower case.
func FormatUUID(u []byte) string {
	var b [36]byte
	hex.Encode(b[:8], u[:4])
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:], u[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// UUID gives the 16 bytes of a UUID in lower case; ok false for any other id.
func UUID(id string) (u []byte, ok bool) {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return nil, false
	}
	u = make([]byte, 0, 16)
	for i := 0; i < 36; i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			continue
		}
		hi, ok1 := nibble(id[i])
		i++
		lo, ok2 := nibble(id[i])
		if !ok1 || !ok2 {
			return nil, false
		}
		u = append(u, hi<<4|lo)
	}
	return u, true
}

func nibble(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

// Valid checks the form of a resource id (http://hl7.org/fhir/R4/datatypes.html#id).
func Valid(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := 0; i < len(id); i++ {
		c := id[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return true
}
