package envelope

import (
	"context"
	"crypto/cipher"
	"encoding/binary"
	"sync"
	"time"

	"chartlake/fault"
)

// Vault gives out data keys and seals with them. Opened keys are kept in memory, a bounded
// number for a bounded time. All methods are safe for many goroutines; many processes may have
// a vault on one shelf.
type Vault struct {
	wrapper Wrapper
	shelf   Shelf

	mu        sync.RWMutex
	now, past map[int64]cipher.AEAD // two generations: past is dropped when now is full, both when they are old
	since     time.Time

	spareMu sync.Mutex
	spare   []int64 // durable keys that nobody uses yet
}

// Limits of the keys in memory: one has about 1 KB.
const (
	cacheKeys = 2_000 // of one generation
	cacheTime = 10 * time.Minute
	spareKeys = 64 // that are made at once, so that one sync serves many
)

// NewVault makes a vault. A shelf without keys gets its first two: Store, which is made of
// secret where that is given, and Common.
func NewVault(w Wrapper, s Shelf, secret *Key) (*Vault, error) {
	v := &Vault{wrapper: w, shelf: s, now: map[int64]cipher.AEAD{}, past: map[int64]cipher.AEAD{}, since: time.Now()}
	for id := Store; id <= Common; id++ { // a crash may have left the first alone
		_, err := s.Get(id)
		if fault.Is(err, fault.NotFound) {
			_, err = s.Add(1, func(id int64) (Wrapped, error) {
				key := newKey()
				if id == Store && secret != nil {
					key = *secret
				}
				return w.Wrap(&key, v.about(id))
			})
		}
		if err != nil {
			return nil, err
		}
	}
	return v, nil
}

// The first two data keys, which are never destroyed.
const (
	Store  int64 = 1 // from which the keys of indexes, tokens and pages are derived
	Common int64 = 2 // seals what belongs to no patient and no document
)

// about binds a wrapped key to its shelf and number.
func (v *Vault) about(id int64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(nil), v.shelf.About()...), uint64(id))
}

// New gives the number of a fresh key: durable, and used by nobody.
func (v *Vault) New() (int64, error) {
	v.spareMu.Lock()
	defer v.spareMu.Unlock()
	if len(v.spare) == 0 {
		first, err := v.shelf.Add(spareKeys, func(id int64) (Wrapped, error) {
			key := newKey()
			return v.wrapper.Wrap(&key, v.about(id))
		})
		if err != nil {
			return 0, err
		}
		for i := range int64(spareKeys) {
			v.spare = append(v.spare, first+i)
		}
	}
	id := v.spare[0]
	v.spare = v.spare[1:]
	return id, nil
}

// Seal appends the sealed text to dst: Overhead bytes longer than plain. It opens only under
// the same key and about.
func (v *Vault) Seal(dst []byte, id int64, plain, about []byte) ([]byte, error) {
	a, err := v.cipher(id)
	if err != nil {
		return nil, err
	}
	return seal(dst, a, plain, about), nil
}

// Open appends the text of a ciphertext to dst. Faults: Gone with code key_destroyed, Corrupt.
func (v *Vault) Open(dst []byte, id int64, sealed, about []byte) ([]byte, error) {
	a, err := v.cipher(id)
	if err != nil {
		return nil, err
	}
	return open(dst, a, sealed, about)
}

// Secret gives a data key itself, to derive others from.
func (v *Vault) Secret(id int64) (Key, error) {
	w, err := v.shelf.Get(id)
	if err != nil {
		return Key{}, err
	}
	key, err := v.wrapper.Unwrap(&w, v.about(id))
	if err == nil {
		return key, nil
	}
	// It may have been read while it was being written: once more, under the lock.
	err = fault.New(fault.Gone, "key_destroyed", "data key %d was destroyed: what it sealed was erased", id)
	_, locked := v.shelf.Through(id, 1, func(_ int64, w *Wrapped) error {
		key, err = v.wrapper.Unwrap(w, v.about(id))
		return nil
	}, nil)
	if locked != nil {
		err = locked
	}
	return key, err
}

