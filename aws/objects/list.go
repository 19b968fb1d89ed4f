package objects

import (
	"encoding/base64"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"chartlake/fault"
	"chartlake/smart"
	"chartlake/store"
)

const (
	namesMax = 1000 // in one answer
	xmlMax   = 2 << 20
	timeForm = "2006-01-02T15:04:05.000Z"
	xmlns    = "http://s3.amazonaws.com/doc/2006-03-01/"
)

// object is an object in a list.
type object struct {
	Key          string
	LastModified string
	ETag         string
	Size         int64
	StorageClass string
}

type prefixed struct{ Prefix string }

// listing is the answer of ListObjects and ListObjectsV2.
type listing struct {
	XMLName        xml.Name `xml:"ListBucketResult"`
	XMLNS          string   `xml:"xmlns,attr"`
	Name           string
	Prefix         string
	Delimiter      string `xml:",omitempty"`
	EncodingType   string `xml:",omitempty"`
	MaxKeys        int
	IsTruncated    bool
	KeyCount       *int   `xml:",omitempty"` // V2
	StartAfter     string `xml:",omitempty"`
	Token          string `xml:"ContinuationToken,omitempty"`
	Next           string `xml:"NextContinuationToken,omitempty"`
	Marker         *string
	NextMarker     string     `xml:",omitempty"`
	Contents       []object   `xml:",omitempty"`
	CommonPrefixes []prefixed `xml:",omitempty"`
}

// looks gives the actor of who lists. Who is confined to patients sees no names of others.
func (s *Service) looks(r *http.Request) (store.Actor, error) {
	actor, err := s.Actor(r, smart.Read)
	if err == nil && actor.Patients != nil {
		err = fault.New(fault.Forbidden, "confined", "who is confined to patients lists no names of objects")
	}
	return actor, err
}

// list is ListObjectsV2, and ListObjects for clients that still ask it.
func list(s *Service, w http.ResponseWriter, r *http.Request, at name, q url.Values) error {
	actor, err := s.looks(r)
	if err != nil {
		return err
	}
	second := q.Get("list-type") == "2"
	out := listing{XMLNS: xmlns, Name: at.bucket, MaxKeys: namesMax, Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter"), EncodingType: q.Get("encoding-type")}
	if v := q.Get("max-keys"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return fault.New(fault.Invalid, "bad_max_keys", "max-keys is no number")
		}
		out.MaxKeys = min(n, namesMax)
	}
	after := q.Get("marker")
	if second {
		out.StartAfter, out.Token = q.Get("start-after"), q.Get("continuation-token")
		after = out.StartAfter
		if out.Token != "" {
			plain, err := base64.RawURLEncoding.DecodeString(out.Token)
			if err != nil {
				return fault.New(fault.Invalid, "bad_token", "the continuation token is none of ours")
			}
			after = string(plain)
		}
	} else {
		out.Marker = &after
	}
	last, err := s.fill(r, actor, &out, at.bucket, after)
	if err != nil {
		return err
	}
	if out.IsTruncated {
		if second {
			out.Next = base64.RawURLEncoding.EncodeToString([]byte(last))
		} else {
			out.NextMarker = last
		}
	}
	if count := len(out.Contents) + len(out.CommonPrefixes); second {
		out.KeyCount = &count
	}
	if out.EncodingType == "url" {
		out.encode()
	}
	return answer(w, r, out)
}

// fill takes names until the list is full, and gives the last one that it took or passed.
func (s *Service) fill(r *http.Request, actor store.Actor, out *listing, bucket, after string) (last string, err error) {
	common := ""
	err = s.names.after(r.Context(), actor, bucket, out.Prefix, after, func(key string, e entry) bool {
		if common != "" && strings.HasPrefix(key, common) {
			last = key
			return true
		}
		if len(out.Contents)+len(out.CommonPrefixes) >= out.MaxKeys {
			out.IsTruncated = out.MaxKeys > 0
			return false
		}
		if i := strings.Index(key[len(out.Prefix):], out.Delimiter); out.Delimiter != "" && i >= 0 {
			common = key[:len(out.Prefix)+i+len(out.Delimiter)]
			if !strings.HasPrefix(after, common) { // else it was in the answer before
				out.CommonPrefixes = append(out.CommonPrefixes, prefixed{common})
			}
			last = key
			return true
		}
		last = key
		out.Contents = append(out.Contents, object{key, e.at.UTC().Format(timeForm), tag(e.document), e.size, "STANDARD"})
		return true
	})
	return last, err
}

