package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"chartlake/reader/readertest"
)

// TestResumeAtThePage kills the real server while it reads a long file. In its next life it
// reads the pages that were not read yet, and no other again.
func TestResumeAtThePage(t *testing.T) {
	t.Parallel()
	const pages, least = 400, 40
	sheets := make([]readertest.Page, pages)
	for i := range sheets {
		var text strings.Builder
		for line := range 40 {
			text.WriteString(readertest.Line(60, float64(740-17*line), 10, fmt.Sprintf("Page %d line %d: the patient rests and the wound is dry.", i+1, line)))
		}
		sheets[i] = readertest.Letter(text.String())
	}
	data := filepath.Join(t.TempDir(), "data")
	o := options{Server: built(t)}
	s, err := start(o, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	file := readertest.PDF("", sheets...)
	status, receipt := s.post(context.Background(), file, "long.pdf", "")
	if status != 202 {
		s.kill()
		t.Fatalf("the upload got %d", status)
	}
	before := 0
	for end := time.Now().Add(2 * time.Minute); before < least && time.Now().Before(end); {
		before = s.pagesRead(t)
	}
	s.kill()
	if before < least || before == pages {
		t.Fatalf("%d of %d pages were read before the kill", before, pages)
	}
	if s, err = start(o, data, nil); err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	log := newLedger()
	log.note(sent{body: file}, status, receipt)
	if n := s.settle(log, 2*time.Minute); n > 0 {
		t.Fatal("the document did not come to rest")
	}
	if again := s.pagesRead(t); again == 0 || again > pages-before {
		t.Errorf("%d of %d pages were read and durable before the kill, %d after it", before, pages, again)
	}
	_, body, err := s.get("/documents/" + receipt.ID)
	var row struct{ Pages int }
	if err != nil || json.Unmarshal(body, &row) != nil || row.Pages != pages {
		t.Errorf("the document has %d pages, %v", row.Pages, err)
	}
}

// pagesRead is how many pages the server has read in this life.
func (s *server) pagesRead(t *testing.T) (sum int) {
	t.Helper()
	_, body, err := s.get("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "} "); ok && strings.HasPrefix(name, "chartlake_pages_total{") {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += int(n)
		}
	}
	return sum
}
