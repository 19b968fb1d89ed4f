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
// one for its words. A release says nothing of the codes of a day on which it was not in force.
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
	day := serviceDay(ctx)
	for i := range f.Entities {
		if err := c.code(&f.Entities[i], day); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (c Coded) code(e *record.Entity, day string) error {
	coded := map[string]bool{}
	var kept []record.Code
	for _, code := range e.Codes {
		if r := c.Releases[code.System]; r != nil && inForce(r, day) {
			found, ok, err := r.Lookup(code.Code)
			if err != nil {
				return err
			}
			if !ok || !found.Active {
				continue
			}
			code.Display, code.Version = found.Display, versionOn(r, day)
		}
		coded[code.System] = true
		kept = append(kept, code)
	}
	for _, system := range coders[e.Type] {
		r := c.Releases[system]
		if r == nil || coded[system] || !inForce(r, day) {
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
			kept = append(kept, record.Code{System: system, Code: found.Code, Display: found.Display, Score: namedScore, Version: versionOn(r, day)})
		}
	}
	e.Codes = kept
	return nil
}

// inForce reports that a release was in force on a day (YYYY-MM-DD); one without a period, or a
// document without a day, does not part them.
func inForce(r *release.Release, day string) bool {
	return day == "" || (r.From == "" || day >= r.From) && (r.To == "" || day <= r.To)
}

// versionOn names the release where it is known to hold on the day.
func versionOn(r *release.Release, day string) string {
	if day == "" || r.From == "" {
		return ""
	}
	return r.Manifest.Version
}

type serviceDayKey struct{}

// OnDay gives annotators the day of a document's service (YYYY-MM-DD), on which its codes must hold.
func OnDay(ctx context.Context, day string) context.Context {
	return context.WithValue(ctx, serviceDayKey{}, day)
}

func serviceDay(ctx context.Context) string {
	day, _ := ctx.Value(serviceDayKey{}).(string)
	return day
}

// serviceFields are the fields that say when a service was given, the surest first.
var serviceFields = []string{"admitted", "visit", "collected", "date"}

// dayOf is the day of a segment's service; "" where no accepted field says it.
func dayOf(seg *record.Segment) string {
	for _, name := range serviceFields {
		for _, f := range seg.Fields {
			if f.Name == name && f.State == record.Accepted && f.Value != nil && len(*f.Value) >= 10 && (*f.Value)[4] == '-' {
				return (*f.Value)[:10]
			}
		}
	}
	return ""
}
