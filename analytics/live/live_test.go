package live_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/analytics/live"
	"chartlake/analytics/live/livetest"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
)

func folder(t testing.TB, path string) *live.Folder {
	t.Helper()
	f, err := live.OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// files are the files of a folder.
func files(t testing.TB, path string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	if err := filepath.WalkDir(path, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == ".lock" {
			return err
		}
		name, _ := filepath.Rel(path, p)
		out[filepath.ToSlash(name)], err = os.ReadFile(p)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// After random changes, and rounds that are killed anywhere, the tables are what the store has, row
// by row.
func TestEqualsTheStore(t *testing.T) {
	t.Parallel()
	n := 800
	if os.Getenv("CHARTLAKE_ALL") != "" {
		n = 10_000
	}
	path := t.TempDir()
	place := folder(t, path)
	livetest.Follow(t, n, livetest.Place{
		Open:  func() live.Place { return place },
		Files: func() map[string][]byte { return files(t, path) },
		Half:  func(manifest []byte) error { return os.WriteFile(filepath.Join(path, "tables.json"), manifest, 0o600) },
	})
}

// A round without changes writes nothing; a follower that comes later goes on where the last one ended.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	db, path := livetest.Open(t), t.TempDir()
	c := &livetest.Changes{Rand: rand.New(rand.NewPCG(1, 2)), T: t, DB: db}
	for range 20 {
		c.Some()
	}
	place := folder(t, path)
	round := func(f *live.Follower) live.Report {
		t.Helper()
		r, err := f.Round(t.Context())
		if err != nil || r.Behind() || r.LeftOut > 0 {
			t.Fatalf("%+v %v", r, err)
		}
		return r
	}
	if first := round(live.Follow(db, place)); first.Rows == 0 {
		t.Errorf("%+v", first)
	}
	before, _ := os.ReadFile(filepath.Join(path, "tables.json"))
	again := live.Follow(db, place)
	if r := round(again); r.Rows != 0 {
		t.Errorf("%+v", r)
	}
	if after, _ := os.ReadFile(filepath.Join(path, "tables.json")); !bytes.Equal(before, after) {
		t.Error("a round without changes wrote a manifest")
	}
	if _, err := live.OpenFolder(path); fault.As(err) == nil || fault.As(err).Code != "tables_in_use" {
		t.Errorf("a second process: %v", err)
	}
	c.Some()
	round(again)
	// Metadata for Iceberg that somebody took away is made again with the next change.
	lost, err := filepath.Glob(filepath.Join(path, "patients", "metadata", "*.avro"))
	if err != nil || len(lost) != 2 {
		t.Fatalf("%v %v", lost, err)
	}
	if err := os.Remove(lost[0]); err != nil {
		t.Fatal(err)
	}
	c.Some()
	round(live.Follow(db, place))
	if diff := cmp.Diff(livetest.InStore(t, db), livetest.InFiles(t, files(t, path))); diff != "" {
		t.Error(diff)
	}
}

// What was not made for the tables stays in their folder; what a killed round left goes.
func TestLeavesWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	db, path := livetest.Open(t), t.TempDir()
	livetest.NewChanges(t, db, 5).Some()
	theirs := []string{"sales.parquet", "letter.new", "patients/2026.parquet", "other/metadata/v1.metadata.json"}
	lost := []string{"patients/Patient-000000000001-ABCDEFGH.parquet", "patients/Patient-000000000002-ABCDEFGH.parquet.new", "patients/metadata/000000000001-ABCDEFGH-list.avro"}
	for _, name := range append(theirs, lost...) {
		at := filepath.Join(path, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.WriteFile(at, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := live.Follow(db, folder(t, path)).Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	there := func(name string) bool { _, err := os.Stat(filepath.Join(path, name)); return err == nil }
	for _, name := range theirs {
		if !there(name) {
			t.Errorf("%s was taken away", name)
		}
	}
	for _, name := range lost {
		if there(name) {
			t.Errorf("%s is there", name)
		}
	}
}

// Files of another store, of a store that was set back, or that are damaged, are made anew.
func TestBeginsAnew(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, path string, m *live.Manifest){
		"another store": func(_ *testing.T, _ string, m *live.Manifest) { m.Store = "x" + m.Store },
		"other columns": func(_ *testing.T, _ string, m *live.Manifest) { m.Definition = "0" },
		"set back":      func(_ *testing.T, _ string, m *live.Manifest) { m.Anchor.Version++ },
		"ahead":         func(_ *testing.T, _ string, m *live.Manifest) { m.Change += 1000 },
		"outside":       func(_ *testing.T, _ string, m *live.Manifest) { m.Tables["patients"] = []live.File{{Path: "../x"}} },
		"missing file": func(t *testing.T, path string, m *live.Manifest) {
			if err := os.Remove(filepath.Join(path, m.Tables["patients"][0].Path)); err != nil {
				t.Fatal(err)
			}
		},
		"damaged file": func(t *testing.T, path string, m *live.Manifest) {
			if err := os.WriteFile(filepath.Join(path, m.Tables["patients"][0].Path), []byte("PAR1 no PAR1"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"fewer rows": func(_ *testing.T, _ string, m *live.Manifest) { m.Tables["patients"][0].Rows++ },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, path := livetest.Open(t), t.TempDir()
			c := &livetest.Changes{Rand: rand.New(rand.NewPCG(3, 4)), T: t, DB: db}
			for range 30 {
				c.Some()
			}
			place := folder(t, path)
			if _, err := live.Follow(db, place).Round(t.Context()); err != nil {
				t.Fatal(err)
			}
			data, _ := os.ReadFile(filepath.Join(path, "tables.json"))
			var m live.Manifest
			if err := json.Unmarshal(data, &m); err != nil {
				t.Fatal(err)
			}
			spoil(t, path, &m)
			data, _ = json.Marshal(m)
			if err := os.WriteFile(filepath.Join(path, "tables.json"), data, 0o600); err != nil {
				t.Fatal(err)
			}
			if r, err := live.Follow(db, place).Round(t.Context()); err != nil || r.Rows == 0 {
				t.Fatalf("%+v %v", r, err)
			}
			if diff := cmp.Diff(livetest.InStore(t, db), livetest.InFiles(t, files(t, path))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzManifest gives a follower any tables.json: it goes on from it, begins anew, or says what is wrong.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"change":1,"tables":{"patients":[{"path":"patients/Patient-1.parquet","rows":1}]}}`))
	f.Add([]byte(`{"tables":{"x":[{"path":"/etc/passwd"}]}}`))
	db := livetest.Open(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		path := t.TempDir()
		if err := os.WriteFile(filepath.Join(path, "tables.json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := live.Follow(db, folder(t, path)).Round(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}

// BenchmarkFollow flattens 20,000 Observations into the tables, and then one change at a time.
func BenchmarkFollow(b *testing.B) {
	db, place := livetest.Open(b), folder(b, b.TempDir())
	const n = 20_000
	for i := 0; i < n; i += 500 {
		var commands []store.Command
		for k := range 500 {
			r, err := fhir.Parse(fmt.Appendf(nil, `{"resourceType":"Observation","id":"o%d","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"2951-2","display":"Sodium"}],"text":"Sodium"},"subject":{"reference":"Patient/p%d"},"effectiveDateTime":"2024-05-01T10:00:00Z","valueQuantity":{"value":140.5,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}}`, i+k, i/100))
			if err != nil {
				b.Fatal(err)
			}
			commands = append(commands, store.Update{Resource: r})
		}
		if _, err := db.Transact(b.Context(), store.Actor{ID: "user:anna"}, commands); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	began := cpu()
	for b.Loop() {
		if r, err := live.Follow(db, fresh{place}).Round(b.Context()); err != nil || r.Rows != n {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/(cpu()-began).Seconds(), "resources/cpu-s")
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fresh is a folder that is always empty.
type fresh struct{ *live.Folder }

func (fresh) Manifest(context.Context) ([]byte, error) { return nil, nil }
