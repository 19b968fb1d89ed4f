package function

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"chartlake/aws/awstest"
	"chartlake/fhir"
)

// TestDeliveries: however often an event is delivered, in whatever order, in batches of whatever size,
// by several functions at once and through an ill network, each upload is in the FHIR server exactly once.
// CHARTLAKE_LAB has 10,000 uploads.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	uploads := 24
	if os.Getenv("CHARTLAKE_LAB") != "" {
		uploads = 10_000
	}
	const seed = 20261125
	rng := rand.New(rand.NewPCG(seed, 1))
	s := newStand(t, awstest.Mixed(6, seed))
	var events []string
	for i := range uploads {
		key := fmt.Sprintf("upload-%d.pdf", i)
		s.s3.Put("in", key, note(i))
		for range 1 + rng.IntN(5) {
			events = append(events, put(key))
		}
	}
	rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	batches := make(chan []string)
	var group sync.WaitGroup
	var mu sync.Mutex
	var again []string
	for range 2 {
		group.Go(func() {
			for batch := range batches {
				out, err := s.Handle(t.Context(), messages(batch...))
				if err != nil {
					t.Error(err)
					continue
				}
				mu.Lock()
				for _, id := range failures(t, out) {
					var n int
					fmt.Sscanf(id, "m%d", &n)
					again = append(again, batch[n])
				}
				mu.Unlock()
			}
		})
	}
	for len(events) > 0 {
		n := min(1+rng.IntN(10), len(events))
		batches <- events[:n]
		events = events[n:]
	}
	close(batches)
	group.Wait()
	for _, e := range again { // as the queue does
		if _, err := s.Handle(t.Context(), []byte(e)); err != nil {
			t.Errorf("a message that came again: %v", err)
		}
	}
	documents, versions := 0, map[string]string{}
	for next := "http://lake/r4/DocumentReference?_count=100"; next != ""; {
		rec := httptest.NewRecorder()
		s.fhir.ServeHTTP(rec, httptest.NewRequest("GET", next, nil))
		bundle, err := fhir.Parse(rec.Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range bundle.Get("entry").Items() {
			r := e.Get("resource")
			url := r.Get("content").Items()[0].Get("attachment").Str("url")
			if versions[url] != "" {
				t.Errorf("%s is there twice", url)
			}
			versions[url] = r.Str("meta", "versionId")
			documents++
		}
		next = ""
		for _, l := range bundle.Get("link").Items() {
			if l.Str("relation") == "next" {
				next = l.Str("url")
			}
		}
	}
	if documents != uploads || len(versions) != uploads {
		t.Errorf("%d documents of %d uploads", documents, uploads)
	}
}
