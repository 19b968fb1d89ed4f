// Package terminology holds the code systems that may be shipped, as compact tables made from
// checksummed source files (SOURCES, generate): names of diseases, symptoms and injuries with
// ICD-10-CM codes, common laboratory tests with LOINC codes and example units, and the vital signs
// of R4's profiles. A code
// that is not in a table is not given: nothing here comes from memory.
//
// This material contains content from LOINC (http://loinc.org), see NOTICE.
package terminology

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/unicode/norm"
)

// System URIs (FHIR R4, terminologies-systems).
const (
	ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
	LOINC   = "http://loinc.org"
	UCUM    = "http://unitsofmeasure.org"
)

// ICD10CMVersion is the release that the codes come from.
const ICD10CMVersion = "2021"

//go:embed data/problems.tsv.zst
var problemsData []byte

//go:embed data/labs.tsv.zst
var labsData []byte

// Term is a name with its best code; Code is empty where the sources give none.
type Term struct {
	Name, Code, Display string
	Source              Source
}

// Source is where a name has its code from.
type Source byte

const (
	Title          Source = 't' // a title of ICD-10-CM
	Inclusion      Source = 'i' // an inclusion term of ICD-10-CM
	CrossReference Source = 'x' // the disease ontology's reference
	Broader        Source = 'b' // the reference of a broader term of the disease ontology
)

// Problems gives the names of diseases, symptoms and injuries, in Normal form, sorted. The
// table is decoded on each call; keep what you need of it.
func Problems() ([]Term, error) {
	text, err := decode(problemsData)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	out := make([]Term, len(lines))
	for i, l := range lines {
		name, rest, _ := strings.Cut(l, "\t")
		code, rest, _ := strings.Cut(rest, "\t")
		display, source, _ := strings.Cut(rest, "\t")
		out[i] = Term{name, code, display, Source(source[0])}
	}
	return out, nil
}

// LabTest is one LOINC code of the common laboratory tests.
type LabTest struct {
	Code, Component, Name string
	Rank                  string   // how common, ascending as text
	Units                 []string // example units
}

var labs = sync.OnceValues(func() (map[string][]LabTest, error) {
	text, err := decode(labsData)
	if err != nil {
		return nil, err
	}
	out := map[string][]LabTest{}
	for _, l := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		f := strings.Split(l, "\t")
		t := LabTest{Code: f[0], Component: f[1], Name: f[2], Rank: f[3]}
		if f[4] != "" {
			t.Units = strings.Split(f[4], "|")
		}
		out[t.Component] = append(out[t.Component], t)
	}
	return out, nil
})

// LabTests gives the tests of a component ("glucose"), by Normal name; nil where there are none.
func LabTests(component string) []LabTest {
	m, err := labs()
	if err != nil {
		return nil
	}
	return m[Normal(component)]
}

func decode(data []byte) (string, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return "", err
	}
	defer dec.Close()
	out, err := dec.DecodeAll(data, nil)
	return string(out), err
}

// Normal is the form in which names are compared: lower case, no marks, words of letters and
// digits joined by single blanks, possessive and simple plural endings taken off.
func Normal(s string) string {
	var words []string
	for _, w := range strings.FieldsFunc(norm.NFKD.String(strings.ToLower(s)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’' && !unicode.Is(unicode.Mn, r)
	}) {
		if w = NormalWord(w); w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

// NormalWord is Normal of one lower-case word.
func NormalWord(w string) string {
	w = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		if r == '’' {
			return '\''
		}
		return r
	}, w)
	w = strings.Trim(strings.TrimSuffix(w, "'s"), "'")
	w = strings.ReplaceAll(w, "'", "")
	return singular(w)
}

// singular takes off a plural ending where the rest is long enough to be a word; words in
// -ss, -us, -is (abscess, virus, arthritis) are no plurals.
func singular(w string) string {
	if len(w) < 5 || !strings.HasSuffix(w, "s") {
		return w
	}
	for _, end := range []string{"ias", "omas", "emas"} { // myalgias, carcinomas, edemas
		if len(w) > 6 && strings.HasSuffix(w, end) {
			return w[:len(w)-1]
		}
	}
	for _, end := range []string{"ss", "us", "is", "as", "os"} {
		if strings.HasSuffix(w, end) {
			return w
		}
	}
	if strings.HasSuffix(w, "ies") && len(w) > 5 {
		return w[:len(w)-3] + "y"
	}
	for _, end := range []string{"ches", "shes", "xes", "sses"} {
		if strings.HasSuffix(w, end) && !strings.HasSuffix(w, "aches") {
			return w[:len(w)-2]
		}
	}
	return w[:len(w)-1]
}
