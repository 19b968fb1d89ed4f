package bulk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/store"
)

// Whatever is in a file, its chunks lie end to end, their lines are numbered in order and none is
// larger than the limit; plain text gives every line that is not blank.
func FuzzLines(f *testing.F) {
	f.Add([]byte("{}\n\n{}"))
	f.Add([]byte("\xef\xbb\xbf{}\r\n"))
	f.Add(zipped(patients(0, 600)))
	f.Add(zipped(patients(0, 600))[:60])
	f.Add(zstandard(f, patients(0, 3)))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := unpacked(bytes.NewReader(data))
		if err != nil {
			return
		}
		defer text.Close()
		r := &reader{l: &loading{files: []listed{{}}}, in: bufio.NewReaderSize(io.LimitReader(text, 8<<20), 16)}
		var end int64
		number, lines := 0, 0
		for {
			c, err := r.chunk()
			if c.start != end || c.end < c.start || c.first != r.line-c.read {
				t.Fatalf("a chunk from %d to %d after %d", c.start, c.end, end)
			}
			for _, l := range c.lines {
				if l.at <= number || l.end <= end || l.end > c.end || len(l.text) > lineMax {
					t.Fatalf("line %d after %d, up to %d of %d", l.at, number, l.end, c.end)
				}
				number, end, lines = l.at, l.end, lines+1
			}
			end = c.end
			if err != nil || c.last {
				break
			}
		}
		plain := !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) && !bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd})
		if plain {
			want := 0
			for l := range bytes.SplitSeq(bytes.TrimPrefix(data, byteOrderMark), []byte("\n")) {
				if !blank(bytes.TrimRight(l, "\r")) {
					want++
				}
			}
			if lines != want {
				t.Fatalf("%d lines of %d", lines, want)
			}
		}
	})
}

// No address leads to a file outside of the folder, or to a bucket that was not named.
func FuzzSource(f *testing.F) {
	for _, s := range []string{"file:///srv/in/a.ndjson", "file:///srv/in/../../etc/passwd", "file:///srv/in/%2e%2e/x", "s3://records/in/a", "s3://records/in/../b", "http://127.0.0.1/x"} {
		f.Add(s)
	}
	d := &Desk{Config: Config{From: []string{"/srv/in", "s3://records/in"}}}
	f.Fuzz(func(t *testing.T, address string) {
		src, err := d.source(address)
		if err != nil {
			return
		}
		switch src := src.(type) {
		case *folderSource:
			if src.folder != "/srv/in" || !filepath.IsLocal(src.name) {
				t.Fatalf("%+v", *src)
			}
		case *bucketSource:
			if src.bucket != "records" || !strings.HasPrefix(src.key, "in") {
				t.Fatalf("%+v", *src)
			}
		case *webSource:
			if u, err := url.Parse(src.address); err != nil || src.allowed || u.Host == "" {
				t.Fatalf("%+v", *src)
			}
		}
	})
}

// FuzzImport imports anything: every line that is not blank is in the store or in the report, and
// the job ends well.
func FuzzImport(f *testing.F) {
	const patient = `{"resourceType":"Patient","id":"a","birthDate":"1970-01-01"}`
	f.Add(uint8(0), []byte(patient+"\n"+patient+"\n{\"resourceType\":\"Patient\"}\n{"))
	f.Add(uint8(1), []byte(`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=http://h|1"}}`+"\n"+`{"resourceType":"Patient","id":"b","identifier":[{"system":"http://h","value":"1"}]}`))
	f.Add(uint8(2), []byte("\xef\xbb\xbf"+`{"resourceType":"SearchParameter","id":"s","url":"http://s","name":"s","status":"active","description":"x","code":"s","base":["Patient"],"type":"token","expression":"Patient.gender"}`))
	f.Add(uint8(2), []byte(`{"resourceType":"Patient","id":"é"}`+"\r\n\r\n"+`{"resourceType":"Nothing","id":"a"}`+"\n"+`[1]`+"\n"+`{"resourceType":"Observation","id":"p","subject":{"reference":"Patient?_id="}}`))
	d := open(f, nil)
	modes := []Mode{Structure, Strict, Minimal}
	f.Fuzz(func(t *testing.T, mode uint8, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		id, err := d.Upload(t.Context(), anna, ImportAsk{Mode: modes[int(mode)%3]}, one(string(data)))
		if len(data) == 0 {
			return
		}
		task := finish(t, d, id, err)
		if task.State != store.TaskComplete {
			t.Fatalf("the job ended as %s %s", task.State, task.Code)
		}
		var p importProgress
		if err := json.Unmarshal(task.Progress, &p); err != nil {
			t.Fatal(err)
		}
		want := 0
		for l := range bytes.SplitSeq(bytes.TrimPrefix(data, byteOrderMark), []byte("\n")) {
			if !blank(bytes.TrimRight(l, "\r")) {
				want++
			}
		}
		packed := bytes.HasPrefix(data, []byte{0x1f, 0x8b}) || bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd})
		if got := p.Created + p.Updated + p.Same + p.Failed; got != want && !packed {
			t.Fatalf("%d of %d lines: %+v", got, want, p)
		}
		if err := d.Cancel(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if err := d.Clean(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
