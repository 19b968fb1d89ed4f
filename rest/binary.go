package rest

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
)

// maxInline is the largest original that is put into a resource as base64; larger ones are
// read as they are (Accept: application/pdf).
const maxInline = 32 << 20

// native is a body that is no FHIR resource.
type native struct {
	media string
	body  io.ReadSeeker
	close func() error
	at    *store.Version
}

// binary answers the read of a Binary (http://hl7.org/fhir/R4/binary.html#rest): as it is,
// unless the client asks for FHIR JSON.
func (s *server) binary(c *call, v *store.Version) (*reply, error) {
	bytes, err := s.bytes(c, v)
	if err != nil {
		return nil, err
	}
	if !c.inner && (c.native || !asksForFHIR(c)) {
		media := v.Resource.Str("contentType")
		return &reply{version: v, raw: &native{media: media, body: bytes.body, close: bytes.close, at: v}}, nil
	}
	defer bytes.close()
	n := v.Resource
	if n.Get("data") == nil && bytes.size > 0 {
		if bytes.size > maxInline {
			return nil, fault.New(fault.TooLarge, "original_too_large", "the original is too large for a resource; ask for its own media type")
		}
		data, err := io.ReadAll(bytes.body)
		if err != nil {
			return nil, err
		}
		n = n.Clone()
		n.Set("data", fhir.NewString(base64.StdEncoding.EncodeToString(data)))
	}
	return &reply{status: http.StatusOK, version: v, content: content{n}}, nil
}

// asksForFHIR reports whether the client names a FHIR type; */* is no such wish.
func asksForFHIR(c *call) bool {
	for _, p := range c.query {
		if p.Name == "_format" {
			return true
		}
	}
	return strings.Contains(strings.Join(c.http.Header.Values("Accept"), ","), "json")
}

type original struct {
	body  io.ReadSeeker
	size  int64
	close func() error
}

// bytes opens what a Binary stands for: its data, or the original of its id.
func (s *server) bytes(c *call, v *store.Version) (original, error) {
	if data := v.Resource.Get("data"); data != nil {
		plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(data.Text()), ""))
		if err != nil {
			return original{}, fault.New(fault.Corrupt, "base64", "the data of the Binary is not base64")
		}
		return original{body: strings.NewReader(string(plain)), size: int64(len(plain)), close: func() error { return nil }}, nil
	}
	if s.Original != nil {
		b, err := s.Original(c.ctx, v.Key.ID)
		if err == nil {
			return original{body: io.NewSectionReader(b, 0, b.Size()), size: b.Size(), close: b.Close}, nil
		}
		if !fault.Is(err, fault.NotFound) {
			return original{}, err
		}
	}
	return original{body: strings.NewReader(""), close: func() error { return nil }}, nil
}

// serve writes the bytes, in parts where the client asks for a range. A browser must neither
// guess a type nor run what is in them.
func (n *native) serve(w http.ResponseWriter, r *http.Request) {
	defer n.close()
	media := n.media
	if media == "" {
		media = "application/octet-stream"
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", n.at.At, n.body)
}
