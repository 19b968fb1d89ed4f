package ocr

import (
	"bytes"
	"strconv"
	"strings"
)

// reading is one word of the recogniser's answer, in pixels of its picture.
type reading struct {
	picture    int // from 0
	x, y, w, h int
	confidence float64 // 0..1
	text       string
}

// parse reads tesseract's TSV. Lines that are not words, and lines that are broken, are passed
// over: the answer comes from a process that read untrusted pixels.
func parse(out []byte, pictures int) []reading {
	var words []reading
	for len(out) > 0 {
		var line []byte
		line, out, _ = bytes.Cut(out, []byte("\n"))
		cell := strings.SplitN(string(bytes.TrimRight(line, "\r")), "\t", 12)
		if len(cell) != 12 || cell[0] != "5" {
			continue
		}
		var n [5]int
		good := true
		for i, c := range []int{1, 6, 7, 8, 9} {
			v, err := strconv.Atoi(cell[c])
			n[i], good = v, good && err == nil && v >= 0 && v < 1<<24
		}
		confidence, err := strconv.ParseFloat(cell[10], 64)
		text := strings.ToValidUTF8(strings.TrimSpace(cell[11]), "")
		if !good || err != nil || !(confidence >= 0) || text == "" || n[0] < 1 || n[0] > pictures {
			continue
		}
		words = append(words, reading{n[0] - 1, n[1], n[2], n[3], n[4], min(confidence/100, 1), text})
	}
	return words
}
