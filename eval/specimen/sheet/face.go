package sheet

import (
	"sync"

	"github.com/go-fonts/liberation/liberationmonobold"
	"github.com/go-fonts/liberation/liberationmonoregular"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"github.com/go-fonts/liberation/liberationserifbold"
	"github.com/go-fonts/liberation/liberationserifbolditalic"
	"github.com/go-fonts/liberation/liberationserifitalic"
	"github.com/go-fonts/liberation/liberationserifregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Family is a typeface in two weights.
type Family struct{ regular, bold *Face }

// Face is one weight of a typeface. It may be used by many goroutines.
type Face struct {
	name string
	ttf  []byte
	font *sfnt.Font
	em   fixed.Int26_6 // the size at which one font unit is one pixel

	mu     sync.Mutex
	buf    sfnt.Buffer
	glyphs map[rune]*glyph
}

// glyph holds a letter's outline in ems, y down.
type glyph struct {
	advance        float64
	x0, y0, x1, y1 float64 // ink
	inked          bool
	segments       sfnt.Segments
}

// The typefaces of the development layouts; faces of layouts that are kept apart are made there.
var (
	Sans  = sync.OnceValue(func() *Family { return NewFamily("LiberationSans", liberationsansregular.TTF, liberationsansbold.TTF) })
	Serif = sync.OnceValue(func() *Family {
		return NewFamily("LiberationSerif", liberationserifregular.TTF, liberationserifbold.TTF)
	})
	Mono = sync.OnceValue(func() *Family { return NewFamily("LiberationMono", liberationmonoregular.TTF, liberationmonobold.TTF) })
	Go   = sync.OnceValue(func() *Family { return NewFamily("Go", goregular.TTF, gobold.TTF) })

	Italic = sync.OnceValue(func() *Family {
		return NewFamily("LiberationSerif-Italic", liberationserifitalic.TTF, liberationserifbolditalic.TTF)
	})
	Medium     = sync.OnceValue(func() *Family { return NewFamily("Go-Medium", gomedium.TTF, gobold.TTF) })
	Typewriter = sync.OnceValue(func() *Family { return NewFamily("Go-Mono", gomono.TTF, gomonobold.TTF) })
)

// NewFamily makes a typeface from two TrueType files that the program itself embeds; one
// that does not parse is a programming mistake and panics.
func NewFamily(name string, regular, bold []byte) *Family {
	return &Family{newFace(name, regular), newFace(name+"-Bold", bold)}
}

func newFace(name string, ttf []byte) *Face {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		panic("sheet: embedded face " + name + ": " + err.Error())
	}
	return &Face{name: name, ttf: ttf, font: f, em: fixed.I(int(f.UnitsPerEm())), glyphs: map[rune]*glyph{}}
}

// glyph gives a letter; one that the face lacks is its ".notdef".
func (f *Face) glyph(r rune) *glyph {
	f.mu.Lock()
	defer f.mu.Unlock()
	if g := f.glyphs[r]; g != nil {
		return g
	}
	g := &glyph{}
	f.glyphs[r] = g
	index, err := f.font.GlyphIndex(&f.buf, r)
	if err != nil {
		return g
	}
	ems := func(v fixed.Int26_6) float64 { return float64(v) / float64(f.em) }
	bounds, advance, err := f.font.GlyphBounds(&f.buf, index, f.em, font.HintingNone)
	if err != nil {
		return g
	}
	g.advance = ems(advance)
	g.x0, g.y0, g.x1, g.y1 = ems(bounds.Min.X), ems(bounds.Min.Y), ems(bounds.Max.X), ems(bounds.Max.Y)
	if segments, err := f.font.LoadGlyph(&f.buf, index, f.em, nil); err == nil && len(segments) > 0 {
		g.segments = append(sfnt.Segments(nil), segments...)
		g.inked = true
	}
	return g
}

// advance is the run of a text in ems.
func (f *Face) advance(s string) float64 {
	sum := 0.0
	for _, r := range s {
		sum += f.glyph(r).advance
	}
	return sum
}

// ink is the smallest box around a text's ink in ems from its origin, y down.
func (f *Face) ink(s string) (x0, y0, x1, y1 float64, ok bool) {
	pen := 0.0
	for _, r := range s {
		g := f.glyph(r)
		if g.inked {
			if !ok {
				x0, y0, x1, y1, ok = pen+g.x0, g.y0, pen+g.x1, g.y1, true
			}
			x0, y0 = min(x0, pen+g.x0), min(y0, g.y0)
			x1, y1 = max(x1, pen+g.x1), max(y1, g.y1)
		}
		pen += g.advance
	}
	return x0, y0, x1, y1, ok
}
