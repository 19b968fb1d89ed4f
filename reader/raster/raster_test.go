package raster

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/reader/readertest"
)

// corners is a picture whose quarters are told apart by their grey: 0 and 85 above, 170 and
// 255 below. It is wider than high, so that a turn shows.
func corners(w, h int) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			g.Pix[y*w+x] = byte(85 * (2*(y*2/h) + x*2/w))
		}
	}
	return g
}

func openAll(data []byte, kind string) (*File, error) {
	file, size := readertest.Reader(data)
	return Open(file, size, kind, Limits{Pixels: 10_000_000, Pages: 50})
}

func page(t testing.TB, data []byte, kind string, number int) *Picture {
	t.Helper()
	f, err := openAll(data, kind)
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Page(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// quarters reads the grey in the middle of each quarter: top left, top right, bottom left, bottom right.
func quarters(g *image.Gray) (q [4]int) {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	for i := range q {
		q[i] = int(g.GrayAt(w/4+i%2*w/2, h/4+i/2*h/2).Y)
	}
	return q
}

func alike(a, b [4]int) bool {
	for i := range a {
		if a[i]-b[i] > 4 || b[i]-a[i] > 4 {
			return false
		}
	}
	return true
}

// withEXIF puts an EXIF block of one tag behind the start of a JPEG.
func withEXIF(jpg []byte, order binary.AppendByteOrder, orientation uint16) []byte {
	head := "II*\x00"
	if order.String() == binary.BigEndian.String() {
		head = "MM\x00*"
	}
	block := order.AppendUint32([]byte("Exif\x00\x00"+head), 8)
	block = order.AppendUint16(block, 1)
	block = order.AppendUint16(block, tagOrientation)
	block = order.AppendUint16(block, typeShort)
	block = order.AppendUint32(block, 1)
	block = order.AppendUint16(block, orientation)
	block = append(block, 0, 0, 0, 0, 0, 0)
	out := append([]byte{0xFF, 0xD8, 0xFF, 0xE1}, 0, 0)
	binary.BigEndian.PutUint16(out[4:], uint16(len(block)+2))
	return append(append(out, block...), jpg[2:]...)
}

// TestOrientation: what the camera calls orientation n becomes upright. Source: Exif 2.3, 4.6.4,
// by where row 0 and column 0 of the stored picture are on the upright one.
func TestOrientation(t *testing.T) {
	t.Parallel()
	want := map[uint16][4]int{
		1: {0, 85, 170, 255}, 2: {85, 0, 255, 170}, 3: {255, 170, 85, 0}, 4: {170, 255, 0, 85},
		5: {0, 170, 85, 255}, 6: {170, 0, 255, 85}, 7: {255, 85, 170, 0}, 8: {85, 255, 0, 170},
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, corners(64, 32), &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	for o, q := range want {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			p := page(t, withEXIF(b.Bytes(), order, o), JPEG, 1)
			g := p.Gray()
			w, h := 64, 32
			if o >= 5 {
				w, h = h, w
			}
			if got := quarters(g); !alike(got, q) || g.Rect.Dx() != w || g.Rect.Dy() != h || p.Orientation != int(o) {
				t.Errorf("orientation %d %s: %v in %v, want %v", o, order, got, g.Rect, q)
			}
			c := toGray(p.Colour(0))
			if got := quarters(c); !alike(got, q) {
				t.Errorf("orientation %d in colour: %v, want %v", o, got, q)
			}
		}
	}
}

func TestTurn(t *testing.T) {
	t.Parallel()
	m := Shrink(corners(64, 32), 64, 32)
	for degrees, q := range map[int][4]int{0: {0, 85, 170, 255}, 90: {170, 0, 255, 85}, 180: {255, 170, 85, 0}, 270: {85, 255, 0, 170}} {
		if got := quarters(toGray(Turn(m, degrees))); !alike(got, q) {
			t.Errorf("%d°: %v, want %v", degrees, got, q)
		}
	}
}

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPNG(t *testing.T) {
	t.Parallel()
	clear := image.NewNRGBA(image.Rect(0, 0, 8, 8)) // black, but transparent
	half := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	deep := image.NewGray16(image.Rect(0, 0, 8, 8))
	deepAlpha := image.NewNRGBA64(image.Rect(0, 0, 8, 8))
	inverted := image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.White, color.Black})
	for i := range 64 {
		half.Set(i%8, i/8, color.NRGBA{A: 128})
		deep.Set(i%8, i/8, color.Gray16{Y: 0x80FF})
		deepAlpha.Set(i%8, i/8, color.NRGBA64{R: 0xFFFF, A: 0xFFFF})
		inverted.Pix[i] = 1
	}
	for name, c := range map[string]struct {
		img  image.Image
		grey byte
	}{
		"transparent is paper":   {clear, 255},
		"half transparent":       {half, 127},
		"16 bits keep the high":  {deep, 0x80},
		"16 bits red":            {deepAlpha, 76},
		"palette by its colours": {inverted, 0},
	} {
		p := page(t, encodePNG(t, c.img), PNG, 1)
		if got := p.Gray().Pix[9]; got != c.grey {
			t.Errorf("%s: %d, want %d", name, got, c.grey)
		}
		if r, g, b, a := p.Colour(0).At(1, 1).RGBA(); a != 0xFFFF || byte(luma(int(r), int(g), int(b))>>8) != c.grey {
			t.Errorf("%s: colour %d %d %d %d", name, r, g, b, a)
		}
	}
	// Bytes after the end are not read.
	data := append(encodePNG(t, corners(8, 8)), bytes.Repeat([]byte("trailing"), 100)...)
	page(t, data, PNG, 1)
}

