package audit

import (
	"bytes"
	"testing"
)

// FuzzUnpack reads anything as a row: no panic, no room beyond what the bytes can hold, and
// what is read packs to what reads the same.
func FuzzUnpack(f *testing.F) {
	for _, e := range samples() {
		f.Add(Pack(&e))
	}
	f.Add([]byte{form1, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		var e, again Event
		if Unpack(b, &e) != nil {
			return
		}
		packed := Pack(&e)
		if err := Unpack(packed, &again); err != nil {
			t.Fatalf("%x packs to %x, which cannot be read: %v", b, packed, err)
		}
		if !bytes.Equal(Pack(&again), packed) {
			t.Fatalf("%x: packing is not stable", b)
		}
	})
}

// FuzzMarks reads anything as a file of marks.
func FuzzMarks(f *testing.F) {
	s := NewSigner(bytes.Repeat([]byte{7}, 32), []byte("store"))
	note := s.Sign(Mark{Seq: 3, Head: []byte("0123456789abcdef")})
	f.Add([]byte(note + "\n" + note))
	f.Add([]byte("\n\n— \n\n— "))
	f.Fuzz(func(t *testing.T, b []byte) {
		marks, _, err := s.Marks(b)
		if err == nil && len(marks) > 0 && !bytes.Contains(b, []byte(note[:20])) {
			t.Errorf("a mark of %q", b)
		}
	})
}
