package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBundleIsBuiltFromItsSources compares the committed bundle's manifest with the sources
// beside it. `npm ci && npm run build` in console/web makes both agree.
func TestBundleIsBuiltFromItsSources(t *testing.T) {
	t.Parallel()
	body, err := fs.ReadFile(dist, "dist/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	built := map[string]string{}
	if err := json.Unmarshal(body, &built); err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	err = filepath.WalkDir("web", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "node_modules" || d.Name() == ".vite" {
				return filepath.SkipDir
			}
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		sources[filepath.ToSlash(strings.TrimPrefix(path, "web"+string(filepath.Separator)))] = hex.EncodeToString(sum[:])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sources, built); diff != "" {
		t.Errorf("the bundle is not built from the sources (run `make console`):\n%s", diff)
	}
}

// The server knows every place that the pages know.
func TestScreensAreThoseOfThePages(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("web/src/app.tsx")
	if err != nil {
		t.Fatal(err)
	}
	kinds := []string{""}
	for _, m := range regexp.MustCompile(`kind === "([^"]*)"`).FindAllSubmatch(source, -1) {
		kinds = append(kinds, string(m[1]))
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(kinds)), slices.Sorted(slices.Values(slices.Concat(screens, ofOne)))); diff != "" {
		t.Error(diff)
	}
}

// TestBundleStaysSmallAndAtHome bounds what a first visit loads and proves that the bundle
// names no address to load anything from.
func TestBundleStaysSmallAndAtHome(t *testing.T) {
	t.Parallel()
	const most = 300 << 10
	total := 0
	err := fs.WalkDir(dist, "dist", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "manifest.json") {
			return err
		}
		data, err := fs.ReadFile(dist, path)
		if err != nil {
			return err
		}
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		z.Write(data)
		z.Close()
		total += packed.Len()
		for _, outside := range []string{"url(http", "@import", "src=\"http", "href=\"http", "//cdn."} {
			if strings.Contains(string(data), outside) {
				t.Errorf("%s loads something from elsewhere: it has %q", path, outside)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("bundle: %d bytes gzipped", total)
	if total > most {
		t.Errorf("the bundle is %d bytes gzipped; at most %d", total, most)
	}
}

// TestNoMarkupFromText keeps the one way out of React's escaping closed in our sources.
func TestNoMarkupFromText(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("web/src/*.ts*")
	if err != nil || len(files) == 0 {
		t.Fatal("no sources", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range []string{"dangerouslySetInnerHTML", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "srcdoc", "new Function"} {
			if strings.Contains(string(data), way) {
				t.Errorf("%s uses %s", file, way)
			}
		}
	}
}
