package pipeline

import (
	"context"
	"sort"

	"chartlake/clinical"
	"chartlake/record"
	"chartlake/terminology"
	"chartlake/terminology/release"
)

// Coded is an annotator whose codes are held against imported releases: a candidate that a release
// does not have, or has no longer, goes, and a mention gets the code of a release that has exactly
// one for its words.
type Coded struct {
	Annotator
	Releases map[string]*release.Release // by system URL
}

// namedScore is how surely a name that a release has for one code alone means that code: as much as
// the names of the embedded tables.
const namedScore = 0.9

// coders are the systems that name a type of mention.
var coders = map[record.EntityType][]string{
	record.Problem:    {terminology.ICD10CM, release.SNOMED},
	record.Procedure:  {release.SNOMED},
	record.Medication: {release.RxNorm},
	record.Allergy:    {release.RxNorm},
}

// Version names the releases, too: another one is another coder.
func (c Coded) Version() string {
	v := c.Annotator.Version()
	var names []string
	for _, r := range c.Releases {
		names = append(names, r.System+" "+r.Manifest.Version)
	}
	sort.Strings(names)
	for _, n := range names {
		v += ", " + n
	}
	return v
}

// Annotate codes the mentions. A table that cannot be read is an error: a document is not filed with
// codes that nobody looked up.
func (c Coded) Annotate(ctx context.Context, text string) (clinical.Findings, error) {
	f, err := c.Annotator.Annotate(ctx, text)
	if err != nil {
		return f, err
	}
	for i := range f.Entities {
		if err := c.code(&f.Entities[i]); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (c Coded) code(e *record.Entity) error {
	coded := map[string]bool{}
	var kept []record.Code
	for _, code := range e.Codes {
		if r := c.Releases[code.System]; r != nil {
			found, ok, err := r.Lookup(code.Code)
			if err != nil {
				return err
			}
			if !ok || !found.Active {
				continue
			}
			code.Display = found.Display
		}
		coded[code.System] = true
		kept = append(kept, code)
	}
	for _, system := range coders[e.Type] {
		r := c.Releases[system]
		if r == nil || coded[system] {
			continue
		}
		codes, err := r.Named(terminology.Normal(e.Text))
		if err != nil {
			return err
		}
		if len(codes) != 1 {
			continue // no such name, or one that several codes have
		}
		found, ok, err := r.Lookup(codes[0])
		if err != nil {
			return err
		}
		if ok {
			kept = append(kept, record.Code{System: system, Code: found.Code, Display: found.Display, Score: namedScore})
		}
	}
	e.Codes = kept
	return nil
}
