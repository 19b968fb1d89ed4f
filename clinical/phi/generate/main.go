// Command generate makes the word table of package phi from source files:
//
//	go run ./clinical/phi/generate -from DIR -to clinical/phi/data
//
// DIR holds the files that clinical/phi/SOURCES lists; each is checked against its SHA-256 first. The
// words of medicine come from packages terminology and clinical as they are.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"unicode"

	"github.com/klauspost/compress/zstd"

	"chartlake/clinical/phi/wordlist"
	"chartlake/terminology"
)

func main() {
	from := flag.String("from", "", "folder of the source files")
	to := flag.String("to", "clinical/phi/data", "folder to write to")
	sums := flag.String("sources", "clinical/phi/SOURCES", "list of SHA-256 and names")
	flag.Parse()
	if err := generate(*from, *to, *sums); err != nil {
		log.Fatal(err)
	}
}

func generate(from, to, sums string) error {
	sources, err := verified(from, sums)
	if err != nil {
		return err
	}
	words := map[string]wordlist.Flags{}
	for name, flag := range map[string]wordlist.Flags{"dist.all.last": wordlist.Family, "dist.female.first": wordlist.Given, "dist.male.first": wordlist.Given} {
		for _, f := range firstFields(sources[name]) {
			words[strings.ToLower(f)] |= flag
		}
	}
	for _, w := range firstFields(sources["american-english"]) {
		if r := []rune(w); len(r) > 1 && unicode.IsLower(r[0]) && !strings.Contains(w, "'") {
			words[w] |= wordlist.English
		}
	}
	if err := places(words, sources["cities15000.json"], sources["us_counties.json"]); err != nil {
		return err
	}
	if err := medical(words); err != nil {
		return err
	}
	var lines []string
	for w, flags := range words {
		lines = append(lines, fmt.Sprintf("%s\t%d\n", w, flags))
	}
	sort.Strings(lines)
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "words.tsv.zst"), enc.EncodeAll([]byte(strings.Join(lines, "")), nil), 0o644)
}

// verified reads the sources and refuses one whose bytes are not those of the release.
func verified(from, sums string) (map[string][]byte, error) {
	list, err := os.ReadFile(sums)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, line := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		want, name, ok := strings.Cut(line, "  ")
		if !ok {
			continue
		}
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return nil, err
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want {
			return nil, fmt.Errorf("%s: SHA-256 differs from %s", name, sums)
		}
		out[name] = data
	}
	return out, nil
}

// firstFields gives the first word of each line.
func firstFields(data []byte) (out []string) {
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		if f := strings.Fields(s.Text()); len(f) > 0 {
			out = append(out, f[0])
		}
	}
	return out
}

// medical adds the words of diseases, of package terminology, and of drugs, of package clinical.
func medical(words map[string]wordlist.Flags) error {
	problems, err := terminology.Problems()
	if err != nil {
		return err
	}
	drugs, err := os.ReadFile("clinical/data/drugs.txt")
	if err != nil {
		return err
	}
	var all strings.Builder
	all.Write(drugs)
	for _, p := range problems {
		all.WriteString(" " + p.Name)
	}
	for _, w := range strings.FieldsFunc(wordlist.Fold(all.String()), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if len(w) > 2 {
			words[w] |= wordlist.Medical
		}
	}
	return nil
}

// worldCity is from how many people on a city outside of the United States is in the table.
const worldCity = 300_000

// places adds cities and counties, by their whole names.
func places(words map[string]wordlist.Flags, cities, counties []byte) error {
	var city map[string]struct {
		Name       string `json:"name"`
		Country    string `json:"countrycode"`
		Population int    `json:"population"`
	}
	if err := json.Unmarshal(cities, &city); err != nil {
		return err
	}
	for _, c := range city {
		if c.Country == "US" || c.Population >= worldCity {
			words[wordlist.Fold(c.Name)] |= wordlist.Place
		}
	}
	var county []struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(counties, &county); err != nil {
		return err
	}
	for _, c := range county {
		name := wordlist.Fold(c.Name)
		for _, end := range []string{" county", " parish", " borough", " municipio", " census area"} {
			name = strings.TrimSuffix(name, end)
		}
		words[name] |= wordlist.Place
	}
	return nil
}
