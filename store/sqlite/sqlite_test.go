package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/sqlite"
	"chartlake/store/storetest"
)

var anna = store.Actor{ID: "user:anna"}

func open(t testing.TB) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), sqlite.Config{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func parse(t testing.TB, text string) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFirst(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	res, err := s.Transact(ctx, anna, []store.Command{
		store.Create{FullURL: "urn:uuid:1", Resource: parse(t, `{"resourceType":"Patient","active":true,"name":[{"family":"Müller","given":["Anna"]}],"birthDate":"1970-03-30","identifier":[{"system":"http://h","value":"123"}]}`)},
		store.Create{Resource: parse(t, `{"resourceType":"Observation","status":"final","subject":{"reference":"urn:uuid:1"},"code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},"effectiveDateTime":"2020-02-03T10:11:12Z","valueQuantity":{"value":7.2,"unit":"g/dL","system":"http://unitsofmeasure.org","code":"g/dL"}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range res {
		t.Logf("%s", r.Version.Resource.AppendJSON(nil))
	}
	for _, q := range []string{"Patient?name=mul", "Patient?identifier=123", "Patient?identifier=http://h|123", "Patient?birthdate=1970", "Patient?active=true", "Patient?family:exact=Müller", "Patient?family:contains=LLE",
		"Observation?code=718-7&date=ge2020&subject:Patient.name=anna", "Observation?value-quantity=7.2", "Observation?value-quantity=gt7||g/dL", "Observation?patient=" + res[0].Version.Key.ID,
		"Patient?_has:Observation:patient:code=718-7", "Observation?code-value-quantity=718-7$gt7", "Observation?_sort=-date", "Observation?status=final&_include=Observation:subject", "Patient?_revinclude=Observation:patient"} {
		typ, raw, _ := cutQuery(q)
		pairs, _ := search.Pairs(raw)
		query, err := search.Parse(typ, pairs, search.Options{})
		if err != nil {
			t.Errorf("%s: %v", q, err)
			continue
		}
		query.Total = search.TotalAccurate
		err = s.View(ctx, anna, func(v store.View) error {
			page, err := v.Search(query)
			if err != nil {
				return err
			}
			if len(page.Matches) != 1 || *page.Total != 1 {
				t.Errorf("%s: %d matches, total %d", q, len(page.Matches), *page.Total)
			}
			t.Logf("%s: %d included", q, len(page.Included))
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", q, err)
		}
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
}

func cutQuery(q string) (string, string, bool) {
	for i := range q {
		if q[i] == '?' {
			return q[:i], q[i+1:], true
		}
	}
	return q, "", false
}

func query(t testing.TB, q string) *search.Query {
	t.Helper()
	typ, raw, _ := strings.Cut(q, "?")
	pairs, err := search.Pairs(raw)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := search.Parse(typ, pairs, search.Options{})
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return parsed
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) store.Store { return open(t) })
}

func TestExamples(t *testing.T) {
	t.Parallel()
	storetest.Examples(t, func(t testing.TB) store.Store { return open(t) })
}

func BenchmarkImport(b *testing.B) {
	storetest.BenchImport(b, func(t testing.TB) (store.Store, func() int64) {
		folder := os.Getenv("CHARTLAKE_BENCH_FOLDER")
		if folder == "" {
			folder = t.TempDir()
		}
		s, err := sqlite.Open(context.Background(), sqlite.Config{Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		return s, func() int64 {
			info, err := os.Stat(filepath.Join(folder, "chartlake.db"))
			if err != nil {
				t.Fatal(err)
			}
			return info.Size()
		}
	}, nil)
}

func BenchmarkQuery(b *testing.B) {
	storetest.BenchQuery(b, func(t testing.TB) store.Store { return open(t) }, nil)
}
