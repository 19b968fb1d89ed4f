package pdf

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"
)

// text reads the text layer into words.
func (c *content) text() error {
	loaded, err := c.pdfium.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: c.handle})
	if err != nil {
		return err
	}
	text := loaded.TextPage
	defer c.pdfium.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text})
	count, err := c.pdfium.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: text})
	if err != nil || count.Count <= 0 {
		return err
	}
	if count.Count > maxChars {
		c.page.Truncated = true
		return nil // not a text layer that can be trusted
	}
	structured, err := c.pdfium.GetPageTextStructured(&requests.GetPageTextStructured{
		Page: c.handle, Mode: requests.GetPageTextStructuredModeChars})
	if err != nil {
		return err
	}
	s := splitter{content: c}
	for i, char := range structured.Chars {
		s.char(i, char)
	}
	s.end()
	c.page.Rotation = s.direction()
	for _, w := range s.words {
		word, ok, err := c.word(text, w)
		if err != nil {
			return err
		}
		if ok {
			c.page.Words = append(c.page.Words, word)
		}
	}
	return nil
}

// run is a word in the making, in page space.
type run struct {
	first                    int // index of its first character
	chars                    int
	text                     strings.Builder
	left, bottom, right, top float64
	angle                    float64 // radians
	tall                     float64 // height of its tallest character, along its own upright
	unknown                  int
}

// splitter turns characters into words: at blanks and line ends, and where a gap, a step off
// the base line or a turn shows that the next character belongs elsewhere.
type splitter struct {
	*content
	now    *run
	words  []*run
	quarts [4]int // characters by direction on the page: right, down, left, up
	high   rune   // first half of a surrogate pair
}

func (s *splitter) char(i int, char *responses.GetPageTextStructuredChar) {
	r := rune(0)
	for _, v := range char.Text {
		r = v
	}
	if char.Text == "" {
		r = unicode.ReplacementChar
	}
	if utf16.IsSurrogate(r) {
		if s.high == 0 {
			s.high = r
			return
		}
		r, s.high = utf16.DecodeRune(s.high, r), 0
	}
	p := char.PointPosition
	switch {
	case r == 0x02 || r == 0xFFFE: // PDFium's sign for a hyphen at a line's end
		r = '-'
	case unicode.IsSpace(r) || r == 0:
		s.end()
		return
	case ignorable(r):
		return
	}
	if s.now != nil && s.apart(char) {
		s.end()
	}
	if s.now == nil {
		s.now = &run{first: i, left: p.Left, bottom: p.Bottom, right: p.Right, top: p.Top, angle: char.Angle}
	}
	w := s.now
	w.left, w.right = math.Min(w.left, p.Left), math.Max(w.right, p.Right)
	w.bottom, w.top = math.Min(w.bottom, p.Bottom), math.Max(w.top, p.Top)
	w.tall = math.Max(w.tall, tallness(p, char.Angle))
	w.chars++
	s.page.Chars.All++
	if unknown(r) {
		w.unknown++
		s.page.Chars.Unknown++
	}
	w.text.WriteString(spelled(r))
	s.quarts[s.quarter(char.Angle)]++
}

func (s *splitter) end() {
	if s.now != nil {
		s.words = append(s.words, s.now)
		s.now = nil
	}
}

// apart reports whether the character does not go on with the word.
func (s *splitter) apart(char *responses.GetPageTextStructuredChar) bool {
	w, p := s.now, char.PointPosition
	turn := math.Mod(math.Abs(char.Angle-w.angle), 2*math.Pi)
	if math.Min(turn, 2*math.Pi-turn) > 0.2 {
		return true
	}
	em := math.Max(w.tall, tallness(p, char.Angle))
	if em <= 0 {
		return false
	}
	along, across := gap(w, p)
	if sideways(char.Angle) {
		along, across = across, along
	}
	// 1.5 times the tallest letter is wider than any blank within a word, 0.8 taller than
	// any raised sign.
	return along > 1.5*em || across > 0.8*em
}

// gap is how far the boxes are apart, across and up; 0 where they overlap.
func gap(w *run, p responses.CharPosition) (x, y float64) {
	x = math.Max(p.Left-w.right, w.left-p.Right)
	y = math.Max(p.Bottom-w.top, w.bottom-p.Top)
	return math.Max(0, x), math.Max(0, y)
}

func sideways(angle float64) bool { return math.Abs(math.Sin(angle)) > 0.7 }

func tallness(p responses.CharPosition, angle float64) float64 {
	if sideways(angle) {
		return p.Right - p.Left
	}
	return p.Top - p.Bottom
}

// quarter is the direction of reading on the page as it is shown: 0 right, 1 down, 2 left, 3 up.
// PDFium's angle turns with the clock in page space, whose y goes up.
func (s *splitter) quarter(angle float64) int {
	dx := s.toPage.a*math.Cos(angle) - s.toPage.c*math.Sin(angle)
	dy := s.toPage.b*math.Cos(angle) - s.toPage.d*math.Sin(angle)
	dx, dy = dx*s.width, dy*s.height
	switch {
	case math.Abs(dx) >= math.Abs(dy) && dx >= 0:
		return 0
	case math.Abs(dx) >= math.Abs(dy):
		return 2
	case dy > 0:
		return 1
	}
	return 3
}

// turnedShare is the share of characters from which a page counts as turned. Upright pages
// with a turned margin note stay below, turned pages with an upright stamp above.
const turnedShare = 0.7

// direction is the clockwise turn that makes most of the text run to the right.
func (s *splitter) direction() int {
	all := s.quarts[0] + s.quarts[1] + s.quarts[2] + s.quarts[3]
	for q, degrees := range [4]int{0, 270, 180, 90} {
		if q > 0 && float64(s.quarts[q]) > turnedShare*float64(all) {
			return degrees
		}
	}
	return 0
}

