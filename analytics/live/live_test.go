package live_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"chartlake/analytics"
	"chartlake/analytics/live"
	"chartlake/analytics/sheet"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
	"chartlake/store/sqlite"
)

var anna = store.Actor{ID: "user:anna", Name: "Anna"}

func opened(t testing.TB) *sqlite.Store {
	t.Helper()
	db, err := sqlite.Open(context.Background(), sqlite.Config{Folder: t.TempDir(), Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Erasures(context.Background(), func(context.Context, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return db
}

func do(t testing.TB, db store.Store, commands ...store.Command) {
	t.Helper()
	if _, err := db.Transact(context.Background(), anna, commands); err != nil {
		t.Fatal(err)
	}
}

func folder(t testing.TB, path string) *live.Folder {
	t.Helper()
	f, err := live.OpenFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// inStore gives the rows of all tables as the store has them, as Parquet values in any order.
func inStore(t testing.TB, db store.Store) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	if err := db.View(context.Background(), anna, func(v store.View) error {
		for _, table := range analytics.Tables() {
			var file bytes.Buffer
			w, err := sheet.New("parquet", table.Columns, &file)
			if err != nil {
				return err
			}
			if err := table.Rows(context.Background(), v, w.Write); err != nil {
				return err
			}
			if err := w.Close(); err != nil {
				return err
			}
			out[table.Name] = values(t, bytes.NewReader(file.Bytes()), int64(file.Len()))
			slices.Sort(out[table.Name])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// inFolder gives the rows of all tables as the manifest names them.
func inFolder(t testing.TB, path string) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path, "tables.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m live.Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	out, files := map[string][]string{}, 0
	for name, list := range m.Tables {
		out[name] = nil
		for _, f := range list {
			data, err := os.ReadFile(filepath.Join(path, f.Path))
			if err != nil {
				t.Fatal(err)
			}
			rows := values(t, bytes.NewReader(data), int64(len(data)))
			if int64(len(rows)) != f.Rows {
				t.Errorf("%s has %d rows, not %d", f.Path, len(rows), f.Rows)
			}
			out[name] = append(out[name], rows...)
			files++
		}
		slices.Sort(out[name])
	}
	there := 0
	filepath.WalkDir(path, func(p string, d os.DirEntry, _ error) error {
		if !d.IsDir() && d.Name() != "tables.json" && d.Name() != ".lock" {
			there++
		}
		return nil
	})
	if there != files {
		t.Errorf("%d files, %d in the manifest", there, files)
	}
	return out
}

func values(t testing.TB, in io.ReaderAt, size int64) (out []string) {
	t.Helper()
	f, err := parquet.OpenFile(in, size)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range f.RowGroups() {
		rows := g.Rows()
		buffer := make([]parquet.Row, 50)
		for {
			n, err := rows.ReadRows(buffer)
			for _, r := range buffer[:n] {
				out = append(out, fmt.Sprintf("%v", r))
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		rows.Close()
	}
	return out
}

// changes makes random changes of every kind.
type changes struct {
	*rand.Rand
	t  testing.TB
	db store.Store
	n  int
}

func (c *changes) some() {
	var commands []store.Command
	for range 1 + c.IntN(8) {
		commands = append(commands, c.one()...)
	}
	seen := map[string]bool{} // a resource is written once in a transaction
	commands = slices.DeleteFunc(commands, func(cmd store.Command) bool {
		var key string
		switch x := cmd.(type) {
		case store.Update:
			key = x.Resource.Type() + "/" + x.Resource.Str("id")
		case store.Delete:
			key = x.Key.String()
		case store.PutRecord:
			key = x.Document
		}
		if seen[key] && key != "" {
			return true
		}
		seen[key] = true
		return false
	})
	if len(commands) > 0 {
		do(c.t, c.db, commands...)
	}
	if c.IntN(40) == 0 {
		_, err := c.db.Transact(context.Background(), anna, []store.Command{store.Erase{Key: store.Key{Type: "Patient", ID: c.patient()}, Shared: store.SharedErase}})
		if err != nil && !fault.Is(err, fault.NotFound) {
			c.t.Fatal(err)
		}
	}
}

func (c *changes) patient() string { return fmt.Sprintf("p%d", c.IntN(30)) }

func (c *changes) one() []store.Command {
	c.n++
	update := func(text string, args ...any) []store.Command {
		n, err := fhir.Parse(fmt.Appendf(nil, text, args...))
		if err != nil {
			c.t.Fatal(err)
		}
		return []store.Command{store.Update{Resource: n}}
	}
	id := c.IntN(200)
	switch c.IntN(8) {
	case 0:
		return update(`{"resourceType":"Patient","id":"%s","name":[{"family":"F%d"}]}`, c.patient(), c.n)
	case 1:
		return update(`{"resourceType":"MedicationRequest","id":"m%d","status":"draft","intent":"order","subject":{"reference":"Patient/%s"},"medicationCodeableConcept":{"text":"insulin %d"}}`, id, c.patient(), c.n)
	case 2:
		return update(`{"resourceType":"MedicationStatement","id":"m%d","status":"active","subject":{"reference":"Patient/%s"},"medicationCodeableConcept":{"text":"statin %d"}}`, id, c.patient(), c.n)
	case 3:
		return update(`{"resourceType":"Claim","id":"c%d","status":"active","type":{"text":"x"},"use":"claim","patient":{"reference":"Patient/%s"},"created":"2024-01-02","provider":{"display":"x"},"priority":{"text":"normal"},"insurance":[{"sequence":1,"focal":true,"coverage":{"display":"x"}}],"item":[{"sequence":1,"productOrService":{"text":"a"}},{"sequence":2,"productOrService":{"text":"b%d"}}]}`, id%20, c.patient(), c.n)
	case 4:
		key := []store.Key{{Type: "Observation", ID: fmt.Sprintf("o%d", id)}, {Type: "MedicationRequest", ID: fmt.Sprintf("m%d", id)}}[c.IntN(2)]
		if c.db.View(context.Background(), anna, func(v store.View) error { _, err := v.Read(key); return err }) != nil {
			return nil
		}
		return []store.Command{store.Delete{Key: key}}
	case 5:
		d := store.Document{ID: fmt.Sprintf("%064x", c.IntN(40)), MediaType: "application/pdf", Bytes: 7}
		d.SHA256 = d.ID
		out := []store.Command{store.Receive{Document: d, Arrival: store.Arrival{Source: "http"}}}
		newest := 0
		_ = c.db.View(context.Background(), anna, func(v store.View) error {
			if got, err := v.Record(d.ID, 0); err == nil {
				newest = got.Version
			}
			return nil
		})
		return append(out, store.PutRecord{Document: d.ID, After: newest, Action: "machine", Body: fmt.Appendf(nil, `{"segments":[{"type":"lab_report","pages":[1,1],"fields":[{"name":"mrn","value":"%d"}]}]}`, c.n)})
	}
	return update(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"text":"Sodium"},"subject":{"reference":"Patient/%s"},"valueQuantity":{"value":%d.5,"unit":"mmol/L"}}`, id, c.patient(), c.n)
}

// failing is a place whose calls fail from one on, as if the process was killed there.
type failing struct {
	*live.Folder
	path string
	left int
}

var errKilled = errors.New("killed")

func (f *failing) step() error {
	if f.left--; f.left < 0 {
		return errKilled
	}
	return nil
}

func (f *failing) Open(ctx context.Context, name string) (live.Opened, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	return f.Folder.Open(ctx, name)
}

func (f *failing) Create(ctx context.Context, name string) (live.Made, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	m, err := f.Folder.Create(ctx, name)
	return unfinished{m, f}, err
}

type unfinished struct {
	live.Made
	f *failing
}

func (u unfinished) Write(p []byte) (int, error) {
	if err := u.f.step(); err != nil {
		u.Made.Write(p[:len(p)/2]) // what a kill leaves
		return 0, err
	}
	return u.Made.Write(p)
}

func (u unfinished) Abort() {
	if u.f.left >= 0 {
		u.Made.Abort()
	}
}

func (f *failing) Commit(ctx context.Context, manifest []byte, keep []string) error {
	if err := f.step(); err != nil {
		return err
	}
	if f.step() != nil {
		keep = nil // the manifest is written, and nothing is tidied
		return errors.Join(errKilled, os.WriteFile(filepath.Join(f.path, "tables.json"), manifest, 0o600))
	}
	return f.Folder.Commit(ctx, manifest, keep)
}

// After random changes, and rounds that are killed anywhere, the tables are what the store has, row
// by row.
func TestEqualsTheStore(t *testing.T) {
	t.Parallel()
	n := 800
	if os.Getenv("CHARTLAKE_ALL") != "" {
		n = 10_000
	}
	db, path := opened(t), t.TempDir()
	place := folder(t, path)
	c := &changes{Rand: rand.New(rand.NewPCG(7, 11)), t: t, db: db}
	f := live.Follow(db, place)
	for rounds := 0; c.n < n; rounds++ {
		for range 1 + c.IntN(20) {
			c.some()
		}
		if c.IntN(3) > 0 {
			if _, err := live.Follow(db, &failing{place, path, c.IntN(120)}).Round(t.Context()); err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			f = live.Follow(db, place) // killed or not, another goes on from what is there
		}
		if _, err := f.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rounds%20 == 0 || c.n >= n {
			if diff := cmp.Diff(inStore(t, db), inFolder(t, path)); diff != "" {
				t.Fatalf("after %d changes:\n%.3000s", c.n, diff)
			}
		}
	}
	entries, err := os.ReadDir(filepath.Join(path, "observations"))
	if err != nil || len(entries) > 12 {
		t.Errorf("%d files of one table, %v", len(entries), err)
	}
}

// A round without changes writes nothing; a follower that comes later goes on where the last one ended.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	db, path := opened(t), t.TempDir()
	c := &changes{Rand: rand.New(rand.NewPCG(1, 2)), t: t, db: db}
	for range 20 {
		c.some()
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
	c.some()
	round(again)
	if diff := cmp.Diff(inStore(t, db), inFolder(t, path)); diff != "" {
		t.Error(diff)
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
			db, path := opened(t), t.TempDir()
			c := &changes{Rand: rand.New(rand.NewPCG(3, 4)), t: t, db: db}
			for range 30 {
				c.some()
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
			if diff := cmp.Diff(inStore(t, db), inFolder(t, path)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzManifest gives a follower any tables.json: it goes on from it, begins anew, or says what is wrong.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"change":1,"tables":{"patients":[{"path":"patients/Patient-1.parquet","rows":1}]}}`))
	f.Add([]byte(`{"tables":{"x":[{"path":"/etc/passwd"}]}}`))
	db := opened(f)
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
	db, place := opened(b), folder(b, b.TempDir())
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
		do(b, db, commands...)
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
