package badgen

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// pdf is a PDF in the making: objects from 1 on, as text between obj and endobj.
type pdf struct {
	objects []string
	trailer string // entries beside Size and Root
	prev    string // "self" or an offset
}

// paper begins a PDF whose object 1 is the catalog, 2 the page tree, 3 the page and 4 its content.
func paper(page, content string) *pdf {
	return &pdf{objects: []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R" + page + ">>", stream("", []byte(content)),
	}}
}

func stream(entries string, data []byte) string {
	return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", entries, len(data), data)
}

func (p *pdf) add(objects ...string) *pdf { p.objects = append(p.objects, objects...); return p }

func (p *pdf) bytes() []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range p.objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	prev := ""
	switch p.prev {
	case "":
	case "self":
		prev = "/Prev " + strconv.Itoa(start)
	default:
		prev = "/Prev " + p.prev
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R%s%s>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, prev, p.trailer, start)
	return b.Bytes()
}

const flate = "/Filter/FlateDecode"

// three picks by scale.
func three[T any](scale int, a, b, c T) T { return []T{a, b, c}[scale] }

const someText = "BT /F 12 Tf 20 100 Td (Jane Doe 01/02/1970) Tj ET"
const someFont = "/Resources<</Font<</F 5 0 R>>>>"
const helvetica = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"

