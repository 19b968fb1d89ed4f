package bucket

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"chartlake/aws/awstest"
	"chartlake/blob"
	"chartlake/envelope"
	"chartlake/fault"
)

// meddled is a local S3 at which something happens before the first request of a kind is answered.
type meddled struct {
	*awstest.S3
	when func(*http.Request) bool
	once sync.Once
	do   func()
}

func (m *meddled) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m.when(r) {
		m.once.Do(m.do)
	}
	m.S3.ServeHTTP(w, r)
}

func method(name string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == name }
}

// pair gives two processes' stores on one bucket: the first meets something, the second does not.
func pair(t *testing.T, local *awstest.S3, when func(*http.Request) bool) (m *meddled, first, second *Store) {
	t.Helper()
	v := vault(t)
	m = &meddled{S3: local, when: when}
	c := Config{Bucket: "blobs", Prefix: "originals/", Vault: v, Temp: t.TempDir()}
	c.AWS = awstest.Config(t, awstest.New(t, m, awstest.XML, nil).URL)
	first = New(c)
	c.AWS = awstest.Config(t, awstest.New(t, local, awstest.XML, nil).URL)
	return m, first, New(c)
}

func mustPut(t *testing.T, s *Store, data string) blob.Info {
	t.Helper()
	info, err := s.Put(t.Context(), bytes.NewReader([]byte(data)), 1<<20, nil)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// TestEraseWhilePutting: bytes that come again while they are erased end under a key that lives, or
// nowhere, whenever the erasure comes between.
func TestEraseWhilePutting(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]func(*http.Request) bool{
		"before it is sent": method("PUT"),
		"before it is looked at": func(r *http.Request) bool {
			return r.Method == "GET" && r.Header.Get("Range") != ""
		},
	} {
		for _, versions := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				local := &awstest.S3{Versions: versions}
				m, first, second := pair(t, local, when)
				info := mustPut(t, second, "again")
				copied := local.Get("blobs", at(blob.Sealed, info.Hash))
				erased := false
				m.do = func() { erased = second.Erase(t.Context(), info.Hash) == nil }
				mustPut(t, first, "again")
				if err := blob.Verify(t.Context(), second, info.Hash); err != nil || !erased {
					t.Errorf("%v, %v", err, erased)
				}
				local.Put("blobs", at(blob.Sealed, info.Hash), copied)
				if _, err := second.Open(t.Context(), info.Hash); !fault.Is(err, fault.Gone) {
					t.Errorf("a copy of what was erased: %v", err)
				}
			})
		}
	}
}

// TestPutWhileErasing: what is put while an erasure takes the old one away stays.
func TestPutWhileErasing(t *testing.T) {
	t.Parallel()
	for _, local := range []*awstest.S3{{}, {Versions: true}} {
		m, first, second := pair(t, local, method("DELETE"))
		info := mustPut(t, second, "again")
		m.do = func() { mustPut(t, second, "again") }
		if err := first.Erase(t.Context(), info.Hash); err != nil {
			t.Fatal(err)
		}
		if err := blob.Verify(t.Context(), second, info.Hash); err != nil {
			t.Errorf("versions %t: %v", local.Versions, err)
		}
	}
}

