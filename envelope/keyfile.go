package envelope

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"chartlake/fault"
)

// KeyFile is a Wrapper whose master keys stand in a text file of mode 0600: a line per key with
// its number, when it was made (RFC 3339) and its 32 bytes in hexadecimal, oldest first.
//
// A file of an older Chartlake has one line of 64 hexadecimal digits, a secret from which the
// index keys were derived. It is read as it is: master key 1 is derived from it (Legacy gives
// the secret), and the first rotation replaces it.
type KeyFile struct {
	path   string
	sealer Sealer // nil: the keys stand in the file as they are

	mu     sync.Mutex
	seen   fs.FileInfo // of the file as it was last read
	keys   []masterKey
	legacy *Key
}

type masterKey struct {
	Master
	key    Key
	aead   cipher.AEAD
	sealed []byte // as it stands in the file; nil: as it is
}

var _ Wrapper = (*KeyFile)(nil)

// Sealer seals the master keys that stand in a key file, as a key service does. It is asked once for
// each master key that the file has, and when one is made.
type Sealer interface {
	// Seal seals a master key under a number, which Open must be given again. The result is short
	// (some hundred bytes).
	Seal(number uint32, key *Key) ([]byte, error)
	// Open gives the key back. Corrupt where the bytes are not those of Seal for this number,
	// Forbidden where the service will not have it, Unavailable where trying again may help.
	Open(number uint32, sealed []byte) (Key, error)
}

// sealedMark begins a master key that is sealed.
const sealedMark = "sealed:"

// keyFileHead is the first line of the file.
const keyFileHead = "chartlake master keys"

// maxKeyFile bounds the file: some hundred keys.
const maxKeyFile = 64 << 10

// OpenKeyFile reads a key file; with fresh it makes one where there is none. Faults: Corrupt
// (missing or damaged), Forbidden (others can read it).
func OpenKeyFile(path string, fresh bool) (*KeyFile, error) {
	return OpenSealedKeyFile(path, fresh, nil)
}

// OpenSealedKeyFile is OpenKeyFile for a file whose keys a Sealer seals; nil: nobody does. Keys that
// stand in it as they are, from before there was a sealer, are read, and sealed with the next
// rotation. A file with sealed keys is not read without a sealer: Forbidden, code store_key_sealed.
func OpenSealedKeyFile(path string, fresh bool, sealer Sealer) (*KeyFile, error) {
	k := &KeyFile{path: path, sealer: sealer}
	err := k.read()
	if errors.Is(err, fs.ErrNotExist) {
		if !fresh {
			return nil, fault.New(fault.Corrupt, "store_key_missing", "there is a database but no store.key in the data folder; restore the key from the backup, or copy it from a machine that has it")
		}
		if err = k.write([]masterKey{newMaster(1, time.Now())}); err == nil {
			err = k.read()
		}
	}
	return k, err
}

func newMaster(id uint32, now time.Time) masterKey {
	return masterKey{Master: Master{ID: id, Made: now.UTC().Truncate(time.Second)}, key: newKey()}
}

// read reads the file where it changed since it was read.
func (k *KeyFile) read() error {
	f, err := os.Open(k.path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return fault.New(fault.Unavailable, "store_key", "read store.key: %w", pathless(err))
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return fault.New(fault.Unavailable, "store_key", "read store.key: %w", pathless(err))
	case info.Mode().Perm()&0o077 != 0:
		return fault.New(fault.Forbidden, "store_key_mode", "store.key can be read by others; set its mode to 0600")
	case info.Size() > maxKeyFile:
		return fault.New(fault.Corrupt, "store_key", "store.key is too large to be a key file")
	case k.seen != nil && os.SameFile(info, k.seen) && info.ModTime().Equal(k.seen.ModTime()) && info.Size() == k.seen.Size():
		return nil
	}
	text := make([]byte, info.Size())
	if _, err := f.ReadAt(text, 0); err != nil {
		return fault.New(fault.Unavailable, "store_key", "read store.key: %w", pathless(err))
	}
	keys, legacy, err := parseKeyFile(string(text))
	clear(text)
	if err != nil {
		return err
	}
	for i := range keys {
		if err := k.open(&keys[i]); err != nil {
			return err
		}
		keys[i].aead = keys[i].key.aead()
	}
	k.seen, k.keys, k.legacy = info, keys, legacy
	return nil
}

// open has a sealed key opened, unless it was already.
func (k *KeyFile) open(m *masterKey) (err error) {
	if m.sealed == nil {
		return nil
	}
	for i := range k.keys {
		if known := &k.keys[i]; known.ID == m.ID && bytes.Equal(known.sealed, m.sealed) {
			m.key = known.key
			return nil
		}
	}
	if k.sealer == nil {
		return fault.New(fault.Forbidden, "store_key_sealed", "the keys in store.key are sealed by a key service, and none is set (--kms)")
	}
	m.key, err = k.sealer.Open(m.ID, m.sealed)
	return err
}

