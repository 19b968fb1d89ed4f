// Package objects speaks S3 to Amazon's clients: an object that is put is a document that comes in
// through the door (package intake), and 200 means that it is durable. What was put can be listed
// and fetched under the same name.
//
// A bucket is the first part of a name and needs no making; buckets are addressed by path. The newest
// put of a name is the object; its ETag is the SHA-256 of the bytes, which is the document's id. An
// object that is put again is another arrival of the same document. Nothing is deleted here: a
// document is part of a patient's record and goes with it ($erase), so DeleteObject is answered with
// AccessDenied. Copies, versions, ACLs, tags and bucket settings are answered with NotImplemented.
//
// Parts of an upload in parts wait in files that have no name, sealed under a key that only this
// process has: what was not completed when it ends is gone, and was not acknowledged.
//
// Source: Amazon S3 API Reference, "PutObject", "CreateMultipartUpload", "UploadPart",
// "CompleteMultipartUpload", "GetObject", "HeadObject", "ListObjectsV2", "Error Responses".
package objects

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/intake"
	"chartlake/smart"
	"chartlake/store"
)

// Config is what the service needs. Door and Actor are required.
type Config struct {
	Door *intake.Desk
	// Actor asks whether the caller may do this, and says who they are to the store.
	Actor func(*http.Request, smart.Action) (store.Actor, error)
	// Folder is where parts of uploads wait; empty: that of the system for temporary files.
	Folder string
}

// Service answers S3's protocol. It is safe for many goroutines.
type Service struct {
	Config
	names   catalogue
	uploads uploads
}

// New makes a service.
func New(c Config) *Service {
	return &Service{Config: c, names: catalogue{store: c.Door.Store}, uploads: uploads{folder: c.Folder, byID: map[string]*upload{}}}
}

// keyMax is the length of bucket and key together, in bytes: as much of a name as intake keeps.
const keyMax = 1024

// bucketRE is what a bucket may be named (Amazon S3 User Guide, "General purpose bucket naming rules").
var bucketRE = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// name is the name of an object.
type name struct{ bucket, key string }

func (n name) String() string { return n.bucket + "/" + n.key }

// operation is one of S3's, on a bucket or an object.
type operation func(s *Service, w http.ResponseWriter, r *http.Request, at name, q url.Values) error

// ServeHTTP answers a request whose signature was verified and whose body is decoded (package sigv4).
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := s.serve(w, r)
	if err != nil {
		audit.Of(r.Context()).Fails(err)
		Refuse(w, r, err)
	}
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	path := strings.TrimPrefix(r.URL.Path, "/")
	bucket, key, _ := strings.Cut(path, "/")
	at := name{bucket, key}
	if bucket == "" {
		if r.Method != http.MethodGet {
			return notAllowed()
		}
		return listBuckets(s, w, r, at, q)
	}
	if !bucketRE.MatchString(bucket) || strings.Contains(bucket, "..") {
		return fault.New(fault.Invalid, "bad_bucket", "a bucket is named with 3 to 63 small letters, digits, dots and hyphens")
	}
	if err := at.check(); err != nil {
		return err
	}
	do, err := find(r, at, q)
	if err != nil {
		return err
	}
	return do(s, w, r, at, q)
}

// check refuses keys that could not be found again: intake keeps names without control and
// direction characters, up to a length.
func (n name) check() error {
	switch {
	case len(n.String()) > keyMax:
		return fault.New(fault.Invalid, "key_too_long", "bucket and key have more than %d bytes", keyMax)
	case !utf8.ValidString(n.key), strings.ContainsFunc(n.key, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }):
		return fault.New(fault.Invalid, "bad_key", "a key is UTF-8 without control characters")
	}
	return nil
}

// sub are the parameters that name a part of S3 rather than narrow a request.
var sub = []string{"acl", "policy", "tagging", "versions", "versioning", "lifecycle", "cors", "encryption", "notification", "replication",
	"website", "logging", "object-lock", "retention", "legal-hold", "torrent", "restore", "select", "attributes", "accelerate",
	"requestPayment", "analytics", "inventory", "metrics", "ownershipControls", "publicAccessBlock", "intelligent-tiering"}

// find gives the operation that a request asks for.
func find(r *http.Request, at name, q url.Values) (operation, error) {
	for _, p := range sub {
		if q.Has(p) {
			return nil, notImplemented()
		}
	}
	if v := q.Get("versionId"); v != "" && v != "null" {
		return nil, fault.New(fault.NotFound, "no_such_version", "objects have no versions here")
	}
	for _, header := range []string{"X-Amz-Copy-Source", "X-Amz-Server-Side-Encryption-Customer-Algorithm"} {
		if r.Header.Get(header) != "" {
			return nil, notImplemented()
		}
	}
	var do operation
	if at.key == "" {
		do = ofBucket(r.Method, q)
	} else {
		do = ofObject(r.Method, q)
	}
	if do == nil {
		return nil, notAllowed()
	}
	return do, nil
}

func ofBucket(method string, q url.Values) operation {
	switch {
	case method == http.MethodGet && q.Has("location"):
		return location
	case method == http.MethodGet && q.Has("uploads"):
		return listUploads
	case method == http.MethodGet:
		return list
	case method == http.MethodHead:
		return headBucket
	case method == http.MethodPut:
		return makeBucket
	case method == http.MethodPost && q.Has("delete"):
		return deleteSome
	case method == http.MethodDelete:
		return deleteObject
	}
	return nil
}

func ofObject(method string, q url.Values) operation {
	id := q.Has("uploadId")
	switch {
	case method == http.MethodPut && id:
		return putPart
	case method == http.MethodPut:
		return put
	case method == http.MethodPost && q.Has("uploads"):
		return begin
	case method == http.MethodPost && id:
		return complete
	case method == http.MethodGet && id:
		return listParts
	case method == http.MethodDelete && id:
		return abort
	case method == http.MethodDelete:
		return deleteObject
	case method == http.MethodGet || method == http.MethodHead:
		return get
	}
	return nil
}

func notAllowed() error {
	return fault.New(fault.Unsupported, "method_not_allowed", "this method is not for this")
}

func notImplemented() error {
	return fault.New(fault.Unsupported, "not_implemented", "this part of S3 is not offered here")
}