// cipher gives the cipher of a key, from memory where it is there.
func (v *Vault) cipher(id int64) (cipher.AEAD, error) {
	if a := v.known(id); a != nil {
		return a, nil
	}
	key, err := v.Secret(id)
	if err != nil {
		return nil, err
	}
	a := key.aead()
	clear(key[:])
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case time.Since(v.since) > cacheTime:
		v.past, v.now, v.since = map[int64]cipher.AEAD{}, map[int64]cipher.AEAD{}, time.Now()
	case len(v.now) >= cacheKeys:
		v.past, v.now = v.now, map[int64]cipher.AEAD{}
	}
	v.now[id] = a
	return a, nil
}

// known gives a cipher that is in memory and not too old: another process may have destroyed
// the key since.
func (v *Vault) known(id int64) cipher.AEAD {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if time.Since(v.since) > cacheTime {
		return nil
	}
	if a := v.now[id]; a != nil {
		return a
	}
	return v.past[id]
}

// Destroy destroys data keys for good and forgets them.
func (v *Vault) Destroy(ids []int64) error {
	for _, id := range ids {
		if id <= Common {
			return fault.New(fault.Invalid, "key_needed", "data key %d is the store's own", id)
		}
	}
	if err := v.shelf.Destroy(ids); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, id := range ids {
		delete(v.now, id)
		delete(v.past, id)
	}
	return nil
}

// Lives reports whether a key was given out and not destroyed.
func (v *Vault) Lives(id int64) (bool, error) {
	_, err := v.shelf.Get(id)
	if fault.Is(err, fault.Gone) || fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// rewrapRun is how many keys are wrapped again while others wait for the shelf.
const rewrapRun = 1_000

// Rotate makes a new master key, unless a rotation before was cut, wraps every data key under
// it, and retires all others. It may be cut at any point and called again. done is told
// how many keys were looked at. It gives the master key that is current then.
func (v *Vault) Rotate(ctx context.Context, now time.Time, done func(keys int64)) (uint32, error) {
	masters, err := v.wrapper.Masters()
	if err != nil {
		return 0, err
	}
	if len(masters) == 1 {
		if _, err := v.shelf.Through(1, 0, nil, func() error { _, err := v.wrapper.Rotate(now); return err }); err != nil {
			return 0, err
		}
	}
	return v.Resume(ctx, done)
}

// Resume ends a rotation that was cut; where none was, it does nothing.
func (v *Vault) Resume(ctx context.Context, done func(keys int64)) (uint32, error) {
	masters, err := v.wrapper.Masters()
	if err != nil {
		return 0, err
	}
	current := masters[len(masters)-1].ID
	if len(masters) == 1 {
		return current, nil
	}
	retire := func() error {
		for _, m := range masters[:len(masters)-1] {
			if err := v.wrapper.Retire(m.ID); err != nil {
				return err
			}
		}
		return nil
	}
	for from := int64(1); ; {
		if err := ctx.Err(); err != nil {
			return current, err
		}
		next, err := v.shelf.Through(from, rewrapRun, func(id int64, w *Wrapped) error {
			if w.Master == current {
				return nil
			}
			key, err := v.wrapper.Unwrap(w, v.about(id))
			if err == nil {
				*w, err = v.wrapper.Wrap(&key, v.about(id))
			}
			clear(key[:])
			return err
		}, retire)
		if err != nil || next == 0 {
			return current, err
		}
		if from = next; done != nil {
			done(next - 1)
		}
	}
}

// Count says how many data keys are wrapped under each master key.
func (v *Vault) Count() (map[uint32]int64, error) {
	count := map[uint32]int64{}
	for from := int64(1); ; {
		next, err := v.shelf.Through(from, 10*rewrapRun, func(_ int64, w *Wrapped) error { count[w.Master]++; return nil }, nil)
		if err != nil || next == 0 {
			return count, err
		}
		from = next
	}
}

// Masters lists the master keys, oldest first.
func (v *Vault) Masters() ([]Master, error) { return v.wrapper.Masters() }
