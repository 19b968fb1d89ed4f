package textract

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"chartlake/document"
)

// Bounds of what is read of one page; a dense page has some thousand blocks.
const (
	blocksMax  = 100_000
	idsMax     = 50_000 // of one relationship
	textMax    = 2_000  // bytes of a word
	gridMax    = 2_000  // rows or columns of a table
	cellsMax   = 50_000
	sureOfMark = 0.5 // a mark that Textract is no surer of may be either
)

// Page reads the blocks of one page as Textract gives them: upright, with words, lines, fields,
// tables, marks and signatures. width and height are those of the stored page, in any unit. Any
// blocks at all give a page that holds together: what points nowhere, has no place or lies
// beyond the bounds is left out. Number, Source and DPI are not set, and there are no Blocks; the
// words are in Textract's order.
//
// The page is turned upright by the direction of most of its text, and the skew that is left is
// that of its words. Fields, marks and tables are Textract's own, by rule "textract"; a check box
// that answers a key is a mark with the key as its label.
func Page(blocks []Block, width, height float64) document.Page {
	r := &pageReader{byID: map[string]*Block{}, wordAt: map[string]int{}, markAt: map[string]int{}}
	if !(width > 0) || !(height > 0) || math.IsInf(width*height, 0) {
		width, height = 1, 1
	}
	r.page.Width, r.page.Height = width, height
	blocks = blocks[:min(len(blocks), blocksMax)]
	for i := range blocks {
		if id := blocks[i].ID; id != "" && r.byID[id] == nil {
			r.byID[id] = &blocks[i]
		}
	}
	r.pose(blocks)
	r.words(blocks)
	r.lines(blocks)
	r.marks(blocks)
	for i := range blocks {
		switch b := &blocks[i]; b.BlockType {
		case "KEY_VALUE_SET":
			if slices.Contains(b.EntityTypes, "KEY") {
				r.pair(b)
			}
		case "TABLE":
			r.table(b)
		}
	}
	return r.page
}

type pageReader struct {
	page   document.Page
	turns  int // quarter turns clockwise from the stored to the upright page
	byID   map[string]*Block
	wordAt map[string]int // indexes into the page's words and marks, by block
	markAt map[string]int
}

// pose finds the turn and the skew by the upper edges of the words, long words more.
func (r *pageReader) pose(blocks []Block) {
	var weight [4]float64
	type lean struct {
		quarter int
		degrees float64
	}
	var leans []lean
	for i := range blocks {
		b := &blocks[i]
		n := utf8.RuneCountInString(b.Text)
		if b.BlockType != "WORD" || n < 2 || b.Geometry == nil || len(b.Geometry.Polygon) < 2 {
			continue
		}
		from, to := b.Geometry.Polygon[0], b.Geometry.Polygon[1]
		dx, dy := (to.X-from.X)*r.page.Width, (to.Y-from.Y)*r.page.Height
		if !finite(dx, dy) || dx == 0 && dy == 0 {
			continue
		}
		degrees := math.Atan2(dy, dx) * 180 / math.Pi
		quarter := (int(math.Round(degrees/90)) + 4) % 4
		weight[quarter] += float64(n)
		if n >= 4 {
			leans = append(leans, lean{quarter, math.Remainder(degrees-float64(quarter)*90, 360)})
		}
	}
	along := 0
	for q := range weight {
		if weight[q] > weight[along] {
			along = q
		}
	}
	r.turns = (4 - along) % 4
	r.page.Rotation = r.turns * 90
	if r.turns%2 == 1 {
		r.page.Width, r.page.Height = r.page.Height, r.page.Width
	}
	var skews []float64
	for _, l := range leans {
		if l.quarter == along {
			skews = append(skews, l.degrees)
		}
	}
	if len(skews) > 0 {
		slices.Sort(skews)
		r.page.Skew = skews[len(skews)/2]
	}
}