// chunk is a PNG chunk.
func chunk(name string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, name...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

func TestResolution(t *testing.T) {
	t.Parallel()
	plain := encodePNG(t, corners(40, 20))
	at := 8 + 25 // behind IHDR
	density := func(x, y uint32) []byte {
		body := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, x), y)
		return append(append(append([]byte{}, plain[:at]...), chunk("pHYs", append(body, 1))...), plain[at:]...)
	}
	p := page(t, density(11811, 11811), PNG, 1)
	if p.DPI < 299.9 || p.DPI > 300.1 {
		t.Errorf("300 dpi reads as %g", p.DPI)
	}
	// A fax of 204 × 98 dpi: twice as many rows, and half of the picture stays half.
	fax := page(t, density(8031, 3858), PNG, 1)
	if fax.Coarse() {
		t.Error("greys are taken for a fax")
	}
	if g := fax.Gray(); g.Rect.Dx() != 40 || g.Rect.Dy() != 42 || fax.DPI < 203.9 || fax.DPI > 204.1 {
		t.Errorf("fax: %v at %g dpi", g.Rect, fax.DPI)
	} else if got := quarters(g); !alike(got, [4]int{0, 85, 170, 255}) {
		t.Errorf("fax: %v", got)
	}
	if p := page(t, density(1, 1), PNG, 1); p.DPI != 0 {
		t.Errorf("a resolution of %g dpi was believed", p.DPI)
	}
}

// TestNoBytes: a file that ends before its head opens, because its type is known, and its page fails.
func TestNoBytes(t *testing.T) {
	t.Parallel()
	f, err := openAll(nil, JPEG)
	if err != nil || f.Pages() != 1 {
		t.Fatalf("no bytes: %v", err)
	}
	if _, err := f.Page(t.Context(), 1); fault.As(err) == nil || fault.As(err).Code != "truncated" {
		t.Errorf("no bytes: %v", err)
	}
}

