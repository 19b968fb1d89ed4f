package seal

import (
	"encoding/binary"

	"chartlake/fault"
)

// domainNonce makes the nonces of sealed values; no hash of the index has this domain.
const domainNonce = 'n'

// Values are padded to whole blocks, so that their length tells less.
const (
	valueBlock = 16
	nonceSize  = 12
)

// SealValue seals one value of a resource (rid) under a parameter (p) for the index, with
// AES-256-GCM. The same value there gives the same bytes, so that its row is found again when
// the resource changes; anywhere else it gives others: the nonce is a keyed hash of the value
// with its place, and the place is authenticated.
func (k *Keys) SealValue(p, rid int64, plain []byte) []byte {
	about := place(p, rid)
	sum := k.sum(domainNonce, string(about[:]), string(plain))
	size := (len(plain)/valueBlock + 1) * valueBlock
	out := make([]byte, nonceSize+size, nonceSize+size+k.value.Overhead())
	copy(out, sum[:nonceSize])
	padded := out[nonceSize:]
	copy(padded, plain)
	padded[len(plain)] = 0x80 // ISO/IEC 7816-4: one bit, then zeros
	k.value.Seal(padded[:0], sum[:nonceSize], padded, about[:])
	return out[:cap(out)]
}

// OpenValue gives back what SealValue was given; Corrupt where that is not what stands there.
func (k *Keys) OpenValue(p, rid int64, sealed []byte) ([]byte, error) {
	bad := func() ([]byte, error) {
		return nil, fault.New(fault.Corrupt, "index_damaged", "a value of the search index cannot be opened")
	}
	if len(sealed) < nonceSize {
		return bad()
	}
	about := place(p, rid)
	plain, err := k.value.Open(nil, sealed[:nonceSize], sealed[nonceSize:], about[:])
	if err != nil {
		return bad()
	}
	end := len(plain) - 1
	for end >= 0 && plain[end] == 0 {
		end--
	}
	if end < 0 || plain[end] != 0x80 {
		return bad()
	}
	return plain[:end], nil
}

func place(p, rid int64) (b [16]byte) {
	binary.BigEndian.PutUint64(b[:8], uint64(p))
	binary.BigEndian.PutUint64(b[8:], uint64(rid))
	return b
}
