package eval

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"chartlake/eval/specimen"
)

// IngestOptions says what BenchIngest measures. Zero values take the defaults.
type IngestOptions struct {
	Program string // the chartlake to measure; "": this program
	Seed    uint64
	Digital int           // pages of the born-digital file; 0: 100
	Dense   int           // dense pages in each round; 0: 4
	Rounds  int           // each with other pages, since the same bytes are not read twice; 0: 2
	Idle    time.Duration // after ready, before memory is taken; 0: 10 s
	NoPeers bool          // leave tesseract and ocrmypdf out
	Done    func(what string)
}

// IngestReport is what pages cost.
type IngestReport struct {
	Machine string     `json:"machine"` // processors, system
	ReadyMS float64    `json:"ready_ms"`
	IdleMB  float64    `json:"idle_mb"` // resident, no document read yet
	Loads   []LoadRun  `json:"loads"`
	Ratios  []PeerRate `json:"ratios"`
}

// LoadRun is one set of pages taken in by one program in one round.
type LoadRun struct {
	Load    string  `json:"load"`
	Program string  `json:"program"`
	Round   int     `json:"round"`
	Pages   int     `json:"pages"`
	CPU     float64 `json:"cpu_seconds_page"` // user and system, children too
	Wall    float64 `json:"wall_seconds_page"`
	PeakMB  float64 `json:"peak_mb"` // serve: of the whole process tree; peers: of the largest process
	Failed  int     `json:"failed"`
}

// PeerRate is our CPU a page divided by a peer's on the same pages, over all rounds.
type PeerRate struct {
	Load string  `json:"load"`
	Peer string  `json:"peer"`
	CPU  float64 `json:"cpu_ratio"` // under 1: we need less
	Low  float64 `json:"lowest"`
	High float64 `json:"highest"`
}

// densePoints per inch of the scans: what office scanners and the bar of the product use.
const denseDPI = 300

// load is a set of pages: the documents that are posted and the same pages as files for the peers.
type load struct {
	name  string
	pages int
	posts [][]byte
	files []string
	peers []peer
}

