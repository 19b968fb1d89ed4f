package console

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"

	"chartlake/fault"
)

// dist is the built pages with manifest.json, the hashes of the sources that they were built
// from. `npm ci && npm run build` in console/web makes it; a test compares the hashes.
//
//go:embed dist
var dist embed.FS

// pages serves the bundle. A place inside the pages gets index.html; what is neither that nor a file is
// a 404, so that a stale script never is HTML, and a wrong address says so.
func pages() http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is embedded above
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if screen(name) {
			name = "index.html"
		}
		body, err := fs.ReadFile(files, name)
		if err != nil || name == "manifest.json" {
			fail(w, fault.New(fault.NotFound, "not_found", "no such page"))
			return
		}
		// Files under assets carry a hash of their content in their name and hold no patient data.
		if strings.HasPrefix(name, "assets/") {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		w.Header().Set("Content-Type", mediaType(name))
		w.Write(body)
	})
}

// screens are the places inside the pages (Screen in web/src/app.tsx), ofOne those of a document or a
// patient.
var (
	screens = []string{"", "search", "work", "board", "quality", "operations"}
	ofOne   = []string{"d", "p"}
)

// screen reports whether a path is a place inside the pages.
func screen(name string) bool {
	top, id, deep := strings.Cut(name, "/")
	if deep {
		return slices.Contains(ofOne, top) && id != "" && !strings.Contains(id, "/")
	}
	return slices.Contains(screens, top)
}

// mediaType is by name; the table of the machine is not asked for the kinds that we have.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}
