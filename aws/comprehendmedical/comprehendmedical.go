// Package comprehendmedical finds clinical mentions by Amazon Comprehend Medical: DetectEntitiesV2
// for mentions with their traits and attributes, InferICD10CM and InferRxNorm for codes.
//
// What is asserted of a mention is decided by both engines, and by the one that is more careful: a
// mention that either takes for denied, hypothetical, historical, uncertain or of somebody else is
// so, and where they differ on whether the patient has it a person is asked. Codes below a score
// are left out, since the service gives one to everything. A mention whose words do not stand in
// the text where the service says is dropped. Text is sent in pieces within the service's limits;
// the service knows English only.
//
// Source: Amazon Comprehend Medical Developer Guide, "Text analysis APIs", "Ontology linking",
// "Guidelines and quotas". It has not been run against AWS.
package comprehendmedical

import (
	"context"
	"regexp"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/comprehendmedical"
	"github.com/aws/aws-sdk-go-v2/service/comprehendmedical/types"
	"golang.org/x/sync/errgroup"

	"chartlake/aws"
	"chartlake/clinical"
	"chartlake/record"
	"chartlake/terminology"
)

// version changes whenever the same answers become other findings.
const version = "comprehendmedical/1"

// RxNorm is the system of RxNorm's codes (FHIR R4, terminologies-systems).
const RxNorm = "http://www.nlm.nih.gov/research/umls/rxnorm"

// pieceBytes is the shorter limit of the three calls, in bytes of UTF-8 (InferICD10CM,
// InferRxNorm); one cut serves all.
const pieceBytes = 10_000

// atOnce is how many calls are under way for one text; the service's limit is 40 a second.
const atOnce = 6

// Annotator finds mentions. It is safe for many goroutines and passes pipelinetest.Annotator.
type Annotator struct {
	client *service.Client
	engine *clinical.Engine
}

// New makes an annotator; engine asserts beside the service. Nothing is called yet.
func New(c sdk.Config, engine *clinical.Engine) *Annotator {
	return &Annotator{service.NewFromConfig(c), engine}
}

// Version names this mapping and our own engine's rules.
func (a *Annotator) Version() string { return version + ", " + clinical.Version }

// Annotate finds the mentions of a text.
func (a *Annotator) Annotate(ctx context.Context, text string) (clinical.Findings, error) {
	if err := ctx.Err(); err != nil {
		return clinical.Findings{}, err
	}
	runes := []rune(text)
	pieces := cut(runes)
	found := make([][]mention, len(pieces))
	group, calling := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, p := range pieces {
		group.Go(func() (err error) {
			found[i], err = a.piece(calling, runes[p[0]:p[1]], p[0])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		if ctx.Err() != nil {
			return clinical.Findings{}, context.Cause(ctx)
		}
		return clinical.Findings{}, err
	}
	var all []mention
	for _, m := range found {
		all = append(all, m...)
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].begin < all[j].begin })
	return clinical.Findings{Entities: a.settle(text, runes, all), Sections: a.engine.Annotate(text).Sections}, nil
}

// mention is a mention as the service gives it, with offsets in the whole text.
type mention struct {
	begin, end int
	typ        record.EntityType
	score      float64
	traits     map[string]bool
	attributes map[string]string
	codes      []record.Code
}

// kinds are the types of mentions that a record has, by category and type. Times, sex and race are
// none.
var kinds = map[string]record.EntityType{
	"MEDICAL_CONDITION/DX_NAME":                           record.Problem,
	"MEDICATION/BRAND_NAME":                               record.Medication,
	"MEDICATION/GENERIC_NAME":                             record.Medication,
	"TEST_TREATMENT_PROCEDURE/TEST_NAME":                  record.Test,
	"TEST_TREATMENT_PROCEDURE/PROCEDURE_NAME":             record.Procedure,
	"TEST_TREATMENT_PROCEDURE/TREATMENT_NAME":             record.Procedure,
	"ANATOMY/SYSTEM_ORGAN_SITE":                           record.Anatomy,
	"BEHAVIORAL_ENVIRONMENTAL_SOCIAL/ALLERGIES":           record.Allergy,
	"BEHAVIORAL_ENVIRONMENTAL_SOCIAL/TOBACCO_USE":         record.SocialHistory,
	"BEHAVIORAL_ENVIRONMENTAL_SOCIAL/ALCOHOL_CONSUMPTION": record.SocialHistory,
	"BEHAVIORAL_ENVIRONMENTAL_SOCIAL/REC_DRUG_USE":        record.SocialHistory,
}

