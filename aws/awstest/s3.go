package awstest

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// S3 is a local S3 with buckets of objects in memory, addressed by path. It checks the hashes of
// what is sent, and the conditions under which it is.
type S3 struct {
	PageSize int  // names in one answer of a listing; 1,000
	Versions bool // what is overwritten or deleted is kept as a version
	// Old is a server that knows no checksums, no versions, and no conditions of writing.
	Old bool
	// Deny, where set, refuses what it says true to with 403.
	Deny func(r *http.Request) bool
	// Missing is the name of a bucket that does not exist.
	Missing string

	mu      sync.Mutex
	objects map[string]Object   // by bucket/key
	past    map[string][]Object // older versions and marks of deletions
	made    int                 // versions
	Puts    int
}

// Object is an object of S3.
type Object struct {
	Data    []byte
	At      time.Time
	Version string
	Marker  bool // of a deletion
}

func (o Object) tag() string { return fmt.Sprintf("%q", hex.EncodeToString(sum(o.Data))) }

func sum(b []byte) []byte { s := md5.Sum(b); return s[:] }

// Put puts an object as somebody else would.
func (s *S3) Put(bucket, key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(bucket+"/"+key, data)
}

func (s *S3) put(name string, data []byte) { s.set(name, Object{Data: data, At: time.Now()}) }

// set makes an object, or the mark of a deletion, the newest.
func (s *S3) set(name string, o Object) {
	if s.objects == nil {
		s.objects, s.past = map[string]Object{}, map[string][]Object{}
	}
	if s.Versions {
		s.made++
		o.Version = "v" + strconv.Itoa(s.made)
		if old, ok := s.objects[name]; ok {
			s.past[name] = append(s.past[name], old)
		}
	}
	s.objects[name] = o
	if !o.Marker {
		return
	}
	delete(s.objects, name)
	if s.Versions {
		s.past[name] = append(s.past[name], o)
	}
}

// Age makes an object older.
func (s *S3) Age(bucket, key string, by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[bucket+"/"+key]
	if ok {
		o.At = o.At.Add(-by)
		s.objects[bucket+"/"+key] = o
	}
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

// Kept gives how many older versions and marks an object has.
func (s *S3) Kept(bucket, key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.past[bucket+"/"+key])
}

// KeptBelow gives how many older versions and marks there are below a prefix.
func (s *S3) KeptBelow(bucket, prefix string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, past := range s.past {
		if strings.HasPrefix(name, bucket+"/"+prefix) {
			n += len(past)
		}
	}
	return n
}

func (s *S3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/")
	bucket, key, _ := strings.Cut(name, "/")
	version := r.URL.Query().Get("versionId")
	switch {
	case !strings.Contains(r.Header.Get("Authorization"), "/s3/aws4_request"), s.Deny != nil && s.Deny(r):
		RefuseXML(w, 403, "AccessDenied")
	case bucket == s.Missing && r.Method == "HEAD":
		w.WriteHeader(404)
	case bucket == s.Missing:
		RefuseXML(w, 404, "NoSuchBucket")
	case s.Old && (r.URL.Query().Has("versions") || r.Method != "GET" && (r.Header.Get("If-Match") != "" || r.Header.Get("If-None-Match") != "")):
		RefuseXML(w, 501, "NotImplemented")
	case r.Method == "GET" && r.URL.Query().Has("versions"):
		s.listVersions(w, r, bucket)
	case r.Method == "GET" && key == "":
		s.list(w, r, bucket)
	case r.Method == "PUT" && r.Header.Get("X-Amz-Copy-Source") != "":
		s.copy(w, r, name)
	case r.Method == "PUT":
		s.take(w, r, name)
	case r.Method == "DELETE" && version != "":
		s.forget(name, version)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == "DELETE":
		s.delete(w, r, name)
	case r.Method == "GET" || r.Method == "HEAD":
		s.get(w, r, name)
	default:
		RefuseXML(w, 405, "MethodNotAllowed")
	}
}

