package clinical

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"

	"chartlake/internal/sharedtest"

	"chartlake/record"
)

// TestNegexKit asserts given concepts of de-identified report sentences and compares with
// the kit's labels. The bars are what the rules reached when they were written, less a little.
func TestNegexKit(t *testing.T) {
	t.Parallel()
	f, err := os.Open(sharedtest.Path(t, "clinical/negex-kit.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	var tp, fp, fn, n, lost, famTP, famFN, famFP int
	for tr := tar.NewReader(z); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, "annotations.tsv") {
			continue
		}
		for s := bufio.NewScanner(tr); s.Scan(); {
			c := strings.Split(s.Text(), "\t")
			if len(c) < 6 || c[0] == "line number" {
				continue
			}
			m := assertConcept(e, c[2], c[1])
			if m == nil {
				lost++
				continue
			}
			n++
			switch want := c[3] == "Negated"; {
			case want && m.Negated:
				tp++
			case want:
				fn++
				t.Logf("missed: %q in %q", c[1], c[2])
			case m.Negated:
				fp++
				t.Logf("invented: %q in %q (%s)", c[1], c[2], m.Cue.Text)
			}
			switch want := c[5] == "Other"; {
			case want && m.Experiencer != "patient":
				famTP++
			case want:
				famFN++
			case m.Experiencer != "patient":
				famFP++
			}
		}
	}
	precision, recall := float64(tp)/float64(tp+fp), float64(tp)/float64(tp+fn)
	f1 := 2 * precision * recall / (precision + recall)
	t.Logf("negation over %d concepts (%d not located): precision %.3f recall %.3f F1 %.3f; other experiencer %d right, %d missed, %d invented",
		n, lost, precision, recall, f1, famTP, famFN, famFP)
	if f1 < 0.90 || recall < 0.90 {
		t.Errorf("negation F1 %.3f, recall %.3f", f1, recall)
	}
}

// assertConcept asserts one concept in a sentence; nil where its words do not stand there.
func assertConcept(e *Engine, sentence, concept string) *mention {
	toks, want := tokens([]rune(sentence)), tokens([]rune(concept))
	for i := 0; i+len(want) <= len(toks); i++ {
		same := true
		for j := range want {
			same = same && toks[i+j].lower == want[j].lower
		}
		if !same {
			continue
		}
		starts := e.findSections(toks)
		for _, s := range sentences(toks, starts) {
			if i >= s.first && i < s.last {
				m := newMention([]rune(sentence), toks, i, min(i+len(want), s.last), record.Problem, entry{score: 1})
				e.assert(toks, s, sectionNames(starts).of(i), []*mention{m})
				return m
			}
		}
	}
	return nil
}
