package rest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func packed(t testing.TB, encoding, text string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if encoding == "zstd" {
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestBodiesArePacked(t *testing.T) {
	t.Parallel()
	a := serve(t, func(c *Config) { c.MaxBody = 100_000 })
	long := `{"resourceType":"Patient","name":[{"family":"` + strings.Repeat("Tester", 500) + `"}]}`
	for _, encoding := range []string{"gzip", "zstd"} {
		id := a.want(201, "POST", "/Patient", packed(t, encoding, long), "Content-Encoding: "+encoding).body.ID()
		plain := a.want(200, "GET", "/Patient/"+id, "", "Accept-Encoding: identity")
		req, err := http.NewRequest("GET", a.base+"/Patient/"+id, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", encoding)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decoded(res.Header.Get("Content-Encoding"), res.Body)
		if err != nil || res.Header.Get("Content-Encoding") != encoding || res.ContentLength > int64(len(plain.raw))/2 {
			t.Fatalf("%s: %d bytes of %d as %q, %v", encoding, res.ContentLength, len(plain.raw), res.Header.Get("Content-Encoding"), err)
		}
		data, err := io.ReadAll(got)
		res.Body.Close()
		if err != nil || !bytes.Equal(data, plain.raw) {
			t.Errorf("%s: the packed answer is another one, %v", encoding, err)
		}
		bomb := packed(t, encoding, `{"resourceType":"Patient","language":"`+strings.Repeat("a", 50_000_000)+`"}`)
		a.want(413, "POST", "/Patient", bomb, "Content-Encoding: "+encoding)
		a.want(400, "POST", "/Patient", patient, "Content-Encoding: "+encoding)
		a.want(400, "POST", "/Patient", packed(t, encoding, long)[:40], "Content-Encoding: "+encoding)
	}
	if n := a.want(200, "GET", "/Patient?_summary=count", "", "Accept-Encoding: gzip"); n.Header.Get("Content-Encoding") != "" || n.body.Str("total") != "2" {
		t.Errorf("a small answer is %q with %s patients", n.Header.Get("Content-Encoding"), n.body.Str("total"))
	}
}

func TestAcceptedEncoding(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{"": "", "gzip": "gzip", "gzip, zstd": "zstd", "zstd;q=0.5, gzip": "gzip", "GZIP;q=0": "", "br, *": "",
		"gzip;q=x": "", "gzip; q=0.2,zstd; q=0.1": "gzip", "deflate, gzip;q=1.0, *;q=0.5": "gzip"} {
		if got := acceptedEncoding(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

func FuzzDecoded(f *testing.F) {
	f.Add("gzip", []byte(packed(f, "gzip", patient)))
	f.Add("zstd", []byte(packed(f, "zstd", patient)))
	f.Add("br", []byte("x"))
	f.Fuzz(func(t *testing.T, encoding string, data []byte) {
		r, err := decoded(encoding, bytes.NewReader(data))
		if err != nil {
			return
		}
		defer r.Close()
		_, _ = io.Copy(io.Discard, io.LimitReader(r, 1<<16))
	})
}