// TestPutWhileDeleting: a blob that is put again is young, also in the moment of its deletion.
func TestPutWhileDeleting(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(*Store, string) error{
		"delete":    func(s *Store, hash string) error { return s.Delete(t.Context(), hash, time.Now().Add(-time.Minute)) },
		"set aside": func(s *Store, hash string) error { return s.SetAside(t.Context(), hash, time.Now().Add(-time.Minute)) },
	} {
		t.Run(name, func(t *testing.T) {
			local := &awstest.S3{}
			m, first, second := pair(t, local, method("DELETE"))
			info := mustPut(t, second, "again")
			local.Age("blobs", at(blob.Sealed, info.Hash), time.Hour)
			m.do = func() { mustPut(t, second, "again") }
			if err := take(first, info.Hash); !fault.Is(err, fault.Conflict) {
				t.Errorf("%v", err)
			}
			if err := blob.Verify(t.Context(), second, info.Hash); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestOneKey: two that are the first to put the same bytes seal them under one key, so that erasing
// one copy erases all.
func TestOneKey(t *testing.T) {
	t.Parallel()
	local := &awstest.S3{Versions: true}
	m, first, second := pair(t, local, method("PUT"))
	var info blob.Info
	var copied []byte
	m.do = func() {
		info = mustPut(t, second, "both")
		copied = local.Get("blobs", at(blob.Sealed, info.Hash))
	}
	mustPut(t, first, "both")
	now := local.Get("blobs", at(blob.Sealed, info.Hash))
	one, _ := envelope.StreamKey(copied)
	other, _ := envelope.StreamKey(now)
	if one == 0 || one != other || bytes.Equal(copied, now) {
		t.Errorf("keys %d and %d", one, other)
	}
}

// TestVersions: an erasure leaves no version; where it may not, it says so, and nothing can be read.
func TestVersions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deny func(*http.Request) bool
		kept int // calls
	}{
		"all may go":               {nil, 0},
		"versions may not go":      {func(r *http.Request) bool { return r.Method == "DELETE" && r.URL.Query().Has("versionId") }, 1},
		"versions may not be seen": {func(r *http.Request) bool { return r.URL.Query().Has("versions") }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			local := &awstest.S3{Versions: true, Deny: c.deny}
			s, _ := open(t, local, vault(t), nil)
			kept := 0
			s.Kept = func(error) { kept++ }
			info := mustPut(t, s, "first")
			mustPut(t, s, "first")
			copied := local.Get("blobs", at(blob.Sealed, info.Hash))
			if err := s.Erase(t.Context(), info.Hash); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Open(t.Context(), info.Hash); !fault.Is(err, fault.NotFound) || kept != c.kept {
				t.Errorf("open: %v; told %d times of versions", err, kept)
			}
			if n := local.Kept("blobs", at(blob.Sealed, info.Hash)); c.deny == nil && n != 0 {
				t.Errorf("%d versions are kept", n)
			}
			local.Put("blobs", at(blob.Sealed, info.Hash), copied)
			if _, err := s.Open(t.Context(), info.Hash); !fault.Is(err, fault.Gone) {
				t.Errorf("a version that was kept: %v", err)
			}
		})
	}
}

// TestNoVersionsToSee: who may not list the versions of a bucket that has none is told nothing.
func TestNoVersionsToSee(t *testing.T) {
	t.Parallel()
	s, _ := open(t, &awstest.S3{Deny: func(r *http.Request) bool { return r.URL.Query().Has("versions") }}, vault(t), nil)
	s.Kept = func(err error) { t.Error(err) }
	info := mustPut(t, s, "one")
	if err := s.Erase(t.Context(), info.Hash); err != nil {
		t.Error(err)
	}
}

// TestDamagedOnTheWay: a server that got other bytes than were sent, or says so, has nothing.
func TestDamagedOnTheWay(t *testing.T) {
	t.Parallel()
	for name, meddle := range map[string]func(http.Handler) http.HandlerFunc{
		"a bit of the body": func(next http.Handler) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); r.Method == "PUT" {
					body[len(body)/2] ^= 1
					r.Body = io.NopCloser(bytes.NewReader(body))
				}
				next.ServeHTTP(w, r)
			}
		},
		"the answer's checksum": func(next http.Handler) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				next.ServeHTTP(rec, r)
				for k, v := range rec.Header() {
					w.Header()[k] = v
				}
				if r.Method == "PUT" {
					w.Header().Set("X-Amz-Checksum-Sha256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
				}
				w.WriteHeader(rec.Code)
				_, _ = w.Write(rec.Body.Bytes())
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := awstest.New(t, meddle(&awstest.S3{}), awstest.XML, nil)
			s := New(Config{AWS: awstest.Config(t, p.URL), Bucket: "blobs", Vault: vault(t), Temp: t.TempDir()})
			if _, err := s.Put(t.Context(), bytes.NewReader(content(1000)), 1<<20, nil); !fault.Is(err, fault.Unavailable) {
				t.Errorf("%v", err)
			}
		})
	}
}
