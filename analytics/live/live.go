package live

import (
	"context"
	"encoding/json"
	"time"

	"chartlake/analytics"
	"chartlake/fault"
	"chartlake/store"
)

// Follower keeps the tables of a store at a place. One goroutine uses it.
type Follower struct {
	store   store.Store
	place   Place
	tables  []analytics.Table
	sources []*source // nil: the manifest is to be read
	at      Manifest
}

// follower is who reads the store for the tables.
var follower = store.Actor{ID: "system:tables", Name: "Tables"}

// roundMax is how many changes one round takes up at most, so that no snapshot is held for long.
const roundMax = 50_000

// Follow makes a follower. Nothing is read or written yet.
func Follow(s store.Store, place Place) *Follower {
	return &Follower{store: s, place: place, tables: analytics.Tables()}
}

// Report is what a round did.
type Report struct {
	Change  int64 // that the tables tell up to now
	Newest  int64 // of the store
	Rows    int64 // that were written
	LeftOut int   // resources and documents of which some table cannot be made
}

// Behind says whether there are changes that the tables do not tell of.
func (r Report) Behind() bool { return r.Change < r.Newest }

// Round takes the next changes up. After an error nothing is lost: the next round begins at the last
// manifest again.
func (f *Follower) Round(ctx context.Context) (report Report, err error) {
	defer func() {
		if err != nil {
			f.sources = nil
		}
	}()
	if f.sources == nil {
		if err := f.load(ctx); err != nil {
			return report, err
		}
	}
	r := &round{Follower: f, ctx: ctx, files: map[*source]*writing{}, gone: map[string]map[string]bool{}}
	defer r.abort()
	if err := f.store.View(ctx, follower, r.read); err != nil {
		return r.Report, err
	}
	if r.Change == f.at.Change && f.at.Definition != "" {
		return r.Report, nil
	}
	return r.Report, r.finish()
}

// Run does rounds until the context ends: at once while there is more, else after every interval.
func (f *Follower) Run(ctx context.Context, every time.Duration, tell func(Report, error)) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		report, err := f.Round(ctx)
		if ctx.Err() != nil {
			return
		}
		tell(report, err)
		wait := every
		if err == nil && report.Behind() {
			wait = 0
		}
		timer.Reset(wait)
	}
}

// load reads the manifest and the ids in the files. Where there is none, or it is of other tables
// or another store, or a file is damaged, all begins anew.
func (f *Follower) load(ctx context.Context) error {
	if err := f.resume(ctx); err == nil {
		return nil
	} else if k := fault.KindOf(err); ctx.Err() != nil || k != fault.Corrupt && k != fault.NotFound {
		return err
	}
	f.at = Manifest{}
	f.begin()
	return nil
}

func (f *Follower) begin() {
	f.sources = nil
	for _, t := range f.tables {
		for _, s := range t.Sources() {
			f.sources = append(f.sources, newSource(s))
		}
	}
}

func (f *Follower) resume(ctx context.Context) error {
	anew := fault.New(fault.NotFound, "tables_other", "the tables are of another store or form")
	data, err := f.place.Manifest(ctx)
	if err != nil {
		return err
	}
	if data == nil {
		return anew
	}
	m, err := parseManifest(data)
	if err != nil {
		return err
	}
	if m.Definition != definition(f.tables) {
		return anew
	}
	if err := f.store.View(ctx, follower, func(v store.View) error {
		if newest, err := v.Seq(); err != nil || newest < m.Change {
			return anew
		}
		if _, err := v.Unseal(m.Store, about); err != nil {
			return anew
		}
		if a := m.Anchor; a != nil {
			if got, err := v.VersionRead(store.Key{Type: a.Type, ID: a.ID}, a.Version); err != nil || got.Seq != a.Change {
				return anew
			}
		}
		return nil
	}); err != nil {
		return err
	}
	f.begin()
	for _, s := range f.sources {
		for _, file := range m.Tables[s.Table.Name] {
			if len(file.Path) > len(s.prefix()) && file.Path[:len(s.prefix())] == s.prefix() {
				if err := s.load(ctx, f.place, file); err != nil {
					return err
				}
			}
		}
	}
	for name, p := range m.Iceberg {
		for _, file := range icebergFiles(p) {
			in, err := f.place.Open(ctx, file)
			if fault.Is(err, fault.Corrupt) {
				delete(m.Iceberg, name) // it is described anew with the next change
				break
			}
			if err != nil {
				return err
			}
			in.Close()
		}
	}
	f.at = *m
	return f.place.Commit(ctx, data, f.kept())
}

// about is what the token of the store is sealed for.
const about = "tables"

// kept are the paths of all files.
func (f *Follower) kept() (out []string) {
	for _, s := range f.sources {
		for _, p := range s.parts {
			out = append(out, p.Path)
		}
	}
	for _, p := range f.at.Iceberg {
		out = append(out, icebergFiles(p)...)
	}
	return out
}

// commit writes the manifest of the sources as they are.
func (f *Follower) commit(ctx context.Context, next Manifest) error {
	next.Definition, next.Tables = definition(f.tables), map[string][]File{}
	for _, s := range f.sources {
		files := next.Tables[s.Table.Name]
		if files == nil {
			files = []File{}
		}
		for _, p := range s.parts {
			files = append(files, p.File)
		}
		next.Tables[s.Table.Name] = files
	}
	was := f.at
	if err := f.describe(ctx, &next); err != nil {
		return err
	}
	data, err := json.MarshalIndent(next, "", " ")
	if err != nil {
		return err
	}
	f.at = next
	if err := f.place.Commit(ctx, data, f.kept()); err != nil {
		f.at = was
		return err
	}
	return nil
}