func finite(vs ...float64) bool {
	for _, v := range vs {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// box is where a block stands on the upright page; ok is false where it has no place on it.
func (r *pageReader) box(b *Block) (box document.Box, ok bool) {
	if b == nil || b.Geometry == nil {
		return box, false
	}
	g := b.Geometry
	corners := g.Polygon
	if len(corners) < 3 || len(corners) > 1000 {
		f := g.BoundingBox
		corners = []Point{{f.Left, f.Top}, {f.Left + f.Width, f.Top + f.Height}}
	}
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range corners {
		x, y := c.X, c.Y
		if !finite(x, y) {
			return box, false
		}
		for range r.turns {
			x, y = 1-y, x
		}
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	box = document.Box{X: x0, Y: y0, W: x1 - x0, H: y1 - y0}.Clamp()
	return box, !box.Empty()
}

func share(percent *float64) float64 {
	if percent == nil || !finite(*percent) {
		return 0
	}
	return min(max(*percent/100, 0), 1)
}

func (r *pageReader) words(blocks []Block) {
	sum := 0.0
	for i := range blocks {
		b := &blocks[i]
		text := strings.Join(strings.Fields(strings.ToValidUTF8(b.Text, "\uFFFD")), "")
		if b.BlockType != "WORD" || text == "" || len(text) > textMax {
			continue
		}
		box, ok := r.box(b)
		if _, again := r.wordAt[b.ID]; !ok || again {
			continue
		}
		r.wordAt[b.ID] = len(r.page.Words)
		r.page.Words = append(r.page.Words, document.Word{Text: text, Box: box, Confidence: share(b.Confidence), Handwritten: b.TextType == "HANDWRITING"})
		sum += share(b.Confidence)
	}
	if n := len(r.page.Words); n > 0 {
		r.page.Confidence = sum / float64(n)
	}
	r.page.Blank = len(r.page.Words) == 0
}

// lines takes the LINE blocks; a word that is in none is a line of its own.
func (r *pageReader) lines(blocks []Block) {
	in := make([]bool, len(r.page.Words))
	add := func(words []int) {
		var l document.Line
		for _, w := range words {
			if !in[w] {
				in[w] = true
				l.Words = append(l.Words, w)
				l.Box = l.Box.Union(r.page.Words[w].Box)
			}
		}
		if len(l.Words) > 0 {
			r.page.Lines = append(r.page.Lines, l)
		}
	}
	for i := range blocks {
		if blocks[i].BlockType == "LINE" {
			add(r.wordsOf(&blocks[i]))
		}
	}
	for w := range in {
		add([]int{w})
	}
}

// of gives the blocks that a block has in a relationship.
func (r *pageReader) of(b *Block, kind string) (out []*Block) {
	for _, rel := range b.Relationships {
		if rel.Type != kind {
			continue
		}
		for _, id := range rel.IDs[:min(len(rel.IDs), idsMax)] {
			if c := r.byID[id]; c != nil {
				out = append(out, c)
			}
		}
	}
	return out
}

// wordsOf are the words that are children of blocks, each once.
func (r *pageReader) wordsOf(blocks ...*Block) (out []int) {
	seen := map[int]bool{}
	for _, b := range blocks {
		for _, c := range r.of(b, "CHILD") {
			if w, ok := r.wordAt[c.ID]; ok && !seen[w] {
				seen[w] = true
				out = append(out, w)
			}
		}
	}
	return out
}

func (r *pageReader) text(words []int) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = r.page.Words[w].Text
	}
	return strings.Join(parts, " ")
}

func (r *pageReader) around(words []int) (box document.Box) {
	for _, w := range words {
		box = box.Union(r.page.Words[w].Box)
	}
	return box
}

// marks takes check boxes and signatures.
func (r *pageReader) marks(blocks []Block) {
	for i := range blocks {
		b := &blocks[i]
		box, ok := r.box(b)
		if !ok {
			continue
		}
		confidence := share(b.Confidence)
		switch b.BlockType {
		case "SELECTION_ELEMENT":
			if _, again := r.markAt[b.ID]; again {
				continue
			}
			state := document.MarkOff
			switch {
			case confidence <= sureOfMark:
				state = document.MarkAmbiguous
			case b.SelectionStatus == "SELECTED":
				state = document.MarkOn
			}
			r.markAt[b.ID] = len(r.page.Marks)
			r.page.Marks = append(r.page.Marks, document.Mark{State: state, Shape: "box", Box: box, Confidence: confidence})
		case "SIGNATURE":
			r.page.Signatures = append(r.page.Signatures, document.Mark{State: document.MarkOn, Shape: "signature", Box: box, Confidence: confidence})
		}
	}
}

// pair takes a key with its value. A value that is a check box gives the key as label to its mark.
func (r *pageReader) pair(key *Block) {
	keyWords := r.wordsOf(key)
	if len(keyWords) == 0 {
		return
	}
	f := document.Field{Key: strings.TrimRight(r.text(keyWords), " :._"), KeyWords: keyWords, KeyBox: r.around(keyWords),
		Confidence: share(key.Confidence), Source: "ocr", Rule: "textract"}
	if f.Key == "" {
		return
	}
	ticks := 0
	var values []*Block
	for _, v := range r.of(key, "VALUE") {
		values = append(values, v)
		f.Confidence = min(f.Confidence, share(v.Confidence))
		for _, c := range r.of(v, "CHILD") {
			if m, ok := r.markAt[c.ID]; ok {
				mark := &r.page.Marks[m]
				if mark.Label == "" {
					mark.Label, mark.LabelWords = f.Key, keyWords
				}
				ticks++
			}
		}
		if box, ok := r.box(v); ok {
			f.ValueBox = f.ValueBox.Union(box)
		}
	}
	f.ValueWords = r.wordsOf(values...)
	if len(f.ValueWords) == 0 && ticks > 0 {
		return
	}
	if len(f.ValueWords) > 0 {
		f.Value, f.ValueBox = r.text(f.ValueWords), r.around(f.ValueWords)
	}
	r.page.Fields = append(r.page.Fields, f)
}

// table takes a grid; cells that a MERGED_CELL covers are one.
func (r *pageReader) table(b *Block) {
	box, ok := r.box(b)
	cells := r.of(b, "CHILD")
	if !ok || len(cells) > cellsMax {
		return
	}
	t := document.Table{Box: box}
	header := map[int]bool{}
	whole := map[string]bool{} // cells that are a part of another
	type at struct{ row, column int }
	taken := map[at]bool{}
	add := func(c *Block, parts []*Block) {
		box, ok := r.box(c)
		row, column, rows, columns := c.RowIndex-1, c.ColumnIndex-1, max(c.RowSpan, 1), max(c.ColumnSpan, 1)
		if !ok || row < 0 || column < 0 || row >= gridMax || column >= gridMax || rows > gridMax-row || columns > gridMax-column ||
			rows*columns > cellsMax || len(taken)+rows*columns > cellsMax {
			return
		}
		for y := row; y < row+rows; y++ {
			for x := column; x < column+columns; x++ {
				if taken[at{y, x}] {
					return
				}
			}
		}
		for y := row; y < row+rows; y++ {
			for x := column; x < column+columns; x++ {
				taken[at{y, x}] = true
			}
		}
		t.Rows, t.Columns = max(t.Rows, row+rows), max(t.Columns, column+columns)
		words := r.wordsOf(parts...)
		confidence := share(c.Confidence)
		for _, w := range words {
			confidence = min(confidence, r.page.Words[w].Confidence)
		}
		t.Cells = append(t.Cells, document.Cell{Row: row, Column: column, RowSpan: rows, ColumnSpan: columns,
			Text: r.text(words), Words: words, Box: box, Confidence: confidence})
		if slices.Contains(c.EntityTypes, "COLUMN_HEADER") {
			for y := row; y < row+rows; y++ {
				header[y] = true
			}
		}
	}
	for _, m := range r.of(b, "MERGED_CELL") {
		parts := r.of(m, "CHILD")
		before := len(t.Cells)
		if add(m, parts); len(t.Cells) > before {
			for _, p := range parts {
				whole[p.ID] = true
			}
		}
	}
	for _, c := range cells {
		if c.BlockType == "CELL" && !whole[c.ID] {
			add(c, []*Block{c})
		}
	}
	if len(t.Cells) == 0 {
		return
	}
	slices.SortStableFunc(t.Cells, func(a, b document.Cell) int {
		if a.Row != b.Row {
			return a.Row - b.Row
		}
		return a.Column - b.Column
	})
	for header[t.Header] {
		t.Header++
	}
	for _, title := range r.of(b, "TABLE_TITLE") {
		t.Title = r.text(r.wordsOf(title))
	}
	r.page.Tables = append(r.page.Tables, t)
}
