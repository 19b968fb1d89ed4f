package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"chartlake/aws/awstest"
	"chartlake/fault"
	"chartlake/reader"
	"chartlake/reader/readertest"
)

func TestMain(m *testing.M) {
	reader.ChildMain(os.Args)
	os.Exit(m.Run())
}

func TestSettings(t *testing.T) {
	t.Setenv("AWS_REGION", "us-east-1")
	for name, settings := range map[string]map[string]string{
		"no runtime":           {},
		"no server":            {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"},
		"a server in the open": {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "CHARTLAKE_FHIR": "http://example.org/fhir"},
	} {
		if err := run(t.Context(), func(k string) string { return settings[k] }); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWhole is the function from its settings to its answer: an event, a bucket, a FHIR server.
func TestWhole(t *testing.T) {
	s3 := &awstest.S3{}
	s3.Put("in", "note.pdf", readertest.PDF("", readertest.Letter(readertest.Line(72, 700, 11, "Denies fever. Takes aspirin 81 mg daily."))))
	bucket := awstest.New(t, s3, awstest.XML, nil)
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_ENDPOINT_URL_S3", bucket.URL)
	posted := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == "GET":
			w.WriteHeader(404)
		case strings.HasSuffix(r.URL.Path, "_search"):
			_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset"}`)
		default:
			body, _ := io.ReadAll(r.Body)
			posted++
			n := strings.Count(string(body), `"method":"PUT"`)
			fmt.Fprintf(w, `{"resourceType":"Bundle","type":"transaction-response","entry":[%s]}`, strings.TrimSuffix(strings.Repeat(`{"response":{"status":"201"}},`, n), ","))
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	answers := []string{}
	given := false
	runtime := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == "POST":
			body, _ := io.ReadAll(r.Body)
			answers = append(answers, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/'):]+" "+string(body))
			w.WriteHeader(http.StatusAccepted)
		case given:
			cancel()
		default:
			given = true
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "1")
			_, _ = io.WriteString(w, `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"in"},"object":{"key":"note.pdf","size":9}}}]}`)
		}
	}))
	defer runtime.Close()
	settings := map[string]string{"AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(runtime.URL, "http://"), "CHARTLAKE_FHIR": server.URL, "CHARTLAKE_CACHE_DIR": readertest.Cache()}
	_ = run(ctx, func(k string) string { return settings[k] })
	if len(answers) != 1 || answers[0] != `/response {"batchItemFailures":[]}` || posted != 1 {
		t.Errorf("answers %q, %d transactions", answers, posted)
	}
}
