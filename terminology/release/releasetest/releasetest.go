// Package releasetest imports releases for tests.
package releasetest

import (
	"strings"
	"testing"
	"time"

	"chartlake/terminology/release"
)

// Open imports one release of each system (by the name that release.Find knows) from the text of its file and
// opens them until the test ends.
func Open(t testing.TB, version string, texts map[string]string) map[string]*release.Release {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		system, err := release.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := release.Import(dir, system, []release.Input{{File: strings.NewReader(text), Size: int64(len(text))}}, release.Options{Version: version, Now: time.Unix(0, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	releases, err := release.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, r := range releases {
			r.Close()
		}
	})
	return releases
}
