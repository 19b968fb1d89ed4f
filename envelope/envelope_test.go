package envelope_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"chartlake/envelope"
	"chartlake/envelope/envelopetest"
	"chartlake/fault"
)

func keyFile(t testing.TB, place string) *envelope.KeyFile {
	t.Helper()
	k, err := envelope.OpenKeyFile(filepath.Join(place, "store.key"), true)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func shelf(t testing.TB, place string) *envelope.File {
	t.Helper()
	s, err := envelope.OpenFile(filepath.Join(place, "data.keys"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func vault(t testing.TB, place string) *envelope.Vault {
	t.Helper()
	v, err := envelope.NewVault(keyFile(t, place), shelf(t, place), nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newKey(t testing.TB, v *envelope.Vault) int64 {
	t.Helper()
	id, err := v.New()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	envelopetest.Wrapper(t, func(t *testing.T, place string) envelope.Wrapper { return keyFile(t, place) })
}

func TestFile(t *testing.T) {
	t.Parallel()
	envelopetest.Shelf(t, func(t *testing.T, place string) envelope.Shelf { return shelf(t, place) })
}

func code(err error) string {
	if f := fault.As(err); f != nil {
		return f.Code
	}
	return ""
}

func TestKeyFileRefuses(t *testing.T) {
	t.Parallel()
	line := "1 2026-01-02T03:04:05Z " + strings.Repeat("ab", 32) + "\n"
	head := "chartlake master keys\n"
	for text, want := range map[string]string{
		"":                                    "store_key",
		"00":                                  "store_key",
		strings.Repeat("ab", 33):              "store_key",
		strings.Repeat("xy", 32):              "store_key",
		head:                                  "store_key",
		head + line + line:                    "store_key",
		head + "0" + line[1:]:                 "store_key",
		head + line[:len(line)-3]:             "store_key",
		head + "1 yesterday" + line[22:]:      "store_key",
		"another head\n" + line:               "store_key",
		strings.Repeat("a", 1<<20):            "store_key",
		head + line:                           "",
		head + line + "7" + line[1:]:          "",
		strings.Repeat("ab", 32) + "\n":       "",
		head + "99999999999999999" + line[1:]: "store_key",
	} {
		path := filepath.Join(t.TempDir(), "store.key")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := envelope.OpenKeyFile(path, true); code(err) != want {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := envelope.OpenKeyFile(path, true); code(err) != "store_key_mode" {
			t.Errorf("%.40q, readable by others: %v", text, err)
		}
	}
	if _, err := envelope.OpenKeyFile(filepath.Join(t.TempDir(), "store.key"), false); code(err) != "store_key_missing" {
		t.Errorf("no file: %v", err)
	}
}

// A key file of one line becomes one of the new form by the first rotation, and the secret that
// was in it stays readable.
func TestLegacyKeyFile(t *testing.T) {
	t.Parallel()
	place := t.TempDir()
	secret := envelope.Key{9, 8, 7}
	path := filepath.Join(place, "store.key")
	if err := os.WriteFile(path, []byte(hex.EncodeToString(secret[:])+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	k := keyFile(t, place)
	if k.Legacy() == nil || *k.Legacy() != secret {
		t.Fatal("the secret is not given")
	}
	v, err := envelope.NewVault(k, shelf(t, place), k.Legacy())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := v.Secret(envelope.Store); err != nil || got != secret {
			t.Fatalf("%v, %v", got, err)
		}
		if _, err := v.Rotate(t.Context(), time.Now(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if text, _ := os.ReadFile(path); strings.Contains(string(text), hex.EncodeToString(secret[:])) {
		t.Error("the secret is still in the file")
	}
}

func TestVaultSeals(t *testing.T) {
	t.Parallel()
	place := t.TempDir()
	v := vault(t, place)
	a, b := newKey(t, v), newKey(t, v)
	text, about := []byte("Maria Example"), []byte("Patient/1/1")
	sealed, err := v.Seal(nil, a, text, about)
	if err != nil || bytes.Contains(sealed, []byte("Maria")) || len(sealed) != len(text)+envelope.Overhead {
		t.Fatalf("%x, %v", sealed, err)
	}
	again := vault(t, place) // another process
	for _, v := range []*envelope.Vault{v, again} {
		if got, err := v.Open(nil, a, sealed, about); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := v.Open(nil, b, sealed, about); code(err) != "sealed_damaged" {
			t.Errorf("another key: %v", err)
		}
		if _, err := v.Open(nil, a, sealed, []byte("Patient/1/2")); code(err) != "sealed_damaged" {
			t.Errorf("another place: %v", err)
		}
		for _, cut := range [][]byte{nil, sealed[:10], sealed[:len(sealed)-1]} {
			if _, err := v.Open(nil, a, cut, about); code(err) != "sealed_damaged" {
				t.Errorf("cut: %v", err)
			}
		}
	}
	if err := v.Destroy([]int64{a}); err != nil {
		t.Fatal(err)
	}
	for _, v := range []*envelope.Vault{v, vault(t, place)} {
		if _, err := v.Open(nil, a, sealed, about); code(err) != "key_destroyed" {
			t.Errorf("a destroyed key: %v", err)
		}
	}
	if err := v.Destroy([]int64{envelope.Store}); code(err) != "key_needed" {
		t.Errorf("the store's own key: %v", err)
	}
	if c := newKey(t, again); c == a || c == b {
		t.Error("a key is given to two")
	}
}

// A rotation that is cut at any point goes on; nothing is unreadable in between, also not for
// another process, and the old master key is refused afterwards.
func TestRotationIsResumed(t *testing.T) {
	t.Parallel()
	place := t.TempDir()
	keys := keyFile(t, place)
	v, err := envelope.NewVault(keys, shelf(t, place), nil)
	if err != nil {
		t.Fatal(err)
	}
	id := newKey(t, v)
	sealed, err := v.Seal(nil, id, []byte("text"), nil)
	if err != nil {
		t.Fatal(err)
	}
	readable := func(when string) {
		t.Helper()
		if got, err := vault(t, place).Open(nil, id, sealed, nil); err != nil || string(got) != "text" {
			t.Errorf("%s: %q, %v", when, got, err)
		}
	}
	old, err := os.ReadFile(filepath.Join(place, "store.key"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Rotate(time.Now()); err != nil { // killed after the new master key was made
		t.Fatal(err)
	}
	readable("cut before the first key")
	count, err := v.Count()
	if err != nil || count[1] == 0 || count[2] != 0 {
		t.Fatalf("%v, %v", count, err)
	}
	other := vault(t, place)
	current, err := other.Rotate(t.Context(), time.Now(), nil)
	if err != nil || current != 2 {
		t.Fatalf("a cut rotation was not gone on with: %d, %v", current, err)
	}
	readable("after")
	if count, err = v.Count(); err != nil || count[1] != 0 {
		t.Errorf("%v, %v", count, err)
	}
	if got, err := v.Open(nil, id, sealed, nil); err != nil || string(got) != "text" {
		t.Errorf("the process that was open all the time: %q, %v", got, err)
	}
	// The old file opens nothing any more.
	if err := os.WriteFile(filepath.Join(place, "store.key"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vault(t, place).Open(nil, id, sealed, nil); code(err) != "master_key_missing" {
		t.Errorf("the old master key: %v", err)
	}
}

func stream(t testing.TB, v *envelope.Vault, id int64, text, about []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := envelope.NewStream(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	head, err := w.Head(v, id, about)
	if err != nil {
		t.Fatal(err)
	}
	copy(out.Bytes(), head)
	return out.Bytes()
}

func TestStream(t *testing.T) {
	t.Parallel()
	v := vault(t, t.TempDir())
	id := newKey(t, v)
	const piece = 64 << 10
	for _, size := range []int{0, 1, piece - 1, piece, piece + 1, 3*piece + 5} {
		text := bytes.Repeat([]byte("0123456789abc"), size/13+1)[:size]
		sealed := stream(t, v, id, text, []byte("hash"))
		r, err := v.OpenStream(bytes.NewReader(sealed), []byte("hash"))
		if err != nil || r.Size() != int64(size) {
			t.Fatalf("%d: %v", size, err)
		}
		if err := iotest.TestReader(io.NewSectionReader(r, 0, r.Size()), text); err != nil {
			t.Errorf("%d: %v", size, err)
		}
		if _, err := v.OpenStream(bytes.NewReader(sealed), []byte("other")); code(err) != "sealed_damaged" {
			t.Errorf("%d, another place: %v", size, err)
		}
		if n := envelope.StreamText(int64(len(sealed))); n != int64(size) {
			t.Errorf("%d: the text of %d bytes has %d", size, len(sealed), n)
		}
		if got, ok := envelope.StreamKey(sealed); !ok || got != id {
			t.Errorf("%d: key %d", size, got)
		}
	}
}

// Whatever is changed, cut, repeated or put in another order is noticed.
func TestStreamNoticesEveryChange(t *testing.T) {
	t.Parallel()
	v := vault(t, t.TempDir())
	id := newKey(t, v)
	const piece = 64<<10 + 16
	text := bytes.Repeat([]byte("text "), 40_000)
	sealed := stream(t, v, id, text, nil)
	read := func(b []byte) error {
		r, err := v.OpenStream(bytes.NewReader(b), nil)
		if err != nil {
			return err
		}
		got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
		if err == nil && !bytes.Equal(got, text) {
			t.Error("other bytes came out")
		}
		return err
	}
	for at := 0; at < len(sealed); at += 997 {
		if at > 100 && at < envelope.StreamHead {
			continue // room
		}
		b := bytes.Clone(sealed)
		b[at] ^= 4
		if read(b) == nil {
			t.Errorf("a changed byte at %d", at)
		}
	}
	head := envelope.StreamHead
	swapped := bytes.Clone(sealed)
	copy(swapped[head:], sealed[head+piece:head+2*piece])
	copy(swapped[head+piece:], sealed[head:head+piece])
	for what, b := range map[string][]byte{"cut in a piece": sealed[:len(sealed)-1], "a piece less": sealed[:head+piece], "swapped": swapped, "no head": sealed[:50], "empty": nil} {
		if read(b) == nil {
			t.Errorf("%s: not noticed", what)
		}
	}
}

func FuzzOpenStream(f *testing.F) {
	v := vault(f, f.TempDir())
	id := newKey(f, v)
	f.Add(stream(f, v, id, []byte("text"), nil))
	f.Add([]byte("chartlake sealed 1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := v.OpenStream(bytes.NewReader(b), []byte("elsewhere"))
		if err == nil {
			t.Fatalf("opened %d bytes that were not sealed for this place", r.Size())
		}
	})
}

func FuzzKeyFile(f *testing.F) {
	f.Add("chartlake master keys\n1 2026-01-02T03:04:05Z " + strings.Repeat("ab", 32) + "\n")
	f.Add(strings.Repeat("ab", 32))
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "store.key")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		k, err := envelope.OpenKeyFile(path, false)
		if err != nil {
			return
		}
		if w, err := k.Wrap(&envelope.Key{}, nil); err != nil || w.Master == 0 {
			t.Errorf("%v, %v", w, err)
		}
	})
}

func BenchmarkSeal2KB(b *testing.B) {
	v := vault(b, b.TempDir())
	id, text, about := newKey(b, v), make([]byte, 2048), []byte("Observation/1/1")
	b.SetBytes(2048)
	var buf []byte
	for b.Loop() {
		buf, _ = v.Seal(buf[:0], id, text, about)
	}
}

func BenchmarkRewrap(b *testing.B) {
	v := vault(b, b.TempDir())
	for range 200 {
		for range 64 {
			newKey(b, v)
		}
	}
	n := 0
	for b.Loop() {
		if _, err := v.Rotate(b.Context(), time.Now(), func(int64) {}); err != nil {
			b.Fatal(err)
		}
		n += 200*64 + 2
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "keys/s")
}
