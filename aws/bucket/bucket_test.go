package bucket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chartlake/aws/awstest"
	"chartlake/blob"
	"chartlake/blob/blobtest"
	"chartlake/envelope"
	"chartlake/fault"
)

func vault(t *testing.T) *envelope.Vault {
	t.Helper()
	dir := t.TempDir()
	keys, err := envelope.OpenKeyFile(filepath.Join(dir, "store.key"), true)
	if err != nil {
		t.Fatal(err)
	}
	shelf, err := envelope.OpenFile(filepath.Join(dir, "shelf"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := envelope.NewVault(keys, shelf, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// open makes a store of its own on a local S3 behind a proxy.
func open(t *testing.T, s *awstest.S3, v *envelope.Vault, plan func(int) awstest.Ill) (*Store, *awstest.Proxy) {
	t.Helper()
	p := awstest.New(t, s, awstest.XML, plan)
	return New(Config{AWS: awstest.Config(t, p.URL), Bucket: "blobs", Prefix: "originals/", Vault: v, Temp: t.TempDir()}), p
}

func TestPasses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		vault         *envelope.Vault
		versions, old bool
		plan          func(int) awstest.Ill
	}{
		"plain":           {},
		"sealed":          {vault: vault(t)},
		"with versions":   {vault: vault(t), versions: true},
		"an old server":   {vault: vault(t), old: true},
		"through illness": {vault: vault(t), plan: awstest.Mixed(20, 1)},
	} {
		fresh := func(t *testing.T) *Store {
			s, _ := open(t, &awstest.S3{PageSize: 7, Versions: c.versions, Old: c.old}, c.vault, c.plan)
			return s
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blobtest.Run(t, func(t *testing.T) blob.Store { return fresh(t) })
			blobtest.Keep(t, func(t *testing.T) blob.Originals { return fresh(t) })
		})
	}
}

func content(n int) []byte {
	b := make([]byte, n)
	rng := rand.NewChaCha8([32]byte{byte(n)})
	rng.Read(b)
	return b
}

// at is the name of a blob's object.
func at(kind, hash string) string { return "originals/" + kind + "/" + hash[:2] + "/" + hash }

func hash(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// TestLarge: a blob of many pieces is read anywhere, sealed or not, through illness.
func TestLarge(t *testing.T) {
	t.Parallel()
	data := content(3*pieceSize + 12345)
	for name, v := range map[string]*envelope.Vault{"plain": nil, "sealed": vault(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := open(t, &awstest.S3{}, v, awstest.Every(3, awstest.Half))
			info, err := s.Put(t.Context(), bytes.NewReader(data), 1<<30, nil)
			if err != nil || info.Size != int64(len(data)) {
				t.Fatal(info, err)
			}
			r, err := s.Open(t.Context(), info.Hash)
			if err != nil || r.Size() != int64(len(data)) {
				t.Fatal(err)
			}
			defer r.Close()
			rng := rand.New(rand.NewPCG(1, 2))
			for range 200 {
				at, n := rng.IntN(len(data)), rng.IntN(100_000)
				got := make([]byte, n)
				k, err := r.ReadAt(got, int64(at))
				want := data[at:min(len(data), at+n)]
				if !bytes.Equal(got[:k], want) || k < n && !errors.Is(err, io.EOF) || k == n && err != nil {
					t.Fatalf("%d bytes at %d: %d, %v", n, at, k, err)
				}
			}
			if n := p.Count(); n > 60 {
				t.Errorf("asked %d times for 200 reads of 4 pieces", n)
			}
			if err := blob.Verify(t.Context(), s, info.Hash); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestReadWhileWritten: a sealed blob that is put again has other bytes, and its reader follows.
func TestReadWhileWritten(t *testing.T) {
	t.Parallel()
	data := content(2*pieceSize + 5)
	s, _ := open(t, &awstest.S3{}, vault(t), nil)
	info, err := s.Put(t.Context(), bytes.NewReader(data), 1<<30, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(t.Context(), info.Hash)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(data))
	if _, err := r.ReadAt(got[:10], 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), bytes.NewReader(data), 1<<30, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadAt(got, 0); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%v", err)
	}
}

// TestSealed: nothing lies in clear, damage is seen, and what is erased is gone in every copy.
func TestSealed(t *testing.T) {
	t.Parallel()
	local := &awstest.S3{}
	v := vault(t)
	s, _ := open(t, local, v, nil)
	data := []byte(strings.Repeat("patient-canary ", 10_000))
	info, err := s.Put(t.Context(), bytes.NewReader(data), 1<<30, nil)
	if err != nil || info.Key != blob.Sealed {
		t.Fatal(info, err)
	}
	copied := local.Get("blobs", at(blob.Sealed, info.Hash))
	if bytes.Contains(copied, []byte("canary")) || len(copied) <= len(data) {
		t.Error("the blob lies in clear")
	}
	// Put again keeps the key, so that the copy dies with the blob.
	if _, err := s.Put(t.Context(), bytes.NewReader(data), 1<<30, nil); err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(copied)
	damaged[len(damaged)/2]++
	local.Put("blobs", at(blob.Sealed, info.Hash), damaged)
	if err := blob.Verify(t.Context(), s, info.Hash); !fault.Is(err, fault.Corrupt) {
		t.Errorf("damage: %v", err)
	}
	for range 2 {
		if err := s.Erase(t.Context(), info.Hash); err != nil {
			t.Fatal(err)
		}
	}
	local.Put("blobs", at(blob.Sealed, info.Hash), copied)
	if _, err := s.Open(t.Context(), info.Hash); !fault.Is(err, fault.Gone) {
		t.Errorf("a copy of what was erased: %v", err)
	}
}

// TestThroughIllness: a Put that came back is whole in S3, one that did not has left nothing but
// the same bytes, and the tries are counted.
func TestThroughIllness(t *testing.T) {
	t.Parallel()
	data := content(300_000)
	for name, ill := range awstest.All {
		if ill == awstest.Stall {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			local := &awstest.S3{}
			s, p := open(t, local, nil, awstest.Every(2, ill))
			info, err := s.Put(t.Context(), bytes.NewReader(data), 1<<30, nil)
			if err != nil || info.Hash != hash(data) {
				t.Fatal(info, err)
			}
			if !bytes.Equal(local.Get("blobs", at(blob.Plain, info.Hash)), data) || len(local.Names("blobs")) != 1 {
				t.Errorf("S3 has %v", local.Names("blobs"))
			}
			if p.Count() > 4 {
				t.Errorf("asked %d times", p.Count())
			}
		})
		t.Run("down, "+name, func(t *testing.T) {
			t.Parallel()
			if ill == awstest.Twice {
				return
			}
			local := &awstest.S3{}
			s, p := open(t, local, nil, awstest.Every(1, ill))
			_, err := s.Put(t.Context(), bytes.NewReader(data), 1<<30, nil)
			if f := fault.As(err); f == nil || f.Kind != fault.Unavailable || strings.Contains(err.Error(), "canary") {
				t.Errorf("%v", err)
			}
			if p.Count() != awstest.Tries {
				t.Errorf("asked %d times", p.Count())
			}
			for _, name := range local.Names("blobs") {
				if !bytes.Equal(local.Get("blobs", name), data) {
					t.Errorf("other bytes under %s", name)
				}
			}
		})
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	local := &awstest.S3{}
	data := content(fetchPiece + 999)
	local.Put("in", "a folder/é +.pdf", data)
	local.Put("in", "empty", nil)
	p := awstest.New(t, local, awstest.XML, awstest.Every(2, awstest.Half))
	c := awstest.Config(t, p.URL)
	f, size, err := Fetch(t.Context(), c, "in", "a folder/é +.pdf", "", 1<<30)
	if err != nil || size != int64(len(data)) {
		t.Fatal(size, err)
	}
	defer f.Close()
	got := make([]byte, size)
	if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, data) {
		t.Errorf("other bytes came: %v", err)
	}
	if f, size, err := Fetch(t.Context(), c, "in", "empty", "", 10); err != nil || size != 0 {
		t.Errorf("an empty object: %d, %v", size, err)
	} else {
		f.Close()
	}
	for name, x := range map[string]struct {
		key   string
		limit int64
		kind  fault.Kind
	}{"not there": {"a folder/é  .pdf", 1 << 30, fault.NotFound}, "too large": {"a folder/é +.pdf", 1000, fault.TooLarge}} {
		if _, _, err := Fetch(t.Context(), c, "in", x.key, "", x.limit); !fault.Is(err, x.kind) || strings.Contains(fmt.Sprint(err), "folder") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	cancel()
	if _, _, err := Fetch(ctx, c, "in", "empty", "", 10); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
