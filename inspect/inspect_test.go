package inspect

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/ncruces/go-sqlite3"

	"chartlake/blob"
	"chartlake/blob/folder"
	"chartlake/fault"
	"chartlake/queue"
	"chartlake/store"
	"chartlake/store/postgres"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/sqlite"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

var anna = store.Actor{ID: "user:anna"}

// site is a store with originals and one filed document.
type site struct {
	harm  func(sql string) // changes the database behind the store's back
	t     *testing.T
	store store.Store
	blobs *folder.Store
	root  string // of the blobs
	id    string
}

func newSite(t *testing.T, db store.Store) *site {
	t.Helper()
	t.Cleanup(func() { db.Close() })
	root := filepath.Join(t.TempDir(), "blobs")
	blobs, err := folder.Open(root, folder.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, store: db, blobs: blobs, root: root}
	s.id = s.put("an original")
	s.do(store.Receive{Document: store.Document{ID: s.id, SHA256: s.id, State: store.Received}, Arrival: store.Arrival{Source: "http"}})
	s.move(store.Received, store.Reading)
	s.move(store.Reading, store.Understood)
	s.do(store.PutRecord{Document: s.id, Action: "machine", Body: []byte(`{}`)}, store.Move{ID: s.id, From: []store.State{store.Understood}, To: store.Filed})
	return s
}

