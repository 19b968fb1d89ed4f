// Package envelope seals what Chartlake keeps: AES-256-GCM (NIST SP 800-38D) under a data key
// of its own for each patient and each document, wrapped by a master key. Destroying a data key
// makes everything that was sealed under it unreadable, in every copy.
//
//	master key   a line of store.key, or a key of a service; a Wrapper has it
//	data key     a number and 32 bytes, wrapped, on a Shelf; a Vault gives them out
//	ciphertext   nonce (12 bytes), sealed bytes, tag (16); long ones in pieces (Stream)
//
// Every ciphertext is bound to its place by associated data ("about"), so that it opens
// nowhere else. The package refuses a key file that others can read, a master key that was
// retired, and a data key that was destroyed. It knows nothing of patients.
package envelope

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"time"

	"chartlake/fault"
)

// Key is a key of AES-256.
type Key [32]byte

const (
	nonceSize = 12
	tagSize   = 16
	// Overhead is how much longer than its text a ciphertext is, in bytes.
	Overhead = nonceSize + tagSize
)

// Wrapped is a data key sealed under a master key. The zero value stands for a destroyed key.
type Wrapped struct {
	Master uint32 // number of the master key, from 1
	Bytes  [nonceSize + len(Key{}) + tagSize]byte
}

// Master describes a master key.
type Master struct {
	ID   uint32
	Made time.Time // zero: not known
}

// Wrapper wraps data keys under master keys. Wrap and Unwrap work at the speed of memory: an
// implementation over a service has it open a key of its own once, not each data key. All
// methods are safe for many goroutines; the callers of Wrap, Rotate and Retire hold the shelf's
// lock, so that no two processes do them at once. It passes envelopetest.
type Wrapper interface {
	// Wrap wraps a key under the current master key, also where another process made that.
	Wrap(key *Key, about []byte) (Wrapped, error)
	// Unwrap gives the key back. Corrupt with code master_key_missing where the master key is
	// not there (it was retired, or belongs to another store), with code key_damaged where the
	// bytes or about are not those of Wrap.
	Unwrap(w *Wrapped, about []byte) (Key, error)
	// Masters lists the master keys, oldest first; the last one is current.
	Masters() ([]Master, error)
	// Rotate makes a new master key, durably, and the current one.
	Rotate(now time.Time) (uint32, error)
	// Retire destroys a master key that is not current. Nothing may be wrapped under it any more.
	Retire(id uint32) error
}

func newKey() (k Key) {
	rand.Read(k[:]) // never fails: see crypto/rand
	return k
}

// aead makes the cipher of a key. The key is of the right size, so it cannot fail.
func (k *Key) aead() cipher.AEAD {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic("envelope: " + err.Error())
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic("envelope: " + err.Error())
	}
	return a
}

// seal appends nonce, sealed bytes and tag to dst. The nonce is random: 2^32 ciphertexts under one
// key keep the chance of a repeated one below 2^-32 (SP 800-38D, 8.3), far above what one
// patient, one document or one opening of a file has.
func seal(dst []byte, a cipher.AEAD, plain, about []byte) []byte {
	var nonce [nonceSize]byte
	rand.Read(nonce[:]) // never fails: see crypto/rand
	return a.Seal(append(dst, nonce[:]...), nonce[:], plain, about)
}

// open gives back what seal was given; damaged otherwise.
func open(dst []byte, a cipher.AEAD, sealed, about []byte) ([]byte, error) {
	if len(sealed) < Overhead {
		return nil, damaged()
	}
	plain, err := a.Open(dst, sealed[:nonceSize], sealed[nonceSize:], about)
	if err != nil {
		return nil, damaged()
	}
	return plain, nil
}

// wrap and unwrap are what a Wrapper does with a master key that it holds.
func wrap(master uint32, a cipher.AEAD, key *Key, about []byte) Wrapped {
	w := Wrapped{Master: master}
	copy(w.Bytes[:], seal(nil, a, key[:], binding(master, about)))
	return w
}

func unwrap(a cipher.AEAD, w *Wrapped, about []byte) (key Key, err error) {
	plain, err := open(nil, a, w.Bytes[:], binding(w.Master, about))
	if err != nil {
		return key, fault.New(fault.Corrupt, "key_damaged", "a wrapped data key is damaged, or is of another store")
	}
	copy(key[:], plain)
	clear(plain)
	return key, nil
}

func binding(master uint32, about []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte("chartlake data key\x00"), master), about...)
}

func damaged() error {
	return fault.New(fault.Corrupt, "sealed_damaged", "what was sealed cannot be opened: it is damaged, or was put in another place")
}

func masterMissing(id uint32) error {
	return fault.New(fault.Corrupt, "master_key_missing", "master key %d is not in store.key: it was retired, or the file is of another store or older than the data keys; restore the newest copy", id)
}
