package eval

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"chartlake/fault"
)

// FHIROptions says what BenchFHIR measures. Zero values take the defaults.
type FHIROptions struct {
	Program string // the chartlake to measure; "": this program
	Bundles string // tar of transaction Bundles, each NAME.json or NAME.json.gz
	Count   int    // how many of them are posted; 0: 100
	Clients int    // connections that ask at once; 0: 2
	Queries int    // requests of each kind of the mix; 0: 300
	// Observations is how many there are when the queries are asked: what the bundles lack is
	// made up of their patients and codes, and imported first. 0: those of the bundles. Not
	// with peers, which need not have $import.
	Observations int
	Peers        []string // FHIR base URLs of other servers that are measured in the same run
	Done         func(what string)
}

// FHIRReport is what the store and its API do with the same bundles and queries.
type FHIRReport struct {
	Machine string    `json:"machine"` // processors, system
	Clients int       `json:"clients"`
	Bytes   int64     `json:"bundle_bytes"` // of the bundles as they are posted
	Servers []FHIRRun `json:"servers"`      // chartlake, then the peers in their order
}

// FHIRRun is one server. What needs a look at the process (start, memory, processor time,
// disk) is 0 for a peer, of which only the URL is known.
type FHIRRun struct {
	Server      string      `json:"server"` // "chartlake" or the peer's URL
	ReadyMS     float64     `json:"ready_ms"`
	RestartMS   float64     `json:"restart_ms"` // ready on the filled folder
	IdleMB      float64     `json:"idle_mb"`
	PeakMB      float64     `json:"peak_mb"` // over import and queries
	Bundles     int         `json:"bundles"`
	Refused     int         `json:"refused"` // bundles that were not accepted
	Resources   int         `json:"resources"`
	MadeUp      int         `json:"made_up,omitempty"` // Observations that were imported beside the bundles
	Rate        float64     `json:"resources_second"`
	BundleP50   float64     `json:"bundle_p50_ms"`
	BundleP99   float64     `json:"bundle_p99_ms"`
	CPUMS       float64     `json:"cpu_ms_resource"`  // user and system of the server
	BytesOnDisk float64     `json:"bytes_resource"`   // data folder after a clean stop, less that of an empty start
	Import      *FHIRImport `json:"import,omitempty"` // of ours
	Queries     []FHIRMix   `json:"queries"`
}

