package eval

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/document"
)

func TestPeersAreUnderstood(t *testing.T) {
	t.Parallel()
	words := func(d *document.Document) (out [][]string) {
		for _, p := range d.Pages {
			var page []string
			for _, w := range p.Words {
				page = append(page, w.Text)
			}
			out = append(out, page)
		}
		return out
	}
	sidecar := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(sidecar, []byte("Jane Doe\n\fpage two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		program program
		said    string
		want    [][]string
	}{
		{tesseractTSV, "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n" +
			"1\t1\t0\t0\t0\t0\t0\t0\t200\t100\t-1\t\n5\t1\t1\t1\t1\t1\t20\t10\t40\t5\t96.1\tJane\n5\t1\t1\t1\t1\t2\t0\t0\t1\t1\t95\t \n", [][]string{{"Jane"}}},
		{ocrmypdfUpright, "", [][]string{{"Jane", "Doe"}, {"page", "two"}}},
		{pdftotext, `<!DOCTYPE html><html><head><title>&nbsp;</title></head><body><doc><page width="612" height="792">` +
			`<word xMin="1" yMin="2" xMax="3" yMax="4">&lt;150</word></page><page/></doc></body></html>`, [][]string{{"<150"}, nil}},
		{program{parse: parseDocument}, `{"pages":[{"page":1,"words":[{"text":"Jane","box":[0,0,1,1]}]}]}`, [][]string{{"Jane"}}},
	} {
		d, err := c.program.parse(strings.NewReader(c.said), sidecar)
		if err != nil {
			t.Errorf("%s: %v", c.program.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, words(d)); diff != "" {
			t.Errorf("%s:\n%s", c.program.name, diff)
		}
		if c.program.name == "tesseract" {
			if diff := cmp.Diff(document.Box{X: 0.1, Y: 0.1, W: 0.2, H: 0.05}, d.Pages[0].Words[0].Box); diff != "" {
				t.Errorf("box:\n%s", diff)
			}
		}
	}
}

// TestBenchReadCountsErrors: a program that reads nothing is fast and all wrong.
func TestBenchReadCountsErrors(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "reads-nothing")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho '{\"pages\":[]}'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r, err := BenchRead(t.Context(), ReadOptions{Program: script, Dense: 1, Digital: 2, Rounds: 2, NoPeers: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Runs) != 6 || len(r.Right) != 3 || len(r.Ratios) != 0 {
		t.Fatalf("%d runs, %d rates, %d ratios", len(r.Runs), len(r.Right), len(r.Ratios))
	}
	for _, p := range r.Right {
		if p.WER.Value != 1 || p.WER.Of < 500 {
			t.Errorf("%s: %+v", p.Pages, p.WER)
		}
	}
	if _, err := BenchRead(t.Context(), ReadOptions{Program: "/bin/false", Dense: 1, Digital: 1, Rounds: 1, NoPeers: true}); err == nil {
		t.Error("a program that fails is taken for one that reads")
	}
}
