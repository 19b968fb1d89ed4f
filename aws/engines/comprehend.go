package engines

import (
	"context"

	"chartlake/fault"
	"chartlake/record"
	"chartlake/record/comprehend"
	"chartlake/store"
	"chartlake/terminology"
	"chartlake/terminology/release"
)

// Limits of Comprehend Medical in bytes of UTF-8 ("Guidelines and quotas").
const (
	textMax = 20_000 // DetectEntitiesV2, DetectPHI
	codeMax = 10_000 // InferICD10CM, InferRxNorm
)

// text is the request of all four.
type text struct{ Text string }

// mentions finds what stands in a text.
func (s *Service) mentions(ctx context.Context, t text, limit int) ([]record.Entity, error) {
	switch {
	case t.Text == "":
		return nil, fault.New(fault.Invalid, "empty", "the text is empty")
	case len(t.Text) > limit:
		return nil, fault.New(fault.TooLarge, "text_too_long", "the text has more than %d bytes", limit)
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	f, err := s.Annotator.Annotate(ctx, t.Text)
	return f.Entities, err
}

func detectEntities(s *Service, ctx context.Context, _ store.Actor, in text) (any, error) {
	found, err := s.mentions(ctx, in, textMax)
	if err != nil {
		return nil, err
	}
	return comprehend.Write(in.Text, found, s.Annotator.Version()), nil
}

func detectPHI(s *Service, ctx context.Context, _ store.Actor, in text) (any, error) {
	found, err := s.mentions(ctx, in, textMax)
	if err != nil {
		return nil, err
	}
	written := comprehend.Write(in.Text, only(found, record.PHI), s.Annotator.Version())
	return struct {
		Entities     []comprehend.Entity
		ModelVersion string
	}{written.Entities, written.ModelVersion}, nil
}

func only(all []record.Entity, types ...record.EntityType) (out []record.Entity) {
	for _, e := range all {
		for _, t := range types {
			if e.Type == t {
				out = append(out, e)
			}
		}
	}
	return out
}

// concept is a code of a mention.
type concept struct {
	Description, Code string
	Score             float64
}

// coded is a mention with its codes, the most fitting first.
type coded struct {
	comprehend.Entity
	ICD10CMConcepts []concept `json:",omitempty"`
	RxNormConcepts  []concept `json:",omitempty"`
}

// inferred is the answer of InferICD10CM and InferRxNorm.
type inferred struct {
	Entities     []coded
	ModelVersion string
}

func inferICD10CM(s *Service, ctx context.Context, _ store.Actor, in text) (any, error) {
	return s.infer(ctx, in, terminology.ICD10CM, record.Problem)
}

func inferRxNorm(s *Service, ctx context.Context, _ store.Actor, in text) (any, error) {
	return s.infer(ctx, in, release.RxNorm, record.Medication, record.Allergy)
}

// infer gives mentions of some types with their codes of a system.
func (s *Service) infer(ctx context.Context, in text, system string, types ...record.EntityType) (any, error) {
	found, err := s.mentions(ctx, in, codeMax)
	if err != nil {
		return nil, err
	}
	found = only(found, types...)
	for i := range found { // whoever asks for the codes of a drug asks of one that is not taken, too
		if found[i].Type == record.Allergy {
			found[i].Type = record.Medication
		}
	}
	written := comprehend.Write(in.Text, found, s.Annotator.Version())
	out := inferred{Entities: []coded{}, ModelVersion: written.ModelVersion}
	for _, e := range written.Entities {
		c := coded{Entity: e}
		var concepts []concept
		for _, code := range found[e.ID].Codes {
			if code.System == system {
				concepts = append(concepts, concept{code.Display, code.Code, code.Score})
			}
		}
		if system == release.RxNorm {
			c.RxNormConcepts = concepts
		} else {
			c.ICD10CMConcepts = concepts
		}
		out.Entities = append(out.Entities, c)
	}
	return out, nil
}
