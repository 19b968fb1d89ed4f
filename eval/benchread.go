package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"chartlake/document"
	"chartlake/eval/reading"
	"chartlake/eval/specimen"
	"chartlake/eval/specimen/sheet"
	"chartlake/fault"
)

// ReadOptions says what BenchRead measures. Zero values take the defaults.
type ReadOptions struct {
	Program string // the chartlake to measure; "": this program
	Seed    uint64
	Dense   int // dense pages in each round; 0: 4
	Digital int // pages of the born-digital file; 0: 300
	Rounds  int // each with other pages; 0: 3
	NoPeers bool
	Done    func(what string)
}

// ReadReport is what reading costs, and how right it is, on the same pages.
type ReadReport struct {
	Machine string      `json:"machine"`
	Runs    []ReadRun   `json:"runs"`
	Right   []ReadRight `json:"right"`
	Ratios  []PeerRate  `json:"ratios"`
}

// ReadRun is one set of pages read by one program in one round, one process for each file.
type ReadRun struct {
	Pages   string  `json:"pages"`
	Program string  `json:"program"`
	Round   int     `json:"round"`
	N       int     `json:"n"`
	CPU     float64 `json:"cpu_seconds_page"` // user and system, children too
	Wall    float64 `json:"wall_seconds_page"`
	PeakMB  float64 `json:"peak_mb"` // resident, of the process and all below it, seen every 20 ms
}

// ReadRight is the word error rate of a program over all rounds.
type ReadRight struct {
	Pages   string         `json:"pages"`
	Program string         `json:"program"`
	WER     reading.Figure `json:"wer"`
	Bag     reading.Figure `json:"bag"`
}

// pageSet is files to read with what is truly on their pages.
type pageSet struct {
	name     string
	pages    int
	files    []string
	truth    []*reading.Truth
	programs []program
}

// program reads a file and says what it read.
type program struct {
	name    string
	command func(file, out string) []string // out: a path that it may write to
	parse   func(stdout io.Reader, out string) (*document.Document, error)
}

// BenchRead reads dense pictures and born-digital pages with `chartlake read` and with
// tesseract, ocrmypdf (--rotate-pages --deskew) and pdftotext where they are installed, a
// process for each file, and measures CPU, wall, memory and word error rate. It needs /proc.
func BenchRead(ctx context.Context, o ReadOptions) (*ReadReport, error) {
	o = o.defaults()
	if o.Program == "" {
		p, err := self()
		if err != nil {
			return nil, err
		}
		o.Program = p
	}
	work, err := os.MkdirTemp("", "chartlake-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	r := &ReadReport{Machine: fmt.Sprintf("%d processors, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)}
	results := map[[2]string][]reading.Result{}
	var order [][2]string
	for round := range o.Rounds {
		sets, err := o.sets(filepath.Join(work, fmt.Sprint("round", round)), o.Seed+uint64(round))
		if err != nil {
			return nil, err
		}
		for _, set := range sets {
			for _, p := range set.programs {
				run, got, err := p.read(ctx, set)
				if errors.Is(err, exec.ErrNotFound) {
					continue
				}
				if err != nil {
					return nil, err
				}
				run.Round = round + 1
				r.Runs = append(r.Runs, run)
				key := [2]string{set.name, p.name}
				if results[key] == nil {
					order = append(order, key)
				}
				results[key] = append(results[key], got...)
				o.Done(set.name + ", " + p.name)
			}
		}
	}
	for _, key := range order {
		total := reading.Sum(results[key], Wilson).Group("total")
		r.Right = append(r.Right, ReadRight{key[0], key[1], total.Figure("wer"), total.Figure("bag")})
	}
	r.compare()
	return r, nil
}

func (o ReadOptions) defaults() ReadOptions {
	for _, d := range []struct {
		v *int
		d int
	}{{&o.Dense, 4}, {&o.Digital, 300}, {&o.Rounds, 3}} {
		if *d.v <= 0 {
			*d.v = d.d
		}
	}
	if o.Done == nil {
		o.Done = func(string) {}
	}
	return o
}

