package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"chartlake/fault"
	"chartlake/fhir"
)

// FHIRImport is what $import does with the resources of the same bundles, as NDJSON that is
// uploaded: from the first byte until the job is complete.
type FHIRImport struct {
	Resources   int     `json:"resources"`
	Refused     int     `json:"refused"`
	Rate        float64 `json:"resources_second"`
	CPUMS       float64 `json:"cpu_ms_resource"`
	PeakMB      float64 `json:"peak_mb"`
	BytesOnDisk float64 `json:"bytes_resource"`
}

// lines makes NDJSON of transaction Bundles: every resource under the id that it brings, with
// references to other entries as Type/id.
func lines(bundles [][]byte) ([]byte, error) {
	var out bytes.Buffer
	for _, b := range bundles {
		n, err := fhir.Parse(b)
		if err != nil {
			return nil, fault.New(fault.Invalid, "bench_bundles", "a bundle is no JSON")
		}
		names := map[string]string{}
		entries := n.Get("entry").Items()
		for _, e := range entries {
			res := e.Get("resource")
			if res.ID() == "" {
				return nil, fault.New(fault.Invalid, "bench_bundles", "a resource of a bundle has no id, so it cannot be imported")
			}
			names[e.Str("fullUrl")] = res.Type() + "/" + res.ID()
		}
		for _, e := range entries {
			res := e.Get("resource")
			res.Walk(func(n *fhir.Node) bool {
				if n.Kind() == fhir.Object {
					if to, ok := names[n.Str("reference")]; ok {
						n.Set("reference", fhir.NewString(to))
					}
				}
				return true
			})
			out.Write(append(res.AppendJSON(nil), '\n'))
		}
	}
	return out.Bytes(), nil
}

// importing measures $import on a fresh folder.
func (o FHIROptions) importing(ctx context.Context, work string, bundles [][]byte) (*FHIRImport, error) {
	body, err := lines(bundles)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(work, "import")
	empty, err := o.session(ctx, data, nil, &FHIRRun{})
	if err != nil {
		return nil, err
	}
	s, err := start(ctx, o.Program, data)
	if err != nil {
		return nil, err
	}
	pid := s.cmd.Process.Pid
	stop := peak(pid, 100*time.Millisecond)
	run, err := o.target(s.base+"/fhir", pid).load(ctx, body)
	memory := stop()
	s.stop()
	if err != nil {
		return nil, err
	}
	run.PeakMB = mb(memory)
	filled, err := folderSize(data)
	if run.Resources > 0 {
		run.BytesOnDisk = float64(filled-empty) / float64(run.Resources)
	}
	return run, err
}

// load imports lines and waits for the end of the job.
func (t *target) load(ctx context.Context, body []byte) (*FHIRImport, error) {
	before, began := t.cpu(), time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.base+"/$import", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/fhir+ndjson")
	resp, err := t.client.Do(req)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "bench_server", "the server does not answer: %w", err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return nil, fault.New(fault.Unavailable, "bench_answer", "$import answered %d", resp.StatusCode)
	}
	var manifest struct {
		Extension struct{ Created, Updated, Unchanged, Refused int }
	}
	err = (&served{}).until(ctx, 20*time.Millisecond, func() (bool, error) { // short beside the whole
		return t.complete(ctx, resp.Header.Get("Content-Location"), &manifest)
	})
	if err != nil {
		return nil, err
	}
	wall := time.Since(began).Seconds()
	m := manifest.Extension
	run := &FHIRImport{Resources: m.Created + m.Updated + m.Unchanged, Refused: m.Refused}
	if run.Resources > 0 {
		run.Rate, run.CPUMS = float64(run.Resources)/wall, ms(t.cpu()-before)/float64(run.Resources)
	}
	return run, nil
}

// complete asks whether a job is, and reads its manifest then.
func (t *target) complete(ctx context.Context, at string, into any) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return false, err
	}
	resp, err := t.client.Do(req)
	if err != nil {
		return false, fault.New(fault.Unavailable, "bench_server", "the server does not answer: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	switch {
	case err != nil:
		return false, err
	case resp.StatusCode == http.StatusAccepted:
		return false, nil
	case resp.StatusCode != http.StatusOK:
		return false, fault.New(fault.Unavailable, "bench_answer", "the job answered %d", resp.StatusCode)
	}
	return true, json.Unmarshal(data, into)
}
