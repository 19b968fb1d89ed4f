package pdf

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/enums"
)

// text reads the text layer into words.
func (c *content) text() error {
	n := c.native
	text := n.call(textLoad, c.address)
	if text == 0 {
		return errors.Join(errNoText, n.err)
	}
	defer n.call(textClose, text)
	count := n.int(textCount, text)
	if count > maxChars {
		c.page.Truncated = true
		return n.err // not a text layer that can be trusted
	}
	s := splitter{content: c, letters: make([]byte, 0, max(count, 0)), words: make([]run, 0, max(count/4, 0))}
	for i, g := range n.glyphs(text, count) {
		s.char(i, g)
	}
	if n.err != nil {
		return n.err
	}
	s.end()
	c.page.Rotation = s.direction()
	c.page.Words = slices.Grow(c.page.Words, len(s.words))
	from := 0
	all := string(s.letters)
	for i := range s.words {
		w := &s.words[i]
		if word, ok := c.word(text, w, all[from:w.end]); ok {
			c.page.Words = append(c.page.Words, word)
		}
		from = w.end
	}
	return n.err
}

var errNoText = errors.New("no text page")

// run is a word in the making, in page space.
type run struct {
	glyph   // its first character; left, bottom, right and top are around all
	first   int
	chars   int
	end     int     // of its letters
	tall    float64 // height of its tallest character, along its own upright
	unknown int
}

// splitter turns characters into words: at blanks and line ends, and where a gap, a step off
// the base line or a turn shows that the next character belongs elsewhere.
type splitter struct {
	*content
	now     run // chars is 0: none
	words   []run
	letters []byte  // of all words, one after the other
	quarts  [4]int  // characters by direction on the page: right, down, left, up
	turned  float64 // the angle of the last character, radians
	towards int     // its direction on the page
	high    rune    // first half of a surrogate pair
}

func (s *splitter) char(i int, g glyph) {
	r, high := g.code, s.high
	switch s.high = 0; {
	case utf16.IsSurrogate(r) && high == 0:
		s.high = r
		return
	case utf16.IsSurrogate(r):
		r = utf16.DecodeRune(high, r)
	case r == 0 || !utf8.ValidRune(r):
		r = unicode.ReplacementChar
	}
	switch {
	case r == 0x02 || r == 0xFFFE: // PDFium's sign for a hyphen at a line's end
		r = '-'
	case unicode.IsSpace(r) || r == 0:
		s.end()
		return
	case ignorable(r):
		return
	}
	if s.now.chars > 0 && s.apart(g) {
		s.end()
	}
	w := &s.now
	if w.chars == 0 {
		*w = run{glyph: g, first: i}
	}
	w.left, w.right = min(w.left, g.left), max(w.right, g.right)
	w.bottom, w.top = min(w.bottom, g.bottom), max(w.top, g.top)
	w.tall = max(w.tall, g.tallness())
	w.chars++
	s.page.Chars.All++
	if unknown(r) {
		w.unknown++
		s.page.Chars.Unknown++
	}
	s.letters = spell(s.letters, r)
	if g.angle != s.turned || s.page.Chars.All == 1 {
		s.turned, s.towards = g.angle, s.quarter(g.angle)
	}
	s.quarts[s.towards]++
}

func (s *splitter) end() {
	if s.now.chars > 0 {
		s.now.end = len(s.letters)
		s.words = append(s.words, s.now)
		s.now.chars = 0
	}
}

// apart reports whether the character does not go on with the word.
func (s *splitter) apart(g glyph) bool {
	w := &s.now
	if g.angle != w.angle {
		turn := math.Mod(math.Abs(g.angle-w.angle), 2*math.Pi)
		if math.Min(turn, 2*math.Pi-turn) > 0.2 {
			return true
		}
	}
	em := max(w.tall, g.tallness())
	if em <= 0 {
		return false
	}
	along, across := gap(w, g)
	if sideways(g.angle) {
		along, across = across, along
	}
	// 1.5 times the tallest letter is wider than any blank within a word, 0.8 taller than
	// any raised sign.
	return along > 1.5*em || across > 0.8*em
}

// gap is how far the boxes are apart, across and up; 0 where they overlap.
func gap(w *run, g glyph) (x, y float64) {
	x = max(g.left-w.right, w.left-g.right)
	y = max(g.bottom-w.top, w.bottom-g.top)
	return max(0, x), max(0, y)
}

