package kms

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chartlake/aws/awstest"
	"chartlake/envelope"
	"chartlake/envelope/envelopetest"
	"chartlake/fault"
)

const name = "alias/chartlake"

func sealer(t *testing.T, local *awstest.KMS, plan func(int) awstest.Ill) (*Sealer, *awstest.Proxy) {
	t.Helper()
	p := awstest.New(t, local, awstest.JSON, plan)
	return New(awstest.Config(t, p.URL), name), p
}

func open(t *testing.T, place string, fresh bool, s envelope.Sealer) *envelope.KeyFile {
	t.Helper()
	k, err := envelope.OpenSealedKeyFile(filepath.Join(place, "store.key"), fresh, s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestPasses: a key file that KMS seals does what every wrapper does, also through illness.
func TestPasses(t *testing.T) {
	t.Parallel()
	for what, plan := range map[string]func(int) awstest.Ill{"well": nil, "ill": awstest.Mixed(12, 9)} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s, _ := sealer(t, &awstest.KMS{Key: name}, plan)
			envelopetest.Wrapper(t, func(t *testing.T, place string) envelope.Wrapper { return open(t, place, true, s) })
		})
	}
}

// TestOncePerKey: KMS is asked when a file is opened and when a key is made, and never again.
func TestOncePerKey(t *testing.T) {
	t.Parallel()
	local := &awstest.KMS{Key: name}
	s, p := sealer(t, local, nil)
	dir := t.TempDir()
	k := open(t, dir, true, s)
	made := p.Count()
	about := []byte("x")
	for range 1000 {
		w, err := k.Wrap(&envelope.Key{7}, about)
		if err == nil {
			_, err = k.Unwrap(&w, about)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if made > 2 || p.Count() != made {
		t.Errorf("asked %d times to make a key, %d in all", made, p.Count())
	}
	old, err := k.Wrap(&envelope.Key{7}, about)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Rotate(time.Now()); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, false, s)
	before := p.Count()
	if got, err := again.Unwrap(&old, about); err != nil || got != (envelope.Key{7}) || p.Count() != before {
		t.Errorf("%v, asked %d times", err, p.Count()-before)
	}
	text, err := os.ReadFile(filepath.Join(dir, "store.key"))
	if err != nil || strings.Count(string(text), "sealed:") != 2 || strings.Contains(string(text), "0700000000") {
		t.Errorf("%v: %s", err, text)
	}
}

// TestRefused: without the key, with another, or with a changed file nothing opens, and the fault
// says why.
func TestRefused(t *testing.T) {
	t.Parallel()
	local := &awstest.KMS{Key: name}
	s, p := sealer(t, local, nil)
	dir := t.TempDir()
	open(t, dir, true, s)
	path := filepath.Join(dir, "store.key")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what, code string, s envelope.Sealer) {
		t.Helper()
		_, err := envelope.OpenSealedKeyFile(path, false, s)
		if f := fault.As(err); f == nil || f.Code != code || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v, want %s", what, err, code)
		}
	}
	try("no sealer", "store_key_sealed", nil)
	try("another key", "aws_not_found", New(awstest.Config(t, p.URL), "alias/other"))
	for what, change := range map[string][2]string{"another number": {"\n1 ", "\n2 "}, "no base64": {"sealed:", "sealed:*"}} {
		if err := os.WriteFile(path, bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		code := "aws_ciphertext"
		if what == "no base64" {
			code = "store_key"
		}
		try(what, code, s)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	local.Denied = true
	try("not allowed", "aws_denied", s)
	local.Denied = false
	down, proxy := sealer(t, local, awstest.Every(1, awstest.Fail))
	try("down", "aws_unavailable", down)
	if proxy.Count() != awstest.Tries {
		t.Errorf("asked %d times", proxy.Count())
	}
	open(t, dir, false, s)
}

// TestFromPlain: a file of before opens with a sealer, and is sealed by the next rotation.
func TestFromPlain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain := open(t, dir, true, nil)
	w, err := plain.Wrap(&envelope.Key{5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := sealer(t, &awstest.KMS{Key: name}, nil)
	k := open(t, dir, false, s)
	if _, err := k.Rotate(time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir, false, s).Retire(99); err != nil {
		t.Fatal(err)
	}
	if got, err := open(t, dir, false, s).Unwrap(&w, nil); err != nil || got != (envelope.Key{5}) {
		t.Errorf("%v", err)
	}
	text, _ := os.ReadFile(filepath.Join(dir, "store.key"))
	if strings.Count(string(text), "sealed:") != 2 {
		t.Errorf("%s", text)
	}
}
