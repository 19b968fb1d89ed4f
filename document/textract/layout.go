package textract

import (
	"regexp"

	"chartlake/document"
)

var layouts = map[document.BlockKind]string{
	document.BlockText: "LAYOUT_TEXT", document.BlockTitle: "LAYOUT_SECTION_HEADER", document.BlockHeader: "LAYOUT_HEADER",
	document.BlockFooter: "LAYOUT_FOOTER", document.BlockTable: "LAYOUT_TABLE", document.BlockForm: "LAYOUT_KEY_VALUE",
}

// pageNumber is a line that is nothing but the number of the page.
var pageNumber = regexp.MustCompile(`^(?i:[-–—\s]*(?:page|pg\.?|p\.)?\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?[-–—\s]*)$`)

// item is how a line of a list begins.
var item = regexp.MustCompile(`^(?:[•●▪◦*‣-]|\(?(?:\d{1,2}|[a-z])[.)])\s*\S`)

// layout writes the blocks of the page in reading order. The first title is the page's, the
// others head sections. A block of two or more items is a list of texts.
func (w *writer) layout() {
	titled := false
	for _, b := range w.page.Blocks {
		b.Lines = w.real(b.Lines)
		kind, ok := layouts[b.Kind]
		if !ok {
			kind = "LAYOUT_TEXT"
		}
		texts := w.texts(b.Lines)
		switch {
		case b.Kind == document.BlockTitle && !titled:
			kind, titled = "LAYOUT_TITLE", true
		case (b.Kind == document.BlockHeader || b.Kind == document.BlockFooter) && len(texts) == 1 && pageNumber.MatchString(texts[0]):
			kind = "LAYOUT_PAGE_NUMBER"
		case b.Kind == document.BlockText && isList(texts):
			w.children = append(w.children, w.list(b)...)
			continue
		}
		w.children = append(w.children, w.layoutOf(kind, b.Box, w.lineIDs(b.Lines), b.Lines))
	}
}

// texts is what lines say.
func (w *writer) texts(lines []int) (out []string) {
	for _, i := range lines {
		text, _, _ := w.said(w.page.Lines[i].Words)
		out = append(out, text)
	}
	return out
}

func (w *writer) lineIDs(lines []int) (out []string) {
	for _, i := range lines {
		out = append(out, w.lines[i])
	}
	return out
}

// real leaves out indexes of lines that the page does not have.
func (w *writer) real(lines []int) (out []int) {
	for _, i := range lines {
		if i >= 0 && i < len(w.page.Lines) {
			out = append(out, i)
		}
	}
	return out
}

func (w *writer) layoutOf(kind string, box document.Box, children []string, lines []int) string {
	sum, n := 0.0, 0
	for _, i := range lines {
		_, confidence, _ := w.said(w.page.Lines[i].Words)
		sum, n = sum+confidence, n+1
	}
	return w.add(Block{BlockType: kind, Confidence: percent(sum / float64(max(n, 1))), Geometry: w.place.geometry(box), Relationships: related("CHILD", children)})
}

func isList(texts []string) bool {
	items := 0
	for _, t := range texts {
		if item.MatchString(t) {
			items++
		}
	}
	return items >= 2 && item.MatchString(texts[0])
}

// list writes a LAYOUT_LIST and a LAYOUT_TEXT for each item with the lines that belong to it;
// the page has them all as children, as Textract has it.
func (w *writer) list(b document.Block) []string {
	at := len(w.blocks)
	id := w.layoutOf("LAYOUT_LIST", b.Box, nil, b.Lines)
	var items []string
	for from := 0; from < len(b.Lines); {
		to := from + 1
		for to < len(b.Lines) && !item.MatchString(w.texts(b.Lines[to : to+1])[0]) {
			to++
		}
		var box document.Box
		for _, i := range b.Lines[from:to] {
			box = box.Union(w.page.Lines[i].Box)
		}
		items = append(items, w.layoutOf("LAYOUT_TEXT", box, w.lineIDs(b.Lines[from:to]), b.Lines[from:to]))
		from = to
	}
	w.blocks[at].Relationships = related("CHILD", items)
	return append([]string{id}, items...)
}
