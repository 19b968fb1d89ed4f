package storetest

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"sync"
	"syscall"
	"testing"
	"time"

	"chartlake/internal/sharedtest"

	"chartlake/fhir"
	"chartlake/store"
)

// bundles reads up to n Synthea transaction bundles as JSON texts.
func bundles(t testing.TB, n int) (texts [][]byte) {
	t.Helper()
	f, err := os.Open(sharedtest.Path(t, "fhir/synthea-r4-bundles.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := tar.NewReader(f); len(texts) < n; {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			return texts
		} else if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}

// commands makes the commands of a transaction bundle of POST entries.
func commands(t testing.TB, bundle *fhir.Node) []store.Command {
	var list []store.Command
	for _, e := range bundle.Get("entry").Items() {
		if m := e.Str("request", "method"); m != "POST" {
			t.Fatalf("entry with method %s", m)
		}
		list = append(list, store.Create{FullURL: e.Str("fullUrl"), Resource: e.Get("resource")})
	}
	return list
}

// BenchImport posts Synthea bundles: parse, extract, store, sync. CHARTLAKE_BENCH_BUNDLES
// sets how many (default 40); -benchtime=1x is enough. open makes an empty store; its size on
// the disk, asked for once the store is closed, is in bytes, and spent is the processor time
// of what runs beside this process for it (a database server), or nil.
func BenchImport(b *testing.B, open func(testing.TB) (s store.Store, size func() int64), spent func() time.Duration) {
	texts := bundles(b, benchBundles())
	if spent == nil {
		spent = func() time.Duration { return 0 }
	}
	for b.Loop() {
		s, size := open(b)
		own, other := CPU(), spent()
		resources, elapsed := importAll(b, s, texts)
		b.ReportMetric(float64((CPU()-own).Microseconds())/float64(resources), "cpu-us/resource")
		if d := spent() - other; d > 0 {
			b.ReportMetric(float64(d.Microseconds())/float64(resources), "server-cpu-us/resource")
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(resources)/elapsed.Seconds(), "resources/s")
		b.ReportMetric(float64(size())/float64(resources), "bytes/resource")
	}
}

func benchBundles() int {
	n := 40
	if s := os.Getenv("CHARTLAKE_BENCH_BUNDLES"); s != "" {
		fmt.Sscan(s, &n)
	}
	return n
}

// CPU is the processor time of this process: on a shared machine it says more than the clock.
func CPU() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func importAll(b testing.TB, s store.Store, texts [][]byte) (resources int, elapsed time.Duration) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	work := make(chan []byte)
	start := time.Now()
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for text := range work {
				bundle, err := fhir.Parse(text)
				if err != nil {
					b.Error(err)
					return
				}
				list := commands(b, bundle)
				if _, err := s.Transact(context.Background(), anna, list); err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				resources += len(list)
				mu.Unlock()
			}
		}()
	}
	for _, t := range texts {
		work <- t
	}
	close(work)
	wg.Wait()
	return resources, time.Since(start)
}

// BenchQuery measures the mix of searches over imported bundles; settle, where not nil, lets
// the database do its housekeeping after the import.
func BenchQuery(b *testing.B, open Open, settle func()) {
	s := open(b)
	importAll(b, s, bundles(b, benchBundles()))
	if settle != nil {
		settle()
	}
	var patient string
	s.View(context.Background(), anna, func(v store.View) error {
		page, err := v.Search(query(b, "Patient?_count=1"))
		if err == nil {
			patient = page.Matches[0].Key.ID
		}
		return err
	})
	for _, q := range []string{
		"Observation?patient=" + patient + "&_count=20",
		"Observation?code=http://loinc.org|8302-2&_count=20",
		"Observation?patient=" + patient + "&code=http://loinc.org|8302-2&_count=20",
		"Observation?category=vital-signs&date=ge2015&_sort=-date&_count=20",
		"Observation?category=vital-signs&date=le2012&_sort=-date&_count=20",
		"Observation?subject:Patient.family=smith&code=8302-2&_count=20",
		"Encounter?patient=" + patient + "&_include=Encounter:patient&_count=20",
		"Observation?code=http://loinc.org|8302-2&_summary=count",
		"Observation?code=http://loinc.org|8302-2&date=ge2015&_summary=count",
		"Patient?_has:Observation:patient:code=8302-2&_count=20",
		"Patient?_sort=family&_count=20",
		"Observation?_lastUpdated=ge2020&_sort=-_lastUpdated&_count=20",
		"Observation?value-quantity=gt100&code=8302-2&_count=20",
	} {
		benchSearch(b, s, q)
	}
}

// benchSearch measures one search.
func benchSearch(b *testing.B, s store.Store, q string) {
	parsed := query(b, q)
	b.Run(q, func(b *testing.B) {
		var times []time.Duration
		for b.Loop() {
			start := time.Now()
			err := s.View(context.Background(), anna, func(v store.View) error {
				_, err := v.Search(parsed)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			times = append(times, time.Since(start))
		}
		sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
		b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
	})
}
