package objects

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/intake"
	"chartlake/smart"
	"chartlake/store"
)

// Bounds of uploads in parts (Amazon S3 User Guide, "Multipart upload limits", but for the first two).
const (
	uploadsMax  = 256            // that are not completed
	uploadAge   = 24 * time.Hour // an upload that nothing comes to is given up
	partsMax    = 10_000
	partMin     = 5 << 20 // but for the last one
	answeredAge = time.Hour
)

// uploads are the uploads in parts that were begun here.
type uploads struct {
	folder string

	mu   sync.Mutex
	byID map[string]*upload
}

// upload is one of them. Its lock is held while it is completed.
type upload struct {
	at    name
	actor string
	offer intake.Offer
	begun time.Time

	mu      sync.Mutex
	touched time.Time
	size    int64
	parts   map[int]*part
	etag    string // of the object, once it is complete; a client that lost the answer asks again
}

// part is a part on disk, sealed.
type part struct {
	file *os.File
	seal *envelope.StreamWriter
	size int64
	etag string
	at   time.Time
}

func (p *part) close() { p.file.Close() }

// reader reads a part back.
func (p *part) reader() io.Reader { return io.NewSectionReader(p.seal.Reader(p.file), 0, p.size) }

// begin is CreateMultipartUpload.
func begin(s *Service, w http.ResponseWriter, r *http.Request, at name, _ url.Values) error {
	actor, err := s.Actor(r, smart.Upload)
	if err != nil {
		return err
	}
	offer, err := s.offer(r, actor, at)
	if err != nil {
		return err
	}
	id, err := s.uploads.begin(&upload{at: at, actor: actor.ID, offer: offer, begun: time.Now(), touched: time.Now(), parts: map[int]*part{}})
	if err != nil {
		return err
	}
	return answer(w, r, struct {
		XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
		XMLNS    string   `xml:"xmlns,attr"`
		Bucket   string
		Key      string
		UploadID string `xml:"UploadId"`
	}{XMLNS: xmlns, Bucket: at.bucket, Key: at.key, UploadID: id})
}

func (u *uploads) begin(up *upload) (string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, old := range u.byID {
		if old.stale() {
			delete(u.byID, id)
		}
	}
	if len(u.byID) >= uploadsMax {
		f := fault.New(fault.Unavailable, intake.Busy, "%d uploads in parts are not completed", uploadsMax)
		f.RetryAfter = 5 * time.Second
		return "", f
	}
	id := rand.Text()
	u.byID[id] = up
	return id, nil
}

// stale gives up an upload that nothing came to for long, or that was answered long ago.
func (up *upload) stale() bool {
	if !up.mu.TryLock() {
		return false
	}
	defer up.mu.Unlock()
	age := time.Since(up.touched)
	if age < answeredAge || up.etag == "" && age < uploadAge {
		return false
	}
	up.drop()
	return true
}

// open reports an upload that is neither completed nor being completed.
func (up *upload) open() bool {
	if !up.mu.TryLock() {
		return false
	}
	defer up.mu.Unlock()
	return up.etag == ""
}

// drop gives back what parts take.
func (up *upload) drop() {
	for _, p := range up.parts {
		p.close()
	}
	up.parts = nil
}

// find gives the upload that a request names, if it is the caller's.
func (s *Service) find(r *http.Request, at name, q url.Values) (*upload, store.Actor, error) {
	actor, err := s.Actor(r, smart.Upload)
	if err != nil {
		return nil, actor, err
	}
	s.uploads.mu.Lock()
	defer s.uploads.mu.Unlock()
	up := s.uploads.byID[q.Get("uploadId")]
	if up == nil || up.at != at || up.actor != actor.ID {
		return nil, actor, noUpload()
	}
	return up, actor, nil
}

func noUpload() error {
	return fault.New(fault.NotFound, "no_such_upload", "there is no such upload: it was completed or given up, or the server has started again")
}

// putPart is UploadPart.
func putPart(s *Service, w http.ResponseWriter, r *http.Request, at name, q url.Values) error {
	up, _, err := s.find(r, at, q)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(q.Get("partNumber"))
	if err != nil || number < 1 || number > partsMax {
		return fault.New(fault.Invalid, "bad_part_number", "parts are numbered from 1 to %d", partsMax)
	}
	p, err := s.uploads.write(&slow{r.Body, http.NewResponseController(w), time.Time{}}, s.Door.BytesMax)
	if err != nil {
		return err
	}
	if err := up.keep(number, p, s.Door.BytesMax); err != nil {
		p.close()
		return err
	}
	w.Header().Set("ETag", `"`+p.etag+`"`)
	w.WriteHeader(http.StatusOK)
	return nil
}

// write writes a part to a file that has no name.
func (u *uploads) write(body io.Reader, limit int64) (_ *part, err error) {
	file, err := os.CreateTemp(u.folder, "part-")
	if err != nil {
		return nil, disk(err)
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	if err := os.Remove(file.Name()); err != nil {
		return nil, disk(err)
	}
	p := &part{file: file, at: time.Now()}
	if p.seal, err = envelope.NewStream(file); err != nil {
		return nil, disk(err)
	}
	sum, to := md5.New(), &writer{w: p.seal}
	if p.size, err = io.Copy(io.MultiWriter(sum, to), io.LimitReader(body, limit+1)); err != nil {
		if to.err != nil {
			return nil, disk(to.err)
		}
		return nil, err
	}
	if p.size > limit {
		return nil, tooLarge(limit)
	}
	if err := p.seal.Close(); err != nil {
		return nil, disk(err)
	}
	p.etag = hex.EncodeToString(sum.Sum(nil))
	return p, nil
}

// writer tells an error of the disk from one of the sender.
type writer struct {
	w   io.Writer
	err error
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil {
		w.err = err
	}
	return n, err
}

func disk(error) error {
	f := fault.New(fault.Unavailable, "parts_disk", "the part cannot be written to the disk")
	f.RetryAfter = 5 * time.Second
	return f
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "too_large", "the object has more than %d bytes", limit)
}

