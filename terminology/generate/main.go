// Command generate makes the embedded tables of package terminology from source files:
//
//	go run ./terminology/generate -from DIR -to terminology/data
//
// DIR holds the files that sources lists; each is checked against its SHA-256 first, so that
// the tables can only be made from the releases that terminology/SOURCES names.
package main

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"chartlake/terminology"
)

func main() {
	from := flag.String("from", "", "folder of the source files")
	to := flag.String("to", "terminology/data", "folder to write to")
	sums := flag.String("sources", "terminology/SOURCES", "list of SHA-256 and names")
	flag.Parse()
	if err := generate(*from, *to, *sums); err != nil {
		log.Fatal(err)
	}
}

func generate(from, to, sums string) error {
	if err := verify(from, sums); err != nil {
		return err
	}
	icd, err := icdTitles(from)
	if err != nil {
		return err
	}
	problems, err := problems(from, icd)
	if err != nil {
		return err
	}
	labs, err := labs(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if err := write(filepath.Join(to, "problems.tsv.zst"), problems); err != nil {
		return err
	}
	return write(filepath.Join(to, "labs.tsv.zst"), labs)
}

// verify refuses a source whose bytes are not those of the release.
func verify(from, sums string) error {
	list, err := os.ReadFile(sums)
	if err != nil {
		return err
	}
	for _, line := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		want, name, ok := strings.Cut(line, "  ")
		if !ok {
			continue
		}
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want {
			return fmt.Errorf("%s: SHA-256 differs from %s", name, sums)
		}
	}
	return nil
}

func write(name string, lines []string) error {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	return os.WriteFile(name, enc.EncodeAll([]byte(b.String()), nil), 0o644)
}

func gunzip(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

type title struct {
	code     string
	title    string
	billable bool
}

// icdTitles reads the ICD-10-CM order file: code 7-13, billable flag 15, long title from 78.
func icdTitles(from string) ([]title, error) {
	data, err := gunzip(filepath.Join(from, "icd10cm-2021-order.txt.gz"))
	if err != nil {
		return nil, err
	}
	var out []title
	for s := bufio.NewScanner(strings.NewReader(string(data))); s.Scan(); {
		l := s.Text()
		if len(l) < 78 {
			continue
		}
		code := strings.TrimSpace(l[6:13])
		if len(code) > 3 {
			code = code[:3] + "." + code[3:]
		}
		out = append(out, title{code, strings.TrimSpace(l[77:]), l[14] == '1'})
	}
	return out, nil
}

// wordsMax is how long a term may be: longer titles do not stand in notes.
const wordsMax = 6

var (
	brackets    = regexp.MustCompile(`\s*[\[(][^\])]*[\])]`)
	qualifiers  = regexp.MustCompile(`(?i),? (unspecified|nos|not otherwise specified|without complications?|uncomplicated|unspecified site|unspecified organism)$`)
	unspecified = regexp.MustCompile(`(?i)^unspecified `)
)

// plain takes what notes do not write out of a title.
func plain(s string) string {
	s = brackets.ReplaceAllString(s, "")
	for {
		t := qualifiers.ReplaceAllString(unspecified.ReplaceAllString(strings.TrimSpace(s), ""), "")
		if t == s {
			return s
		}
		s = t
	}
}

type term struct {
	code    string
	display string
	rank    int // 0 best: billable title, title, inclusion term, cross-reference, none
}

// problems joins ICD-10-CM titles and inclusion terms of the chapters of diseases, symptoms
// and injuries (A to T) with the names and exact synonyms of the disease ontology.
func problems(from string, icd []title) ([]string, error) {
	terms := map[string]term{}
	display := map[string]string{}
	add := func(name string, t term) {
		name = terminology.Normal(plain(name))
		n := len(strings.Fields(name))
		if n == 0 || n > wordsMax || len(name) < 3 || !strings.ContainsAny(name, "aeiouy") && len(name) < 4 {
			return
		}
		if old, ok := terms[name]; !ok || t.rank < old.rank {
			terms[name] = t
		}
	}
	for _, t := range icd {
		display[t.code] = t.title
		if t.code[0] > 'T' {
			continue
		}
		rank := 1
		if t.billable {
			rank = 0
		}
		add(t.title, term{t.code, t.title, rank})
	}
	if err := inclusions(from, display, add); err != nil {
		return nil, err
	}
	if err := ontology(from, display, add); err != nil {
		return nil, err
	}
	var lines []string
	for name, t := range terms {
		lines = append(lines, name+"\t"+t.code+"\t"+t.display)
	}
	sort.Strings(lines)
	return lines, nil
}

type diag struct {
	Name      string `xml:"name"`
	Inclusion []struct {
		Notes []string `xml:"note"`
	} `xml:"inclusionTerm"`
	Children []diag `xml:"diag"`
}

func inclusions(from string, display map[string]string, add func(string, term)) error {
	data, err := gunzip(filepath.Join(from, "icd10cm-2021-tabular.xml.gz"))
	if err != nil {
		return err
	}
	var doc struct {
		Chapters []struct {
			Sections []struct {
				Diags []diag `xml:"diag"`
			} `xml:"section"`
		} `xml:"chapter"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		return err
	}
	var walk func(diag)
	walk = func(d diag) {
		if d.Name != "" && d.Name[0] <= 'T' {
			for _, in := range d.Inclusion {
				for _, note := range in.Notes {
					add(note, term{d.Name, display[d.Name], 2})
				}
			}
		}
		for _, c := range d.Children {
			walk(c)
		}
	}
	for _, ch := range doc.Chapters {
		for _, s := range ch.Sections {
			for _, d := range s.Diags {
				walk(d)
			}
		}
	}
	return nil
}

func ontology(from string, display map[string]string, add func(string, term)) error {
	xref := map[string]string{}
	data, err := os.ReadFile(filepath.Join(from, "doid-icd10cm-2026-07.tsv"))
	if err != nil {
		return err
	}
	for _, l := range strings.Split(string(data), "\n")[1:] {
		f := strings.Split(l, "\t")
		if len(f) < 3 {
			continue
		}
		for _, x := range strings.Split(strings.Trim(strings.TrimSpace(f[2]), `"`), ", ") {
			code, ok := strings.CutPrefix(x, "ICD10CM:")
			if _, known := display[code]; ok && known && xref[strings.Trim(f[0], `"`)] == "" {
				xref[strings.Trim(f[0], `"`)] = code
			}
		}
	}
	named := func(id, name string) {
		code := xref[id]
		rank := 4
		if code != "" {
			rank = 3
		}
		add(name, term{code, display[code], rank})
	}
	labels, err := gunzip(filepath.Join(from, "doid-labels-2026-07.tsv.gz"))
	if err != nil {
		return err
	}
	for _, l := range strings.Split(string(labels), "\n")[1:] {
		if f := strings.Split(l, "\t"); len(f) >= 2 {
			named(strings.Trim(f[0], `"`), strings.Trim(f[1], `"`))
		}
	}
	synonyms, err := gunzip(filepath.Join(from, "doid-synonyms-2026-07.tsv.gz"))
	if err != nil {
		return err
	}
	for _, l := range strings.Split(string(synonyms), "\n")[1:] {
		f := strings.Split(strings.TrimSpace(l), "\t")
		if len(f) == 3 && (f[2] == "exact" || f[2] == "name") && !abbreviation(f[1]) {
			named(f[0], f[1])
		}
	}
	return nil
}

