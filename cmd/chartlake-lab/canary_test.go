package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// canaries are words that stand nowhere but in what a test sends.
func canaries(rng *rand.Rand, n int) []string {
	out := make([]string, n)
	for i := range out {
		b := []byte("Zq")
		for range 10 {
			b = append(b, "bcdfghklmnprstvz"[rng.IntN(16)], "aeiou"[rng.IntN(5)])
		}
		out[i] = string(b)
	}
	return out
}

// TestNoPatientDataLeaves sends documents full of unique words, with unique file names, and
// provokes errors with them; no log line, error body or metric may hold one.
func TestNoPatientDataLeaves(t *testing.T) {
	t.Parallel()
	s, err := start(options{Server: built(t)}, filepath.Join(t.TempDir(), "data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	words := canaries(rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1)), 24)
	whole := canaryPDF(words)
	log := newLedger()
	send := func(body []byte, name string) {
		status, r := s.post(context.Background(), body, name, "")
		log.note(sent{body: body}, status, r)
	}
	send(whole, words[0]+".pdf")
	send(whole[:len(whole)*2/3], words[1]+".pdf") // truncated: read as far as it goes, or failed
	send(append(bytes.Clone(whole[:60]), whole[200:]...), words[2]+".pdf")
	send([]byte(strings.Join(words, " ")), words[3]+".pdf") // refused
	if n := s.settle(log, 2*time.Minute); n > 0 {
		t.Errorf("%d documents did not come to rest", n)
	}
	var said []string
	hear := func(method, path, body, contentType string) {
		req, err := http.NewRequest(method, s.base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("X-Filename", words[4])
		resp, err := s.client.Do(req)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		if resp.StatusCode >= 400 || path == "/metrics" {
			said = append(said, fmt.Sprintf("answer %d to %s: %s", resp.StatusCode, method, answer))
		}
	}
	w := words
	hear("GET", "/metrics", "", "")
	hear("GET", "/fhir/Patient?_id="+w[12]+"&_count="+w[12], "", "")
	hear("POST", "/documents?type="+w[5], w[6], "text/plain")
	hear("POST", "/documents", w[7], "multipart/form-data; boundary="+w[8])
	hear("GET", "/documents/"+w[9], "", "")
	hear("GET", "/documents?state="+w[10], "", "")
	hear("GET", "/fhir/Patient?birthdate="+w[11], "", "")
	hear("GET", "/fhir/Patient/"+w[13], "", "")
	hear("GET", "/fhir/"+w[14], "", "")
	hear("POST", "/fhir/Patient", `{"resourceType":"Patient","gender":"`+w[15]+`","birthDate":"`+w[16]+`"}`, "application/fhir+json")
	hear("POST", "/fhir/Patient", `{"resourceType":"Patient","name":[{"family":"`+w[17], "application/fhir+json")
	for _, id := range log.ids() {
		hear("POST", "/review/"+id+"/actions", `{"after":1,"kind":"correct","target":"field:`+w[18]+`","value":"`+w[19]+`"}`, "application/json")
		hear("POST", "/review/"+id+"/actions", `{"after":1,"kind":"`+w[20]+`"`, "application/json")
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	said = append(said, "log: "+s.stderr.String())
	if len(log.ids()) == 0 || len(said) < 8 {
		t.Fatalf("only %d documents and %d answers to look at", len(log.ids()), len(said))
	}
	for _, text := range said {
		for i, word := range words {
			if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
				t.Errorf("word %d came out in %.300s", i, text)
			}
		}
	}
}

// canaryPDF is a page on which every value is a canary.
func canaryPDF(words []string) []byte {
	var b bytes.Buffer
	y := 740
	for i, label := range []string{"Patient:", "Address:", "MRN:", "Member ID:", "Diagnosis:", "Medication:", "Physician:", "Allergies:"} {
		fmt.Fprintf(&b, "BT /F1 11 Tf 1 0 0 1 72 %d Tm (%s) Tj ET\nBT /F1 11 Tf 1 0 0 1 180 %d Tm (%s %s) Tj ET\n", y, label, y, words[2*i], words[2*i+1])
		y -= 22
	}
	fmt.Fprintf(&b, "BT /F1 11 Tf 1 0 0 1 72 %d Tm (Patient denies chest pain. History of %s. %s) Tj ET\n", y-20, words[16], strings.Join(words[17:], " "))
	return writePDF([]string{b.String()}, rand.New(rand.NewPCG(1, 2)))
}