func TestTIFF(t *testing.T) {
	t.Parallel()
	picture := corners(16, 8)
	rgbTags := func(photometric, samples uint32, more ...readertest.Tag) []readertest.Tag {
		return append([]readertest.Tag{{ID: 277, Values: []uint32{samples}}, {ID: 262, Values: []uint32{photometric}}, {ID: 257, Values: []uint32{8}}, // unsorted
			{ID: 256, Values: []uint32{16}}, {ID: 258, Values: slice(samples, 8)}, {ID: 259, Values: []uint32{1}}, {ID: 278, Values: []uint32{8}}}, more...)
	}
	repeat := func(n int, convert func(v byte) []byte) (out []byte) {
		for _, v := range picture.Pix {
			out = append(out, convert(v)...)
		}
		return out
	}
	inks := repeat(4, func(v byte) []byte { return []byte{0, 0, 0, 255 - v} })
	colours := repeat(3, func(v byte) []byte { return []byte{v, v, v} })
	alpha := repeat(4, func(v byte) []byte { return []byte{0, 0, 0, 255 - v} })
	nibbles := make([]byte, 64)
	for i, v := range picture.Pix {
		nibbles[i/2] |= v >> 4 << (4 * (1 - i%2))
	}
	gray := func(bits uint32, photometric uint32) []readertest.Tag {
		return []readertest.Tag{{ID: 256, Values: []uint32{16}}, {ID: 257, Values: []uint32{8}}, {ID: 258, Values: []uint32{bits}}, {ID: 259, Values: []uint32{1}},
			{ID: 262, Values: []uint32{photometric}}, {ID: 277, Values: []uint32{1}}, {ID: 278, Values: []uint32{8}}}
	}
	deep := repeat(2, func(v byte) []byte { return []byte{0x34, v} }) // little endian
	inverse := repeat(1, func(v byte) []byte { return []byte{255 - v} })
	planes := append(append(append([]byte{}, picture.Pix...), picture.Pix...), picture.Pix...)
	map16 := make([]uint32, 3*256)
	for i := range map16 {
		map16[i] = uint32(i%256) << 8
	}
	cases := map[string]readertest.Directory{
		"grey":             {Tags: gray(8, blackIsZero), Strips: [][]byte{picture.Pix}},
		"min is white":     {Tags: gray(8, whiteIsZero), Strips: [][]byte{inverse}},
		"4 bits":           {Tags: gray(4, blackIsZero), Strips: [][]byte{nibbles}},
		"16 bits":          {Tags: gray(16, blackIsZero), Strips: [][]byte{deep}},
		"rgb, tags mixed":  {Tags: rgbTags(rgb, 3), Strips: [][]byte{colours}},
		"cmyk":             {Tags: rgbTags(cmyk, 4), Strips: [][]byte{inks}},
		"alpha on white":   {Tags: rgbTags(rgb, 4, readertest.Tag{ID: 338, Values: []uint32{2}}), Strips: [][]byte{alpha}},
		"planes apart":     {Tags: rgbTags(rgb, 3, readertest.Tag{ID: 284, Values: []uint32{2}}), Strips: [][]byte{planes[:128], planes[128:256], planes[256:]}},
		"palette":          {Tags: append(gray(8, palette), readertest.Tag{ID: 320, Values: map16}), Strips: [][]byte{picture.Pix}},
		"strips of 4 rows": {Tags: append(gray(8, blackIsZero)[:6], readertest.Tag{ID: 278, Values: []uint32{4}}), Strips: [][]byte{picture.Pix[:64], picture.Pix[64:]}},
		"packbits":         {Tags: with(gray(8, blackIsZero), 259, packBits), Strips: [][]byte{packed(picture.Pix)}},
	}
	for name, d := range cases {
		data := readertest.TIFF(binary.LittleEndian, d)
		p := page(t, data, TIFF, 1)
		if got := quarters(p.Gray()); !alike(got, [4]int{0, 85, 170, 255}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	turned := readertest.Directory{Tags: append(gray(8, blackIsZero), readertest.Tag{ID: 274, Values: []uint32{6}}), Strips: [][]byte{picture.Pix}}
	if got := quarters(page(t, readertest.TIFF(binary.BigEndian, turned), TIFF, 1).Gray()); !alike(got, [4]int{170, 0, 255, 85}) {
		t.Errorf("turned: %v", got)
	}
}

func slice(n, v uint32) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func with(tags []readertest.Tag, id uint16, v uint32) []readertest.Tag {
	for i := range tags {
		if tags[i].ID == id {
			tags[i].Values = []uint32{v}
		}
	}
	return tags
}

// packed is PackBits by literal runs only.
func packed(data []byte) (out []byte) {
	for len(data) > 0 {
		n := min(len(data), 128)
		out = append(append(out, byte(n-1)), data[:n]...)
		data = data[n:]
	}
	return out
}

// TestJPEGInTIFF: tables apart in their tag, one stream to a strip.
func TestJPEGInTIFF(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, corners(64, 32), &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	tags := []readertest.Tag{{ID: 256, Values: []uint32{64}}, {ID: 257, Values: []uint32{32}}, {ID: 258, Values: []uint32{8}}, {ID: 259, Values: []uint32{jpegCode}},
		{ID: 262, Values: []uint32{blackIsZero}}, {ID: 277, Values: []uint32{1}}, {ID: 278, Values: []uint32{32}}}
	p := page(t, readertest.TIFF(binary.LittleEndian, readertest.Directory{Tags: tags, Strips: [][]byte{b.Bytes()}}), TIFF, 1)
	if got := quarters(p.Gray()); !alike(got, [4]int{0, 85, 170, 255}) {
		t.Errorf("%v", got)
	}
}

func TestDirectories(t *testing.T) {
	t.Parallel()
	one := readertest.Directory{Tags: readertest.Bilevel(16, 8, noCompression), Strips: [][]byte{bytes.Repeat([]byte{0x0F}, 16)}}
	loop := one
	loop.Loop = true
	thumbnail := one
	thumbnail.Tags = append([]readertest.Tag{{ID: 254, Values: []uint32{1}}}, one.Tags...)
	broken := readertest.Directory{Tags: readertest.Bilevel(16, 8, 6), Strips: one.Strips}
	count := func(name string, want int, pages ...readertest.Directory) *File {
		f, err := openAll(readertest.TIFF(binary.LittleEndian, pages...), TIFF)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return nil
		}
		if f.Pages() != want {
			t.Errorf("%s: %d pages, want %d", name, f.Pages(), want)
		}
		return f
	}
	count("three", 3, one, one, one)
	count("a loop ends the chain", 2, one, loop)
	count("thumbnails are no pages", 2, one, thumbnail, one)
	count("only a thumbnail", 1, thumbnail)
	f := count("one of three broken", 3, one, broken, one)
	for n, code := range []string{"", "page_unsupported", ""} {
		if _, err := f.Page(t.Context(), n+1); (err == nil) != (code == "") || err != nil && fault.As(err).Code != code {
			t.Errorf("page %d: %v, want %q", n+1, err, code)
		}
	}
	many := make([]readertest.Directory, 51)
	for i := range many {
		many[i] = one
	}
	if _, err := openAll(readertest.TIFF(binary.LittleEndian, many...), TIFF); !fault.Is(err, fault.TooLarge) || fault.As(err).Code != "too_many_pages" {
		t.Errorf("51 pages of 50: %v", err)
	}
}

// TestPixelBombs: sizes are refused by the head alone, and a head that lies small decodes no more.
func TestPixelBombs(t *testing.T) {
	t.Parallel()
	head := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", []byte{0, 0, 0xFD, 0xE8, 0, 0, 0xFD, 0xE8, 8, 2, 0, 0, 0})...)
	sof := []byte{0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0x11, 0}
	wide := readertest.TIFF(binary.LittleEndian, readertest.Directory{Tags: readertest.Bilevel(65000, 65000, ccittG4), Strips: [][]byte{{0}}})
	for kind, data := range map[string][]byte{PNG: head, JPEG: sof, TIFF: wide} {
		_, err := openAll(data, kind)
		if !fault.Is(err, fault.TooLarge) || fault.As(err).Code != "too_many_pixels" {
			t.Errorf("%s: %v", kind, err)
		}
	}
	// A deflate strip of a gigabyte in a page of 16 × 8 gives 16 bytes.
	d := directory{compression: deflateAdobe, bits: []uint32{1}}
	page := tiffPage{directory: &d}
	if out, err := page.unpack(zeros(t, 1<<26), 2, 8, 16); err != nil || len(out) != 16 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

// TestTruncated cuts files at every twentieth: each opens or is refused, each page decodes or
// fails with a code.
func TestTruncated(t *testing.T) {
	t.Parallel()
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, corners(200, 100), nil); err != nil {
		t.Fatal(err)
	}
	g4 := readertest.Directory{Tags: readertest.Bilevel(64, 32, ccittG4), Strips: [][]byte{encodeG4(blocks(64, 32))}}
	for kind, data := range map[string][]byte{
		PNG:  encodePNG(t, corners(200, 100)),
		JPEG: jpg.Bytes(),
		TIFF: readertest.TIFF(binary.BigEndian, g4, g4, g4),
	} {
		for part := range 20 {
			cut := data[:len(data)*part/20]
			f, err := openAll(cut, kind)
			if err != nil {
				if fault.As(err) == nil {
					t.Errorf("%s at %d %%: %v", kind, 5*part, err)
				}
				continue
			}
			if f.Pages() < 1 {
				t.Errorf("%s at %d %%: no pages", kind, 5*part)
			}
			for n := range f.Pages() {
				if _, err := f.Page(t.Context(), n+1); err != nil && fault.As(err) == nil {
					t.Errorf("%s at %d %%: %v", kind, 5*part, err)
				}
			}
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	f, err := openAll(encodePNG(t, corners(64, 32)), PNG)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Page(ctx, 1); err != context.Canceled {
		t.Errorf("%v", err)
	}
}

func TestShrink(t *testing.T) {
	t.Parallel()
	m := Shrink(corners(640, 320), 64, 32)
	if got := quarters(toGray(m)); m.Rect.Dx() != 64 || !alike(got, [4]int{0, 85, 170, 255}) {
		t.Errorf("%v in %v", got, m.Rect)
	}
	stripes := image.NewGray(image.Rect(0, 0, 100, 100))
	for i := range stripes.Pix {
		stripes.Pix[i] = byte(255 * (i % 2))
	}
	if v := toGray(Shrink(stripes, 10, 10)).Pix[55]; v < 126 || v > 128 {
		t.Errorf("stripes become %d", v)
	}
}

func FuzzOpen(f *testing.F) {
	var jpg bytes.Buffer
	jpeg.Encode(&jpg, corners(16, 8), nil)
	f.Add(withEXIF(jpg.Bytes(), binary.LittleEndian, 6), 1)
	f.Add(encodePNG(f, corners(16, 8)), 2)
	for _, c := range []uint32{noCompression, ccittRLE, ccittG3, ccittG4, lzwCode, packBits, deflateAdobe} {
		f.Add(readertest.TIFF(binary.LittleEndian, readertest.Directory{Tags: readertest.Bilevel(64, 32, c),
			Strips: [][]byte{encodeG4(blocks(64, 32))}}), 0)
	}
	f.Fuzz(func(t *testing.T, data []byte, kind int) {
		name := []string{TIFF, JPEG, PNG}[uint(kind)%3]
		file, err := openAll(data, name)
		if err != nil {
			if fault.As(err) == nil {
				t.Fatalf("no fault: %v", err)
			}
			return
		}
		for n := 1; n <= min(file.Pages(), 3); n++ {
			p, err := file.Page(t.Context(), n)
			if err != nil {
				if fault.As(err) == nil || strings.Contains(err.Error(), "panic") {
					t.Fatalf("page %d: %v", n, err)
				}
				continue
			}
			if b := p.stored.Bounds(); b.Dx()*b.Dy() < 1_000_000 {
				p.Gray()
				p.Colour(100)
			}
		}
	})
}

func FuzzEXIF(f *testing.F) {
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\xFF\xFF"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if e := exif(data); e.orientation < 0 || e.orientation > 8 {
			t.Fatalf("orientation %d", e.orientation)
		}
	})
}
