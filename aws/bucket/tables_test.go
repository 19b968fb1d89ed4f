package bucket

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"chartlake/analytics/live"
	"chartlake/analytics/live/livetest"
	"chartlake/aws/awstest"
	"chartlake/fault"
)

// place is Tables as a live.Place.
type place struct{ *Tables }

func (p place) Open(ctx context.Context, name string) (live.Opened, error) {
	return p.Tables.Open(ctx, name)
}

func (p place) Create(ctx context.Context, name string) (live.Made, error) {
	return &made{keep: func(data []byte) error { return p.Keep(ctx, name, data) }}, nil
}

// made is a file that is written: in memory, some tens of MB at most, until it is closed.
type made struct {
	bytes.Buffer
	keep func(data []byte) error
}

func (m *made) Close() error { return m.keep(m.Bytes()) }
func (m *made) Abort()       { m.Reset() }

// tablesOf are the files that a reader takes for those of tables: all but what begins with a low line.
func tablesOf(s *awstest.S3) map[string][]byte {
	out := map[string][]byte{}
	for _, key := range s.Names("lake") {
		if name := strings.TrimPrefix(key, "tables/"); !strings.HasPrefix(name, "_") {
			out[name] = s.Get("lake", key)
		}
	}
	return out
}

func TestTablesEqualTheStore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		versions bool
		plan     func(int) awstest.Ill
	}{
		"well": {}, "with versions": {versions: true}, "through illness": {plan: awstest.Mixed(20, 3)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &awstest.S3{PageSize: 7, Versions: c.versions}
			config := Config{AWS: awstest.Config(t, awstest.New(t, s, awstest.XML, c.plan).URL), Bucket: "lake", Prefix: "tables/",
				Kept: func(err error) { t.Error(err) }}
			livetest.Follow(t, 150, livetest.Place{
				Open:  func() live.Place { return place{NewTables(config, live.Ours)} },
				Files: func() map[string][]byte { return tablesOf(s) },
			})
			if !c.versions {
				return
			}
			for name := range tablesOf(s) {
				if n := s.Kept("lake", "tables/"+name); strings.HasSuffix(name, ".parquet") && n > 0 {
					t.Errorf("%d older versions of a file are kept", n)
				}
			}
			if n := s.KeptBelow("lake", "tables/"); n > s.Kept("lake", "tables/tables.json") {
				t.Errorf("%d versions are kept of what was taken away", n)
			}
		})
	}
}

// What was not made for the tables stays, also where the tables have the bucket to themselves.
func TestTablesLeaveWhatIsNotTheirs(t *testing.T) {
	t.Parallel()
	s := &awstest.S3{}
	config := Config{AWS: awstest.Config(t, awstest.New(t, s, awstest.XML, nil).URL), Bucket: "lake"}
	const lost = "_new/patients/Patient-000000000001-ABCDEFGH.parquet"
	theirs := []string{"sales.parquet", "patients/2026.parquet", "other/metadata/v1.metadata.json", "other/data.avro", "_new/notes.parquet"}
	for _, name := range append(theirs, lost) {
		s.Put("lake", name, []byte("x"))
		s.Age("lake", name, 2*tablesLost)
	}
	db := livetest.Open(t)
	livetest.NewChanges(t, db, 5).Some()
	if _, err := live.Follow(db, place{NewTables(config, live.Ours)}).Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range theirs {
		if s.Get("lake", name) == nil {
			t.Errorf("%s was taken away", name)
		}
	}
	if s.Get("lake", lost) != nil {
		t.Error("what a killed process left is there")
	}
}

// Of two processes that keep the same tables one is refused, and goes on from what the other wrote.
func TestTwoKeepTheTables(t *testing.T) {
	t.Parallel()
	s := &awstest.S3{}
	config := Config{AWS: awstest.Config(t, awstest.New(t, s, awstest.XML, nil).URL), Bucket: "lake", Prefix: "tables/"}
	db := livetest.Open(t)
	c := livetest.NewChanges(t, db, 5)
	one, other := live.Follow(db, place{NewTables(config, live.Ours)}), live.Follow(db, place{NewTables(config, live.Ours)})
	refused := 0
	for i := range 30 {
		c.Some()
		f := []*live.Follower{one, other}[i%2]
		if _, err := f.Round(t.Context()); err != nil {
			// The other has taken away what this one wants to read, or has written tables.json.
			if f := fault.As(err); f == nil || f.Code != "tables_in_use" && f.Code != "table_damaged" {
				t.Fatal(err)
			}
			refused++
			if _, err := f.Round(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if diff := livetest.Diff(t, db, tablesOf(s)); diff != "" {
			t.Fatal(diff)
		}
	}
	if refused == 0 {
		t.Error("nobody was refused")
	}
	old := &awstest.S3{Old: true}
	config.AWS = awstest.Config(t, awstest.New(t, old, awstest.XML, nil).URL)
	if _, err := live.Follow(db, place{NewTables(config, live.Ours)}).Round(t.Context()); fault.As(err) == nil || fault.As(err).Code != "tables_unconditional" {
		t.Errorf("a server without conditions: %v", err)
	}
}