// take takes an object in, if its bytes have the hashes that were sent with them.
func (s *S3) take(w http.ResponseWriter, r *http.Request, name string) {
	body, _ := io.ReadAll(r.Body)
	hash := sha256.Sum256(body)
	if given := r.Header.Get("X-Amz-Content-Sha256"); given != hex.EncodeToString(hash[:]) {
		RefuseXML(w, 400, "XAmzContentSHA256Mismatch")
		return
	}
	digest := base64.StdEncoding.EncodeToString(hash[:])
	given := r.Header.Get("X-Amz-Checksum-Sha256")
	if given != "" && given != digest {
		RefuseXML(w, 400, "BadDigest")
		return
	}
	if _, there := s.objects[name]; there && r.Header.Get("If-None-Match") == "*" {
		RefuseXML(w, 412, "PreconditionFailed")
		return
	}
	if want := r.Header.Get("If-Match"); want != "" {
		switch o, there := s.objects[name]; {
		case !there:
			RefuseXML(w, 404, "NoSuchKey")
			return
		case want != o.tag():
			RefuseXML(w, 412, "PreconditionFailed")
			return
		}
	}
	s.Puts++
	s.put(name, body)
	w.Header().Set("ETag", s.objects[name].tag())
	if given != "" && !s.Old {
		w.Header().Set("X-Amz-Checksum-Sha256", digest)
	}
}

func (s *S3) copy(w http.ResponseWriter, r *http.Request, name string) {
	from, err := url.PathUnescape(r.Header.Get("X-Amz-Copy-Source"))
	o, ok := s.objects[strings.TrimPrefix(from, "/")]
	want := r.Header.Get("X-Amz-Copy-Source-If-Match")
	switch {
	case err != nil || !ok:
		RefuseXML(w, 404, "NoSuchKey")
	case want != "" && want != o.tag():
		RefuseXML(w, 412, "PreconditionFailed")
	default:
		s.put(name, o.Data)
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprintf(w, `<CopyObjectResult><ETag>%s</ETag><LastModified>%s</LastModified></CopyObjectResult>`, html.EscapeString(o.tag()), time.Now().UTC().Format(time.RFC3339))
	}
}

func (s *S3) delete(w http.ResponseWriter, r *http.Request, name string) {
	o, ok := s.objects[name]
	if want := r.Header.Get("If-Match"); want != "" && (!ok || want != o.tag()) {
		if ok {
			RefuseXML(w, 412, "PreconditionFailed")
		} else {
			RefuseXML(w, 404, "NoSuchKey")
		}
		return
	}
	if ok || s.Versions {
		s.set(name, Object{At: time.Now(), Marker: true})
	}
	if s.Versions {
		w.Header().Set("X-Amz-Delete-Marker", "true")
	}
	w.WriteHeader(http.StatusNoContent)
}

// forget takes a version away for good; the one before becomes the newest.
func (s *S3) forget(name, version string) {
	past := slices.DeleteFunc(s.past[name], func(o Object) bool { return o.Version == version })
	if s.objects[name].Version == version {
		delete(s.objects, name)
	}
	if _, there := s.objects[name]; !there && len(past) > 0 && !past[len(past)-1].Marker {
		s.objects[name] = past[len(past)-1]
		past = past[:len(past)-1]
	}
	s.past[name] = past
}

// listVersions answers ListObjectVersions, all at once.
func (s *S3) listVersions(w http.ResponseWriter, r *http.Request, bucket string) {
	type version struct {
		Key       string
		VersionId string
		IsLatest  bool
	}
	var out struct {
		XMLName      xml.Name `xml:"ListVersionsResult"`
		IsTruncated  bool
		Version      []version
		DeleteMarker []version
	}
	add := func(name string, o Object, newest bool) {
		key, ok := strings.CutPrefix(name, bucket+"/")
		if !ok || !strings.HasPrefix(key, r.URL.Query().Get("prefix")) {
			return
		}
		v := version{key, o.Version, newest}
		if v.VersionId == "" {
			v.VersionId = "null"
		}
		if o.Marker {
			out.DeleteMarker = append(out.DeleteMarker, v)
		} else {
			out.Version = append(out.Version, v)
		}
	}
	for name, o := range s.objects {
		add(name, o, true)
	}
	for name, past := range s.past {
		_, there := s.objects[name]
		for i, o := range past {
			add(name, o, !there && i == len(past)-1)
		}
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(out)
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
	if o.Version != "" {
		w.Header().Set("X-Amz-Version-Id", o.Version)
	}
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
	if n, err := strconv.Atoi(q.Get("max-keys")); err == nil {
		size = min(size, n)
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
