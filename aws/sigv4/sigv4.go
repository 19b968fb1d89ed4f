// Package sigv4 verifies requests that Amazon's clients sign (AWS Signature Version 4): in the
// Authorization header or, for links that are handed on, in the query; and it reads bodies that come
// as aws-chunked, with signed chunks, checksums and trailers.
//
// It refuses a signature that is not ours, a time more than 15 minutes away, a header of Amazon's
// that was not signed, a body that is not the one that was signed, and the asymmetric variants
// (SigV4A). Any region is taken, since clients must name one; the service is the caller's.
//
// Source: AWS Signature Version 4, "Create a signed AWS API request" (IAM User Guide); Amazon S3 API
// Reference, "Authenticating Requests", "Signature Calculations for the Authorization Header:
// Transferring Payload in Multiple Chunks", "... Trailing Headers".
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"chartlake/fault"
)

// Codes of what is wrong with a request; each protocol has its own name for them.
const (
	Missing  = "aws_signature_missing"
	Mismatch = "aws_signature"      // made with another secret, or of another request
	Unknown  = "aws_key_unknown"    // no such access key
	Skewed   = "aws_time_skewed"    // signed at another time
	Expired  = "aws_link_expired"   // a link that was good once
	Bad      = "aws_signature_form" // cannot be read
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	timeForm  = "20060102T150405Z"
	// skewMax is how far clocks may be apart (S3: "RequestTimeTooSkewed").
	skewMax = 15 * time.Minute
	// linkMax is how long a link may be good.
	linkMax   = 7 * 24 * time.Hour
	headerMax = 8 << 10 // of an Authorization header, in bytes
	namesMax  = 64      // signed headers
)

// Options say what is verified.
type Options struct {
	Service string // s3, textract
	// Secret gives the secret of an access key.
	Secret func(key string) (secret string, ok bool)
	Now    func() time.Time // nil: time.Now
	// Payload is the hash of the body (hex of SHA-256) where the caller has read it; empty: what the
	// request says of it, as with S3, and Body holds it to that.
	Payload string
}

// Signed is a request whose signature is ours. Its Body is still to be held against Payload.
type Signed struct {
	Key     string // access key
	Payload string // hash of the body, or one of the words that S3 has in its place
	at      time.Time
	scope   string // DATE/REGION/SERVICE/aws4_request
	signing []byte
	seal    string // signature of the request, from which those of chunks follow
	now     func() time.Time
}

// Asks reports whether a request is signed at all, rightly or not.
func Asks(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-") || r.URL.Query().Has("X-Amz-Signature")
}

// Verify verifies a request. Faults: Unauthenticated with one of the codes above.
func Verify(r *http.Request, o Options) (*Signed, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	c, err := presented(r)
	if err != nil {
		return nil, err
	}
	if err := c.timely(o.Now()); err != nil {
		return nil, err
	}
	scope := strings.Split(c.scope, "/")
	if len(scope) != 4 || scope[0] != c.at.UTC().Format("20060102") || scope[1] == "" || scope[2] != o.Service || scope[3] != "aws4_request" {
		return nil, refuse(Bad, "the scope of the signature is not DATE/REGION/%s/aws4_request", o.Service)
	}
	if err := c.covers(r); err != nil {
		return nil, err
	}
	secret, ok := o.Secret(c.key)
	if !ok || secret == "" {
		return nil, refuse(Unknown, "the access key is not known here")
	}
	payload := o.Payload
	if payload == "" {
		payload = r.Header.Get("X-Amz-Content-Sha256")
		if c.link {
			payload = cmpOr(payload, unsigned)
		}
		if payload == "" {
			return nil, refuse(Bad, "the header x-amz-content-sha256 is missing")
		}
	}
	signing := derive(secret, scope)
	text := strings.Join([]string{algorithm, c.at.UTC().Format(timeForm), c.scope, hexSum([]byte(canonical(r, c, payload, o.Service)))}, "\n")
	want := hex.EncodeToString(sign(signing, text))
	if !hmac.Equal([]byte(want), []byte(c.signature)) {
		return nil, refuse(Mismatch, "the signature is not that of this request by this access key")
	}
	return &Signed{Key: c.key, Payload: payload, at: c.at, scope: c.scope, signing: signing, seal: want, now: o.Now}, nil
}