// FHIRMix is one kind of query.
type FHIRMix struct {
	Query    string  `json:"query"`
	Requests int     `json:"requests"`
	Failed   int     `json:"failed"`  // any status but 200
	Entries  float64 `json:"entries"` // of an answer, mean; for a count its total: servers that agree have the same
	KB       float64 `json:"kb"`      // of an answer, mean
	Rate     float64 `json:"requests_second"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	CPUMS    float64 `json:"cpu_ms_request"` // of the server
}

// target is a server under measurement.
type target struct {
	base   string // FHIR base URL
	pid    int    // 0: not ours
	client *http.Client
	asker  *asker // of the queries; nil: client
}

func (o FHIROptions) defaults() FHIROptions {
	for v, d := range map[*int]int{&o.Count: 100, &o.Clients: 2, &o.Queries: 300} {
		if *v <= 0 {
			*v = d
		}
	}
	if o.Done == nil {
		o.Done = func(string) {}
	}
	return o
}

// BenchFHIR starts a server on a fresh folder, posts the bundles as they are, and asks a mix
// of queries whose values come from the bundles; then the same with each peer. It needs /proc.
func BenchFHIR(ctx context.Context, o FHIROptions) (*FHIRReport, error) {
	o = o.defaults()
	if o.Program == "" {
		p, err := self()
		if err != nil {
			return nil, err
		}
		o.Program = p
	}
	bundles, err := readBundles(o.Bundles, o.Count)
	if err != nil {
		return nil, err
	}
	r := &FHIRReport{Machine: fmt.Sprintf("%d processors, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH), Clients: o.Clients}
	for _, b := range bundles {
		r.Bytes += int64(len(b))
	}
	run, err := o.ours(ctx, bundles)
	if err != nil {
		return nil, err
	}
	r.Servers = append(r.Servers, run)
	for _, base := range o.Peers {
		run := FHIRRun{Server: base}
		if err := o.measure(ctx, o.target(strings.TrimSuffix(base, "/"), 0), bundles, &run); err != nil {
			return nil, err
		}
		r.Servers = append(r.Servers, run)
	}
	return r, nil
}

func (o FHIROptions) target(base string, pid int) *target {
	return &target{base: base, pid: pid, asker: newAsker(base, o.Clients), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: o.Clients, DisableCompression: true}}}
}

// ours measures this program: start, import, queries, clean stop, size, start again.
func (o FHIROptions) ours(ctx context.Context, bundles [][]byte) (FHIRRun, error) {
	run := FHIRRun{Server: "chartlake"}
	work, err := os.MkdirTemp("", "chartlake-bench-")
	if err != nil {
		return run, err
	}
	defer os.RemoveAll(work)
	data := filepath.Join(work, "data")
	empty, err := o.session(ctx, data, nil, &FHIRRun{})
	if err != nil {
		return run, err
	}
	filled, err := o.session(ctx, data, bundles, &run)
	if err != nil {
		return run, err
	}
	if run.Resources > 0 {
		run.BytesOnDisk = float64(filled-empty) / float64(run.Resources+run.MadeUp)
	}
	again := FHIRRun{}
	if _, err = o.session(ctx, data, nil, &again); err != nil {
		return run, err
	}
	run.RestartMS = again.ReadyMS
	run.Import, err = o.importing(ctx, work, bundles)
	return run, err
}

// session is one life of the server; it gives the size of the data folder after a clean stop.
// Without bundles the server is only started and stopped.
func (o FHIROptions) session(ctx context.Context, data string, bundles [][]byte, run *FHIRRun) (int64, error) {
	s, err := start(ctx, o.Program, data)
	if err != nil {
		return 0, err
	}
	run.ReadyMS = ms(s.ready)
	if bundles != nil {
		pid := s.cmd.Process.Pid
		if idle, err := tree(pid); err == nil {
			run.IdleMB = mb(idle.memory)
		}
		stop := peak(pid, 100*time.Millisecond)
		err = o.measure(ctx, o.target(s.base+"/fhir", pid), bundles, run)
		run.PeakMB = mb(stop())
	}
	s.stop()
	if err != nil {
		return 0, err
	}
	return folderSize(data)
}

// measure posts the bundles and asks the mix.
func (o FHIROptions) measure(ctx context.Context, t *target, bundles [][]byte, run *FHIRRun) error {
	facts, err := o.load(ctx, t, bundles, run)
	if err != nil {
		return err
	}
	o.Done(fmt.Sprintf("%s: %d resources posted", run.Server, run.Resources))
	if len(facts.patients) == 0 || len(facts.codes) == 0 {
		return fault.New(fault.Invalid, "bench_bundles", "the bundles that were accepted hold no patients with observations")
	}
	if o.Observations > len(facts.observations) {
		if run.MadeUp, err = o.fill(ctx, t, facts); err != nil {
			return err
		}
		o.Done(fmt.Sprintf("%s: %d Observations", run.Server, o.Observations))
	}
	defer t.asker.close()
	for _, q := range mix {
		result, err := o.ask(ctx, t, q, facts)
		if err != nil {
			return err
		}
		run.Queries = append(run.Queries, result)
	}
	o.Done(run.Server + ": queries asked")
	return nil
}

// cpu is what the server used so far; 0 for a peer.
func (t *target) cpu() time.Duration {
	if t.pid == 0 {
		return 0
	}
	u, err := tree(t.pid)
	if err != nil {
		return 0
	}
	return u.cpu
}

func folderSize(dir string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}

// quantile gives the value that a share of the sorted list is not above (nearest rank).
func quantile(sorted []time.Duration, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := int(share*float64(len(sorted))+0.999999) - 1
	return float64(sorted[min(max(i, 0), len(sorted)-1)].Microseconds()) / 1000
}

func spread(took []time.Duration) (p50, p99 float64) {
	slices.Sort(took)
	return quantile(took, 0.50), quantile(took, 0.99)
}

// Table is the report as text.
func (r *FHIRReport) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; %d connections; bundles %.1f MB\n", r.Machine, r.Clients, float64(r.Bytes)/1e6)
	for _, s := range r.Servers {
		fmt.Fprintf(&b, "\n%s: %d bundles, %d refused; %d resources, %.0f a second; bundle p50 %.0f ms, p99 %.0f ms\n",
			s.Server, s.Bundles, s.Refused, s.Resources, s.Rate, s.BundleP50, s.BundleP99)
		if s.CPUMS > 0 {
			fmt.Fprintf(&b, "%.2f ms CPU and %.0f bytes on disk a resource; ready after %.0f ms, filled after %.0f ms; memory %.0f MB idle, %.0f MB at most\n",
				s.CPUMS, s.BytesOnDisk, s.ReadyMS, s.RestartMS, s.IdleMB, s.PeakMB)
		}
		if i := s.Import; i != nil {
			fmt.Fprintf(&b, "$import: %d resources, %d refused, %.0f a second; %.2f ms CPU and %.0f bytes on disk a resource; memory %.0f MB at most\n",
				i.Resources, i.Refused, i.Rate, i.CPUMS, i.BytesOnDisk, i.PeakMB)
		}
		fmt.Fprintf(&b, "%-28s %8s %6s %9s %8s %9s %9s %9s %8s\n", "query", "requests", "failed", "entries", "KB", "a second", "p50 ms", "p99 ms", "CPU ms")
		for _, q := range s.Queries {
			fmt.Fprintf(&b, "%-28s %8d %6d %9.1f %8.1f %9.0f %9.2f %9.2f %8.2f\n", q.Query, q.Requests, q.Failed, q.Entries, q.KB, q.Rate, q.P50, q.P99, q.CPUMS)
		}
	}
	return b.String()
}
