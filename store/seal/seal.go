// Package seal holds the keys that a store keeps outside of its database, all derived from one
// secret in the file store.key of the data folder: one hashes codes and identifiers for the
// search index, one seals page tokens, two bind and sign the audit trail. It refuses a key file that others can read, and a
// database whose key file is missing.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"chartlake/fault"
)

// Keys are the keys of one store: index hashes codes and identifiers so that the index alone
// does not tell them, cursor seals page tokens, audit and mark are for the trail.
type Keys struct {
	index  [32]byte
	cursor cipher.AEAD
	check  []byte
	audit  []byte
	mark   []byte
}

// Load reads the secret from folder/store.key, making it (mode 0600) when the database
// is new. A database without its key is refused: its index could not be searched.
func Load(folder string, fresh bool) (*Keys, error) {
	path := filepath.Join(folder, "store.key")
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && fresh:
		if text, err = makeKey(path); err != nil {
			return nil, err
		}
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.Corrupt, "store_key_missing", "there is a database but no store.key in the data folder; restore the key from the backup, or copy it from a machine that has it")
	case err != nil:
		return nil, fault.New(fault.Unavailable, "store_key", "read store.key: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "store_key", "read store.key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Forbidden, "store_key_mode", "store.key can be read by others; set its mode to 0600")
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != 32 {
		return nil, fault.New(fault.Corrupt, "store_key", "store.key is not 32 bytes in hexadecimal")
	}
	return deriveKeys(secret)
}

// makeKey writes a new secret durably before any index row depends on it.
func makeKey(path string) ([]byte, error) {
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return nil, err
	}
	text := []byte(hex.EncodeToString(secret[:]) + "\n")
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = SyncFolder(filepath.Dir(path))
	}
	return text, err
}

// SyncFolder makes the names in a folder durable.
func SyncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func deriveKeys(secret []byte) (*Keys, error) {
	k := &Keys{}
	index, err := hkdf.Key(sha256.New, secret, nil, "chartlake index hash 1", 32)
	if err != nil {
		return nil, err
	}
	copy(k.index[:], index)
	cursor, err := hkdf.Key(sha256.New, secret, nil, "chartlake cursor seal 1", 32)
	if err != nil {
		return nil, err
	}
	if k.check, err = hkdf.Key(sha256.New, secret, nil, "chartlake key check 1", 16); err != nil {
		return nil, err
	}
	if k.audit, err = hkdf.Key(sha256.New, secret, nil, "chartlake audit chain 1", 32); err != nil {
		return nil, err
	}
	if k.mark, err = hkdf.Key(sha256.New, secret, nil, "chartlake audit mark 1", 32); err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(cursor)
	if err != nil {
		return nil, err
	}
	k.cursor, err = cipher.NewGCMWithRandomNonce(block)
	return k, err
}

// Check is 16 bytes by which a database knows its keys, and which tell nothing of them.
func (k *Keys) Check() []byte { return k.check }

// Audit is the key of the audit trail's chain, Mark the seed of the key that signs its marks.
func (k *Keys) Audit() []byte { return k.audit }

// Mark is 32 bytes.
func (k *Keys) Mark() []byte { return k.mark }

// Hash is a keyed hash of the texts: the first 8 bytes of SHA-256 over key, domain, and the
// texts with their lengths. Showing 8 of 32 bytes leaves nothing for a length extension.
func (k *Keys) Hash(domain byte, texts ...string) int64 {
	var buf [256]byte
	b := append(buf[:0], k.index[:]...)
	b = append(b, domain)
	for _, t := range texts {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	sum := sha256.Sum256(b)
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// Seal makes a page token that shows nothing and cannot be changed; about says what it
// belongs to (the query), so that it fits nowhere else.
func (k *Keys) Seal(plain []byte, about string) string {
	return base64.RawURLEncoding.EncodeToString(k.cursor.Seal(nil, nil, plain, []byte(about)))
}

// Open gives back what Seal was given; any other token is Invalid.
func (k *Keys) Open(token, about string) ([]byte, error) {
	bad := fault.New(fault.Invalid, "bad_cursor", "the page token is not of this store or belongs to another query")
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, bad
	}
	plain, err := k.cursor.Open(nil, nil, sealed, []byte(about))
	if err != nil {
		return nil, bad
	}
	return plain, nil
}
