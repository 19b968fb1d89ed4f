package delivery

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/store"
)

// Secrets open the receivers.
type Secrets struct {
	Token     string // bearer token of FHIR servers
	Signature string // key of the signatures of notices; Standard Webhooks: whsec_ and base64
}

// Open reads a sink as it is named: fhir=URL, webhook=URL or folder=PATH.
func Open(name string, secrets Secrets) (Sink, error) {
	kind, place, ok := strings.Cut(name, "=")
	if !ok || place == "" {
		return nil, fault.New(fault.Invalid, "bad_sink", "a place to deliver to is fhir=URL, webhook=URL or folder=PATH")
	}
	if kind == "folder" {
		info, err := os.Stat(place)
		if err != nil || !info.IsDir() {
			return nil, fault.New(fault.Invalid, "bad_sink", "the folder to deliver to is not there")
		}
		return folder{name, place}, nil
	}
	u, err := url.Parse(place)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, fault.New(fault.Invalid, "bad_sink", "the address to deliver to is an http or https URL without a password in it")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	switch kind {
	case "fhir":
		return server{name, place, secrets.Token, client}, nil
	case "webhook":
		key, err := signingKey(secrets.Signature)
		return webhook{name, place, key, client}, err
	}
	return nil, fault.New(fault.Invalid, "bad_sink", "a place to deliver to is fhir=URL, webhook=URL or folder=PATH")
}

const signingMin = 24 // bytes of a signing key, as Standard Webhooks says

func signingKey(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < signingMin {
		return nil, fault.New(fault.Invalid, "bad_webhook_secret", "the secret of webhooks is whsec_ and %d or more bytes in base64", signingMin)
	}
	return key, nil
}

// server is a FHIR server that takes transactions.
type server struct {
	name, base, token string
	client            *http.Client
}

func (s server) Name() string  { return s.name }
func (s server) Notices() bool { return false }

func (s server) Send(ctx context.Context, p Parcel) error {
	err := s.ask(ctx, http.MethodPost, "", bytes.NewReader(p.Bundle), int64(len(p.Bundle)))
	if err != nil || p.Original == nil {
		return err
	}
	body, length := binary(p.Document, p.Original)
	defer body.Close()
	return s.ask(ctx, http.MethodPut, "/Binary/"+p.Document.ID, body, length)
}

// erasedAtOnce is how many deletions go in one Bundle.
const erasedAtOnce = 500

// Erase deletes by transactions. One that the receiver refuses, as for what others there refer to, is a dead letter.
func (s server) Erase(ctx context.Context, e Erasure) error {
	for keys := range slices.Chunk(e.Keys, erasedAtOnce) {
		bundle := without([]byte(emptyBundle), keys, nil)
		err := s.ask(ctx, http.MethodPost, "", bytes.NewReader(bundle), int64(len(bundle)))
		if f := fault.As(err); f != nil && slices.Contains([]string{"receiver_404", "receiver_409", "receiver_410"}, f.Code) {
			err = fault.New(fault.Invalid, strings.Replace(f.Code, "receiver", "refused", 1), "the receiver refused to delete")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s server) ask(ctx context.Context, method, path string, body io.Reader, length int64) error {
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(s.base, "/")+path, body)
	if err != nil {
		return err
	}
	r.ContentLength = length
	r.Header.Set("Content-Type", "application/fhir+json")
	r.Header.Set("Accept", "application/fhir+json")
	r.Header.Set("Prefer", "return=minimal")
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	return sent(s.client, r)
}

// binary is the Binary resource of an original, with its length: the bytes go through in base64 and are
// never held as a whole.
func binary(doc store.Document, original blob.Reader) (io.ReadCloser, int64) {
	head := fmt.Sprintf(`{"resourceType":"Binary","id":%q,"contentType":%q,"data":"`, doc.ID, doc.MediaType)
	const tail = `"}`
	r, w := io.Pipe()
	go func() {
		_, err := io.WriteString(w, head)
		if err == nil {
			enc := base64.NewEncoder(base64.StdEncoding, w)
			if _, err = io.Copy(enc, io.NewSectionReader(original, 0, original.Size())); err == nil {
				err = enc.Close()
			}
		}
		if err == nil {
			_, err = io.WriteString(w, tail)
		}
		w.CloseWithError(err)
	}()
	return r, int64(len(head)+len(tail)) + int64(base64.StdEncoding.EncodedLen(int(original.Size())))
}

// answerMax is how much of an answer is read, so that the connection can be used again.
const answerMax = 1 << 20

// sent does a request. A receiver that says that it cannot take this one is Invalid; whatever else
// keeps it from being taken is trouble of the receiver, or of our standing with it.
func sent(client *http.Client, r *http.Request) error {
	answer, err := client.Do(r)
	if err != nil {
		return fault.New(fault.Unavailable, "receiver_away", "the receiver does not answer")
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, answerMax))
	switch s := answer.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s == 400 || s == 412 || s == 413 || s == 422:
		return fault.New(fault.Invalid, "refused_"+strconv.Itoa(s), "the receiver refused it with %d", s)
	default:
		return fault.New(fault.Unavailable, "receiver_"+strconv.Itoa(s), "the receiver answered %d", s)
	}
}

