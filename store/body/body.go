// Package body packs what a store keeps whole (resources, records, stage outputs, audit steps)
// with zstd and a dictionary that the store's own resources train, once, without holding
// anything that could say something about a patient.
package body

import (
	"sync"

	"github.com/klauspost/compress/zstd"

	"chartlake/fault"
	"chartlake/store/db"
)

// Max bounds in bytes what one stored body may unpack to. The largest is the record of a file of 3,000
// reports with their Bundle, 270 MB; whoever stores a body that may be larger refuses it first.
const Max = 1 << 30

// Packer packs bodies: zstd, with a dictionary where the database has one. A row keeps the
// number of its dictionary, so old ones stay readable.
type Packer struct {
	mu       sync.RWMutex
	current  int64
	encoder  *zstd.Encoder
	decoders map[int64]*zstd.Decoder
}

// Load makes a packer with the dictionaries of the database.
func Load(c db.Conn) (*Packer, error) {
	p := &Packer{decoders: map[int64]*zstd.Decoder{}}
	if err := p.Use(0, nil); err != nil {
		return nil, err
	}
	var ids []int64
	var bodies [][]byte
	err := c.Query(`SELECT dict, body FROM dictionary ORDER BY dict`, nil, func(s db.Row) bool {
		ids, bodies = append(ids, s.Int(0)), append(bodies, s.Bytes(1))
		return true
	})
	for i := range ids {
		if err == nil {
			err = p.Use(ids[i], bodies[i])
		}
	}
	return p, err
}

// Use makes a dictionary known and packs with it from now on.
func (p *Packer) Use(id int64, dictionary []byte) error {
	enc := []zstd.EOption{zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2), zstd.WithEncoderCRC(true), zstd.WithWindowSize(1 << 20)}
	dec := []zstd.DOption{zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(Max), zstd.WithDecoderLowmem(true)}
	if dictionary != nil {
		enc, dec = append(enc, zstd.WithEncoderDict(dictionary)), append(dec, zstd.WithDecoderDicts(dictionary))
	}
	e, err := zstd.NewWriter(nil, enc...)
	if err != nil {
		return err
	}
	d, err := zstd.NewReader(nil, dec...)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.current, p.encoder, p.decoders[id] = id, e, d
	p.mu.Unlock()
	return nil
}

// Plain reports whether no dictionary is in use.
func (p *Packer) Plain() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.current == 0
}

// Pack packs with the newest dictionary and says which that is.
func (p *Packer) Pack(body []byte) (dict int64, packed []byte) {
	p.mu.RLock()
	e, id := p.encoder, p.current
	p.mu.RUnlock()
	return id, e.EncodeAll(body, make([]byte, 0, len(body)/3+64))
}

// Unpack gives a body back; c finds a dictionary that another process has made since.
func (p *Packer) Unpack(c db.Conn, dict int64, packed []byte) ([]byte, error) {
	p.mu.RLock()
	d := p.decoders[dict]
	p.mu.RUnlock()
	if d == nil {
		if err := p.fetch(c, dict); err != nil {
			return nil, err
		}
		p.mu.RLock()
		d = p.decoders[dict]
		p.mu.RUnlock()
	}
	body, err := d.DecodeAll(packed, nil)
	if err != nil {
		return nil, fault.New(fault.Corrupt, "body_damaged", "a stored body cannot be unpacked: its checksum or form is wrong")
	}
	return body, nil
}

func (p *Packer) fetch(c db.Conn, dict int64) error {
	var dictionary []byte
	err := c.Query(`SELECT body FROM dictionary WHERE dict=?`, []any{dict}, func(s db.Row) bool {
		dictionary = s.Bytes(0)
		return false
	})
	if err != nil {
		return err
	}
	if dictionary == nil {
		return fault.New(fault.Corrupt, "dictionary_missing", "a stored body needs a dictionary that the database does not have")
	}
	return p.Use(dict, dictionary)
}

// Close lets the decoders go.
func (p *Packer) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.decoders {
		d.Close()
	}
}
