package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"chartlake/document"
	"chartlake/pipeline"
	"chartlake/record"
	"chartlake/store"
)

// manyDocuments is how many rows the benchmark has; the goal is 100 ms an action.
const manyDocuments = 100_000

// many fills a store with documents of all states, kinds and ages, each with a record of the
// usual length.
func many(b *testing.B, s *stand) (ids []string) {
	b.Helper()
	kinds := []string{"lab_report", "discharge_summary", "cms1500", "insurance_card", "progress_note", "eob"}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var steps []store.Command
	for i := range manyDocuments {
		sum := sha256.Sum256([]byte(strconv.Itoa(i)))
		id := hex.EncodeToString(sum[:])
		ids = append(ids, id)
		kind := kinds[i%len(kinds)]
		if i%5000 == 7 {
			kind = "operative_report" // a rare one
		}
		to, code := store.Filed, ""
		switch {
		case i%10 < 3:
			to = store.NeedsReview
		case i%50 == 9:
			to, code = store.Held, "identity_candidates"
		case i%100 == 4:
			to, code = store.Failed, []string{"corrupt", "deadline", "no_pages"}[i/100%3]
		}
		at := begin.Add(time.Duration(i) * time.Minute)
		steps = append(steps, store.Receive{Document: store.Document{ID: id, SHA256: id, MediaType: "image/tiff", Pages: 2, Bytes: 80_000},
			Arrival: store.Arrival{At: at, Source: "watch", Name: "scan.tif"}},
			store.Move{ID: id, From: []store.State{store.Received}, To: store.Reading})
		if to == store.Failed {
			steps = append(steps, store.Move{ID: id, From: []store.State{store.Reading}, To: to, Code: code})
		} else {
			steps = append(steps, store.Move{ID: id, From: []store.State{store.Reading}, To: store.Understood},
				store.Move{ID: id, From: []store.State{store.Understood}, To: to, Code: code, Set: func(d *store.Document) {
					d.Segments = []store.DocumentSegment{{Type: kind, Pages: [2]int{1, 2}}}
					for n := range 12 {
						d.Resources = append(d.Resources, store.Key{Type: "Observation", ID: fmt.Sprintf("%s-%d", id[:30], n)})
					}
				}},
				store.PutRecord{Document: id, Action: "machine", Body: usualRecord(id, kind, i, to == store.NeedsReview)})
		}
		if len(steps) > 2000 || i == manyDocuments-1 {
			if _, err := s.db.Transact(context.Background(), pipeline.Actor, steps); err != nil {
				b.Fatal(err)
			}
			steps = steps[:0]
		}
	}
	return ids
}

func usualRecord(id, kind string, n int, open bool) []byte {
	rec := record.Record{Document: record.Document{SHA256: id, Pages: 2, MediaType: "image/tiff"}, Versions: map[string]string{"form": "1"}}
	seg := record.Segment{Type: record.Type(kind), TypeConfidence: 0.97, Pages: [2]int{1, 2}}
	for f := range 25 {
		v := fmt.Sprintf("value %d of document %d", f, n)
		field := record.Field{Name: fmt.Sprintf("field.%d", f), Label: "A label", Value: &v, Raw: v, Kind: record.KindText, Confidence: 0.97, Page: 1,
			Box: document.Box{X: 0.2, Y: 0.03 * float64(f+1), W: 0.3, H: 0.02}, Source: "ocr", State: record.Accepted}
		if f == 0 {
			field.Name = "patient.name"
		}
		if open && f == 3 {
			field.State, field.Reasons = record.Review, []string{"low reading confidence on 2 characters"}
		}
		seg.Fields = append(seg.Fields, field)
	}
	rec.Segments = []record.Segment{seg}
	rec.Bundle = json.RawMessage(`{"resourceType":"Bundle","type":"transaction","entry":[]}`)
	body, err := rec.Encode()
	if err != nil {
		panic(err)
	}
	return body
}

// BenchmarkActions is what each action of the pages costs at 100,000 documents on SQLite, over
// HTTP; the slowest of each is given as ms-max. It takes about two minutes to fill the store:
//
//	go test ./console -run NONE -bench Actions -benchtime 20x
func BenchmarkActions(b *testing.B) {
	s := newStand(b)
	ids := many(b, s)
	paper := labReport(b, "Tarn")
	s.arrive(b, paper, "scan.tif")
	s.take(b, paper)
	get := func(path string) string {
		r := httptest.NewRequest("GET", path, nil)
		w := httptest.NewRecorder()
		s.Config.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	deep := ""
	for range 400 {
		var page struct{ Next string }
		if err := json.Unmarshal([]byte(get("/documents?cursor="+deep)), &page); err != nil {
			b.Fatal(err)
		}
		deep = page.Next
	}
	for _, c := range []struct{ name, path string }{
		{"board", "/documents?counts=1"},
		{"state", "/documents?counts=1&state=needs_review,held"},
		{"kind", "/documents?counts=1&type=cms1500"},
		{"kind-rare", "/documents?counts=1&type=operative_report"},
		{"kind-none", "/documents?counts=1&type=consent"},
		{"deep-page", "/documents?cursor=" + deep},
		{"text", "/documents?q=document+99000"},
		{"queue", "/review/queue"},
		{"oldest-first", "/documents?state=needs_review,held&order=oldest"},
		{"by-cause", "/documents?state=failed&code=deadline&order=oldest"},
		{"text-none", "/documents?q=nothing+has+this"},
		{"operations", "/console/operations"},
		{"sample", "/review/sample"},
		{"document", "/documents/" + ids[500]},
		{"record", "/documents/" + ids[500] + "/record"},
		{"words", "/documents/" + paper.row.ID + "/words/1"},
	} {
		b.Run(c.name, func(b *testing.B) {
			worst := time.Duration(0)
			for b.Loop() {
				began := time.Now()
				get(c.path)
				worst = max(worst, time.Since(began))
			}
			b.ReportMetric(float64(worst.Microseconds())/1000, "ms-max")
		})
	}
}
