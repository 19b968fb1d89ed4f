package badgen

import (
	"bytes"
	"compress/zlib"
	"io"
	"testing"
)

func TestTheSameSeedGivesTheSameFiles(t *testing.T) {
	t.Parallel()
	originals := []Original{{"a.pdf", paper(someFont, someText).add(helvetica).bytes()}}
	seen := map[string]bool{}
	for i := range 2 * len(Classes()) {
		a, b := Make(1, i, originals), Make(1, i, originals)
		if a.Class != b.Class || !bytes.Equal(a.Data, b.Data) {
			t.Errorf("file %d (%s) differs between two runs", i, a.Class)
		}
		seen[a.Class] = true
	}
	for _, c := range Classes() {
		if !seen[c] {
			t.Errorf("%s never comes up", c)
		}
	}
}

// TestZerosAreAStream: the bomb is what it says, to its checksum.
func TestZerosAreAStream(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, 1000, 20_000} {
		z, err := zlib.NewReader(bytes.NewReader(zeros(n)))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := io.Copy(io.Discard, z); err != nil || out < int64(n)*100 {
			t.Errorf("%d bytes: %d unpacked, %v", n, out, err)
		}
	}
}