// folder is a folder in which each document has a file, DOCUMENT.json, and its original beside it.
type folder struct{ name, path string }

func (f folder) Name() string  { return f.name }
func (f folder) Notices() bool { return false }

func (f folder) Send(_ context.Context, p Parcel) error {
	original := filepath.Join(f.path, p.Document.ID+ending(p.Document.MediaType))
	err := f.write(p.Document.ID+".json", bytes.NewReader(p.Bundle))
	switch {
	case err == nil && p.Original != nil:
		err = f.write(filepath.Base(original), io.NewSectionReader(p.Original, 0, p.Original.Size()))
	case err == nil && p.Withdrawn:
		err = remove(original)
	}
	if err == nil {
		err = envelope.SyncFolder(f.path)
	}
	if err != nil {
		return fault.New(fault.Unavailable, "folder_not_written", "the folder cannot be written")
	}
	return nil
}

// endings are those of the files of originals, by media type.
var endings = map[string]string{"application/pdf": ".pdf", "image/tiff": ".tif", "image/jpeg": ".jpg", "image/png": ".png"}

func ending(media string) string { return cmp.Or(endings[media], ".bin") }

// Erase takes the files of the documents away.
func (f folder) Erase(_ context.Context, e Erasure) error {
	for _, id := range e.Documents {
		for _, ending := range []string{".json", ".pdf", ".tif", ".jpg", ".png", ".bin"} {
			if err := remove(filepath.Join(f.path, id+ending)); err != nil {
				return fault.New(fault.Unavailable, "folder_not_written", "the folder cannot be written")
			}
		}
	}
	if err := envelope.SyncFolder(f.path); err != nil {
		return fault.New(fault.Unavailable, "folder_not_written", "the folder cannot be written")
	}
	return nil
}

func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// write puts a file into its place whole or not at all.
func (f folder) write(name string, from io.Reader) error {
	file, err := os.CreateTemp(f.path, ".delivery-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = io.Copy(file, from)
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(f.path, name))
	}
	return err
}

// webhook is an address that is told that a document came to rest. Signatures are those of Standard
// Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body.
type webhook struct {
	name, url string
	key       []byte
	client    *http.Client
}

func (w webhook) Name() string  { return w.name }
func (w webhook) Notices() bool { return true }

// notice is the body of a webhook. It has ids and states, nothing of a patient.
type notice struct {
	Type      string       `json:"type"` // document.filed, document.held, ...
	Timestamp time.Time    `json:"timestamp"`
	Data      noticeOfDocs `json:"data"`
}

type noticeOfDocs struct {
	Document string      `json:"document"`
	State    store.State `json:"state"`
	Code     string      `json:"code,omitempty"`
	Record   int         `json:"record,omitempty"`
	Pages    int         `json:"pages"`
	Types    []string    `json:"types"`
}

// Erase says which documents were erased.
func (w webhook) Erase(ctx context.Context, e Erasure) error {
	for _, id := range e.Documents {
		n := notice{"document.erased", time.Now().UTC(), noticeOfDocs{Document: id, State: "erased", Types: []string{}}}
		if err := w.tell(ctx, e.ID+"-"+id, n); err != nil {
			return err
		}
	}
	return nil
}

func (w webhook) Send(ctx context.Context, p Parcel) error {
	doc := &p.Document
	at := doc.ReceivedAt
	if doc.SettledAt != nil {
		at = *doc.SettledAt
	}
	n := notice{"document." + string(doc.State), at, noticeOfDocs{doc.ID, doc.State, doc.Code, p.Version, doc.Pages, []string{}}}
	for _, s := range doc.Segments {
		n.Data.Types = append(n.Data.Types, s.Type)
	}
	return w.tell(ctx, p.ID, n)
}

func (w webhook) tell(ctx context.Context, id string, n notice) error {
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", now)
	r.Header.Set("webhook-signature", "v1,"+sign(w.key, id, now, body))
	return sent(w.client, r)
}

func sign(key []byte, id, at string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
