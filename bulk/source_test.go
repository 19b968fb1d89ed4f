package bulk

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"chartlake/fault"
	"chartlake/store"
)

func patients(from, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"resourceType":"Patient","id":"p%d"}`+"\n", from+i)
	}
	return b.String()
}

func zipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	z.Close()
	return b.Bytes()
}

func zstandard(t testing.TB, text string) []byte {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll([]byte(text), nil)
}

func write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// progress of a task that was finished.
func (d *Desk) result(t testing.TB, ask ImportAsk) (*store.Task, string) {
	t.Helper()
	id, err := d.Import(t.Context(), anna, ask)
	task := finish(t, d, id, err)
	return task, Says(task)
}

// Plain, gzip and zstd are told by their bytes; folders are read to their leaves, hidden and other
// files left out; a damaged file refuses what is left of it and nothing else.
func TestFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	d := open(t, func(c *Config) { c.From = []string{folder} })
	write(t, filepath.Join(folder, "a.ndjson"), []byte("\xef\xbb\xbf"+patients(0, 3)))
	write(t, filepath.Join(folder, "b.ndjson"), zipped(patients(10, 1200)))
	write(t, filepath.Join(folder, "sub", "c.NDJSON.zst"), append(zstandard(t, patients(2000, 2)), zstandard(t, patients(3000, 2))...))
	write(t, filepath.Join(folder, "sub", "d.ndjson.gz"), zipped(patients(4000, 2000))[:800])
	write(t, filepath.Join(folder, "empty.ndjson"), nil)
	write(t, filepath.Join(folder, ".hidden.ndjson"), []byte("no"))
	write(t, filepath.Join(folder, "other.txt"), []byte("no"))
	task, says := d.result(t, ImportAsk{Inputs: []Input{{URL: fileURL(folder)}}})
	var n, refused, file, of int
	if _, err := fmt.Sscanf(says, "%d resources, %d refused; file %d of %d", &n, &refused, &file, &of); err != nil {
		t.Fatal(says)
	}
	if n <= 1207 || n >= 3207 || refused != 1 || of != 5 {
		t.Error(says)
	}
	if lines := d.lines(t, task, errorFile); len(lines) != 1 || !strings.Contains(lines[0], "source_damaged") || strings.Contains(lines[0], "ndjson") {
		t.Errorf("%q", lines)
	}
}

// Nothing outside of what the operator named is read.
func TestFolderIsAllThereIs(t *testing.T) {
	t.Parallel()
	outside, folder := t.TempDir(), t.TempDir()
	write(t, filepath.Join(outside, "x.ndjson"), []byte(patients(0, 1)))
	write(t, filepath.Join(folder+"2", "x.ndjson"), []byte(patients(0, 1)))
	t.Cleanup(func() { os.RemoveAll(folder + "2") })
	for link, to := range map[string]string{"file.ndjson": filepath.Join(outside, "x.ndjson"), "dir": outside} {
		if err := os.Symlink(to, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, func(c *Config) { c.From = []string{folder, "s3://bucket/in", "http://127.0.0.1:1/in/"} })
	for _, url := range []string{fileURL(outside), "file://" + folder + "/../x.ndjson", "file://" + folder + "2/x.ndjson", "file:///etc/passwd",
		"s3://bucket/other/x.ndjson", "s3://bucket/in/../other/x", "s3://bucket/inner", "s3://other/in/x"} {
		if _, err := d.Import(t.Context(), anna, ImportAsk{Inputs: []Input{{URL: url}}}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"", "ftp://x/y", "file://host/x", "x.ndjson", "http://", "s3://bucket/in?endpoint=http://evil", "http://user:pass@host/x", "file:relative"} {
		if _, err := d.Import(t.Context(), anna, ImportAsk{Inputs: []Input{{URL: url}}}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, name := range []string{"file.ndjson", "dir", "dir/x.ndjson"} {
		id, err := d.Import(t.Context(), anna, ImportAsk{Inputs: []Input{{URL: fileURL(filepath.Join(folder, name))}}})
		if task := finish(t, d, id, err); strings.HasPrefix(Says(task), "1 resources") {
			t.Errorf("%s leads out of the folder and was read", name)
		}
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "0.0.0.0": false, "0.1.2.3": false,
		"100.64.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "198.18.0.1": false, "192.0.2.1": false,
		"::1": false, "::": false, "fe80::1": false, "fc00::1": false, "ff02::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "::7f00:1": false, "2001:db8::1": false, "2001:0:7f00::": false,
	} {
		if got := public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}

// A server inside is asked only where the operator named it, and leads nowhere else inside.
func TestWeb(t *testing.T) {
	t.Parallel()
	secret := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(patients(0, 1))) }))
	t.Cleanup(secret.Close)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/in/a":
			_, _ = w.Write(zipped(patients(0, 700)))
		case "/in/away":
			http.Redirect(w, r, secret.URL, http.StatusFound)
		case "/in/round":
			http.Redirect(w, r, "/in/round", http.StatusFound)
		case "/in/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(web.Close)
	closed := open(t, nil)
	if task, says := closed.result(t, ImportAsk{Inputs: []Input{{URL: web.URL + "/in/a"}}}); !strings.HasPrefix(says, "0 resources, 1 refused") || !strings.Contains(closed.lines(t, task, errorFile)[0], "source_forbidden") {
		t.Errorf("loopback without leave: %s", says)
	}
	d := open(t, func(c *Config) { c.From = []string{web.URL + "/in"} })
	task, says := d.result(t, ImportAsk{Inputs: []Input{{URL: web.URL + "/in/a", Type: "Patient"}, {URL: web.URL + "/in/none"}, {URL: web.URL + "/in/away"},
		{URL: web.URL + "/in/round"}, {URL: web.URL + "/in/file"}, {URL: web.URL + "/other"}, {URL: secret.URL}, {URL: web.URL + "/in/a", Type: "Observation"}}})
	if !strings.HasPrefix(says, "700 resources, 706 refused") {
		t.Error(says)
	}
	counts := map[string]int{}
	for _, line := range d.lines(t, task, errorFile) {
		for _, code := range []string{"source_not_found", "source_forbidden", "source_redirects", "type_mismatch"} {
			if strings.Contains(line, code) {
				counts[code]++
			}
		}
	}
	if counts["source_not_found"] != 1 || counts["source_forbidden"] != 3 || counts["source_redirects"] != 2 || counts["type_mismatch"] != 700 {
		t.Errorf("%v", counts)
	}
}

// A source that fails for now leaves the job to be tried again, and goes on where it was.
func TestWebComesBack(t *testing.T) {
	t.Parallel()
	text, asked := []byte(patients(0, 3000)), 0
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		if asked == 1 {
			w.WriteHeader(503)
			return
		}
		if asked == 2 {
			_, _ = w.Write(text[:len(text)/2]) // and breaks off
			return
		}
		_, _ = w.Write(text)
	}))
	t.Cleanup(web.Close)
	d := open(t, func(c *Config) { c.From = []string{web.URL} })
	id, err := d.Import(t.Context(), anna, ImportAsk{Inputs: []Input{{URL: web.URL + "/a"}}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := work(t, d, id); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("the source fails for now: %v", err)
		}
	}
	if task := finish(t, d, id, nil); Says(task) != "3000 resources, 0 refused; file 1 of 1" || asked != 3 {
		t.Errorf("%s after %d requests", Says(task), asked)
	}
}

// A source that never comes back is given up after a day.
func TestWebStaysAway(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }))
	t.Cleanup(web.Close)
	now := time.Now()
	d := open(t, func(c *Config) { c.From, c.Now = []string{web.URL}, func() time.Time { return now } })
	id, err := d.Import(t.Context(), anna, ImportAsk{Inputs: []Input{{URL: web.URL + "/a"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := work(t, d, id); !fault.Is(err, fault.Unavailable) {
		t.Fatal(err)
	}
	now = now.Add(patience + time.Hour)
	if task := finish(t, d, id, nil); task.State != store.TaskFailed || task.Code != sourceAway {
		t.Errorf("%s %s", task.State, task.Code)
	}
}

// fakeS3 answers ListObjectsV2 and GetObject of one bucket as S3 does on the wire.
func fakeS3(t *testing.T, objects map[string][]byte) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIATEST/") {
			w.WriteHeader(403)
			_, _ = w.Write([]byte(`<Error><Code>AccessDenied</Code></Error>`))
			return
		}
		key, ok := strings.CutPrefix(r.URL.Path, "/records/")
		if r.URL.Query().Get("list-type") == "2" {
			w.Header().Set("Content-Type", "application/xml")
			fmt.Fprint(w, `<ListBucketResult><Name>records</Name><IsTruncated>false</IsTruncated>`)
			for name, data := range objects {
				if strings.HasPrefix(name, r.URL.Query().Get("prefix")) {
					fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>%d</Size><ETag>"e"</ETag><LastModified>2024-01-01T00:00:00.000Z</LastModified></Contents>`, name, len(data))
				}
			}
			fmt.Fprint(w, `</ListBucketResult>`)
			return
		}
		data, there := objects[key]
		if !ok || !there {
			w.WriteHeader(404)
			_, _ = w.Write([]byte(`<Error><Code>NoSuchKey</Code></Error>`))
			return
		}
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(data)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// Not parallel: region, endpoint and credentials are the environment's.
func TestBucket(t *testing.T) {
	s := fakeS3(t, map[string][]byte{"in/a.ndjson": []byte(patients(0, 2)), "in/b.ndjson.gz": zipped(patients(10, 600)), "in/readme.txt": []byte("no"), "out/c.ndjson": []byte(patients(90, 1))})
	for name, value := range map[string]string{"AWS_ENDPOINT_URL_S3": s.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull} {
		t.Setenv(name, value)
	}
	d := open(t, func(c *Config) { c.From = []string{"s3://records/in"} })
	task, says := d.result(t, ImportAsk{Inputs: []Input{{URL: "s3://records/in/"}, {URL: "s3://records/in/none.ndjson"}}})
	if says != "602 resources, 1 refused; file 3 of 3" || !strings.Contains(d.lines(t, task, errorFile)[0], "source_not_found") {
		t.Error(says)
	}
}

// A line that is too long is refused and passed over in bounded memory.
func TestLongLine(t *testing.T) {
	t.Parallel()
	d := open(t, nil)
	long := `{"resourceType":"Patient","id":"x","text":"` + strings.Repeat("x", lineMax) + `"}`
	id, err := d.Upload(t.Context(), anna, ImportAsk{}, one(patients(0, 1)+long+"\n"+patients(1, 1)))
	task := finish(t, d, id, err)
	if lines := d.lines(t, task, errorFile); Says(task) != "2 resources, 1 refused; file 1 of 1" || !strings.Contains(lines[0], "line_too_long") || !strings.Contains(lines[0], "line 2") {
		t.Errorf("%s %.200q", Says(task), lines)
	}
}
