// Package livetest is the conformance suite of live.Place: random changes of a store, rounds that are killed
// anywhere, and the tables held against the store row by row.
package livetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

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

// Open opens an empty store.
func Open(t testing.TB) *sqlite.Store {
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

// InStore gives the rows of all tables as the store has them, as Parquet values in any order.
func InStore(t testing.TB, db store.Store) map[string][]string {
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
			out[table.Name] = Values(t, bytes.NewReader(file.Bytes()), int64(file.Len()))
			slices.Sort(out[table.Name])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// InFiles gives the rows of all tables as tables.json names their files, by path. There are no others.
func InFiles(t testing.TB, files map[string][]byte) map[string][]string {
	t.Helper()
	var m live.Manifest
	if err := json.Unmarshal(files["tables.json"], &m); err != nil {
		t.Fatal(err)
	}
	out, named := map[string][]string{}, 1
	for name, list := range m.Tables {
		out[name] = nil
		for _, f := range list {
			data := files[f.Path]
			if data == nil {
				t.Fatalf("%s is not there", f.Path)
			}
			rows := Values(t, bytes.NewReader(data), int64(len(data)))
			if int64(len(rows)) != f.Rows {
				t.Errorf("%s has %d rows, not %d", f.Path, len(rows), f.Rows)
			}
			out[name] = append(out[name], rows...)
			named++
		}
		slices.Sort(out[name])
	}
	if len(m.Iceberg) != len(m.Tables) {
		t.Errorf("%d tables are described for Iceberg", len(m.Iceberg))
	}
	for name := range files {
		if strings.Contains(name, "/metadata/") {
			named++
		}
	}
	if described := strings.Count(strings.Join(slices.Collect(maps.Keys(files)), " "), "/metadata/"); described != 3*len(m.Iceberg) {
		t.Errorf("%d files for Iceberg", described)
	}
	if len(files) != named {
		t.Errorf("%d files, %d of the tables", len(files), named)
	}
	return out
}

// Values gives the rows of a Parquet file.
func Values(t testing.TB, in io.ReaderAt, size int64) (out []string) {
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

// Changes makes random changes of every kind.
type Changes struct {
	*rand.Rand
	T  testing.TB
	DB store.Store
	N  int // so far
}

// NewChanges makes changes of a store by a seed.
func NewChanges(t testing.TB, db store.Store, seed uint64) *Changes {
	return &Changes{Rand: rand.New(rand.NewPCG(seed, 11)), T: t, DB: db}
}

// Diff says where the tables in files are not what the store has; empty: nowhere.
func Diff(t testing.TB, db store.Store, files map[string][]byte) string {
	t.Helper()
	return cmp.Diff(InStore(t, db), InFiles(t, files))
}

// Some does some of them.
func (c *Changes) Some() {
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
		do(c.T, c.DB, commands...)
	}
	if c.IntN(40) == 0 {
		_, err := c.DB.Transact(context.Background(), anna, []store.Command{store.Erase{Key: store.Key{Type: "Patient", ID: c.patient()}, Shared: store.SharedErase}})
		if err != nil && !fault.Is(err, fault.NotFound) {
			c.T.Fatal(err)
		}
	}
}

func (c *Changes) patient() string { return fmt.Sprintf("p%d", c.IntN(30)) }

func (c *Changes) one() []store.Command {
	c.N++
	update := func(text string, args ...any) []store.Command {
		n, err := fhir.Parse(fmt.Appendf(nil, text, args...))
		if err != nil {
			c.T.Fatal(err)
		}
		return []store.Command{store.Update{Resource: n}}
	}
	id := c.IntN(200)
	switch c.IntN(8) {
	case 0:
		return update(`{"resourceType":"Patient","id":"%s","name":[{"family":"F%d"}]}`, c.patient(), c.N)
	case 1:
		return update(`{"resourceType":"MedicationRequest","id":"m%d","status":"draft","intent":"order","subject":{"reference":"Patient/%s"},"medicationCodeableConcept":{"text":"insulin %d"}}`, id, c.patient(), c.N)
	case 2:
		return update(`{"resourceType":"MedicationStatement","id":"m%d","status":"active","subject":{"reference":"Patient/%s"},"medicationCodeableConcept":{"text":"statin %d"}}`, id, c.patient(), c.N)
	case 3:
		return update(`{"resourceType":"Claim","id":"c%d","status":"active","type":{"text":"x"},"use":"claim","patient":{"reference":"Patient/%s"},"created":"2024-01-02","provider":{"display":"x"},"priority":{"text":"normal"},"insurance":[{"sequence":1,"focal":true,"coverage":{"display":"x"}}],"item":[{"sequence":1,"productOrService":{"text":"a"}},{"sequence":2,"productOrService":{"text":"b%d"}}]}`, id%20, c.patient(), c.N)
	case 4:
		key := []store.Key{{Type: "Observation", ID: fmt.Sprintf("o%d", id)}, {Type: "MedicationRequest", ID: fmt.Sprintf("m%d", id)}}[c.IntN(2)]
		if c.DB.View(context.Background(), anna, func(v store.View) error { _, err := v.Read(key); return err }) != nil {
			return nil
		}
		return []store.Command{store.Delete{Key: key}}
	case 5:
		d := store.Document{ID: fmt.Sprintf("%064x", c.IntN(40)), MediaType: "application/pdf", Bytes: 7}
		d.SHA256 = d.ID
		out := []store.Command{store.Receive{Document: d, Arrival: store.Arrival{Source: "http"}}}
		newest := 0
		_ = c.DB.View(context.Background(), anna, func(v store.View) error {
			if got, err := v.Record(d.ID, 0); err == nil {
				newest = got.Version
			}
			return nil
		})
		return append(out, store.PutRecord{Document: d.ID, After: newest, Action: "machine", Body: fmt.Appendf(nil, `{"segments":[{"type":"lab_report","pages":[1,1],"fields":[{"name":"mrn","value":"%d"}]}]}`, c.N)})
	}
	return update(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"text":"Sodium"},"subject":{"reference":"Patient/%s"},"valueQuantity":{"value":%d.5,"unit":"mmol/L"}}`, id, c.patient(), c.N)
}

// failing is a place whose calls fail from one on, as if the process was killed there.
type failing struct {
	live.Place
	half func(manifest []byte) error
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
	return f.Place.Open(ctx, name)
}

func (f *failing) Create(ctx context.Context, name string) (live.Made, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	m, err := f.Place.Create(ctx, name)
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
	if f.step() != nil && f.half != nil {
		return errors.Join(errKilled, f.half(manifest))
	}
	return f.Place.Commit(ctx, manifest, keep)
}

// Place is how the suite reaches the place under test.
type Place struct {
	// Open gives the place as a process has it that just began.
	Open func() live.Place
	// Files are all files that a reader may take for those of a table, with tables.json, by path.
	Files func() map[string][]byte
	// Half leaves what a kill leaves between tables.json and the rest of a Commit; nil: nothing is left so.
	Half func(manifest []byte) error
}

// Follow makes n random changes, with rounds that are killed anywhere, and holds the tables against the
// store again and again.
func Follow(t *testing.T, n int, p Place) {
	t.Helper()
	db := Open(t)
	c := NewChanges(t, db, 7)
	f := live.Follow(db, p.Open())
	for rounds := 0; c.N < n; rounds++ {
		for range 1 + c.IntN(20) {
			c.Some()
		}
		if c.IntN(3) > 0 {
			if _, err := live.Follow(db, &failing{p.Open(), p.Half, c.IntN(120)}).Round(t.Context()); err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			f = live.Follow(db, p.Open()) // killed or not, another goes on from what is there
		}
		if _, err := f.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rounds%20 == 0 || c.N >= n {
			if diff := Diff(t, db, p.Files()); diff != "" {
				t.Fatalf("after %d changes:\n%.3000s", c.N, diff)
			}
		}
	}
	files := 0
	for name := range p.Files() {
		if strings.HasPrefix(name, "observations/") {
			files++
		}
	}
	if files > 12 {
		t.Errorf("%d files of one table", files)
	}
}
