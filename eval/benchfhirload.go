package eval

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"chartlake/fault"
)

// Limits on the archive: the largest Synthea bundle known has 6 MB.
const (
	bundleBytes = 64 << 20
	archiveMax  = 2 << 30 // of all bundles, unpacked: they are held in memory
)

// readBundles unpacks the first count members of a tar.
func readBundles(name string, count int) ([][]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fault.New(fault.NotFound, "bench_bundles", "the archive of bundles cannot be opened")
	}
	defer f.Close()
	var list [][]byte
	total := 0
	for archive := tar.NewReader(f); len(list) < count; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "bench_bundles", "the archive of bundles is no readable tar: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := member(archive, h.Name)
		if err != nil {
			return nil, err
		}
		if data == nil {
			continue
		}
		if total += len(data); total > archiveMax {
			return nil, fault.New(fault.TooLarge, "bench_bundles", "the bundles have more than %d bytes", archiveMax)
		}
		list = append(list, data)
	}
	if len(list) == 0 {
		return nil, fault.New(fault.Invalid, "bench_bundles", "the archive holds no .json or .json.gz")
	}
	return list, nil
}

// member reads one member; nil where it is no bundle by its name.
func member(r io.Reader, name string) ([]byte, error) {
	bad := func(err error) error {
		return fault.New(fault.Invalid, "bench_bundles", "a member of the archive cannot be read: %w", err)
	}
	switch {
	case strings.HasSuffix(name, ".json"):
	case strings.HasSuffix(name, ".json.gz"):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, bad(err)
		}
		r = z
	default:
		return nil, nil
	}
	data, err := io.ReadAll(io.LimitReader(r, bundleBytes+1))
	if err != nil {
		return nil, bad(err)
	}
	if len(data) > bundleBytes {
		return nil, fault.New(fault.TooLarge, "bench_bundles", "a bundle has more than %d bytes", bundleBytes)
	}
	return data, nil
}

// facts are values to query for, taken from bundles that a server accepted.
type facts struct {
	patients     []string // ids that the server gave
	observations []string
	families     []string
	codes        []string // LOINC codes of Observations, as often as they occur
}

// bundle is what the benchmark looks at in a Bundle of resources and in the answer to it.
type bundle struct {
	Entry []struct {
		Resource struct {
			Type string          `json:"resourceType"`
			Name json.RawMessage `json:"name"` // a text in some types
			Code json.RawMessage `json:"code"` // a code in some types
		} `json:"resource"`
		Response struct {
			Status   string `json:"status"`
			Location string `json:"location"`
		} `json:"response"`
	} `json:"entry"`
}

// load posts every bundle once and notes what to query for.
func (o FHIROptions) load(ctx context.Context, t *target, bundles [][]byte, run *FHIRRun) (*facts, error) {
	answers := make([][]byte, len(bundles))
	before, began := t.cpu(), time.Now()
	took, err := o.parallel(ctx, len(bundles), func(i int) (err error) {
		status, data, err := t.do(ctx, http.MethodPost, "", bundles[i])
		if err == nil && status == http.StatusOK {
			answers[i] = data
		}
		return err
	})
	wall := time.Since(began).Seconds()
	cpu := t.cpu() - before
	if err != nil {
		return nil, err
	}
	run.Bundles = len(bundles)
	run.BundleP50, run.BundleP99 = spread(took)
	known := &facts{}
	for i, data := range answers {
		if data == nil {
			run.Refused++
			continue
		}
		n, err := known.learn(bundles[i], data)
		if err != nil {
			return nil, err
		}
		run.Resources += n
	}
	run.Rate = float64(run.Resources) / wall
	if run.Resources > 0 {
		run.CPUMS = ms(cpu) / float64(run.Resources)
	}
	return known, nil
}

// learn takes values out of a bundle and ids out of the answer; it gives how many resources
// the server says it made.
func (f *facts) learn(sent, answered []byte) (made int, err error) {
	var in, out bundle
	if err := json.Unmarshal(sent, &in); err != nil {
		return 0, fault.New(fault.Invalid, "bench_bundles", "a bundle is no JSON")
	}
	if err := json.Unmarshal(answered, &out); err != nil {
		return 0, fault.New(fault.Unavailable, "bench_answer", "the answer to a bundle is no JSON")
	}
	for _, e := range out.Entry {
		if !strings.HasPrefix(e.Response.Status, "20") {
			continue
		}
		made++
		typ, id := located(e.Response.Location)
		switch typ {
		case "Patient":
			f.patients = append(f.patients, id)
		case "Observation":
			f.observations = append(f.observations, id)
		}
	}
	for _, e := range in.Entry {
		switch e.Resource.Type {
		case "Observation":
			f.codes = append(f.codes, loinc(e.Resource.Code)...)
		case "Patient":
			var names []struct{ Family string }
			if json.Unmarshal(e.Resource.Name, &names) == nil && len(names) > 0 && names[0].Family != "" {
				f.families = append(f.families, names[0].Family)
			}
		}
	}
	return made, nil
}

// loinc gives the LOINC codes of a CodeableConcept.
func loinc(concept []byte) (codes []string) {
	var c struct {
		Coding []struct{ System, Code string }
	}
	if json.Unmarshal(concept, &c) != nil {
		return nil
	}
	for _, coding := range c.Coding {
		if coding.System == "http://loinc.org" && coding.Code != "" {
			codes = append(codes, coding.Code)
		}
	}
	return codes
}

// located takes type and id out of a location, absolute or not, with a version or without.
func located(location string) (typ, id string) {
	location, _, _ = strings.Cut(location, "/_history/")
	parts := strings.Split(location, "/")
	if len(parts) < 2 {
		return "", ""
	}
	return parts[len(parts)-2], parts[len(parts)-1]
}

// parallel runs n steps on the clients and gives how long each took. The first error ends it.
func (o FHIROptions) parallel(ctx context.Context, n int, step func(i int) error) ([]time.Duration, error) {
	took := make([]time.Duration, n)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var clients sync.WaitGroup
	var taken atomic.Int64
	for range o.Clients {
		clients.Go(func() {
			for i := int(taken.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(taken.Add(1)) - 1 {
				began := time.Now()
				if err := step(i); err != nil {
					cancel(err)
					return
				}
				took[i] = time.Since(began)
			}
		})
	}
	clients.Wait()
	return took, context.Cause(ctx)
}

// get asks for a path below the base and reads the answer to its end.
func (t *target) get(ctx context.Context, path string) (status int, data []byte, err error) {
	if t.asker != nil {
		return t.asker.get(ctx, path)
	}
	return t.do(ctx, http.MethodGet, path, nil)
}

// do sends one request and reads its answer to the end.
func (t *target) do(ctx context.Context, method, path string, body []byte) (status int, data []byte, err error) {
	var in io.Reader
	if body != nil {
		in = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, t.base+path, in)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Accept", "application/fhir+json")
	if body != nil {
		req.Header.Set("Content-Type", "application/fhir+json")
	}
	resp, err := t.client.Do(req)
	if err != nil {
		return 0, nil, fault.New(fault.Unavailable, "bench_server", "the server does not answer: %w", err)
	}
	defer resp.Body.Close()
	data, err = io.ReadAll(io.LimitReader(resp.Body, bundleBytes))
	return resp.StatusCode, data, err
}
