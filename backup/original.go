package backup

import (
	"context"
	"errors"
	"io"
	"os"

	"chartlake/blob"
	"chartlake/fault"
)

// Original brings one original of a backup into a blob store, if its bytes are those that a
// manifest tells. NotFound where no snapshot has it.
func Original(ctx context.Context, from, hash string, to blob.Keeper) error {
	p, err := openPlace(from, false)
	if err != nil {
		return err
	}
	ids, err := p.snapshots()
	if err != nil {
		return err
	}
	for i := len(ids) - 1; i >= 0; i-- {
		f, err := p.line(ids[i], hash)
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		in, err := os.Open(p.path(f.Path))
		if err != nil {
			return fault.New(fault.Corrupt, "backup_damaged", "the backup lacks %s", f.Path)
		}
		defer in.Close()
		s := newSumming(ctx, in)
		return to.PutStored(ctx, hash, s, func() error {
			if s.size != f.Size || s.hex() != f.SHA256 {
				return fault.New(fault.Corrupt, "backup_damaged", "%s of the backup does not have the bytes that were written", f.Path)
			}
			return nil
		})
	}
	return fault.New(fault.NotFound, "no_original", "the backup does not have this original")
}

// line looks for an original in a snapshot's manifest; nil where it is not.
func (p *place) line(id, hash string) (found *File, err error) {
	m, err := p.openManifest(id)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	_, err = readManifest(m, func(f File) error {
		if h, ok := f.blob(); ok && h == hash && !f.Missing {
			found = &f
			return io.EOF
		}
		return nil
	})
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return found, err
}