func kind(category, typ string) record.EntityType {
	if category == "PROTECTED_HEALTH_INFORMATION" {
		return record.PHI
	}
	return kinds[category+"/"+typ]
}

// parts are our names of attributes.
var parts = map[types.EntitySubType]string{
	types.EntitySubTypeDosage: "dose", types.EntitySubTypeStrength: "strength", types.EntitySubTypeForm: "form",
	types.EntitySubTypeRouteOrMode: "route", types.EntitySubTypeFrequency: "frequency", types.EntitySubTypeDuration: "duration",
	types.EntitySubTypeTestValue: "value", types.EntitySubTypeTestUnits: "unit", types.EntitySubTypeTestUnit: "unit",
}

// piece asks the three calls about a piece of text that begins at a character of the whole.
func (a *Annotator) piece(ctx context.Context, text []rune, at int) ([]mention, error) {
	sent := sdk.String(clean(text))
	entities, err := a.client.DetectEntitiesV2(ctx, &service.DetectEntitiesV2Input{Text: sent})
	if err != nil {
		return nil, aws.Fault(ctx, "Comprehend Medical", err)
	}
	var out []mention
	var conditions, drugs bool
	for _, e := range entities.Entities {
		m := mention{typ: kind(string(e.Category), string(e.Type)), score: score(e.Score), traits: map[string]bool{}, attributes: map[string]string{}}
		var ok bool
		if m.begin, m.end, ok = place(text, e.BeginOffset, e.EndOffset, e.Text); !ok || m.typ == "" {
			continue
		}
		for _, t := range e.Traits {
			m.traits[string(t.Name)] = true
		}
		for _, p := range e.Attributes {
			name := parts[p.Type]
			begin, end, ok := place(text, p.BeginOffset, p.EndOffset, p.Text)
			if ok && name != "" && m.attributes[name] == "" {
				m.attributes[name] = string(text[begin:end])
			}
		}
		conditions = conditions || m.typ == record.Problem
		drugs = drugs || m.typ == record.Medication || m.typ == record.Allergy
		out = append(out, m)
	}
	if conditions {
		if err := a.conditions(ctx, sent, text, out); err != nil {
			return nil, err
		}
	}
	if drugs {
		if err := a.drugs(ctx, sent, text, out); err != nil {
			return nil, err
		}
	}
	for i := range out {
		out[i].begin, out[i].end = out[i].begin+at, out[i].end+at
	}
	return out, nil
}

// Forms of codes; anything else is not one.
var (
	icdRE    = regexp.MustCompile(`^[A-TV-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$`)
	rxnormRE = regexp.MustCompile(`^[0-9]{1,8}$`)
)

func (a *Annotator) conditions(ctx context.Context, sent *string, text []rune, in []mention) error {
	out, err := a.client.InferICD10CM(ctx, &service.InferICD10CMInput{Text: sent})
	if err != nil {
		return aws.Fault(ctx, "Comprehend Medical", err)
	}
	for _, e := range out.Entities {
		var codes []record.Code
		for _, c := range e.ICD10CMConcepts {
			codes = append(codes, record.Code{System: terminology.ICD10CM, Code: sdk.ToString(c.Code), Display: sdk.ToString(c.Description), Score: score(c.Score)})
		}
		begin, end, ok := place(text, e.BeginOffset, e.EndOffset, e.Text)
		give(in, begin, end, ok, sure(codes, icdRE), record.Problem)
	}
	return nil
}

