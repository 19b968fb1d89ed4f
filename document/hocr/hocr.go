// Package hocr writes a Document as hOCR: an XHTML file whose class and title attributes say
// where blocks, lines and words stand and how sure their reading is.
//
// Source: hOCR 1.2 (http://kba.github.io/hocr-spec/1.2/): ocr_page, ocr_carea, ocr_par,
// ocr_line, ocr_header, ocr_footer and ocrx_word with bbox, baseline, textangle, x_wconf,
// ppageno and scan_res. Places are whole pixels of the upright page; a page that is measured
// in points is written as if scanned at 300 dpi. A page that was not read has no text.
package hocr

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"math"
	"strings"
	"unicode"

	"chartlake/document"
)

// dpi is the resolution that pages without pixels are given.
const dpi = 300

// Write writes the whole file.
func Write(w io.Writer, d *document.Document) error {
	b := bufio.NewWriter(w)
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head>
<title></title>
<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>
<meta name="ocr-system" content="chartlake"/>
<meta name="ocr-capabilities" content="ocr_page ocr_carea ocr_par ocr_line ocr_header ocr_footer ocrx_word"/>
</head>
<body>
`)
	for i := range d.Pages {
		page{b, &d.Pages[i], scale(&d.Pages[i])}.write()
	}
	b.WriteString("</body>\n</html>\n")
	return b.Flush()
}

// scale is pixels for each unit of the page's size.
func scale(p *document.Page) float64 {
	if p.DPI > 72 || p.Source == document.SourceOCR {
		return 1
	}
	return dpi / 72.0
}

// page writes one page.
type page struct {
	*bufio.Writer
	*document.Page
	scale float64
}

// bbox is "bbox x0 y0 x1 y1" of a box, in pixels.
func (p page) bbox(b document.Box) string {
	w, h := p.Width*p.scale, p.Height*p.scale
	return fmt.Sprintf("bbox %.0f %.0f %.0f %.0f", math.Round(b.X*w), math.Round(b.Y*h), math.Round((b.X+b.W)*w), math.Round((b.Y+b.H)*h))
}

func (p page) write() {
	resolution := p.DPI
	if p.scale != 1 {
		resolution = dpi
	}
	fmt.Fprintf(p, "<div class=\"ocr_page\" id=\"page_%d\" title=\"%s; ppageno %d", p.Number, p.bbox(document.Box{W: 1, H: 1}), p.Number-1)
	if resolution > 0 && p.Width > 0 {
		fmt.Fprintf(p, "; scan_res %.0f %.0f", resolution, resolution)
	}
	p.WriteString("\">\n")
	if p.Failed == nil {
		p.areas()
	}
	p.WriteString("</div>\n")
}

// areas writes each block, or all lines as one where there are none.
func (p page) areas() {
	blocks := p.Blocks
	if len(blocks) == 0 && len(p.Lines) > 0 {
		all := document.Block{Kind: document.BlockText}
		for i, l := range p.Lines {
			all.Lines, all.Box = append(all.Lines, i), all.Box.Union(l.Box)
		}
		blocks = []document.Block{all}
	}
	for i, b := range blocks {
		fmt.Fprintf(p, " <div class=\"ocr_carea\" id=\"block_%d_%d\" title=\"%s\">\n  <p class=\"ocr_par\" id=\"par_%d_%d\" title=\"%s\">\n",
			p.Number, i+1, p.bbox(b.Box), p.Number, i+1, p.bbox(b.Box))
		for _, l := range b.Lines {
			if l >= 0 && l < len(p.Lines) {
				p.line(b.Kind, l)
			}
		}
		p.WriteString("  </p>\n </div>\n")
	}
}

func (p page) line(kind document.BlockKind, number int) {
	class := map[document.BlockKind]string{document.BlockHeader: "ocr_header", document.BlockFooter: "ocr_footer"}[kind]
	if class == "" {
		class = "ocr_line"
	}
	l := p.Lines[number]
	// The slope of a baseline is positive downwards, an angle anticlockwise (hOCR 1.2, 5.2).
	fmt.Fprintf(p, "   <span class=\"%s\" id=\"line_%d_%d\" title=\"%s; baseline %.4f 0", class, p.Number, number+1, p.bbox(l.Box), math.Tan(p.Skew*math.Pi/180))
	if p.Skew != 0 {
		fmt.Fprintf(p, "; textangle %.2f", -p.Skew)
	}
	p.WriteString("\">\n")
	for _, w := range l.Words {
		if w >= 0 && w < len(p.Words) {
			word := p.Words[w]
			fmt.Fprintf(p, "    <span class=\"ocrx_word\" id=\"word_%d_%d\" title=\"%s; x_wconf %.0f\">%s</span>\n",
				p.Number, w+1, p.bbox(word.Box), 100*min(max(word.Confidence, 0), 1), escape(word.Text))
		}
	}
	p.WriteString("   </span>\n")
}

// escape makes text safe in XML, which has no place for control characters (XML 1.0, 2.2).
func escape(s string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF {
			return unicode.ReplacementChar
		}
		return r
	}, s))
}
