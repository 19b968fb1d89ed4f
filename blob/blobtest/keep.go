package blobtest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"chartlake/blob"
	"chartlake/fault"
)

// Keep checks a driver's keeping. open gives a new, empty store; all of them have the same keys.
func Keep(t *testing.T, open func(t *testing.T) blob.Originals) {
	for name, test := range map[string]func(*testing.T, func(t *testing.T) blob.Originals){
		"moved as stored": movedAsStored,
		"set aside":       setAside,
		"nothing plain":   nothingPlain,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

func stored(t *testing.T, s blob.Originals, hash string) []byte {
	t.Helper()
	r, err := s.OpenStored(t.Context(), hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func movedAsStored(t *testing.T, open func(t *testing.T) blob.Originals) {
	from, to := open(t), open(t)
	ctx := t.Context()
	for _, size := range []int{0, 11, 1<<20 + 7} {
		b := bytes.Repeat([]byte("an original "), size/12+1)[:size]
		info := put(t, from, b)
		_, err := to.OpenStored(ctx, info.Hash)
		wantKind(t, err, fault.NotFound)
		lies := stored(t, from, info.Hash)
		refuse := errors.New("no")
		if err := to.PutStored(ctx, info.Hash, bytes.NewReader(lies), func() error { return refuse }); err != refuse {
			t.Errorf("a check that fails: %v", err)
		}
		_, err = to.Stat(ctx, info.Hash)
		wantKind(t, err, fault.NotFound)
		for range 2 {
			if err := to.PutStored(ctx, info.Hash, bytes.NewReader(lies), func() error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(get(t, to, info.Hash), b) || !bytes.Equal(stored(t, to, info.Hash), lies) {
			t.Error("other bytes came back")
		}
		if st, err := to.Stat(ctx, info.Hash); err != nil || st.Size != int64(size) || st.Key != info.Key {
			t.Errorf("stat %+v, %v", st, err)
		}
	}
	wantKind(t, to.PutStored(ctx, "../x", strings.NewReader("x"), func() error { return nil }), fault.Invalid)
	_, err := to.OpenStored(ctx, "../x")
	wantKind(t, err, fault.NotFound)
}

func setAside(t *testing.T, open func(t *testing.T) blob.Originals) {
	s := open(t)
	ctx := t.Context()
	for range 2 {
		info := put(t, s, []byte("an orphan"))
		wantKind(t, s.SetAside(ctx, info.Hash, info.At.Add(-time.Hour)), fault.Conflict)
		get(t, s, info.Hash)
		if err := s.SetAside(ctx, info.Hash, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := s.SetAside(ctx, info.Hash, time.Now().Add(time.Hour)); err != nil {
			t.Errorf("a blob that is gone: %v", err)
		}
		_, err := s.Stat(ctx, info.Hash)
		wantKind(t, err, fault.NotFound)
	}
	err := s.List(ctx, "", func(i blob.Info) error { t.Errorf("listed: %+v", i); return nil })
	if err != nil {
		t.Error(err)
	}
	if err := s.SetAside(ctx, "../x", time.Now()); err != nil {
		t.Error(err)
	}
}

func nothingPlain(t *testing.T, open func(t *testing.T) blob.Originals) {
	s := open(t)
	put(t, s, []byte("as it is kept"))
	if n, err := s.SealPlain(t.Context()); n != 0 || err != nil {
		t.Errorf("sealed %d, %v", n, err)
	}
}
