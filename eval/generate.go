package eval

import (
	"context"
	"os"
	"path/filepath"

	"chartlake/eval/specimen"
)

// GenerateOptions says which fictional documents are written. Zero values mean: every
// kind, every condition, the development layouts.
type GenerateOptions struct {
	Dir        string
	Seed       uint64
	N          int // documents of each kind; they take layouts and conditions in turn
	Kinds      []specimen.Kind
	Conditions []specimen.Condition
	Apart      bool // the layouts that are kept apart, instead of those for development
	Progress   func(done, of int)
}

// Generate writes NAME and NAME.expected.json for each document and gives their number.
// The same options give the same files.
func Generate(ctx context.Context, o GenerateOptions) (int, error) {
	if len(o.Kinds) == 0 {
		o.Kinds = specimen.Kinds()
	}
	if len(o.Conditions) == 0 {
		o.Conditions = specimen.Conditions()
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return 0, err
	}
	done := 0
	for _, kind := range o.Kinds {
		layouts := specimen.Layouts(kind)
		if o.Apart {
			layouts = specimen.ApartLayouts(kind)
		}
		for i := range o.N {
			if err := ctx.Err(); err != nil {
				return done, err
			}
			// The condition moves on once all layouts had it, so that all pairs come up.
			s, err := specimen.Make(o.Seed+uint64(i), kind, layouts[i%len(layouts)], o.Conditions[(i/len(layouts))%len(o.Conditions)])
			if err != nil {
				return done, err
			}
			if err := write(o.Dir, s); err != nil {
				return done, err
			}
			done++
			if o.Progress != nil {
				o.Progress(done, o.N*len(o.Kinds))
			}
		}
	}
	return done, nil
}

func write(dir string, s *specimen.Specimen) error {
	data, err := s.Expected.Format()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, s.Name), s.Bytes, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, s.Expected.ID+expectedSuffix), data, 0o600)
}