// keep puts a part in its place; one that was there is replaced.
func (up *upload) keep(number int, p *part, limit int64) error {
	up.mu.Lock()
	defer up.mu.Unlock()
	if up.parts == nil {
		return noUpload()
	}
	old := up.parts[number]
	size := up.size + p.size
	if old != nil {
		size -= old.size
	}
	if size > limit {
		return tooLarge(limit)
	}
	if old != nil {
		old.close()
	}
	up.parts[number], up.size, up.touched = p, size, time.Now()
	return nil
}

// complete is CompleteMultipartUpload.
func complete(s *Service, w http.ResponseWriter, r *http.Request, at name, q url.Values) error {
	up, actor, err := s.find(r, at, q)
	if err != nil {
		return err
	}
	var in struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Part    []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := readXML(r, &in); err != nil {
		return err
	}
	up.mu.Lock()
	defer up.mu.Unlock()
	if up.etag == "" {
		var readers []io.Reader
		for i, p := range in.Part {
			have := up.parts[p.PartNumber]
			switch {
			case i < len(in.Part)-1 && in.Part[i+1].PartNumber <= p.PartNumber:
				return fault.New(fault.Invalid, "bad_part_order", "parts must be named in ascending order")
			case have == nil || strings.Trim(p.ETag, `"`) != have.etag:
				return fault.New(fault.Invalid, "bad_part", "a part that is named was not uploaded, or is another one")
			case have.size < partMin && i < len(in.Part)-1:
				return fault.New(fault.Invalid, "part_too_small", "a part that is not the last one has less than %d bytes", partMin)
			}
			readers = append(readers, have.reader())
		}
		if len(readers) == 0 {
			return badXML()
		}
		receipt, err := s.take(r.Context(), actor, io.MultiReader(readers...), up.offer, at)
		if err != nil {
			return err
		}
		up.drop()
		up.etag, up.touched = tag(receipt.ID), time.Now()
	}
	return answer(w, r, struct {
		XMLName                     xml.Name `xml:"CompleteMultipartUploadResult"`
		XMLNS                       string   `xml:"xmlns,attr"`
		Location, Bucket, Key, ETag string
	}{XMLNS: xmlns, Location: "/" + at.bucket + "/" + url.PathEscape(at.key), Bucket: at.bucket, Key: at.key, ETag: up.etag})
}

// abort is AbortMultipartUpload.
func abort(s *Service, w http.ResponseWriter, r *http.Request, at name, q url.Values) error {
	up, _, err := s.find(r, at, q)
	if err != nil {
		return err
	}
	s.uploads.mu.Lock()
	delete(s.uploads.byID, q.Get("uploadId"))
	s.uploads.mu.Unlock()
	up.mu.Lock()
	up.drop()
	up.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// listParts is ListParts, whole.
func listParts(s *Service, w http.ResponseWriter, r *http.Request, at name, q url.Values) error {
	up, _, err := s.find(r, at, q)
	if err != nil {
		return err
	}
	type listed struct {
		PartNumber   int
		LastModified string
		ETag         string
		Size         int64
	}
	out := struct {
		XMLName     xml.Name `xml:"ListPartsResult"`
		XMLNS       string   `xml:"xmlns,attr"`
		Bucket, Key string
		UploadID    string `xml:"UploadId"`
		MaxParts    int
		IsTruncated bool
		Part        []listed
	}{XMLNS: xmlns, Bucket: at.bucket, Key: at.key, UploadID: q.Get("uploadId"), MaxParts: partsMax}
	up.mu.Lock()
	for n, p := range up.parts {
		out.Part = append(out.Part, listed{n, p.at.UTC().Format(timeForm), `"` + p.etag + `"`, p.size})
	}
	up.mu.Unlock()
	slices.SortFunc(out.Part, func(a, b listed) int { return a.PartNumber - b.PartNumber })
	return answer(w, r, out)
}

// listUploads is ListMultipartUploads: the caller's own that are not completed, whole.
func listUploads(s *Service, w http.ResponseWriter, r *http.Request, at name, _ url.Values) error {
	actor, err := s.Actor(r, smart.Upload)
	if err != nil {
		return err
	}
	type listed struct {
		Key       string
		UploadID  string `xml:"UploadId"`
		Initiated string
	}
	out := struct {
		XMLName     xml.Name `xml:"ListMultipartUploadsResult"`
		XMLNS       string   `xml:"xmlns,attr"`
		Bucket      string
		MaxUploads  int
		IsTruncated bool
		Upload      []listed
	}{XMLNS: xmlns, Bucket: at.bucket, MaxUploads: uploadsMax}
	s.uploads.mu.Lock()
	for id, up := range s.uploads.byID {
		if up.at.bucket == at.bucket && up.actor == actor.ID && up.open() {
			out.Upload = append(out.Upload, listed{up.at.key, id, up.begun.UTC().Format(timeForm)})
		}
	}
	s.uploads.mu.Unlock()
	slices.SortFunc(out.Upload, func(a, b listed) int { return strings.Compare(a.Key+a.UploadID, b.Key+b.UploadID) })
	return answer(w, r, out)
}
