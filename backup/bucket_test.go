package backup

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"chartlake/blob"
	"chartlake/fault"
)

// bucketServer is one bucket as S3 shows it on the wire: objects, listings of three, uploads in
// parts.
type bucketServer struct {
	mu      sync.Mutex
	objects map[string][]byte
	parts   map[string][]byte // by upload and number
	heads   int
}

func (s *bucketServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, _ := strings.CutPrefix(r.URL.Path, "/records/")
	q := r.URL.Query()
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIATEST/"):
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`<Error><Code>AccessDenied</Code></Error>`))
	case q.Get("list-type") == "2":
		s.list(w, q.Get("prefix"), max(q.Get("start-after"), q.Get("continuation-token")))
	case r.Method == http.MethodPost && q.Has("uploads"):
		fmt.Fprintf(w, `<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>`, "u"+key)
	case r.Method == http.MethodPost:
		var list struct {
			Part []struct{ PartNumber int } `xml:"Part"`
		}
		_ = xml.NewDecoder(r.Body).Decode(&list)
		var whole []byte
		for _, p := range list.Part {
			whole = append(whole, s.parts[q.Get("uploadId")+strconv.Itoa(p.PartNumber)]...)
		}
		s.objects[key] = whole
		fmt.Fprint(w, `<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>`)
	case r.Method == http.MethodPut:
		data := unchunked(r)
		if q.Has("partNumber") {
			s.parts[q.Get("uploadId")+q.Get("partNumber")] = data
		} else {
			s.objects[key] = data
		}
		w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x", md5.Sum(data))))
	case r.Method == http.MethodDelete:
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	default:
		data, ok := s.objects[key]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`<Error><Code>NoSuchKey</Code></Error>`))
			return
		}
		if r.Method == http.MethodHead {
			s.heads++
		}
		http.ServeContent(w, r, "", time.Unix(1_700_000_000, 0), bytes.NewReader(data))
	}
}

