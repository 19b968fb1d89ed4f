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
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if err := write(filepath.Join(to, "icd10cm.tsv.zst"), codes(icd)); err != nil {
		return err
	}
	labs, err := labs(from)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(to, "problems.tsv.zst"), problems); err != nil {
		return err
	}
	if err := write(filepath.Join(to, "labs.tsv.zst"), labs); err != nil {
		return err
	}
	if err := write(filepath.Join(to, "words.txt.zst"), words(problems, labs)); err != nil {
		return err
	}
	vitals, err := vitals()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "vitals.tsv"), []byte(strings.Join(vitals, "\n")+"\n"), 0o644)
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

// words lists the words of the tables, in lower case, of three letters or more.
func words(tables ...[]string) []string {
	seen := map[string]bool{}
	for _, table := range tables {
		for _, row := range table {
			for _, w := range strings.FieldsFunc(strings.ToLower(row), func(r rune) bool { return r < 'a' || r > 'z' }) {
				if len(w) >= 3 {
					seen[w] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// codes lists the codes of a release, sorted, with b for one that may be billed and h for a heading.
func codes(icd []title) []string {
	var out []string
	for _, t := range icd {
		kind := "h"
		if t.billable {
			kind = "b"
		}
		out = append(out, t.code+"\t"+kind)
	}
	sort.Strings(out)
	return out
}

// wordsMax is how long a term may be: longer titles do not stand in notes, and no other name leads to them.
const wordsMax = 9

type term struct {
	code    string
	display string
	rank    int // 0 best: billable title, title, inclusion term, cross-reference, that of a broader term, none
}

// sources are the letters of the ranks in the table.
const sources = "ttixb-"

// problems joins ICD-10-CM titles and inclusion terms of the chapters of diseases, symptoms
// and injuries (A to T) with the names and exact synonyms of the disease ontology.
func problems(from string, icd []title) ([]string, error) {
	terms := map[string]term{}
	display := map[string]string{}
	tree := newTree(icd)
	add := func(name string, t term) {
		name = terminology.Normal(terminology.Plain(name))
		n := len(strings.Fields(name))
		if n == 0 || n > wordsMax || len(name) < 3 || !strings.ContainsAny(name, "aeiouy") && len(name) < 4 {
			return
		}
		if t.code != "" {
			t.code = tree.leaf(t.code)
			t.display = display[t.code]
		}
		if old, ok := terms[name]; !ok || t.rank < old.rank {
			terms[name] = t
		}
	}
	for _, t := range icd {
		display[t.code] = t.title
	}
	for _, t := range icd {
		if t.code[0] > 'T' || strings.Contains(t.title, ", subsequent encounter") || strings.HasSuffix(t.title, ", sequela") {
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
	if err := ontology(from, display, tree, add); err != nil {
		return nil, err
	}
	var lines []string
	for name, t := range terms {
		lines = append(lines, name+"\t"+t.code+"\t"+t.display+"\t"+sources[t.rank:t.rank+1])
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

// ontology adds the names of the disease ontology. A term without a code of its own takes that
// of the nearest broader term, up to generationsMax above it: "adenocarcinoma of the caecum" is
// coded as cancer of the caecum.
func ontology(from string, display map[string]string, tree *tree, add func(string, term)) error {
	xref, err := crossReferences(from, display, tree)
	if err != nil {
		return err
	}
	labels, err := table(from, "doid-labels-2026-07.tsv.gz")
	if err != nil {
		return err
	}
	parent, label := map[string]string{}, map[string]string{}
	for _, f := range labels {
		if len(f) >= 3 {
			label[f[1]], parent[f[0]] = f[0], f[2]
		}
	}
	named := func(id, name string) {
		code, rank := xref[id], 3
		for up, n := id, 0; code == "" && n < generationsMax && up != ""; n++ {
			up = label[parent[up]]
			code, rank = xref[up], 4
		}
		if code == "" {
			rank = 5
		}
		add(name, term{code, display[code], rank})
	}
	for _, f := range labels {
		if len(f) >= 2 {
			named(f[0], f[1])
		}
	}
	for _, file := range []string{"doid-synonyms-2026-07.tsv.gz", "doid-names-synonyms-2015.tsv.gz"} {
		synonyms, err := table(from, file)
		if err != nil {
			return err
		}
		for _, f := range synonyms {
			if len(f) == 3 && (f[2] == "exact" || f[2] == "name" || f[2] == "synonym") && !abbreviation(f[1]) {
				named(f[0], f[1])
			}
		}
	}
	return nil
}

// generationsMax is how far up a broader term may be: further up are organ systems.
const generationsMax = 3

// crossReferences gives the ICD-10-CM code of each term of the ontology: the first, or where
// several stand in one category that category.
func crossReferences(from string, display map[string]string, tree *tree) (map[string]string, error) {
	xref := map[string]string{}
	data, err := os.ReadFile(filepath.Join(from, "doid-icd10cm-2026-07.tsv"))
	if err != nil {
		return nil, err
	}
	for _, l := range strings.Split(string(data), "\n")[1:] {
		f := strings.Split(l, "\t")
		if len(f) < 3 {
			continue
		}
		for _, x := range strings.Split(strings.Trim(strings.TrimSpace(f[2]), `"`), ", ") {
			code, ok := strings.CutPrefix(x, "ICD10CM:")
			id := strings.Trim(f[0], `"`)
			code = tree.eitherSide(code)
			switch _, known := display[code]; {
			case !ok || !known:
			case xref[id] == "":
				xref[id] = code
			case xref[id][:3] == code[:3]:
				xref[id] = code[:3]
			}
		}
	}
	return xref, nil
}

// table reads the rows of a packed table without its header and quotes.
func table(from, name string) ([][]string, error) {
	data, err := gunzip(filepath.Join(from, name))
	if err != nil {
		return nil, err
	}
	var out [][]string
	for _, l := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(strings.TrimSpace(l), "\t")
		for i := range f {
			f[i] = strings.Trim(f[i], `"`)
		}
		out = append(out, f)
	}
	return out, nil
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