// sets makes the pages of a round in a folder: dense grey pictures, the same as a PDF of
// pictures, and a born-digital PDF.
func (o ReadOptions) sets(dir string, seed uint64) ([]pageSet, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	ours := program{"chartlake read", func(file, _ string) []string { return []string{o.Program, "read", file} }, parseDocument}
	with := func(peers ...program) []program {
		if o.NoPeers {
			return []program{ours}
		}
		return append([]program{ours}, peers...)
	}
	sheets := specimen.Dense(seed*10, o.Dense)
	pictures := pageSet{name: "dense grey 300 dpi PNG", pages: o.Dense, programs: with(tesseractTSV)}
	for i, s := range sheets {
		data, err := specimen.DensePNG(s, denseDPI)
		if err != nil {
			return nil, err
		}
		pictures.files = append(pictures.files, filepath.Join(dir, fmt.Sprintf("dense%d.png", i)))
		pictures.truth = append(pictures.truth, truthOf(sheets[i:i+1]))
		if err := os.WriteFile(pictures.files[i], data, 0o600); err != nil {
			return nil, err
		}
	}
	scanned, err := specimen.DenseScan(sheets, denseDPI)
	if err != nil {
		return nil, err
	}
	digitalSheets := specimen.Dense(seed*10+1, o.Digital)
	digital, err := specimen.DensePDF(digitalSheets)
	if err != nil {
		return nil, err
	}
	scans := pageSet{name: "the same as PDF of JPEG", pages: o.Dense, files: []string{filepath.Join(dir, "scanned.pdf")},
		truth: []*reading.Truth{truthOf(sheets)}, programs: with(ocrmypdfUpright)}
	born := pageSet{name: "born-digital dense PDF", pages: o.Digital, files: []string{filepath.Join(dir, "digital.pdf")},
		truth: []*reading.Truth{truthOf(digitalSheets)}, programs: with(pdftotext)}
	if err := os.WriteFile(scans.files[0], scanned, 0o600); err != nil {
		return nil, err
	}
	return []pageSet{pictures, scans, born}, os.WriteFile(born.files[0], digital, 0o600)
}

func truthOf(sheets []*sheet.Sheet) *reading.Truth {
	t := &reading.Truth{}
	for i, s := range sheets {
		p := s.Reading()
		p.Page = i + 1
		t.Pages = append(t.Pages, p)
	}
	return t
}

// read runs the program on every file of a set; exec.ErrNotFound where it is not installed.
func (p program) read(ctx context.Context, set pageSet) (ReadRun, []reading.Result, error) {
	run := ReadRun{Pages: set.name, Program: p.name, N: set.pages}
	var results []reading.Result
	for i, file := range set.files {
		out := file + ".out"
		args := p.command(file, out)
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
		var stdout bytes.Buffer
		cmd.Stdout = &stdout
		began := time.Now()
		if err := cmd.Start(); err != nil {
			return run, nil, err
		}
		stop := peak(cmd.Process.Pid, 20*time.Millisecond)
		err := cmd.Wait()
		run.Wall += time.Since(began).Seconds()
		run.PeakMB = max(run.PeakMB, mb(stop()))
		if ctx.Err() != nil {
			return run, nil, ctx.Err()
		}
		if err != nil {
			return run, nil, fault.New(fault.Unavailable, "bench_peer", "%s did not read the pages: %w", p.name, err)
		}
		run.CPU += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds() // its children too
		doc, err := p.parse(&stdout, out)
		if err != nil {
			return run, nil, fault.New(fault.Corrupt, "bench_output", "%s said something unexpected: %w", p.name, err)
		}
		results = append(results, set.truth[i].Score(doc, "")...)
	}
	run.CPU /= float64(set.pages)
	run.Wall /= float64(set.pages)
	return run, results, nil
}

func parseDocument(r io.Reader, _ string) (*document.Document, error) {
	d := &document.Document{}
	return d, json.NewDecoder(r).Decode(d)
}

