package rest

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"chartlake/fault"
)

// minEncoded is the smallest answer that is compressed: below, it would travel in one packet
// either way.
const minEncoded = 1400

// decoded gives a body without its content encoding (RFC 9110, 8.4): gzip, or zstd (RFC 8878).
// What is unpacked is bounded by whoever reads it, the memory to do so by the window: 8 MiB is
// what RFC 8878 asks every decoder to have.
func decoded(encoding string, body io.Reader) (io.ReadCloser, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return io.NopCloser(body), nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, fault.New(fault.Invalid, "body_unreadable", "the body is not what its content encoding says")
		}
		return z, nil
	case "zstd":
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, fault.New(fault.Invalid, "body_unreadable", "the body is not what its content encoding says")
		}
		return z.IOReadCloser(), nil
	}
	return nil, fault.New(fault.Unsupported, "encoding_unsupported", "a body may be encoded as gzip or zstd")
}

// encoders compress answers, at the speed end: the network is rarely the slower part.
type encoders struct {
	text sync.Pool // *[]byte: room for answers before they are compressed
	gzip sync.Pool
	zstd *zstd.Encoder
}

// textKept is the largest room for an answer that is kept for the next one: a page of a search
// with 20 resources takes 70 KB, one of $everything 170 KB.
const textKept = 256 << 10

func newEncoders() *encoders {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // only options can be wrong
	}
	return &encoders{zstd: z, text: sync.Pool{New: func() any { return new([]byte) }}, gzip: sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic(err) // only the level can be wrong
		}
		return w
	}}}
}

// encode compresses an answer as the client accepts it; encoding "" leaves it as it is.
func (e *encoders) encode(accept string, data []byte) (out []byte, encoding string) {
	if len(data) < minEncoded {
		return data, ""
	}
	switch encoding = acceptedEncoding(accept); encoding {
	case "zstd":
		return e.zstd.EncodeAll(data, make([]byte, 0, len(data)/4)), encoding
	case "gzip":
		var b bytes.Buffer
		w, _ := e.gzip.Get().(*gzip.Writer)
		defer e.gzip.Put(w)
		w.Reset(&b)
		_, _ = w.Write(data) // a buffer takes all
		_ = w.Close()
		return b.Bytes(), encoding
	}
	return data, ""
}

// acceptedEncoding picks from an Accept-Encoding header the encoding of ours with the
// greatest weight, zstd among equals; "" for none.
func acceptedEncoding(header string) string {
	best, name := 0.0, ""
	for _, item := range strings.Split(header, ",") {
		coding, params, _ := strings.Cut(item, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != "zstd" && coding != "gzip" {
			continue
		}
		q := 1.0
		if text, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				q = 0
			}
		}
		if q > best || q == best && q > 0 && coding == "zstd" {
			best, name = q, coding
		}
	}
	return name
}
