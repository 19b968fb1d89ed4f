package sigv4

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"chartlake/fault"
)

// Words that a request has in place of the hash of its body.
const (
	unsigned        = "UNSIGNED-PAYLOAD"
	unsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	signedChunks    = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	signedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
)

// Codes of a body that is not what was said.
const (
	BadDigest  = "bad_digest"      // of another checksum
	Incomplete = "incomplete_body" // cut, or of another size
	BadBody    = "bad_body"        // cannot be read, or is said to be something not known
)

// Bounds of aws-chunked.
const (
	chunkLineMax = 256
	chunkMax     = 64 << 20 // bytes of one chunk; clients send 64 KB to 16 MB
	trailersMax  = 16
)

// crc64NVME is the polynomial of CRC-64/NVME, bits reversed (NVM Express Base Specification, 64b CRC).
var crc64NVME = crc64.MakeTable(0x9a6c9329ac4bc9b5)

// sums are the checksums that clients send, by header.
var sums = map[string]func() hash.Hash{
	"x-amz-checksum-crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"x-amz-checksum-crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"x-amz-checksum-crc64nvme": func() hash.Hash { return crc64.New(crc64NVME) },
	"x-amz-checksum-sha1":      sha1.New,
	"x-amz-checksum-sha256":    sha256.New,
	"content-md5":              md5.New,
}

// Body is the body of a request, decoded. At its end it has been held against the hash that was signed,
// the signatures of its chunks, every checksum that the client sent and its length: a caller must read
// up to io.EOF before believing any of it. size is its length, -1 where the client does not say.
//
// An error is a fault (Corrupt with a code above, Unauthenticated for a signature), or that of the
// connection.
func (s *Signed) Body(r *http.Request) (body io.Reader, size int64, err error) {
	b, size, err := Plain(r)
	if err != nil {
		return nil, 0, err
	}
	switch s.Payload {
	case unsigned, unsignedTrailer:
	case signedChunks, signedTrailer:
		b.chunks.signer = s
	default:
		if len(s.Payload) != 2*sha256.Size {
			return nil, 0, fault.New(fault.Unsupported, BadBody, "the form of the body is not known")
		}
		b.hold("sha256", sha256.New(), s.Payload, hex.EncodeToString)
	}
	return b, size, nil
}

// Plain is Body of a request whose signature nobody looks at.
func Plain(r *http.Request) (*Reader, int64, error) {
	b := &Reader{from: r.Body, left: r.ContentLength}
	if s := r.Header.Get("X-Amz-Content-Sha256"); strings.HasPrefix(s, "STREAMING-") {
		if s != unsignedTrailer && s != signedChunks && s != signedTrailer {
			return nil, 0, fault.New(fault.Unsupported, BadBody, "the form of the body is not known")
		}
		size, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
		if err != nil || size < 0 {
			return nil, 0, fault.New(fault.Corrupt, BadBody, "the header x-amz-decoded-content-length is missing or no number")
		}
		b.left = size
		b.chunks = &chunks{r: bufio.NewReaderSize(r.Body, 64<<10), trailers: strings.HasSuffix(s, "-TRAILER")}
		b.from = b.chunks
	}
	for name, sum := range sums {
		if v := r.Header.Get(name); v != "" {
			b.hold(name, sum(), v, base64.StdEncoding.EncodeToString)
		}
	}
	if name := strings.ToLower(strings.TrimSpace(r.Header.Get("X-Amz-Trailer"))); name != "" {
		sum := sums[name]
		if sum == nil || b.chunks == nil || !b.chunks.trailers {
			return nil, 0, fault.New(fault.Unsupported, BadBody, "the trailer of the body is not known")
		}
		b.held = append(b.held, held{name, sum(), "", base64.StdEncoding.EncodeToString, true})
	}
	return b, b.left, nil
}

// Reader reads a body and holds it against what was said of it.
type Reader struct {
	from   io.Reader
	chunks *chunks
	left   int64 // bytes to come; -1: not known
	held   []held
	err    error
}

// held is a checksum that is being made, and what it must be.
type held struct {
	name    string
	sum     hash.Hash
	want    string
	form    func([]byte) string
	trailer bool // want comes at the end
}

func (b *Reader) hold(name string, sum hash.Hash, want string, form func([]byte) string) {
	b.held = append(b.held, held{name, sum, want, form, false})
}

func (b *Reader) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.from.Read(p)
	for _, h := range b.held {
		h.sum.Write(p[:n])
	}
	if b.left >= 0 {
		if b.left -= int64(n); b.left < 0 {
			b.err = fault.New(fault.Corrupt, Incomplete, "the body is longer than was said")
			return 0, b.err
		}
	}
	if err == io.EOF {
		err = b.end()
	}
	b.err = err
	return n, err
}

