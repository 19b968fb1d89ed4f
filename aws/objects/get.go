package objects

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"chartlake/fault"
	"chartlake/smart"
	"chartlake/store"
)

// Document gives the document that an object's name means, for an actor who may see it. NotFound
// where there is none.
func (s *Service) Document(ctx context.Context, actor store.Actor, bucket, key string) (doc *store.Document, err error) {
	at := name{bucket, key}
	e, ok, err := s.names.find(ctx, actor, at)
	if err != nil {
		return nil, err
	}
	if ok {
		err = s.Door.Store.View(ctx, actor, func(v store.View) error {
			doc, err = v.Document(e.document)
			return err
		})
		if err == nil {
			return doc, nil
		}
		if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Gone) {
			return nil, err
		}
		if actor.Patients == nil {
			s.names.forget(at, e.document)
		}
	}
	return nil, fault.New(fault.NotFound, "no_such_key", "there is no object of this name")
}

// get is GetObject and HeadObject.
func get(s *Service, w http.ResponseWriter, r *http.Request, at name, _ url.Values) error {
	actor, err := s.Actor(r, smart.Read)
	if err != nil {
		return err
	}
	doc, err := s.Document(r.Context(), actor, at.bucket, at.key)
	if err != nil {
		return err
	}
	e, _, err := s.names.find(r.Context(), actor, at)
	if err != nil {
		return err
	}
	if beyond(r.Header.Get("Range"), doc.Bytes) {
		return fault.New(fault.Invalid, "bad_range", "the range begins behind the end of the object")
	}
	file, err := s.Door.Blobs.Open(r.Context(), doc.SHA256)
	if err != nil {
		return err
	}
	defer file.Close()
	h := w.Header()
	h.Set("ETag", tag(doc.ID))
	h.Set("Content-Type", doc.MediaType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Amz-Request-Id", h.Get("X-Request-Id"))
	http.ServeContent(w, r, "", e.at, io.NewSectionReader(file, 0, file.Size()))
	return nil
}

// beyond reports a range that begins behind the end, which S3 answers with an error of its own form.
func beyond(ranged string, size int64) bool {
	from, _, ok := strings.Cut(strings.TrimPrefix(ranged, "bytes="), "-")
	at, err := strconv.ParseInt(from, 10, 64)
	return ok && err == nil && at >= size
}
