package expected

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"chartlake/internal/sharedtest"

	"github.com/google/go-cmp/cmp"
)

func TestReadsTheDevelopmentDocuments(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(sharedtest.Path(t, "documents"), "*.expected.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no expected results: %v", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Read(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		out, err := d.Format()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Read(bytes.NewReader(out))
		if err != nil {
			t.Fatalf("%s written and read again: %v", filepath.Base(name), err)
		}
		if diff := cmp.Diff(d, again); diff != "" {
			t.Errorf("%s changes when written (-read +again):\n%s", filepath.Base(name), diff)
		}
	}
}

func TestRefusesWhatIsNotTheForm(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"unknown key":       `{"id":"a","feilds":{}}`,
		"value is an order": `{"id":"a","fields":{"x":{"all":["1"]}}}`,
		"no readings":       `{"id":"a","fields":{"x":{"any":[]}}}`,
		"nested list":       `{"id":"a","fields":{"x":[["1"]]}}`,
		"trailing bytes":    `{"id":"a"} {}`,
		"not an object":     `[]`,
		"short box":         `{"id":"a","boxes":{"x":[1,2]}, "id": 3}`,
	} {
		if _, err := Read(bytes.NewReader([]byte(text))); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Read(bytes.NewReader(make([]byte, MaxBytes+1))); err == nil {
		t.Error("a result over the limit is accepted")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"id":"a","doc_type":"lab_report","fields":{"x":null,"y":["1","2"],"z":{"any":["1",["2","3"]]}},` +
		`"entities":[{"text":"fever","type":"problem","negated":null}],"boxes":{"x":[1,0.1,0.2,0.3,0.4]}}`))
	f.Add([]byte(`{"flags":[{"code":["a","b"]}],"must_not":[{"field":"*","notEquals":"*","page":2}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		if _, err := d.Format(); err != nil {
			t.Fatalf("read but cannot be written: %v", err)
		}
	})
}