func pdfKinds() []kind {
	return []kind{
		{"pdf/flate-bomb", func(_ *rand.Rand, s int) []byte {
			p := paper("", "")
			p.objects[3] = stream("/Filter[/FlateDecode/FlateDecode]", packed(zeros(three(s, 1<<10, 64<<10, 4<<20))))
			return p.bytes()
		}},
		{"pdf/nested-flate", func(_ *rand.Rand, s int) []byte {
			data := []byte(someText)
			n := three(s, 10, 60, 400)
			for range n {
				data = packed(data)
			}
			p := paper(someFont, "").add(helvetica)
			p.objects[3] = stream("/Filter["+strings.Repeat("/FlateDecode", n)+"]", data)
			return p.bytes()
		}},
		{"pdf/image-bomb", func(_ *rand.Rand, s int) []byte {
			side := three(s, 20_000, 65_000, 2_000_000_000)
			return paper("/Resources<</XObject<</I 5 0 R>>>>", "300 0 0 200 0 0 cm /I Do").
				add(stream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8%s", side, side, flate), packed(make([]byte, 1<<16)))).bytes()
		}},
		{"pdf/object-stream-loop", func(_ *rand.Rand, s int) []byte {
			inner := "5 0 <</Type/Page>>"
			p := paper("", someText).add(stream(fmt.Sprintf("/Type/ObjStm/N %d/First 4/Extends %d 0 R", three(s, 1, 1<<20, 1<<31-1), three(s, 5, 6, 5)), []byte(inner)))
			return p.add(stream("/Type/ObjStm/N 1/First 4/Extends 5 0 R", []byte("6 0 6 0 R"))).bytes()
		}},
		{"pdf/xref-loop", func(r *rand.Rand, s int) []byte {
			p := paper(someFont, someText).add(helvetica)
			p.prev = three(s, "self", "1", strconv.Itoa(r.IntN(1<<30)))
			return p.bytes()
		}},
		{"pdf/xref-wrong", func(r *rand.Rand, s int) []byte {
			data := paper(someFont, someText).add(helvetica).bytes()
			at := bytes.LastIndex(data, []byte("\nxref\n")) + 6
			for i := at; i < len(data)-40; i += three(s, 40, 7, 1) {
				if data[i] >= '0' && data[i] <= '9' {
					data[i] = byte('0' + r.IntN(10))
				}
			}
			return data
		}},
		{"pdf/page-tree-loop", func(_ *rand.Rand, s int) []byte {
			p := paper("", someText)
			p.objects[1] = three(s, "<</Type/Pages/Kids[2 0 R]/Count 1>>", "<</Type/Pages/Kids[3 0 R 5 0 R]/Count 1000>>", "<</Type/Pages/Parent 2 0 R/Kids[3 0 R 2 0 R 5 0 R]/Count 9>>")
			return p.add("<</Type/Pages/Parent 2 0 R/Kids[2 0 R 5 0 R]/Count 500>>").bytes()
		}},
		{"pdf/count-lie", func(_ *rand.Rand, s int) []byte {
			p := paper(someFont, someText).add(helvetica)
			p.objects[1] = fmt.Sprintf("<</Type/Pages/Kids[3 0 R]/Count %s>>", three(s, "-1", "2147483647", "99999999999999999999"))
			return p.bytes()
		}},
		{"pdf/many-pages", func(_ *rand.Rand, s int) []byte {
			n := three(s, 3001, 50_000, 1_000_000)
			p := paper("", "")
			p.objects[1] = fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", strings.Repeat("3 0 R ", n), n)
			return p.bytes()
		}},
		{"pdf/deep-tree", func(_ *rand.Rand, s int) []byte {
			p := paper("", someText)
			n := three(s, 100, 2000, 30_000)
			p.objects[1] = "<</Type/Pages/Kids[5 0 R]/Count 1>>"
			for i := range n {
				p.add(fmt.Sprintf("<</Type/Pages/Parent %d 0 R/Kids[%d 0 R]/Count 1>>", max(2, i+4), i+6))
			}
			return p.add("<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>").bytes()
		}},
		{"pdf/media-box", func(r *rand.Rand, s int) []byte {
			p := paper(someFont, someText).add(helvetica)
			box := []string{"[0 0 1000000000 1000000000]", "[0 0 0 0]", "[300 200 0 0]", "[0 0 1e38 1e38]", "[0 0 0.0001 0.0001]", "[/a (b) null 3]", "[0 0]", "[0 0 14400 1]", "5"}[r.IntN(9)]
			p.objects[2] = strings.Replace(p.objects[2], "[0 0 300 200]", box+three(s, "", "/Rotate 45", "/Rotate -90/UserUnit 1000000"), 1)
			return p.bytes()
		}},
		{"pdf/codec-lie", func(r *rand.Rand, s int) []byte {
			size := three(s, 30_000, 1<<20, 1<<31-1)
			data := make([]byte, 200)
			for i := range data {
				data[i] = byte(r.IntN(256))
			}
			filter := []string{"/JBIG2Decode", "/JPXDecode", "/DCTDecode", "/LZWDecode", "/RunLengthDecode", "/ASCII85Decode",
				fmt.Sprintf("/CCITTFaxDecode/DecodeParms<</K -1/Columns %d/Rows %d>>", size, size)}[r.IntN(7)]
			if filter == "/JPXDecode" { // start of codestream, and a size marker with these sides (ISO 15444-1, A.5.1)
				data = append([]byte{0xFF, 0x4F, 0xFF, 0x51, 0, 47, 0, 0, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size), 0x7F, 0xFF, 0xFF, 0xFF}, data...)
			}
			return paper("/Resources<</XObject<</I 5 0 R>>>>", "300 0 0 200 0 0 cm /I Do").
				add(stream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 1/Filter%s", min(size, 60_000), min(size, 60_000), filter), data)).bytes()
		}},
		{"pdf/form-recursion", func(_ *rand.Rand, s int) []byte {
			n := three(s, 1, 2, 200)
			p := paper("/Resources<</XObject<</X 5 0 R>>>>", "/X Do")
			for i := range n {
				next := 5 + (i+1)%n
				p.add(stream(fmt.Sprintf("/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</XObject<</X %d 0 R>>>>", next), []byte("/X Do /X Do")))
			}
			return p.bytes()
		}},
		{"pdf/form-doubling", func(_ *rand.Rand, s int) []byte { // 2 to the power of n drawings
			n := three(s, 8, 16, 40)
			p := paper("/Resources<</XObject<</X 5 0 R>>>>", "/X Do")
			for i := range n {
				p.add(stream(fmt.Sprintf("/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</XObject<</X %d 0 R>>>>", 6+i), []byte("/X Do /X Do")))
			}
			return p.add(stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", []byte("0 0 5 5 re f"))).bytes()
		}},
		{"pdf/font-bomb", func(_ *rand.Rand, s int) []byte {
			switch s {
			case 0: // a letter that is drawn by itself
				return paper(someFont, someText).add("<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]/CharProcs<</a 6 0 R>>/Encoding<</Differences[0/a 32/a 74/a]>>/FirstChar 0/LastChar 255/Widths["+
					strings.Repeat("1 ", 256)+"]/Resources<</Font<</F 5 0 R>>>>>>", stream("", []byte("1 0 d0 "+someText))).bytes()
			case 1: // a map to Unicode that never ends
				return paper(someFont, someText).add("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
					stream(flate, packed([]byte("begincmap "+strings.Repeat("100 beginbfrange <0000> <FFFFFFFF> <0000> endbfrange ", 20_000))))).bytes()
			}
			return paper(someFont, someText).add("<</Type/Font/Subtype/TrueType/BaseFont/X/FontDescriptor<</Type/FontDescriptor/FontName/X/Flags 4/FontFile2 6 0 R>>>>",
				stream("", bytes.Repeat([]byte{0, 1, 0, 0, 0xFF, 0xFF, 0, 0}, 4096))).bytes()
		}},
		{"pdf/encrypted", func(r *rand.Rand, s int) []byte {
			p := paper(someFont, someText).add(helvetica)
			hex := func(n int) string {
				var b strings.Builder
				for range n {
					fmt.Fprintf(&b, "%02x", r.IntN(256))
				}
				return b.String()
			}
			p.trailer = "/ID[<00><00>]/Encrypt" + three(s,
				fmt.Sprintf("<</Filter/Standard/V 2/R 3/Length 128/P -4/O<%s>/U<%s>>>", hex(32), hex(32)),
				fmt.Sprintf("<</Filter/Standard/V 5/R 6/Length 256/P -4/O<%s>/U<%s>/OE<%s>/UE<%s>/Perms<%s>>>", hex(48), hex(48), hex(32), hex(32), hex(16)),
				"<</Filter/Nobody/V 99/R -1/Length 1e9>>")
			return p.bytes()
		}},
		{"pdf/actions", func(_ *rand.Rand, s int) []byte {
			p := paper(someFont+"/Annots[6 0 R]", someText).add(helvetica, "<</Type/Annot/Subtype/Link/Rect[0 0 300 200]/A<</S/URI/URI(http://192.0.2.1/)>>>>")
			action := three(s, "<</S/Launch/F(/bin/true)>>", "<</S/JavaScript/JS(while\\(1\\){})>>", "<</S/SubmitForm/F(http://192.0.2.1/)>>")
			p.objects[0] = "<</Type/Catalog/Pages 2 0 R/OpenAction" + action + "/Names<</EmbeddedFiles<</Names[(x.exe)<</Type/Filespec/F(x.exe)/EF<</F 7 0 R>>>>]>>>>>>"
			return p.add(stream("/Type/EmbeddedFile", []byte("MZ"))).bytes()
		}},
		{"pdf/zero-pages", func(_ *rand.Rand, s int) []byte {
			p := paper("", "")
			p.objects[1] = three(s, "<</Type/Pages/Kids[]/Count 0>>", "null", "<</Type/Catalog>>")
			return p.bytes()
		}},
		{"pdf/no-catalog", func(_ *rand.Rand, s int) []byte {
			p := paper("", someText)
			p.objects[0] = three(s, "null", "1 0 R", "[[[(]")
			return p.bytes()
		}},
		{"pdf/deep-nesting", func(_ *rand.Rand, s int) []byte {
			n := three(s, 1000, 100_000, 3_000_000)
			p := paper("", three(s, "", "", strings.Repeat("[", 100_000)))
			p.objects[2] = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/X " + strings.Repeat("[", n) + strings.Repeat("]", n) + ">>"
			return p.bytes()
		}},
		{"pdf/operators", func(r *rand.Rand, s int) []byte {
			op := []string{"q ", "Q ", "BT ", "0 0 1 1 re W n ", "1 0 0 1 1 1 cm ", "0 0 m 9 9 l S ", "/P BMC ", "( ) Tj "}[r.IntN(8)]
			return paper(someFont, "").with(3, stream(flate, packed([]byte(strings.Repeat(op, three(s, 1000, 100_000, 2_000_000)))))).add(helvetica).bytes()
		}},
		{"pdf/many-words", func(_ *rand.Rand, s int) []byte {
			n := three(s, 2000, 50_000, 1_000_000)
			return paper(someFont, "").with(3, stream(flate, packed([]byte("BT /F 1 Tf "+strings.Repeat("1 0 Td (a b) Tj ", n)+"ET")))).add(helvetica).bytes()
		}},
		{"pdf/form-fields-loop", func(_ *rand.Rand, s int) []byte {
			p := paper(someFont+"/Annots[6 0 R 7 0 R]", someText).add(helvetica)
			p.objects[0] = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R 7 0 R]" + three(s, "", "/XFA 6 0 R", "/XFA[(template) 8 0 R]") + ">>>>"
			return p.add("<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/Parent 7 0 R/Kids[7 0 R]/Rect[0 0 9 9]/V 6 0 R>>",
				"<</Type/Annot/Subtype/Widget/FT/Btn/T(b)/Parent 6 0 R/Kids[6 0 R 7 0 R]/Rect[0 0 1e30 -5]/AS/X/AP<</N 7 0 R>>>>", stream("", []byte("<xdp:xdp>"))).bytes()
		}},
		{"pdf/pattern", func(_ *rand.Rand, s int) []byte {
			step := three(s, "1", "0.00001", "0")
			return paper("/Resources<</Pattern<</P 5 0 R>>>>", "/Pattern cs /P scn 0 0 300 200 re f").
				add(stream("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 1 1]/XStep "+step+"/YStep "+step+"/Resources<</Pattern<</P 5 0 R>>>>", []byte("/Pattern cs /P scn 0 0 1 1 re f"))).bytes()
		}},
		{"pdf/function", func(_ *rand.Rand, s int) []byte {
			return paper("/Resources<</Shading<</S 5 0 R>>>>", "/S sh").
				add("<</ShadingType 1/ColorSpace/DeviceRGB/Domain[0 1 0 1]/Function 6 0 R>>", three(s,
					stream("/FunctionType 4/Domain[0 1 0 1]/Range[0 1 0 1 0 1]", []byte(strings.Repeat("{", 5000))),
					stream("/FunctionType 0/Domain[0 1 0 1]/Range[0 1 0 1 0 1]/Size[65535 65535]/BitsPerSample 32", []byte("x")),
					"<</FunctionType 3/Domain[0 1]/Functions[6 0 R 6 0 R]/Bounds[0.5]/Encode[0 1 0 1]>>")).bytes()
		}},
		{"pdf/dash", func(_ *rand.Rand, s int) []byte {
			return paper("", three(s, "[0.00001] 0 d 0 0 m 300 200 l S", "[1e-30 1e-30] 1e30 d 1e9 w 0 0 m 1e30 1e30 l S", "1e-9 w "+strings.Repeat("0 0 m 300 200 l ", 100_000)+"S")).bytes()
		}},
		{"pdf/length-lie", func(_ *rand.Rand, s int) []byte {
			return bytes.Replace(paper(someFont, someText).add(helvetica).bytes(), []byte("/Length"), []byte("/Length "+three(s, "0", "-5", "99999999999")+"%"), 1)
		}},
	}
}

// with replaces object i, from 0.
func (p *pdf) with(i int, object string) *pdf { p.objects[i] = object; return p }
