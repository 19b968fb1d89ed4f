package seal_test

import (
	"bytes"
	"testing"

	"chartlake/fault"
	"chartlake/store/seal"
)

// A value opens in its own place only, is the same bytes there each time, and shows nothing,
// not even its length.
func TestValues(t *testing.T) {
	t.Parallel()
	k, other := load(t, t.TempDir(), true), load(t, t.TempDir(), true)
	for _, plain := range []string{"", "a", "fifteen charact", "sixteen characte", "seventeen charact", string(make([]byte, 40)), "\x80\x00\x80"} {
		sealed := k.SealValue(3, 7, []byte(plain))
		got, err := k.OpenValue(3, 7, sealed)
		if err != nil || string(got) != plain {
			t.Errorf("%q opens as %q, %v", plain, got, err)
		}
		if !bytes.Equal(sealed, k.SealValue(3, 7, []byte(plain))) {
			t.Errorf("%q is sealed otherwise the second time", plain)
		}
		if len(sealed)%16 != 12 || plain != "" && bytes.Contains(sealed, []byte(plain)) {
			t.Errorf("%q is sealed as %x", plain, sealed)
		}
		for name, elsewhere := range map[string][]byte{"parameter": k.SealValue(4, 7, []byte(plain)), "resource": k.SealValue(3, 8, []byte(plain)), "key": other.SealValue(3, 7, []byte(plain))} {
			if _, err := k.OpenValue(3, 7, elsewhere); !fault.Is(err, fault.Corrupt) {
				t.Errorf("what another %s has opens: %v", name, err)
			}
			if bytes.Equal(elsewhere[:12], sealed[:12]) || bytes.Equal(elsewhere[12:], sealed[12:]) {
				t.Errorf("under another %s a value is the same", name)
			}
		}
		for i := range sealed {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1
			if _, err := k.OpenValue(3, 7, changed); !fault.Is(err, fault.Corrupt) {
				t.Errorf("byte %d changed: %v", i, err)
			}
		}
		if _, err := k.OpenValue(3, 7, sealed[:len(sealed)-1]); !fault.Is(err, fault.Corrupt) {
			t.Errorf("a byte less: %v", err)
		}
	}
	h, more := k.Wide('b', "x")
	if h2, more2 := k.Wide('b', "x"); h != h2 || more != more2 || h != k.Hash('b', "x") {
		t.Error("a wide hash is another the second time")
	}
	if h2, more2 := k.Wide('e', "x"); h == h2 || more == more2 {
		t.Error("a wide hash does not heed its domain")
	}
}

func FuzzOpenValue(f *testing.F) {
	k, err := seal.Load(f.TempDir(), true)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(k.SealValue(1, 1, []byte("x")))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		plain, err := k.OpenValue(1, 1, sealed)
		if err != nil && !fault.Is(err, fault.Corrupt) {
			t.Errorf("an error of another kind: %v", err)
		}
		if err == nil && !bytes.Equal(k.SealValue(1, 1, plain), sealed) {
			t.Error("what was not sealed here opens")
		}
	})
}
