//go:build !linux

package pdf

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	ChildMain(os.Args)
	code := m.Run()
	shared().Close()
	os.Exit(code)
}