func (s *bucketServer) list(w http.ResponseWriter, prefix, after string) {
	var keys []string
	for key := range s.objects {
		if strings.HasPrefix(key, prefix) && key > after {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	w.Header().Set("Content-Type", "application/xml")
	more := len(keys) > 3
	keys = keys[:min(len(keys), 3)]
	fmt.Fprintf(w, `<ListBucketResult><Name>records</Name><IsTruncated>%t</IsTruncated>`, more)
	if more {
		fmt.Fprintf(w, `<NextContinuationToken>%s</NextContinuationToken>`, keys[2])
	}
	for _, key := range keys {
		fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>%d</Size><ETag>"e"</ETag><LastModified>2024-01-01T00:00:00.000Z</LastModified></Contents>`, key, len(s.objects[key]))
	}
	fmt.Fprint(w, `</ListBucketResult>`)
}

// unchunked reads a body, also as aws-chunked (size;signature, data, …, trailers).
func unchunked(r *http.Request) (data []byte) {
	if !strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		data, _ = io.ReadAll(r.Body)
		return data
	}
	for in := bufio.NewReader(r.Body); ; {
		line, err := in.ReadString('\n')
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, perr := strconv.ParseInt(size, 16, 64)
		if err != nil || perr != nil || n == 0 {
			_, _ = io.Copy(io.Discard, in)
			return data
		}
		part := make([]byte, n)
		_, _ = io.ReadFull(in, part)
		data = append(data, part...)
		_, _ = in.ReadString('\n')
	}
}

// Not parallel: region, endpoint and credentials are the environment's.
func TestBucketDrill(t *testing.T) {
	server := &bucketServer{objects: map[string][]byte{}, parts: map[string][]byte{}}
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL_S3": web.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required"} {
		t.Setenv(name, value)
	}
	dir := t.TempDir()
	s := openSite(t, filepath.Join(dir, "data"))
	const dest = "s3://records/site/one"
	take := func() *Report {
		t.Helper()
		r, err := Take(t.Context(), Source{Store: s.store, Blobs: s.blobs, Program: "test", Now: time.Now, Temp: dir}, dest)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if _, err := Restore(t.Context(), dest, "", s.target(filepath.Join(dir, "none"))); !fault.Is(err, fault.NotFound) {
		t.Errorf("restored from an empty bucket: %v", err)
	}
	var ids []string
	for i := range 12 {
		ids = append(ids, s.receive(t, fmt.Sprintf("original %d", i)))
	}
	large, err := s.blobs.Put(t.Context(), bytes.NewReader(bytes.Repeat([]byte("large "), 4<<20)), 40<<20, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := take()
	if first.Originals != 12 || first.Copied != 12 {
		t.Errorf("%+v", first)
	}
	s.receive(t, strings.Repeat("large ", 1<<17)) // its stored form is below a part; the large one is put by hand below
	heads := server.heads
	second := take()
	if second.Originals != 13 || second.Copied != 1 || server.heads > heads+2 {
		t.Errorf("%+v, %d objects were asked after one by one", second, server.heads-heads)
	}
	for key := range server.objects {
		if !strings.HasPrefix(key, "site/one/") || strings.Contains(key, "key") {
			t.Errorf("object %s", key)
		}
	}
	data := filepath.Join(dir, "restored")
	got, err := Restore(t.Context(), dest, "", s.target(data))
	if err != nil || got.Snapshot != second.Snapshot || got.Originals != 13 {
		t.Fatalf("%+v, %v", got, err)
	}
	r := openSite(t, data)
	for _, id := range ids {
		if err := blob.Verify(t.Context(), r.blobs, id); err != nil {
			t.Error(err)
		}
	}
	if err := Original(t.Context(), dest, ids[3], r.blobs); err != nil {
		t.Error(err)
	}
	// A database that has no manifest is no snapshot; it goes once no backup can be at it still.
	server.objects["site/one/snapshots/20200101T000000.000Z/database"] = []byte("x")
	take()
	if _, there := server.objects["site/one/snapshots/20200101T000000.000Z/database"]; there {
		t.Error("what a backup that was cut off left is still there")
	}
	// Damage is named, and nothing is made of it.
	name := blobPath(ids[0])
	whole := server.objects["site/one/"+name]
	server.objects["site/one/"+name] = append(slices.Clone(whole), 'x')
	if _, err := Restore(t.Context(), dest, second.Snapshot, s.target(filepath.Join(dir, "damaged"))); !fault.Is(err, fault.Corrupt) || !strings.Contains(err.Error(), name) {
		t.Errorf("a changed object: %v", err)
	}
	delete(server.objects, "site/one/"+name)
	if _, err := Restore(t.Context(), dest, second.Snapshot, s.target(filepath.Join(dir, "lacking"))); !fault.Is(err, fault.Corrupt) {
		t.Errorf("a missing object: %v", err)
	}
	if again := take(); again.Copied != 1 { // it is brought again
		t.Errorf("%+v", again)
	}
	// A file of several parts.
	p, err := openPlace(t.Context(), dest, dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	stored, err := s.blobs.OpenStored(t.Context(), large.Hash)
	if err != nil {
		t.Fatal(err)
	}
	defer stored.Close()
	if err := p.write(t.Context(), "large", func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(stored, 0, stored.Size()))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if n := len(server.objects["site/one/large"]); int64(n) != stored.Size() || len(server.parts) < 2 {
		t.Errorf("%d bytes of %d, in %d parts", n, stored.Size(), len(server.parts))
	}
	stopped := fault.New(fault.Full, "stopped", "stopped")
	if err := p.write(t.Context(), "half", func(w io.Writer) error { _, _ = io.WriteString(w, "half"); return stopped }); fault.As(err) == nil || server.objects["site/one/half"] != nil {
		t.Errorf("a file that was cut: %v, %q", err, server.objects["site/one/half"])
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER")
	if _, err := Take(t.Context(), Source{Store: s.store, Blobs: s.blobs, Now: time.Now, Temp: dir}, dest); !fault.Is(err, fault.Forbidden) {
		t.Errorf("without permission: %v", err)
	}
	for _, bad := range []string{"s3://", "s3:///x", "s3://a:b@c/d", "s3://b/p?x=y"} {
		if _, err := Take(t.Context(), Source{Store: s.store, Blobs: s.blobs, Now: time.Now}, bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "backup-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}