func (a *Annotator) drugs(ctx context.Context, sent *string, text []rune, in []mention) error {
	out, err := a.client.InferRxNorm(ctx, &service.InferRxNormInput{Text: sent})
	if err != nil {
		return aws.Fault(ctx, "Comprehend Medical", err)
	}
	for _, e := range out.Entities {
		var codes []record.Code
		for _, c := range e.RxNormConcepts {
			codes = append(codes, record.Code{System: RxNorm, Code: sdk.ToString(c.Code), Display: sdk.ToString(c.Description), Score: score(c.Score)})
		}
		begin, end, ok := place(text, e.BeginOffset, e.EndOffset, e.Text)
		give(in, begin, end, ok, sure(codes, rxnormRE), record.Medication, record.Allergy)
	}
	return nil
}

// Codes that are kept: the service scores the fitting one of a plain name at 0.7 and more, and
// what it has no name for at 0.1 to 0.4 (HealthLake Developer Guide, "NLP results": syphilis for a
// headache at 0.11).
const (
	codeScore = 0.5
	codesMax  = 5
)

// sure keeps codes of the right form and a score, best first.
func sure(codes []record.Code, form *regexp.Regexp) []record.Code {
	var out []record.Code
	for _, c := range codes {
		if c.Score >= codeScore && form.MatchString(c.Code) && len(c.Display) <= 500 {
			out = append(out, c)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Score > out[j].Score })
	return out[:min(len(out), codesMax)]
}

// give gives codes to the mention of these types that has the most of a place, half of both at least.
func give(in []mention, begin, end int, ok bool, codes []record.Code, of ...record.EntityType) {
	best, most := -1, 0
	for i := range in {
		common := min(in[i].end, end) - max(in[i].begin, begin)
		for _, t := range of {
			if in[i].typ == t && common > most && 2*common >= in[i].end-in[i].begin && 2*common >= end-begin {
				best, most = i, common
			}
		}
	}
	if ok && best >= 0 && len(in[best].codes) == 0 {
		in[best].codes = codes
	}
}

func score(f *float32) float64 {
	if f == nil || !(*f >= 0) {
		return 0
	}
	return min(float64(*f), 1)
}

// place is where a quote stands in a piece; ok is false where it does not.
func place(text []rune, from, to *int32, quote *string) (begin, end int, ok bool) {
	if from == nil || to == nil {
		return 0, 0, false
	}
	begin, end = int(*from), int(*to)
	if begin < 0 || end <= begin || end > len(text) {
		return 0, 0, false
	}
	return begin, end, quote == nil || clean(text[begin:end]) == *quote
}

// clean takes control characters, which the service may refuse, for blanks: offsets stay.
func clean(text []rune) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return ' '
		}
		return r
	}, string(text))
}

// cut cuts a text into pieces within the limit, at the end of a line, or of a word, in the last
// half of a piece where there is one. Pieces of nothing but blanks are left out.
func cut(runes []rune) (out [][2]int) {
	for at := 0; at < len(runes); {
		end, size := at, 0
		for end < len(runes) {
			n := utf8.RuneLen(runes[end])
			if n < 0 {
				n = 3
			}
			if size+n > pieceBytes {
				break
			}
			size += n
			end++
		}
		if end < len(runes) {
			end = border(runes, at, end)
		}
		if strings.TrimSpace(clean(runes[at:end])) != "" {
			out = append(out, [2]int{at, end})
		}
		at = end
	}
	return out
}

func border(runes []rune, at, end int) int {
	for _, is := range []func(rune) bool{func(r rune) bool { return r == '\n' || r == '\f' }, func(r rune) bool { return r == '.' || r == ';' }, unicode.IsSpace} {
		for i := end; i > at+(end-at)/2; i-- {
			if is(runes[i-1]) && (i == len(runes) || runes[i-1] != '.' || unicode.IsSpace(runes[i])) {
				return i
			}
		}
	}
	return end
}