// word makes the document's word: box in fractions, type, ink. ok is false off the page.
func (c *content) word(text references.FPDF_TEXTPAGE, r *run) (w Word, ok bool, err error) {
	box := c.toPage.box(r.left, r.bottom, r.right, r.top)
	if cut := box.Clamp(); cut.Area() < box.Area()/2 || box.X >= 1 || box.Y >= 1 {
		return Word{}, false, nil
	}
	w.Text, w.Box, w.Confidence = r.text.String(), box.Clamp(), 1
	if r.unknown > 0 {
		w.Confidence = 1 - float64(r.unknown)/float64(r.chars)
	}
	w.Bold, w.FontSize = c.style(text, r)
	if !c.hidden.faint {
		// No text object of the page is near-white: nine calls saved for each word.
	} else if ink, err := c.pdfium.FPDFText_GetFillColor(&requests.FPDFText_GetFillColor{TextPage: text, Index: r.first}); err == nil {
		w.Faint = faint(ink.R, ink.G, ink.B, ink.A)
	}
	w.Hidden, err = c.wordHidden(text, r.first)
	if w.Hidden {
		c.page.Chars.Hidden += r.chars
	}
	return w, true, err
}

// face is the type of the words of a line: what told it apart, and what it is.
type face struct {
	weight, size float64 // as PDFium gives them for a character
	bottom, top  float64 // of the last word in it, page space
	bold         bool
	drawn        float64 // points
}

// style is whether a word is bold, and its size in points. Words that follow each other on a
// line with the same weight and size share the answer: asking for the font's name and the
// matrix takes a dozen calls into PDFium for each word.
func (c *content) style(text references.FPDF_TEXTPAGE, r *run) (isBold bool, size float64) {
	now := face{bottom: r.bottom, top: r.top}
	if v, err := c.pdfium.FPDFText_GetFontWeight(&requests.FPDFText_GetFontWeight{TextPage: text, Index: r.first}); err == nil {
		now.weight = float64(v.FontWeight)
	}
	if v, err := c.pdfium.FPDFText_GetFontSize(&requests.FPDFText_GetFontSize{TextPage: text, Index: r.first}); err == nil {
		now.size = v.FontSize
	}
	last := c.face
	shared := math.Min(last.top, now.top) - math.Max(last.bottom, now.bottom)
	if last.drawn > 0 && last.weight == now.weight && last.size == now.size && now.size > 2 &&
		shared > 0.5*math.Min(last.top-last.bottom, now.top-now.bottom) {
		now.bold, now.drawn = last.bold, last.drawn
	} else {
		if info, err := c.pdfium.FPDFText_GetFontInfo(&requests.FPDFText_GetFontInfo{TextPage: text, Index: r.first}); err == nil {
			now.bold = bold(info.FontName, info.Flags, int(now.weight))
		}
		now.drawn = c.fontSize(text, r.first, now.size)
	}
	c.face = now
	return now.bold, now.drawn
}

// fontSize is the size as it is drawn, in points: the font's own times the text matrix.
func (c *content) fontSize(text references.FPDF_TEXTPAGE, index int, size float64) float64 {
	m, err := c.pdfium.FPDFText_GetMatrix(&requests.FPDFText_GetMatrix{TextPage: text, Index: index})
	if err != nil {
		return round(size)
	}
	return round(size * math.Hypot(float64(m.Matrix.C), float64(m.Matrix.D)))
}

func round(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return 0
	}
	return math.Round(v*100) / 100
}

func (c *content) wordHidden(text references.FPDF_TEXTPAGE, index int) (bool, error) {
	if !c.hidden.hidden || !c.hidden.shown {
		return c.hidden.hidden, nil
	}
	o, err := c.pdfium.FPDFText_GetTextObject(&requests.FPDFText_GetTextObject{TextPage: text, Index: index})
	if err != nil {
		return false, nil // a generated character has no object
	}
	mode, err := c.pdfium.FPDFTextObj_GetTextRenderMode(&requests.FPDFTextObj_GetTextRenderMode{PageObject: o.TextObject})
	if err != nil {
		return false, nil
	}
	return invisible(mode.TextRenderMode), nil
}

// bold by weight (OS/2 usWeightClass), by the ForceBold flag (ISO 32000-1 table 123) or by name.
func bold(name string, flags, weight int) bool {
	const forceBold = 1 << 18
	if weight >= 600 || flags&forceBold != 0 && flags > 0 {
		return true
	}
	name = strings.ToLower(name)
	return strings.Contains(name, "bold") || strings.Contains(name, "black") || strings.Contains(name, "heavy")
}

// ignorable characters have no ink and no meaning for reading: soft hyphen, joiners, marks
// of direction, byte order mark.
func ignorable(r rune) bool {
	return r == 0xAD || unicode.Is(unicode.Cf, r)
}

// unknown characters mean that the font's encoding is not known.
func unknown(r rune) bool {
	return r == unicode.ReplacementChar || unicode.Is(unicode.Co, r) || unicode.IsControl(r) ||
		r >= 0xFDD0 && r <= 0xFDEF
}

// spelled gives Latin ligatures as their letters and unknown characters as U+FFFD.
func spelled(r rune) string {
	switch r {
	case 0xFB00:
		return "ff"
	case 0xFB01:
		return "fi"
	case 0xFB02:
		return "fl"
	case 0xFB03:
		return "ffi"
	case 0xFB04:
		return "ffl"
	case 0xFB05, 0xFB06:
		return "st"
	}
	if unknown(r) {
		return string(unicode.ReplacementChar)
	}
	return string(r)
}
