package reader

import (
	"fmt"
	"strings"
	"unicode"

	"chartlake/document"
	"chartlake/reader/pdf"
)

// verdict is what becomes of a PDF page's text layer, with the reasons in words.
type verdict struct {
	source  document.Source
	verify  bool // the layer is a reading of a picture: compare it with the picture first
	blank   bool // the page has no content at all
	reasons []string
}

func (v verdict) because(format string, args ...any) verdict {
	v.reasons = append(v.reasons, fmt.Sprintf(format, args...))
	return v
}

// Thresholds of the judgement. Measured on born-digital and scanned public PDFs: good layers
// have under 1 % unknown characters and over 85 % plausible words, layers of fonts without
// encodings over 30 % and under 40 %.
const (
	unknownMax   = 0.05
	plausibleMin = 0.6
	judgedWords  = 10   // fewer say nothing about the layer
	littleText   = 200  // characters; a fax header or a stamp on a scanned page has fewer
	pictured     = 0.3  // share of the page under pictures from which little text is not all
	scanned      = 0.65 // share from which the page counts as one scan
	outlines     = 30   // paths from which a page without letters may be drawn letters
)

// judge decides from a page's content whether its text layer can be used.
func judge(p *pdf.Page) verdict {
	words := make([]document.Word, 0, len(p.Words))
	for _, w := range p.Words {
		words = append(words, w.Word)
	}
	covered := coverage(p.Images)
	unknown := share(p.Chars.Unknown, p.Chars.All)
	good, judged := plausible(words)
	v := verdict{source: document.SourceOCR}
	switch {
	case p.Truncated && p.Chars.All == 0 && len(words) == 0:
		return v.because("the text layer is larger than a page can be")
	case p.Chars.All == 0 && covered == 0 && p.Paths < outlines:
		v.source, v.blank = document.SourceText, len(words) == 0 && p.Paths == 0
		return v.because("no pictures on the page")
	case p.Chars.All == 0:
		return v.because("no text layer; pictures cover %.0f %% of the page, %d paths are drawn", 100*covered, p.Paths)
	case unknown > unknownMax:
		return v.because("%.0f %% of the text layer's characters have no known meaning", 100*unknown)
	case judged >= judgedWords && share(good, judged) < plausibleMin:
		return v.because("only %.0f %% of the text layer's words are plausible", 100*share(good, judged))
	case covered >= pictured && p.Chars.All < littleText:
		return v.because("little text (%d characters) beside pictures that cover %.0f %% of the page", p.Chars.All, 100*covered)
	}
	v.source = document.SourceText
	if judged > 0 {
		v = v.because("%.0f %% of the text layer's words are plausible", 100*share(good, judged))
	}
	if covered >= scanned {
		v.verify = true
		v = v.because("a picture covers %.0f %% of the page, %.0f %% of the text is invisible", 100*covered,
			100*share(p.Chars.Hidden, p.Chars.All))
	}
	return v
}

func share(part, all int) float64 {
	if all == 0 {
		return 0
	}
	return float64(part) / float64(all)
}

// coverage is the share of the page under pictures, which may overlap or be strips of one scan.
func coverage(images []pdf.Image) float64 {
	const grid = 64
	var cell [grid][grid]bool
	n := 0
	for _, i := range images {
		b := i.Box
		for y := int(b.Y*grid + 0.5); y < min(grid, int((b.Y+b.H)*grid+0.5)); y++ {
			for x := int(b.X*grid + 0.5); x < min(grid, int((b.X+b.W)*grid+0.5)); x++ {
				if !cell[y][x] {
					cell[y][x] = true
					n++
				}
			}
		}
	}
	return float64(n) / (grid * grid)
}

// plausible counts words that look like language, numbers or codes, and how many were judged.
func plausible(words []document.Word) (good, judged int) {
	for _, w := range words {
		t := strings.TrimFunc(w.Text, unicode.IsPunct)
		if len([]rune(t)) < 2 {
			continue
		}
		judged++
		if plausibleWord(t) {
			good++
		}
	}
	return good, judged
}

// plausibleWord: digits with little else; or letters of one script in one case pattern, with a
// vowel where they are many, and no letter four times in a row.
func plausibleWord(t string) bool {
	var letters, digits, other, vowels, turns, same int
	var last rune
	latin := true
	for i, r := range t {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			letters++
			if !unicode.Is(unicode.Latin, r) {
				latin = false
			}
			if strings.ContainsRune("aeiouyäöüáéíóúàèìòùâêîôûãõåæøœAEIOUYÄÖÜÁÉÍÓÚÀÈÌÒÙÂÊÎÔÛÃÕÅÆØŒ", r) {
				vowels++
			}
			if i > 0 && unicode.IsUpper(r) && unicode.IsLower(last) {
				turns++
			}
		default:
			other++
		}
		if r == last {
			same++
		} else {
			same = 0
		}
		if same >= 3 && unicode.IsLetter(r) {
			return false
		}
		last = r
	}
	switch {
	case other > (letters+digits)/2+1 || letters > 30:
		return false
	case digits > 0: // numbers, dates, codes, units
		return true
	case !latin:
		return true
	case letters <= 5: // abbreviations need no vowel
		return turns <= 1
	}
	return vowels*8 >= letters && turns <= 2
}
