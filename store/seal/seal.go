// Package seal holds the keys that a store keeps outside of its database: a vault of data keys
// (package envelope), and what is derived from the first of them: the key that hashes codes and
// identifiers for the search index, the one that seals page tokens, the one of database pages,
// and two that bind and sign the audit trail. It refuses a key file that others can read, and a
// database whose keys are missing.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"chartlake/envelope"
	"chartlake/fault"
)

// Keys are the keys of one store: Vault has the data keys that bodies and files are sealed
// under; index hashes codes and identifiers so that the index alone does not tell them, value seals
// what of it is needed as it is, cursor seals page tokens, Pages seals the pages of a database file, audit and mark are for the trail.
type Keys struct {
	Vault *envelope.Vault
	Pages []byte
	// Unsealed leaves bodies, names and files as they are: for the price of sealing in
	// a bench, and for tests of the step from older stores.
	Unsealed bool

	index  [32]byte
	cursor cipher.AEAD
	value  cipher.AEAD // values of the index
	check  []byte
	audit  []byte
	mark   []byte
	close  func() error
}

// Names of the files in a data folder.
const (
	MasterFile = "store.key" // master keys
	DataFile   = "data.keys" // data keys, wrapped
)

// Load reads the keys of a data folder, making them (mode 0600) when the database is new. A
// database without its keys is refused: it could not be read.
func Load(folder string, fresh bool) (*Keys, error) { return LoadSealed(folder, fresh, nil) }

// LoadSealed is Load for a folder whose master keys a key service seals; nil: nobody does.
func LoadSealed(folder string, fresh bool, sealer envelope.Sealer) (*Keys, error) {
	master, err := envelope.OpenSealedKeyFile(filepath.Join(folder, MasterFile), fresh, sealer)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, DataFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !fresh && master.Legacy() == nil {
		return nil, fault.New(fault.Corrupt, "data_keys_missing", "there is a database but no data.keys in the data folder; restore the newest copy")
	}
	shelf, err := envelope.OpenFile(path)
	if err != nil {
		return nil, err
	}
	k, err := Over(master, shelf, master.Legacy())
	if err != nil {
		shelf.Close()
		return nil, err
	}
	k.close = shelf.Close
	return k, nil
}

// Over gives the keys of a shelf. A shelf without keys gets its first ones; secret, where given, is
// what an older store derived its keys from.
func Over(w envelope.Wrapper, shelf envelope.Shelf, secret *envelope.Key) (*Keys, error) {
	v, err := envelope.NewVault(w, shelf, secret)
	if err != nil {
		return nil, err
	}
	first, err := v.Secret(envelope.Store)
	if err != nil {
		return nil, err
	}
	k, err := derive(first[:])
	if err == nil {
		k.Vault = v
	}
	return k, err
}

// Close lets the files go.
func (k *Keys) Close() error {
	if k.close == nil {
		return nil
	}
	return k.close()
}

func derive(secret []byte) (*Keys, error) {
	k := &Keys{}
	var cursor, value []byte
	for _, d := range []struct {
		label string
		size  int
		into  func([]byte)
	}{
		{"chartlake index hash 1", 32, func(b []byte) { copy(k.index[:], b) }},
		{"chartlake cursor seal 1", 32, func(b []byte) { cursor = b }},
		{"chartlake key check 1", 16, func(b []byte) { k.check = b }},
		{"chartlake pages 1", 32, func(b []byte) { k.Pages = b }},
		{"chartlake audit chain 1", 32, func(b []byte) { k.audit = b }},
		{"chartlake index value 1", 32, func(b []byte) { value = b }},
		{"chartlake audit mark 1", 32, func(b []byte) { k.mark = b }},
	} {
		b, err := hkdf.Key(sha256.New, secret, nil, d.label, d.size)
		if err != nil {
			return nil, err
		}
		d.into(b)
	}
	block, err := aes.NewCipher(cursor)
	if err != nil {
		return nil, err
	}
	if k.cursor, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return nil, err
	}
	if block, err = aes.NewCipher(value); err != nil {
		return nil, err
	}
	k.value, err = cipher.NewGCM(block)
	return k, err
}

// CheckOf is the check value of a store whose keys are derived from a secret.
func CheckOf(secret *envelope.Key) ([]byte, error) {
	k, err := derive(secret[:])
	if err != nil {
		return nil, err
	}
	return k.check, nil
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
	sum := k.sum(domain, texts...)
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// Wide is a keyed hash of the texts of 16 bytes, in two numbers: so long that no two texts of a
// store meet in one.
func (k *Keys) Wide(domain byte, texts ...string) (h, more int64) {
	sum := k.sum(domain, texts...)
	return int64(binary.BigEndian.Uint64(sum[:8])), int64(binary.BigEndian.Uint64(sum[8:16]))
}

func (k *Keys) sum(domain byte, texts ...string) [sha256.Size]byte {
	var buf [256]byte
	b := append(buf[:0], k.index[:]...)
	b = append(b, domain)
	for _, t := range texts {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	return sha256.Sum256(b)
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
