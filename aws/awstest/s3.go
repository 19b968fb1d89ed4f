package awstest

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// S3 is a local S3 with buckets of objects in memory, addressed by path. It checks the hash of
// what is sent.
type S3 struct {
	PageSize int // names in one answer of a listing; 1,000

	mu      sync.Mutex
	objects map[string]Object // by bucket/key
	Puts    int
}

// Object is an object of S3.
type Object struct {
	Data []byte
	At   time.Time
}

func (o Object) tag() string { return fmt.Sprintf("%q", hex.EncodeToString(sum(o.Data))) }

func sum(b []byte) []byte { s := md5.Sum(b); return s[:] }

// Put puts an object as somebody else would.
func (s *S3) Put(bucket, key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(bucket+"/"+key, data)
}

func (s *S3) put(name string, data []byte) {
	if s.objects == nil {
		s.objects = map[string]Object{}
	}
	s.objects[name] = Object{data, time.Now()}
}

// Get gives an object's bytes; nil where there is none.
func (s *S3) Get(bucket, key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[bucket+"/"+key].Data
}

// Names gives the keys of a bucket, in order.
func (s *S3) Names(bucket string) (keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.objects {
		if key, ok := strings.CutPrefix(name, bucket+"/"); ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (s *S3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/")
	bucket, key, _ := strings.Cut(name, "/")
	switch {
	case !strings.Contains(r.Header.Get("Authorization"), "/s3/aws4_request"):
		RefuseXML(w, 403, "AccessDenied")
	case r.Method == "GET" && key == "":
		s.list(w, r, bucket)
	case r.Method == "PUT":
		body, _ := io.ReadAll(r.Body)
		hash := sha256.Sum256(body)
		if given := r.Header.Get("X-Amz-Content-Sha256"); given != hex.EncodeToString(hash[:]) {
			RefuseXML(w, 400, "XAmzContentSHA256Mismatch")
			return
		}
		s.Puts++
		s.put(name, body)
		w.Header().Set("ETag", s.objects[name].tag())
	case r.Method == "DELETE":
		delete(s.objects, name)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == "GET" || r.Method == "HEAD":
		s.get(w, r, name)
	default:
		RefuseXML(w, 405, "MethodNotAllowed")
	}
}

func (s *S3) get(w http.ResponseWriter, r *http.Request, name string) {
	o, ok := s.objects[name]
	if !ok {
		if r.Method == "HEAD" {
			w.WriteHeader(404)
			return
		}
		RefuseXML(w, 404, "NoSuchKey")
		return
	}
	if want := r.Header.Get("If-Match"); want != "" && want != o.tag() {
		RefuseXML(w, 412, "PreconditionFailed")
		return
	}
	w.Header().Set("ETag", o.tag())
	w.Header().Set("Last-Modified", o.At.UTC().Format(http.TimeFormat))
	data, status := o.Data, http.StatusOK
	if from, to, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-"); ok {
		a, _ := strconv.Atoi(from)
		b, _ := strconv.Atoi(to)
		if a >= len(data) {
			RefuseXML(w, 416, "InvalidRange")
			return
		}
		b = min(b, len(data)-1)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", a, b, len(data)))
		data, status = data[a:b+1], http.StatusPartialContent
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	if r.Method == "GET" {
		_, _ = w.Write(data)
	}
}

// listing is the answer of ListObjectsV2.
type listing struct {
	XMLName   xml.Name `xml:"ListBucketResult"`
	Truncated bool     `xml:"IsTruncated"`
	Next      string   `xml:"NextContinuationToken,omitempty"`
	Contents  []struct {
		Key          string
		LastModified string
		Size         int
	}
}

func (s *S3) list(w http.ResponseWriter, r *http.Request, bucket string) {
	q := r.URL.Query()
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	size := s.PageSize
	if size == 0 {
		size = 1000
	}
	var keys []string
	for name := range s.objects {
		if key, ok := strings.CutPrefix(name, bucket+"/"); ok && strings.HasPrefix(key, q.Get("prefix")) && key > after {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var out listing
	if len(keys) > size {
		keys = keys[:size]
		out.Truncated, out.Next = true, keys[size-1]
	}
	for _, k := range keys {
		o := s.objects[bucket+"/"+k]
		out.Contents = append(out.Contents, struct {
			Key          string
			LastModified string
			Size         int
		}{k, o.At.UTC().Format(time.RFC3339), len(o.Data)})
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(out)
}
