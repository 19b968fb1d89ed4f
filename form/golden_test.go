package form_test

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"chartlake/document"
	"chartlake/form"
	"chartlake/record"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// typed makes a document of text on a grid: one character is a cell, a form feed begins a
// page. Words that two or more blanks divide are in lines of their own, as a reader gives
// the columns of a row.
func typed(text string, source document.Source, confidence float64) *document.Document {
	const columns, rows, cell, leading = 96, 66, 6.0, 12.0
	doc := &document.Document{SHA256: strings.Repeat("0", 64), MediaType: "application/pdf"}
	for n, sheet := range strings.Split(text, "\f") {
		p := document.Page{Number: n + 1, Width: columns * cell, Height: rows * leading, Source: source, Confidence: confidence}
		for y, line := range strings.Split(strings.TrimPrefix(sheet, "\n"), "\n") {
			for _, part := range parts(line) {
				var l document.Line
				x := part.at
				for _, w := range strings.Split(part.text, " ") {
					box := document.Box{X: float64(x) * cell / p.Width, Y: (float64(y)*leading + 3) / p.Height,
						W: float64(utf8.RuneCountInString(w)) * cell * 0.95 / p.Width, H: 8 / p.Height}
					l.Words = append(l.Words, len(p.Words))
					l.Box = l.Box.Union(box)
					p.Words = append(p.Words, document.Word{Text: w, Box: box, Confidence: confidence})
					x += utf8.RuneCountInString(w) + 1
				}
				p.Lines = append(p.Lines, l)
			}
		}
		p.Blank = len(p.Words) == 0
		doc.Pages = append(doc.Pages, p)
	}
	return doc
}

type part struct {
	at   int
	text string
}

func parts(line string) []part {
	var out []part
	runes := []rune(strings.TrimRight(line, " \r"))
	for i := 0; i < len(runes); {
		if runes[i] == ' ' {
			i++
			continue
		}
		j := i
		for j < len(runes) && !(runes[j] == ' ' && (j+1 >= len(runes) || runes[j+1] == ' ')) {
			j++
		}
		out = append(out, part{i, string(runes[i:j])})
		i = j
	}
	return out
}

// brief is a segment as the golden files write it: what a reviewer of a change must see.
type brief struct {
	Type   record.Type
	Pages  [2]int
	LOINC  string              `json:",omitempty"`
	Fields []string            `json:",omitempty"`
	Lines  []map[string]string `json:",omitempty"`
	Parts  []string            `json:",omitempty"`
	Flags  []string            `json:",omitempty"`
}

func short(f record.Field) string {
	v := "null"
	if f.Value != nil {
		v = *f.Value
	}
	s := string(f.State) + " " + v
	if f.Raw != "" && f.Raw != v {
		s += " (" + f.Raw + ")"
	}
	if len(f.Reasons) > 0 && f.State != record.Missing {
		s += " — " + strings.Join(f.Reasons, "; ")
	}
	return s
}

func inBrief(segments []record.Segment) []brief {
	var out []brief
	for _, s := range segments {
		b := brief{Type: s.Type, Pages: s.Pages, LOINC: s.LOINC}
		for _, f := range s.Fields {
			b.Fields = append(b.Fields, f.Name+": "+short(f))
		}
		for _, l := range s.Lines {
			m := map[string]string{}
			for name, f := range l {
				m[name] = short(f)
			}
			b.Lines = append(b.Lines, m)
		}
		for _, p := range s.Sections {
			b.Parts = append(b.Parts, p.Name)
		}
		for _, f := range s.Flags {
			b.Flags = append(b.Flags, f.Code+" "+string(f.Severity)+": "+f.Message)
		}
		out = append(out, b)
	}
	return out
}

// us is who the golden documents are sent to.
var us = form.Us{Names: []string{"Riverbend Family Practice"}, Faxes: []string{"(555) 201-0100"}}

