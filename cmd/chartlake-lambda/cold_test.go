package main

import (
	"fmt"
	"image"
	"image/color"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"chartlake/aws/awstest"
	"chartlake/document"
	"chartlake/reader/readertest"
)

// BenchmarkCold measures the function as Lambda starts it: the unpacked zip that CHARTLAKE_LAMBDA_ROOT
// names (unzip bin/chartlake-lambda-amd64.zip), its runtime API, bucket, Textract and FHIR server emulated in
// this process. It reports the time from the start of the process until it asks for its first event, until a
// page of text was filed, and the peak memory of the process and its children over a scan of 300 pages.
func BenchmarkCold(b *testing.B) {
	root := os.Getenv("CHARTLAKE_LAMBDA_ROOT")
	if root == "" {
		b.Skip("CHARTLAKE_LAMBDA_ROOT names no unpacked zip of make lambda")
	}
	const pages = 300
	var scans []readertest.Page
	for range pages {
		scans = append(scans, readertest.Page{Width: 612, Height: 792, Content: "q 612 0 0 792 0 0 cm /I1 Do Q", Pictures: []image.Image{scan()}})
	}
	s3 := &awstest.S3{}
	s3.Put("in", "note.pdf", readertest.PDF("", readertest.Letter(readertest.Line(72, 700, 11, "Denies fever. Takes aspirin 81 mg daily."))))
	s3.Put("in", "scan.pdf", readertest.PDF("", scans...))
	textract := &awstest.Textract{Object: s3.Get, Polls: 2, Read: func([]byte) *document.Document { return written(pages) }}
	bucket, reads := awstest.New(b, s3, awstest.XML, nil), awstest.New(b, textract, awstest.JSON, nil)
	server := httptest.NewServer(http.HandlerFunc(file))
	defer server.Close()
	var first, note, long time.Duration
	var peak int64
	for b.Loop() {
		steps := make(chan time.Time, 8)
		n := 0
		var cmd *exec.Cmd
		runtime := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				body, _ := io.ReadAll(r.Body)
				if strings.HasSuffix(r.URL.Path, "/error") {
					b.Errorf("%s", body)
				}
				w.WriteHeader(http.StatusAccepted)
				return
			}
			if n == 2 {
				peak = max(peak, memory(cmd.Process.Pid))
			}
			steps <- time.Now()
			keys := []string{"note.pdf", "scan.pdf"}
			if n++; n > len(keys) {
				<-r.Context().Done()
				return
			}
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", strconv.Itoa(n))
			fmt.Fprintf(w, `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"in"},"object":{"key":%q,"size":9}}}]}`, keys[n-1])
		}))
		cmd = exec.Command(filepath.Join(root, "bootstrap"))
		cmd.Env = []string{"PATH=/usr/bin", "TMPDIR=" + b.TempDir(), "LAMBDA_TASK_ROOT=" + root, "AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(runtime.URL, "http://"),
			"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_ENDPOINT_URL_S3=" + bucket.URL,
			"AWS_ENDPOINT_URL_TEXTRACT=" + reads.URL, "CHARTLAKE_FHIR=" + server.URL}
		start := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		var at [3]time.Time
		for i := range at {
			select {
			case at[i] = <-steps:
			case <-time.After(5 * time.Minute):
				b.Fatal("the function does not go on")
			}
		}
		first, note, long = first+at[0].Sub(start), note+at[1].Sub(start), long+at[2].Sub(at[1])
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		runtime.CloseClientConnections()
		runtime.Close()
	}
	b.ReportMetric(float64(first.Milliseconds())/float64(b.N), "ms-to-first-event")
	b.ReportMetric(float64(note.Milliseconds())/float64(b.N), "ms-to-first-document")
	b.ReportMetric(float64(long.Milliseconds())/float64(b.N), "ms-300-pages")
	b.ReportMetric(float64(peak)/(1<<20), "MB-peak")
}

func scan() image.Image {
	img := image.NewGray(image.Rect(0, 0, 170, 220))
	for i := range img.Pix {
		img.Pix[i] = uint8(200 + i%50)
	}
	img.Set(1, 1, color.Black)
	return img
}

// written is a document as Textract reads it: pages of 400 words.
func written(pages int) *document.Document {
	d := &document.Document{SHA256: "ab", MediaType: "application/pdf"}
	for n := 1; n <= pages; n++ {
		p := document.Page{Number: n, Width: 2200, Height: 2847, Source: document.SourceOCR}
		for line := range 40 {
			l := document.Line{Box: document.Box{X: 0.1, Y: 0.02 + 0.024*float64(line), W: 0.8, H: 0.012}}
			for w := range 10 {
				l.Words = append(l.Words, len(p.Words))
				p.Words = append(p.Words, document.Word{Text: fmt.Sprintf("word%d", w), Confidence: 0.97,
					Box: document.Box{X: 0.1 + 0.08*float64(w), Y: l.Box.Y, W: 0.06, H: 0.012}})
			}
			p.Lines = append(p.Lines, l)
		}
		d.Pages = append(d.Pages, p)
	}
	return d
}

// file is a FHIR server that has nothing and takes everything.
func file(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == "GET":
		w.WriteHeader(http.StatusNotFound)
	case strings.HasSuffix(r.URL.Path, "_search"):
		_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset"}`)
	default:
		body, _ := io.ReadAll(r.Body)
		n := strings.Count(string(body), `"method":"PUT"`)
		fmt.Fprintf(w, `{"resourceType":"Bundle","type":"transaction-response","entry":[%s]}`, strings.TrimSuffix(strings.Repeat(`{"response":{"status":"201"}},`, n), ","))
	}
}

// memory is the peak of a process and its children, in bytes.
func memory(pid int) (sum int64) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for _, line := range strings.Split(string(status), "\n") {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(kb, "kB")), 10, 64)
			sum += n << 10
		}
	}
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, name := range lists {
		children, _ := os.ReadFile(name)
		for _, c := range strings.Fields(string(children)) {
			child, _ := strconv.Atoi(c)
			sum += memory(child)
		}
	}
	return sum
}
