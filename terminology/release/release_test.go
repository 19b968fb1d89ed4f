package release

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chartlake/fault"
	"chartlake/internal/sharedtest"
	"chartlake/terminology"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func input(name, text string) Input {
	return Input{File: strings.NewReader(text), Size: int64(len(text)), Name: name}
}

func zipped(t testing.TB, name string, members ...string) Input {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i+1 < len(members); i += 2 {
		f, err := w.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return input(name, b.String())
}

func system(t testing.TB, name string) *System {
	t.Helper()
	s, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rrf is a row of RXNCONSO.RRF.
func rrf(code, source, typ, text, suppress string) string {
	return strings.Join([]string{code, "ENG", "", "", "", "", "Y", "1", "", "", "", source, typ, code, text, "", suppress, "", ""}, "|") + "\n"
}

const (
	rf2Concepts = "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n111\t20250101\t1\t9\t9\n222\t20250101\t1\t9\t9\n333\t20250101\t0\t9\t9\n"
	rf2Terms    = "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId\n" +
		"1\t2\t1\t9\t111\ten\t900000000000003001\tTest disorder (disorder)\t9\n2\t2\t1\t9\t111\ten\t900000000000013009\tDisorder of tests\t9\n" +
		"3\t2\t0\t9\t111\ten\t900000000000013009\tGone\t9\n4\t2\t1\t9\t222\ten\t900000000000003001\tParent (finding)\t9\n5\t2\t1\t9\t222\tsv\t900000000000013009\tSvenska\t9\n" +
		"6\t2\t1\t9\t333\ten\t900000000000003001\tOld (finding)\t9\n"
	rf2Relations = "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId\n" +
		"1\t2\t1\t9\t111\t222\t0\t116680003\t9\t9\n2\t2\t0\t9\t222\t111\t0\t116680003\t9\t9\n3\t2\t1\t9\t111\t333\t1\t363698007\t9\t9\n"
)

func snomed(t testing.TB) Input {
	return zipped(t, "SnomedCT_InternationalRF2_PRODUCTION_20250101T120000Z.zip",
		"x/Snapshot/Terminology/sct2_Concept_Snapshot_INT_20250101.txt", rf2Concepts,
		"x/Snapshot/Terminology/sct2_Description_Snapshot-en_INT_20250101.txt", rf2Terms,
		"x/Snapshot/Terminology/sct2_Relationship_Snapshot_INT_20250101.txt", rf2Relations,
		"x/Full/Terminology/sct2_Concept_Full_INT_20250101.txt", "not read")
}

func TestSystems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		system, version string
		in              []Input
		want            []Concept
		named           map[string]string
	}{
		"rxnorm": {"rxnorm", "01062025", []Input{zipped(t, "RxNorm_full_prescribe_01062025.zip", "rrf/RXNCONSO.RRF",
			rrf("6809", "RXNORM", "IN", "metformin", "N")+rrf("6809", "MTHSPL", "SU", "METFORMIN", "N")+rrf("6809", "RXNORM", "SY", "Metformin base", "N")+
				rrf("861007", "RXNORM", "PSN", "metFORMIN 500 mg tablet", "N")+rrf("861007", "RXNORM", "SCD", "metformin hydrochloride 500 MG Oral Tablet", "N")+rrf("99", "RXNORM", "IN", "gone", "O"))},
			[]Concept{{Code: "6809", Display: "metformin", Active: true, Synonyms: []string{"Metformin base"}},
				{Code: "861007", Display: "metformin hydrochloride 500 MG Oral Tablet", Active: true, Synonyms: []string{"metFORMIN 500 mg tablet"}}, {Code: "99", Display: "gone"}},
			map[string]string{"metformin": "6809", "metformin 500 mg tablet": "861007", "gone": "", "metformi": ""}},
		"loinc": {"loinc", "2.80", []Input{zipped(t, "Loinc_2.80.zip", "LoincTable/Loinc.csv", "\"LOINC_NUM\",\"COMPONENT\",\"STATUS\",\"SHORTNAME\",\"LONG_COMMON_NAME\"\n\"1-8\",\"A\",\"ACTIVE\",\"A short\",\"A \"\"long\"\" one\"\n\"2-6\",\"B\",\"DEPRECATED\",\"\",\"B long\"\n", "AccessoryFiles/x/Loinc.csv.txt", "no")},
			[]Concept{{Code: "1-8", Display: `A "long" one`, Active: true, Synonyms: []string{"A short"}}, {Code: "2-6", Display: "B long"}}, map[string]string{"a short": "1-8", "b long": ""}},
		"snomed": {"snomed", "20250101", []Input{snomed(t)},
			[]Concept{{Code: "111", Display: "Test disorder (disorder)", Active: true, Parents: []string{"222"}, Synonyms: []string{"Disorder of tests", "Test disorder"}},
				{Code: "222", Display: "Parent (finding)", Active: true, Synonyms: []string{"Parent"}}, {Code: "333", Display: "Old (finding)", Synonyms: []string{"Old"}}},
			map[string]string{"disorder of test": "111", "svenska": "", "old": ""}},
		"icd-10-cm": {"icd-10-cm", "2027", []Input{input("icd10cm_order_2027.txt", fmt.Sprintf("%05d %-7s %d %-60s %s\n%05d %-7s %d %-60s %s\n", 1, "A00", 0, "Cholera", "Cholera", 2, "A000", 1, "Cholera short", "Cholera, classical")),
			input("icd10cm_tabular_2027.xml", `<ICD10CM.tabular><version>2027</version><chapter><section><diag><name>A00</name><desc>Cholera</desc><diag><name>A00.0</name><desc>Cholera, classical</desc><inclusionTerm><note>Classical cholera</note></inclusionTerm></diag></diag></section></chapter></ICD10CM.tabular>`)},
			[]Concept{{Code: "A00", Display: "Cholera", Active: true}, {Code: "A00.0", Display: "Cholera, classical", Active: true, Billable: true, Parents: []string{"A00"}, Synonyms: []string{"Classical cholera"}}},
			map[string]string{"classical cholera": "A00.0", "cholera": "A00"}},
	} {
		dir := t.TempDir()
		read := int64(0)
		m, err := Import(dir, system(t, c.system), c.in, Options{Now: now, Read: func(n, _ int64) { read = n }})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if m.Version != c.version || !m.Current || m.Concepts != len(c.want) || read == 0 {
			t.Errorf("%s: %+v", name, m)
		}
		if name == "icd-10-cm" && (m.From != "2026-10-01" || m.To != "2027-09-30") {
			t.Errorf("the codes hold from %s to %s", m.From, m.To)
		}
		open, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		r := open[system(t, c.system).URL]
		var got []Concept
		for one, err := range r.All() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, one)
			if found, ok, err := r.Lookup(one.Code); !ok || err != nil || found.Code != one.Code {
				t.Errorf("%s: %s is not found", name, one.Code)
			}
		}
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for n, code := range c.named {
			codes, err := r.Named(n)
			if err != nil || strings.Join(codes, " ") != code {
				t.Errorf("%s: %q is %v, want %q (%v)", name, n, codes, code, err)
			}
		}
		for _, absent := range []string{"", "0", "ZZZ", "A00.", "11", "8610070"} {
			if _, ok, err := r.Lookup(absent); ok || err != nil {
				t.Errorf("%s: %q is found (%v)", name, absent, err)
			}
		}
		r.Close()
	}
}

