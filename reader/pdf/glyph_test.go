package pdf

import (
	"bytes"
	"math"
	"testing"

	"chartlake/reader/readertest"

	"github.com/klippa-app/go-pdfium/requests"
)

// TestGlyphs holds every character that is read out of PDFium's memory against PDFium's
// functions. It fails where a new release of PDFium lays its text page out in another way: then
// pages are still read right, by calls, and the offsets want to be found anew.
func TestGlyphs(t *testing.T) {
	t.Parallel()
	data := readertest.PDF("", readertest.Letter(readertest.Line(72, 700, 12, "upright text, of 12 points")+
		readertest.Line(72, 680, 7, "small \\(print\\) \\344\\366\\374")+
		"BT /F1 9 Tf 0 1 -1 0 300 300 Tm (upwards) Tj ET BT /F1 10 Tf 0.866 0.5 -0.5 0.866 100 100 Tm (askew) Tj ET "+
		"BT /F1 1 Tf -14 0 0 -14 500 500 Tm (upside down) Tj ET BT /F1 5 Tf 2 0 0.4 3 100 400 Tm (slanted) Tj ET "), readertest.Letter(""))
	l, err := load(readertest.Cache(), defaultMemory)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	h := &handle{library: l, file: bytes.NewReader(data), size: int64(len(data))}
	if err := h.open(); err != nil {
		t.Fatal(err)
	}
	defer h.release()
	for index, least := range []int{60, 0} {
		loaded, err := h.instance.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: h.document, Index: index})
		if err != nil {
			t.Fatal(err)
		}
		n := h.native
		text := n.call(textLoad, n.page(loaded.Page))
		count := n.int(textCount, text)
		if count < least {
			t.Fatalf("page %d has %d characters", index+1, count)
		}
		records, ok := n.records(text, count)
		if !ok {
			t.Fatalf("page %d: the records are not where they were", index+1)
		}
		for i := range count {
			got, want := record(records[i*recordSize:]), n.char(text, i)
			got.scale, want.scale = math.Round(got.scale*1e4), math.Round(want.scale*1e4)
			got.angle, want.angle = math.Round(got.angle*1e4), math.Round(want.angle*1e4)
			if got != want {
				t.Errorf("character %d: %+v in memory, %+v by calls", i, got, want)
			}
		}
		if got := n.glyphs(text, count); len(got) != count {
			t.Errorf("%d glyphs of %d", len(got), count)
		}
		if count > 1 { // what differs is found, and does not go on
			if !n.asFunctionsSay(text) {
				t.Error("what is right is not believed")
			}
			n.chars[0].left++
			if n.asFunctionsSay(text) {
				t.Error("what is wrong is believed")
			}
		}
		n.call(textClose, text)
		if n.err != nil {
			t.Fatal(n.err)
		}
	}
}
