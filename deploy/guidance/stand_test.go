package guidance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"chartlake/reader/readertest"
)

const (
	bucketName   = "intake" // of documents
	lakeName     = "lake"   // of tables
	tablesPrefix = "tables/"
	keyID        = "guidance"
	secret       = "a-secret-of-this-test"
	patience     = 5 * time.Minute // of a busy machine, for all documents
)

// start starts a program that ends with the test.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
}

// environment is what a program needs of this one.
func environment(more ...string) []string {
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		more = append(more, name+"="+os.Getenv(name))
	}
	return append(more, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID="+keyID, "AWS_SECRET_ACCESS_KEY="+secret,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
}

// serve starts the lake and gives its address. It reads nothing by itself: --workers 0.
func serve(t *testing.T, chartlake string, b *bucket) string {
	t.Helper()
	cmd := exec.Command(chartlake, "--cache-dir", readertest.Cache(), "serve", "--data", t.TempDir(), "--addr", "127.0.0.1:0", "--workers", "0",
		"--tables", "s3://"+lakeName+"/"+strings.TrimSuffix(tablesPrefix, "/"))
	cmd.Env = environment("AWS_ENDPOINT_URL_S3=" + b.address)
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	var all strings.Builder
	for in := bufio.NewScanner(said); in.Scan(); {
		fmt.Fprintln(&all, in.Text())
		if _, rest, ok := strings.Cut(in.Text(), "serves "); ok {
			go io.Copy(io.Discard, said)
			address, _, _ := strings.Cut(rest, " ")
			return address
		}
	}
	t.Fatalf("the lake ended: %s", &all)
	return ""
}

// bucket is a bucket of versitygw over a folder.
type bucket struct {
	address string
	client  *s3.Client
}

func openBucket(t *testing.T, gateway, webhook string) *bucket {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	objects, attributes := filepath.Join(dir, "objects"), filepath.Join(dir, "attributes")
	for _, d := range []string{objects, attributes} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(gateway, "--quiet", "--port", port, "--access", keyID, "--secret", secret, "--event-webhook-url", webhook,
		"posix", "--sidecar", attributes, objects)
	cmd.Env = environment()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	start(t, cmd)
	b := &bucket{address: "http://" + port}
	b.client = s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &b.address, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(keyID, secret, ""),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) { // until it listens
			o.MaxAttempts, o.MaxBackoff = 60, time.Second
			o.RateLimiter = unlimited{}
		})})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, name := range []string{bucketName, lakeName} {
		if _, err := b.client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
			t.Fatalf("versitygw makes no bucket: %v\n%s", err, &said)
		}
	}
	return b
}

// unlimited gives every retry its token.
type unlimited struct{}

func (unlimited) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (unlimited) AddTokens(uint) error { return nil }

func (b *bucket) put(t *testing.T, key string, data []byte) {
	t.Helper()
	if _, err := b.client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: sdk.String(bucketName), Key: &key, Body: bytes.NewReader(data)}); err != nil {
		t.Fatalf("put: %v", err)
	}
}

// get gives an object of the lake; nil where there is none.
func (b *bucket) get(t *testing.T, key string) []byte {
	t.Helper()
	out, err := b.client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: sdk.String(lakeName), Key: &key})
	var none *types.NoSuchKey
	if errors.As(err, &none) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// runtime is what stands between bucket and function: the queue that takes the bucket's events, and
// Lambda's runtime API, which gives the function each of them, twice, as a batch of SQS.
type runtime struct {
	*httptest.Server
	waiting  chan []byte
	answered chan struct{}
	tables   chan struct{} // has something when tables.json was written
	mu       sync.Mutex
	given    int
	answers  []string
}

func newRuntime(t *testing.T) *runtime {
	r := &runtime{waiting: make(chan []byte, 100), answered: make(chan struct{}, 100), tables: make(chan struct{}, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /events", r.event)
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", r.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{kind}", r.answer)
	r.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		r.CloseClientConnections()
		r.Close()
	})
	return r
}

// event is the queue's end. The gateway's own test of it is no event of an object.
func (r *runtime) event(_ http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	switch {
	case !bytes.Contains(body, []byte("ObjectCreated")):
	case bytes.Contains(body, []byte(`"name":"`+lakeName+`"`)):
		if bytes.Contains(body, []byte(tablesPrefix+"tables.json")) {
			select {
			case r.tables <- struct{}{}:
			default:
			}
		}
	default:
		r.waiting <- body
		r.waiting <- body
	}
}

func (r *runtime) next(w http.ResponseWriter, req *http.Request) {
	select {
	case body := <-r.waiting:
		r.mu.Lock()
		r.given++
		id := fmt.Sprintf("m%d", r.given)
		r.mu.Unlock()
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(patience).UnixMilli()))
		_ = json.NewEncoder(w).Encode(map[string]any{"Records": []any{map[string]string{"messageId": id, "eventSource": "aws:sqs", "body": string(body)}}})
	case <-req.Context().Done():
	}
}

func (r *runtime) answer(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.answers = append(r.answers, req.PathValue("kind")+" "+string(body))
	r.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
	r.answered <- struct{}{}
}

// settle waits until so many events are answered.
func (r *runtime) settle(t *testing.T, n int) {
	t.Helper()
	late := time.After(patience)
	for i := range n {
		select {
		case <-r.answered:
		case <-late:
			t.Fatalf("%d of %d events are answered", i, n)
		}
	}
}

// function starts the function, with Textract and Comprehend Medical at the lake.
func function(t *testing.T, program string, events *runtime, s3, lake string) {
	t.Helper()
	cmd := exec.Command(program)
	cmd.Env = environment("AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(events.URL, "http://"), "AWS_ENDPOINT_URL_S3="+s3,
		"AWS_ENDPOINT_URL_TEXTRACT="+lake, "AWS_ENDPOINT_URL_COMPREHENDMEDICAL="+lake, "CHARTLAKE_FHIR="+lake+"/fhir",
		"CHARTLAKE_ANNOTATE_BY=comprehend-medical", "CHARTLAKE_CACHE_DIR="+readertest.Cache())
	var said bytes.Buffer
	cmd.Stderr = &said
	start(t, cmd)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the function says\n%s", &said)
		}
	})
}