// encode writes names as URLs have them, for names that XML cannot hold.
func (l *listing) encode() {
	form := func(s *string) {
		*s = strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(*s))
	}
	form(&l.Prefix)
	form(&l.Delimiter)
	form(&l.StartAfter)
	form(&l.NextMarker)
	if l.Marker != nil {
		form(l.Marker)
	}
	for i := range l.Contents {
		form(&l.Contents[i].Key)
	}
	for i := range l.CommonPrefixes {
		form(&l.CommonPrefixes[i].Prefix)
	}
}

// listBuckets is ListBuckets.
func listBuckets(s *Service, w http.ResponseWriter, r *http.Request, _ name, _ url.Values) error {
	actor, err := s.looks(r)
	if err != nil {
		return err
	}
	names, err := s.names.buckets(r.Context(), actor)
	if err != nil {
		return err
	}
	type bucket struct{ Name, CreationDate string }
	out := struct {
		XMLName xml.Name `xml:"ListAllMyBucketsResult"`
		XMLNS   string   `xml:"xmlns,attr"`
		Owner   struct{ ID, DisplayName string }
		Buckets struct{ Bucket []bucket }
	}{XMLNS: xmlns}
	out.Owner.ID, out.Owner.DisplayName = "chartlake", "chartlake"
	for _, n := range names {
		out.Buckets.Bucket = append(out.Buckets.Bucket, bucket{n, time.Unix(0, 0).UTC().Format(timeForm)})
	}
	return answer(w, r, out)
}

// headBucket is HeadBucket: every bucket is there.
func headBucket(s *Service, w http.ResponseWriter, r *http.Request, _ name, _ url.Values) error {
	if _, err := s.Actor(r, smart.Upload); err != nil {
		return err
	}
	w.Header().Set("X-Amz-Bucket-Region", "us-east-1")
	w.WriteHeader(http.StatusOK)
	return nil
}

// makeBucket is CreateBucket, which has nothing to do.
func makeBucket(s *Service, w http.ResponseWriter, r *http.Request, at name, _ url.Values) error {
	if _, err := s.Actor(r, smart.Upload); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(r.Body, xmlMax)); err != nil {
		return err
	}
	w.Header().Set("Location", "/"+at.bucket)
	w.WriteHeader(http.StatusOK)
	return nil
}

// location is GetBucketLocation; no text is us-east-1.
func location(s *Service, w http.ResponseWriter, r *http.Request, _ name, _ url.Values) error {
	if _, err := s.Actor(r, smart.Read); err != nil {
		return err
	}
	return answer(w, r, struct {
		XMLName xml.Name `xml:"LocationConstraint"`
		XMLNS   string   `xml:"xmlns,attr"`
	}{XMLNS: xmlns})
}

func kept() error {
	return fault.New(fault.Forbidden, "document_kept", "a document is part of a patient's record: it is erased with it ($erase), not here")
}

// deleteObject is DeleteObject and DeleteBucket, which nobody may.
func deleteObject(s *Service, w http.ResponseWriter, r *http.Request, at name, _ url.Values) error {
	if _, err := s.Actor(r, smart.Write); err != nil {
		return err
	}
	return kept()
}

// deleteSome is DeleteObjects: every key is answered for itself.
func deleteSome(s *Service, w http.ResponseWriter, r *http.Request, _ name, _ url.Values) error {
	if _, err := s.Actor(r, smart.Write); err != nil {
		return err
	}
	var in struct {
		XMLName xml.Name `xml:"Delete"`
		Object  []struct{ Key string }
	}
	if err := readXML(r, &in); err != nil {
		return err
	}
	type failed struct{ Key, Code, Message string }
	out := struct {
		XMLName xml.Name `xml:"DeleteResult"`
		XMLNS   string   `xml:"xmlns,attr"`
		Error   []failed
	}{XMLNS: xmlns}
	if len(in.Object) > namesMax {
		return badXML()
	}
	for _, o := range in.Object {
		out.Error = append(out.Error, failed{o.Key, "AccessDenied", kept().Error()})
	}
	return answer(w, r, out)
}

func badXML() error {
	return fault.New(fault.Invalid, "bad_xml", "the body is not the XML that this takes")
}

// readXML reads a small body, to its end so that its checksum counts.
func readXML(r *http.Request, into any) error {
	data, err := io.ReadAll(io.LimitReader(r.Body, xmlMax+1))
	switch {
	case err != nil:
		return err
	case len(data) > xmlMax, xml.Unmarshal(data, into) != nil:
		return badXML()
	}
	return nil
}
