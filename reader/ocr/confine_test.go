package ocr

import (
	"chartlake/fault"
	"testing"
)

// engine opens the recogniser or skips the test.
func engine(t testing.TB) *Engine {
	t.Helper()
	e, err := Open(Config{})
	if fault.Is(err, fault.Unavailable) {
		t.Skip("tesseract 5 with English is not installed")
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestProbe(t *testing.T) {
	e := engine(t)
	t.Log(e.Confinement(), e.Version(), e.wall)
}