func TestGolden(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) < 10 {
		t.Fatalf("only %d golden inputs", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc := typed(string(text), document.SourceText, 1)
		segments := form.Understand(doc, us)
		checkPromises(t, file, doc, segments)
		got, err := json.MarshalIndent(inBrief(segments), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		golden := strings.TrimSuffix(file, ".txt") + ".json"
		if *update {
			if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
			t.Errorf("%s: -want +got\n%s", file, diff)
		}
	}
}

// checkPromises holds what every segment promises: pages in are pages out, a value stands on
// the page where its evidence says, and what is accepted has no reason against it.
func checkPromises(t *testing.T, name string, doc *document.Document, segments []record.Segment) {
	t.Helper()
	covered := map[int]int{}
	for _, s := range segments {
		text := []rune(doc.Text(s.Pages[0], s.Pages[1]).String)
		for p := s.Pages[0]; p <= s.Pages[1]; p++ {
			covered[p]++
		}
		check := func(f record.Field) {
			if f.State == record.Missing {
				if f.Value != nil {
					t.Errorf("%s: missing %s has a value", name, f.Name)
				}
				return
			}
			if f.State == record.Accepted && (len(f.Reasons) > 0 || f.Value == nil || *f.Value == "") {
				t.Errorf("%s: accepted %s with %v", name, f.Name, f.Reasons)
			}
			if f.Page < s.Pages[0] || f.Page > s.Pages[1] || f.Box.Empty() ||
				f.Box.X < 0 || f.Box.Y < 0 || f.Box.X+f.Box.W > 1.0001 || f.Box.Y+f.Box.H > 1.0001 {
				t.Errorf("%s: %s has no place on its pages: page %d %v", name, f.Name, f.Page, f.Box)
			}
			if f.Source == "mark" && f.Begin == 0 && f.End == 0 {
				return // ink has a place but no characters
			}
			if f.Begin < 0 || f.End > len(text) || f.Begin >= f.End {
				t.Errorf("%s: %s has characters %d to %d of %d", name, f.Name, f.Begin, f.End, len(text))
				return
			}
			first := strings.Fields(f.Raw)
			if len(first) > 0 && !strings.HasPrefix(string(text[f.Begin:f.End]), first[0]) && !strings.HasPrefix(first[0], string(text[f.Begin:f.End])) {
				t.Errorf("%s: %s begins elsewhere than its evidence", name, f.Name)
			}
		}
		for _, f := range s.Fields {
			check(f)
		}
		for _, l := range s.Lines {
			for _, f := range l {
				check(f)
			}
		}
		for _, x := range s.Sections {
			if x.Begin < 0 || x.End > len(text) || x.Begin >= x.End {
				t.Errorf("%s: section %s has characters %d to %d", name, x.Name, x.Begin, x.End)
			}
		}
	}
	for _, p := range doc.Pages {
		switch n := covered[p.Number]; {
		case n > 1:
			t.Errorf("%s: page %d is in %d segments", name, p.Number, n)
		case n == 0 && !p.Blank && p.Failed == nil:
			t.Errorf("%s: page %d is lost", name, p.Number)
		}
	}
}

// TestNoiseMakesNothing throws words of real pages over a page at random. Without the
// structure that binds a label to a value nothing may be accepted under an identity's name.
func TestNoiseMakesNothing(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/lab-borderless.txt")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(strings.NewReplacer(":", " ", "\f", " ").Replace(string(text)))
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		var b strings.Builder
		for range 50 {
			for range 1 + r.IntN(6) {
				b.WriteString(strings.Repeat(" ", 1+r.IntN(9)))
				b.WriteString(words[r.IntN(len(words))])
			}
			b.WriteString("\n")
		}
		doc := typed(b.String(), document.SourceOCR, 0.95)
		segments := form.Understand(doc, form.Us{})
		checkPromises(t, "noise", doc, segments)
		for _, s := range segments {
			for _, f := range s.Fields {
				switch f.Name {
				case "patient", "patient.name", "member", "member_id":
					if f.State == record.Accepted && f.Rule != "label_below" && f.Rule != "label_right" && f.Rule != "label_above" {
						t.Errorf("seed %d: accepted %s from noise by %s", seed, f.Name, f.Rule)
					}
				}
			}
			if s.Type != record.Unknown && s.TypeConfidence > 0.95 && len(s.Lines) > 3 {
				t.Errorf("seed %d: %s with %d rows from noise", seed, s.Type, len(s.Lines))
			}
		}
	}
}

