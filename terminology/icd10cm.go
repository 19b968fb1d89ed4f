package terminology

import (
	_ "embed"
	"iter"
	"sort"
	"strings"
	"sync"
)

//go:embed data/icd10cm.tsv.zst
var icd10cmData []byte

// ICD10CMFrom and ICD10CMTo are the first and last day of service that are coded with the embedded
// release (45 CFR 162.1002: the fiscal year of its number).
const (
	ICD10CMFrom = "2020-10-01"
	ICD10CMTo   = "2021-09-30"
)

var icd10cm = sync.OnceValues(func() (string, error) { return decode(icd10cmData) })

// ICD10CMCode reports whether the embedded release has a code, written with its point, and whether it
// may be billed: a heading may not.
func ICD10CMCode(code string) (billable, ok bool, err error) {
	table, err := icd10cm()
	if err != nil || code == "" {
		return false, false, err
	}
	// begin is where the row begins that holds the byte at.
	begin := func(at int) int { return strings.LastIndexByte(table[:at], '\n') + 1 }
	at := sort.Search(len(table), func(i int) bool {
		row := table[begin(i):]
		have, _, _ := strings.Cut(row[:strings.IndexByte(row, '\n')], "\t")
		return have >= code
	})
	if at == len(table) {
		return false, false, nil
	}
	row := table[begin(at):]
	have, kind, _ := strings.Cut(row[:strings.IndexByte(row, '\n')], "\t")
	return have == code && kind == "b", have == code, nil
}

// ICD10CMCodes goes over the codes of the embedded release, sorted, with whether they may be billed.
func ICD10CMCodes() iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		table, err := icd10cm()
		if err != nil {
			return
		}
		for row := range strings.Lines(table) {
			code, kind, _ := strings.Cut(strings.TrimSuffix(row, "\n"), "\t")
			if !yield(code, kind == "b") {
				return
			}
		}
	}
}
