package pipeline

import (
	"context"
	"sort"
	"strings"

	"chartlake/clinical"
	"chartlake/clinical/phi"
	"chartlake/record"
)

// Identified is an annotator that also finds what identifies a person (record.PHI, its kind in the
// attribute "kind"). Records do without: what they know of a person is in their fields.
type Identified struct {
	Annotator
	Finder *phi.Finder
}

// Version names both.
func (a Identified) Version() string { return a.Annotator.Version() + ", " + phi.Version }

// Annotate adds the identifiers to the mentions, in the order of the text.
func (a Identified) Annotate(ctx context.Context, text string) (clinical.Findings, error) {
	f, err := a.Annotator.Annotate(ctx, text)
	if err != nil {
		return f, err
	}
	for _, m := range a.Finder.Find(text) {
		f.Entities = append(f.Entities, record.Entity{Text: strings.ReplaceAll(m.Text, "\n", " "), Type: record.PHI, Begin: m.Begin, End: m.End,
			Experiencer: "patient", Attributes: map[string]string{"kind": string(m.Kind)}, Confidence: m.Confidence, State: record.Accepted, Rule: m.Rule})
	}
	sort.SliceStable(f.Entities, func(i, j int) bool { return f.Entities[i].Begin < f.Entities[j].Begin })
	return f, nil
}
