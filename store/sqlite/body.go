package sqlite

import (
	"strconv"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/ncruces/go-sqlite3"

	"chartlake/fault"
)

func itoa(i int64) string { return strconv.FormatInt(i, 10) }

// maxBody bounds what one stored body may unpack to; the largest resource that is accepted
// at the door is far below it.
const maxBody = 256 << 20

// packer packs bodies: zstd, with a dictionary where the database has one. A row keeps the
// number of its dictionary, so old ones stay readable.
type packer struct {
	mu       sync.RWMutex
	current  int64
	encoder  *zstd.Encoder
	decoders map[int64]*zstd.Decoder
}

func newPacker(c *conn) (*packer, error) {
	p := &packer{decoders: map[int64]*zstd.Decoder{}}
	if err := p.use(0, nil); err != nil {
		return nil, err
	}
	var ids []int64
	var bodies [][]byte
	err := c.query(`SELECT dict, body FROM dictionary ORDER BY dict`, nil, func(s *sqlite3.Stmt) bool {
		ids, bodies = append(ids, s.ColumnInt64(0)), append(bodies, s.ColumnBlob(1, nil))
		return true
	})
	for i := range ids {
		if err == nil {
			err = p.use(ids[i], bodies[i])
		}
	}
	return p, err
}

// use makes a dictionary known and packs with it from now on.
func (p *packer) use(id int64, dictionary []byte) error {
	enc := []zstd.EOption{zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(2), zstd.WithEncoderCRC(true), zstd.WithWindowSize(1 << 20)}
	dec := []zstd.DOption{zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxBody), zstd.WithDecoderLowmem(true)}
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

// plain reports whether no dictionary is in use.
func (p *packer) plain() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.current == 0
}

func (p *packer) pack(body []byte) (dict int64, packed []byte) {
	p.mu.RLock()
	e, id := p.encoder, p.current
	p.mu.RUnlock()
	return id, e.EncodeAll(body, make([]byte, 0, len(body)/3+64))
}

// unpack gives a body back; c finds a dictionary that another process has made since.
func (p *packer) unpack(c *conn, dict int64, packed []byte) ([]byte, error) {
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

func (p *packer) fetch(c *conn, dict int64) error {
	var dictionary []byte
	err := c.query(`SELECT body FROM dictionary WHERE dict=?`, []any{dict}, func(s *sqlite3.Stmt) bool {
		dictionary = s.ColumnBlob(0, nil)
		return false
	})
	if err != nil {
		return sqlFault(err)
	}
	if dictionary == nil {
		return fault.New(fault.Corrupt, "dictionary_missing", "a stored body needs a dictionary that the database does not have")
	}
	return p.use(dict, dictionary)
}

func (p *packer) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.decoders {
		d.Close()
	}
}