// parseKeyFile reads both forms of the file.
func parseKeyFile(text string) (keys []masterKey, legacy *Key, err error) {
	bad := fault.New(fault.Corrupt, "store_key", "store.key is not a key file of Chartlake")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) == 1 {
		legacy = new(Key)
		if !parseHex(legacy, lines[0]) {
			return nil, nil, bad
		}
		derived, err := hkdf.Key(sha256.New, legacy[:], nil, "chartlake master key 1", len(Key{}))
		if err != nil {
			return nil, nil, err
		}
		return []masterKey{{Master: Master{ID: 1}, key: Key(derived)}}, legacy, nil
	}
	if lines[0] != keyFileHead {
		return nil, nil, bad
	}
	for _, line := range lines[1:] {
		var m masterKey
		part := strings.Fields(line)
		if len(part) != 3 {
			return nil, nil, bad
		}
		id, err := strconv.ParseUint(part[0], 10, 32)
		if err != nil || id == 0 || len(keys) > 0 && uint32(id) <= keys[len(keys)-1].ID {
			return nil, nil, bad
		}
		m.ID = uint32(id)
		if m.Made, err = time.Parse(time.RFC3339, part[1]); err != nil {
			return nil, nil, bad
		}
		if text, ok := strings.CutPrefix(part[2], sealedMark); ok {
			if m.sealed, err = base64.StdEncoding.DecodeString(text); err != nil || len(m.sealed) == 0 {
				return nil, nil, bad
			}
		} else if !parseHex(&m.key, part[2]) {
			return nil, nil, bad
		}
		keys = append(keys, m)
	}
	return keys, nil, nil
}

// parseHex reads the 64 hexadecimal digits of a key.
func parseHex(into *Key, text string) bool {
	if len(text) != hex.EncodedLen(len(into)) {
		return false
	}
	_, err := hex.Decode(into[:], []byte(text))
	return err == nil
}

// write replaces the file durably: a crash leaves the old one or the new one.
func (k *KeyFile) write(keys []masterKey) error {
	var b bytes.Buffer
	b.WriteString(keyFileHead + "\n")
	for i := range keys {
		m := &keys[i]
		if k.sealer != nil && m.sealed == nil {
			var err error
			if m.sealed, err = k.sealer.Seal(m.ID, &m.key); err != nil {
				return err
			}
		}
		if m.sealed != nil {
			fmt.Fprintf(&b, "%d %s %s%s\n", m.ID, m.Made.Format(time.RFC3339), sealedMark, base64.StdEncoding.EncodeToString(m.sealed))
		} else {
			fmt.Fprintf(&b, "%d %s %x\n", m.ID, m.Made.Format(time.RFC3339), m.key[:])
		}
	}
	if err := replaceFile(k.path, b.Bytes()); err != nil {
		return fault.New(fault.Unavailable, "store_key", "write store.key: %w", pathless(err))
	}
	return nil
}

// replaceFile writes a file of mode 0600 beside the old one, syncs it, gives it the name, and
// syncs the folder.
func replaceFile(path string, text []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
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
	return err
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

// pathless takes the path out of a file error.
func pathless(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Legacy gives the secret of a file of the older form; nil where there is none.
func (k *KeyFile) Legacy() *Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.legacy
}

// Wrap wraps under the last key of the file.
func (k *KeyFile) Wrap(key *Key, about []byte) (Wrapped, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.read(); err != nil {
		return Wrapped{}, err
	}
	m := &k.keys[len(k.keys)-1]
	return wrap(m.ID, m.aead, key, about), nil
}

// Unwrap reads the file again where it does not know the master key.
func (k *KeyFile) Unwrap(w *Wrapped, about []byte) (Key, error) {
	k.mu.Lock()
	a := k.find(w.Master)
	if a == nil {
		if err := k.read(); err != nil {
			k.mu.Unlock()
			return Key{}, err
		}
		a = k.find(w.Master)
	}
	k.mu.Unlock()
	if a == nil {
		return Key{}, masterMissing(w.Master)
	}
	return unwrap(a, w, about)
}

func (k *KeyFile) find(id uint32) cipher.AEAD {
	for i := range k.keys {
		if k.keys[i].ID == id {
			return k.keys[i].aead
		}
	}
	return nil
}

// Masters lists the keys of the file.
func (k *KeyFile) Masters() ([]Master, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.read(); err != nil {
		return nil, err
	}
	list := make([]Master, len(k.keys))
	for i := range k.keys {
		list[i] = k.keys[i].Master
	}
	return list, nil
}

// Rotate adds a key to the file.
func (k *KeyFile) Rotate(now time.Time) (uint32, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.read(); err != nil {
		return 0, err
	}
	next := newMaster(k.keys[len(k.keys)-1].ID+1, now)
	if err := k.write(append(k.keys[:len(k.keys):len(k.keys)], next)); err != nil {
		return 0, err
	}
	return next.ID, k.read()
}

// Retire takes a key out of the file.
func (k *KeyFile) Retire(id uint32) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.read(); err != nil {
		return err
	}
	if k.keys[len(k.keys)-1].ID == id {
		return fault.New(fault.Conflict, "master_key_current", "master key %d is the current one", id)
	}
	var keep []masterKey
	for _, m := range k.keys {
		if m.ID != id {
			keep = append(keep, m)
		}
	}
	if len(keep) == len(k.keys) {
		return nil
	}
	if err := k.write(keep); err != nil {
		return err
	}
	return k.read()
}