func sideways(angle float64) bool { return angle != 0 && math.Abs(math.Sin(angle)) > 0.7 }

// tallness is the height along the character's own upright.
func (g glyph) tallness() float64 {
	if sideways(g.angle) {
		return g.right - g.left
	}
	return g.top - g.bottom
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
func (c *content) word(text uint64, r *run, letters string) (w Word, ok bool) {
	box := c.toPage.box(r.left, r.bottom, r.right, r.top)
	if cut := box.Clamp(); cut.Area() < box.Area()/2 || box.X >= 1 || box.Y >= 1 {
		return Word{}, false
	}
	w.Text, w.Box, w.Confidence = letters, box.Clamp(), 1
	if r.unknown > 0 {
		w.Confidence = 1 - float64(r.unknown)/float64(r.chars)
	}
	w.Bold, w.FontSize = c.style(text, r)
	if c.hidden.faint { // else no text object of the page is near-white
		if v, ok := c.native.colour(textColour, text, uint64(r.first)); ok {
			w.Faint = faint(v[0], v[1], v[2], v[3])
		}
	}
	if w.Hidden = c.wordHidden(r.object); w.Hidden {
		c.page.Chars.Hidden += r.chars
	}
	return w, true
}

// face is the type of the words of a line: what told it apart, and what it is.
type face struct {
	object       uint64
	weight, size float64 // as PDFium gives them for a character
	bottom, top  float64 // of the last word in it, page space
	bold         bool
	drawn        float64 // points
}

// style is whether a word is bold, and its size in points. Words of one text object share the
// answer, and words that follow each other on a line with the same weight and size share the
// font: its name is not asked for each word.
func (c *content) style(text uint64, r *run) (isBold bool, size float64) {
	if r.object != 0 && r.object == c.face.object {
		return c.face.bold, c.face.drawn
	}
	n, first := c.native, uint64(r.first)
	now := face{object: r.object, bottom: r.bottom, top: r.top}
	now.weight = float64(max(0, n.int(textWeight, text, first))) // -1: not known
	now.size = math.Float64frombits(n.call(textSize, text, first))
	last := c.face
	shared := math.Min(last.top, now.top) - math.Max(last.bottom, now.bottom)
	if last.drawn > 0 && last.weight == now.weight && last.size == now.size && now.size > 2 &&
		shared > 0.5*math.Min(last.top-last.bottom, now.top-now.bottom) {
		now.bold = last.bold
	} else {
		name, flags := n.font(text, first)
		now.bold = bold(name, flags, int(now.weight))
		c.page.Barred = c.page.Barred || barFont(name)
	}
	now.drawn = round(now.size * r.scale)
	c.face = now
	return now.bold, now.drawn
}

// font is the name of a character's font, cut to the space for results, and its flags.
func (n *native) font(text, i uint64) (name string, flags int) {
	const most = outSize - 8
	size := n.int(textFont, text, i, n.at(1, 8), most, n.out)
	if size <= 0 {
		return "", 0
	}
	b := n.read(outSize)
	flags = int(int32(binary.LittleEndian.Uint32(b)))
	if size > most { // PDFium writes a name only where it has room
		return "", flags
	}
	return string(b[8 : 8+size-1]), flags
}

func round(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return 0
	}
	return math.Round(v*100) / 100
}

func (c *content) wordHidden(o uint64) bool {
	if !c.hidden.hidden || !c.hidden.shown {
		return c.hidden.hidden
	}
	return o != 0 && invisible(enums.FPDF_TEXT_RENDERMODE(c.native.int(objectMode, o))) // a generated character has no object
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

// spell appends a character: Latin ligatures as their letters, unknown ones as U+FFFD.
func spell(b []byte, r rune) []byte {
	switch r {
	case 0xFB00:
		return append(b, "ff"...)
	case 0xFB01:
		return append(b, "fi"...)
	case 0xFB02:
		return append(b, "fl"...)
	case 0xFB03:
		return append(b, "ffi"...)
	case 0xFB04:
		return append(b, "ffl"...)
	case 0xFB05, 0xFB06:
		return append(b, "st"...)
	}
	if unknown(r) {
		r = unicode.ReplacementChar
	}
	return utf8.AppendRune(b, r)
}
