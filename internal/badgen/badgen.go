// Package badgen makes damaged and hostile files, the same ones for the same seed: PDFs that
// lie, loop and swell, pictures that claim to be vast, files that are something else, and
// mutants of good files. It is for tests of everything that takes files from outside, and is
// not for production. Nothing in a file does harm where it is read as it should be: programs
// in it are words, and addresses point nowhere.
package badgen

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// File is one file. Class is the kind of damage: pdf, image or any, and what is wrong.
type File struct {
	Class string
	Name  string // as it might be uploaded
	Data  []byte
}

// Original is a good file to mutate.
type Original struct {
	Name string
	Data []byte
}

// kind makes a file of a kind of damage; scale 0, 1 or 2 is how far it goes.
type kind struct {
	class string
	make  func(r *rand.Rand, scale int) []byte
}

// kinds lists all of them, PDFs, pictures and others.
func kinds() []kind {
	return append(append(pdfKinds(), imageKinds()...), anyKinds()...)
}

// Classes lists the kinds of damage, mutants aside.
func Classes() []string {
	var out []string
	for _, k := range kinds() {
		out = append(out, k.class)
	}
	return out
}

// scales is how many sizes each kind has.
const scales = 3

// Make makes file i of a seed. The first files are every kind in its smallest size, then in
// the next, so that a small number already has all of them; from then on one file in four is
// of a kind, and the others are mutants of the originals.
func Make(seed uint64, i int, originals []Original) File {
	r := rand.New(rand.NewPCG(seed, uint64(i)))
	all := kinds()
	switch {
	case i < scales*len(all):
		return make1(all[i%len(all)], i/len(all), r, i)
	case r.IntN(4) == 0 || len(originals) == 0:
		return make1(all[r.IntN(len(all))], r.IntN(scales), r, i)
	}
	o := originals[r.IntN(len(originals))]
	data, how := mutate(o.Data, originals[r.IntN(len(originals))].Data, r)
	return File{"mutant/" + ending(o.Name) + "/" + how, fmt.Sprintf("mutant-%d.%s", i, ending(o.Name)), data}
}

func make1(k kind, scale int, r *rand.Rand, i int) File {
	name := fmt.Sprintf("%s-%d-%d", strings.ReplaceAll(k.class, "/", "-"), scale, i)
	if k.class == "any/name" {
		name = badNames[r.IntN(len(badNames))]
	}
	return File{k.class, name, k.make(r, scale)}
}

func ending(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// badNames are names that file systems, headers and people stumble over.
var badNames = []string{
	"../../../../etc/passwd", "a\x00.pdf", "fdp.\u202Efdp", strings.Repeat("n", 4096) + ".pdf", "CON.pdf", "a\r\nSet-Cookie: x=1.pdf",
	"\xff\xfe\xfd.pdf", "<script>alert(1)</script>.pdf", "'; DROP TABLE documents; --.pdf", "$(touch x).pdf", " .pdf ", "",
}
