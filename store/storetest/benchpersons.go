package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"chartlake/store"
)

// BenchPersons measures searches for persons by name and birth date over CHARTLAKE_BENCH_PATIENTS
// (20,000) Patients, of whom few names are frequent and many rare, as names are.
func BenchPersons(b *testing.B, open Open, settle func()) {
	s, n := open(b), 20_000
	if text := os.Getenv("CHARTLAKE_BENCH_PATIENTS"); text != "" {
		fmt.Sscan(text, &n)
	}
	r := rand.New(rand.NewPCG(1, 1))
	name := func() string {
		// The k-th of 5,000 names about as often as 1/k (Zipf).
		return syllables(rand.New(rand.NewPCG(2, rand.NewZipf(r, 1.1, 1, 4_999).Uint64())))
	}
	for made := 0; made < n; {
		var batch []store.Command
		for ; len(batch) < 500 && made < n; made++ {
			batch = append(batch, store.Update{Resource: parse(b, `{"resourceType":"Patient","id":"p%d","name":[{"family":"%s","given":["%s","%s"]}],"birthDate":"%d-%02d-%02d",
				"address":[{"line":["%d %s Street"],"city":"%s","state":"%s"}]}`, made, name(), name(), name(), 1930+r.IntN(90), 1+r.IntN(12), 1+r.IntN(28), r.IntN(9_999), name(), name(), name()[:2])})
		}
		if _, err := s.Transact(context.Background(), anna, batch); err != nil {
			b.Fatal(err)
		}
	}
	if settle != nil {
		settle()
	}
	often := syllables(rand.New(rand.NewPCG(2, 0)))
	for _, q := range []string{"Patient?family=" + often, "Patient?family=" + often[:3], "Patient?family=" + often[:4], "Patient?family:exact=" + often, "Patient?family=" + often[:2],
		"Patient?name:contains=" + often[2:5], "Patient?birthdate=1970-03-14", "Patient?birthdate=1970", "Patient?birthdate=ge1970&birthdate=lt1980", "Patient?family=" + often + "&birthdate=1970-03-14",
		"Patient?_sort=family", "Patient?family=" + often + "&_sort=birthdate", "Patient?_sort=-birthdate"} {
		benchSearch(b, s, q+"&_count=20")
	}
}

// syllables makes a name.
func syllables(r *rand.Rand) string {
	text := ""
	for range 2 + r.IntN(3) {
		text += string("bdfghklmnprstvw"[r.IntN(15)]) + string("aeiou"[r.IntN(5)])
	}
	return string(text[0]-'a'+'A') + text[1:]
}