// abbreviation reports names without a lower-case letter and of up to five characters: they
// mean too many things to be taken from an ontology.
func abbreviation(s string) bool {
	return len(s) <= 5 && strings.ToUpper(s) == s
}

// labs gives, per LOINC code of the common laboratory tests, the component as words, the
// long name, the rank and the example units.
func labs(from string) ([]string, error) {
	raw, err := gunzip(filepath.Join(from, "loinc-units.json.gz"))
	if err != nil {
		return nil, err
	}
	var loose map[string]json.RawMessage
	if err := json.Unmarshal(raw, &loose); err != nil {
		return nil, err
	}
	units := map[string]string{}
	for code, v := range loose {
		units[code] = unitList(v)
	}
	seen := map[string]bool{}
	var lines []string
	for _, file := range []string{"loinc-top2000-us.csv", "loinc-top2000-si.csv"} {
		f, err := os.Open(filepath.Join(from, file))
		if err != nil {
			return nil, err
		}
		rows, err := csv.NewReader(f).ReadAll()
		f.Close()
		if err != nil {
			return nil, err
		}
		for _, r := range rows[1:] {
			if seen[r[0]] {
				continue
			}
			seen[r[0]] = true
			component, _, _ := strings.Cut(r[1], " [")
			rank, err := strconv.Atoi(strings.TrimSpace(r[4]))
			if err != nil {
				rank = 9999
			}
			lines = append(lines, strings.Join([]string{r[0], terminology.Normal(component), r[1], fmt.Sprintf("%05d", rank), units[r[0]]}, "\t"))
		}
	}
	sort.Strings(lines)
	return lines, nil
}

// unitList joins the example units of a code by "|"; the version entry has none.
func unitList(v json.RawMessage) string {
	var many []string
	if json.Unmarshal(v, &many) != nil {
		return ""
	}
	return strings.Join(many, "|")
}