// BenchIngest starts a server on a fresh folder, warms it with one page of each kind, and
// measures the CPU and memory from POST to settled, beside tesseract and ocrmypdf on the
// same pages where they are installed. It needs /proc.
func BenchIngest(ctx context.Context, o IngestOptions) (*IngestReport, error) {
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
	s, err := start(ctx, o.Program, filepath.Join(work, "data"))
	if err != nil {
		return nil, err
	}
	defer s.stop()
	r := &IngestReport{Machine: fmt.Sprintf("%d processors, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH), ReadyMS: ms(s.ready)}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(o.Idle):
	}
	idle, err := tree(s.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	r.IdleMB = mb(idle.memory)
	if err := o.warm(ctx, s); err != nil {
		return nil, err
	}
	for round := 1; round <= o.Rounds; round++ {
		loads, err := o.loads(filepath.Join(work, fmt.Sprint("round", round)), o.Seed+uint64(round))
		if err != nil {
			return nil, err
		}
		for _, l := range loads {
			if err := o.measure(ctx, s, l, round, r); err != nil {
				return nil, err
			}
		}
	}
	r.compare()
	return r, nil
}

func (o IngestOptions) defaults() IngestOptions {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.Digital, 100)
	set(&o.Dense, 4)
	set(&o.Rounds, 2)
	if o.Idle <= 0 {
		o.Idle = 10 * time.Second
	}
	if o.Done == nil {
		o.Done = func(string) {}
	}
	return o
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func mb(bytes int64) float64     { return float64(bytes) / (1 << 20) }

// warm lets the server read one born-digital page and one picture, so that what is paid
// once is not counted.
func (o IngestOptions) warm(ctx context.Context, s *served) error {
	sheets := specimen.Dense(o.Seed, 1)
	digital, err := specimen.DensePDF(sheets)
	if err != nil {
		return err
	}
	picture, err := specimen.DensePNG(sheets[0], 150)
	if err != nil {
		return err
	}
	_, err = s.ingest(ctx, [][]byte{digital, picture})
	o.Done("warm")
	return err
}

// loads makes the pages of a round in a folder.
func (o IngestOptions) loads(dir string, seed uint64) ([]load, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	save := func(name string, data []byte) (string, error) {
		path := filepath.Join(dir, name)
		return path, os.WriteFile(path, data, 0o600)
	}
	digital, err := specimen.DensePDF(specimen.Dense(seed, o.Digital))
	if err != nil {
		return nil, err
	}
	digitalFile, err := save("digital.pdf", digital)
	if err != nil {
		return nil, err
	}
	ordinary, err := specimen.Ordinary(seed, o.Digital)
	if err != nil {
		return nil, err
	}
	stack, err := specimen.DensePDF(ordinary)
	if err != nil {
		return nil, err
	}
	stackFile, err := save("stack.pdf", stack)
	if err != nil {
		return nil, err
	}
	dense := load{name: "dense grey 300 dpi PNG", pages: o.Dense, peers: []peer{tesseract}}
	sheets := specimen.Dense(seed+500, 2*o.Dense)
	for i, sh := range sheets[:o.Dense] {
		data, err := specimen.DensePNG(sh, denseDPI)
		if err != nil {
			return nil, err
		}
		path, err := save(fmt.Sprintf("dense%d.png", i), data)
		if err != nil {
			return nil, err
		}
		dense.posts, dense.files = append(dense.posts, data), append(dense.files, path)
	}
	scanned, err := specimen.DenseScan(sheets[o.Dense:], denseDPI)
	if err != nil {
		return nil, err
	}
	scannedFile, err := save("scanned.pdf", scanned)
	if err != nil {
		return nil, err
	}
	return []load{
		{name: fmt.Sprintf("born-digital PDF, %d pages of reports", o.Digital), pages: o.Digital, posts: [][]byte{stack}, files: []string{stackFile}, peers: []peer{ocrmypdfSkip}},
		{name: fmt.Sprintf("born-digital PDF, %d dense pages", o.Digital), pages: o.Digital, posts: [][]byte{digital}, files: []string{digitalFile}, peers: []peer{ocrmypdfSkip}},
		dense,
		{name: "scanned PDF 300 dpi", pages: o.Dense, posts: [][]byte{scanned}, files: []string{scannedFile}, peers: []peer{ocrmypdf}},
	}, nil
}

// measure takes a load in and lets its peers read the same pages.
func (o IngestOptions) measure(ctx context.Context, s *served, l load, round int, r *IngestReport) error {
	pid := s.cmd.Process.Pid
	before, err := tree(pid)
	if err != nil {
		return err
	}
	stop := peak(pid, 100*time.Millisecond)
	began := time.Now()
	failed, err := s.ingest(ctx, l.posts)
	wall := time.Since(began)
	most := stop()
	if err != nil {
		return err
	}
	after, err := tree(pid)
	if err != nil {
		return err
	}
	n := float64(l.pages)
	r.Loads = append(r.Loads, LoadRun{l.name, "chartlake", round, l.pages, (after.cpu - before.cpu).Seconds() / n, wall.Seconds() / n, mb(most), failed})
	o.Done(l.name)
	if o.NoPeers {
		return nil
	}
	for _, p := range l.peers {
		run, ok, err := p.run(ctx, l)
		if err != nil {
			return err
		}
		if ok {
			run.Round = round
			r.Loads = append(r.Loads, run)
			o.Done(l.name + ", " + p.name)
		}
	}
	return nil
}

// compare works out the ratios: the sum over the rounds, and the lowest and highest round.
func (r *IngestReport) compare() {
	type key struct{ load, program string }
	rounds := map[key][]float64{}
	var order []key
	for _, l := range r.Loads {
		k := key{l.Load, l.Program}
		if rounds[k] == nil {
			order = append(order, k)
		}
		rounds[k] = append(rounds[k], l.CPU)
	}
	for _, k := range order {
		ours := rounds[key{k.load, "chartlake"}]
		theirs := rounds[k]
		if k.program == "chartlake" || len(ours) != len(theirs) {
			continue
		}
		rate := PeerRate{Load: k.load, Peer: k.program}
		a, b := 0.0, 0.0
		for i := range ours {
			a, b = a+ours[i], b+theirs[i]
			x := ours[i] / theirs[i]
			if i == 0 {
				rate.Low, rate.High = x, x
			}
			rate.Low, rate.High = min(rate.Low, x), max(rate.High, x)
		}
		rate.CPU = a / b
		r.Ratios = append(r.Ratios, rate)
	}
}

// Table is the report as text.
func (r *IngestReport) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; ready after %.0f ms, %.0f MB resident before the first document\n", r.Machine, r.ReadyMS, r.IdleMB)
	fmt.Fprintf(&b, "%-28s %-22s %5s %5s %10s %11s %8s %6s\n", "load", "program", "round", "pages", "CPU s/page", "wall s/page", "peak MB", "failed")
	for _, l := range r.Loads {
		fmt.Fprintf(&b, "%-28s %-22s %5d %5d %10.3f %11.3f %8.0f %6d\n", l.Load, l.Program, l.Round, l.Pages, l.CPU, l.Wall, l.PeakMB, l.Failed)
	}
	for _, p := range r.Ratios {
		fmt.Fprintf(&b, "%s: chartlake needs %.2f times the CPU of %s (%.2f to %.2f)\n", p.Load, p.CPU, p.Peer, p.Low, p.High)
	}
	return b.String()
}
