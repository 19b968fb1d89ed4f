package backup

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"chartlake/blob"
	"chartlake/fault"
)

// Original brings one original of a backup into a blob store, if its bytes are those that a
// manifest tells. NotFound where no snapshot has it.
func Original(ctx context.Context, from, hash string, to blob.Keeper) error {
	p, err := openPlace(ctx, from, "", false)
	if err != nil {
		return err
	}
	defer p.close()
	ids, err := p.snapshots(ctx)
	if err != nil {
		return err
	}
	for i := len(ids) - 1; i >= 0; i-- {
		f, err := line(ctx, p, ids[i], hash)
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		in, err := p.open(ctx, f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			err = fault.New(fault.Corrupt, "backup_damaged", "the backup lacks %s", f.Path)
		}
		if err != nil {
			return err
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
func line(ctx context.Context, p place, id, hash string) (found *File, err error) {
	m, err := openManifest(ctx, p, id)
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
