package pipeline

import (
	"bytes"
	"testing"
	"time"

	"chartlake/fhir"
)

// The Bundle that is written down entry by entry is the one that Map makes, and each resource
// stands where its place says.
func TestTheBundleIsWrittenAsItIsMapped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.reader.pages = 2
	row := b.work(b.receive(), "filed")
	rec, _ := b.record(row.ID)
	doc, err := b.Reading(t.Context(), Actor, row)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(0, 0)
	before := []byte(`{"bundle":`)
	got, resources := write(bytes.Clone(before), b.mapping(doc, rec, row.Bytes, at, at))
	got = got[len(before):]
	if want := b.Map(doc, rec, row.Bytes, at, at).AppendJSON(nil); !bytes.Equal(got, want) {
		t.Errorf("written %s\nmapped %s", got, want)
	}
	if len(resources) < 4 {
		t.Errorf("%d resources", len(resources))
	}
	for _, p := range resources {
		res, err := fhir.Parse(got[p.begin:p.end])
		if err != nil || res.Type() != p.key.Type || res.ID() != p.key.ID || p.fullURL == "" {
			t.Errorf("%+v: %v", p, err)
		}
	}
}
