package eval

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"chartlake/eval/reading"
	"chartlake/eval/specimen"
)

// GenerateOptions says which fictional documents are written. Zero values mean: one each,
// every kind with an expected record, every condition, the development layouts.
type GenerateOptions struct {
	Dir        string
	Seed       uint64 // of the first document; each further one of a kind has the next
	N          int    // documents of each kind, layout and condition
	Kinds      []specimen.Kind
	Conditions []specimen.Condition
	Apart      bool // the layouts that are kept apart, instead of those for development
	Done       func(done, of int)
}

// job is one document to make.
type job struct {
	seed      uint64
	kind      specimen.Kind
	layout    string
	condition specimen.Condition
}

func (o GenerateOptions) jobs() []job {
	if len(o.Kinds) == 0 {
		o.Kinds = specimen.Kinds()
	}
	if len(o.Conditions) == 0 {
		o.Conditions = specimen.Conditions()
	}
	var jobs []job
	for _, kind := range o.Kinds {
		layouts := specimen.Layouts(kind)
		if kind == specimen.CompositeStack {
			layouts = []string{"stack"}
		} else if kind == specimen.OwnForm {
			layouts = []string{"filled"}
			for _, condition := range o.Conditions {
				jobs = append(jobs, job{o.Seed, kind, "blank", condition})
			}
		} else if o.Apart {
			layouts = specimen.ApartLayouts(kind)
		}
		seed := o.Seed
		for range max(o.N, 1) {
			for _, layout := range layouts {
				for _, condition := range o.Conditions {
					jobs = append(jobs, job{seed, kind, layout, condition})
					seed++
				}
			}
		}
	}
	return jobs
}

// Generate writes NAME, NAME.reading.json and, for kinds that have one, NAME.expected.json
// for each document. The same options give the same files.
func Generate(ctx context.Context, o GenerateOptions) error {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return err
	}
	jobs := o.jobs()
	for i, j := range jobs {
		if err := ctx.Err(); err != nil {
			return err
		}
		s, err := o.make(j)
		if err != nil {
			return err
		}
		if err := write(o.Dir, s); err != nil {
			return err
		}
		if o.Done != nil {
			o.Done(i+1, len(jobs))
		}
	}
	return nil
}

func (o GenerateOptions) make(j job) (*specimen.Specimen, error) {
	if j.kind == specimen.CompositeStack {
		return specimen.MakeStack(j.seed, o.Apart, j.condition)
	}
	if j.kind == specimen.OwnForm {
		return specimen.MakeOwnForm(j.seed, j.layout == "blank", j.condition)
	}
	return specimen.Make(j.seed, j.kind, j.layout, j.condition)
}

func write(dir string, s *specimen.Specimen) error {
	files := map[string][]byte{s.Name: s.Bytes}
	var err error
	if files[s.Reading.ID+reading.Suffix], err = s.Reading.Format(); err != nil {
		return err
	}
	if !slices.Contains(specimen.ReadingKinds(), specimen.Kind(s.Expected.DocType)) && s.Expected.Source.Layout != "blank" {
		if files[s.Expected.ID+expectedSuffix], err = s.Expected.Format(); err != nil {
			return err
		}
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