func (s *site) put(text string) string {
	s.t.Helper()
	info, err := s.blobs.Put(s.t.Context(), strings.NewReader(text), 100, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return info.Hash
}

func (s *site) do(commands ...store.Command) {
	s.t.Helper()
	if _, err := s.store.Transact(s.t.Context(), anna, commands); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) move(from, to store.State) {
	s.t.Helper()
	s.do(store.Move{ID: s.id, From: []store.State{from}, To: to})
}

// waiting takes in a document that does not come to rest.
func (s *site) waiting(job bool) string {
	id := s.put("one that waits")
	s.do(store.Receive{Document: store.Document{ID: id, SHA256: id, State: store.Received}, Arrival: store.Arrival{Source: "http"}})
	if job {
		s.do(store.Enqueue{Job: queue.Job{Kind: queue.Document, Subject: id}})
	}
	return id
}

// file is where the folder keeps an original.
func (s *site) file(hash string) string {
	found, err := filepath.Glob(filepath.Join(s.root, "*", hash[:2], hash))
	if err != nil || len(found) != 1 {
		s.t.Fatalf("%v, %v", found, err)
	}
	return found[0]
}

// spoil changes a byte of an original.
func (s *site) spoil(hash string) {
	text, err := os.ReadFile(s.file(hash))
	if err == nil {
		text[len(text)/2] ^= 1
		err = os.WriteFile(s.file(hash), text, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// later is a clock by which everything is older than a day.
func later() time.Time { return time.Now().Add(2 * OrphanAge) }

func TestDamage(t *testing.T) {
	t.Parallel()
	for driver, open := range map[string]func(t *testing.T) (s store.Store, harm func(sql string)){
		"sqlite": func(t *testing.T) (store.Store, func(string)) {
			data := t.TempDir()
			s, err := sqlite.Open(t.Context(), sqlite.Config{Folder: data, Unsealed: true})
			if err != nil {
				t.Fatal(err)
			}
			return s, func(sql string) {
				c, err := sqlite3.Open("file:" + filepath.Join(data, "chartlake.db"))
				if err == nil {
					err = errors.Join(c.Exec(sql), c.Close())
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
		"postgres": func(t *testing.T) (store.Store, func(string)) {
			url := pgtest.URL(t)
			s, err := postgres.Open(t.Context(), postgres.Config{URL: url, Folder: t.TempDir(), Readers: 4})
			if err != nil {
				t.Fatal(err)
			}
			return s, func(sql string) {
				c, err := pgx.Connect(t.Context(), url)
				if err == nil {
					_, err = c.Exec(t.Context(), sql)
					err = errors.Join(err, c.Close(t.Context()))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		for _, tt := range []struct {
			name  string
			plant func(s *site)
			want  []string
			stays bool // not without another copy
			never bool // nothing repairs it
		}{
			{"nothing", func(s *site) {}, nil, false, false},
			{"a document with its job", func(s *site) { s.waiting(true) }, nil, false, false},
			{"a document without a job", func(s *site) { s.waiting(false) }, []string{DocumentStuck}, false, false},
			{"an original of nobody", func(s *site) { s.put("an orphan") }, []string{BlobOrphan}, false, false},
			{"no original", func(s *site) {
				if err := os.Remove(s.file(s.id)); err != nil {
					s.t.Fatal(err)
				}
			}, []string{DocumentBlob}, true, false},
			{"an original with other bytes", func(s *site) { s.spoil(s.id) }, []string{BlobDamaged}, true, false},
			{"a resource that never was", func(s *site) {
				s.do(store.Move{ID: s.id, From: []store.State{store.Filed}, To: store.Filed, Set: func(d *store.Document) {
					d.Resources = []store.Key{{Type: "Observation", ID: "nowhere"}}
				}})
			}, []string{DocumentResource}, false, false},
			{"no record", func(s *site) {
				id := s.waiting(true)
				s.do(store.Move{ID: id, From: []store.State{store.Received}, To: store.Reading})
				s.do(store.Move{ID: id, From: []store.State{store.Reading}, To: store.Understood})
				s.do(store.Move{ID: id, From: []store.State{store.Understood}, To: store.Held})
			}, []string{DocumentRecord}, false, false},
			{"a state that no history leads to", func(s *site) { s.harm(`UPDATE document SET state='held'`) }, []string{DocumentHistory}, false, true},
			{"a version of the record gone", func(s *site) {
				s.do(store.PutRecord{Document: s.id, After: 1, Action: "correct", Body: []byte(`{}`)})
				s.harm(`DELETE FROM record WHERE version=1`)
			}, []string{RecordGap}, false, true},
			{"a damaged record", func(s *site) { s.harm(`UPDATE record SET body=substr(body, 2)`) }, []string{RecordDamaged}, false, true},
		} {
			t.Run(driver+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				db, harm := open(t)
				s := newSite(t, db)
				s.harm = harm
				good := filepath.Join(t.TempDir(), "good")
				if err := os.CopyFS(good, os.DirFS(s.root)); err != nil {
					t.Fatal(err)
				}
				tt.plant(s)
				inspect := func(c Config) (codes []string, repaired int) {
					t.Helper()
					c.Store, c.Blobs, c.Now = s.store, s.blobs, later
					_, err := Run(t.Context(), c, func(d store.Damage) {
						codes = append(codes, d.Code)
						if d.Repaired {
							repaired++
						}
					})
					if err != nil {
						t.Fatal(err)
					}
					return codes, repaired
				}
				for range 2 {
					if codes, repaired := inspect(Config{}); !slices.Equal(codes, tt.want) || repaired > 0 {
						t.Errorf("found %v, repaired %d, want %v", codes, repaired, tt.want)
					}
				}
				codes, repaired := inspect(Config{Repair: true})
				if !slices.Equal(codes, tt.want) || (tt.stays || tt.never) && repaired > 0 || !tt.stays && !tt.never && repaired != len(tt.want) {
					t.Errorf("repaired %d of %v", repaired, codes)
				}
				if tt.stays {
					from, err := folder.Open(good, folder.Options{Reserve: -1})
					if err != nil {
						t.Fatal(err)
					}
					bring := func(ctx context.Context, hash string) error {
						r, err := from.OpenStored(ctx, hash)
						if err != nil {
							return err
						}
						defer r.Close()
						return s.blobs.PutStored(ctx, hash, reader(r), func() error { return nil })
					}
					if codes, repaired := inspect(Config{Repair: true, Original: bring}); repaired != len(codes) {
						t.Errorf("with another copy: repaired %d of %v", repaired, codes)
					}
				}
				if codes, _ := inspect(Config{}); len(codes) > 0 != tt.never {
					t.Errorf("after the repair: %v", codes)
				}
			})
		}
	}
}

func reader(r blob.Reader) *section { return &section{r: r} }

type section struct {
	r  blob.Reader
	at int64
}

func (s *section) Read(p []byte) (int, error) {
	n, err := s.r.ReadAt(p, s.at)
	s.at += int64(n)
	return n, err
}

// What nobody owns is kept, and what is younger than a day is left alone.
func TestOrphansAreKept(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, db)
	orphan := s.put("an orphan")
	none := func(d store.Damage) { t.Errorf("young: %+v", d) }
	if _, err := Run(t.Context(), Config{Store: db, Blobs: s.blobs, Repair: true}, none); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), Config{Store: db, Blobs: s.blobs, Repair: true, Now: later}, func(store.Damage) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.blobs.Stat(t.Context(), orphan); !fault.Is(err, fault.NotFound) {
		t.Errorf("still an original: %v", err)
	}
	kept, err := filepath.Glob(filepath.Join(s.root, blob.LostFound, orphan+".*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("%v, %v", kept, err)
	}
	if _, err := s.blobs.Stat(t.Context(), s.id); err != nil {
		t.Errorf("an original with a document is gone: %v", err)
	}
}