// end is io.EOF where everything is as it was said.
func (b *Reader) end() error {
	if b.left > 0 {
		return fault.New(fault.Corrupt, Incomplete, "the body is shorter than was said")
	}
	for _, h := range b.held {
		want := h.want
		if h.trailer {
			want = b.chunks.found[h.name]
		}
		if got := h.form(h.sum.Sum(nil)); got != want {
			return fault.New(fault.Corrupt, BadDigest, "the body is not that of its checksum (%s)", h.name)
		}
	}
	return io.EOF
}

// chunks reads aws-chunked.
type chunks struct {
	r        *bufio.Reader
	signer   *Signed // nil: chunks are not signed, or nobody looks
	trailers bool
	found    map[string]string // trailers, lower case
	left     int               // of this chunk
	sum      hash.Hash         // of this chunk, where chunks are signed
	claimed  string            // its signature
	begun    bool
	ended    bool
}

func bad(text string) error {
	return fault.New(fault.Corrupt, BadBody, "the chunks of the body: %s", text)
}

func (c *chunks) Read(p []byte) (int, error) {
	for c.left == 0 {
		if c.ended {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n, err := c.r.Read(p[:min(len(p), c.left)])
	c.left -= n
	if c.sum != nil {
		c.sum.Write(p[:n])
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// next ends a chunk and begins the one after it.
func (c *chunks) next() error {
	if c.begun {
		if line, err := c.line(); err != nil || line != "" {
			return cut(err, "a chunk is longer than it says")
		}
		if err := c.verify(); err != nil {
			return err
		}
	}
	c.begun = true
	line, err := c.line()
	if err != nil {
		return cut(err, "")
	}
	digits, extension, _ := strings.Cut(line, ";")
	size, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || size > chunkMax {
		return bad("a size is no hexadecimal number, or too large")
	}
	c.claimed = strings.TrimPrefix(extension, "chunk-signature=")
	if c.signer != nil {
		c.sum = sha256.New()
	}
	if c.left = int(size); size > 0 {
		return nil
	}
	c.ended = true
	if err := c.verify(); err != nil {
		return err
	}
	return c.last()
}

// verify holds a chunk against its signature, which follows from the one before.
func (c *chunks) verify() error {
	if c.signer == nil {
		return nil
	}
	s := c.signer
	empty := sha256.Sum256(nil)
	text := strings.Join([]string{algorithm + "-PAYLOAD", s.at.UTC().Format(timeForm), s.scope, s.seal, hex.EncodeToString(empty[:]), hex.EncodeToString(c.sum.Sum(nil))}, "\n")
	want := hex.EncodeToString(sign(s.signing, text))
	if !hmac.Equal([]byte(want), []byte(c.claimed)) {
		return refuse(Mismatch, "a chunk of the body is not the one that was signed")
	}
	s.seal = want
	return nil
}

// last reads what follows the last chunk: trailers, their signature, and an empty line.
func (c *chunks) last() error {
	c.found = map[string]string{}
	var signed bytes.Buffer
	claimed := ""
	for n := 0; ; n++ {
		line, err := c.line()
		if err != nil && (err != io.EOF || n == 0 && c.trailers) {
			return cut(err, "")
		}
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if !ok || n == trailersMax || !c.trailers {
			return bad("what follows the last one is no trailer")
		}
		if name == "x-amz-trailer-signature" {
			claimed = value
			continue
		}
		c.found[name] = value
		signed.WriteString(name + ":" + value + "\n")
	}
	if c.signer == nil || !c.trailers {
		return nil
	}
	s := c.signer
	text := strings.Join([]string{algorithm + "-TRAILER", s.at.UTC().Format(timeForm), s.scope, s.seal, hexSum(signed.Bytes())}, "\n")
	if want := hex.EncodeToString(sign(s.signing, text)); !hmac.Equal([]byte(want), []byte(claimed)) {
		return refuse(Mismatch, "the trailers of the body are not those that were signed")
	}
	return nil
}

// line reads up to the end of a line.
func (c *chunks) line() (string, error) {
	line, err := c.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull || len(line) > chunkLineMax {
		return "", bad("a line is too long")
	}
	if err != nil {
		if err == io.EOF && len(line) == 0 {
			return "", io.EOF
		}
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(slices.Clone(line)), "\n"), "\r"), nil
}

// cut is the error of a body that ends too early, or of another form.
func cut(err error, text string) error {
	switch {
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	}
	return bad(text)
}
