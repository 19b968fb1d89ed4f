package pdf

import (
	"encoding/binary"
	"errors"
	"math"
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
	s := splitter{content: c}
	for i := range count {
		s.char(i, n.char(text, i))
	}
	if n.err != nil {
		return n.err
	}
	s.end()
	c.page.Rotation = s.direction()
	for _, w := range s.words {
		if word, ok := c.word(text, w); ok {
			c.page.Words = append(c.page.Words, word)
		}
	}
	return n.err
}

var errNoText = errors.New("no text page")

// glyph is a character of the text layer, in page space.
type glyph struct {
	code                     rune // 0: not known
	left, right, bottom, top float64
	angle                    float64 // radians
}

func (n *native) char(text uint64, i int) glyph {
	at := uint64(i)
	g := glyph{code: rune(n.int(textUnicode, text, at))}
	n.call(textBox, text, at, n.at(0, 8), n.at(1, 8), n.at(2, 8), n.at(3, 8))
	v := n.doubles()
	g.left, g.right, g.bottom, g.top = v[0], v[1], v[2], v[3]
	g.angle = float64(math.Float32frombits(uint32(n.call(textAngle, text, at))))
	return g
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
	if s.now != nil && s.apart(g) {
		s.end()
	}
	if s.now == nil {
		s.now = &run{first: i, left: g.left, bottom: g.bottom, right: g.right, top: g.top, angle: g.angle}
	}
	w := s.now
	w.left, w.right = math.Min(w.left, g.left), math.Max(w.right, g.right)
	w.bottom, w.top = math.Min(w.bottom, g.bottom), math.Max(w.top, g.top)
	w.tall = math.Max(w.tall, g.tallness())
	w.chars++
	s.page.Chars.All++
	if unknown(r) {
		w.unknown++
		s.page.Chars.Unknown++
	}
	w.text.WriteString(spelled(r))
	s.quarts[s.quarter(g.angle)]++
}

func (s *splitter) end() {
	if s.now != nil {
		s.words = append(s.words, s.now)
		s.now = nil
	}
}

// apart reports whether the character does not go on with the word.
func (s *splitter) apart(g glyph) bool {
	w := s.now
	turn := math.Mod(math.Abs(g.angle-w.angle), 2*math.Pi)
	if math.Min(turn, 2*math.Pi-turn) > 0.2 {
		return true
	}
	em := math.Max(w.tall, g.tallness())
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
	x = math.Max(g.left-w.right, w.left-g.right)
	y = math.Max(g.bottom-w.top, w.bottom-g.top)
	return math.Max(0, x), math.Max(0, y)
}

func sideways(angle float64) bool { return math.Abs(math.Sin(angle)) > 0.7 }

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
func (c *content) word(text uint64, r *run) (w Word, ok bool) {
	box := c.toPage.box(r.left, r.bottom, r.right, r.top)
	if cut := box.Clamp(); cut.Area() < box.Area()/2 || box.X >= 1 || box.Y >= 1 {
		return Word{}, false
	}
	w.Text, w.Box, w.Confidence = r.text.String(), box.Clamp(), 1
	if r.unknown > 0 {
		w.Confidence = 1 - float64(r.unknown)/float64(r.chars)
	}
	w.Bold, w.FontSize = c.style(text, r)
	if c.hidden.faint { // else no text object of the page is near-white
		if v, ok := c.native.colour(textColour, text, uint64(r.first)); ok {
			w.Faint = faint(v[0], v[1], v[2], v[3])
		}
	}
	if w.Hidden = c.wordHidden(text, r.first); w.Hidden {
		c.page.Chars.Hidden += r.chars
	}
	return w, true
}

// face is the type of the words of a line: what told it apart, and what it is.
type face struct {
	weight, size float64 // as PDFium gives them for a character
	bottom, top  float64 // of the last word in it, page space
	bold         bool
	drawn        float64 // points
}

// style is whether a word is bold, and its size in points. Words that follow each other on a
// line with the same weight and size share the answer: the font's name and the matrix are not
// asked for each word.
func (c *content) style(text uint64, r *run) (isBold bool, size float64) {
	n, first := c.native, uint64(r.first)
	now := face{bottom: r.bottom, top: r.top}
	now.weight = float64(max(0, n.int(textWeight, text, first))) // -1: not known
	now.size = math.Float64frombits(n.call(textSize, text, first))
	last := c.face
	shared := math.Min(last.top, now.top) - math.Max(last.bottom, now.bottom)
	if last.drawn > 0 && last.weight == now.weight && last.size == now.size && now.size > 2 &&
		shared > 0.5*math.Min(last.top-last.bottom, now.top-now.bottom) {
		now.bold, now.drawn = last.bold, last.drawn
	} else {
		name, flags := n.font(text, first)
		now.bold = bold(name, flags, int(now.weight))
		c.page.Barred = c.page.Barred || barFont(name)
		now.drawn = round(now.size)
		if m, ok := n.matrixOf(textMatrix, text, first); ok { // the font's own size times the text matrix
			now.drawn = round(now.size * math.Hypot(m.c, m.d))
		}
	}
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

func (c *content) wordHidden(text uint64, index int) bool {
	if !c.hidden.hidden || !c.hidden.shown {
		return c.hidden.hidden
	}
	o := c.native.call(textObject, text, uint64(index))
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