var tesseractTSV = program{"tesseract", func(file, _ string) []string { return []string{"tesseract", file, "stdout", "-l", "eng", "tsv"} },
	func(r io.Reader, _ string) (*document.Document, error) {
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		p := document.Page{Number: 1}
		var width, height float64
		for _, line := range strings.Split(string(data), "\n") {
			f := strings.Split(line, "\t") // level page block par line word left top width height conf text
			if len(f) < 12 {
				continue
			}
			var n [4]float64
			for i := range n {
				n[i], _ = strconv.ParseFloat(f[6+i], 64)
			}
			if f[0] == "1" {
				width, height = n[2], n[3]
			}
			if f[0] == "5" && strings.TrimSpace(f[11]) != "" && width > 0 {
				p.Words = append(p.Words, document.Word{Text: f[11], Box: document.Box{X: n[0] / width, Y: n[1] / height, W: n[2] / width, H: n[3] / height}})
			}
		}
		return &document.Document{Pages: []document.Page{p}}, nil
	}}

// ocrmypdfUpright turns and straightens pages as ours does, and writes plain PDF, which is
// its cheapest way.
var ocrmypdfUpright = program{"ocrmypdf --rotate-pages --deskew", func(file, out string) []string {
	return []string{"ocrmypdf", "--quiet", "--output-type", "pdf", "--jobs", "1", "--rotate-pages", "--deskew", "--sidecar", out, file, out + ".pdf"}
}, func(_ io.Reader, out string) (*document.Document, error) {
	data, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	d := &document.Document{}
	for i, text := range strings.Split(string(data), "\f") {
		p := document.Page{Number: i + 1}
		for _, w := range strings.Fields(text) {
			p.Words = append(p.Words, document.Word{Text: w})
		}
		d.Pages = append(d.Pages, p)
	}
	return d, nil
}}

var pdftotext = program{"pdftotext -bbox", func(file, _ string) []string { return []string{"pdftotext", "-bbox", file, "-"} },
	func(r io.Reader, _ string) (*document.Document, error) {
		var page struct {
			Pages []struct {
				Words []string `xml:"word"`
			} `xml:"body>doc>page"`
		}
		x := xml.NewDecoder(r)
		x.Strict, x.Entity = false, xml.HTMLEntity
		if err := x.Decode(&page); err != nil {
			return nil, err
		}
		d := &document.Document{}
		for i, p := range page.Pages {
			out := document.Page{Number: i + 1}
			for _, w := range p.Words {
				out.Words = append(out.Words, document.Word{Text: w})
			}
			d.Pages = append(d.Pages, out)
		}
		return d, nil
	}}

// compare works out how our CPU stands to each peer's: over all rounds, and in the lowest
// and the highest round.
func (r *ReadReport) compare() {
	loads := &IngestReport{}
	for _, run := range r.Runs {
		name := run.Program
		if name == "chartlake read" {
			name = "chartlake"
		}
		loads.Loads = append(loads.Loads, LoadRun{Load: run.Pages, Program: name, CPU: run.CPU})
	}
	loads.compare()
	r.Ratios = loads.Ratios
}

// Table is the report as text.
func (r *ReadReport) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%-24s %-33s %5s %5s %10s %11s %11s %8s\n", r.Machine, "pages", "program", "round", "n", "CPU s/page", "pages/CPU s", "wall s/page", "peak MB")
	for _, l := range r.Runs {
		fmt.Fprintf(&b, "%-24s %-33s %5d %5d %10.4f %11.1f %11.4f %8.0f\n", l.Pages, l.Program, l.Round, l.N, l.CPU, 1/l.CPU, l.Wall, l.PeakMB)
	}
	for _, p := range r.Right {
		fmt.Fprintf(&b, "%-24s %-33s word error rate %.2f %% [%.2f, %.2f] of %.0f words, in any order %.2f %%\n",
			p.Pages, p.Program, 100*p.WER.Value, 100*p.WER.Low, 100*p.WER.High, p.WER.Of, 100*p.Bag.Value)
	}
	for _, p := range r.Ratios {
		fmt.Fprintf(&b, "%s: chartlake read needs %.2f times the CPU of %s (%.2f to %.2f)\n", p.Load, p.CPU, p.Peer, p.Low, p.High)
	}
	return b.String()
}
