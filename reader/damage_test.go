package reader

import (
	"os"
	"testing"
	"time"

	"chartlake/eval/specimen"
	"chartlake/internal/badgen"
	"chartlake/reader/readertest"
)

// TestDamagedFiles reads generated damaged and hostile files, 100 of them, or 5,000 where
// CHARTLAKE_ALL is set: each is read, or refused by a fault with a code, in time.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	n := 100
	if os.Getenv("CHARTLAKE_ALL") != "" {
		n = 5000
	}
	var originals []badgen.Original
	for _, c := range []specimen.Condition{specimen.PDF, specimen.Faxed, specimen.Scan150, specimen.Photo} {
		s, err := specimen.Make(1, specimen.InsuranceCard, specimen.Layouts(specimen.InsuranceCard)[0], c)
		if err != nil {
			t.Fatal(err)
		}
		originals = append(originals, badgen.Original{Name: s.Name, Data: s.Bytes})
	}
	r := layers(t, Limits{PageTime: 5 * time.Second})
	counts := map[string]int{}
	for i := range n {
		f := badgen.Make(1, i, originals)
		counts[f.Class+" "+attempt(t, r, readertest.File{Name: f.Class, Data: f.Data})]++
	}
	t.Logf("%v", counts)
}
