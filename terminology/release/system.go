package release

import (
	"io"
	"regexp"
	"sort"
	"strings"

	"chartlake/fault"
	"chartlake/terminology"
)

// System is a code system that releases can be imported of.
type System struct {
	Name  string // on the command line and of its folder
	URL   string // FHIR R4, terminologies-systems
	Title string
	// wants tells which members of an archive are read, by the end of their name in lower case.
	wants []*regexp.Regexp
	// version finds the release in the name of a file.
	version *regexp.Regexp
	parse   func(name string, in io.Reader, into *draft) error
}

// RxNorm and SNOMED CT as FHIR names them.
const (
	RxNorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
	SNOMED = "http://snomed.info/sct"
)

func member(expr string) *regexp.Regexp { return regexp.MustCompile(`(?i)(?:^|/)` + expr + `$`) }

// Systems are those that can be imported.
func Systems() []*System {
	return []*System{
		{Name: "icd-10-cm", URL: terminology.ICD10CM, Title: "ICD-10-CM", parse: parseICD10CM, version: regexp.MustCompile(`(20\d{2})`),
			wants: []*regexp.Regexp{member(`icd-?10-?cm[-_ ]?order[-_ ][^/]*20\d{2}\.txt`), member(`icd-?10-?cm[-_ ]?tabular[^/]*\.xml`)}},
		{Name: "rxnorm", URL: RxNorm, Title: "RxNorm", parse: parseRxNorm, version: regexp.MustCompile(`(\d{8})`),
			wants: []*regexp.Regexp{member(`RXNCONSO\.RRF`)}},
		{Name: "loinc", URL: terminology.LOINC, Title: "LOINC", parse: parseLOINC, version: regexp.MustCompile(`(?i)loinc[-_ v]*(\d\.\d{1,3})`),
			wants: []*regexp.Regexp{member(`LoincTable/Loinc\.csv`), regexp.MustCompile(`(?i)^Loinc\.csv$`)}},
		{Name: "snomed", URL: SNOMED, Title: "SNOMED CT", parse: parseSNOMED, version: regexp.MustCompile(`(20\d{6})`),
			wants: []*regexp.Regexp{member(`sct2_Concept_Snapshot_[^/]*\.txt`), member(`sct2_Description_Snapshot-en[^/]*\.txt`), member(`sct2_Relationship_Snapshot_[^/]*\.txt`)}},
	}
}

// Find gives a system by its name.
func Find(name string) (*System, error) {
	for _, s := range Systems() {
		if s.Name == name {
			return s, nil
		}
	}
	return nil, fault.New(fault.Invalid, "system_unknown", "the system is none of icd-10-cm, rxnorm, loinc, snomed")
}

// Concept is one code of a release.
type Concept struct {
	Code     string
	Display  string
	Active   bool
	Billable bool     // of ICD-10-CM: a code that may be billed, not a heading
	Parents  []string // codes
	Synonyms []string
}

// Limits of a release: the largest, SNOMED CT, has about 500,000 concepts with 1.7 million terms.
const (
	conceptsMax = 3_000_000
	termsMax    = 10_000_000
	termMax     = 4_096 // bytes of one name
	lineMax     = 1 << 20
)

// draft is a release that is being read.
type draft struct {
	concepts map[string]*Concept
	terms    int
	version  string // as a file says it; "" where none does
	rank     map[string]int
}

func newDraft() *draft { return &draft{concepts: map[string]*Concept{}, rank: map[string]int{}} }

var codeRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$`)

// concept gives the concept of a code, made where it is new.
func (d *draft) concept(code string) (*Concept, error) {
	if c := d.concepts[code]; c != nil {
		return c, nil
	}
	if !codeRE.MatchString(code) {
		return nil, fault.New(fault.Corrupt, "code_malformed", "a code of the release has not the form of one")
	}
	if len(d.concepts) == conceptsMax {
		return nil, fault.New(fault.TooLarge, "too_many_concepts", "the release has more than %d concepts", conceptsMax)
	}
	c := &Concept{Code: code, Active: true}
	d.concepts[code] = c
	return c, nil
}

// name cleans a name and counts it; "" for one that cannot be kept.
func (d *draft) name(s string) (string, error) {
	if d.terms++; d.terms > termsMax {
		return "", fault.New(fault.TooLarge, "too_many_terms", "the release has more than %d names", termsMax)
	}
	if len(s) > termMax {
		return "", fault.New(fault.TooLarge, "term_too_long", "a name of the release has more than %d bytes", termMax)
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " "), nil
}

// synonym adds a name.
func (d *draft) synonym(c *Concept, s string) error {
	s, err := d.name(s)
	if err != nil || s == "" {
		return err
	}
	c.Synonyms = append(c.Synonyms, s)
	return nil
}

// sorted gives the concepts by code, without those that never got a name, synonyms and parents
// sorted and each once.
func (d *draft) sorted() []*Concept {
	out := make([]*Concept, 0, len(d.concepts))
	for _, c := range d.concepts {
		if c.Display == "" && len(c.Synonyms) > 0 {
			c.Display = c.Synonyms[0]
		}
		if c.Display == "" {
			continue
		}
		c.Synonyms, c.Parents = distinct(c.Synonyms, c.Display), distinct(c.Parents, c.Code)
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Code < out[j].Code })
	return out
}

func distinct(list []string, but string) []string {
	sort.Strings(list)
	kept := list[:0]
	for i, s := range list {
		if s != but && (i == 0 || s != list[i-1]) {
			kept = append(kept, s)
		}
	}
	return kept
}