// TestSwitch: releases lie beside each other, the pointer says which is in use, and what an import
// that failed or was cut left behind changes nothing.
func TestSwitch(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), system(t, "loinc")
	release := func(long string) Input { return input("Loinc.csv", "LOINC_NUM,LONG_COMMON_NAME\n1-8,"+long+"\n") }
	if _, err := Import(dir, s, []Input{release("One")}, Options{Now: now}); fault.As(err) == nil || fault.As(err).Code != "version_missing" {
		t.Errorf("without a version: %v", err)
	}
	for _, v := range []string{"2.79", "2.80", "2.79"} {
		if _, err := Import(dir, s, []Input{release("Name of " + v)}, Options{Version: v, Now: now}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Import(dir, s, []Input{input("x", "LOINC_NUM,LONG_COMMON_NAME\n\"")}, Options{Version: "9", Now: now}); err == nil {
		t.Error("a damaged file is imported")
	}
	if err := os.MkdirAll(filepath.Join(dir, "loinc", ".import-cut"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "loinc", "half"), 0o700); err != nil {
		t.Fatal(err)
	}
	list, err := List(dir)
	if err != nil || len(list) != 2 || !list[0].Current || list[0].Version != "2.79" || list[1].Current {
		t.Fatalf("%v %+v", err, list)
	}
	open, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok, err := open[terminology.LOINC].Lookup("1-8"); !ok || err != nil || c.Display != "Name of 2.79" {
		t.Errorf("%+v %v", c, err)
	}
	open[terminology.LOINC].Close()
	names, err := filepath.Glob(filepath.Join(dir, "loinc", "2.79-*", conceptsFile))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	if err := os.WriteFile(names[0], []byte("1-8\tName of 2.99\ta\t\t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !fault.Is(err, fault.Corrupt) {
		t.Errorf("a table that was changed: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := io.CopyN(z, lineEnds{}, 64<<20); err != nil {
		t.Fatal(err)
	}
	z.Close()
	for name, c := range map[string]struct {
		system, code string
		in           Input
	}{
		"a bomb in gzip":         {"icd-10-cm", "zip_bomb", input("icd10cm_order_2027.txt.gz", bomb.String())},
		"a bomb in zip":          {"rxnorm", "zip_bomb", zipped(t, "r.zip", "rrf/RXNCONSO.RRF", strings.Repeat(rrf("1", "OTHER", "IN", strings.Repeat("x", 900), "N"), 20_000))},
		"nothing of the system":  {"snomed", "not_a_release", zipped(t, "r.zip", "readme.txt", "x")},
		"a PDF":                  {"loinc", "not_a_release", input("x.pdf", "%PDF-1.7")},
		"a cut archive":          {"loinc", "zip_damaged", input("x.zip", "PK\x03\x04xxxx")},
		"a long line":            {"rxnorm", "line_too_long", input("RXNCONSO.RRF", strings.Repeat("x", lineMax+1))},
		"columns of another":     {"rxnorm", "release_malformed", input("RXNCONSO.RRF", "a|b|c\n")},
		"another system's table": {"snomed", "release_malformed", input("x.txt", "LOINC_NUM,LONG_COMMON_NAME\n1-8,x\n")},
		"no codes":               {"icd-10-cm", "release_malformed", input("icd10cm_order_2027.txt", "\n\n")},
		"a code that is none":    {"loinc", "code_malformed", input("Loinc.csv", "LOINC_NUM,LONG_COMMON_NAME\n<script>,x\n")},
		"a long name":            {"loinc", "term_too_long", input("Loinc.csv", "LOINC_NUM,LONG_COMMON_NAME\n1-8,"+strings.Repeat("x", termMax+1)+"\n")},
		"deep XML":               {"icd-10-cm", "release_malformed", input("icd10cm_tabular_2027.xml", strings.Repeat("<a>", 100))},
		"deep codes":             {"icd-10-cm", "release_malformed", input("icd10cm_tabular_2027.xml", strings.Repeat("<diag>", 30))},
		"an empty file":          {"snomed", "not_a_release", input("x", "")},
	} {
		dir := t.TempDir()
		_, err := Import(dir, system(t, c.system), []Input{c.in}, Options{Version: "1", Now: now})
		if f := fault.As(err); f == nil || f.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		if list, err := List(dir); err != nil || len(list) != 0 {
			t.Errorf("%s left %d releases (%v)", name, len(list), err)
		}
	}
	if _, err := Find("cpt"); err == nil {
		t.Error("a system that is not here is found")
	}
}

type lineEnds struct{}

func (lineEnds) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}

func shared(t testing.TB, name string) Input {
	t.Helper()
	text, err := os.ReadFile(sharedtest.Path(t, "terminology/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return Input{File: bytes.NewReader(text), Size: int64(len(text)), Name: name}
}

// TestOfficialFiles reads whole releases, and finds each of their codes again.
func TestOfficialFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m, err := Import(dir, system(t, "icd-10-cm"), []Input{shared(t, "icd10cm-2021-order.txt.gz"), shared(t, "icd10cm-2021-tabular.xml.gz")}, Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if m.Concepts != 95_358 || m.Version != "2021" || m.From != "2020-10-01" || m.Names < 95_000 {
		t.Errorf("%+v", m)
	}
	if m, err := Import(dir, system(t, "loinc"), []Input{shared(t, "loinc-top2000-us.csv")}, Options{Version: "1.6", Now: now}); err != nil || m.Concepts != 2177 {
		t.Fatalf("%+v %v", m, err)
	}
	open, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, n, billable := open[terminology.ICD10CM], 0, 0
	defer r.Close()
	defer open[terminology.LOINC].Close()
	for c, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		if c.Billable {
			billable++
		}
		if n++; n%50 == 0 {
			if got, ok, err := r.Lookup(c.Code); !ok || err != nil || got.Display != c.Display {
				t.Fatalf("%s is not found (%v)", c.Code, err)
			}
		}
	}
	if n != 95_358 || billable != 72_621 {
		t.Errorf("%d codes, %d of them billable", n, billable)
	}
	if codes, err := r.Named(terminology.Normal("Cholera, unspecified")); err != nil || strings.Join(codes, " ") != "A00.9" {
		t.Error(codes, err)
	}
}

func BenchmarkImportICD10CM(b *testing.B) {
	in := []Input{shared(b, "icd10cm-2021-order.txt.gz"), shared(b, "icd10cm-2021-tabular.xml.gz")}
	for b.Loop() {
		if _, err := Import(b.TempDir(), system(b, "icd-10-cm"), in, Options{Now: now}); err != nil {
			b.Fatal(err)
		}
	}
}

// parses runs a parser on any bytes: it gives a fault or concepts whose rows are read back as they are.
func parses(t *testing.T, s *System, name, text string) {
	d := newDraft()
	if err := s.parse(name, strings.NewReader(text), d); err != nil {
		if fault.As(err) == nil {
			t.Fatalf("an error without a code: %v", err)
		}
		return
	}
	for _, c := range d.sorted() {
		got, err := parseRow(c.row())
		if err != nil || got.Code != c.Code || got.Active != c.Active || len(got.Parents) != len(c.Parents) || strings.Contains(c.row(), "\n") {
			t.Fatalf("%q: %v", c.row(), err)
		}
	}
}

func FuzzICD10CMOrder(f *testing.F) {
	f.Add(fmt.Sprintf("%05d %-7s %d %-60s %s\n", 1, "A000", 1, "Cholera", "Cholera"))
	f.Fuzz(func(t *testing.T, text string) { parses(t, system(t, "icd-10-cm"), "o.txt", text) })
}

func FuzzICD10CMTabular(f *testing.F) {
	f.Add(`<t><version>2027</version><diag><name>A00</name><desc>x</desc><inclusionTerm><note>y</note></inclusionTerm></diag></t>`)
	f.Fuzz(func(t *testing.T, text string) { parses(t, system(t, "icd-10-cm"), "t.xml", text) })
}

func FuzzRxNorm(f *testing.F) {
	f.Add(rrf("6809", "RXNORM", "IN", "metformin", "N") + rrf("6809", "RXNORM", "SY", "m", "O"))
	f.Fuzz(func(t *testing.T, text string) { parses(t, system(t, "rxnorm"), "", text) })
}

func FuzzLOINC(f *testing.F) {
	f.Add("LOINC_NUM,LONG_COMMON_NAME,STATUS\n1-8,\"a\n,b\",ACTIVE\n")
	f.Fuzz(func(t *testing.T, text string) { parses(t, system(t, "loinc"), "", text) })
}

func FuzzSNOMED(f *testing.F) {
	f.Add(rf2Concepts)
	f.Add(rf2Terms)
	f.Add(rf2Relations)
	f.Fuzz(func(t *testing.T, text string) { parses(t, system(t, "snomed"), "", text) })
}

func FuzzArchive(f *testing.F) {
	f.Add([]byte("PK\x03\x04"), "x.zip")
	f.Add([]byte{0x1f, 0x8b, 8, 0}, "x.gz")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		for _, s := range Systems() {
			if _, err := Import(t.TempDir(), s, []Input{{File: bytes.NewReader(data), Size: int64(len(data)), Name: name}}, Options{Version: "1", Now: now}); err != nil && fault.As(err) == nil {
				t.Fatal(err)
			}
		}
	})
}
