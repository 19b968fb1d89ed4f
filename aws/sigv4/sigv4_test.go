package sigv4

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"chartlake/fault"
	"chartlake/smart"
)

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

var now = time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)

func options(service string) Options {
	return Options{Service: service, Now: func() time.Time { return now },
		Secret: func(key string) (string, bool) {
			return "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", key == "AKIAIOSFODNN7EXAMPLE"
		}}
}

func code(err error) string {
	if f := fault.As(err); f != nil {
		return f.Code
	}
	return fmt.Sprint(err)
}

// TestPublished are the examples of the Amazon S3 API Reference, "Signature Calculations for the
// Authorization Header" and "... Query Parameters".
func TestPublished(t *testing.T) {
	t.Parallel()
	const host = "examplebucket.s3.amazonaws.com"
	empty := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	authorization := func(headers, signature string) string {
		return "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" + headers + ",Signature=" + signature
	}
	request := func(method, url string, header map[string]string, body string) *http.Request {
		r := httptest.NewRequest(method, url, strings.NewReader(body))
		r.Host = host
		for k, v := range header {
			r.Header.Set(k, v)
		}
		return r
	}
	for name, r := range map[string]*http.Request{
		"GET of a part": request("GET", "/test.txt", map[string]string{"Range": "bytes=0-9", "X-Amz-Content-Sha256": empty, "X-Amz-Date": "20130524T000000Z",
			"Authorization": authorization("host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")}, ""),
		"PUT": request("PUT", "/test%24file.text", map[string]string{"Date": "Fri, 24 May 2013 00:00:00 GMT", "X-Amz-Date": "20130524T000000Z", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY",
			"X-Amz-Content-Sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
			"Authorization":        authorization("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")}, "Welcome to Amazon S3."),
		"a query without value": request("GET", "/?lifecycle", map[string]string{"X-Amz-Content-Sha256": empty, "X-Amz-Date": "20130524T000000Z",
			"Authorization": authorization("host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")}, ""),
		"a query": request("GET", "/?max-keys=2&prefix=J", map[string]string{"X-Amz-Content-Sha256": empty, "X-Amz-Date": "20130524T000000Z",
			"Authorization": authorization("host;x-amz-content-sha256;x-amz-date", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")}, ""),
		"a link": request("GET", "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", nil, ""),
	} {
		s, err := Verify(r, options("s3"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		body, _, err := s.Body(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// chunked is the example of "Transferring Payload in Multiple Chunks": 66,560 times "a".
func chunked() *http.Request {
	var b bytes.Buffer
	fmt.Fprintf(&b, "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n%s\r\n", strings.Repeat("a", 65536))
	fmt.Fprintf(&b, "400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n%s\r\n", strings.Repeat("a", 1024))
	b.WriteString("0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n")
	r := httptest.NewRequest("PUT", "/examplebucket/chunkObject.txt", bytes.NewReader(b.Bytes()))
	r.Host, r.ContentLength = "s3.amazonaws.com", 66824
	for k, v := range map[string]string{"X-Amz-Date": "20130524T000000Z", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY", "X-Amz-Content-Sha256": signedChunks,
		"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": "66560",
		"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"} {
		r.Header.Set(k, v)
	}
	return r
}

func TestPublishedChunks(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request){
		"":                                  nil,
		"a byte changed":                    func(r *http.Request) { r.Body = changed(t, r, 66_000, 'b') },
		"a byte of the first chunk changed": func(r *http.Request) { r.Body = changed(t, r, 100, 'b') },
		"cut": func(r *http.Request) {
			whole, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(whole[:66_000]))
		},
		"without its end": func(r *http.Request) {
			whole, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(whole[:len(whole)-90]))
		},
		"in small pieces": func(r *http.Request) { r.Body = io.NopCloser(iotest.OneByteReader(r.Body)) },
	} {
		r := chunked()
		if change != nil {
			change(r)
		}
		s, err := Verify(r, options("s3"))
		if err != nil {
			t.Fatal(err)
		}
		body, size, err := s.Body(r)
		if err != nil || size != 66560 {
			t.Fatalf("%d, %v", size, err)
		}
		got, err := io.ReadAll(body)
		if good := name == "" || name == "in small pieces"; good != (err == nil) || good && len(got) != 66560 {
			t.Errorf("%q: %d bytes, %v", name, len(got), err)
		}
	}
}

func changed(t *testing.T, r *http.Request, at int, to byte) io.ReadCloser {
	t.Helper()
	whole, err := io.ReadAll(r.Body)
	if err != nil || whole[at] == to {
		t.Fatal("nothing to change")
	}
	whole[at] = to
	return io.NopCloser(bytes.NewReader(whole))
}

// signedBy is a request that Amazon's own signer signs.
func signedBy(t *testing.T, service, method, url, body string, change func(*http.Request)) *http.Request {
	t.Helper()
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	r.Header.Set("X-Amz-Content-Sha256", hexSum([]byte(body)))
	if change != nil {
		change(r)
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
	err := signer.SignHTTP(context.Background(), sdk.Credentials{AccessKeyID: "me", SecretAccessKey: secret}, r, hexSum([]byte(body)), service, "eu-central-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAsAmazonSigns: what Amazon's signer signs is let in, and nothing that was changed after it.
func TestAsAmazonSigns(t *testing.T) {
	t.Parallel()
	o := Options{Service: "s3", Secret: func(string) (string, bool) { return secret, true }}
	for _, url := range []string{"/in/a.pdf", "/in/M%C3%BCller%20a%2Bb%20%28c%29~.pdf", "/in/a//b/./c", "/in?prefix=a%2Fb&list-type=2&x=&a=b%20c", "/in/%F0%9F%98%80?uploads="} {
		if _, err := Verify(signedBy(t, "s3", "PUT", url, "body", nil), o); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   string
	}{
		"another path":      {func(r *http.Request) { r.URL.Path = "/in/b.pdf" }, Mismatch},
		"another query":     {func(r *http.Request) { r.URL.RawQuery = "acl" }, Mismatch},
		"another method":    {func(r *http.Request) { r.Method = "DELETE" }, Mismatch},
		"another host":      {func(r *http.Request) { r.Host = "evil.example" }, Mismatch},
		"another hash":      {func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", hexSum([]byte("x"))) }, Mismatch},
		"a header more":     {func(r *http.Request) { r.Header.Set("X-Amz-Meta-Type", "x") }, Mismatch},
		"another signature": {func(r *http.Request) { r.Header.Set("Authorization", r.Header.Get("Authorization")[:200]) }, Mismatch},
		"another service": {func(r *http.Request) {
			h := r.Header.Get("Authorization")
			r.Header.Set("Authorization", strings.Replace(h, "/s3/", "/sqs/", 1))
		}, Bad},
		"another day":  {func(r *http.Request) { r.Header.Set("X-Amz-Date", "20130524T000000Z") }, Skewed},
		"no signature": {func(r *http.Request) { r.Header.Del("Authorization") }, Missing},
		"a password":   {func(r *http.Request) { r.SetBasicAuth("a", "b") }, Bad},
		"asymmetric":   {func(r *http.Request) { r.Header.Set("Authorization", "AWS4-ECDSA-P256-SHA256 Credential=x") }, Bad},
		"host is not signed": {func(r *http.Request) {
			h := r.Header.Get("Authorization")
			r.Header.Set("Authorization", strings.Replace(h, "host;", "", 1))
		}, Bad},
		"a link without an end": {func(r *http.Request) {
			r.Header.Del("Authorization")
			r.URL.RawQuery = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00"
		}, Bad},
	} {
		r := signedBy(t, "s3", "PUT", "/in/a.pdf", "body", nil)
		c.change(r)
		if _, err := Verify(r, o); code(err) != c.want || !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	r := signedBy(t, "s3", "PUT", "/in/a.pdf", "body", nil)
	if _, err := Verify(r, Options{Service: "s3", Secret: func(string) (string, bool) { return "another", true }}); code(err) != Mismatch {
		t.Errorf("another secret: %v", err)
	}
	if _, err := Verify(r, Options{Service: "s3", Secret: func(string) (string, bool) { return "", false }}); code(err) != Unknown {
		t.Errorf("another key: %v", err)
	}
	late := options("s3")
	late.Now = func() time.Time { return now.Add(25 * time.Hour) }
	link := httptest.NewRequest("GET", "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404", nil)
	if _, err := Verify(link, late); code(err) != Expired {
		t.Errorf("a link that is not good any more: %v", err)
	}
}

// TestGate: who signs with the token gets in, under their name, with the body that they signed.
func TestGate(t *testing.T) {
	t.Parallel()
	var said string
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		c, _ := smart.From(r.Context())
		said = fmt.Sprintf("%s %s %v", c.Name, body, code(err))
	})
	refuse := func(w http.ResponseWriter, r *http.Request, err error) { said = code(err) }
	json := Gate{Token: secret, Service: "textract", BodyMax: 10, Refuse: refuse}.Wrap(next)
	s3 := Gate{Token: secret, Service: "s3", Refuse: refuse}.Wrap(next)
	open := Gate{Service: "s3", Refuse: refuse}.Wrap(next)
	nothing := "<nil>"
	for name, c := range map[string]struct {
		h    http.Handler
		r    *http.Request
		want string
	}{
		"JSON":                 {json, signedBy(t, "textract", "POST", "/", "{}", nil), "me {} " + nothing},
		"JSON, another body":   {json, with(signedBy(t, "textract", "POST", "/", "{}", nil), "[]"), Mismatch},
		"JSON, too large":      {json, signedBy(t, "textract", "POST", "/", "{          }", nil), "request_too_large"},
		"JSON, another secret": {Gate{Token: "x", Service: "textract", BodyMax: 10, Refuse: refuse}.Wrap(next), signedBy(t, "textract", "POST", "/", "{}", nil), Mismatch},
		"S3":                   {s3, signedBy(t, "s3", "PUT", "/in/a", "body", nil), "me body " + nothing},
		"S3, another body":     {s3, with(signedBy(t, "s3", "PUT", "/in/a", "body", nil), "bodY"), "me bodY " + BadDigest},
		"S3, not signed":       {s3, httptest.NewRequest("PUT", "/in/a", strings.NewReader("body")), Missing},
		"S3, wrong MD5": {s3, signedBy(t, "s3", "PUT", "/in/a", "body", func(r *http.Request) { r.Header.Set("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==") }),
			"me body " + BadDigest},
		"loopback without token": {open, local(httptest.NewRequest("PUT", "/in/a", strings.NewReader("body"))), "person at this machine body " + nothing},
	} {
		said = ""
		c.h.ServeHTTP(httptest.NewRecorder(), c.r)
		if said != c.want {
			t.Errorf("%s: %q, want %q", name, said, c.want)
		}
	}
	w := httptest.NewRecorder()
	open.ServeHTTP(w, httptest.NewRequest("PUT", "http://evil.example/in/a", nil))
	if w.Code != 403 {
		t.Errorf("another host without a token: %d", w.Code)
	}
}

func with(r *http.Request, body string) *http.Request {
	r.Body = io.NopCloser(strings.NewReader(body))
	return r
}

func local(r *http.Request) *http.Request {
	r.Host = "127.0.0.1:9000"
	return r
}

// TestTrailers: a checksum after the body is held against it. The values of "123456789" are the check
// values of the CRC catalogue.
func TestTrailers(t *testing.T) {
	t.Parallel()
	chunks := "9\r\n123456789\r\n0\r\n"
	for name, c := range map[string]struct{ trailer, body, want string }{
		"CRC-32":          {"x-amz-checksum-crc32", chunks + "x-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", ""},
		"CRC-32C":         {"x-amz-checksum-crc32c", chunks + "x-amz-checksum-crc32c:4waSgw==\r\n\r\n", ""},
		"CRC-64/NVME":     {"x-amz-checksum-crc64nvme", chunks + "x-amz-checksum-crc64nvme:rosUhgp5mIg=\r\n\r\n", ""},
		"another":         {"x-amz-checksum-crc32", chunks + "x-amz-checksum-crc32:AAAAAA==\r\n\r\n", BadDigest},
		"none":            {"x-amz-checksum-crc32", chunks + "\r\n", BadDigest},
		"of another size": {"x-amz-checksum-crc32", "8\r\n12345678\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", Incomplete},
		"longer":          {"x-amz-checksum-crc32", "a\r\n123456789a\r\n0\r\n\r\n", Incomplete},
		"no size":         {"x-amz-checksum-crc32", "patient-canary\r\n", BadBody},
		"huge":            {"x-amz-checksum-crc32", "ffffffff\r\n", BadBody},
		"no trailer":      {"x-amz-checksum-crc32", chunks + "what is this\r\n\r\n", BadBody},
		"a long line":     {"x-amz-checksum-crc32", strings.Repeat("0", 1<<20), BadBody},
		"cut":             {"x-amz-checksum-crc32", "9\r\n1234", "unexpected EOF"},
	} {
		r := httptest.NewRequest("PUT", "/in/a", strings.NewReader(c.body))
		r.Header.Set("X-Amz-Content-Sha256", unsignedTrailer)
		r.Header.Set("X-Amz-Decoded-Content-Length", "9")
		r.Header.Set("X-Amz-Trailer", c.trailer)
		body, _, err := Plain(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if c.want == "" && (err != nil || string(got) != "123456789") || c.want != "" && code(err) != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, header := range map[string]string{"an unknown form": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "no size": unsignedTrailer} {
		r := httptest.NewRequest("PUT", "/in/a", nil)
		r.Header.Set("X-Amz-Content-Sha256", header)
		if _, _, err := Plain(r); code(err) != BadBody {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzChunks: no body makes the reader panic, go on for ever, or give more than was said.
func FuzzChunks(f *testing.F) {
	for _, s := range []string{"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", "0\r\n\r\n", "1;chunk-signature=ab\r\nx\r\n0;chunk-signature=\r\n\r\n", "\r\n", "9"} {
		f.Add(s, "9", true)
	}
	f.Fuzz(func(t *testing.T, data, size string, trailer bool) {
		r := httptest.NewRequest("PUT", "/in/a", strings.NewReader(data))
		r.Header.Set("X-Amz-Content-Sha256", signedChunks)
		if trailer {
			r.Header.Set("X-Amz-Content-Sha256", unsignedTrailer)
			r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
		}
		r.Header["X-Amz-Decoded-Content-Length"] = []string{size}
		body, said, err := Plain(r)
		if err != nil {
			return
		}
		got, err := io.ReadAll(body)
		if int64(len(got)) > said || err == nil && int64(len(got)) != said {
			t.Fatalf("%d bytes, said %d: %v", len(got), said, err)
		}
		if err != nil && fault.As(err) == nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	})
}

// FuzzVerify: no header makes Verify panic or let anybody in.
func FuzzVerify(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=a/20130524/r/s3/aws4_request,SignedHeaders=host,Signature=00", "20130524T000000Z", "")
	f.Add("", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=1&X-Amz-Expires=9&X-Amz-Date=20130524T000000Z")
	f.Fuzz(func(t *testing.T, header, date, query string) {
		r := httptest.NewRequest("GET", "/in/a", nil)
		r.URL.RawQuery = query
		r.Header["Authorization"], r.Header["X-Amz-Date"] = []string{header}, []string{date}
		if s, err := Verify(r, options("s3")); err == nil {
			t.Fatalf("let in: %+v", s)
		} else if !fault.Is(err, fault.Unauthenticated) {
			t.Fatal(err)
		}
	})
}
