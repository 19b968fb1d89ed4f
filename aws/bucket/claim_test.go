package bucket

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"chartlake/aws/awstest"
	"chartlake/blob"
	"chartlake/fault"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][2]string{
		"s3://records":          {"records", ""},
		"s3://records/":         {"records", ""},
		"s3://records/a/b":      {"records", "a/b/"},
		"s3://records/a%20b/":   {"records", "a b/"},
		"s3://records.of.us/x/": {"records.of.us", "x/"},
	} {
		bucket, prefix, err := Parse(address)
		if err != nil || bucket != want[0] || prefix != want[1] {
			t.Errorf("%s: %q %q %v", address, bucket, prefix, err)
		}
	}
	for _, bad := range []string{"", "s3://", "s3:///x", "s3://a:b@c/d", "s3://b/p?x=y", "s3://b:1/p", "s3://b/p#x", "http://b/p", "/folder", "s3://%"} {
		if _, _, err := Parse(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestClaim: a prefix belongs to the store that was first, also of several at once; a bucket that is
// not there, or not ours, is said at once.
func TestClaim(t *testing.T) {
	t.Parallel()
	local := &awstest.S3{}
	s, _ := open(t, local, vault(t), awstest.Mixed(10, 7))
	if empty, err := s.Empty(t.Context()); !empty || err != nil {
		t.Errorf("empty: %t, %v", empty, err)
	}
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() { errs[i] = s.Claim(t.Context(), []byte{byte(i % 2)}) })
	}
	group.Wait()
	lost := 0
	for _, err := range errs {
		if f := fault.As(err); f != nil && f.Code == "originals_of_another" {
			lost++
		} else if err != nil {
			t.Error(err)
		}
	}
	if lost != 4 {
		t.Errorf("%d of 8 claims were refused", lost)
	}
	if empty, err := s.Empty(t.Context()); empty || err != nil {
		t.Errorf("empty: %t, %v", empty, err)
	}
	if err := s.List(t.Context(), "", func(i blob.Info) error { t.Errorf("listed %+v", i); return nil }); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		s3   *awstest.S3
		kind fault.Kind
	}{
		"no such bucket":     {&awstest.S3{Missing: "blobs"}, fault.NotFound},
		"nothing is allowed": {&awstest.S3{Deny: func(*http.Request) bool { return true }}, fault.Forbidden},
		"no listing":         {&awstest.S3{Deny: func(r *http.Request) bool { return r.URL.Query().Has("list-type") }}, fault.Forbidden},
		"no writing":         {&awstest.S3{Deny: func(r *http.Request) bool { return r.Method == "PUT" }}, fault.Forbidden},
	} {
		s, _ := open(t, c.s3, vault(t), nil)
		if err := s.Claim(t.Context(), []byte("x")); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	old, _ := open(t, &awstest.S3{Old: true}, vault(t), nil)
	for range 2 {
		if err := old.Claim(t.Context(), []byte("x")); err != nil {
			t.Errorf("an old server: %v", err)
		}
	}
}

// TestBucketGone: that the bucket is gone, or closed to us, says nothing about a blob or its reader.
func TestBucketGone(t *testing.T) {
	t.Parallel()
	for name, local := range map[string]*awstest.S3{
		"gone":   {Missing: "blobs"},
		"closed": {Deny: func(*http.Request) bool { return true }},
	} {
		s, _ := open(t, local, vault(t), nil)
		hash := strings.Repeat("a", 64)
		_, err := s.Open(t.Context(), hash)
		_, stat := s.Stat(t.Context(), hash)
		_, put := s.Put(t.Context(), bytes.NewReader([]byte("x")), 10, nil)
		for what, err := range map[string]error{"open": err, "stat": stat, "put": put, "erase": s.Erase(t.Context(), hash),
			"list": s.List(t.Context(), "", func(blob.Info) error { return nil })} {
			if !fault.Is(err, fault.Unavailable) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
}

// TestSealPlain: what was copied from a folder of an older version is found as it lies, and sealed;
// no version in clear stays.
func TestSealPlain(t *testing.T) {
	t.Parallel()
	local := &awstest.S3{PageSize: 3, Versions: true}
	s, _ := open(t, local, vault(t), nil)
	var want []string
	for i := range 10 {
		data := content(100 + i)
		local.Put("blobs", at(blob.Plain, hash(data)), data)
		want = append(want, hash(data))
	}
	both := mustPut(t, s, "in both")
	local.Put("blobs", at(blob.Plain, both.Hash), []byte("in both"))
	wrong := strings.Repeat("e", 64)
	local.Put("blobs", at(blob.Plain, wrong), []byte("damaged"))
	want = append(want, both.Hash, wrong)
	slices.Sort(want)
	list := func() (hashes []string, plain int) {
		t.Helper()
		err := s.List(t.Context(), "", func(i blob.Info) error {
			hashes = append(hashes, i.Hash)
			if i.Key == blob.Plain {
				plain++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return hashes, plain
	}
	if got, plain := list(); !slices.Equal(got, want) || plain != 11 {
		t.Errorf("%d listed, %d plain", len(got), plain)
	}
	if err := blob.Verify(t.Context(), s, want[0]); err != nil {
		t.Error(err)
	}
	if n, err := s.SealPlain(t.Context()); n != 11 || err != nil {
		t.Errorf("sealed %d, %v", n, err)
	}
	got, plain := list()
	if !slices.Equal(got, want) || plain != 1 {
		t.Errorf("after sealing: %d listed, %d plain", len(got), plain)
	}
	for _, h := range got {
		if err := blob.Verify(t.Context(), s, h); err != nil != (h == wrong) {
			t.Errorf("%v", err)
		}
		if h != wrong && local.Kept("blobs", at(blob.Plain, h)) > 0 {
			t.Error("a version in clear is kept")
		}
	}
}

// TestLocalized: a blob that is read as a whole is fetched once, and a connection that breaks is no
// damage.
func TestLocalized(t *testing.T) {
	t.Parallel()
	data := content(3*pieceSize + 5)
	local := &awstest.S3{}
	v := vault(t)
	s, p := open(t, local, v, nil)
	info, err := s.Put(t.Context(), bytes.NewReader(data), 1<<30, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := p.Count()
	r, err := blob.OpenVerified(t.Context(), s, info.Hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := make([]byte, r.Size())
	for range 3 {
		if _, err := r.ReadAt(got, 0); err != nil || !bytes.Equal(got, data) {
			t.Fatal(err)
		}
	}
	if n := p.Count() - before; n > 3 {
		t.Errorf("asked %d times", n)
	}
	down := 0
	broken, _ := open(t, local, v, func(int) awstest.Ill {
		if down++; down > 1 {
			return awstest.Half
		}
		return awstest.Well
	})
	if err := blob.Verify(t.Context(), broken, info.Hash); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
}