func refuse(code, format string, args ...any) error {
	return fault.New(fault.Unauthenticated, code, format, args...)
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// claim is what a request says of its signature.
type claim struct {
	key, scope, signature string
	headers               []string // signed, lower case
	at                    time.Time
	link                  bool // in the query
	good                  time.Duration
}

// presented reads the claim of a request.
func presented(r *http.Request) (*claim, error) {
	header := r.Header.Get("Authorization")
	q := r.URL.Query()
	switch {
	case header != "":
		return ofHeader(header, r.Header.Get("X-Amz-Date"), r.Header.Get("Date"))
	case q.Has("X-Amz-Signature") || q.Has("X-Amz-Algorithm"):
		return ofQuery(q)
	}
	return nil, refuse(Missing, "the request is not signed: it needs AWS Signature Version 4")
}

func ofHeader(header, at, date string) (*claim, error) {
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok || len(header) > headerMax {
		return nil, refuse(Bad, "only %s signatures are known", algorithm)
	}
	c := &claim{}
	for _, part := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			c.key, c.scope, _ = strings.Cut(value, "/")
		case "SignedHeaders":
			c.headers = strings.Split(value, ";")
		case "Signature":
			c.signature = value
		default:
			return nil, refuse(Bad, "the Authorization header has parts that are not known")
		}
	}
	var err error
	if c.at, err = time.Parse(timeForm, at); err != nil {
		if c.at, err = http.ParseTime(date); err != nil {
			return nil, refuse(Bad, "the header x-amz-date is missing or no time")
		}
	}
	return c, nil
}

func ofQuery(q url.Values) (*claim, error) {
	if q.Get("X-Amz-Algorithm") != algorithm {
		return nil, refuse(Bad, "only %s signatures are known", algorithm)
	}
	c := &claim{link: true, signature: q.Get("X-Amz-Signature"), headers: strings.Split(q.Get("X-Amz-SignedHeaders"), ";")}
	c.key, c.scope, _ = strings.Cut(q.Get("X-Amz-Credential"), "/")
	seconds, err := strconv.Atoi(q.Get("X-Amz-Expires"))
	if err != nil || seconds <= 0 || time.Duration(seconds)*time.Second > linkMax {
		return nil, refuse(Bad, "a link is good for one second to seven days")
	}
	c.good = time.Duration(seconds) * time.Second
	if c.at, err = time.Parse(timeForm, q.Get("X-Amz-Date")); err != nil {
		return nil, refuse(Bad, "X-Amz-Date is missing or no time")
	}
	return c, nil
}

// timely holds the time of the signature against ours.
func (c *claim) timely(now time.Time) error {
	since := now.Sub(c.at)
	if c.link {
		switch {
		case since < -skewMax:
			return refuse(Skewed, "the link is not good yet")
		case since > c.good:
			return refuse(Expired, "the link is not good any more")
		}
		return nil
	}
	if since.Abs() > skewMax {
		return refuse(Skewed, "the request was signed at another time: the difference is more than %s", skewMax)
	}
	return nil
}

// covers sees to it that what matters was signed: the host, and every header of Amazon's.
func (c *claim) covers(r *http.Request) error {
	if len(c.headers) > namesMax || !slices.Contains(c.headers, "host") || !slices.IsSorted(c.headers) {
		return refuse(Bad, "the list of signed headers must have host and be sorted")
	}
	for name := range r.Header {
		if low := strings.ToLower(name); strings.HasPrefix(low, "x-amz-") && !slices.Contains(c.headers, low) {
			return refuse(Mismatch, "a header of the request that begins with x-amz- is not signed")
		}
	}
	return nil
}

// canonical is the request as it is signed.
func canonical(r *http.Request, c *claim, payload, service string) string {
	path := encode(r.URL.Path, true)
	if service != "s3" { // all others encode twice
		path = encode(path, true)
	}
	var b strings.Builder
	b.WriteString(r.Method + "\n" + cmpOr(path, "/") + "\n" + canonicalQuery(r.URL.RawQuery) + "\n")
	for _, name := range c.headers {
		b.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	b.WriteString("\n" + strings.Join(c.headers, ";") + "\n" + payload)
	return b.String()
}

// headerValue is a header as it is signed. net/http keeps two of them elsewhere.
func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	case "transfer-encoding":
		return strings.Join(r.TransferEncoding, ",")
	}
	var values []string
	for _, v := range r.Header.Values(name) {
		values = append(values, strings.Join(strings.Fields(v), " "))
	}
	return strings.Join(values, ",")
}

// canonicalQuery is a query as it is signed: decoded, encoded anew, sorted, without the signature.
func canonicalQuery(raw string) string {
	var pairs []string
	for _, part := range strings.Split(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil || n == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, encode(n, false)+"="+encode(v, false))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// encode is RFC 3986 with capital hex digits; slashes stay in a path.
func encode(s string, path bool) string {
	const hexadecimal = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 || path && c == '/' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hexadecimal[c>>4])
		b.WriteByte(hexadecimal[c&15])
	}
	return b.String()
}

// derive makes the key of a day, region and service.
func derive(secret string, scope []string) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range scope {
		key = sign(key, part)
	}
	return key
}

func sign(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
