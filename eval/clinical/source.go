package clinical

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"unicode/utf8"

	"chartlake/fault"
	"chartlake/record"
)

// Limits of what is read: the public sets have a few megabytes.
const (
	filesMax = 100_000
	fileMax  = 64 << 20  // bytes of one file
	setMax   = 512 << 20 // bytes of one archive, unpacked
)

// Load reads a file, an archive, or a folder: there every archive and every sub-folder is a
// set of its own, and so are the files that lie loose. Sets without a known format are left
// out; with none at all the fault is no_gold.
func Load(path string) ([]Set, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fault.New(fault.NotFound, "not_found", "there is no such file or folder")
	}
	var out []Set
	add := func(name string, files map[string]string) error {
		sets, err := read(name, files)
		out = append(out, sets...)
		return err
	}
	name := filepath.Base(path)
	switch {
	case info.IsDir():
		err = folder(path, add)
	case archive(name):
		err = unpack(path, add)
	default:
		files := map[string]string{}
		if err = slurp(files, path, name); err == nil {
			if ann, ok := strings.CutSuffix(path, ".ann"); ok {
				err = slurp(files, ann+".txt", strings.TrimSuffix(name, ".ann")+".txt")
			}
		}
		if err == nil {
			err = add(name, files)
		}
	}
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid, "no_gold", "nothing there is in a known format: brat standoff (.ann and .txt), IOB columns, a NegEx table, or JSON")
	}
	return out, nil
}

func archive(name string) bool {
	return strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".tar.gz")
}

// folder reads the sets of a folder.
func folder(path string, add func(string, map[string]string) error) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return unreadable(err)
	}
	loose := map[string]string{}
	for _, en := range entries {
		full := filepath.Join(path, en.Name())
		switch {
		case en.IsDir():
			files := map[string]string{}
			if err := tree(full, files); err != nil {
				return err
			}
			err = add(en.Name(), files)
		case archive(en.Name()):
			err = unpack(full, add)
		case known(en.Name()):
			err = slurp(loose, full, en.Name())
		}
		if err != nil {
			return err
		}
	}
	return add(filepath.Base(path), loose)
}

func tree(path string, files map[string]string) error {
	return filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return unreadable(err)
		}
		if !d.Type().IsRegular() || !known(d.Name()) {
			return nil
		}
		rel, err := filepath.Rel(path, p)
		if err != nil {
			return err
		}
		return slurp(files, p, filepath.ToSlash(rel))
	})
}

// known reports a name that may hold gold.
func known(name string) bool {
	switch filepath.Ext(name) {
	case ".ann", ".txt", ".tsv", ".iob", ".conll", ".json", ".jsonl":
		return true
	}
	return false
}

func slurp(files map[string]string, path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return unreadable(err)
	}
	defer f.Close()
	return keep(files, name, f)
}

func keep(files map[string]string, name string, r io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(r, fileMax+1))
	if err != nil {
		return unreadable(err)
	}
	if len(data) > fileMax || len(files) >= filesMax {
		return fault.New(fault.TooLarge, "too_large", "a set has more files or bytes than are read")
	}
	if utf8.Valid(data) {
		files[name] = string(data)
	}
	return nil
}

// unpack reads a gzipped tar as one set.
func unpack(path string, add func(string, map[string]string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return unreadable(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fault.New(fault.Invalid, "bad_archive", "the archive cannot be read")
	}
	files := map[string]string{}
	for t := tar.NewReader(io.LimitReader(z, setMax)); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fault.New(fault.Invalid, "bad_archive", "the archive cannot be read")
		}
		if h.Typeflag != tar.TypeReg || !known(h.Name) {
			continue
		}
		if err := keep(files, h.Name, t); err != nil {
			return err
		}
	}
	return add(filepath.Base(path), files)
}

func unreadable(err error) error {
	e := fault.New(fault.NotFound, "not_readable", "a file cannot be read")
	e.Err = err
	return e
}

// read makes the sets of some files by their format; one set per format.
func read(name string, files map[string]string) ([]Set, error) {
	sets := map[string]*Set{}
	set := func(format string) *Set {
		if sets[format] == nil {
			sets[format] = &Set{Name: name, Format: format, Types: map[record.EntityType]bool{}}
		}
		return sets[format]
	}
	for _, n := range sorted(files) {
		if err := one(n, files, set); err != nil {
			return nil, err
		}
	}
	var out []Set
	for _, format := range sorted(sets) {
		s := sets[format]
		for _, t := range s.Texts {
			for _, m := range t.Mentions {
				if m.Type != "" {
					s.Types[m.Type] = true
				}
			}
		}
		if len(s.Texts)+len(s.Sigs) > 0 {
			out = append(out, *s)
		}
	}
	return out, nil
}

// one reads a file into the set of its format; what is in none is left out.
func one(name string, files map[string]string, set func(string) *Set) error {
	data := files[name]
	first, _, _ := strings.Cut(data, "\n")
	switch ext := filepath.Ext(name); {
	case ext == ".ann":
		text, ok := files[strings.TrimSuffix(name, ext)+".txt"]
		if !ok {
			return fault.New(fault.Invalid, "no_text", "a standoff file has no text file beside it")
		}
		t, err := parseBrat(name, text, data)
		if err != nil {
			return err
		}
		s := set("brat")
		s.Texts = append(s.Texts, t)
	case ext == ".json" || ext == ".jsonl":
		return parseJSON(name, data, set)
	case ext == ".tsv" && coded(data, files):
		s := set("codes")
		s.Partial, s.Texts = true, append(s.Texts, parseCodes(data, files)...)
	case strings.HasPrefix(first, "line number\t") || strings.HasPrefix(first, "number\tconcept\t"):
		texts, lost, err := parseConcepts(name, data)
		if err != nil {
			return err
		}
		s := set("concepts")
		s.Partial, s.Lost, s.Texts = true, s.Lost+lost, append(s.Texts, texts...)
	case ext != ".txt" && iob(data):
		texts, err := parseIOB(name, data)
		if err != nil {
			return err
		}
		s := set("iob")
		s.Texts = append(s.Texts, texts...)
	}
	return nil
}

// iob reports that the first line with words ends in an IOB tag.
func iob(data string) bool {
	for _, line := range strings.SplitN(data, "\n", 10) {
		if f := strings.Fields(line); len(f) > 1 && f[0] != "-DOCSTART-" {
			tag := f[len(f)-1]
			return tag == "O" || strings.HasPrefix(tag, "B-") || strings.HasPrefix(tag, "I-")
		}
	}
	return false
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