// TestValuesWithoutLabelsMakeNothing throws names, dates and numbers over a page: with no label
// and no table there is nothing that a value could be called.
func TestValuesWithoutLabelsMakeNothing(t *testing.T) {
	t.Parallel()
	words := strings.Fields("MARLOWE, JUNE 07/19/1961 4410927 H-5521907 105 70-99 mg/dL 13.2 1234567893 F Oduya, 03/02/2025 08:15 610014 $25 Negative")
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 11))
		var b strings.Builder
		for range 40 {
			for range 1 + r.IntN(6) {
				b.WriteString(strings.Repeat(" ", 1+r.IntN(9)) + words[r.IntN(len(words))])
			}
			b.WriteString("\n")
		}
		for _, s := range form.Understand(typed(b.String(), document.SourceText, 1), form.Us{}) {
			if s.Type != record.Unknown {
				t.Errorf("seed %d: type %s from values alone", seed, s.Type)
			}
			for _, f := range s.Fields {
				if f.State == record.Accepted {
					t.Errorf("seed %d: accepted %s from values alone", seed, f.Name)
				}
			}
			if len(s.Lines) > 0 {
				t.Errorf("seed %d: %d rows from values alone", seed, len(s.Lines))
			}
		}
	}
}

// TestRepeatedLinesChangeNothing adds lines of noise under a document: no value may become
// another one.
func TestRepeatedLinesChangeNothing(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/discharge.txt")
	if err != nil {
		t.Fatal(err)
	}
	plain := form.Understand(typed(string(text), document.SourceText, 1), us)
	noisy := form.Understand(typed(string(text)+"\n\nzzz qqq xxyy 0000 ---- ....\n~ ~ ~", document.SourceText, 1), us)
	want := map[string]string{}
	for _, f := range plain[0].Fields {
		if f.State == record.Accepted {
			want[f.Name+f.Raw] = f.Raw
		}
	}
	for _, f := range noisy[0].Fields {
		if _, ok := want[f.Name+f.Raw]; f.State == record.Accepted && !ok {
			t.Errorf("noise made an accepted %s", f.Name)
		}
	}
}

func TestLowConfidenceIsReviewed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/lab-borderless.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range form.Understand(typed(string(text), document.SourceOCR, 0.55), us) {
		for _, f := range s.Fields {
			if f.State == record.Accepted {
				t.Errorf("accepted %s at 0.55", f.Name)
			}
		}
		for _, l := range s.Lines {
			if f := l["value"]; f.State == record.Accepted {
				t.Errorf("accepted a result at 0.55")
			}
		}
	}
}

func TestHandwritingIsReviewed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/card.txt")
	if err != nil {
		t.Fatal(err)
	}
	doc := typed(string(text), document.SourceOCR, 0.97)
	for i := range doc.Pages[0].Words {
		doc.Pages[0].Words[i].Handwritten = true
	}
	for _, s := range form.Understand(doc, us) {
		for _, f := range s.Fields {
			if f.Page == 1 && f.State == record.Accepted {
				t.Errorf("accepted handwritten %s", f.Name)
			}
		}
	}
}

func FuzzUnderstand(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), 0.9)
	}
	f.Fuzz(func(t *testing.T, text string, confidence float64) {
		if len(text) > 1<<14 || !utf8.ValidString(text) || !(confidence >= 0 && confidence <= 1) {
			return
		}
		if strings.Count(text, "\n") > 66*4 {
			return
		}
		form.Understand(typed(text, document.SourceOCR, confidence), us)
	})
}
